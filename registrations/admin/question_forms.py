"""The form with which an organizer makes a question."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from eventhub.admin.model_admin import REFUSALS, problems
from eventhub.admin.time_field import TimeOfDayField
from eventhub.text_fields import DetailsFormField, LineFormField
from registrations.models import Question, QuestionType, Required
from registrations.services.answer_texts import answer_text
from registrations.services.answer_values import DECIDING, WITH_OPTIONS

BASIC = ("text", "type", "options", "is_correction", "required")
MORE = ("help", "min", "max", "show_if", "editable_until", "personal")
TYPES = {kind.value: "Any of several" if kind == QuestionType.CHOICES else kind.label for kind in QuestionType}
ONE_QUESTION = "Choose answers to one question only."


class QuestionForm(forms.Form):
    text = LineFormField(
        label="Question", max_length=255, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )
    type = forms.ChoiceField(choices=[*TYPES.items()], widget=UnfoldAdminSelectWidget)
    options = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="One per line, for questions with answers to choose from. A line that you remove is no longer"
        " offered; people who chose it keep it.",
    )
    is_correction = forms.BooleanField(
        label="Changed lines are corrections",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="On: people who chose an option whose line you change have now chosen the new text. Off: the new text"
        " is another option.",
    )
    required = forms.ChoiceField(
        label="Needs an answer",
        choices=Required.choices,
        initial=Required.NO,
        widget=UnfoldAdminSelectWidget,
        help_text="People whom you add or import may leave it open. They are asked by email, and at the door.",
    )
    help = DetailsFormField(
        label="Explanation", required=False, max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    min = forms.IntegerField(
        label="At least",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="The smallest number, the shortest text, or the fewest options.",
    )
    max = forms.IntegerField(
        label="At most",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="The largest number, the longest text, or the most options.",
    )
    show_if = forms.MultipleChoiceField(
        label="Ask only if",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="One of these answers to an earlier question was given. None chosen: everybody is asked.",
    )
    editable_until = TimeOfDayField(
        label="People can change it until", required=False, help_text="Empty: as long as they can change their details."
    )
    personal = forms.BooleanField(
        label="Personal data",
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Deleted with the person's details, and exported only for people who may see them.",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        zone: ZoneInfo,
        earlier: Sequence[Question],
        question: Question | None = None,
        answered: bool = False,
    ) -> None:
        super().__init__(data, initial=_initial(question) if question else None)
        self.question = question
        fields: dict[str, Any] = self.fields
        _set_up_deadline(fields["editable_until"], zone, question)
        fields["show_if"].choices = [
            (question.text, answers) for question in earlier if (answers := _answers(question))
        ]
        if not fields["show_if"].choices:
            del self.fields["show_if"]
        if not answered or question is None or question.type not in WITH_OPTIONS:
            del self.fields["is_correction"]
        if answered:
            fields["type"].disabled = True
            fields["type"].help_text = "People have answered, so the type can no longer change."

    @property
    def basic(self) -> list[forms.BoundField]:
        return [self[name] for name in BASIC if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in MORE if name in self.fields]

    @property
    def is_more_open(self) -> bool:
        """Return whether something in the part that is closed at first needs to be seen."""
        return any(field.errors for field in self.more) or self.question is not None

    def clean_show_if(self) -> dict[str, Any] | None:
        chosen = [text.partition(":") for text in self.cleaned_data["show_if"]]
        if len({pk for pk, _, _ in chosen}) > 1:
            raise forms.ValidationError(ONE_QUESTION)
        if not chosen:
            return None
        return {"question_id": int(chosen[0][0]), "is": [_value(text) for _, _, text in chosen]}

    def values(self) -> dict[str, Any]:
        """Return what the services take."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "is_correction"}
        values["options"] = self._options() if values["type"] in WITH_OPTIONS else []
        return values

    def _options(self) -> list[dict[str, Any]]:
        """Read the lines as options. A known text keeps its id, and so does a line that is a correction."""
        lines = [line for text in self.cleaned_data["options"].splitlines() if (line := text.strip())]
        old = list(self.question.options) if self.question else []
        by_text = {option["text"]: option["id"] for option in old}
        offered = [option for option in old if not option.get("archived")]
        is_correction = "is_correction" not in self.fields or self.cleaned_data["is_correction"]
        ids: list[int | None] = [by_text.get(line) for line in lines]
        if is_correction:
            for place, option in enumerate(offered[: len(ids)]):
                if ids[place] is None and option["id"] not in ids:
                    ids[place] = option["id"]
        made = [{"id": pk, "text": line, "archived": False} for pk, line in zip(ids, lines, strict=True)]
        return made + [{**option, "archived": True} for option in old if option["id"] not in ids]

    def attempt(self, save: Any, **about: Any) -> bool:
        """Save with a service. Show its refusal beside the field."""
        if not self.is_valid():
            return False
        try:
            save(values=self.values(), **about)
        except REFUSALS as refusal:
            for field, texts in problems(refusal).items():
                self.add_error(field if field in self.fields else None, texts)
            return False
        return True


def _set_up_deadline(field: Any, zone: ZoneInfo, question: Question | None) -> None:
    field.end_of_day, field.original = True, question and question.editable_until
    field.in_zone(zone)
    if zone != timezone.get_default_timezone():
        field.help_text = f"{field.help_text} Time zone: {zone.key}."


def _initial(question: Question) -> dict[str, Any]:
    condition: Mapping[str, Any] = question.show_if or {}
    names = ("text", "type", "required", "help", "min", "max", "editable_until", "personal")
    return {
        **{name: getattr(question, name) for name in names},
        "options": "\n".join(option["text"] for option in question.options if not option.get("archived")),
        "show_if": [_choice(condition["question_id"], value) for value in condition.get("is", ())],
    }


def _answers(question: Question) -> list[tuple[str, str]]:
    """Return the answers that another question may depend on."""
    if question.type not in DECIDING:
        return []
    if question.type in WITH_OPTIONS:
        values = [option["id"] for option in question.options if not option.get("archived")]
    else:
        values = [True, False]
    return [(_choice(question.pk, value), answer_text(question, value)) for value in values]


def _choice(pk: int, value: Any) -> str:
    return f"{pk}:{str(value).lower()}"


def _value(text: str) -> Any:
    return {"true": True, "false": False}.get(text) if text in ("true", "false") else int(text)
