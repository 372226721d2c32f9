"""Two distributors that are one: all of the one becomes the other's, in one transaction, by a second person.

The merged one stays as a closed record that leads to the survivor: its code goes on being recognised, its account leads
to the survivor's, and each of its documents is remembered as having been its own. Points move lot by lot. What both
have counts once: of documents of one key, somebody says whose counts; the others are undone.

A merge is not undone. Its points are one balance from then on, and may be spent; documents that come later count by the
history of both. Who merged the wrong ones gives the points back by transfers and adjustments.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.measures.calendar import local_date
from app.domain.states import COUNTING, BatchStatus, DocumentKind, DocumentStatus, Unit
from app.models.claims import SaleClaim
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.instants import InstantGrant
from app.models.ledger import Account
from app.models.merges import DistributorMerge, MergedDocument
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import audit
from app.services.anew import touched
from app.services.asked import Asking
from app.services.counting.voiding import lock_wallets_of, void_documents
from app.services.goods import catalogue
from app.services.ledger import expiring, figures, standing
from app.services.owners import belongings, pools
from app.services.owners.errors import NotWaiting, OwnersError, SamePerson
from app.services.owners.moves import Move
from app.services.placing.companies import company_of
from app.services.promotions import joining
from app.services.rulebooks import rules_of

SURVIVOR, MERGED = "survivor", "merged"
"""Whose document counts, of two that both distributors have."""

_MERGES = Asking(DistributorMerge, "merge", NotWaiting, SamePerson)


@dataclass(frozen=True)
class Twice:
    """A document that both have: the merged one's and the survivor's, and whether they say the same."""

    merged_document_id: int
    survivor_document_id: int
    number: str
    kind: DocumentKind
    issued_on: dt.date
    merged_net_minor: int
    survivor_net_minor: int
    same: bool


@dataclass(frozen=True)
class Look:
    """What a merge would move, what both have, and what stands against it."""

    merged: Distributor
    survivor: Distributor
    documents: int
    points: Mapping[str, int]
    rows: Mapping[str, int]
    twice: tuple[Twice, ...]
    against: tuple[str, ...] = field(default=())

    def undecided(self, choices: Mapping[str, str]) -> list[Twice]:
        """Give the documents that differ and of which nobody said which one counts."""
        said = (SURVIVOR, MERGED)
        return [one for one in self.twice if not one.same and choices.get(str(one.merged_document_id)) not in said]


def look(session: Session, program: Program, merged_id: int, survivor_id: int) -> Look:
    """Look at what a merge would do. Nothing is changed.

    Raises:
        LookupError: One of them is no distributor of the programme.
    """
    of_program = Distributor.program_id == program.id
    found = {
        one.id: one
        for one in session.scalars(
            select(Distributor)
            .where(Distributor.id.in_((merged_id, survivor_id)), of_program)
            .execution_options(populate_existing=True)
        )
    }
    merged, survivor = found.get(merged_id), found.get(survivor_id)
    if merged is None or survivor is None:
        raise LookupError(merged_id if merged is None else survivor_id)
    documents = session.scalar(
        select(func.count()).select_from(SalesDocument).where(SalesDocument.distributor_id == merged_id)
    )
    return Look(
        merged=merged,
        survivor=survivor,
        documents=documents or 0,
        points=_points(session, merged_id),
        rows=belongings.counted(session, merged_id),
        twice=_twice(session, program.id, merged_id, survivor_id),
        against=_against(session, program.id, merged, survivor),
    )


def _points(session: Session, distributor_id: int) -> dict[str, int]:
    row = session.execute(
        select(Account.available, Account.pending).where(
            Account.distributor_id == distributor_id, Account.unit == Unit.POINTS
        )
    ).one()
    return {"available": row.available, "pending": row.pending}


def _against(session: Session, program_id: int, merged: Distributor, survivor: Distributor) -> tuple[str, ...]:
    """Name what stands against a merge, by codes that pages have words for."""
    reserved = session.scalar(select(func.max(Account.reserved)).where(Account.distributor_id == merged.id))
    counting = select(ImportBatch.id).where(
        ImportBatch.program_id == program_id,
        ImportBatch.status.in_(
            (BatchStatus.QUEUED, BatchStatus.READING, BatchStatus.LOADING, BatchStatus.FINISHING, BatchStatus.UNDOING)
        ),
    )
    branches = select(Distributor.id).where(Distributor.head_office_id == merged.id)
    companies = select(company_of(Distributor)).where(Distributor.id.in_((merged.id, survivor.id)))
    has_branches = session.scalars(branches.limit(1)).one_or_none() is not None
    reasons = {
        "itself": merged.id == survivor.id,
        "merged_before": merged.merged_into_id is not None or survivor.merged_into_id is not None,
        "company_and_person": len(set(session.scalars(companies))) > 1,
        "reserved": bool(reserved),
        "in_a_pool": pools.seat_of(session, merged.id) is not None,
        "its_head_office": survivor.head_office_id == merged.id,
        "branches_of_a_branch": has_branches and survivor.head_office_id is not None,
        "import_running": session.scalars(counting.limit(1)).one_or_none() is not None,
    }
    return tuple(code for code, stands in reasons.items() if stands)


def _key_there(merged_id: int, survivor_id: int) -> ColumnElement[str]:
    """Give the key that a document has when it is the survivor's: where a distributor is the seller, it changes."""
    document = SalesDocument

    def key(owner: int) -> ColumnElement[str]:
        kind = cast(cast(document.kind, Integer), Text)
        return func.concat(kind, literal(f"|distributor:{owner}|"), document.number_key)

    return case((document.document_key == key(merged_id), key(survivor_id)), else_=document.document_key)


