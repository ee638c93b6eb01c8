"""The questions of an event as a form: for public pages, the pages of secret links and the back office.

`is_valid` asks the rules in `registrations/services/questions.py`; the form itself only reads what browsers send.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.template.defaultfilters import linebreaks_filter
from django.utils.html import conditional_escape, format_html_join

from eventhub.admin.time_field import DayField
from eventhub.form_errors import TranslatedForm
from eventhub.languages import current_language
from registrations.countries import country_names
from registrations.models import Question, QuestionType, Required
from registrations.services import questions as rules
from registrations.services.answer_texts import answer_text

ANSWER = "answers."
LATE = "Your new answer came too late and was not saved."
MOST_BUTTONS = 8  # of a choice; more are a list to choose from
DAY = "%Y-%m-%d"

Widgets = Mapping[str, Callable[[dict[str, Any]], forms.Widget]]


class QuestionWords(NamedTuple):
    yes: str
    no: str
    choose: str
    quoted: str
    only_if: str
    between: str


WORDS = {
    "en": QuestionWords("Yes", "No", "Choose", "“{}”", "Only if {question} is {answers}.", " or "),
    "de": QuestionWords(
        "Ja", "Nein", "Bitte wählen", "„{}“", "Nur wenn die Antwort auf {question} {answers} ist.", " oder "
    ),
}
PLAIN: Widgets = {
    "text": lambda attrs: forms.TextInput(attrs),
    "long_text": lambda attrs: forms.Textarea({"rows": 4, **attrs}),
    "number": lambda attrs: forms.NumberInput({"step": "any", **attrs}),
    "date": lambda attrs: forms.DateInput({"type": "date", **attrs}, format=DAY),
    "email": lambda attrs: forms.EmailInput(attrs),
    "phone": lambda attrs: forms.TextInput({"type": "tel", **attrs}),
    "url": lambda attrs: forms.URLInput(attrs),
    "check": lambda attrs: forms.CheckboxInput(attrs),
    "checks": lambda attrs: forms.CheckboxSelectMultiple(attrs),
    "radios": lambda attrs: forms.RadioSelect(attrs),
    "select": lambda attrs: forms.Select(attrs),
}


def field_name(pk: int) -> str:
    return f"{ANSWER}{pk}"


class QuestionsForm(TranslatedForm):
    """After `is_valid`, `answers` is what to store: {"<question's id>": value}.

    `answers` holds what was already answered. By the organizer, required questions may be left open. Those that are
    `closed`, by their ids, can be read only; `late` are those of them that were sent all the same, by a page that was
    opened before. `notes` are sentences below questions, by their ids.
    """

    template_name = "registrations/question_fields.html"

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Question],
        answers: Mapping[str, Any] | None = None,
        for_organizer: bool = False,
        closed: Collection[int] = (),
        late: Collection[int] = (),
        notes: Mapping[int, str] | None = None,
        widgets: Widgets = PLAIN,
    ) -> None:
        self.stored = stored = answers or {}
        super().__init__(data, label_suffix="")
        self.questions, self.for_organizer, self.answers = questions, for_organizer, dict(stored)
        self.late = [question for question in questions if question.pk in late]
        asked = {question.pk: question for question in questions}
        for question in questions:
            value = stored.get(str(question.pk))
            field = _field(question, value, widgets, is_required=not for_organizer)
            field.initial = _shown(value)
            field.disabled = question.pk in closed
            field.help_text = _help(question, asked, (notes or {}).get(question.pk, ""))
            self.fields[field_name(question.pk)] = field

    def full_clean(self) -> None:
        """Read late answers too, and then show those that are stored."""
        late = [self.fields[field_name(question.pk)] for question in self.late]
        for field in late:
            field.disabled = False
        super().full_clean()
        for field in late:
            field.disabled = True

    def clean(self) -> dict[str, Any]:
        given = self.given()
        self._refuse_late(given)
        if not self.errors:
            clean, errors = rules.check(self.questions, given, for_organizer=self.for_organizer, stored=self.stored)
            self.add_errors(errors)
            self.answers = clean
        return self.cleaned_data

    def _refuse_late(self, given: Mapping[str, Any]) -> None:
        becomes = {**self.stored, **given}
        for question in self.late:
            key = str(question.pk)
            is_new = rules.is_changed(question, given[key], self.stored.get(key))
            if is_new and rules.is_shown(question, becomes):
                self.add_error(field_name(question.pk), LATE)

    def add_errors(self, errors: Mapping[str, Sequence[str]]) -> None:
        """Show errors of the rules, by "answers.<id>", beside their fields."""
        for name, texts in errors.items():
            self.add_error(name if name in self.fields else None, [forms.ValidationError(text) for text in texts])

    def given(self) -> dict[str, Any]:
        """Return what was sent as JSON; None for a question that was left open."""
        fields = {question: self.fields[field_name(question.pk)] for question in self.questions}
        values = {question: self.cleaned_data.get(field_name(question.pk)) for question in fields}
        return {
            str(question.pk): None if _is_open(value) else _stored(question, value)
            for question, value in values.items()
            if not fields[question].disabled
        }

    def rows(self) -> Iterable[tuple[forms.BoundField, str, str]]:
        """Return each field with the name of the one that it depends on, and with which values of it it is shown."""
        for question in self.questions:
            condition = question.show_if or {}
            earlier = condition.get("question_id")
            shown = json.dumps([str(_shown(value)) for value in condition.get("is", ())])
            yield self[field_name(question.pk)], field_name(earlier) if earlier else "", shown


def _is_open(value: Any) -> bool:
    return value is None or value is False or value == "" or value == []


def _field(question: Question, value: Any, widgets: Widgets, *, is_required: bool) -> forms.Field:
    attrs: dict[str, Any] = {}
    must = is_required and question.required == Required.YES
    if must and not question.show_if and question.type != QuestionType.CHOICES:
        attrs["required"] = True
    label = f"{question.text} *" if must else question.text
    common: dict[str, Any] = {"label": label, "required": False}
    match question.type:
        case QuestionType.NUMBER:
            attrs |= {name: bound for name in ("min", "max") if (bound := getattr(question, name)) is not None}
            return forms.FloatField(widget=widgets["number"](attrs), **common)
        case QuestionType.DATE:
            return DayField(input_formats=[DAY], widget=widgets["date"](attrs), **common)
        case QuestionType.CONSENT:
            return forms.BooleanField(widget=widgets["check"](attrs), **common)
        case QuestionType.CHOICES:
            return forms.MultipleChoiceField(
                choices=_options(question, value), widget=widgets["checks"](attrs), **common
            )
        case QuestionType.YES_NO | QuestionType.CHOICE | QuestionType.COUNTRY:
            return _choice(question, value, widgets, attrs, common)
    if question.max is not None:
        attrs["maxlength"] = question.max
    return forms.CharField(widget=widgets[question.type](attrs), **common)


def _choice(
    question: Question, value: Any, widgets: Widgets, attrs: dict[str, Any], common: dict[str, Any]
) -> forms.Field:
    said = WORDS[current_language()]
    if question.type == QuestionType.YES_NO:
        choices = [("true", said.yes), ("false", said.no)]
    elif question.type == QuestionType.COUNTRY:
        choices = [*country_names().items()]
    else:
        choices = _options(question, value)
    if len(choices) > MOST_BUTTONS:
        return forms.ChoiceField(choices=[("", said.choose), *choices], widget=widgets["select"](attrs), **common)
    return forms.ChoiceField(choices=choices, widget=widgets["radios"](attrs), **common)


def _options(question: Question, value: Any) -> list[tuple[str, str]]:
    """Return the options; an archived one only to whom had chosen it."""
    chosen = value if isinstance(value, list) else [value]
    return [
        (str(option["id"]), option["text"])
        for option in question.options
        if not option.get("archived") or option["id"] in chosen
    ]


def _shown(value: Any) -> Any:
    """Return a stored value as the fields have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return [str(part) for part in value] if isinstance(value, list) else value


