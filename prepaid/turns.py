"""Whoever turns a programme's points into money, or gives them back, does so in turn.

Two at once would not see each other's rewards of the year. It is taken before the row of a run and before accounts.
"""

from sqlalchemy.orm import Session

from app.db.locks import lock_name


def take_turn(session: Session, program_id: int, *, beside_others: bool = False) -> None:
    """Wait for one's turn in a programme, and keep it until the transaction ends.

    Those who go ``beside_others``, pieces of one run, have theirs together; whoever came before them goes first.
    """
    lock_name(session, f"convert:{program_id}", shared=beside_others)
