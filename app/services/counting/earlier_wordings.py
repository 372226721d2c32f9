"""What earlier wordings of documents left where it is, where nobody may owe: not given, and not let go, twice.

What was spent of a sale that counts no more stays with whoever has it, and what a return could not take was let go.
Where the same document counts again, in another wording, once more, or as it stood before a correction, that is a part
of what it gives and takes (rules.md 6). All of it is read of the ledger: it is the same whoever put the wording in its
place, when, and in how many steps.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.db.many import any_of
from app.domain.states import COUNTING, Bucket, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.sales import AwardReversal, PersonReversal, SalesDocument
from app.services.persons.rosters import WHO_NOW

COMPANY = 0
"""Stands for whoever the document is of, beside the people that it is shared with."""


@dataclass(frozen=True)
class LeftOf:
    """What is still had of one award of a wording that counts no more."""

    award: int
    document_id: int
    effective_on: dt.date
    amount: int


@dataclass
class Kept:
    """What somebody has of all earlier wordings of one document, on whatever account it came.

    ``gave`` is what the newest of them that gave it something had given, and ``taken`` what was taken back of that.
    """

    gave: int = 0
    taken: int = 0
    parts: list[LeftOf] = field(default_factory=list)

    def rest(self, gives: int) -> int:
        """Tell how much of what the document gives now is had already.

        Less than before gives back what was taken for it, and no more; more than before gives what it is more, once
        what is had is covered.
        """
        return max(0, min(sum(one.amount for one in self.parts), gives, max(gives, self.gave) - self.taken))

    def divided(self, amount: int) -> list[tuple[LeftOf, int]]:
        """Divide an amount among what is left of awards, the newest first."""
        found: list[tuple[LeftOf, int]] = []
        for one in reversed(self.parts):
            part = min(one.amount, amount)
            amount -= part
            if part:
                found.append((one, part))
        return found


@dataclass
class EarlierWordings:
    """What earlier wordings left: ``kept`` and ``let_go`` by document, unit and person.

    Of each earlier wording that let something go it says what was to be taken, and how much of it was let go.
    """

    kept: dict[tuple[int, Unit, int], Kept] = field(default_factory=lambda: defaultdict(Kept))
    let_go: dict[tuple[int, Unit, int], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def still_let_go(self, document_id: int, unit: Unit, person: int, takes: int) -> int:
        """Tell how much stays let go of what a return takes now: of less than before, so much less."""
        before = self.let_go.get((document_id, unit, person), ())
        return min(takes, max((gone - max(0, was - takes) for was, gone in before), default=0))

    @property
    def documents(self) -> list[int]:
        """Give the documents of whose earlier wordings something is had."""
        return sorted({document for document, _unit, _person in self.kept})


def of(session: Session, document_ids: Sequence[int]) -> EarlierWordings:
    """Read what earlier wordings of documents left. The caller has locked the wallets, and stored the documents."""
    found = EarlierWordings()
    later = _later(session, document_ids)
    if later:
        moved = _moved(session, later)
        _note_kept(session, found, later, moved)
        _note_let_go(session, found, later, moved)
    return found


def _later(session: Session, document_ids: Sequence[int]) -> dict[int, int]:
    """Give the wordings of these documents that count no more, oldest first, and which of these each belongs to."""
    earlier = aliased(SalesDocument)
    rows = session.execute(
        select(earlier.id, SalesDocument.id)
        .join(
            earlier,
            # a number has an index whatever its document's state
            (earlier.program_id == SalesDocument.program_id)
            & (earlier.number_key == SalesDocument.number_key)
            & (earlier.document_key == SalesDocument.document_key),
        )
        .where(SalesDocument.id == any_of(document_ids), earlier.status.not_in(COUNTING))
        .order_by(earlier.id)
    )
    return dict(rows.all())


@dataclass
class _Moved:
    """What one transaction of a document moved on a wallet, and what undid it since, whichever wallet it was."""

    document_id: int
    kind: TransactionKind
    unit: Unit
    person: int
    effective_on: dt.date
    amount: int
    undone: int = 0


_Ledger: TypeAlias = Mapping[int, _Moved]


def _moved(session: Session, document_ids: Iterable[int]) -> _Ledger:
    """Give the awards and returns of documents by transaction, oldest first; people are those of today."""
    rows = session.execute(
        select(
            LedgerTransaction.id,
            LedgerTransaction.document_id,
            LedgerTransaction.kind,
            LedgerTransaction.reverses_id,
            Account.unit,
            case((Distributor.person_of_id.is_not(None), WHO_NOW), else_=COMPANY),
            LedgerTransaction.effective_on,
            LedgerEntry.amount,
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(
            LedgerTransaction.document_id == any_of(sorted(document_ids)),
            LedgerTransaction.kind.in_((TransactionKind.AWARD, TransactionKind.REVERSAL, TransactionKind.VOID)),
            LedgerEntry.bucket <= Bucket.RESERVED,
        )
        .order_by(LedgerTransaction.id)
    )
    found: dict[int, _Moved] = {}
    for id_, document, kind, undoes, unit, person, day, amount in rows:
        if kind is TransactionKind.VOID:
            if undoes in found:
                found[undoes].undone += amount
            continue
        one = found.setdefault(id_, _Moved(document or 0, kind, Unit(unit), person, day, 0))
        one.amount += amount
    return found


def _note_kept(session: Session, found: EarlierWordings, later: Mapping[int, int], moved: _Ledger) -> None:
    went_back = _went_back(session, later)
    newest: dict[tuple[int, Unit, int], int] = {}
    for id_, one in moved.items():
        if one.kind is not TransactionKind.AWARD:
            continue
        key = later[one.document_id], one.unit, one.person
        back = went_back.get((one.document_id, one.unit, one.person), 0)
        returned = min(back, one.amount + one.undone)
        went_back[one.document_id, one.unit, one.person] = back - returned
        kept = found.kept[key]
        if newest.get(key) != one.document_id:
            newest[key], kept.gave, kept.taken = one.document_id, 0, 0
        kept.gave += one.amount - returned
        kept.taken -= one.undone
        left = one.amount + one.undone - returned
        if left > 0:
            kept.parts.append(LeftOf(id_, one.document_id, one.effective_on, left))
    for key in [key for key, kept in found.kept.items() if not kept.parts]:
        del found.kept[key]


def _went_back(session: Session, later: Mapping[int, int]) -> dict[tuple[int, Unit, int], int]:
    """Give what returns took of the points of these documents and did not give back: by document, unit and person.

    What a return took is divided once among all that it came from, as it was taken: of the latest sale first. A return
    that counts no more gave back what it took of sales that still counted.
    """
    returns = {returning for returning, *_ in _wanted(session, later, of_sales=True)}
    if not returns:
        return {}
    took: dict[tuple[int, Unit, int], int] = defaultdict(int)
    for one in _moved(session, returns).values():
        if one.kind is TransactionKind.REVERSAL:
            took[one.document_id, one.unit, one.person] -= one.amount + one.undone
    wanted = _wanted(session, returns, of_sales=False)
    latest_first, counting = _sales_of(session, returns | {sale for _returning, sale, *_ in wanted})
    found: dict[tuple[int, Unit, int], int] = defaultdict(int)
    for returning, sale, unit, person in sorted(wanted, key=lambda key: latest_first[key[1]]):
        if sale in counting and returning not in counting:
            continue
        part = min(wanted[returning, sale, unit, person], took[returning, unit, person])
        took[returning, unit, person] -= part
        found[sale, unit, person] += part
    return found


def _sales_of(session: Session, document_ids: Collection[int]) -> tuple[Mapping[int, int], Collection[int]]:
    """Give the places of documents, the latest first as returns meet them, and which of them count."""
    document = SalesDocument
    rows = session.execute(
        select(document.id, document.status)
        .where(document.id == any_of(sorted(document_ids)))
        .order_by(document.issued_on.desc(), document.number.collate("C").desc(), document.id.desc())
    ).all()
    return {id_: at for at, (id_, _status) in enumerate(rows)}, {id_ for id_, status in rows if status in COUNTING}


def _note_let_go(session: Session, found: EarlierWordings, later: Mapping[int, int], moved: _Ledger) -> None:
    takes: dict[tuple[int, Unit, int], int] = defaultdict(int)
    for (returning, _sale, unit, person), amount in _wanted(session, later, of_sales=False).items():
        takes[returning, unit, person] += amount
    took: dict[tuple[int, Unit, int], int] = defaultdict(int)
    for one in moved.values():
        if one.kind is TransactionKind.REVERSAL:
            took[one.document_id, one.unit, one.person] -= one.amount
    for (returning, unit, person), amount in takes.items():
        gone = amount - took[returning, unit, person]
        if gone > 0:
            found.let_go[later[returning], unit, person].append((amount, gone))


def _wanted(
    session: Session, document_ids: Collection[int], *, of_sales: bool
) -> dict[tuple[int, int, Unit, int], int]:
    """Give what returns were to take, by return, sale, unit and person: of these documents as sales, or as returns."""
    named = any_of(sorted(document_ids))
    found: dict[tuple[int, int, Unit, int], int] = defaultdict(int)
    whole, part = AwardReversal, PersonReversal
    key = whole.return_document_id, whole.sale_document_id, whole.unit
    for back, sale, unit, amount in session.execute(
        select(*key, cast(func.sum(whole.amount), BigInteger))
        .where((whole.sale_document_id if of_sales else whole.return_document_id) == named)
        .group_by(*key)
    ):
        found[back, sale, unit, COMPANY] = amount
    for back, sale, unit, who, amount in session.execute(
        select(part.return_document_id, part.sale_document_id, part.unit, WHO_NOW, part.amount)
        .join(Distributor, Distributor.id == part.person_id)
        .where((part.sale_document_id if of_sales else part.return_document_id) == named)
    ):
        found[back, sale, unit, who] += amount
        found[back, sale, unit, COMPANY] -= amount  # what is noted of people is a part of the whole
    return found
