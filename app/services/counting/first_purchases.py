"""Which sale is a distributor's first: the invoice that counted first, and nobody's twice (decision 8)."""

from collections.abc import Collection

import numpy as np
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from app.db.many import among, any_of
from app.domain.documents.sales import Flags, Sales
from app.domain.measures.exact import Ints
from app.domain.rules.rulebook import RuleBook
from app.domain.states import COUNTING, DocumentKind
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, SalesDocument


def rewarded(book: RuleBook) -> bool:
    """Tell whether a rule gives something for first purchases."""
    return any(rule.scope.first_purchase for rule in book.rules)


def first_purchases(session: Session, book: RuleBook, sales: Sales, document_ids: Ints) -> Flags:
    """Mark the invoices that counted as their distributor's first. What corrects the first is the first."""
    first = np.zeros(len(document_ids), dtype=bool)
    if not rewarded(book):
        return first
    at_, _others = _earliest(session, sales, document_ids)
    first[at_] = True
    return first


def first_to_be(session: Session, book: RuleBook, sales: Sales, document_ids: Ints) -> Flags:
    """Mark the invoices that are first as they begin to count: not those whose place another one has meanwhile."""
    first = np.zeros(len(document_ids), dtype=bool)
    if not rewarded(book):
        return first
    who = sales.documents.distributor_id
    at_, others = _earliest(session, sales, document_ids)
    first[at_] = True
    # what comes new comes after all that counts: only what counts again may come before others
    beside = [int(who[at]) for at in at_.tolist() if int(who[at]) in others]
    if beside:
        counting = select(SalesDocument.distributor_id).where(
            SalesDocument.distributor_id == any_of(beside),
            SalesDocument.status.in_(COUNTING),
            ~among(SalesDocument.id, document_ids.tolist()),
        )
        held = set(session.scalars(with_award(book, counting)))
        first &= ~np.isin(who, list(held))
    return first


def with_award(book: RuleBook, documents: Select[int]) -> Select[int]:
    """Of documents (their distributors), keep those that were given something for being first."""
    of_rules = {rule.version.rule_id for rule in book.rules if rule.scope.first_purchase}
    given = (
        select(Award.document_id)
        .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
        .where(Award.document_id == SalesDocument.id, EarningRuleVersion.rule_id.in_(of_rules))
    )
    return documents.where(given.exists())


def earliest_of(session: Session, distributor_ids: Collection[int]) -> list[int]:
    """Give, of each distributor, the invoice that counts and came before all its others."""
    rows = session.execute(
        select(SalesDocument.id, SalesDocument.distributor_id).where(
            SalesDocument.distributor_id == any_of(distributor_ids),
            SalesDocument.kind == DocumentKind.INVOICE,
            SalesDocument.status.in_(COUNTING),
        )
    ).all()
    ids = np.asarray([row.id for row in rows], dtype=np.int64)
    wording = first_wordings(session, ids).tolist()
    found: dict[int, tuple[int, int]] = {}
    for (id_, who), came in zip(rows, wording, strict=True):
        found[who] = min(found.get(who, (came, id_)), (came, id_))
    return sorted(id_ for _came, id_ in found.values())


def first_wordings(session: Session, document_ids: Ints) -> Ints:
    """Give the id under which each document came first, before it was corrected."""
    chain = (
        select(SalesDocument.id, SalesDocument.supersedes_id)
        .where(SalesDocument.id == any_of(document_ids.tolist()), SalesDocument.supersedes_id.is_not(None))
        .cte("chain", recursive=True)
    )
    before = aliased(SalesDocument)
    chain = chain.union_all(
        select(chain.c.id, before.supersedes_id)
        .join(before, before.id == chain.c.supersedes_id)
        .where(before.supersedes_id.is_not(None))
    )
    found = dict(session.execute(select(chain.c.id, func.min(chain.c.supersedes_id)).group_by(chain.c.id)).all())
    return np.asarray([found.get(one, one) for one in document_ids.tolist()], dtype=np.int64)


def _earliest(session: Session, sales: Sales, document_ids: Ints) -> tuple[Ints, dict[int, int]]:
    """Give where the first of these stand that came before all others that count, and what else counts of whom."""
    who = sales.documents.distributor_id
    others = dict(
        session.execute(
            select(SalesDocument.distributor_id, func.min(SalesDocument.id))
            .where(
                SalesDocument.distributor_id == any_of(np.unique(who).tolist()),
                SalesDocument.kind == DocumentKind.INVOICE,
                SalesDocument.status.in_(COUNTING),
                ~among(SalesDocument.id, document_ids.tolist()),
            )
            .group_by(SalesDocument.distributor_id)
        ).all()
    )
    wording = first_wordings(session, document_ids)
    invoices = np.flatnonzero(sales.documents.kind == DocumentKind.INVOICE)
    invoices = invoices[np.argsort(wording[invoices], kind="stable")]
    _, earliest = np.unique(who[invoices], return_index=True)
    at_ = invoices[earliest]
    before = [wording[at] < others.get(int(who[at]), wording[at] + 1) for at in at_.tolist()]
    return at_[np.asarray(before, dtype=bool)], others
