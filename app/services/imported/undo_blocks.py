"""What keeps the documents of an import from being taken back: points that were spent, returns, later corrections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    any_,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from app.db.many import among_texts, any_of
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.wording import Said, marked
from app.domain.states import COUNTING, Bucket, RunStatus, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.prepaid import ConversionRun, Redemption
from app.models.sales import ReturnMatch, SalesDocument
from app.services.owners.moves import GIFT

MOST_TOLD = 100
"""Blocks of one kind that are told one by one."""

_ = marked
SPENT = "spent"
SENTENCES: Mapping[str, str] = {
    SPENT: _("%(name)s (%(code)s) has spent, or reserved, %(amount)s of what these documents gave%(runs)s."),
    "returned": _("Goods of document %(number)s came back with document %(other)s%(batch)s; take that back first."),
    "corrected": _("Document %(number)s was corrected by a later one%(batch)s; take that back first."),
}
RUNS = _(" (conversion %(runs)s)")
BATCH = _(" of import %(batch)s")


@dataclass(frozen=True)
class Block:
    """One thing that stands in the way; ``values`` fill its sentence.

    ``distributor_ids`` are those whose documents it keeps: what a pool or a person spent is of whoever sold.
    """

    code: str
    distributor_ids: frozenset[int]
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> Said:
        """Give its sentence."""
        told = dict(self.values)
        told["runs"] = Said(RUNS, {"runs": told["runs"]}) if told.get("runs") else ""
        told["batch"] = Said(BATCH, {"batch": str(told["batch"])}) if told.get("batch") else ""
        return Said(SENTENCES[self.code], told)


def blocks(
    session: Session,
    rules: ProgramRules,
    batch_ids: Sequence[int],
    distributor_ids: Sequence[int] | None = None,
    *,
    most: int | None = MOST_TOLD,
) -> list[Block]:
    """Give what stands in the way of taking the documents of some imports back, of all distributors or of some.

    Of each kind at most so many; None: all, for whoever takes back what none of them keeps.
    """
    mine: ColumnElement[bool] = and_(
        SalesDocument.program_id == rules.program_id, SalesDocument.batch_id.in_(batch_ids)
    )
    if distributor_ids is not None:
        mine = and_(mine, SalesDocument.distributor_id == any_of(distributor_ids))
    return [
        *_spent(session, rules, mine, None if distributor_ids is None else _given_to(mine)),
        *_returned(session, mine, batch_ids, most),
        *_corrected(session, mine, batch_ids, most),
    ]


def spent_of(session: Session, rules: ProgramRules, document_id: int, *, with_gifts: bool = False) -> list[Block]:
    """Tell how much of what one document gave, to whomever, is reserved or gone.

    ``with_gifts``: what they gave to somebody else is gone as well.
    """
    mine = SalesDocument.id == document_id
    return _spent(session, rules, mine, _given_to(mine), with_gifts=with_gifts)


def _given_to(mine: ColumnElement[bool]) -> Select[int]:
    """Give the accounts that ever had what documents gave: of a person, of a pool though its member left, or moved."""
    return (
        select(LedgerEntry.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
        .where(mine, LedgerTransaction.kind.in_((TransactionKind.AWARD, TransactionKind.TRANSFER)))
    )


def _spent(
    session: Session,
    rules: ProgramRules,
    mine: ColumnElement[bool],
    accounts: Select[int] | None,
    *,
    with_gifts: bool = False,
) -> list[Block]:
    """Find whose points are reserved or gone: a lot has fewer than it had, and a conversion or a redemption took them.

    Only the wallets of which anything was ever spent are looked at, or given away where that counts as well.
    """
    of_program = select(Account.id).where(Account.program_id == rules.program_id, Account.distributor_id.is_not(None))
    if not with_gifts:
        of_program = of_program.where((Account.spent > 0) | (Account.reserved > 0))
    if accounts is not None:
        of_program = of_program.where(Account.id.in_(accounts))
    spenders = session.scalars(of_program).all()
    if not spenders:
        return []
    taken = _taken(mine, spenders, with_gifts=with_gifts)
    runs = _runs_of(taken)
    found: dict[tuple[str, Unit], tuple[str, int, set[int], set[int]]] = {}
    for who, code, name, unit, amount, of_runs in session.execute(
        select(taken.c.distributor_id, Distributor.code, Distributor.name, Account.unit, taken.c.amount, runs)
        .select_from(taken)
        .join(Account, Account.id == taken.c.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .order_by(Distributor.code_key)
    ):
        _, before, runs_before, sellers = found.get((code, unit), (name, 0, set(), set()))
        found[code, unit] = (name, before + amount, runs_before | set(of_runs or ()), sellers | {who})
    return [
        Block(
            SPENT,
            frozenset(sellers),
            {
                "code": code,
                "name": name,
                "amount": rules.in_words(unit, amount),
                "runs": ", ".join(str(one) for one in sorted(of_runs)),
            },
        )
        for (code, unit), (name, amount, of_runs, sellers) in found.items()
    ]


def _taken(mine: ColumnElement[bool], account_ids: Sequence[int], *, with_gifts: bool) -> Subquery:
    """Give what was taken from lots of documents that count: whose documents, where, how much, the transactions."""
    given, kind = aliased(LedgerTransaction), LedgerTransaction.kind
    leaves: ColumnElement[bool] = kind.in_((TransactionKind.RESERVE, TransactionKind.CANCEL, TransactionKind.REFUND))
    if with_gifts:  # a lot that moves by a merge, or into a pool, is still theirs
        leaves = or_(leaves, and_(kind == TransactionKind.TRANSFER, LedgerTransaction.key.startswith(GIFT)))
    return (
        select(
            SalesDocument.distributor_id,
            LedgerEntry.account_id,
            LedgerEntry.lot_id,
            cast(-func.sum(LedgerEntry.amount), BigInteger).label("amount"),
            func.array_agg(LedgerTransaction.id).label("transactions"),
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(given, given.id == LedgerEntry.lot_id)
        .join(SalesDocument, SalesDocument.id == given.document_id)
        .where(
            LedgerEntry.account_id == any_of(account_ids),
            LedgerEntry.bucket == Bucket.AVAILABLE,
            leaves,
            # by a merge, or into a pool, a lot moves as one of the same document
            given.kind.in_((TransactionKind.AWARD, TransactionKind.TRANSFER)),
            SalesDocument.status.in_(COUNTING),
            mine,
        )
        .group_by(SalesDocument.distributor_id, LedgerEntry.account_id, LedgerEntry.lot_id)
        .having(func.sum(LedgerEntry.amount) < 0)
        .subquery("taken")
    )


def _runs_of(taken: Subquery) -> ScalarSelect[Any]:
    """Give the numbers of the runs that took it."""
    return (
        select(func.array_agg(ConversionRun.id.distinct()))
        .join(Redemption, Redemption.run_id == ConversionRun.id)
        .where(
            Redemption.account_id == taken.c.account_id,
            Redemption.reserve_transaction_id == any_(taken.c.transactions),
            ConversionRun.status != RunStatus.CANCELLED,
        )
        .correlate(taken)
        .scalar_subquery()
    )


def _returned(session: Session, mine: ColumnElement[bool], batch_ids: Sequence[int], most: int | None) -> list[Block]:
    """Find documents of which goods came back with a document of another import."""
    back = aliased(SalesDocument)
    rows = (
        select(SalesDocument.number, SalesDocument.distributor_id, back.number.label("other"), back.batch_id)
        .join(ReturnMatch, ReturnMatch.sale_document_id == SalesDocument.id)
        .join(back, back.id == ReturnMatch.return_document_id)
        .where(
            mine,
            SalesDocument.status.in_(COUNTING),
            back.status.in_(COUNTING),
            back.batch_id.is_(None) | back.batch_id.not_in(batch_ids),
        )
        .distinct()
        .order_by(SalesDocument.number)
        .limit(most)
    )
    return [
        Block("returned", frozenset({who}), {"number": number, "other": other, "batch": batch})
        for number, who, other, batch in session.execute(rows)
    ]


def _corrected(session: Session, mine: ColumnElement[bool], batch_ids: Sequence[int], most: int | None) -> list[Block]:
    """Find documents in whose place a document of another import counts."""
    replaced = session.execute(
        select(
            SalesDocument.program_id,
            SalesDocument.document_key,
            SalesDocument.number,
            SalesDocument.distributor_id,
            SalesDocument.batch_id,
        ).where(mine, text("sales_document.status = 4"))  # as the index says it
    ).all()
    if not replaced:
        return []
    holders = {
        key: (batch_id, corrects)
        for key, batch_id, corrects in session.execute(
            select(SalesDocument.document_key, SalesDocument.batch_id, SalesDocument.supersedes_id).where(
                SalesDocument.program_id == replaced[0].program_id,
                among_texts(SalesDocument.document_key, [row.document_key for row in replaced]),
                text("sales_document.status in (1, 2)"),  # likewise
            )
        )
    }
    found: dict[str, Block] = {}
    for _program, key, number, who, brought_by in sorted(replaced, key=lambda row: row.number):
        assert brought_by is not None, "they are an import's"
        batch, corrects = holders.get(key, (brought_by, None))
        # what counts again because its correction was undone bears the number of the import that brought it
        later = corrects is not None if batch is None else batch > brought_by and batch not in batch_ids
        if later:
            found.setdefault(key, Block("corrected", frozenset({who}), {"number": number, "batch": batch}))
    return list(found.values())[:most]
