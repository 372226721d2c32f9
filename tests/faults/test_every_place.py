"""A worker dies after every commit and every file of an import, one after the other, until none is left to die at."""

import signal
from multiprocessing.context import ForkServerContext
from pathlib import Path

from sqlalchemy import text

from app.db.transaction import transaction
from app.domain.states import BatchStatus
from app.models.imports import ImportBatch
from importers.batches.store import BatchFiles
from tests.faults.books import prove
from tests.faults.conftest import Calm
from tests.faults.house import Site
from tests.faults.mortal import work_and_die


def test_dying_at_every_place_in_turn_an_import_ends_like_any_other(
    calm: Calm, processes: ForkServerContext, tmp_path: Path
) -> None:
    assert [name for name in calm.whole.tables if not calm.whole.size(name)] == ["caps"], "it has all sorts of rows"
    with calm.site(tmp_path / "home", lease_seconds=30, shard_lines=160) as site:
        batch = site.take_in("tried", "sales", calm.report.sales)
        places = _die_everywhere(site, processes, tmp_path / "places")
        assert site.progress(batch).status is BatchStatus.DONE, f"{places[-1]!r} was the last death"
        prove(site, "tried", batch, calm.whole)
        left = {path.name for path in BatchFiles(site.settings.files, batch).folder.iterdir()}
        with transaction(site.registry) as session:
            waits = session.get_one(ImportBatch, batch).waiting_file
        kept = {"original", "rows.arrow", "problems.xlsx", waits}
        assert left == kept, "no reading that was cut short leaves anything"
    for kind in ("import.read", "import.shard", "import.finish"):
        assert any(place.startswith(kind) for place in places)


def _die_everywhere(site: Site, processes: ForkServerContext, known: Path) -> list[str]:
    known.touch()
    while True:
        child = processes.Process(target=work_and_die, args=(site.settings, site.addresses, known))
        child.start()
        child.join(60)
        ended = child.exitcode
        child.close()
        if ended == 0:
            return known.read_text().splitlines()
        assert ended == -signal.SIGKILL
        _let_leases_end(site)


def _let_leases_end(site: Site) -> None:
    """Let the time of a lease pass at once. It waits for what the dead process still holds."""
    with transaction(site.registry) as session:
        session.execute(text("update job set lease_until = clock_timestamp() where state = 'running'"))