def _twice(session: Session, program_id: int, merged_id: int, survivor_id: int) -> tuple[Twice, ...]:
    own = aliased(SalesDocument)
    rows = session.execute(
        select(
            SalesDocument.id,
            own.id,
            SalesDocument.number,
            SalesDocument.kind,
            SalesDocument.issued_on,
            SalesDocument.net_minor,
            own.net_minor,
            SalesDocument.content_hash == own.content_hash,
        )
        .join(
            own,
            (own.program_id == program_id)
            & (own.distributor_id == survivor_id)
            & own.status.in_(COUNTING)
            & (own.document_key == _key_there(merged_id, survivor_id)),
        )
        .where(SalesDocument.distributor_id == merged_id, SalesDocument.status.in_(COUNTING))
        .order_by(SalesDocument.id)
    )
    return tuple(Twice(*row) for row in rows)


def request(
    session: Session,
    program: Program,
    merged_id: int,
    survivor_id: int,
    *,
    note: str,
    choices: Mapping[str, str],
    actor: str,
    now: dt.datetime,
) -> int:
    """Ask for a merge. Returns its id. The caller commits.

    ``choices`` says of each document that both have with other content whose counts.

    Raises:
        OwnersError: Something stands against it, or is not decided.
    """
    seen = look(session, program, merged_id, survivor_id)
    _possible(seen, choices)
    if not note.strip():
        raise OwnersError("note", "A merge needs a reason.")
    before = select(DistributorMerge.id).where(
        DistributorMerge.merged_id == merged_id, DistributorMerge.state == "waiting"
    )
    if session.scalars(before).one_or_none() is not None:
        raise OwnersError("asked_before", "Somebody asked to merge this distributor already.")
    made = DistributorMerge(
        program_id=program.id,
        merged_id=merged_id,
        survivor_id=survivor_id,
        note=note.strip(),
        choices={str(one.merged_document_id): _whose(one, choices) for one in seen.twice},
        state="waiting",
        requested_by=actor,
        requested_at=now,
    )
    session.add(made)
    session.flush()
    after = {"merged": seen.merged.code, "survivor": seen.survivor.code}
    audit.note(session, actor, "merge.request", str(made.id), now=now, program_id=program.id, after=after, reason=note)
    return made.id


def _whose(one: Twice, choices: Mapping[str, str]) -> str:
    return choices.get(str(one.merged_document_id)) or SURVIVOR


