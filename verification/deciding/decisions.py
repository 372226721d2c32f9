"""What people decide about documents after the gate: accept what waits, whole or in part, refuse, or decide anew."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.decision_codes import ACCEPTING, REFUSING
from app.domain.saying.reasons import sentences
from app.domain.states import DocumentKind, DocumentStatus, DocumentWord, ReviewState
from app.models.claims import DocumentMessage
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.reviews import Review
from app.models.sales import Decision, SalesDocument
from app.services import audit
from app.services.anew.touched import touch
from app.services.counting.voiding import lock_wallets_of, void_documents
from app.services.imported.undo_blocks import spent_of
from app.services.ledger import figures, ledger
from app.services.rulebooks import rules_of
from app.services.telling import notices
from verification import sold_units
from verification.deciding import letters, queue, replacing
from verification.deciding.errors import (
    CannotDecide,
    NoSuchDocument,
    NotYours,
    PaidOut,
    Replaced,
    Taken,
    UnitSold,
    WentBack,
)
from verification.deciding.handing_on import hand_on_first_purchases
from verification.deciding.why import Why


@dataclass(frozen=True)
class Together:
    """What became of documents that were decided at once; ``left`` are those somebody else must decide, or has."""

    decided: int
    second: int
    left: int


@dataclass(frozen=True)
class Waiting:
    """A document in a list of documents."""

    id: int
    number: str
    kind: DocumentKind
    issued_on: dt.date
    distributor_code: str
    distributor_name: str
    net_minor: int
    status: DocumentStatus
    reasons: str


def documents(
    session: Session, program_id: int, status: DocumentStatus, *, after: int = 0, limit: int | None = None
) -> list[Waiting]:
    """Give the documents of a status, oldest first. ``after`` is the id of the last one seen, for the next page."""
    rows = session.execute(
        select(
            SalesDocument.id,
            SalesDocument.number,
            SalesDocument.kind,
            SalesDocument.issued_on,
            Distributor.code,
            Distributor.name,
            SalesDocument.net_minor,
            SalesDocument.status,
            SalesDocument.reasons,
        )
        .join(Distributor, Distributor.id == SalesDocument.distributor_id)
        .where(SalesDocument.program_id == program_id, SalesDocument.status == status, SalesDocument.id > after)
        .order_by(SalesDocument.id)
        .limit(limit)
    )
    return [
        Waiting(id_, number, kind, issued_on, code, name, net, status_, sentences(why))
        for id_, number, kind, issued_on, code, name, net, status_, why in rows
    ]


_ALLOWED = {
    DocumentStatus.ACCEPTED: (DocumentStatus.REVIEW,),
    DocumentStatus.REFUSED: (DocumentStatus.REVIEW, DocumentStatus.ACCEPTED),
}


def decide(
    session: Session,
    program: Program,
    document_id: int,
    becomes: DocumentStatus,
    *,
    reason: str = "",
    code: str | None = None,
    actor: str,
    now: dt.datetime,
) -> DocumentStatus:
    """Accept a document in review, or refuse one that is in review or was accepted; give what it is then.

    Accepting makes its points available, or lets them cool off where the programme says so; refusing takes them back.
    What takes two people stays in review when the first of them accepts. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: Its status does not allow it, somebody else must decide or is about to, or no reason was given.
    """
    document = opened(session, program, document_id)
    if document.status not in _ALLOWED.get(becomes, ()):
        raise CannotDecide(
            f"Document {document_id} is {document.status.name.lower()}: it cannot become {becomes.name.lower()}."
        )
    why = _why(reason, code, becomes)
    place = _must_be_open_to(session, document, actor, now)
    rules = rules_of(session, program.id)
    if becomes is DocumentStatus.ACCEPTED and _takes_another(rules, document.net_minor, place):
        _accept_first(session, [document.id], why, actor, now)
        return DocumentStatus.REVIEW
    _settle(session, program, rules, [document], becomes, why, actor=actor, now=now)
    return becomes


def decide_together(
    session: Session,
    program: Program,
    document_ids: Sequence[int],
    becomes: DocumentStatus,
    *,
    reason: str = "",
    code: str | None = None,
    actor: str,
    now: dt.datetime,
) -> Together:
    """Decide documents in review alike; one that waits no longer, or that is somebody else's, is left as it is.

    The caller commits.

    Raises:
        CannotDecide: No reason was given, or one that cannot be kept.
    """
    why = _why(reason, code, becomes)
    chosen = (SalesDocument.id == any_of(document_ids), SalesDocument.program_id == program.id)
    # every wallet before the first document, or two people who choose the same ones wait for each other
    lock_wallets_of(session, session.scalars(select(SalesDocument.id).where(*chosen)).all())
    queue.enter(session, program.id)
    waiting = session.scalars(
        select(SalesDocument)
        .where(*chosen, SalesDocument.status == DocumentStatus.REVIEW)
        .order_by(SalesDocument.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    who = queue.Decider.of(session, actor)
    places = {
        row.document_id: row
        for row in session.execute(
            select(Review.document_id, Review.first_by)
            .join(SalesDocument, SalesDocument.id == Review.document_id)
            .where(Review.document_id == any_of([one.id for one in waiting]), queue.open_to(who, now))
            .order_by(Review.document_id)
            .with_for_update(of=Review)
        )
    }
    rules = rules_of(session, program.id)
    mine = [one for one in waiting if one.id in places]
    first = [
        one
        for one in mine
        if becomes is DocumentStatus.ACCEPTED and _takes_another(rules, one.net_minor, places[one.id])
    ]
    _accept_first(session, [one.id for one in first], why, actor, now)
    settled = [one for one in mine if one not in first]
    _settle(session, program, rules, settled, becomes, why, actor=actor, now=now)
    return Together(decided=len(settled), second=len(first), left=len(document_ids) - len(mine))


def accept_in_part(
    session: Session,
    program: Program,
    document_id: int,
    quantities: Mapping[int, int],
    *,
    reason: str = "",
    code: str | None = None,
    actor: str,
    now: dt.datetime,
) -> tuple[int, DocumentStatus]:
    """Accept some lines of a document in review, and so much of each: thousandths by line number.

    What is accepted takes the place of the whole; its id and status are given. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: As `decide`; or goods of it went back already.
        ValueError: The quantities are none of this document, or leave nothing.
    """
    document = opened(session, program, document_id)
    if document.status is not DocumentStatus.REVIEW:
        raise CannotDecide(f"Document {document_id} is {document.status.name.lower()}: it does not wait.")
    # why not all of it
    why = _why(reason, code, DocumentStatus.REFUSED)
    place = _must_be_open_to(session, document, actor, now)
    rules = rules_of(session, program.id)
    new_id = _replaced(session, rules, document, quantities, now=now, actor=actor, reason=why.noted)
    session.add(_decision(document, DocumentStatus.SUPERSEDED, why, actor, now))
    part = session.get_one(SalesDocument, new_id)
    if _takes_another(rules, part.net_minor, place):
        _accept_first(session, [new_id], why, actor, now)
        return new_id, DocumentStatus.REVIEW
    _settle(
        session, program, rules, [part], DocumentStatus.ACCEPTED, why, actor=actor, now=now, notice="document_partly"
    )
    return new_id, DocumentStatus.ACCEPTED


def reopen(session: Session, program: Program, document_id: int, *, reason: str, actor: str, now: dt.datetime) -> int:
    """Have an accepted or refused document decided anew, and give the id that it has then. The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        PaidOut: What it gave is reserved, or spent.
        CannotDecide: It is not decided, is of a company of theirs, or no reason was given.
    """
    why = Why(reason)
    sold_units.lock_again(session, document_id)
    document = opened(session, program, document_id)
    if document.status not in (DocumentStatus.ACCEPTED, DocumentStatus.REFUSED):
        raise CannotDecide(f"Document {document_id} is {document.status.name.lower()}: there is nothing to reopen.")
    _must_not_be_own(session, document, actor)
    new_id = look_again(session, program, document, now=now, actor=actor, reason=why.noted)
    session.add(
        DocumentMessage(document_id=new_id, kind=DocumentWord.REOPENED, words=reason.strip(), author=actor, said_at=now)
    )
    audit.note(
        session,
        actor,
        "document.reopen",
        document.number,
        now=now,
        program_id=program.id,
        before={"document": document_id, "status": document.status.name.lower()},
        after={"document": new_id},
        reason=reason.strip(),
    )
    return new_id


def look_again(
    session: Session, program: Program, document: SalesDocument, *, now: dt.datetime, actor: str, reason: str
) -> int:
    """Put a decided document back into the queue: the same once more, in its place. The caller has locked it.

    Raises:
        PaidOut: What it gave is reserved, or spent.
        CannotDecide: Goods of it went back, or another attempt, or a unit of it, counts meanwhile.
    """
    rules = rules_of(session, program.id)
    gone = spent_of(session, rules, document.id)
    if gone:
        raise PaidOut([one.said for one in gone])
    return _replaced(session, rules, document, None, now=now, actor=actor, reason=reason)


def opened(session: Session, program: Program, document_id: int) -> SalesDocument:
    """Lock a document behind the wallets of all whose points it may move, as whoever corrects it does.

    Raises:
        NoSuchDocument: The programme does not have it.
    """
    here = (SalesDocument.id == document_id, SalesDocument.program_id == program.id)
    if session.scalars(select(SalesDocument.id).where(*here)).one_or_none() is None:
        raise NoSuchDocument(f"The programme {program.code} has no document {document_id}; see `kontor documents`.")
    # wallets before documents, as whoever corrects the document does
    lock_wallets_of(session, [document_id])
    return session.scalars(
        select(SalesDocument).where(*here).with_for_update().execution_options(populate_existing=True)
    ).one()


def _why(words: str, code: str | None, becomes: DocumentStatus) -> Why:
    """Make sure that a code is one of the reasons for such a decision."""
    if code is not None and code not in (REFUSING if becomes is DocumentStatus.REFUSED else ACCEPTING):
        raise CannotDecide(f"No reason to make it {becomes.name.lower()} has the code {code!r}.")
    return Why(words, code)


def _must_be_open_to(session: Session, document: SalesDocument, actor: str, now: dt.datetime) -> Any:
    """Lock the document's place in the queue, and make sure that it is for this person to decide."""
    _must_not_be_own(session, document, actor)
    if document.status is not DocumentStatus.REVIEW:
        return None
    queue.enter(session, document.program_id)
    place = queue.locked(session, document.id)
    holder = place.holder(now)
    if holder is not None and holder != actor:
        raise Taken(holder)
    who = queue.Decider.of(session, actor)
    if place.first_by in who.names:
        raise NotYours("first")
    if queue.judged_before(session, document.id, who):
        raise NotYours("appeal")
    return place


