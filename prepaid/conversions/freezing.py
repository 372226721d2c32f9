"""What a conversion run takes is written down: points are reserved, and each account has a redemption and its top-ups.

What is ordered later is what stands here, to the last minor unit. The caller has locked the accounts, and commits.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from app.db.bulk import Column, Nullable, copy_into, copy_pieces
from app.domain.measures.exact import Ints
from app.domain.states import TopUpKind, TopUpStatus
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.services.ledger import ledger
from prepaid.conversions.selection import Candidates, Chosen
from prepaid.references import reference
from prepaid.terms import Terms

_SENT_AT_ONCE = 500
"""Redemptions, whose tax traces take some 2 kB each: the next are made while the database stores those before."""


@dataclass(frozen=True)
class Places:
    """Where candidates stand in their run: the redemption that each would have, and its number in references."""

    redemption_id: Ints
    number: Ints


def freeze(
    session: Session,
    run: ConversionRun,
    terms: Terms,
    found: Candidates,
    chosen: Chosen,
    places: Places,
    *,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Reserve the points that were chosen, and write down what each account gets for them."""
    reservations = ledger.reserve_lots(
        session,
        run.program_id,
        chosen.lots,
        key=f"convert:{run.id}",
        on=today,
        actor=run.previewed_by,
        reason=f"conversion {run.id}",
    )
    ids, numbers = places.redemption_id[chosen.at], places.number[chosen.at]
    account, card = found.account_id[chosen.at], found.card_id[chosen.at]
    reserved = _column([reservations[one] for one in account.tolist()])
    instant = np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")

    def redemptions(part: slice) -> dict[str, Column]:
        levied, count = chosen.levied[part], len(ids[part])
        return {
            "id": ids[part],
            "program_id": np.full(count, run.program_id),
            "account_id": account[part],
            "run_id": np.full(count, run.id),
            "redeemed_on": np.full(count, np.datetime64(today, "D")),
            "points": chosen.points[part],
            "point_value_micro": np.full(count, terms.point_value_micro),
            "amount_minor": _column([one.load_minor for one in levied]),
            "compensation_minor": _column([one.compensation_minor for one in levied]),
            "withheld_minor": _column([one.withheld_minor for one in levied]),
            "counted_minor": _column([one.counted_minor for one in levied]),
            "currency": [run.currency] * count,
            "tax_rule": [one.rule for one in levied],
            "tax_trace": [one.trace() for one in levied],
            "reserve_transaction_id": reserved[part],
            "created_at": np.full(count, instant),
        }

    parts = (slice(start, start + _SENT_AT_ONCE) for start in range(0, len(ids), _SENT_AT_ONCE))
    copy_pieces(session, Redemption, map(redemptions, parts))
    loads = [(TopUpKind.REWARD, _column([one.load_minor for one in chosen.levied]))]
    if terms.compensates_at_once:
        loads.append((TopUpKind.COMPENSATION, _column([one.compensation_minor for one in chosen.levied])))
    for kind, amounts in loads:
        _write_loads(session, run, kind, amounts, ids, numbers, card, instant)


def totals(terms: Terms, chosen: Chosen) -> dict[str, int]:
    """Add up what is taken; what is compensated later is no part of what is loaded now."""
    compensation = sum(one.compensation_minor for one in chosen.levied)
    return {
        "accounts": len(chosen.at),
        "points": sum(chosen.points.tolist()),
        "amount_minor": sum(one.load_minor for one in chosen.levied),
        "compensation_minor": compensation if terms.compensates_at_once else 0,
        "deferred_minor": 0 if terms.compensates_at_once else compensation,
        "withheld_minor": sum(one.withheld_minor for one in chosen.levied),
    }


def _write_loads(
    session: Session,
    run: ConversionRun,
    kind: TopUpKind,
    amounts: Ints,
    redemption_ids: Ints,
    numbers: Ints,
    card_ids: Ints,
    instant: np.datetime64,
) -> None:
    """Write the top-ups of one kind of the run's redemptions."""
    some = np.flatnonzero(amounts)
    card = card_ids[some]
    copy_into(
        session,
        TopUp,
        {
            "redemption_id": redemption_ids[some],
            "run_id": np.full(len(some), run.id),
            "kind": [kind.value] * len(some),
            "attempt": np.ones(len(some), dtype=np.int64),
            "card_id": Nullable(card, card != 0),
            "amount_minor": amounts[some],
            "status": [TopUpStatus.RESERVED.value] * len(some),
            "reference": [reference(run.key, one, kind, 1) for one in numbers[some].tolist()],
            "created_at": np.full(len(some), instant),
        },
    )


def _column(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)
