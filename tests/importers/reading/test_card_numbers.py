"""Files with the numbers of payment cards are refused whole, and nothing of them stays."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from flask import Flask

from app.config import settings
from app.db.transaction import Sessions, transaction
from app.domain.states import BatchStatus
from app.extensions import db
from app.jobs import worker
from importers.batches import batches
from importers.errors import CardNumbersFound
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.files.opening import whole
from importers.reading.identifying import identify
from tests.importers.driver import Desk
from tests.support import programs
from tests.support.programs import NOW

HEADER = "number,date,distributor,product,quantity,net,remark"
SOLD = "1,2026-03-01,D1,5900003203468,1,10.00,fine"


def bring(registry: Sessions, code: str, tmp_path: Path, *rows: str) -> tuple[batches.Progress, Path]:
    """Import lines below the header."""
    return bring_text(registry, code, tmp_path, [HEADER, *rows])


def bring_text(registry: Sessions, code: str, tmp_path: Path, rows: Sequence[str]) -> tuple[batches.Progress, Path]:
    """Import a file by this process's own work. Gives what became of it, and its folder."""
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(rows) + "\n")
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code))
        programs.people(session, program, ("D1", "4111111111111111"))
        programs.goods(session, program, {"5900003203468": None, "4222222222222": None})
        batch = batches.start(
            session,
            settings(),
            program,
            "sales",
            path,
            file_name=path.name,
            profile_name=None,
            dry_run=False,
            actor="ann",
            now=NOW,
        )
    bench = worker.Bench(registry, db.engine, 30)
    while True:
        with transaction(registry) as session:
            progress = batches.progress_of(session, batch, NOW)
        if progress.ended:
            return progress, settings().files / "imports" / str(batch)
        assert worker.do_one(bench)


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("2,2026-03-01,D1,5900003203468,1,10.00,paid with 4111 1111 1111 1111", "row 3, column 'remark'"),
        ("2,2026-03-01,D1,5900003203468,1,10.00,4111111111111111", "row 3, column 'remark'"),
        ("4111-1111-1111-1111,2026-03-01,D1,5900003203468,1,10.00,", "row 3, column 'number'"),
        ("2,2026-03-01,D1,5900003203468,1,10.00,,378282246310005", "row 3"),
    ],
)
def test_a_card_number_in_any_cell_refuses_the_file_and_nothing_of_it_is_kept(
    app: Flask, registry: Sessions, code: str, tmp_path: Path, row: str, where: str
) -> None:
    progress, folder = bring(registry, code, tmp_path, "1,2026-03-01,D1,5900003203468,1,10.00,fine", row)
    assert progress.status is BatchStatus.FAILED
    assert progress.message is not None
    assert progress.message.startswith(f"sales.csv, {where}: this may be the number of a payment card")
    assert "1111" not in progress.message
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        (["Card 5555 5555 5555 4444,,,,,,", HEADER, SOLD], "row 1"),
        ([HEADER.replace("remark", "5555555555554444"), SOLD], "row 1"),
        ([HEADER, SOLD, "", "Paid with 5555 5555 5555 4444,,,,,,"], "row 4"),
        ([HEADER, SOLD, "Total,,,,1,10.00,5555555555554444"], "row 3"),
    ],
)
def test_a_card_number_around_the_lines_refuses_the_file_as_well(
    app: Flask, registry: Sessions, code: str, tmp_path: Path, rows: list[str], where: str
) -> None:
    progress, folder = bring_text(registry, code, tmp_path, rows)
    assert progress.status is BatchStatus.FAILED
    assert str(progress.message).startswith(f"sales.csv, {where}: this may be the number of a payment card")
    assert "4444" not in str(progress.message)
    assert list(folder.iterdir()) == []


def test_a_card_number_that_a_workbook_keeps_as_a_number_refuses_it(desk: Desk) -> None:
    profile = {"columns": {"distributor": "code", "token": "token", "last4": "last4"}}
    desk.load(import_profiles={"cards": profile})
    desk.people("D1")
    message = desk.refused(desk.xlsx(("D1", 5555555555554440, "4444"), header=("code", "token", "last4")), "cards")
    assert "row 2, column 'token': this may be the number of a payment card" in message
    assert "5555" not in message


def test_where_a_header_is_one_no_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Distributor code,E-mail,5555555555554444\nD1,ann@one.example,x\n")
    judged = judge(path, path.name, Limits.of(settings()))
    with pytest.raises(CardNumbersFound) as found:
        identify(*whole(judged, path.name), path.name, {})
    assert "5555" not in str(found.value)


def test_long_codes_are_no_card_numbers(app: Flask, registry: Sessions, code: str, tmp_path: Path) -> None:
    progress, _ = bring(
        registry,
        code,
        tmp_path,
        "4111111111111111,2026-03-01,4111111111111111,5900003203468,1,10.00,4222222222222",
        "2026000000000001,2026-03-01,D1,4222222222222,1,10.00,30569309025904",
    )
    assert (progress.status, progress.counts["lines_accepted"]) == (BatchStatus.DONE, 2)
