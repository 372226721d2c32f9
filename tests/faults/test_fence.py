"""What the fencing token is for, and what becomes of the books without it.

A worker that is killed needs no fence: what it had not committed is undone. The fence is for a worker that lives and
was taken for dead, because its machine stood still. Here one is stopped (``SIGSTOP``) at a place that the test names,
its lease ends, another worker comes, and then it goes on.

The controls do the same without the fence, in a process of their own, and must find damage: otherwise these tests, and
the storms, which compare in the same way, would prove nothing. What the import says of itself has the fence alone.
Points have more: wallets are locked before a document is looked at, so that a second worker waits and then finds what
is there, and the unique keys of documents and movements keep either from being stored twice. Only where all of these
are taken away are points doubled; no single one of them is what stands between us and that.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text

from app.db.transaction import transaction
from app.domain.states import BatchStatus, JobState
from app.jobs import worker
from app.models.jobs import Job
from app.services.setup.programs import program_by_code
from importers.batches import batches
from tests.app.local.support import eventually
from tests.faults.books import Books, books_of, prove
from tests.faults.conftest import Calm
from tests.faults.house import Site
from tests.faults.mortal import FENCE, WALLETS, work_and_freeze
from tests.support.programs import people

BETWEEN = r"import\.shard \d+, 2: committed"
"""It has claimed a shard and knows what to do, and has not begun the transaction that does it."""

READ = r"import\.read .*: cut begins"
"""It has matched every code, and has written no shard."""

WITHIN = r"import\.shard .*: recognise done"
"""It has found that no document of the shard is there yet, and has stored none."""


ENDING = r"import\.shard \d+, (?!1:).*: about to commit"
"""It has counted a shard, knows whether it was the last one, and has not committed."""


class Frozen:
    """An import with a worker that stands still."""

    def __init__(self, site: Site, whole: Books, batch: int) -> None:
        self.site, self.whole, self.batch = site, whole, batch

    @contextmanager
    def standing_still(self, processes: ForkServerContext, at: str, *, without: Sequence[str] = ()) -> Iterator[None]:
        """Let a worker work until it freezes; after the block it goes on, and works to the end of the board."""
        child = processes.Process(target=work_and_freeze, args=(self.site.settings, self.site.addresses, at, without))
        child.start()
        pid = child.pid
        assert pid
        try:
            eventually(lambda: _stands_still(pid), seconds=60)
            eventually(self._is_taken_for_dead)
            yield
            os.kill(pid, signal.SIGCONT)
            child.join(60)
            assert child.exitcode == 0
        finally:
            child.kill()
            child.join()

    def _is_taken_for_dead(self) -> bool:
        with transaction(self.site.registry) as session:
            return session.execute(
                select(Job.lease_until < func.clock_timestamp()).where(Job.state == JobState.RUNNING)
            ).scalar_one()

    def claims(self) -> list[int]:
        """Give how often each of the import's shards was claimed, rising."""
        of_shards = (Job.kind == batches.SHARD) & (Job.payload["batch"].as_integer() == self.batch)
        with transaction(self.site.registry) as session:
            return list(session.scalars(select(Job.token).where(of_shards).order_by(Job.token)))

    def somebody_waits_for_a_lock(self) -> bool:
        """Tell whether a transaction waits for another one."""
        waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        with transaction(self.site.registry) as session:
            return session.execute(text(waits)).scalar_one() > 0

    def another_works(self) -> bool:
        """Let another worker take one job; say whether it found one."""
        return worker.do_one(worker.Bench(self.site.registry, self.site.engine, 30))


@pytest.fixture
def frozen(calm: Calm, tmp_path: Path) -> Iterator[Frozen]:
    with calm.site(tmp_path / "home", lease_seconds=0.3) as site:
        yield Frozen(site, calm.whole, site.take_in("tried", "sales", calm.report.sales))


def drop_keys(site: Site) -> None:
    """Take away what keeps a document, and a movement of points, from being stored twice."""
    owner = create_engine(site.addresses.owner_url)
    with owner.begin() as connection:
        for index in ("uq_sales_document_key", "uq_ledger_transaction_key"):
            connection.exec_driver_sql(f"drop index {index}")
    owner.dispose()


