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
from importers.undoing import sales as undoing
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


def test_dying_after_every_piece_nothing_is_left_of_products_and_distributors_that_nobody_used(
    calm: Calm, processes: ForkServerContext, tmp_path: Path
) -> None:
    with calm.site(tmp_path / "home", lease_seconds=30) as site:
        for kind in ("distributors", "products"):
            with transaction(site.registry) as session:
                batch = session.scalars(
                    select(ImportBatch.id).join(Program).where(Program.code == "other", ImportBatch.kind == kind)
                ).one()
            created = site.progress(batch).counts["created"]
            before = _count(site, kind)
            _begin(site, batch)
            assert _die_everywhere(site, processes, tmp_path / kind) > created // (10 * UNDONE_AT_ONCE)
            done = site.progress(batch)
            assert (done.status, done.message) == ("undone", None)
            assert done.counts["things_undone"] >= created > 20
            assert _count(site, kind) == before - created, kind
        with transaction(site.registry) as session:
            of_nobody = text(
                "select count(*) from account a join program p on p.id = a.program_id "
                "where p.code = 'other' and a.distributor_id is not null"
            )
            assert session.scalar(of_nobody) == 0
        # the same programme beside it, of which the same files came in, has lost nothing
        assert books_of(site, "calm", site.undisturbed("calm", calm.report.sales)).size("wallets") > 0


def _count(site: Site, kind: str) -> int:
    of_other = f"from {kind.removesuffix('s')} where program_id = (select id from program where code = 'other')"
    with transaction(site.registry) as session:
        return int(session.scalar(text(f"select count(*) {of_other}")) or 0)


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