def _stored(question: Question, value: Any) -> Any:
    match question.type:
        case QuestionType.YES_NO:
            return value == "true"
        case QuestionType.CHOICE:
            return int(value)
        case QuestionType.CHOICES:
            return [int(part) for part in value]
        case QuestionType.LONG_TEXT:
            return value.replace("\r\n", "\n")
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return value.isoformat() if isinstance(value, date) else value


def _help(question: Question, asked: Mapping[int, Question], note: str) -> str:
    """Return the help as HTML, since fields do not escape theirs."""
    condition = question.show_if or {}
    earlier = asked.get(condition.get("question_id", 0))
    texts = [linebreaks_filter(question.help)] if question.help else []
    if earlier is not None:
        said = WORDS[current_language()]
        words = said.between.join(said.quoted.format(_in_words(earlier, value)) for value in condition.get("is", ()))
        question_text = said.quoted.format(earlier.text)
        texts.append(conditional_escape(said.only_if.format(question=question_text, answers=words)))
    if note:
        texts.append(linebreaks_filter(note))
    return format_html_join("", "{}", [(text,) for text in texts])


def _in_words(question: Question, value: Any) -> str:
    said = WORDS[current_language()]
    return (said.yes if value else said.no) if isinstance(value, bool) else answer_text(question, value)
