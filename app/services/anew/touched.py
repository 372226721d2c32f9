"""Saying that documents begin to count, cease to, or are somebody else's: whatever follows from them is looked at anew.

Promotions and rewards that sales bring keep what is said, in the transaction of whoever says it, and look later.
"""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.services.anew import instants as instants
from app.services.anew import promotions as promotions


def touch(session: Session, program_id: int, document_ids: Iterable[int]) -> None:
    """Say that documents have begun to count, or ceased to. The caller has locked their wallets, and commits."""
    ids = [int(one) for one in document_ids]
    promotions.touch(session, program_id, ids)
    instants.touch(session, program_id, ids)
