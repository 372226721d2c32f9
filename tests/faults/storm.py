"""A storm: faults at random moments, spread over the run of an import by what is done of it."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from app.domain.states import BatchStatus
from importers.batches.batches import Progress
from tests.app.local.support import eventually, kill
from tests.faults.house import House, Site
from tests.faults.workforce import Workforce

KILL = "work killed"
KILL_WORKER = "work killed with its worker"
ORPHAN = "worker killed above its work"
FREEZE = "worker frozen for longer than its lease"
STOP_POSTGRES = "PostgreSQL stopped at once"
KILL_POSTGRES = "PostgreSQL killed"
EMPTY_VALKEY = "Valkey emptied"
KILL_VALKEY = "Valkey killed"

_READING_BP, _LAST_BP = 1_000, 4_000
"""While its file is read an import shows nothing done, then a tenth; the last fault needs somebody who still works, and
will for longer than the nap before it."""
_NAP_SECONDS = 0.1
"""How long a job is let be done at most, before something befalls whoever does it."""


def forecast(drawn: Random, faults: Sequence[str]) -> list[tuple[int, str]]:
    """Draw when what happens, in basis points of the import. About a tenth happens while the file is read."""
    moments = [max(drawn.randrange(_LAST_BP), _READING_BP) for _ in faults]
    return sorted((0 if at == _READING_BP else at, fault) for at, fault in zip(moments, faults, strict=True))


class Storm:
    """Lets faults happen to an import until it has ended, and counts those that did."""

    def __init__(self, house: House, site: Site, workforce: Workforce, drawn: Random) -> None:
        self.happened: Counter[str] = Counter()
        self._house, self._site, self._workforce, self._drawn = house, site, workforce, drawn

    def rage(self, batch: int, faults: Sequence[tuple[int, str]], *, patience: float) -> Progress:
        """Go through the faults one after the other, then wait for the end of the import."""
        until = time.monotonic() + patience
        for at_bp, fault in faults:
            self._wait(batch, at_bp, until)
            print(f"{time.monotonic() - (until - patience):.1f} s: {fault}")
            self._let(fault)
            self.happened[fault] += 1
        ended = self._wait(batch, None, until)
        assert ended.status is BatchStatus.DONE, ended.message
        return ended

    def _wait(self, batch: int, at_bp: int | None, until: float) -> Progress:
        while True:
            self._workforce.mend()
            self._workforce.horses()
            now = self._site.glimpse(batch)
            if now is not None and (now.ended or (at_bp is not None and now.share_bp >= at_bp)):
                return now
            assert time.monotonic() < until, f"the import does not come to its end: {now}, {dict(self.happened)}"
            time.sleep(0.02)

    def _let(self, fault: str) -> None:
        if fault in (STOP_POSTGRES, KILL_POSTGRES):
            self._house.end_postgres(signal.SIGQUIT if fault == STOP_POSTGRES else signal.SIGKILL)
        elif fault == EMPTY_VALKEY:
            self._house.empty_valkey()
        elif fault == KILL_VALKEY:
            self._house.kill_valkey()
        else:
            self._befall(fault, *self._somebody())

    def _somebody(self) -> tuple[int, int]:
        """Choose somebody who works, some time after a job was taken: a process and the worker above it."""

        def found() -> tuple[int, int] | None:
            self._workforce.mend()
            if not self._workforce.horses() or not self._site.is_somebody_at_work():
                return None
            time.sleep(self._drawn.uniform(0, _NAP_SECONDS))
            there = sorted(self._workforce.horses().items())
            return self._drawn.choice(there) if there else None

        chosen: tuple[int, int] = eventually(found, seconds=120)
        return chosen

    def _befall(self, fault: str, horse: int, worker: int) -> None:
        if fault == FREEZE:
            with contextlib.suppress(ProcessLookupError):
                os.kill(horse, signal.SIGSTOP)
                time.sleep(self._site.settings.lease_seconds * 1.5)
                os.kill(horse, signal.SIGCONT)
        else:
            kill(*{KILL: (horse,), KILL_WORKER: (worker, horse), ORPHAN: (worker,)}[fault])
