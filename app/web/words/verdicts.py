"""Decisions in words: forms that ask why, what keeps somebody from deciding, and what happened to a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as pgettext
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.domain.saying.decision_codes import ACCEPTING, REFUSING, TO_DO, said
from app.domain.states import DocumentStatus, DocumentWord
from app.web import formats
from app.web.forms.form import Form, choice
from app.web.people_named import name_of
from app.web.words.wording import DOCUMENT_STATUS
from verification.deciding import decisions, errors, talk
from verification.deciding.timeline import Event

NAMED = 20
"""So many of several documents are named."""


class Accepting(Form):
    """Why a document is accepted: whoever accepts presses the reason, and none is given for them."""

    code = SelectField(
        _("Why"),
        [InputRequired(_("Choose a reason."))],
        choices=[choice(code, _(text)) for code, text in ACCEPTING.items()],
    )
    words = StringField(_("In your own words"), [Optional(), Length(max=200)])


class Refusing(Form):
    """Why a document, or what is left out of it, is refused. Its distributor reads it: nothing is chosen at first."""

    code = SelectField(
        _("Why"),
        [InputRequired(_("Choose a reason."))],
        choices=[choice("", _("Choose a reason")), *(choice(code, _(text)) for code, text in REFUSING.items())],
    )
    words = StringField(_("In your own words"), [Optional(), Length(max=200)])


class Saying(Form):
    """Something that is said about a document."""

    words = TextAreaField(_("What you say"), [InputRequired(_("Say something.")), Length(max=1000)])


class Handing(Form):
    """To whom a document is handed over, and why."""

    to = SelectField(_("To whom"), validators=[InputRequired()])
    words = StringField(_("In your own words"), [Optional(), Length(max=200)])


def why_not(problem: errors.CannotDecide) -> str:
    """Say in the reader's language what keeps somebody from deciding."""
    match problem:
        case errors.Taken():
            return gettext("%(who)s has this document before them.", who=name_of(problem.holder))
        case errors.NotYours(why="company"):
            return gettext("It is of a company that you belong to: somebody else decides.")
        case errors.NotYours(why="first"):
            return gettext("You accepted it already: it takes a second person.")
        case errors.NotYours():
            return gettext("You refused it: somebody else decides about the appeal.")
        case errors.PaidOut():
            gone = [formats.told(one) for one in problem.gone]
            return " ".join([gettext("What was spent cannot be decided anew."), *gone])
        case errors.Replaced():
            return gettext("Another document has its number meanwhile.")
        case errors.UnitSold():
            return gettext(
                "The unit with the serial number %(found)s is in the programme already: it counts once.",
                found=problem.serial,
            )
        case errors.WentBack():
            return gettext("Goods of it went back; decide about what they went back with first.")
        case talk.AppealedAlready():
            return gettext("There was an appeal before; there is one for each document.")
    return gettext("Somebody was quicker: the document is in another state by now.")


def to_do(code: str | None) -> str:
    """Say what a distributor can do about a refusal; nothing, where that is not known."""
    return gettext(TO_DO[code]) if code is not None and code in TO_DO else ""


def why_refused(document_id: int, happened: Sequence[Event]) -> str:
    """Say why somebody refused a document, from what happened to it, newest first; nothing, where the checks did."""
    refused = (one for one in happened if one.document_id == document_id and one.becomes is DocumentStatus.REFUSED)
    decided = next(refused, None)
    return said(decided.code, decided.words, gettext) if decided is not None else ""


@dataclass(frozen=True)
class Told:
    """One thing that happened to a document, as the timeline shows it."""

    title: Any
    tone: str
    drawing: str
    at: Any
    who: str | None
    words: str


_SAID = {
    DocumentWord.ASKED: (_("More was asked for"), "wait", "mail"),
    DocumentWord.ANSWERED: (_("Answered"), "busy", "mail"),
    DocumentWord.APPEALED: (_("Appealed"), "wait", "undo"),
    DocumentWord.NOTE: (_("Note"), "plain", "edit"),
    DocumentWord.HELD: (pgettext("state", "Set aside"), "wait", "clock"),
    DocumentWord.HANDED: (_("Handed over"), "plain", "forward"),
    DocumentWord.REOPENED: (_("Opened again"), "wait", "undo"),
    DocumentWord.CLAIMED: (_("Claimed"), "good", "check"),
    DocumentWord.UNCLAIMED: (_("Claim taken back"), "plain", "undo"),
}


def told(events: Sequence[Event]) -> list[Told]:
    """Write what happened to a document."""
    return [_told(one) for one in events]


def _told(one: Event) -> Told:
    if one.word is not None:
        title, tone, drawing = _SAID[one.word]
        return Told(title, tone, drawing, one.at, one.who, one.words)
    if one.becomes is None:
        return Told(gettext("Came in"), "plain", "dot", one.at, None, "")
    words = said(one.code, one.words, gettext)
    if one.becomes is DocumentStatus.REVIEW:
        return Told(gettext("Accepted by one of two"), "busy", "check", one.at, one.who, words)
    to = DOCUMENT_STATUS[one.becomes]
    drawing = {DocumentStatus.ACCEPTED: "check", DocumentStatus.REFUSED: "cross"}.get(one.becomes, "dot")
    return Told(to.text, to.tone, drawing, one.at, one.who, words)


def decided_before(numbers: Sequence[str]) -> str:
    """Say which of the chosen documents wait no longer: somebody was quicker."""
    text = ngettext(
        "%(num)s document does not wait any more, and stays as it is:",
        "%(num)s documents do not wait any more, and stay as they are:",
        len(numbers),
    )
    return f"{text} {_named(numbers)}"


def _named(numbers: Sequence[str]) -> str:
    return f"{', '.join(numbers[:NAMED])}{' …' if len(numbers) > NAMED else ''}"


def settled(
    done: decisions.Together, becomes: DocumentStatus, others: Sequence[str] = (), decided: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Say what became of documents that were decided at once: text and tone of each message.

    ``others`` are the numbers of those that were somebody else's, ``decided`` those that waited no longer.
    """
    found = []
    if done.decided:
        text = (
            ngettext("%(num)s document is accepted.", "%(num)s documents are accepted.", done.decided)
            if becomes is DocumentStatus.ACCEPTED
            else ngettext("%(num)s document is refused.", "%(num)s documents are refused.", done.decided)
        )
        found.append((text, "success"))
    if done.second:
        text = ngettext(
            "%(num)s document takes a second person.", "%(num)s documents take a second person.", done.second
        )
        found.append((text, "info"))
    if done.left:
        text = ngettext(
            "%(num)s document is left: somebody else must decide it, or has it.",
            "%(num)s documents are left: somebody else must decide them, or has them.",
            done.left,
        )
        found.append((f"{text} {_named(others)}" if others else text, "warning"))
    if decided:
        found.append((decided_before(decided), "warning"))
    return found
