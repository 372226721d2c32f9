"""An import is undone by workers that die after every commit; what is left is what an undisturbed undoing leaves."""

import signal
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.db.transaction import transaction
from app.factory import utc_now
from app.models.imports import ImportBatch
from app.models.programs import Program
from importers import undoing
from tests.faults.books import Books, books_of
from tests.faults.conftest import Calm
from tests.faults.house import Site
from tests.faults.mortal import UNDONE_AT_ONCE, undo_and_die


def test_dying_after_every_piece_of_an_undoing_it_ends_like_any_other(
    calm: Calm, processes: ForkServerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "DOCUMENTS_OF_A_JOB", 3 * UNDONE_AT_ONCE)
    with calm.site(tmp_path / "home", lease_seconds=30) as site:
        with transaction(site.registry) as session:
            undisturbed = session.scalars(
                select(ImportBatch.id).join(Program).where(Program.code == "calm", ImportBatch.kind == "sales")
            ).one()
        tried = site.undisturbed("tried", calm.report.sales)
        _begin(site, undisturbed)
        site.work_here()
        jobs = _begin(site, tried)
        assert jobs > 1
        deaths = _die_everywhere(site, processes, tmp_path / "places")
        assert deaths > 2 * jobs, "in every job, more than once"
        whole = books_of(site, "calm", undisturbed)
        found = books_of(site, "tried", tried)
        assert found.lost_against(whole) == {}
        assert found.doubled_against(whole) == {}
        assert site.progress(tried).status == site.progress(undisturbed).status == "undone"
        assert _wallets(found) == [(0, 0, 0)] * found.size("wallets"), "nobody has anything of it"
        again = site.undisturbed("tried", calm.report.sales)
        assert books_of(site, "tried", again).tables["wallets"] == calm.whole.tables["wallets"]


def _begin(site: Site, batch: int) -> int:
    with transaction(site.registry) as session:
        return undoing.begin(session, batch, reason="the wrong month", actor="ann", now=utc_now())


def _die_everywhere(site: Site, processes: ForkServerContext, known: Path) -> int:
    known.touch()
    deaths = 0
    while True:
        child = processes.Process(target=undo_and_die, args=(site.settings, site.addresses, known))
        child.start()
        child.join(60)
        ended = child.exitcode
        child.close()
        if ended == 0:
            return deaths
        assert ended == -signal.SIGKILL
        deaths += 1
        with transaction(site.registry) as session:
            session.execute(text("update job set lease_until = clock_timestamp() where state = 'running'"))


def _wallets(books: Books) -> list[tuple[int, int, int]]:
    return [row[2:5] for row in books.tables["wallets"].elements()]