def _must_not_be_own(session: Session, document: SalesDocument, actor: str) -> None:
    if queue.is_of_own_company(session, document.id, actor):
        raise NotYours("company")


def _takes_another(rules: ProgramRules, net_minor: int, place: Any) -> bool:
    """Tell whether accepting takes two people, of whom nobody has accepted yet."""
    above = rules.settings.verification.second_person_above
    return (
        above is not None
        and net_minor > above.scaleb(rules.currency_decimals)
        and (place is None or place.first_by is None)
    )


def _accept_first(session: Session, document_ids: Sequence[int], why: Why, actor: str, now: dt.datetime) -> None:
    """Note that the first of two people accepts; the documents go back for the second."""
    if not document_ids:
        return
    session.execute(
        update(Review)
        .where(Review.document_id == any_of(document_ids))
        .values(
            state=ReviewState.SECOND,
            first_by=actor,
            first_reason=why.noted,
            leased_by=None,
            leased_until=None,
            handed_to=None,
        )
        .execution_options(synchronize_session=False)
    )
    session.add_all(
        Decision(
            document_id=one,
            was=DocumentStatus.REVIEW,
            becomes=DocumentStatus.REVIEW,
            reason=why.words.strip(),
            reason_code=why.code,
            decided_by=actor,
            decided_at=now,
        )
        for one in document_ids
    )
    session.flush()