def _stands_still(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def test_a_worker_that_was_taken_for_dead_changes_nothing_when_it_goes_on(
    frozen: Frozen, processes: ForkServerContext
) -> None:
    drop_keys(frozen.site)
    with frozen.standing_still(processes, BETWEEN):
        while frozen.another_works():
            pass
        prove(frozen.site, "tried", frozen.batch, frozen.whole)
    assert set(frozen.claims()) == {1, 2}
    prove(frozen.site, "tried", frozen.batch, frozen.whole)


def test_a_worker_that_stands_still_within_its_transaction_keeps_its_job(
    frozen: Frozen, processes: ForkServerContext
) -> None:
    drop_keys(frozen.site)
    with frozen.standing_still(processes, WITHIN):
        while frozen.another_works():
            pass
    assert set(frozen.claims()) == {1}
    prove(frozen.site, "tried", frozen.batch, frozen.whole)


def test_a_reader_that_was_taken_for_dead_leaves_the_shards_of_the_next_reader_alone(
    frozen: Frozen, processes: ForkServerContext
) -> None:
    """Between the two readers somebody enrolls a distributor, so that they read the same file differently."""
    with frozen.standing_still(processes, READ):
        with transaction(frozen.site.registry) as session:
            people(session, program_by_code(session, "tried"), ["BRAK"])
        assert frozen.another_works()
    counts, before = frozen.site.progress(frozen.batch).counts, frozen.whole.counts
    assert counts["lines_accepted"] == before["lines_accepted"] + 2
    assert counts["lines_held"] == before["lines_held"] - 2
    found = books_of(frozen.site, "tried", frozen.batch)
    assert found.size("lines") == frozen.whole.size("lines") + 2


def test_of_two_shards_that_end_at_the_same_moment_one_puts_up_the_finish(
    calm: Calm, processes: ForkServerContext, tmp_path: Path
) -> None:
    """Neither sees what the other has not committed, so the second has to wait before it looks."""
    with calm.site(tmp_path / "home", lease_seconds=0.3, shard_lines=80) as site, ThreadPoolExecutor(1) as others:
        first = Frozen(site, calm.whole, site.take_in("tried", "sales", calm.report.sales))
        with first.standing_still(processes, ENDING):
            assert first.claims() == [0, 1], "one shard is in hand, the other waits"
            second = others.submit(first.another_works)
            eventually(lambda: second.done() or first.somebody_waits_for_a_lock())
        assert second.result()
        prove(site, "tried", first.batch, calm.whole)
        assert site.progress(first.batch).status is BatchStatus.DONE


def test_control_without_the_fence_an_import_forgets_what_it_has_done(
    frozen: Frozen, processes: ForkServerContext
) -> None:
    with frozen.standing_still(processes, BETWEEN, without=[FENCE]):
        assert frozen.another_works()
    found, whole = books_of(frozen.site, "tried", frozen.batch), frozen.whole
    assert found.counts["duplicates"] > whole.counts["duplicates"]
    assert found.counts["points_awarded"] < whole.counts["points_awarded"]
    assert found.tables["wallets"] == whole.tables["wallets"]


def test_control_without_the_fence_another_worker_waits_for_the_wallets_and_points_stay_single(
    frozen: Frozen, processes: ForkServerContext
) -> None:
    with ThreadPoolExecutor(1) as others:
        with frozen.standing_still(processes, WITHIN, without=[FENCE]):
            second = others.submit(frozen.another_works)
            eventually(frozen.somebody_waits_for_a_lock)
        assert second.result()
    found, whole = books_of(frozen.site, "tried", frozen.batch), frozen.whole
    assert found.counts["duplicates"] > whole.counts["duplicates"]
    for table in ("documents", "lines", "awards", "transactions", "lots", "wallets"):
        assert found.tables[table] == whole.tables[table]


def test_control_without_fence_lock_and_keys_every_point_is_doubled(
    frozen: Frozen, processes: ForkServerContext
) -> None:
    drop_keys(frozen.site)
    with frozen.standing_still(processes, WITHIN, without=[FENCE, WALLETS]):
        while frozen.another_works():
            pass
    found = books_of(frozen.site, "tried", frozen.batch)
    doubled = found.doubled_against(frozen.whole)
    for table in ("documents", "lines", "awards", "transactions", "lots", "wallets"):
        assert doubled[table]
    with pytest.raises(AssertionError, match="doubled: "):
        prove(frozen.site, "tried", frozen.batch, frozen.whole)
