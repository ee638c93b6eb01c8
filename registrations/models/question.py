from operator import attrgetter
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from eventhub import audit
from eventhub.api.etags import edition_of
from eventhub.text_fields import LineField
from events.models import Event
from registrations.models.registration import Registration


class QuestionType(models.TextChoices):
    TEXT = "text", "Short text"
    LONG_TEXT = "long_text", "Long text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    YES_NO = "yes_no", "Yes or no"
    CHOICE = "choice", "One of several"
    CHOICES = "choices", "Several of several"
    EMAIL = "email", "Email address"
    PHONE = "phone", "Phone number"
    URL = "url", "Web address"
    COUNTRY = "country", "Country"
    CONSENT = "consent", "Consent"


class Required(models.TextChoices):
    NO = "no", "No"
    YES = "yes", "When registering"
    AT_DOOR = "at_door", "At the door"


_edited = attrgetter(
    *("pk", "text", "help", "type", "required", "options", "min", "max", "show_if", "editable_until", "personal"),
    *("archived", "updated_at"),
)


class Question(models.Model):
    """A question that an event asks the people who register. `Event.asks_questions` says that there is one."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="questions", db_index=False)
    place = models.PositiveSmallIntegerField(default=0)
    text = LineField(max_length=255)
    help = models.TextField("help", blank=True)
    type = models.CharField(max_length=10, choices=QuestionType.choices, default=QuestionType.TEXT)
    required = models.CharField(max_length=10, choices=Required.choices, default=Required.NO)
    # [{"id": 1, "text": "Vegan", "archived": false}]
    options = models.JSONField(default=list, blank=True)
    # Of a number its value, of a text its length, of choices their count.
    min = models.IntegerField("at least", null=True, blank=True)
    max = models.IntegerField("at most", null=True, blank=True)
    # {"question_id": 4, "is": [..]}: shown only if an earlier question has one of these answers.
    show_if = models.JSONField(null=True, blank=True)
    editable_until = models.DateTimeField(null=True, blank=True)
    # Deleted with the person's details, and exported only for those who may see these.
    personal = models.BooleanField("personal data", default=True)
    archived = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(type__in=QuestionType.values), name="question_type_is_known"),
            models.CheckConstraint(condition=Q(required__in=Required.values), name="question_required_is_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["event", "place", "id"], name="question_by_event")]

    def __str__(self) -> str:
        return str(self.text)

    @property
    def edition(self) -> str:
        return edition_of(_edited(self))


class Answers(models.Model):
    """What one person answered: {"<question's id>": value}. An option is stored by its id."""

    registration = models.OneToOneField(
        Registration, on_delete=models.CASCADE, primary_key=True, related_name="answers"
    )
    answers = models.JSONField(default=dict)
    # Whether every required question has an answer.
    complete = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "answers"
        # Of the few who owe some.
        indexes: ClassVar = [
            models.Index(fields=["registration"], condition=Q(complete=False), name="answers_incomplete")
        ]

    def __str__(self) -> str:
        return f"Answers of {self.registration_id}"

    @property
    def edition(self) -> str:
        return edition_of((self.registration_id, self.answers, self.updated_at))


class AnswerChange(models.Model):
    """A line in a registration's log: an answer that changed after registering, in words as they were then."""

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="answer_changes")
    # Deleted with the person's details if the question is personal.
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+")
    was = models.TextField(blank=True)
    becomes = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    through = models.CharField(max_length=10, choices=audit.Channel.choices)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.was} -> {self.becomes}"
