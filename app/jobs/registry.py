"""Which function does which kind of job. The composition root fills it; nothing here knows the rooms above."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from app.jobs.board import Work

Handler: TypeAlias = "Callable[[Work], None]"

_handlers: dict[str, Handler] = {}
_heavy: set[str] = set()


def register(kind: str, handler: Handler, *, heavy: bool = False) -> None:
    """Name the function of a kind of job. A heavy one keeps a processor busy for long, or comes in many pieces."""
    _handlers[kind] = handler
    (_heavy.add if heavy else _heavy.discard)(kind)


def handler_of(kind: str) -> Handler:
    """Give the function of a kind of job.

    Raises:
        LookupError: Nobody registered one: the job was made by a newer or older version of the code.
    """
    try:
        return _handlers[kind]
    except KeyError:
        raise LookupError(f"no function does jobs of the kind {kind!r}; known are {sorted(_handlers)}") from None


def heavy() -> frozenset[str]:
    """Name the kinds that keep a processor busy."""
    return frozenset(_heavy)


def kinds() -> list[str]:
    """Name every kind that is known."""
    return sorted(_handlers)
