"""Imports from end to end for tests: a file goes in, every job is done here, and what became of it comes out."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from flask import Flask
from sqlalchemy import func, select, text

from app.db.transaction import Sessions, transaction
from app.domain.states import BatchStatus, DocumentStatus, Unit
from app.extensions import db
from app.jobs import worker
from app.models.imports import ImportProblem
from app.models.programs import Program
from app.models.registry import metadata
from app.models.sales import SalesDocument
from app.services.ledger import ledger_check
from app.services.tracing import balances
from app.services.tracing.balances import StatementLine
from importers.batches import batches
from importers.batches.batches import Progress
from tests.support import programs

Cell = str | int | float | bool | None | Any
Row = Sequence[Cell]

HEADER = ("number", "date", "distributor", "product", "quantity", "net")


def csv_file(path: Path, rows: Sequence[Row], header: Sequence[str] = HEADER, delimiter: str = ",") -> Path:
    """Write a small CSV file; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def xlsx_file(path: Path, rows: Sequence[Row], header: Sequence[str] | None = HEADER, sheet: str = "Sheet") -> Path:
    """Write a small workbook."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = sheet
    for row in [*([header] if header else []), *rows]:
        page.append(list(row))
    book.save(path)
    return path


def cells_of(path: Path) -> list[list[Any]]:
    """Read a workbook back by another reader than our own."""
    book = openpyxl.load_workbook(path)
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


@dataclass
class Desk:
    """An installation with one programme, as a person at its desk sees it."""

    app: Flask
    registry: Sessions
    clock: Callable[[], Any]
    folder: Path
    code: str
    program_id: int = 0
    document: dict[str, Any] = field(default_factory=dict)
    written: int = 0

    def load(self, **changes: Any) -> "Desk":
        """Load the programme (``changes`` as `programs.document` takes them), or load it again."""
        self.document = programs.document(self.code, **changes)
        return self.reload()

    def reload(self) -> "Desk":
        """Load the programme's document as it is now."""
        with transaction(self.registry) as session:
            self.program_id = programs.load(session, self.document, now=self.clock()).id
        return self

    def profile(self, name: str = "sales", **settings: Any) -> "Desk":
        """Change an import profile; ``columns`` are added to those that it has."""
        profiles = self.document["import_profiles"]
        was = dict(profiles.get(name, {"columns": {}}))
        columns = {**was["columns"], **settings.pop("columns", {})}
        profiles[name] = {**was, **settings, "columns": columns}
        return self.reload()

    def speak(self, language: str) -> "Desk":
        """Change the programme's language."""
        self.document["program"]["locale"] = language
        return self.reload()

    def people(self, *codes: str, **every: Any) -> dict[str, int]:
        """Create distributors."""
        with transaction(self.registry) as session:
            return programs.people(session, session.get_one(Program, self.program_id), codes, **every)

    def goods(self, **groups: str | None) -> dict[str, int]:
        """Create products."""
        with transaction(self.registry) as session:
            return programs.goods(session, session.get_one(Program, self.program_id), groups)

    def csv(self, *rows: Row, header: Sequence[str] = HEADER) -> Path:
        """Write the next CSV file."""
        self.written += 1
        return csv_file(self.folder / f"report-{self.written}.csv", rows, header)

    def xlsx(self, *rows: Row, header: Sequence[str] = HEADER) -> Path:
        """Write the next workbook."""
        self.written += 1
        return xlsx_file(self.folder / f"report-{self.written}.xlsx", rows, header)

    def start(
        self, path: Path, kind: str = "sales", *, profile: str | None = None, dry_run: bool = False, name: str = ""
    ) -> int:
        """Take a file in; nothing is done with it yet."""
        with transaction(self.registry) as session:
            program = session.get_one(Program, self.program_id)
            return batches.start(
                session,
                self.app.extensions["kontor"]["settings"],
                program,
                kind,
                path,
                file_name=name or path.name,
                profile_name=profile,
                dry_run=dry_run,
                actor="test",
                now=self.clock(),
            )

    def work(self) -> int:
        """Do every job that there is. Returns how many."""
        bench = worker.Bench(self.registry, db.engine, 30.0)
        done = 0
        while worker.do_one(bench):
            done += 1
        return done

    def progress(self, batch: int) -> Progress:
        """Tell how far an import has come."""
        with transaction(self.registry) as session:
            found = batches.progress_of(session, batch, self.clock())
        self.registry.remove()
        return found

    def run(self, path: Path, kind: str = "sales", **options: Any) -> Progress:
        """Import a file to its end, and check what is true of every import."""
        batch = self.start(path, kind, **options)
        self.work()
        found = self.progress(batch)
        assert found.status is BatchStatus.DONE, found.message
        self.add_up(found)
        return found

    def refused(self, path: Path, kind: str = "sales", **options: Any) -> str:
        """Import a file that cannot be read as a whole; give the message."""
        batch = self.start(path, kind, **options)
        self.work()
        found = self.progress(batch)
        assert found.status is BatchStatus.FAILED
        assert found.message is not None
        assert "Traceback" not in found.message
        return found.message

    def add_up(self, found: Progress) -> None:
        """Every row is counted once, every problem is stored and handed back, and the ledger is in order."""
        counts = found.counts
        parts = ("lines_accepted", "lines_held", "lines_refused", "duplicates", "rows_recognised")
        assert sum(counts[name] for name in parts) == counts["rows_read"], counts
        assert all(counts[name] >= 0 for name in parts)
        problems = self.problems(found.batch_id)
        outcomes = [outcome for outcome, _ in problems.values()]
        assert outcomes.count("held") == counts["lines_held"]
        assert outcomes.count("refused") == counts["lines_refused"]
        assert (found.problems_file is not None) == bool(problems)
        self.check()

    def problems(self, batch: int) -> dict[int, tuple[str, list[dict[str, Any]]]]:
        """Give outcome and reasons by row."""
        with transaction(self.registry) as session:
            rows = session.execute(
                select(ImportProblem.row_number, ImportProblem.outcome, ImportProblem.reasons).where(
                    ImportProblem.batch_id == batch
                )
            ).all()
        return {row: (str(outcome), reasons) for row, outcome, reasons in rows}

    def codes(self, found: Progress) -> dict[int, tuple[str, str]]:
        """Give outcome and the codes of the reasons by row."""
        return {
            row: (outcome, " ".join(one["code"] for one in reasons))
            for row, (outcome, reasons) in self.problems(found.batch_id).items()
        }

    def check(self) -> None:
        """Prove the ledger."""
        with transaction(self.registry) as session:
            assert ledger_check.check(session).problems == []

    def balance(self, code: str, unit: Unit = Unit.POINTS) -> tuple[int, int]:
        """Give (pending, available) of a distributor."""
        with transaction(self.registry) as session:
            found = balances.balance_of(session, self.program_id, code, unit)
        return found.pending, found.available

    def statement(self, code: str) -> list[StatementLine]:
        """Give a distributor's movements, newest first."""
        with transaction(self.registry) as session:
            found = balances.balance_of(session, self.program_id, code, Unit.POINTS)
            return balances.statement(session, found.distributor_id, Unit.POINTS)

    def documents(self) -> dict[tuple[str, DocumentStatus], int]:
        """Count the programme's documents by number and status."""
        with transaction(self.registry) as session:
            rows = session.execute(
                select(SalesDocument.number, SalesDocument.status, func.count())
                .where(SalesDocument.program_id == self.program_id)
                .group_by(SalesDocument.number, SalesDocument.status)
            ).all()
        return {(number, status): count for number, status, count in rows}

    def days(self) -> list[str]:
        """Give the days of the programme's documents."""
        query = select(SalesDocument.issued_on).where(SalesDocument.program_id == self.program_id)
        with transaction(self.registry) as session:
            return [day.isoformat() for day in session.scalars(query)]

    def document_id(self, number: str, status: DocumentStatus | None = None) -> int:
        """Find one document by its number as written."""
        query = select(SalesDocument.id).where(
            SalesDocument.program_id == self.program_id, SalesDocument.number == number
        )
        if status is not None:
            query = query.where(SalesDocument.status == status)
        with transaction(self.registry) as session:
            return session.scalars(query).one()

    def totals(self, leave_out: Sequence[str] = ()) -> Mapping[str, int]:
        """Count the rows of every table."""
        with transaction(self.registry) as session:
            return {
                table.name: session.execute(text(f'select count(*) from "{table.name}"')).scalar_one()
                for table in metadata.sorted_tables
                if table.name not in leave_out
            }
