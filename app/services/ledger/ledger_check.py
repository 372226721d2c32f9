"""The proof of the ledger: everything that is cached is computed again from the entries, and compared."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.db.proofs import PROOFS
from app.models.ledger import Account, LedgerBlock, LedgerEntry, LedgerTransaction
from app.services.ledger import seals

SHOWN = 20
"""Most problems of one kind that are listed; the rest is counted."""


@dataclass
class Check:
    """What was proved, and what is wrong; ``unsealed`` transactions came after the newest block."""

    transactions: int
    entries: int
    accounts: int
    blocks: int
    unsealed: int
    head: str | None
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Say whether everything is in order."""
        return not self.problems


def check(session: Session) -> Check:
    """Prove the ledger of every programme. Reads one snapshot; changes nothing."""
    session.execute(text("set transaction isolation level repeatable read, read only"))
    found = Check(
        transactions=_count(session, LedgerTransaction),
        entries=_count(session, LedgerEntry),
        accounts=_count(session, Account),
        blocks=_count(session, LedgerBlock),
        unsealed=seals.unsealed(session),
        head=seals.head(session),
    )
    found.problems += [*proved(session), *seals.broken(session)]
    return found


def proved(session: Session) -> list[str]:
    """Compute everything that is cached again, as the session's transaction sees it, and tell what does not agree."""
    problems: list[str] = []
    for sentence, query in PROOFS.items():
        problems += _listed(sentence, session.execute(text(query)))
    return problems


def _count(session: Session, model: type) -> int:
    return session.execute(select(func.count()).select_from(model)).scalar_one()


def _listed(sentence: str, rows: Iterator[tuple[object, ...]]) -> list[str]:
    problems = [sentence.format(*row) for row in rows]
    return problems[:SHOWN] + ([f"... and {len(problems) - SHOWN} more of this kind"] if len(problems) > SHOWN else [])
