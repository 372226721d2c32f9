"""Steps that are each due, whatever became of those before: chores, rewards for sales, what the sweeper does."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from app.db.transaction import met_another

T = TypeVar("T")


class Turns:
    """Gives each step its turn, and tells at the end what failed. A step opens transactions of its own."""

    def __init__(self) -> None:
        """Begin where nothing failed."""
        self._failed: list[Exception] = []

    def take(self, step: Callable[[], T]) -> T | None:
        """Take a step, and give what it gives; None where it failed.

        One that met another transaction is taken once more: it was ended for the other's sake.

        Raises:
            sqlalchemy.exc.OperationalError: The database went away, so nobody else's turn would come to anything.
        """
        for last in (False, True):
            try:
                return step()
            except OperationalError as error:
                if not met_another(error):
                    raise
                if last:
                    self._failed.append(error)
            except Exception as error:  # noqa: BLE001  # whatever one meets, the others are due as well
                self._failed.append(error)
                break
        return None

    def end(self, said: str) -> None:
        """Say what failed.

        Raises:
            ExceptionGroup: What failed, if anything did, under what is said of all of it.
        """
        if self._failed:
            raise ExceptionGroup(said, self._failed)
