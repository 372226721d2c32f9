"""Servers that only the tests of this folder use, because these tests kill them."""

import functools
import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from app.cli.running.runtime import ensure_schema
from app.config import Settings
from app.local.servers import running, stop
from tests.faults.books import Books, books_of
from tests.faults.house import House, Site
from tests.faults.reports import Report, demo_report, small_report


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """Servers with the newest schema, in a home that everybody can reach: for root they run as ``nobody``."""
    home = Path(tempfile.mkdtemp(prefix="kontor-faults-"))
    home.chmod(0o711)
    try:
        with running(Settings(home=home, database_url=None, redis_url=None)) as addresses:
            ensure_schema(addresses)
            yield House(home, addresses)
    finally:
        stop(home)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Makes processes that have loaded everything already."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.faults.mortal"])
    return made


@dataclass(frozen=True)
class Calm:
    """What an import of a small report comes to where nobody disturbs it, and how to begin where it began."""

    report: Report
    whole: Books
    site: Callable[..., AbstractContextManager[Site]]
    """Sets up an installation in which the same programme waits for reports, as ``tried`` and as ``other``."""


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The demonstration's report of a year."""
    return demo_report(tmp_path_factory.mktemp("year"))


@pytest.fixture(scope="session")
def calm(house: House, year: Report, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calm]:
    """A small report, imported once for all to compare with."""
    folder = tmp_path_factory.mktemp("calm")
    report = small_report(year, folder)
    with house.site(folder / "home", shard_lines=50) as site:
        for code in ("calm", "other", "tried"):
            site.open(report, code)
        whole = books_of(site, "calm", site.undisturbed("calm", report.sales))
        yield Calm(report, whole, functools.partial(house.site, like=site, shard_lines=50))
