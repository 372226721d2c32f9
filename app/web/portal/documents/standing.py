"""Where a document stands, for its distributor: what was decided and why, what to do, and what they can say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from app.domain.saying.decision_codes import AGAIN, said
from app.domain.saying.reasons import WAITS, sentences
from app.domain.states import DocumentStatus, DocumentWord, ReviewState
from app.models.sales import SalesDocument
from app.services.counting.wordings import successor
from app.web import formats
from app.web.context import now, scope
from app.web.forms.form import Form
from app.web.words.verdicts import to_do
from verification.deciding import pace, queue, talk
from verification.deciding.timeline import Event

_TOLD = frozenset(
    {WAITS, "review_by_policy", "refused_before", "total_differs", "return_without_sale", "return_forgiven"}
)
"""What a distributor is told though it refuses nothing; what else makes somebody look is not for who is looked at."""


class Answer(Form):
    """What a distributor says to what was asked, with proofs; a proof may say all."""

    words = TextAreaField(_("Your answer"), [Length(max=1000)])
    files = MultipleFileField(_("Photo, PDF or e-invoice"))

    @property
    def proofs(self) -> list[FileStorage]:
        """Give the files that were sent."""
        return [one for one in self.files.data or () if one and one.filename]

    @property
    def said(self) -> str:
        """Give what they say, or what whoever sends a file alone means."""
        return self.words.data or gettext("See what is attached.")

    def validate_words(self, field: TextAreaField) -> None:
        if not field.data and not self.proofs:
            raise StopValidation(gettext("Say something, or attach a file."))


class Appeal(Answer):
    """What a distributor says against a refusal: why it should count, and what proves it."""

    words = TextAreaField(_("Why it should count"), [InputRequired(_("Say something.")), Length(max=1000)])


_ENOUGH = 10
"""Decisions from which on it is told how long they take."""

FORMS: Mapping[str, type[Answer]] = {"answer": Answer, "appeal": Appeal}
"""The forms that can be sent about a document, by what `Standing` calls them."""


@dataclass(frozen=True)
class Standing:
    """Where a document stands: what is said of it first, why, what to do, and the form that can be sent, if any.

    ``again``: to register it once more is what to do.
    """

    tone: str
    title: str
    why: str
    to_do: str
    form: str | None
    successor: int | None
    again: bool = False


def why_in_checks(reasons: Sequence[dict[str, Any]] | None) -> str:
    """Say what the checks found that its distributor is told."""
    told = [one for one in reasons or () if one.get("severity", "block") == "block" or one["code"] in _TOLD]
    return sentences(told, gettext, formats.shown)


def standing(session: Session, document_id: int, happened: Sequence[Event]) -> Standing:
    """Tell where a document stands, from what happened to it, newest first."""
    document = session.execute(
        select(SalesDocument.status, SalesDocument.reasons).where(SalesDocument.id == document_id)
    ).one()
    checks = why_in_checks(document.reasons)
    decided = next((one for one in happened if one.becomes is document.status), None)
    why = said(decided.code, decided.words, gettext) if decided is not None else ""
    if document.status is DocumentStatus.REVIEW:
        place = queue.place_of(session, document_id)
        if place is not None and place.state is ReviewState.ASKED:
            asked = next((one.words for one in happened if one.word is DocumentWord.ASKED), "")
            return Standing("warning", gettext("A question to you:"), asked, "", "answer", None)
        return Standing("info", gettext("In review."), checks, _how_long(session), None, None)
    if document.status is DocumentStatus.REFUSED:
        open_ = not talk.appealed(session, document_id)
        code = decided.code if decided is not None else None
        advice = to_do(code)
        form = "appeal" if open_ else None
        if not why and not checks:  # many findings refused it together, none of which its distributor is told
            why = gettext("The checks found too much that speaks against it.")
            advice = advice or (gettext("If it is right, appeal: somebody will look at it.") if open_ else "")
        return Standing("danger", gettext("Refused."), why or checks, advice, form, None, again=code in AGAIN)
    if document.status is DocumentStatus.SUPERSEDED:
        return Standing(
            "info", gettext("Another wording took its place."), "", "", None, successor(session, document_id)
        )
    if document.status is DocumentStatus.ACCEPTED:
        return Standing("success", gettext("Accepted."), why or checks, "", None, None)
    return Standing("info", gettext("Taken back with its import."), "", "", None, None)


def _how_long(session: Session) -> str:
    """Say that somebody looks at a document, and how long that takes, where it was done often enough to tell."""
    looked_at = gettext("Somebody looks at it; its points wait until then.")
    decided, half = pace.usual(session, scope().program.id, now=now())
    if half is None or decided < _ENOUGH:
        return looked_at
    usually = gettext("Half are decided within %(time)s.", time=formats.duration(half.total_seconds()))
    return f"{looked_at} {usually}"
