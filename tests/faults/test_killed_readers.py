"""The process that reads a workbook is killed, or is left alone by whoever wanted the sheet."""

import os
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.app.local.support import below, eventually, kill
from tests.faults.books import prove
from tests.faults.conftest import Calm
from tests.faults.house import Site
from tests.faults.mortal import work_on
from tests.faults.reports import Report


def test_a_file_whose_reader_was_killed_is_read_again_and_not_refused(calm: Calm, tmp_path: Path) -> None:
    with calm.site(tmp_path / "home") as site, ThreadPoolExecutor(1) as others:
        batch = site.take_in("tried", "sales", calm.report.sales)
        killed = others.submit(lambda: kill(_stopped_reader(site)))
        site.work_here()
        killed.result()
        prove(site, "tried", batch, calm.whole)


def test_a_reader_ends_with_whoever_wanted_the_sheet(
    calm: Calm, year: Report, processes: ForkServerContext, tmp_path: Path
) -> None:
    with calm.site(tmp_path / "home") as site:
        site.take_in("tried", "sales", year.sales)
        child = processes.Process(target=work_on, args=(site.settings, site.addresses))
        child.start()
        reader = _stopped_reader(site, at_work=True)
        child.kill()
        child.join()
        try:
            eventually(lambda: reader not in below(site.settings.files))
        finally:
            kill(reader)


def _stopped_reader(site: Site, *, at_work: bool = False) -> int:
    """Stop the process that reads a file of an installation, as soon as it is there or as soon as it reads."""
    found: int = eventually(lambda: min(below(site.settings.files), default=0), seconds=60)
    if at_work:
        eventually(lambda: resource.prlimit(found, resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY, seconds=60)
    os.kill(found, signal.SIGSTOP)
    return found
