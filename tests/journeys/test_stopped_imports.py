"""An import that is killed or interrupted goes on where it stopped, and comes to what the reference counts."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from app.models.imports import ImportBatch, ImportShard
from app.models.jobs import Job
from app.models.programs import Program
from tests.journeys.agreement import expect_awards, expect_balances
from tests.journeys.made_up import PEDALS, write_pedals
from tests.reference import wheel_club
from tests.reference.run import Result
from tests.support.installation import PATIENCE, Kept, kept_installation

LONG = os.environ.get("KONTOR_FAULTS") == "long"


@pytest.fixture(scope="module")
def house() -> Iterator[Kept]:
    """An installation that cuts imports into many shards, and takes a worker for dead after a second."""
    with kept_installation(KONTOR_SHARD_LINES="100", KONTOR_LEASE_SECONDS="1", KONTOR_SWEEP_SECONDS="1") as kept:
        yield kept


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Orders of our own making, and what the reference counts."""
    folder = tmp_path_factory.mktemp("sold")
    write_pedals(folder)
    return folder / "reseller_sales_adventureworks", wheel_club.expected(PEDALS, folder)


def open_programme(house: Kept, folder: Path, code: str) -> None:
    document = {**PEDALS, "program": {**PEDALS["program"], "code": code}}
    path = folder / f"{code}.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    house.ask("program", "load", path)
    for kind, name in (("distributors", "Resellers.csv"), ("products", "Product.csv")):
        house.ask("import", kind, folder / name, "--program", code)


def stop_when(house: Kept, code: str, share: int, process: Any, number: signal.Signals) -> int:
    """Stop an import when so many of its shards are counted. Returns the number of the import.

    Half of the shards that come after that are held back until it was stopped: it cannot end before.
    """
    until = time.monotonic() + PATIENCE
    with house.engine() as engine, engine.connect() as holding:
        held: list[int] = []
        while time.monotonic() < until:
            with engine.connect() as connection:
                batch = connection.execute(
                    select(ImportBatch.id)
                    .join(Program, Program.id == ImportBatch.program_id)
                    .where(Program.code == code, ImportBatch.kind == "sales")
                ).scalar()
                shards, counted = connection.execute(
                    select(func.count(), func.count(ImportShard.counts)).where(ImportShard.batch_id == batch)
                ).one()
            if shards and not held:
                back = max(1, shards * (100 - share) // 200)
                last = select(ImportShard.id).where(ImportShard.batch_id == batch).order_by(ImportShard.id.desc())
                held = list(holding.scalars(last.where(ImportShard.counts.is_(None)).limit(back).with_for_update()))
            if batch is not None and (share == 0 or (shards and counted * 100 >= shards * share)):
                process.send_signal(number)
                return int(batch)
            assert process.poll() is None, process.communicate()
    raise AssertionError("the import never came so far")


def expect_whole(house: Kept, code: str, batch: int, result: Result) -> None:
    """Go on, and compare what came of it with what would have come of it undisturbed."""
    told = house.json("imports", "resume", str(batch))
    assert told["batch"] == batch
    lines = sum(len(document.lines) for document in result.documents)
    awarded = sum(total.awarded for total in result.per_distributor().values())
    assert (told["documents"], told["lines_accepted"]) == (len(result.documents), lines)
    assert (told["lines_held"], told["lines_refused"], told["duplicates"]) == (2, 0, 0)
    assert told["points_awarded"] == awarded
    assert Path(told["problems_file"]).is_file()
    expect_balances(house, code, result)
    with house.engine() as engine:
        expect_awards(engine, code, result)
        with engine.connect() as connection:
            claims = connection.scalars(
                select(Job.token).where(Job.payload["batch"].as_integer() == batch, Job.kind == "import.shard")
            ).all()
            left = connection.execute(select(func.count()).where(ImportShard.counts.is_(None))).scalar_one()
    assert left == 0
    assert len(claims) > 5
    check = house.ask("ledger", "check")
    assert (check["ok"], check["problems"]) == (True, [])
    assert house.ask("imports", "resume", str(batch)) == told  # nothing is left to do


def begin(house: Kept, folder: Path, code: str) -> Any:
    """Open a programme and start the import of its sales."""
    open_programme(house, folder, code)
    return house.start("import", "sales", folder / wheel_club.SALES_FILE, "--program", code)


def test_an_import_that_is_interrupted_says_how_it_goes_on_and_may_be_killed_then(
    house: Kept, sold: tuple[Path, Result]
) -> None:
    folder, result = sold
    process = begin(house, folder, "stopped")
    batch = stop_when(house, "stopped", 10, process, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, "")
    assert " ".join(err.split()) == (f"error: Stopped. Import {batch} goes on with `kontor imports resume {batch}`.")
    again = house.start("imports", "resume", str(batch))
    assert stop_when(house, "stopped", 50, again, signal.SIGKILL) == batch
    again.communicate(timeout=PATIENCE)
    assert again.returncode == -signal.SIGKILL
    [listed] = house.ask("imports", "list", "--program", "stopped", "--limit", "1")["imports"]
    assert (listed["batch"], listed["kind"]) == (batch, "sales")
    expect_whole(house, "stopped", batch, result)
    told = house.ask("import", "sales", folder / wheel_club.SALES_FILE, "--program", "stopped")
    assert (told["points_awarded"], told["documents"], told["lines_accepted"]) == (0, 0, 0)


@pytest.mark.skipif(not LONG, reason="NOT RUN: KONTOR_FAULTS=long kills an import at twenty moments")
@pytest.mark.parametrize("share", range(0, 100, 5))
def test_an_import_that_was_killed_goes_on_where_it_stopped(house: Kept, sold: tuple[Path, Result], share: int) -> None:
    """It is killed when so many shards in a hundred are counted."""
    folder, result = sold
    code = f"killed-{share}"
    process = begin(house, folder, code)
    batch = stop_when(house, code, share, process, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    expect_whole(house, code, batch, result)
