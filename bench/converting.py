"""`scripts/bench conversion`: points of many accounts become an order file, beside a floor measured in the same run.

The clock runs over the preview (select, convert, tax, reserve, write every top-up), the approval and the order file.
The floor is what the same machine needs at least: the same rows by COPY into fresh tables with the same keys, and the
same cells of the file by the fastest writer of workbooks. What is fast and wrong ends the run: the books are proved,
and the file is held against the preview.
"""

import argparse
import datetime as dt
import json
import os
import time
from pathlib import Path
from typing import Any

import fastexcel
import numpy as np
import rustpy_xlsxwriter as xlsx
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.running.runtime import Runtime
from app.db.bulk import copy_into
from app.db.transaction import transaction
from app.domain.program_file.batch_file import BatchFile
from app.domain.states import Bucket, CardState, Identity, LotState, TaxStatus, TopUpKind, TransactionKind, Unit
from app.jobs import messenger
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card
from app.models.programs import Program
from app.services.ledger import ledger_check, posting
from app.services.ledger.accounts import program_accounts
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.setup import programs
from bench import floor, installation
from bench.watching import Memory, cpu_seconds
from prepaid.conversions import ordering, preparing, runs
from prepaid.files.batch_files import Batch, write_batch
from prepaid.files.order_files import OrderLines
from prepaid.issuers.batch_provider import BatchFileProvider
from prepaid.loads.moves import run_of

TARGET_RATIO, TARGET_MIB = 3.0, 1_024
_MONTHS = ("2026-09-15", "2026-10-15", "2026-11-15")
_STATUSES = (TaxStatus.COMPANY, TaxStatus.PRIVATE_PERSON, TaxStatus.DISTRIBUTOR_EMPLOYEE)
"""Of whom nothing is levied, of whom something above an amount, and of whom always."""

_PROGRAMME: dict[str, Any] = {
    "schema": "kontor/1",
    "program": {
        "code": "bench",
        "name": "Benchmark",
        "sponsor": "Sponsor",
        "currency": "PLN",
        "country": "PL",
        "time_zone": "Europe/Warsaw",
        "locale": "pl",
        "starts_on": "2020-01-01",
        "point": {"value": "0.05"},
    },
    "tax": {"pack": "PL"},
    "prepaid": {
        "provider": "batch_file",
        "cards": "registered",
        "batch_file": {
            "format": "xlsx",
            "name": "{program}-{batch}.xlsx",
            "columns": [
                {"title": title, "holds": holds}
                for title, holds in (
                    ("Line", "line"),
                    ("Reference", "reference"),
                    ("Goes with", "requires"),
                    ("Card", "token"),
                    ("Amount", "amount"),
                    ("Currency", "currency"),
                    ("Kind", "kind"),
                    ("Holder", "holder"),
                )
            ],
            "answers": {
                "lines": {"reference": "Reference", "result": "Result", "loaded": ["loaded"], "failed": ["failed"]}
            },
        },
    },
}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench conversion", description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=5_000)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    result = measure(given.accounts)
    if given.as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


