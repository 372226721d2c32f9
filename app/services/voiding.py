"""Taking a document out of the count: refused after all, or corrected by another.

What it gave is taken back, and what a return took is given back, by new transactions that name what they undo.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from sqlalchemy import BigInteger, any_, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.calendar import local_date, period_of
from app.domain.lots import Leg
from app.domain.states import Bucket, Cut, DocumentStatus, TransactionKind, Unit
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.rules import CapUsage, EarningRuleVersion
from app.models.sales import Award, AwardReversal, SalesDocument
from app.services.posting import Posting, post, transaction_ids
from app.services.rulebooks import ProgramRules
from app.services.wallets import OpenWallets


def void_documents(
    session: Session,
    rules: ProgramRules,
    document_ids: Sequence[int],
    *,
    becomes: DocumentStatus,
    now: dt.datetime,
    actor: str | None,
    reason: str | None = None,
) -> None:
    """Undo what documents did to the ledger, and give them their new status. The caller commits.

    An award loses what returns have not taken back of it already. A return gives back what it took, to the same lots.
    Points that are gone meanwhile become a debt, or are forgiven, as the programme says.
    """
    documents = sorted(set(document_ids))
    given = _given(session, documents)
    moved = _moved(session, documents)
    accounts = {row[0] for row in given.values()} | {account for legs in moved.values() for account, _, _ in legs}
    lots = [leg.lot_id for legs in moved.values() for _, _, leg in legs if leg.lot_id is not None]
    opened = OpenWallets(session, accounts, with_lots=[*lots, *(lot for _, lot, _ in given.values())])
    programs = dict(
        session.execute(
            select(Account.unit, Account.id).where(
                Account.program_id == rules.program_id, Account.distributor_id.is_(None)
            )
        ).all()
    )
    posting = Posting(rules.program_id, actor=actor, reason=reason)
    today = np.asarray([local_date(now, rules.time_zone)], dtype="datetime64[D]")

    def void(key: str, document: int, undoes: int, legs: list[tuple[int, Leg]], unit: Unit) -> None:
        if not legs:
            return
        transaction = int(transaction_ids(session, 1)[0])
        posting.add_transactions(
            np.asarray([transaction], dtype=np.int64),
            TransactionKind.VOID,
            [key],
            today,
            document_ids=np.asarray([document], dtype=np.int64),
            reverses_ids=np.asarray([undoes], dtype=np.int64),
        )
        for account, leg in legs:
            posting.add_legs(transaction, account, [leg])
        issued = -sum(leg.amount for _, leg in legs)
        posting.add_legs(transaction, programs[unit], [Leg(Bucket.ISSUED, issued, None)])

    for (document, unit, undoes), (account, lot, amount) in given.items():
        legs, _forgiven = opened.of[account].take_back(amount, lot)
        void(f"void:{undoes}", document, undoes, [(account, leg) for leg in legs], unit)
    for (document, unit, undoes), legs_taken in moved.items():
        back: list[tuple[int, Leg]] = []
        for account, _, leg in legs_taken:
            wallet = opened.of[account]
            if leg.lot_id is None:
                wallet.owed += leg.amount  # the leg is below zero: it made a debt, which is now smaller
                back.append((account, Leg(leg.bucket, -leg.amount, None)))
            else:
                back += [(account, one) for one in wallet.receive(wallet.lots[leg.lot_id], -leg.amount)]
        void(f"void:{undoes}", document, undoes, back, unit)
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    _free_caps(session, documents)
    session.execute(
        update(SalesDocument)
        .where(SalesDocument.id == any_(literal(documents, ARRAY(BigInteger))))
        .values(status=becomes)
        .execution_options(synchronize_session=False)
    )


def _given(session: Session, documents: list[int]) -> dict[tuple[int, Unit, int], tuple[int, int, int]]:
    """Find what documents' awards still stand for: (document, unit, transaction) -> (account, lot, amount)."""
    taken = {
        (document, unit): amount
        for document, unit, amount in session.execute(
            select(AwardReversal.sale_document_id, AwardReversal.unit, cast(func.sum(AwardReversal.amount), BigInteger))
            .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
            .where(
                AwardReversal.sale_document_id == any_(literal(documents, ARRAY(BigInteger))),
                SalesDocument.status.in_((DocumentStatus.ACCEPTED, DocumentStatus.REVIEW)),
            )
            .group_by(AwardReversal.sale_document_id, AwardReversal.unit)
        )
    }
    rows = session.execute(
        select(LedgerTransaction.document_id, Account.unit, LedgerTransaction.id, Account.id, Lot.id, Lot.amount)
        .join(Lot, Lot.id == LedgerTransaction.id)
        .join(Account, Account.id == Lot.account_id)
        .where(
            LedgerTransaction.document_id == any_(literal(documents, ARRAY(BigInteger))),
            LedgerTransaction.kind == TransactionKind.AWARD,
        )
    )
    return {
        (document or 0, unit, transaction): (account, lot, amount - taken.get((document or 0, unit), 0))
        for document, unit, transaction, account, lot, amount in rows
    }


def _moved(session: Session, documents: list[int]) -> dict[tuple[int, Unit, int], list[tuple[int, int, Leg]]]:
    """Find what documents' returns took: (document, unit, transaction) -> (account, position, leg)."""
    found: dict[tuple[int, Unit, int], list[tuple[int, int, Leg]]] = defaultdict(list)
    for document, unit, transaction, position, account, bucket, amount, lot in session.execute(
        select(
            LedgerTransaction.document_id,
            Account.unit,
            LedgerTransaction.id,
            LedgerEntry.position,
            LedgerEntry.account_id,
            LedgerEntry.bucket,
            LedgerEntry.amount,
            LedgerEntry.lot_id,
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            LedgerTransaction.document_id == any_(literal(documents, ARRAY(BigInteger))),
            LedgerTransaction.kind == TransactionKind.REVERSAL,
            Account.distributor_id.is_not(None),
        )
        .order_by(LedgerTransaction.id, LedgerEntry.position)
    ):
        found[document or 0, unit, transaction].append((account, position, Leg(bucket, amount, lot)))
    return found


def _free_caps(session: Session, documents: list[int]) -> None:
    """Take what the documents' awards used of caps out of the usage: they never counted."""
    rows = session.execute(
        select(
            EarningRuleVersion.rule_id,
            SalesDocument.distributor_id,
            SalesDocument.issued_on,
            cast(func.sum(Award.amount), BigInteger),
        )
        .join(Award, Award.document_id == SalesDocument.id)
        .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
        .where(SalesDocument.id == any_(literal(documents, ARRAY(BigInteger))))
        .group_by(EarningRuleVersion.rule_id, SalesDocument.distributor_id, SalesDocument.issued_on)
    )
    for rule, distributor, issued_on, amount in rows:
        day = np.asarray([issued_on], dtype="datetime64[D]")
        for span in Cut:
            if span in (Cut.NOTHING, Cut.PER_DOCUMENT):
                continue
            session.execute(
                update(CapUsage)
                .where(
                    CapUsage.rule_id == rule,
                    CapUsage.span == span,
                    CapUsage.distributor_id == (0 if span is Cut.BUDGET else distributor),
                    CapUsage.period == int(period_of(span, day)[0]),
                )
                .values(used=CapUsage.used - amount)
                .execution_options(synchronize_session=False)
            )
