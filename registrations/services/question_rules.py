"""What makes a question a sensible one, alone and among those before it. question_edits.py applies it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from eventhub.exceptions import Invalid, invalid
from eventhub.text_fields import clean_details, clean_line
from registrations.models import Question, QuestionType
from registrations.services.answer_values import BOUNDED, DECIDING, WITH_OPTIONS

MAX_QUESTIONS = 50  # that an event asks
MAX_OPTIONS, MAX_OPTION_TEXT, MAX_HELP = 200, 255, 2000
MAX_DEPTH = 3  # questions that are shown by one another


def apply_values(question: Question, values: Mapping[str, Any], *, has_answers: bool) -> None:
    """Set values, unsaved. Raise a 400 for what does not fit together.

    With `has_answers`, options that are left out are archived.
    """
    plain = {name: value for name, value in values.items() if name != "options"}
    for name, value in plain.items():
        setattr(question, name, value)
    try:
        question.help = clean_details(question.help)
        question.full_clean(exclude={"event", "options", "show_if"}, validate_unique=False, validate_constraints=False)
    except ValidationError as problem:
        raise invalid(problem) from None
    if len(question.help) > MAX_HELP:
        raise Invalid({"help": [f"Enter at most {MAX_HELP} characters."]})
    _apply_options(question, values.get("options"), has_answers)
    _apply_bounds(question, values)
    if question.show_if is not None:
        question.show_if = _condition(question.show_if)


def condition_problem(question: Question, earlier: Sequence[Question]) -> str:
    """Return what is wrong with the condition under which a question is shown, or an empty text."""
    by_id = {each.pk: each for each in earlier if not each.archived}
    depth, below = 0, question
    while below.show_if is not None:
        depth += 1
        deciding = by_id.get(below.show_if["question_id"])
        if deciding is None:
            return "Choose a question that comes earlier."
        if below is question and (problem := _unknown_answer(deciding, below.show_if["is"])):
            return problem
        if depth > MAX_DEPTH:
            return f"At most {MAX_DEPTH} questions can depend on one another."
        below = deciding
    return ""


def _unknown_answer(deciding: Question, answers: Sequence[Any]) -> str:
    if deciding.type not in DECIDING:
        return "Choose a question with options, or one that is answered by yes or no."
    if deciding.type in WITH_OPTIONS:
        known = {option["id"] for option in deciding.options}
        is_known = all(not isinstance(each, bool) and each in known for each in answers)
    else:
        is_known = all(isinstance(each, bool) for each in answers)
    return "" if is_known else "Choose among the answers to that question."


def _condition(given: Any) -> dict[str, Any]:
    """Return a condition of the right shape. Raise a 400."""
    shape = Invalid({"show_if": ['Send {"question_id": 4, "is": [...]}, or null.']})
    if not isinstance(given, dict) or given.keys() != {"question_id", "is"}:
        raise shape
    question_id, answers = given["question_id"], given["is"]
    if not isinstance(question_id, int) or isinstance(question_id, bool) or not isinstance(answers, list):
        raise shape
    if not 0 < len(answers) <= MAX_OPTIONS or not all(isinstance(each, int) for each in answers):  # true is one, too
        raise shape
    return {"question_id": question_id, "is": answers}


def _apply_options(question: Question, given: Sequence[Mapping[str, Any]] | None, has_answers: bool) -> None:
    if question.type not in WITH_OPTIONS:
        if given:
            raise Invalid({"options": ["Only questions to choose from have options."]})
        question.options = []
        return
    if given is not None:
        question.options = _merged(question.options, given, has_answers)
    offered = [option["text"].casefold() for option in question.options if not option["archived"]]
    if not offered:
        raise Invalid({"options": ["Add an option to choose."]})
    if len(set(offered)) < len(offered):
        raise Invalid({"options": ["Two options have the same text."]})
    if len(question.options) > MAX_OPTIONS:
        raise Invalid({"options": [f"A question has at most {MAX_OPTIONS} options, with archived ones."]})


def _merged(
    present: Sequence[dict[str, Any]], given: Sequence[Mapping[str, Any]], has_answers: bool
) -> list[dict[str, Any]]:
    """Return the options as they become. Each keeps its id, which answers name; a new one gets the next."""
    if not isinstance(given, list) or len(given) > MAX_OPTIONS or not all(isinstance(each, dict) for each in given):
        raise Invalid({"options": ['Send a list such as [{"text": "Vegan"}].']})
    known = {option["id"]: option for option in present}
    newest = max(known, default=0)
    merged: list[dict[str, Any]] = []
    for option in given:
        pk = option.get("id")
        if pk is None:
            newest += 1
        elif not isinstance(pk, int) or pk not in known:
            raise Invalid({"options": [f"There is no option {str(pk)[:20]}. Leave the id out for a new one."]})
        merged.append(
            {
                "id": newest if pk is None else pk,
                "text": _option_text(option.get("text", known.get(pk, {}).get("text", ""))),
                "archived": option.get("archived") is True,
            }
        )
    ids = [option["id"] for option in merged]
    if len(set(ids)) < len(ids):
        raise Invalid({"options": ["An option is there twice."]})
    gone = [option for pk, option in known.items() if pk not in ids] if has_answers else []
    return [*merged, *({**option, "archived": True} for option in gone)]


def _option_text(text: Any) -> str:
    try:
        clean = clean_line(str(text))
    except ValidationError as problem:
        raise Invalid({"options": problem.messages}) from None
    if not clean or len(clean) > MAX_OPTION_TEXT:
        raise Invalid({"options": [f"An option has a text of 1 to {MAX_OPTION_TEXT} characters."]})
    return clean


def _apply_bounds(question: Question, values: Mapping[str, Any]) -> None:
    if question.type not in BOUNDED:
        for name in ("min", "max"):
            if values.get(name) is not None:
                raise Invalid({name: ["Only numbers, texts and several choices have a lower and an upper bound."]})
        question.min = question.max = None
        return
    bounds = {"min": question.min, "max": question.max}
    for name, bound in bounds.items():
        if question.type != QuestionType.NUMBER and bound is not None and bound < 0:
            raise Invalid({name: ["This cannot be negative."]})
    if question.min is not None and question.max is not None and question.max < question.min:
        raise Invalid({"max": ["The upper bound is below the lower one."]})