def _settle(
    session: Session,
    program: Program,
    rules: ProgramRules,
    documents: Sequence[SalesDocument],
    becomes: DocumentStatus,
    why: Why,
    *,
    actor: str,
    now: dt.datetime,
    notice: str | None = None,
) -> None:
    """Give locked documents their new status; their points, notices, figures and places in the queue follow."""
    if not documents:
        return
    ids = [one.id for one in documents]
    session.add_all([_decision(one, becomes, why, actor, now) for one in documents])
    if becomes is DocumentStatus.REFUSED:
        void_documents(session, rules, ids, becomes=becomes, now=now, actor=actor, reason=why.noted)
        hand_on_first_purchases(session, program, rules, ids, now=now, actor=actor)
        letters.refused(session, program, documents, why.in_words(program), now=now)
        kind = "document_refused"
    else:
        let_count(session, program, rules, ids, now=now, actor=actor)
        kind = notice or "document_accepted"
    given: dict[str, Any] = {"reason": why.words.strip()} | ({"code": why.code} if why.code else {})
    notices.tell_many(
        session,
        program.id,
        kind,
        [
            (one.distributor_id, {"number": one.number, **given} | ({"person": one.person} if one.person else {}))
            for one in documents
        ],
        addresses=[f"/programs/{program.code}/documents/{one.id}" for one in documents],
        now=now,
    )
    figures.touch(session, program.id, np.asarray([one.issued_on for one in documents], dtype="datetime64[D]"))
    touch(session, program.id, ids)
    session.execute(
        update(Review)
        .where(Review.document_id == any_of(ids), Review.closed_at.is_(None))
        .values(state=ReviewState.CLOSED, closed_at=now, leased_by=None, leased_until=None, handed_to=None)
        .execution_options(synchronize_session=False)
    )
    session.flush()


