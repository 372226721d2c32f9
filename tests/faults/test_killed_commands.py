"""`kontor import` is killed at every stage, and PostgreSQL under it; `kontor imports resume` comes to the same end."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.cli.output import OK, UNAVAILABLE
from app.config import PROJECT, Settings
from app.db.transaction import transaction
from app.local.servers import running, stop
from app.models.imports import ImportBatch
from tests.app.local.support import eventually
from tests.faults.books import prove
from tests.faults.conftest import Calm
from tests.faults.house import House, Site

LONG = os.environ.get("KONTOR_FAULTS") == "long"
STAGES = ("read", "type", "load", "workbook")
EVERY_STAGE = (
    *("whole", "read", "keep", "type", "match", "group", "cut", "load", "recognise", "rules", "store documents"),
    *("store lines", "store awards", "returns", "ledger", "workbook"),
)


class Shell:
    """Where commands are called."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def __call__(self, *arguments: str, die_at: str | None = None) -> dict[str, Any]:
        """Call `kontor` to its end, or to the stage at which it dies. Returns what it prints."""
        with self.start(*arguments, die_at=die_at) as called:
            printed, said = _ended(called)
        assert called.returncode == (OK if die_at is None else -signal.SIGKILL), said
        return {} if die_at else dict(json.loads(printed))

    def start(self, *arguments: str, die_at: str | None = None) -> "subprocess.Popen[bytes]":
        module = ["app.cli.main"] if die_at is None else ["tests.faults.dying", die_at]
        return subprocess.Popen(
            [sys.executable, "-m", *module, *arguments, "--json"],
            env=self._environment,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def _ended(called: "subprocess.Popen[bytes]") -> tuple[str, str]:
    """Wait for the end of a command; give what it printed and said."""
    try:
        printed, said = called.communicate(timeout=120)
    finally:
        called.kill()
    return printed.decode(), said.decode()


def test_a_command_that_is_killed_at_every_stage_and_resumed_ends_like_any_other(calm: Calm, tmp_path: Path) -> None:
    with calm.site(tmp_path / "home", lease_seconds=0.5, workers=1) as site:
        kontor = Shell(site.environment())
        command = ("import", "sales", str(calm.report.sales), "--program", "tried")
        kontor(*command, die_at="guard")
        assert _newest(site) is None, "nothing was taken in"
        first, *others = EVERY_STAGE if LONG else STAGES
        kontor(*command, die_at=first)
        batch = _newest(site)
        for stage in others:
            kontor("imports", "resume", str(batch), die_at=stage)
        counts = kontor("imports", "resume", str(batch))
        assert {name: counts[name] for name in calm.whole.counts if name in counts} == {
            name: count for name, count in calm.whole.counts.items() if name in counts
        }
        prove(site, "tried", batch, calm.whole)


def test_a_command_whose_database_is_killed_says_so_or_goes_on_and_can_be_resumed(
    house: House, calm: Calm, tmp_path: Path
) -> None:
    with calm.site(tmp_path / "home", lease_seconds=0.5, workers=1) as site:
        kontor = Shell(site.environment())
        importing = kontor.start("import", "sales", str(calm.report.sales), "--program", "tried")
        batch = eventually(lambda: _newest(site), seconds=60)
        house.end_postgres(signal.SIGKILL)
        _, said = _ended(importing)
        assert importing.returncode in (OK, UNAVAILABLE), said
        kontor("imports", "resume", str(batch))
        prove(site, "tried", batch, calm.whole)


def test_a_command_does_the_work_itself_once_the_last_worker_is_gone(house: House, calm: Calm, tmp_path: Path) -> None:
    """A worker of a killed command lives on for the job in hand: a command that is called now must not rely on it."""
    with calm.site(tmp_path / "home", workers=1, sweep_seconds=0.1) as site:
        batch = site.take_in("tried", "sales", calm.report.sales)
        house.empty_valkey()
        with (site.settings.home / "workers.lock").open("a") as last:
            fcntl.flock(last, fcntl.LOCK_SH)
            resuming = Shell(site.environment()).start("imports", "resume", str(batch))
            eventually(house.messages, seconds=60)  # while it waits, it calls for workers
        _, said = _ended(resuming)
        assert resuming.returncode == OK, said
        prove(site, "tried", batch, calm.whole)


def _newest(site: Site) -> int | None:
    """Give the number of the import that a command began, once it is there."""
    with transaction(site.registry) as session:
        return session.scalars(
            select(ImportBatch.id).where(ImportBatch.kind == "sales", ImportBatch.created_by != "test")
        ).one_or_none()


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="NOT RUN: each command waits for servers of its own; KONTOR_FAULTS=long runs it")
def test_a_command_that_takes_its_servers_with_it_is_resumed_by_one_that_brings_them_again(
    calm: Calm, own_home: Path
) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith("KONTOR_")}
    kontor = Shell({**others, "KONTOR_HOME": str(own_home), "KONTOR_LEASE_SECONDS": "0.5"})
    program = own_home / "program.yaml"
    program.write_text(calm.report.program, encoding="utf-8")
    code = kontor("program", "load", str(program))["program"]
    for kind, path in (("distributors", calm.report.distributors), ("products", calm.report.products)):
        kontor("import", kind, str(path), "--program", code)
    kontor("import", "sales", str(calm.report.sales), "--program", code, die_at="read")
    batch = kontor("imports", "list", "--program", code)["imports"][0]["batch"]
    for stage in ("type", "load", "store lines", "workbook"):
        kontor("imports", "resume", str(batch), die_at=stage)
    kontor("imports", "resume", str(batch))
    with running(Settings(home=own_home, database_url=None, redis_url=None)) as addresses:
        site = Site.at(Settings(home=own_home), addresses)
        prove(site, code, batch, calm.whole)
        site.let_go()


@pytest.fixture
def own_home() -> Iterator[Path]:
    """A home whose servers run only while a command uses them."""
    made = Path(tempfile.mkdtemp(prefix="kontor-faults-"))
    made.chmod(0o711)
    yield made
    stop(made)
    shutil.rmtree(made)
