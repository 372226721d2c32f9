"""What is said about a document: between whoever decides it and its distributor, and among those who decide."""

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.states import DocumentStatus, DocumentWord, ReviewState
from app.domain.typed.card_numbers import holds_card_number
from app.models.claims import DocumentMessage
from app.models.programs import Program
from app.models.reviews import Review
from app.models.sales import SalesDocument
from app.services.counting.wordings import chain
from app.services.telling import notices
from verification import sold_units
from verification.deciding import decisions, errors, letters, queue
from verification.deciding.errors import CannotDecide, Taken
from verification.deciding.queue import Place


class AppealedAlready(CannotDecide):
    """A distributor appeals once."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("An appeal against this was made before; there is one for each document.")


def ask(session: Session, program: Program, document_id: int, words: str, *, actor: str, now: dt.datetime) -> None:
    """Ask the distributor for more; the document waits for the answer. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: It does not wait, somebody else has it, or nothing was said.
    """
    document, _ = _waiting(session, program, document_id, actor, now)
    _say(session, document_id, DocumentWord.ASKED, words, actor, now)
    _put(session, document_id, ReviewState.ASKED)
    notices.tell(
        session,
        program.id,
        "document_asked",
        {"number": document.number, "words": words.strip()} | ({"person": document.person} if document.person else {}),
        distributor_id=document.distributor_id,
        address=f"/programs/{program.code}/documents/{document_id}",
        now=now,
    )
    letters.asked(session, program, document, words, now=now)


def answer(session: Session, program: Program, document_id: int, words: str, *, author: str, now: dt.datetime) -> None:
    """Answer what was asked; the document is back in the queue, where it stood. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: Nothing was asked, or nothing was said.
    """
    document = decisions.opened(session, program, document_id)
    place = queue.place_of(session, document_id)
    if document.status is not DocumentStatus.REVIEW or place is None or place.state is not ReviewState.ASKED:
        raise CannotDecide(f"Nothing was asked about document {document_id}, or it is answered.")
    _say(session, document_id, DocumentWord.ANSWERED, words, author, now)
    _put(session, document_id, _as_before(place))


def appeal(session: Session, program: Program, document_id: int, words: str, *, author: str, now: dt.datetime) -> int:
    """Appeal against a refusal, once: somebody else looks again. Gives the id that it has then. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        AppealedAlready: There was an appeal before.
        CannotDecide: It is not refused, another attempt or a unit of it counts meanwhile, or nothing was said.
    """
    sold_units.lock_again(session, document_id)
    document = decisions.opened(session, program, document_id)
    if document.status is not DocumentStatus.REFUSED:
        raise CannotDecide(f"Document {document_id} is {document.status.name.lower()}: there is nothing to appeal.")
    if appealed(session, document_id):
        raise AppealedAlready
    _say(session, document_id, DocumentWord.APPEALED, words, author, now)
    return decisions.look_again(session, program, document, now=now, actor=author, reason=words.strip())


def appealed(session: Session, document_id: int) -> bool:
    """Tell whether the distributor appealed already, against this document or one whose place it took."""
    made = select(DocumentMessage.id).where(
        DocumentMessage.document_id.in_(chain(session, document_id)), DocumentMessage.kind == DocumentWord.APPEALED
    )
    return session.execute(made).first() is not None


def hold(session: Session, program: Program, document_id: int, words: str, *, actor: str, now: dt.datetime) -> None:
    """Set a document aside: nobody is given it until somebody puts it back. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: It does not wait, somebody else has it, or nothing was said.
    """
    _waiting(session, program, document_id, actor, now)
    _say(session, document_id, DocumentWord.HELD, words, actor, now)
    _put(session, document_id, ReviewState.HELD)


def put_back(session: Session, program: Program, document_id: int, *, actor: str, now: dt.datetime) -> None:
    """Put a document back for anybody: one that somebody holds, was handed, or has before them. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: It does not wait, or somebody else has it.
    """
    _, place = _waiting(session, program, document_id, actor, now)
    _put(session, document_id, place.state if place.state is ReviewState.ASKED else _as_before(place))


def hand_over(
    session: Session, program: Program, document_id: int, to: str, words: str, *, actor: str, now: dt.datetime
) -> None:
    """Hand a document over to somebody else who may decide it; they are given it first. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: It does not wait, somebody else has it, or they may not decide it.
    """
    _, place = _waiting(session, program, document_id, actor, now)
    names = {one.login: one.name for one in queue.deciders(session, program.id, document_id, actor)}
    if to not in names:
        raise CannotDecide(f"{to} cannot decide about document {document_id}.")
    _say(session, document_id, DocumentWord.HANDED, f"→ {names[to]}. {words.strip()}".strip(), actor, now)
    _put(session, document_id, _as_before(place), handed_to=to)


def note(session: Session, program: Program, document_id: int, words: str, *, actor: str, now: dt.datetime) -> None:
    """Leave a note for those who decide. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: Nothing was said.
    """
    if (
        session.scalars(
            select(SalesDocument.id).where(SalesDocument.id == document_id, SalesDocument.program_id == program.id)
        ).one_or_none()
        is None
    ):
        raise errors.NoSuchDocument(f"The programme {program.code} has no document {document_id}.")
    _say(session, document_id, DocumentWord.NOTE, words, actor, now)


def _waiting(
    session: Session, program: Program, document_id: int, actor: str, now: dt.datetime
) -> tuple[SalesDocument, Place]:
    document = decisions.opened(session, program, document_id)
    if document.status is not DocumentStatus.REVIEW:
        raise CannotDecide(f"Document {document_id} is {document.status.name.lower()}: it does not wait.")
    queue.enter(session, program.id)
    place = queue.locked(session, document_id)
    holder = place.holder(now)
    if holder is not None and holder != actor:
        raise Taken(holder)
    return document, place


def _as_before(place: Place) -> ReviewState:
    return ReviewState.SECOND if place.first_by is not None else ReviewState.WAITING


def _put(session: Session, document_id: int, state: ReviewState, *, handed_to: str | None = None) -> None:
    session.execute(
        update(Review)
        .where(Review.document_id == document_id)
        .values(state=state, leased_by=None, leased_until=None, handed_to=handed_to)
        .execution_options(synchronize_session=False)
    )


def _say(session: Session, document_id: int, kind: DocumentWord, words: str, author: str, now: dt.datetime) -> None:
    if not words.strip():
        raise CannotDecide("Say something.")
    if holds_card_number(words):
        raise CannotDecide("This may hold the number of a payment card, which is never kept; remove it.")
    session.add(DocumentMessage(document_id=document_id, kind=kind, words=words.strip(), author=author, said_at=now))
    session.flush()
