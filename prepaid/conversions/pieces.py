"""The pieces of a conversion run that is being prepared: some accounts each, and what they add to the run once frozen.

They go when the run is prepared or called off: what it comes to stands with itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, cast, delete, func, select
from sqlalchemy.orm import Session

from app.db.bulk import new_ids
from app.domain.measures.exact import Ints
from app.models.prepaid import ConversionPiece, ConversionRun, Redemption
from prepaid.conversions.freezing import Places

FIGURES = ("accounts", "points", "amount_minor", "compensation_minor", "deferred_minor", "withheld_minor")


@dataclass(frozen=True)
class Standing:
    """How far a run is prepared: accounts that are judged, of all."""

    done: int
    accounts: int

    @property
    def share_bp(self) -> int:
        """Give the share that is done, in hundredths of a per cent."""
        return self.done * 10_000 // max(self.accounts, 1)


def places(session: Session, accounts: int) -> Places:
    """Draw a place in a run for each of so many accounts."""
    return Places(new_ids(session, Redemption, accounts), np.arange(1, accounts + 1))


def lay_out(session: Session, run: ConversionRun, account_ids: list[int], size: int) -> int:
    """Cut the accounts of a run into pieces, in the order of the preview. Returns how many. The caller commits."""
    drawn = places(session, len(account_ids)).redemption_id
    starts = range(0, len(account_ids), size)
    session.add_all(
        ConversionPiece(
            run_id=run.id,
            position=position,
            account_ids=account_ids[start : start + size],
            redemption_ids=drawn[start : start + size].tolist(),
            first_number=start + 1,
        )
        for position, start in enumerate(starts)
    )
    session.flush()
    return len(starts)


def places_in(piece: ConversionPiece, account_ids: Ints) -> Places:
    """Give the places of accounts of a piece: some of those it was laid out with, in any order."""
    laid_out = np.asarray(piece.account_ids, dtype=np.int64)
    by_id = np.argsort(laid_out)
    at = by_id[np.searchsorted(laid_out[by_id], account_ids)]
    return Places(np.asarray(piece.redemption_ids, dtype=np.int64)[at], piece.first_number + at)


def positions(session: Session, run_id: int) -> Sequence[int]:
    """Name the pieces of a run."""
    named = select(ConversionPiece.position).where(ConversionPiece.run_id == run_id)
    return session.scalars(named.order_by(ConversionPiece.position)).all()


def are_left(session: Session, run_id: int) -> bool:
    """Tell whether a piece of a run is not frozen yet. Whoever acts on that holds the run's row."""
    left = select(ConversionPiece.position).where(ConversionPiece.run_id == run_id, ConversionPiece.outcome.is_(None))
    return session.scalars(left.limit(1)).first() is not None


def put_together(session: Session, run: ConversionRun) -> None:
    """Add up what the frozen pieces of a run come to, and let the pieces go."""
    outcomes: list[dict[str, Any]] = [
        one
        for one in session.scalars(
            select(ConversionPiece.outcome).where(ConversionPiece.run_id == run.id).order_by(ConversionPiece.position)
        )
        if one is not None
    ]
    for name in FIGURES:
        setattr(run, name, sum(one[name] for one in outcomes))
    run.exceptions = [left_out for one in outcomes for left_out in one["exceptions"]]
    session.execute(
        delete(ConversionPiece).where(ConversionPiece.run_id == run.id).execution_options(synchronize_session=False)
    )


def standing(session: Session, run_id: int) -> Standing:
    """Tell how far a run is prepared."""
    size = func.cardinality(ConversionPiece.account_ids)
    done, accounts = session.execute(
        select(
            cast(func.coalesce(func.sum(size).filter(ConversionPiece.outcome.is_not(None)), 0), BigInteger),
            cast(func.coalesce(func.sum(size), 0), BigInteger),
        ).where(ConversionPiece.run_id == run_id)
    ).one()
    return Standing(done, accounts)
