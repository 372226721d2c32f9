"""Real servers for every test that needs them: PostgreSQL and Valkey, started once, under a folder of this run."""

import datetime as dt
import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import create_engine, make_url
from sqlalchemy.orm import Session

from app.cli.running.runtime import ensure_schema
from app.config import Settings, settings
from app.db.transaction import Sessions, transaction
from app.extensions import db
from app.factory import create_app, register_jobs
from app.local.servers import Addresses, running, stop
from app.services import rulebooks
from app.services.access import people
from tests.support.desk import desk, ledger_database, ledger_sessions, open_desk


def pictures_of(temporary: pytest.TempPathFactory) -> Path:
    """Give the folder of the pictures that a run takes: the one that KONTOR_SCREENSHOTS names, or one of the run."""
    return named_for_pictures() or of_the_run(temporary) / "pictures"


def named_for_pictures() -> Path | None:
    """Give the folder that somebody wants every picture in; without one, only what goes wrong is pictured."""
    named = os.environ.get("KONTOR_SCREENSHOTS")
    return Path(named).resolve() if named else None


def of_the_run(temporary: pytest.TempPathFactory) -> Path:
    """Give the folder that all processes of a run share."""
    base = temporary.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say where the pictures of the pages are."""
    folder = pictures_of(config._tmp_path_factory)
    taken = sum(1 for _one in folder.glob("*.png"))
    if taken:
        terminalreporter.write_line(f"{taken} pictures of pages: {folder}")


_LONG = ("journeys", "faults", "browser", "reference", "bench")
"""Folders of a few tests that take long."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: when several processes share the tests, none is left alone with it in the end."""
    items.sort(key=lambda item: Path(item.path).relative_to(Path(__file__).parent).parts[0] not in _LONG)


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every later look for garbage: there is much of it, and it stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


if os.environ.get("KONTOR_HYPOTHESIS") == "long":
    os.environ.setdefault("PYTEST_TIMEOUT", "0")  # a long search is no test that hangs

# a machine that is busy is no fault of what is tried
hypothesis.settings.register_profile(
    "kontor",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    max_examples=1_000 if os.environ.get("KONTOR_HYPOTHESIS") == "long" else 50,
)
hypothesis.settings.load_profile("kontor")


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """The home of the servers that this run of the tests shares.

    Not below pytest's own folder, which is closed to others: for root the servers run as ``nobody``, and their data
    would have to lie elsewhere.
    """
    made = Path(tempfile.mkdtemp(prefix="kontor-tests-"))
    made.chmod(0o711)
    yield made
    stop(made)  # they end a moment after their last user, and would write into what is being removed
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def addresses(home: Path) -> Iterator[Addresses]:
    """Servers that run, with the newest schema. Tests keep apart by programmes of their own."""
    with running(Settings(home=home)) as found:
        _wait_for_no_disk(found)
        ensure_schema(found)
        yield found


def _wait_for_no_disk(addresses: Addresses) -> None:
    """Let commits wait for no disk: what is written here outlives no crash of the machine, nor need it.

    What crashes on purpose (`tests/faults`, `tests/app/local`) has servers of its own, as users have them.
    """
    admin = create_engine(make_url(addresses.owner_url).set(username="kontor_admin"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.exec_driver_sql(f"alter system set {name} = off")
        connection.exec_driver_sql("select pg_reload_conf()")
    admin.dispose()


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_little() -> Iterator[None]:
    """Hash passwords at next to no cost: what they cost is tried in `tests/app/services/access/test_people.py`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="module", autouse=True)
def _rules_are_of_one_database() -> None:
    """Forget the rules that were read: some files have a database of their own, whose numbers are those of another."""
    rulebooks._read.clear()


@pytest.fixture
def environment(home: Path, addresses: Addresses, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment in which commands find the shared servers, and a home of their own for files."""
    for name in [name for name in os.environ if name.startswith("KONTOR_") and name != "KONTOR_TEST_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KONTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_URL", addresses.database_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", addresses.owner_url)
    monkeypatch.setenv("REDIS_URL", addresses.redis_url)
    settings.cache_clear()
    return tmp_path / "home"


@pytest.fixture
def clock() -> "Clock":
    """A clock that stands still until a test moves it."""
    return Clock()


class Clock:
    """Tells the time a test wants."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(**parts)


@pytest.fixture
def app(environment: Path, addresses: Addresses, clock: Clock) -> Iterator[Flask]:
    """The application, with its jobs registered and its context pushed."""
    built = create_app(settings(), addresses, clock)
    register_jobs(built)
    with built.app_context():
        yield built
        db.session.remove()
        db.engine.dispose()
    settings.cache_clear()


@pytest.fixture
def registry(app: Flask) -> Sessions:
    """Sessions of the application."""
    return db.session


@pytest.fixture
def session(registry: Sessions) -> Iterator[Session]:
    """A session in a transaction that is undone after the test, unless the test commits it."""
    with pytest.MonkeyPatch.context():
        one: Session = registry()
        yield one
        one.rollback()


@pytest.fixture
def code() -> str:
    """A programme code that no other test uses."""
    return f"p-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Real sales and published vectors, where the machine has them (KONTOR_TEST_DATA names the folder)."""
    named = os.environ.get("KONTOR_TEST_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("NOT RUN: KONTOR_TEST_DATA does not name a folder of test data")
    return Path(named)


__all__ = ["Clock", "desk", "ledger_database", "ledger_sessions", "open_desk", "transaction"]
