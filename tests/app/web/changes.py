"""What requests have changed: every statement that wrote something and was committed."""

from typing import Any

from sqlalchemy import event

from app.extensions import db
from tests.app.web.world import World

_COUNTS = ("SET seen_at", "UPDATE one_time_secret")
"""When a session was seen last, and how often a code was tried: that goes on whatever is answered."""


class Changes:
    """Notes what is written as long as it is open: ``committed`` has the statements, ``kept`` what they were given."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: list[tuple[str, Any]] = []
        self.committed: list[str] = []
        self.kept: list[Any] = []

    def __enter__(self) -> "Changes":
        with self._world.app.app_context():
            self._engine = db.engine
        for name, listener in self._listeners():
            event.listen(self._engine, name, listener)
        return self

    def __exit__(self, *_given: object) -> None:
        for name, listener in self._listeners():
            event.remove(self._engine, name, listener)

    def _listeners(self) -> list[tuple[str, Any]]:
        return [("after_cursor_execute", self._wrote), ("commit", self._committed), ("rollback", self._undone)]

    def forget(self) -> None:
        """Begin anew."""
        self._open.clear()
        self.committed.clear()
        self.kept.clear()

    def _wrote(self, _connection: Any, cursor: Any, statement: str, given: Any, *_more: Any) -> None:
        begins = statement.lstrip()[:6].upper()
        writes = begins in ("INSERT", "UPDATE", "DELETE") or begins.startswith("COPY")
        if writes and cursor.rowcount and not any(part in statement for part in _COUNTS):
            self._open.append((statement, given))

    def _committed(self, _connection: Any) -> None:
        self.committed += [statement for statement, _given in self._open]
        self.kept += [given for _statement, given in self._open]
        self._open.clear()

    def _undone(self, _connection: Any) -> None:
        self._open.clear()
