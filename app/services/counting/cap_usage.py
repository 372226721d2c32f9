"""What capped rules have given, kept by span: read before documents are awarded, added to, freed when they are void.

Whoever uses this holds the distributors' wallets locked. A budget is shared by all distributors: its rows are locked
here, after the wallets and in the order of the rules.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Select, any_, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.db.bulk import given, given_rows, rows_of, table_of
from app.db.many import any_of
from app.db.prepared import Prepared
from app.domain.documents.sales import Documents
from app.domain.measures.calendar import period_of
from app.domain.measures.exact import Ints
from app.domain.rules.caps import NOBODY, CapUsage
from app.domain.rules.rule_compiling import cap_limits
from app.domain.rules.rulebook import CompiledRule
from app.domain.states import Cut
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent
from app.models.rules import CapUsage as CapUsageRow
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import Award, PersonShare, SalesDocument
from app.services.persons.growth import BY_RULES, NOTED
from app.services.rulebooks import definition_of

_KEY = ("rule_id", "span", "distributor_id", "period")
_BEFORE = Prepared(
    select(
        CapUsageRow.rule_id, CapUsageRow.span, CapUsageRow.distributor_id, CapUsageRow.period, CapUsageRow.used
    ).where(
        CapUsageRow.rule_id == any_(bindparam("rules", type_=ARRAY(BigInteger))),
        CapUsageRow.distributor_id == any_(bindparam("distributors", type_=ARRAY(BigInteger))),
    )
)
_USED = table_of(CapUsageRow)
_added = insert(_USED).from_select([*_KEY, "used"], select(given_rows(**dict.fromkeys((*_KEY, "used"), BigInteger()))))
_ADD = Prepared(_added.on_conflict_do_update(index_elements=_KEY, set_={"used": _USED.c.used + _added.excluded.used}))


def usage_before(session: Session, rules: Iterable[CompiledRule], documents: Documents) -> CapUsage:
    """Load what capped rules have given within the spans that these documents touch."""
    wanted = _wanted(rules, documents)
    _lock_budgets(session, (key[0] for key in wanted if key[1] == Cut.BUDGET))
    return _used(session, wanted)


def usage_now(session: Session, rules: Iterable[CompiledRule], documents: Documents) -> CapUsage:
    """Load the same without waiting for anybody: for whoever asks what sales would earn, and stores nothing."""
    return _used(session, _wanted(rules, documents))


def _wanted(rules: Iterable[CompiledRule], documents: Documents) -> set[tuple[int, int, int, int]]:
    wanted: set[tuple[int, int, int, int]] = set()
    who = documents.distributor_id
    for rule in rules:
        for cut, _ in rule.caps.limits if rule.caps is not None else ():
            if cut is Cut.PER_DOCUMENT:
                continue
            distributor = np.full(len(who), NOBODY, dtype=np.int64) if cut is Cut.BUDGET else who
            pairs = zip(distributor.tolist(), period_of(cut, documents.issued_on).tolist(), strict=True)
            wanted |= {(rule.version.rule_id, int(cut), one, period) for one, period in pairs}
    return wanted


def _used(session: Session, wanted: set[tuple[int, int, int, int]]) -> CapUsage:
    usage = CapUsage()
    if not wanted:
        return usage
    rule_ids = sorted({key[0] for key in wanted})
    people = sorted({key[2] for key in wanted})
    rows = _BEFORE.rows(session, rules=rule_ids, distributors=people)
    usage.before = {(rule, span, distributor, period): used for rule, span, distributor, period, used in rows}
    return usage


def spent_of_budgets(session: Session, program_id: int) -> dict[str, int]:
    """Give what rules have given of their budgets, by code."""
    rows = session.execute(
        select(EarningRule.code, CapUsageRow.used)
        .join(CapUsageRow, CapUsageRow.rule_id == EarningRule.id)
        .where(EarningRule.program_id == program_id, CapUsageRow.span == Cut.BUDGET)
    )
    return dict(rows.all())


def store_usage(session: Session, usage: CapUsage) -> None:
    """Add what was given to what had been given before."""
    if usage.added:
        keys = np.asarray(sorted(usage.added), dtype=np.int64).reshape(-1, 4).T
        added = np.asarray([usage.added[key] for key in sorted(usage.added)], dtype=np.int64)
        _ADD.send(session, **given(rule_id=keys[0], span=keys[1], distributor_id=keys[2], period=keys[3], used=added))


def free_usage(session: Session, document_ids: Sequence[int]) -> None:
    """Take what documents' awards used of caps out of the usage: they never counted.

    An award used the caps of the version that gave it, and no others: a version with a new cap began to count anew. It
    used so much of them as the rules gave, however many people got the whole of it.
    """
    used = (
        select(
            EarningRuleVersion.rule_id,
            EarningRuleVersion.definition,
            SalesDocument.distributor_id,
            SalesDocument.issued_on,
            cast(func.sum(BY_RULES), BigInteger),
        )
        .join(Award, Award.document_id == SalesDocument.id)
        .outerjoin(PersonShare, NOTED)
        .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
        .where(
            SalesDocument.id == any_of(document_ids),
            EarningRuleVersion.definition.has_key("caps"),
        )
        .group_by(EarningRuleVersion.id, SalesDocument.distributor_id, SalesDocument.issued_on)
    )
    _free(session, used)


def free_usage_of_events(session: Session, transactions: Ints, amounts: Ints) -> None:
    """Take out of the usage of caps what is taken back of events: of the transaction of each award, so much."""
    taken = rows_of(transaction_id=transactions, amount=amounts)
    _free(
        session,
        select(
            EarningRuleVersion.rule_id,
            EarningRuleVersion.definition,
            func.coalesce(Distributor.merged_into_id, Distributor.id),  # a merge takes the usage along
            HappenedEvent.happened_on,
            taken.c.amount,
        )
        .join(Distributor, Distributor.id == HappenedEvent.distributor_id)
        .join(EventAward, EventAward.event_id == HappenedEvent.id)
        .join(taken, taken.c.transaction_id == EventAward.transaction_id)
        .join(EarningRuleVersion, EarningRuleVersion.id == EventAward.rule_version_id)
        .where(EarningRuleVersion.definition.has_key("caps")),
    )


def _free(session: Session, used: Select[int, Any, int, dt.date, int]) -> None:
    freed: dict[tuple[int, int, int, int], int] = defaultdict(int)
    for rule, definition, distributor, day_, amount in session.execute(used):
        day = np.asarray([day_], dtype="datetime64[D]")
        for cut in cap_limits(definition_of(definition).caps):
            if cut is not Cut.PER_DOCUMENT:
                who = NOBODY if cut is Cut.BUDGET else distributor
                freed[rule, int(cut), who, int(period_of(cut, day)[0])] += amount
    if not freed:
        return
    _lock_budgets(session, (key[0] for key in freed if key[1] == Cut.BUDGET))
    keys = np.asarray(list(freed), dtype=np.int64).T
    gone = rows_of(
        rule_id=keys[0],
        span=keys[1],
        distributor_id=keys[2],
        period=keys[3],
        freed=np.asarray(list(freed.values()), dtype=np.int64),
    )
    session.execute(
        update(CapUsageRow)
        .where(
            CapUsageRow.rule_id == gone.c.rule_id,
            CapUsageRow.span == gone.c.span,
            CapUsageRow.distributor_id == gone.c.distributor_id,
            CapUsageRow.period == gone.c.period,
        )
        .values(used=CapUsageRow.used - gone.c.freed)
        .execution_options(synchronize_session=False)
    )


def _lock_budgets(session: Session, rule_ids: Iterable[int]) -> None:
    """Wait for the budgets' rows, and make them where there are none: a row that is not there cannot be locked."""
    budgets = sorted(set(rule_ids))
    if not budgets:
        return
    fresh = [{"rule_id": one, "span": Cut.BUDGET, "distributor_id": NOBODY, "period": 0, "used": 0} for one in budgets]
    session.execute(insert(CapUsageRow).on_conflict_do_nothing(), fresh)
    session.execute(
        select(CapUsageRow.used)
        .where(CapUsageRow.rule_id.in_(budgets), CapUsageRow.span == Cut.BUDGET)
        .order_by(CapUsageRow.rule_id)
        .with_for_update()
    ).all()
