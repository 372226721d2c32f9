"""The demonstration: the main job on a year of made-up sales, told in a short table; then the web application.

Every step is done once: started again, the demonstration finds its data and goes on where it stopped.
"""

import argparse
import datetime as dt
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sqlalchemy import select

from app.cli.imports.following import follow
from app.cli.output import figure
from app.cli.running.processes import serve
from app.cli.running.runtime import Runtime, runtime
from app.config import secret_key
from app.db.transaction import transaction
from app.demo import claims, life, rewards
from app.demo.data import DemoFiles, write_demo
from app.domain.export_wish import Wish
from app.domain.states import (
    BatchStatus,
    ExportForm,
    ExportState,
    ExportSubject,
    RunStatus,
    TopUpKind,
    TopUpStatus,
    Unit,
)
from app.exports.histories import asking
from app.exports.histories.making import Maker
from app.extensions import db
from app.jobs import messenger
from app.models.exports import Export
from app.models.imports import ImportBatch
from app.models.prepaid import ConversionRun
from app.models.programs import Program
from app.services import chores
from app.services.access.keys import Keys
from app.services.access.people import login_key
from app.services.ledger import ledger_check
from app.services.setup import program_files, programs
from app.services.tracing import balances
from app.web.auth import samples
from importers.batches import batches
from prepaid.conversions import ordering, preparing, runs, sending
from prepaid.issuers.connections import connect
from prepaid.loads.moves import run_of

FROM, TO = dt.date(2025, 11, 1), dt.date(2026, 9, 30)
"""What is converted: the last month's points are left, so that there is something to spend in the portal."""
PREVIEWER, APPROVER = "finance@demo.example", "owner@demo.example"
_KINDS = ("distributors", "products", "sales")


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the table instead of serving the application")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the summary as one JSON document")
    given = parser.parse_args()
    os.environ["KONTOR_DEMO"] = "1"
    say = Console(stderr=True, highlight=False)
    began = time.monotonic()
    try:
        with runtime() as run:
            summary = perform(run, say)
            summary["seconds"] = round(time.monotonic() - began, 1)
            if given.as_json:
                click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
            else:
                show(run, summary)
            if given.once:
                return
            serve(run, web=True)
    except click.ClickException as failure:
        failure.show()
        sys.exit(failure.exit_code)


def perform(run: Runtime, say: Console) -> dict[str, Any]:
    """Do the main job, as far as it is not done yet, and sum it up."""
    folder = run.settings.home / "demo"
    say.print("Making a year of sales of a tool maker ...")
    files = write_demo(folder)
    file = program_files.parse(files.programme.read_text(encoding="utf-8"))
    with transaction(run.registry) as session:
        loaded = programs.load(session, file, actor="demo", now=run.now())
    for kind in _KINDS:
        say.print(f"Importing {kind} ...")
        _import_once(run, loaded.code, kind, getattr(files, kind))
    with transaction(run.registry) as session:
        program = programs.program_by_code(session, loaded.code)
        distributor = balances.balance_of(session, program.id, _best(session, program), Unit.POINTS).distributor_id
        samples.create(session, program, distributor, actor="demo", now=run.now())
    say.print("Converting eleven months' points into top-ups ...")
    run_id = _convert_once(run, loaded.code)
    with transaction(run.registry) as session:
        program = programs.program_by_code(session, loaded.code)
        life.live(session, program, distributor, public_url=run.settings.address, now=run.now())
        claims.register(session, run.settings, program, distributor, now=run.now())
        rewards.stock(session, Keys(secret_key(run.settings)), program, distributor, now=run.now())
    exports = _export_once(run, loaded.code)
    chores.run(run.registry, run.now())
    return _summary(run, loaded.code, files, run_id, exports)


def _import_once(run: Runtime, code: str, kind: str, path: Path) -> None:
    with transaction(run.registry) as session:
        program = programs.program_by_code(session, code)
        known = session.execute(
            select(ImportBatch.id, ImportBatch.status)
            .where(ImportBatch.program_id == program.id, ImportBatch.kind == kind, ImportBatch.created_by == "demo")
            .order_by(ImportBatch.id)
            .limit(1)
        ).one_or_none()
        if known is not None and known.status is BatchStatus.DONE:
            return
        if known is None:
            batch_id = batches.start(
                session,
                run.settings,
                program,
                kind,
                path,
                file_name=path.name,
                profile_name=None,
                dry_run=False,
                actor="demo",
                now=run.now(),
            )
        else:
            batch_id = known.id
            batches.retry(session, batch_id, actor="demo", now=run.now())
    messenger.wake(run.addresses.redis_url, 1)
    progress = follow(run, batch_id)
    if progress.status is not BatchStatus.DONE:
        raise click.ClickException(f"the import of {path.name} failed: {progress.message}")


def _best(session: Any, program: Program) -> str:
    """Give the distributor whose statement the sample distributor sees: the one with most points."""
    rows = balances.balances(session, program.id, Unit.POINTS)
    return max(rows, key=lambda row: row.earned).code