def _possible(seen: Look, choices: Mapping[str, str]) -> None:
    if seen.against:
        raise OwnersError(seen.against[0], f"This stands against it: {', '.join(seen.against)}.")
    undecided = seen.undecided(choices)
    if undecided:
        raise OwnersError(
            "undecided",
            "Both have these documents with other content; say which one counts: "
            + ", ".join(one.number for one in undecided),
        )


def approve(session: Session, program: Program, merge_id: int, *, actor: str, now: dt.datetime) -> None:
    """Merge two distributors, as somebody else asked for it. The caller commits.

    Raises:
        SamePerson: Whoever approves asked for it.
        OwnersError: It was decided before, or something stands against it by now.
        LookupError: The programme has no such merge.
    """
    catalogue.begin_change(session, program.id)
    found = _MERGES.held(session, program, merge_id, approver=actor)
    merged_id, survivor_id = found.merged_id, found.survivor_id
    joining.hold_running(session, program.id)
    both_have = [
        document
        for one in _twice(session, program.id, merged_id, survivor_id)
        for document in (one.merged_document_id, one.survivor_document_id)
    ]
    standing.change(session, program.id)
    lock_wallets_of(session, both_have, besides=(merged_id, survivor_id))
    seen = look(session, program, merged_id, survivor_id)
    _possible(seen, found.choices)
    reason = f"{seen.merged.code} -> {seen.survivor.code}: {found.note}"
    lost = [
        one.merged_document_id if _whose(one, found.choices) == SURVIVOR else one.survivor_document_id
        for one in seen.twice
    ]
    if lost:
        rules = rules_of(session, program.id)
        void_documents(session, rules, lost, becomes=DocumentStatus.SUPERSEDED, now=now, actor=actor, reason=reason)
    moved = _move_points(session, program, merged_id, survivor_id, actor=actor, reason=reason, now=now)
    documents = _move_documents(session, program.id, found)
    joining.join(session, program.id, merged_id, survivor_id)
    belongings.hand_over(session, merged_id, survivor_id)
    session.execute(
        update(Distributor)
        .where(Distributor.merged_into_id == merged_id)
        .values(merged_into_id=survivor_id)
        .execution_options(synchronize_session=False)
    )
    merged = session.get_one(Distributor, merged_id, populate_existing=True)
    merged.merged_into_id, merged.head_office_id, merged.blocked = survivor_id, None, True
    found.outcome = {"documents": documents, "points": moved, "undone": len(lost), **seen.rows}
    catalogue.mark_changed(session, program.id)
    after = {"merged": seen.merged.code, "survivor": seen.survivor.code, **found.outcome}
    _MERGES.decide(session, program, found, "done", actor=actor, now=now, note=found.note, after=after)


def _move_points(
    session: Session,
    program: Program,
    merged_id: int,
    survivor_id: int,
    *,
    actor: str,
    reason: str,
    now: dt.datetime,
) -> int:
    """Move all points to the wallet of the survivor, and let the account lead there. Returns how many points."""
    today = local_date(now, program.time_zone)
    own = pools.accounts_of(session, merged_id)
    there = pools.standing_of(session, survivor_id)
    expiring.write_off(session, program.id, today, [*own.values(), *there.values()])
    accounts = rules_of(session, program.id).accounts
    moved: dict[Unit, int] = {}
    for unit in Unit:
        move = Move(session, program, own[unit], there[unit], on=today, actor=actor, reason=reason)
        move.everything(accounts[unit])
        shared = pools.is_shared(session, there[unit])
        moved[unit] = move.write(receiver_id=survivor_id if shared else None)
        pools.lead(session, own[unit], there[unit])
    return moved[Unit.POINTS]