def measure(accounts: int) -> dict[str, Any]:
    """Convert everything that so many accounts have, then measure the floor."""
    load_before = os.getloadavg()[0]
    with installation.bare(yaml.safe_dump(_PROGRAMME)) as run:
        with transaction(run.registry) as session:
            _people(session, accounts)
        installation.use_memory(run.addresses.owner_url)
        servers = installation.servers(run)
        stages, cpu = {}, {}
        run_id = 0
        with installation.workers(run) as workers:
            watched = [os.getpid(), *workers]
            memory = Memory(watched)
            memory.start()
            for name in ("preview", "order_file"):
                began, used = time.perf_counter(), cpu_seconds([*watched, *servers])
                if name == "preview":
                    run_id = _preview(run)
                else:
                    ordered = ordering.approve_and_order(
                        run.registry, run.settings, BatchFileProvider(), run_id, actor="ben", now=run.now()
                    )
                stages[name] = time.perf_counter() - began
                cpu[name] = cpu_seconds([*watched, *servers]) - used
            peak = memory.end()
        proved = _proved(run, run_id, ordered)
        used = cpu_seconds([os.getpid(), *servers])
        rows = floor.load(run.addresses.owner_url, logged=True, rounds=1, tables=_rows_of(run_id))
        cpu["floor"] = cpu_seconds([os.getpid(), *servers]) - used
        ours, written, cells = _workbook(ordered.file)
        cpu["floor"] += written
    seconds, below = sum(stages.values()), rows.seconds + written
    return {
        "accounts": accounts,
        **proved,
        "seconds": round(seconds, 2),
        "stages": {name: round(value, 2) for name, value in stages.items()},
        "cpu_seconds": {name: round(value, 2) for name, value in cpu.items()},
        "largest_process_mib": max(peak.values(), default=0),
        "target_mib": TARGET_MIB,
        "floor": {"copy": round(rows.copy, 2), "keys": round(rows.keys, 2), "workbook": round(written, 2)},
        "workbook": {"cells": cells, "ours": round(ours, 2), "ratio_to_writer": round(ours / written, 2)},
        "floor_seconds": round(below, 2),
        "ratio_to_floor": round(seconds / below, 2),
        "ratio_of_cpu": round((cpu["preview"] + cpu["order_file"]) / cpu["floor"], 2),
        "target_ratio": TARGET_RATIO,
        "load_before": round(load_before, 2),
    }


def _people(session: Session, count: int) -> None:
    """Make distributors with cards, and points of three months, no two with the same amount."""
    program = programs.program_by_code(session, "bench")
    started = np.datetime64("2020-01-01", "D").astype(object)
    rows = [DistributorRow(f"D{at:06d}", f"Sklep nr {at}", tax_status=_STATUSES[at % 3]) for at in range(count)]
    put_distributors(session, program.id, "pl", rows, enrolled_on=started, may_owe=True)
    found = session.execute(
        select(Distributor.id, Account.id)
        .join(Account, Account.distributor_id == Distributor.id)
        .where(Distributor.program_id == program.id, Account.unit == Unit.POINTS)
        .order_by(Distributor.id)
    ).all()
    who, account = (np.asarray(column, dtype=np.int64) for column in zip(*found, strict=True))
    _cards(session, program, who)
    drawn = np.random.default_rng(7)
    for day in _MONTHS:
        _points(session, program, account, drawn.integers(1_000, 200_000, len(account)), day)


def _cards(session: Session, program: Program, who: np.ndarray) -> None:
    count, now = len(who), np.datetime64("2026-01-01", "us")
    copy_into(
        session,
        Card,
        {
            "program_id": np.full(count, program.id),
            "distributor_id": who,
            "provider": ["batch_file"] * count,
            "reference": [f"card-{one}" for one in who.tolist()],
            "token": [f"tok-{one:x}-bench" for one in who.tolist()],
            "last4": [f"{one % 10_000:04d}" for one in who.tolist()],
            "active": np.ones(count, dtype=np.bool_),
            "state": [CardState.ACTIVE.value] * count,
            "identity": [Identity.VERIFIED.value] * count,
            "carried_minor": np.zeros(count, dtype=np.int64),
            "created_at": np.full(count, now),
            "issued_at": np.full(count, now),
        },
    )


def _points(session: Session, program: Program, account: np.ndarray, amount: np.ndarray, day: str) -> None:
    """Give each account points that were earned on a day."""
    ids, count = posting.transaction_ids(session, len(account)), len(account)
    on = np.full(count, np.datetime64(day, "D"))
    given = posting.Posting(program.id, actor="bench", reason="benchmark")
    given.add_transactions(ids, TransactionKind.ADJUST, [f"bench:{one}" for one in ids.tolist()], on)
    given.add_entries(ids, account, np.full(count, Bucket.AVAILABLE, dtype=np.int64), amount, ids)
    ours = np.full(count, program_accounts(session, program.id)[Unit.POINTS], dtype=np.int64)
    bucket = np.full(count, posting.program_bucket(TransactionKind.ADJUST), dtype=np.int64)
    given.add_entries(ids, ours, bucket, -amount)
    given.new_lots.append(
        posting.NewLots(
            id=ids,
            account_id=account,
            state=np.full(count, LotState.OPEN, dtype=np.int64),
            earned_on=on,
            expires_on=np.full(count, np.datetime64("2027-12-31", "D")),
            unit_value_micro=np.full(count, program.point_value_micro, dtype=np.int64),
            amount=amount,
            remaining=amount,
        )
    )
    posting.post(session, given)


