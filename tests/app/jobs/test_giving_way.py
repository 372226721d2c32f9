"""Work that gives way: the processes that do it and that serve it in PostgreSQL are lowered, and no others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event

from app.jobs import giving_way
from app.jobs.giving_way import NICENESS, _lowered, lower_server_process
from app.local.servers import Addresses
from tests.app.jobs.conftest import eventually

_WORKER = """
import os
from pathlib import Path
from sqlalchemy import create_engine
from app.jobs.giving_way import give_way

give_way(create_engine("postgresql+psycopg:///nowhere"))
said = Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0) == os.getpid())
print(said.read_text() if said.exists() else "")
"""

_LOWEST = 19
"""What a process of Linux is worth at the least."""

_sessions = pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="this system does not share the processors out among sessions"
)


def _priorities(addresses: Addresses) -> list[tuple[int, str]]:
    """Give what the processes are worth that serve a worker and a page: by themselves, and among sessions."""
    workers, pages = create_engine(addresses.database_url), create_engine(addresses.database_url)
    event.listen(workers, "connect", lower_server_process)
    try:
        with workers.connect() as heavy, pages.connect() as light:
            found = []
            for one in (heavy, light):
                pid = one.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
                said = Path(f"/proc/{pid}/autogroup")
                among = said.read_text().strip() if said.exists() else ""
                found.append((os.getpriority(os.PRIO_PROCESS, pid), among))
    finally:
        workers.dispose()
        pages.dispose()
    return found


def test_what_serves_a_worker_gives_way_and_what_serves_others_does_not(addresses: Addresses) -> None:
    here = os.getpriority(os.PRIO_PROCESS, 0)  # whoever runs the tests may have lowered them already
    assert [own for own, _ in _priorities(addresses)] == [max(here, NICENESS), here]


@_sessions
def test_what_serves_a_worker_gives_way_among_sessions_too(addresses: Addresses) -> None:
    (_, heavy), (_, light) = _priorities(addresses)
    assert heavy.endswith(f"nice {NICENESS}"), heavy
    assert light.endswith("nice 0"), light


@_sessions
@pytest.mark.parametrize("apart", [True, False])
def test_a_worker_lowers_the_session_that_it_leads_and_leaves_that_of_others_alone(apart: bool) -> None:
    before = Path("/proc/self/autogroup").read_text()
    done = subprocess.run(
        [sys.executable, "-c", _WORKER], capture_output=True, encoding="utf-8", check=True, start_new_session=apart
    )
    worth, _, said = done.stdout.partition("\n")  # what was never given a session of its own says nothing of one
    own, leads = worth.split()
    lowered = min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, _LOWEST)
    assert (int(own), leads) == (lowered, str(apart))
    assert (said.strip() == before.strip()) is not apart
    assert said.strip().endswith(f"nice {NICENESS}") is apart
    assert Path("/proc/self/autogroup").read_text() == before


@_sessions
def test_a_session_that_may_not_be_lowered_at_once_is_tried_again(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = iter([True, True])

    def lowered(pid: int) -> bool:
        return False if next(refused, False) else _lowered(pid)

    monkeypatch.setattr(giving_way, "_lowered", lowered)
    engine = create_engine(addresses.database_url)
    event.listen(engine, "connect", lower_server_process)
    with engine.connect() as heavy:
        said = Path(f"/proc/{heavy.connection.dbapi_connection.info.backend_pid}/autogroup")  # type: ignore[union-attr]
        eventually(lambda: said.read_text().strip().endswith(f"nice {NICENESS}"))
    engine.dispose()
