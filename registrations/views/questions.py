"""The API of questions and answers. The rules are in registrations/services."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from accounts.permissions import allowed
from eventhub.api.fields import NO_ROW
from eventhub.api.serializers import Body
from eventhub.api.viewsets import ApiViewSet, DestroyMixin, RetrieveMixin, UpdateMixin
from eventhub.exceptions import AttendeeNotFound, EventNotFound, Forbidden
from events.models import Event, require_visible
from registrations.exceptions import AnswersClosed, HasAnswers, QuestionInUse, QuestionNotFound, TooManyQuestions
from registrations.models import Question, Registration
from registrations.question_serializers import (
    AnswersInput,
    AnswersSerializer,
    OrderInput,
    QuestionInput,
    QuestionSerializer,
)
from registrations.selectors.answers import answers_shown
from registrations.services import answers, question_edits
from registrations.views.attendees import find_registration

_ONE = (Forbidden(), QuestionNotFound())


class EventQuestionViewSet(ApiViewSet):
    resource = "event"
    queryset = QuestionSerializer.read(Question.objects.all())
    serializer_class = QuestionSerializer
    ordering_fields = ("place",)
    ordering = "place"
    list_actions = ("questions",)
    etag_actions = ("create_question",)
    success_status: ClassVar = {"create_question": 201, "order_questions": 204}
    input_serializers: ClassVar = {"create_question": QuestionInput, "order_questions": OrderInput}
    error_responses: ClassVar = {
        "questions": (EventNotFound(),),
        "create_question": (Forbidden(), EventNotFound(), TooManyQuestions()),
        "order_questions": (Forbidden(), EventNotFound()),
    }

    @action(detail=True, url_path="questions/")
    def questions(self, request: Request, pk: int) -> Response:
        """What an event asks the people who register, in its order. Who runs it also gets archived questions."""
        self.get_object()
        return self.list_response()

    @questions.mapping.post
    @idempotent
    def create_question(self, request: Request, pk: int) -> Response:
        """Add a question as the last one. An event asks at most 50; a question has at most 200 options."""
        event = self.get_object()
        with timezone.override(event.zone):  # of times without an offset
            values = self.get_valid_body()
        return self.item_response(question_edits.create_question(event=event, values=values, by=self.user))  # type: ignore[arg-type]

    @action(detail=True, methods=["post"], url_path="questions/order")
    @idempotent
    def order_questions(self, request: Request, pk: int) -> Response:
        """Set the order of the questions. A question comes after the one that it depends on."""
        event = self.get_object()
        question_edits.order_questions(event=event, ids=self.get_valid_body()["ids"], by=self.user)
        return Response(status=204)

    def check_replay(self) -> None:
        self.get_object()

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        self.event = event
        return event

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "sees_archived": self._sees_archived()}

    def get_queryset(self) -> QuerySet[Question]:
        found = super().get_queryset().filter(event=self.kwargs["pk"])
        return found if self._sees_archived() else found.filter(archived=False)

    def _sees_archived(self) -> bool:
        event = getattr(self, "event", None)
        return event is not None and allowed(self.user, "event", "create_question", event)


class QuestionViewSet(RetrieveMixin, UpdateMixin, DestroyMixin):
    resource = "question"
    serializer_class = QuestionSerializer
    etag_actions = ("retrieve", "update", "destroy")
    input_serializers: ClassVar = {"update": QuestionInput}
    error_responses: ClassVar = {
        "retrieve": (QuestionNotFound(),),
        "update": (*_ONE, HasAnswers(), QuestionInUse([14]), TooManyQuestions()),
        "destroy": (*_ONE, QuestionInUse([14])),
    }
    descriptions: ClassVar = {
        "retrieve": "A question.",
        "update": """Change a question.

        Absent keys keep their value. Answers stay as they were given. With `archived: false`, an archived question is
        asked again.
        """,
        "destroy": """Delete a question, or archive it if somebody has answered it.

        The answers stay readable for the people who run the event.
        """,
    }

    def find_object(self, pk: int) -> Question:
        question: Question | None = Question.objects.select_related("event").filter(pk=pk).first()
        try:
            require_visible(question.event if question else None, NO_ROW, self.user)
        except EventNotFound:
            raise QuestionNotFound() from None
        question = cast("Question", question)
        self.sees_archived = allowed(self.user, "question", "update", question)
        if question.archived and not self.sees_archived:
            raise QuestionNotFound()
        return question

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "sees_archived": getattr(self, "sees_archived", False)}

    def check_body(self, body: Body) -> dict[str, Any]:
        with timezone.override(cast("Question", body.instance).event.zone):
            body.is_valid()  # whose values stay
        return {}

    def perform_update(self, body: Body) -> Question:
        return question_edits.update_question(
            question=cast("Question", body.instance),
            values=body.validated_data,
            by=self.user,
            condition=self.precondition,
        )

    def perform_destroy(self, question: Question) -> None:
        question_edits.delete_question(question=question, by=self.user, condition=self.precondition)


class AnswersViewSet(ApiViewSet):
    resource = "attendee"
    serializer_class = AnswersSerializer
    etag_actions = ("answers", "save_answers")
    input_serializers: ClassVar = {"save_answers": AnswersInput}
    error_responses: ClassVar = {
        "answers": (Forbidden(), AttendeeNotFound()),
        "save_answers": (Forbidden(), AttendeeNotFound(), AnswersClosed()),
    }

    @action(detail=True)
    def answers(self, request: Request, pk: int) -> Response:
        """What somebody answered to the questions of the event. Archived ones are for the people who run the event."""
        return self.item_response(answers_shown(self.get_object(), self.user))

    @answers.mapping.put
    @answers.mapping.patch
    def save_answers(self, request: Request, pk: int) -> Response:
        """Change answers.

        The other answers stay. A question that is no longer shown loses its answer. People may do so until the
        deadlines of the question and the event, and may always give what they still owe until the event is over, also
        what another answer makes them owe. An answer after its deadline cannot be lost by changing the one that it
        depends on either: a 409, with `errors`. Who runs the event may change answers at any time.
        """
        registration = self.get_object()
        given = self.get_valid_body()["answers"]
        kept = answers.save(registration=registration, given=given, by=self.user, condition=self.precondition)
        return self.item_response(answers_shown(registration, self.user, kept))

    def find_object(self, pk: int) -> Registration:
        return find_registration(pk, self.user)