def _convert_once(run: Runtime, code: str) -> int:
    """Preview, approve as somebody else, send, settle: whatever of it is not done yet."""
    with transaction(run.registry) as session:
        program = programs.program_by_code(session, code)
        known = session.execute(
            select(ConversionRun.id, ConversionRun.status)
            .where(ConversionRun.program_id == program.id, ConversionRun.previewed_by == login_key(PREVIEWER))
            .order_by(ConversionRun.id)
            .limit(1)
        ).one_or_none()
        if known is None:
            made = preparing.preview(
                session, program, from_on=FROM, to_on=TO, unit=Unit.POINTS, actor=login_key(PREVIEWER), now=run.now()
            )
            known_id, status = made.id, made.status
        else:
            known_id, status = known.id, known.status
    if status is RunStatus.PREVIEW:
        ordering.approve_and_order(
            run.registry, run.settings, _provider(run, known_id), known_id, actor=APPROVER, now=run.now()
        )
    if status is not RunStatus.SETTLED:
        sending.send(run.registry, run.settings, _provider(run, known_id), known_id, actor=PREVIEWER, now=run.now())
    return int(known_id)


def _provider(run: Runtime, run_id: int) -> Any:
    with transaction(run.registry) as session:
        return connect(run_of(session, run_id).provider, db.engine)


def _export_once(run: Runtime, code: str) -> list[str]:
    """Write finance's history of top-ups, as a workbook and as CSV, where that is not done yet."""
    wish = {
        "subject": ExportSubject.TOP_UPS,
        "programs": [code],
        "from_on": FROM,
        "to_on": max(TO, run.now().date()),
    }
    with transaction(run.registry) as session:
        program_id = programs.program_by_code(session, code).id
        mine = (Export.program_id == program_id, Export.asked_by == login_key(PREVIEWER), Export.plan_id.is_(None))
        known = session.scalars(select(Export).where(*mine).order_by(Export.id).limit(2)).all()
        exports = known or [
            asking.ask(
                session,
                Wish.model_validate(wish | {"form": form}),
                program_id=program_id,
                actor=login_key(PREVIEWER),
                now=run.now(),
                by_worker=False,
            )
            for form in (ExportForm.XLSX, ExportForm.CSV)
        ]
        written = {one.id: str(asking.file_path(run.settings.files, one)) for one in exports}
        wanted = [one.id for one in exports if one.state is not ExportState.MADE]
    for number in wanted:
        Maker(run.registry, run.settings, run.now).make(number)
    return list(written.values())


def _summary(run: Runtime, code: str, files: DemoFiles, run_id: int, exports: list[str]) -> dict[str, Any]:
    with transaction(run.registry) as session:
        program = programs.program_by_code(session, code)
        batch_id = session.scalars(
            select(ImportBatch.id)
            .where(ImportBatch.program_id == program.id, ImportBatch.kind == "sales", ImportBatch.created_by == "demo")
            .order_by(ImportBatch.id)
            .limit(1)
        ).one()
        counts = batches.progress_of(session, batch_id, run.now()).counts
        report = runs.report(session, run_id)
        currency = program.currency
    with transaction(run.registry) as session:
        in_order = ledger_check.check(session).ok
    return {
        "program": code,
        "distributors": files.distributor_count,
        "products": files.product_count,
        **{
            name: counts[name]
            for name in ("rows_read", "documents", "lines_accepted", "lines_held", "lines_refused", "duplicates")
        },
        "points_awarded": counts["points_awarded"],
        "points_reversed": counts["points_reversed"],
        "top_ups": report.count(TopUpStatus.LOADED),
        "top_ups_failed": report.count(TopUpStatus.FAILED),
        "amount_minor": report.amount_minor(TopUpStatus.LOADED, TopUpKind.REWARD),
        "compensation_minor": report.amount_minor(TopUpStatus.LOADED, TopUpKind.COMPENSATION),
        "currency": currency,
        "ledger_ok": in_order,
        "exports": exports,
    }


def show(run: Runtime, summary: dict[str, Any]) -> None:
    """Tell what happened as a short table."""
    with transaction(run.registry) as session:
        program = programs.program_by_code(session, summary["program"])
        name, decimals, points = program.name, program.currency_decimals, program.point_decimals
    currency = summary["currency"]

    def money(minor: int) -> str:
        return f"{figure(minor, decimals)} {currency}"

    rows = [
        ("Programme", f"{name} ({summary['program']})"),
        ("Distributors and products", f"{figure(summary['distributors'])} and {figure(summary['products'])}"),
        ("Rows of the sales report", figure(summary["rows_read"])),
        ("  accepted", f"{figure(summary['lines_accepted'])} in {figure(summary['documents'])} documents"),
        ("  held for a decision or a correction", figure(summary["lines_held"])),
        ("  refused", figure(summary["lines_refused"])),
        ("  here already", figure(summary["duplicates"])),
        ("Points awarded", figure(summary["points_awarded"], points)),
        ("  taken back by returns", figure(summary["points_reversed"], points)),
        ("Top-ups loaded", f"{figure(summary['top_ups'])}, {figure(summary['top_ups_failed'])} failed"),
        ("  rewards", money(summary["amount_minor"])),
        ("  tax compensation", money(summary["compensation_minor"])),
        ("The ledger", "in order" if summary["ledger_ok"] else "NOT IN ORDER"),
        ("Finance's export", summary["exports"][0]),
        ("Seconds", str(summary["seconds"])),
    ]
    width = max(len(title) for title, _ in rows)
    click.echo()
    for title, value in rows:
        click.echo(f"  {title:<{width}}  {value}")
    click.echo()


if __name__ == "__main__":
    main()
