"""Which function does which kind of job. The composition root fills it; nothing here knows the rooms above."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from app.jobs.board import Work

Handler: TypeAlias = "Callable[[Work], None]"

_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Name the function of a kind of job."""
    _handlers[kind] = handler


def handler_of(kind: str) -> Handler:
    """Give the function of a kind of job.

    Raises:
        LookupError: Nobody registered one: the job was made by a newer or older version of the code.
    """
    try:
        return _handlers[kind]
    except KeyError:
        raise LookupError(f"no function does jobs of the kind {kind!r}; known are {sorted(_handlers)}") from None


def kinds() -> list[str]:
    """Name every kind that is known."""
    return sorted(_handlers)