def _move_documents(session: Session, program_id: int, merge: DistributorMerge) -> int:
    """Let documents be the survivor's, under its keys, and remember that they were not. Returns how many."""
    theirs = SalesDocument.distributor_id == merge.merged_id
    session.execute(
        insert(MergedDocument).from_select(
            ["document_id", "merge_id", "document_key"],
            select(SalesDocument.id, literal(merge.id, BigInteger), SalesDocument.document_key).where(theirs),
        )
    )
    ids = list(session.scalars(select(SalesDocument.id).where(theirs)))
    touched.touch(session, program_id, ids)  # as the merged one's, who has none of them from now on
    _move_what_names_sales(session, program_id, merge)
    days = session.scalars(
        update(SalesDocument)
        .where(theirs)
        .values(distributor_id=merge.survivor_id, document_key=_key_there(merge.merged_id, merge.survivor_id))
        .returning(SalesDocument.issued_on)
        .execution_options(synchronize_session=False)
    ).all()
    touched.touch(session, program_id, ids)
    figures.touch(session, program_id, np.asarray(days, dtype="datetime64[D]"))
    return len(ids)


def _move_what_names_sales(session: Session, program_id: int, merge: DistributorMerge) -> None:
    """Let claims of sales, and rewards that sales brought, follow the documents' new keys.

    Where the survivor's own document of that key has the same already, it stays as it is.
    """
    there = _key_there(merge.merged_id, merge.survivor_id)
    claim, grant = aliased(SaleClaim), aliased(InstantGrant)
    same_claim = (
        claim.program_id == program_id,
        claim.document_key == there,
        claim.person_key == SaleClaim.person_key,
    )
    same_grant = (grant.instant_id == InstantGrant.instant_id, grant.document_key == there)
    claims = (SaleClaim.program_id == program_id, ~select(claim.id).where(*same_claim).exists())
    grants = (InstantGrant.distributor_id == merge.merged_id, ~select(grant.id).where(*same_grant).exists())
    for model, which in ((SaleClaim, claims), (InstantGrant, grants)):
        session.execute(
            update(model)
            .where(
                model.document_key == SalesDocument.document_key,
                SalesDocument.program_id == program_id,
                SalesDocument.distributor_id == merge.merged_id,
                SalesDocument.document_key != there,
                *which,
            )
            .values(document_key=there)
            .execution_options(synchronize_session=False)
        )


def refuse(session: Session, program: Program, merge_id: int, *, actor: str, now: dt.datetime) -> None:
    """Refuse a merge, or withdraw one's own. The caller commits.

    Raises:
        NotWaiting: It was decided before.
        LookupError: The programme has no such merge.
    """
    _MERGES.decide(session, program, _MERGES.held(session, program, merge_id), None, actor=actor, now=now)


@dataclass(frozen=True)
class Kin:
    """A distributor that another one was merged with."""

    id: int
    code: str
    name: str


def kin_of(session: Session, distributor_id: int) -> tuple[Kin | None, list[Kin]]:
    """Give the distributor that one was merged into, if it was, and those that were merged into it, by name."""
    rows = _KIN.ask(session, distributor_id=distributor_id)
    here = [Kin(*row[:3]) for row in rows if row.merged_into_id == distributor_id]
    return next((Kin(*row[:3]) for row in rows if row.merged_into_id != distributor_id), None), here


_SELF = aliased(Distributor)
_INTO = select(_SELF.merged_into_id).where(_SELF.id == bindparam("distributor_id")).scalar_subquery()
_KIN = Question(
    select(Distributor.id, Distributor.code, Distributor.name, Distributor.merged_into_id)
    .where(or_(Distributor.merged_into_id == bindparam("distributor_id"), Distributor.id == _INTO))
    .order_by(Distributor.sort_key)
)


class Before(NamedTuple):
    """Whose a document was before a merge, and when they were merged."""

    distributor_id: int
    code: str
    name: str
    merged_at: dt.datetime | None


def came_from(session: Session, document_id: int) -> Before | None:
    """Tell whose a document was before its newest merge; None: nobody else's."""
    row = session.execute(
        select(Distributor.id, Distributor.code, Distributor.name, DistributorMerge.decided_at)
        .join(DistributorMerge, DistributorMerge.merged_id == Distributor.id)
        .join(MergedDocument, MergedDocument.merge_id == DistributorMerge.id)
        .where(MergedDocument.document_id == document_id)
        .order_by(DistributorMerge.decided_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Before(*row)