def _preview(run: Runtime) -> int:
    """Prepare the run, as the command does, and wait until workers have."""
    with transaction(run.registry) as session:
        made = preparing.preview(
            session,
            programs.program_by_code(session, "bench"),
            from_on=np.datetime64("2026-01-01", "D").astype(object),
            to_on=np.datetime64("2026-12-31", "D").astype(object),
            actor="ann",
            now=run.now(),
        )
        run_id = made.id
    messenger.wake(run.addresses.redis_url, installation.WORKERS)
    while True:
        with transaction(run.registry) as session:
            found = preparing.how_far(session, run_of(session, run_id))
        run.registry.remove()
        if found is None:
            return run_id
        if not found.goes_on:
            raise SystemExit(found.why)
        time.sleep(0.1)


def _rows_of(run_id: int) -> dict[str, str]:
    """Say which rows the run has written: new ones, and those of lots and accounts, which are other rows since."""
    reserved = f"key like 'convert:{run_id}:%'"
    entries = f"transaction_id in (select id from ledger_transaction where {reserved})"
    return {
        "redemption": f"run_id = {run_id}",
        "top_up": f"run_id = {run_id}",
        "ledger_transaction": reserved,
        "ledger_entry": entries,
        "lot": f"id in (select lot_id from ledger_entry where {entries})",
        "account": f"id in (select account_id from ledger_entry where {entries})",
    }


def _workbook(file: Path) -> tuple[float, float, int]:
    """Write the order file once more by our writer, and its cells by the fastest one alone.

    Gives the seconds of both, and how many cells.
    """
    table = fastexcel.read_excel(file).load_sheet(0).to_arrow()
    columns = {name: table.column(name).to_pylist() for name in table.schema.names}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    count = len(rows)
    lines = OrderLines(
        reference=columns["Reference"],
        requires=columns["Goes with"],
        token=columns["Card"],
        last4=["0000"] * count,
        amount_minor=np.rint(np.asarray(columns["Amount"]) * 100).astype(np.int64),
        kind=[TopUpKind(one) for one in columns["Kind"]],
        distributor_code=[""] * count,
        holder=columns["Holder"],
    )
    template = BatchFile.model_validate(_PROGRAMME["prepaid"]["batch_file"])
    batch = Batch(1, 1, "bench", dt.date(2026, 11, 26), "PLN", 2)
    began = time.perf_counter()
    write_batch(file.with_name("ours.xlsx"), template, batch, lines)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    xlsx.write_worksheet(rows, str(file.with_name("again.xlsx")))
    return ours, time.perf_counter() - began, count * len(columns)


def _proved(run: Runtime, run_id: int, ordered: ordering.Ordered) -> dict[str, Any]:
    """Hold the file against the preview, and prove the ledger.

    Raises:
        SystemExit: Something differs.
    """
    with transaction(run.registry) as session:
        problems = ledger_check.check(session).problems
    with transaction(run.registry) as session:
        report = runs.report(session, run_id)
        one = report.run
        wanted = one.amount_minor + one.compensation_minor
        if problems or wanted != ordered.amount_minor:
            raise SystemExit(f"the run does not add up: {problems[:3]}, {wanted}, {ordered.amount_minor}")
        return {
            "top_ups": ordered.lines,
            "taken": one.accounts,
            "left_out": len(one.exceptions),
            "amount_minor": ordered.amount_minor,
        }


def show(result: dict[str, Any]) -> None:
    """Print the figures."""
    for name, value in result.items():
        print(f"{name:<24}{value}")


if __name__ == "__main__":
    main()
