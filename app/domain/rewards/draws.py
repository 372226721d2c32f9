"""A draw that anybody can check afterwards: its seed is promised by its hash before the first ticket is given out.

Who wins follows from the seed and the list of tickets alone. Nobody can choose the seed once tickets are known, for its
hash stands there; nobody can choose the tickets to fit the seed, for the seed is not shown before the draw.
"""

import hashlib
from collections.abc import Sequence

SEED_BYTES = 32


def promise(seed: bytes) -> str:
    """Give the hash of a seed, which is published before the first ticket."""
    return hashlib.sha256(seed).hexdigest()


def keeps(seed: bytes, promised: str) -> bool:
    """Tell whether a seed is the one that was promised."""
    return promise(seed) == promised


def list_hash(tickets: Sequence[str]) -> str:
    """Give the hash of the tickets that take part, each with a line end, in the order of their numbers."""
    return hashlib.sha256("".join(f"{one}\n" for one in tickets).encode()).hexdigest()


def winners(seed: bytes, tickets: Sequence[str], prizes: int) -> list[str]:
    """Draw: each ticket gets the SHA-256 of the seed, the hash of the list and the ticket; the smallest ones win.

    Whoever has the seed and the list finds the same in a minute, with a spreadsheet's patience or ten lines of code.
    """
    of_list = list_hash(tickets)

    def lot(ticket: str) -> bytes:
        return hashlib.sha256(seed + f"\n{of_list}\n{ticket}\n".encode()).digest()

    return sorted(tickets, key=lot)[:prizes]