def _decision(document: SalesDocument, becomes: DocumentStatus, why: Why, actor: str, now: dt.datetime) -> Decision:
    return Decision(
        document_id=document.id,
        was=document.status,
        becomes=becomes,
        reason=why.words.strip(),
        reason_code=why.code,
        decided_by=actor,
        decided_at=now,
    )


def _replaced(
    session: Session,
    rules: ProgramRules,
    document: SalesDocument,
    quantities: Mapping[int, int] | None,
    *,
    now: dt.datetime,
    actor: str,
    reason: str,
) -> int:
    try:
        return replacing.replace(session, rules, document, quantities, now=now, actor=actor, reason=reason)
    except replacing.NumberTaken:
        raise Replaced(f"Another document counts as {document.number} meanwhile.") from None
    except replacing.UnitCounts as unit:
        raise UnitSold(unit.serial) from None
    except replacing.GoodsReturned:
        raise WentBack("Goods of this document went back; decide about what they went back with first.") from None


def let_count(
    session: Session,
    program: Program,
    rules: ProgramRules,
    document_ids: Sequence[int],
    *,
    now: dt.datetime,
    actor: str,
) -> None:
    """Make documents in review accepted: their points become available, or cool off. The caller has locked them."""
    days = rules.settings.verification.cooling_off_days
    changes: dict[str, Any] = {"status": DocumentStatus.ACCEPTED}
    if days:
        changes["release_on"] = local_date(now, program.time_zone) + dt.timedelta(days=days)
    session.execute(
        update(SalesDocument)
        .where(SalesDocument.id == any_of(document_ids))
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    if not days:
        ledger.release(session, program, document_ids, now=now, actor=actor)
