"""The form with which people apply to a programme: the questions that its administrator set, in every language."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.domain.typed.codes import slug

MOST_QUESTIONS = 40
MOST_CHOICES = 30
LONGEST_LABEL = 300
LONGEST_ANSWER = 2_000

_NO_PART_OF_A_TAX_ID = re.compile(r"[^0-9A-Z]")


class AnswerKind(StrEnum):
    """How a question is answered."""

    LINE = "line"
    TEXT = "text"
    DAY = "day"
    TICK = "tick"
    ONE = "one"
    SEVERAL = "several"


CHOOSING = frozenset({AnswerKind.ONE, AnswerKind.SEVERAL})
COMPANY, REP = "company", "rep"
"""What somebody applies as."""


class Asked(StrEnum):
    """Who is asked a question."""

    BOTH = "both"
    COMPANY = "company"
    REP = "rep"


class QuestionInvalid(ValueError):
    """A question that cannot be asked; ``why`` is ``label``, ``choices``, ``key`` or ``many``."""

    def __init__(self, why: str) -> None:
        """Say what is wrong."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Choice:
    """One answer that can be chosen, by its value for ever and its words by language."""

    value: str
    label: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """One question of the form."""

    key: str
    kind: AnswerKind
    label: Mapping[str, str]
    hint: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    asked: Asked = Asked.BOTH
    choices: Sequence[Choice] = ()

    def of(self, applicant: str) -> bool:
        """Tell whether it is put to a ``company`` or to a ``rep``."""
        return self.asked is Asked.BOTH or self.asked == applicant


def in_language(texts: Mapping[str, str], locale: str, fallback: str) -> str:
    """Give a text in a language, else in the programme's, else in any that there is."""
    return texts.get(locale) or texts.get(fallback) or next((text for text in texts.values() if text), "")


def check(question: Question) -> None:
    """Make sure that a question can be asked.

    Raises:
        QuestionInvalid: It has no words, or offers nothing, or too much, to choose from.
    """
    if not any(question.label.values()) or any(len(one) > LONGEST_LABEL for one in question.label.values()):
        raise QuestionInvalid("label")
    if question.kind in CHOOSING:
        values = [one.value for one in question.choices]
        if not 2 <= len(values) <= MOST_CHOICES or len(set(values)) < len(values):
            raise QuestionInvalid("choices")


def choices_of(lines: Mapping[str, Sequence[str]], language: str, before: Sequence[Choice] = ()) -> list[Choice]:
    """Make choices of lines by language: the nth line of each language is the same choice.

    A choice whose words in ``language`` stood there before keeps its value, so that older answers keep their meaning.

    Raises:
        QuestionInvalid: A language has more lines than ``language``.
    """
    main = [line for line in lines.get(language, ()) if line]
    if any(len(others) > len(main) for others in lines.values()):
        raise QuestionInvalid("choices")
    known = {one.label.get(language): one.value for one in before}
    taken, made = set(known.values()), []
    for at, line in enumerate(main):
        value = known.pop(line, None) or _free(slug(line)[:40] or "choice", taken)
        taken.add(value)
        label = {name: others[at] for name, others in lines.items() if at < len(others) and others[at]}
        made.append(Choice(value, label))
    return made


def key_of(label: str, taken: set[str]) -> str:
    """Make the key of a question from its words; it never changes after."""
    return _free(slug(label)[:40] or "question", taken)


def moved(questions: Sequence[Question], key: str, by: int) -> list[Question]:
    """Move a question up (-1) or down (1); at the end it stays."""
    found = list(questions)
    at = next((index for index, one in enumerate(found) if one.key == key), None)
    if at is not None and 0 <= at + by < len(found):
        found[at], found[at + by] = found[at + by], found[at]
    return found


def to_document(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Write questions as the database keeps them."""
    return [
        {
            "key": one.key,
            "kind": one.kind.value,
            "label": dict(one.label),
            "hint": dict(one.hint),
            "required": one.required,
            "asked": one.asked.value,
            "choices": [{"value": choice.value, "label": dict(choice.label)} for choice in one.choices],
        }
        for one in questions
    ]


def from_document(document: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Read questions as the database keeps them."""
    return [
        Question(
            key=one["key"],
            kind=AnswerKind(one["kind"]),
            label=one["label"],
            hint=one.get("hint", {}),
            required=bool(one.get("required")),
            asked=Asked(one.get("asked", Asked.BOTH)),
            choices=[Choice(choice["value"], choice["label"]) for choice in one.get("choices", ())],
        )
        for one in document
    ]


def said(question: Question, answer: Any, language: str) -> str:
    """Write an answer for whoever reads it: the words of what was chosen, yes as a tick, dates as they are kept."""
    if question.kind is AnswerKind.TICK:
        return "✓" if answer else "–"
    words = {one.value: in_language(one.label, language, language) for one in question.choices}
    chosen = answer if isinstance(answer, list) else [answer]
    return ", ".join(words.get(str(one), str(one)) for one in chosen if one not in (None, ""))


def tax_id_key(tax_id: str) -> str:
    """Give the form in which tax ids are compared: letters and figures alone, without the country before them."""
    plain = _NO_PART_OF_A_TAX_ID.sub("", unicodedata.normalize("NFKC", tax_id).upper())
    return plain[2:] if plain[:2].isalpha() and plain[2:].isdigit() else plain


def _free(wanted: str, taken: set[str]) -> str:
    number, found = 2, wanted
    while found in taken:
        found, number = f"{wanted}-{number}", number + 1
    return found
