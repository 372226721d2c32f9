"""Seals: the ledger is hashed in blocks, each over the one before, so that a changed past shows itself.

A block covers the transactions that were committed when it was made: those with ids up to its last, less the ids that
were not there (still being written, or rolled back), plus earlier ones that came late. So nobody waits for a seal, and
a copy of the database verifies like the original. A range of ids stays open until whoever might have been writing it
has ended; what appears in it after that was put there behind the seal. The newest hash is worth keeping outside the
database: deleting the newest rows and their block leaves no other trace.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.db.locks import lock_name
from app.db.proofs import SEALED_ROWS
from app.models.ledger import LedgerBlock, LedgerTransaction

MOST_IN_A_BLOCK = 50_000

_BELOW_ALL = -(2**63) - 1
"""Ids begin with 1. What is below that was put there behind the seals, and belongs to the first block's stretch."""

_ENDED = text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
"""Every writer with a number below this one has ended."""

_BEGUN = text("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
"""Every writer that has begun has a number below this one."""


class _Range(NamedTuple):
    """Ids that nobody has seen, from the first to the last. Writers numbered below ``until`` may still bring them."""

    first: int
    last: int
    until: int = 0


def seal(session: Session, now: dt.datetime) -> int:
    """Seal what is committed and not sealed yet, in blocks. Returns how many transactions. The caller commits."""
    lock_name(session, "ledger.seal")
    sealed = 0
    while True:
        before = _newest(session)
        after = before.last_transaction_id if before is not None else 0
        ended = session.execute(_ENDED).scalar_one()  # asked first: what they wrote is seen by all that follows
        ranges = _ranges(before)
        late = _arrived(session, ranges)
        ids = session.scalars(
            select(LedgerTransaction.id)
            .where(LedgerTransaction.id > after)
            .order_by(LedgerTransaction.id)
            .limit(MOST_IN_A_BLOCK)
        ).all()
        if not ids and not late:
            return sealed
        begun = session.execute(_BEGUN).scalar_one()
        still_open = _less(ranges, late, ended) + _gaps(after, ids, begun)
        last = ids[-1] if ids else after
        rows = session.execute(SEALED_ROWS, {"after": after, "last": last, "late": late}).all()
        # what another session commits between the two reads is caught by its id: it is not in `ids`, so it stays open
        wanted = {*ids, *late}
        rows = [row for row in rows if row[0] in wanted]
        number = before.number + 1 if before is not None else 1
        session.add(
            LedgerBlock(
                number=number,
                last_transaction_id=last,
                late_ids=late,
                open_ranges=[list(one) for one in still_open],
                transactions=len(rows),
                entries=sum(row[2] for row in rows),
                hash=_hash(before.hash if before is not None else b"", number, [row[1] for row in rows]),
                sealed_at=now,
            )
        )
        session.flush()
        sealed += len(rows)
        if len(ids) < MOST_IN_A_BLOCK:
            return sealed


def head(session: Session) -> str | None:
    """Give the newest block's number and hash, to be kept outside the database."""
    newest = _newest(session)
    return f"{newest.number}:{newest.hash.hex()}" if newest is not None else None


def unsealed(session: Session) -> int:
    """Count the transactions above the newest block."""
    newest = _newest(session)
    after = newest.last_transaction_id if newest is not None else 0
    return session.execute(select(func.count()).where(LedgerTransaction.id > after)).scalar_one()


def broken(session: Session) -> list[str]:
    """Compute every block again and tell which do not agree: a row was changed, added or removed behind the seal."""
    problems: list[str] = []
    previous, after, number = b"", _BELOW_ALL, 0
    late_of_later = _late_ids(session)
    # committed since the newest seal, with ids that it left open: the next one covers them
    waiting = {one for one in _arrived(session, _ranges(_newest(session))) if one not in late_of_later}
    for block in session.scalars(select(LedgerBlock).order_by(LedgerBlock.number)):
        number += 1
        if block.number != number:
            problems.append(f"seal: block {number} is missing")
            number = block.number
        rows = session.execute(SEALED_ROWS, {"after": after, "last": block.last_transaction_id, "late": block.late_ids})
        mine = [
            row
            for row in rows
            if row[0] not in waiting and (row[0] <= after or late_of_later.get(row[0], block.number) == block.number)
        ]
        if len(mine) != block.transactions or sum(row[2] for row in mine) != block.entries:
            problems.append(
                f"seal: block {block.number} was sealed with {block.transactions} transactions and {block.entries} "
                f"entries, there are {len(mine)} and {sum(row[2] for row in mine)}"
            )
        elif _hash(previous, block.number, [row[1] for row in mine]) != block.hash:
            problems.append(f"seal: block {block.number} does not agree with its rows: one was changed")
        previous, after = block.hash, block.last_transaction_id
    return problems


def _newest(session: Session) -> LedgerBlock | None:
    return session.scalars(select(LedgerBlock).order_by(LedgerBlock.number.desc()).limit(1)).one_or_none()


def _late_ids(session: Session) -> dict[int, int]:
    """Tell, for each id that came late, which block covers it."""
    rows = session.execute(select(LedgerBlock.number, LedgerBlock.late_ids))
    return {one: number for number, late in rows for one in late}


def _ranges(block: LedgerBlock | None) -> list[_Range]:
    return [_Range(*one) for one in block.open_ranges] if block is not None else []


def _arrived(session: Session, ranges: Sequence[_Range]) -> list[int]:
    """Find transactions that have appeared in ranges that were open."""
    if not ranges:
        return []
    given = rows_of(
        first=np.asarray([one.first for one in ranges], dtype=np.int64),
        last=np.asarray([one.last for one in ranges], dtype=np.int64),
    )
    query = select(LedgerTransaction.id).join(given, LedgerTransaction.id.between(given.c.first, given.c.last))
    return list(session.scalars(query.order_by(LedgerTransaction.id)))


def _less(ranges: Sequence[_Range], arrived: Sequence[int], ended: int) -> list[_Range]:
    """Give what is open still: without what has arrived, and without the ranges whose writers have all ended."""
    left: list[_Range] = []
    for one in ranges:
        if one.until > ended:
            left += _gaps(
                one.first - 1, [*(id_ for id_ in arrived if one.first <= id_ <= one.last), one.last + 1], one.until
            )
    return left


def _gaps(after: int, ids: Sequence[int], until: int) -> list[_Range]:
    """Give the ranges of ids that nobody has seen, above one id and among others."""
    low, gaps = after + 1, []
    for one in ids:
        if one > low:
            gaps.append(_Range(low, one - 1, until))
        low = one + 1
    return gaps


def _hash(previous: bytes, number: int, rows: Sequence[str]) -> bytes:
    digest = hashlib.sha256(previous + number.to_bytes(8, "big"))
    for row in rows:
        digest.update(row.encode())
        digest.update(b"\n")
    return digest.digest()
