"""Rows that did not count come back as the file had them, with the reason; corrected, they go in again."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.jobs import worker
from app.models.aliases import UnknownName
from app.models.programs import Program
from app.models.sales import SalesDocument, SalesLine
from importers.batches.batches import Progress
from importers.batches.store import BatchFiles
from importers.layout.tables.handed_back import Proved
from importers.names import continuing
from tests.importers.driver import HEADER, Desk, cells_of


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    """A desk that knows D1, D2, P1 and P2, of a programme in English."""
    desk.speak("en")
    desk.people("D1", "D2")
    desk.goods(P1="tools", P2=None)
    return desk


def handed_back(found: Progress) -> list[list[Any]]:
    assert found.problems_file is not None
    return cells_of(Path(found.problems_file))


def corrected(found: Progress, **cells: Any) -> Path:
    """Correct the workbook in place as a person does: ``cells`` by their names, such as ``E2``."""
    assert found.problems_file is not None
    path = Path(found.problems_file)
    book = openpyxl.load_workbook(path)
    for name, value in cells.items():
        book.worksheets[0][name] = value
    fresh = path.with_name("corrected.xlsx")
    book.save(fresh)
    return fresh


def counts(found: Progress) -> tuple[int, ...]:
    """Give (accepted, held, refused, here already, points)."""
    names = ("lines_accepted", "lines_held", "lines_refused", "duplicates", "points_awarded")
    return tuple(found.counts[name] for name in names)


def test_the_workbook_has_the_files_own_columns_in_its_order_and_one_more(stocked: Desk) -> None:
    header = ("Remark", *HEADER, "Empty", "Ł")
    path = stocked.csv(
        ("=1+1", "007", "2026-01-02", "D1", "P1", "x", "10.00", None, "ż"),
        ("good", "008", "2026-01-02", "D1", "P1", "1", "10.00", None, None),
        (" two words ", "009", "", "D9", "P1", "1", "1.234", None, "a\nb"),
        header=header,
    )
    found = stocked.run(path)
    first, *rows = handed_back(found)
    assert first == [*header, "Reason"]
    assert rows[0][:-1] == ["=1+1", "007", "2026-01-02", "D1", "P1", "x", "10.00", None, "ż"]
    assert rows[0][-1] == "Refused: quantity: found 'x', expected a number such as 1234.56; correct it."
    assert rows[1][:-1] == [" two words ", "009", None, "D9", "P1", "1", "1.234", None, "a\nb"]
    assert rows[1][-1] == (
        "Refused: date: the cell is empty; fill it in. "
        "No distributor has the code 'D9'; import the distributor or correct the code."
    )
    assert len(rows) == 2


def test_the_workbook_is_in_the_programmes_language_and_is_known_again_when_that_changed(stocked: Desk) -> None:
    stocked.speak("pl")
    path = stocked.csv(
        ("A", "", "D9", "P1", "1", "10.00"),
        ("B", "2026-01-02", "D1", "P1", "x", "10.00"),
    )
    found = stocked.run(path)
    first, *rows = handed_back(found)
    assert first == [*HEADER, "Powód"]
    assert rows[0][-1].startswith("Odrzucony: date: komórka jest pusta")
    assert "Żaden dystrybutor nie ma kodu 'D9'" in rows[0][-1]
    stocked.speak("ru")
    again = stocked.run(corrected(found, B2="2026-01-02", C2="D1", E3="2"))
    assert counts(again)[:4] == (2, 0, 0, 0)


def test_a_column_of_that_name_keeps_it_and_ours_takes_another(stocked: Desk) -> None:
    path = stocked.csv(("A", "never", "D1", "P1", "1", "1", "because"), header=(*HEADER, "REASON"))
    first, row = handed_back(stocked.run(path))
    assert first == [*HEADER, "REASON", "Reason (2)"]
    assert row[6] == "because"
    again = stocked.run(corrected(stocked.run(path), B2="2026-01-02"))
    assert counts(again) == (1, 0, 0, 0, 0)


def test_rows_that_were_corrected_in_the_workbook_count_as_if_they_had_been_right(stocked: Desk) -> None:
    path = stocked.csv(
        ("A", "2026-01-02", "D1", "P1", "1", "100.00"),
        ("B", "2026-01-02", "D1", "P1", "many", "100.00"),
        ("B", "2026-01-02", "D1", "P2", "2", "55.50"),
        ("C", "2026-01-02", "D7", "P1", "1", "30.00"),
    )
    found = stocked.run(path)
    assert counts(found) == (1, 2, 1, 0, 10)
    again = stocked.run(corrected(found, E2="3", C4="d2"))
    assert counts(again) == (3, 0, 0, 0, 15 + 3)
    assert (stocked.balance("D1"), stocked.balance("D2")) == ((0, 25), (0, 3))
    assert counts(stocked.run(corrected(found, E2="3", C4="d2"))) == (0, 0, 0, 3, 0)


def test_held_rows_go_in_as_they_are_once_what_they_name_is_known(stocked: Desk) -> None:
    found = stocked.run(stocked.csv(("A", "2026-01-02", "D8", "P8", "1", "100.00")))
    assert counts(found) == (0, 1, 0, 0, 0)
    stocked.people("D8")
    stocked.goods(P8=None)
    assert counts(stocked.run(Path(str(found.problems_file)))) == (1, 0, 0, 0, 10)


def test_numbers_and_dates_written_as_a_country_writes_them_are_read_alike_from_the_workbook(stocked: Desk) -> None:
    stocked.profile(decimal=",", dates="%d.%m.%Y")
    rows = [
        ("A", "02.01.2026", "D1", "P1", "1,5", "1 234,50"),
        ("B", "03.01.2026", "D8", "P1", "2,25", "99,99"),
        ("C", "04.01.2026", "D8", "P1", "-1", "-10,05"),
    ]
    found = stocked.run(stocked.csv(*rows))
    assert counts(found) == (1, 2, 0, 0, 123)
    assert [row[:-1] for row in handed_back(found)[1:]] == [list(row) for row in rows[1:]]
    stocked.people("D8")
    again = stocked.run(Path(str(found.problems_file)))
    # the returned line finds no sale of its own day or before, but for the one that came with it
    assert again.counts["lines_accepted"] == 2
    assert again.counts["points_awarded"] == 9


def test_cells_of_a_workbook_come_back_as_they_were_read_and_mean_the_same(stocked: Desk) -> None:
    stocked.profile(decimal=",", dates="%d.%m.%Y")
    header = ("number", "date", "distributor", "product", "quantity", "net")
    path = stocked.xlsx(
        (1001, dt.datetime(2026, 1, 2, 9, 30), "D8", "P1", 1.5, 1234.5),  # noqa: DTZ001
        (1002, dt.date(2026, 1, 3), "D8", "P1", "2,25", "99,99"),
        header=header,
    )
    found = stocked.run(path)
    assert counts(found) == (0, 2, 0, 0, 0)
    stocked.people("D8")
    again = stocked.run(Path(str(found.problems_file)))
    assert counts(again) == (2, 0, 0, 0, 123 + 9)
    # and the workbook that it came from is the same two invoices
    assert counts(stocked.run(path)) == (0, 0, 0, 2, 0)


def test_a_thousand_written_with_a_point_stays_refused_until_somebody_corrects_it(stocked: Desk) -> None:
    stocked.profile(decimal=",")
    found = stocked.run(
        stocked.csv(("A", "2026-01-02", "D1", "P1", "1.234", "5,00"), ("B", "x", "D1", "P1", "1", "1.234"))
    )
    assert counts(found) == (0, 0, 2, 0, 0)
    again = stocked.run(Path(str(found.problems_file)))
    assert counts(again) == (0, 0, 2, 0, 0)
    assert str(handed_back(again)[1][-1]) == (
        "Refused: quantity: found '1.234', expected a number such as 1234,56; correct it."
    )
    # as a number, as the country writes it, or without the point: all three say what is meant
    right = stocked.run(corrected(again, E2=1234, B3="2026-01-03", F3="1234,00"))
    assert counts(right) == (2, 0, 0, 0, 123)


def test_number_cells_with_three_decimals_are_fractions_and_text_cells_like_them_are_not(stocked: Desk) -> None:
    stocked.profile(decimal=",")
    path = stocked.xlsx(
        ("A", "2026-01-02", "D1", "P1", 1.234, 10),
        ("B", "2026-01-02", "D1", "P1", "1.234", 10),
        ("C", "2026-01-02", "D1", "P1", "1,234", 10),
        ("D", "2026-01-02", "D1", "P1", "0.125", "12.50"),
        ("E", "2026-01-02", "D8", "P1", 2.345, 10),
        ("F", "2026-01-02", "D8", "P1", -2.345, -10),
    )
    found = stocked.run(path)
    assert stocked.codes(found) == {
        3: ("refused", "not_a_number"),
        6: ("held", "unknown_distributor"),
        7: ("held", "unknown_distributor"),
    }
    assert [row[4] for row in handed_back(found)[1:]] == ["1.234", "2,345", "-2,345"]
    stocked.people("D8")
    again = stocked.run(Path(str(found.problems_file)))
    assert again.counts["lines_accepted"] == 2
    assert again.counts["lines_refused"] == 1
    with transaction(stocked.registry) as session:
        quantities = session.execute(
            select(SalesDocument.number, SalesLine.quantity_milli)
            .join(SalesDocument, SalesDocument.id == SalesLine.document_id)
            .where(SalesDocument.program_id == stocked.program_id)
        ).all()
    assert dict(map(tuple, quantities)) == {"A": 1_234, "C": 1_234, "D": 125, "E": 2_345, "F": -2_345}


def test_a_row_with_too_many_cells_keeps_what_stood_in_them(stocked: Desk) -> None:
    path = stocked.csv(("A", "2026-01-02", "D1", "P1", "1", "10.00"))
    with path.open("a", encoding="utf-8") as file:
        file.write("B,2026-01-02,D1,P1,1,10,00\nC,2026-01-02\n")
    found = stocked.run(path)
    assert counts(found) == (1, 0, 2, 0, 1)
    _, *rows = handed_back(found)
    assert rows[0][:-1] == ["B", "2026-01-02", "D1", "P1", "1", "10 | 00"]
    assert rows[1][:-1] == ["C", "2026-01-02", None, None, None, None]
    assert "7 cells" in str(rows[0][-1])
    again = stocked.run(corrected(found, F2="10.00", C3="D2", D3="P2", E3="1", F3="20.00"))
    assert counts(again) == (2, 0, 0, 0, 3)


@pytest.mark.parametrize("kind", ["distributors", "products"])
def test_rows_of_distributors_and_products_come_back_too(desk: Desk, kind: str) -> None:
    columns = {"code": "Code", "name": "Name", "group": "Group"}
    desk.speak("en").profile(kind, columns=columns)
    path = desk.csv(("1", "One", "gold"), ("2", None, "gold"), ("1", "Other", None), header=("Code", "Name", "Group"))
    found = desk.run(path, kind)
    first, *rows = handed_back(found)
    assert first == ["Code", "Name", "Group", "Reason"]
    assert [row[:-1] for row in rows] == [["2", None, "gold"], ["1", "Other", None]]
    assert rows[0][-1] == "Refused: Name: the cell is empty; fill it in."
    again = desk.run(corrected(found, B2="Two", A3="3"), kind)
    assert (again.counts["created"], again.counts["lines_accepted"]) == (2, 2)


def test_where_every_row_counts_there_is_no_workbook(stocked: Desk) -> None:
    found = stocked.run(stocked.csv(("A", "2026-01-02", "D1", "P1", "1", "100.00")))
    assert found.problems_file is None


def read_only(desk: Desk, path: Path) -> tuple[int, BatchFiles]:
    """Read a file and count nothing of it yet."""
    batch = desk.start(path)
    assert worker.do_one(worker.Bench(desk.registry, db.engine, 30.0))
    return batch, BatchFiles(desk.app.extensions["kontor"]["settings"].files, batch)


def test_a_workbook_that_counting_adds_nothing_to_is_the_one_prepared_while_it_counted(stocked: Desk) -> None:
    path = stocked.csv(("A", "never", "D1", "P1", "1", "1.00"), ("B", "2026-01-02", "D1", "P1", "1", "1.00"))
    batch, files = read_only(stocked, path)
    prepared = files.prepared(1).stat().st_ino
    stocked.work()
    assert files.problems.stat().st_ino == prepared
    assert [row[0] for row in handed_back(stocked.progress(batch))] == ["number", "A"]


def test_what_counting_finds_is_in_the_workbook_beside_what_reading_found(stocked: Desk) -> None:
    stocked.run(stocked.csv(("B", "2026-01-02", "D1", "P1", "1", "1.00")))
    path = stocked.csv(("A", "never", "D1", "P1", "1", "1.00"), ("B", "2026-01-02", "D1", "P1", "2", "2.00"))
    batch, files = read_only(stocked, path)
    assert files.prepared(1).exists()
    stocked.work()
    assert [row[0] for row in handed_back(stocked.progress(batch))] == ["number", "A", "B"]
    assert {one.name for one in files.folder.iterdir()} == {"original", "rows.arrow", "problems.xlsx"}


FOUND = {"dates": "found", "decimal": "found"}
"""A profile that leaves the order of days and the signs of numbers to the file."""


def as_text(found: Progress) -> Path:
    """Save the workbook as a person does who sends text."""
    assert found.problems_file is not None
    path = Path(found.problems_file).with_name("saved.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(cells_of(Path(found.problems_file)))
    return path


def test_rows_that_come_back_are_read_as_their_file_was_though_they_prove_less(stocked: Desk) -> None:
    stocked.profile(**FOUND)
    found = stocked.run(
        stocked.csv(
            ("A", "25.02.2026", "D1", "P1", "1", "1.234,50"),
            ("B", "03.04.2026", "D8", "P1", "1", "1.200"),
            ("C", "05.04.2026", "D1", "P1", "many", "1.100"),
        )
    )
    assert counts(found) == (1, 1, 1, 0, 123)
    assert handed_back(found)[0] == [*HEADER, "Reason [dates dmy; numbers 1.234,5]"]
    # still wrong in part: what comes back of what came back is read alike
    again = stocked.run(corrected(found, E3="2"))
    assert counts(again) == (1, 1, 0, 0, 110)
    assert handed_back(again)[0][-1] == "Reason [dates dmy; numbers 1.234,5] (2)"
    stocked.people("D8")
    assert counts(stocked.run(Path(str(again.problems_file)))) == (1, 0, 0, 0, 120)
    assert sorted(stocked.days()) == ["2026-02-25", "2026-04-03", "2026-04-05"]


def test_what_a_correction_would_prove_changes_nothing_of_how_the_others_are_read(stocked: Desk) -> None:
    stocked.profile(**FOUND)
    found = stocked.run(
        stocked.csv(
            ("A", "02/25/2026", "D1", "P1", "1.5", "1,234.50"),
            ("B", "never", "D1", "P1", "1", "1,200"),
            ("C", "03/04/2026", "D1", "P1", "many", "100.00"),
        )
    )
    again = stocked.run(corrected(found, B2="26/03/2026", E3="2,5"))
    assert stocked.codes(again) == {2: ("refused", "not_a_date"), 3: ("refused", "not_a_number")}
    right = stocked.run(corrected(again, B2="03/26/2026", E3="2.5"))
    assert counts(right) == (2, 0, 0, 0, 130)
    assert sorted(stocked.days()) == ["2026-02-25", "2026-03-04", "2026-03-26"]


def test_columns_that_write_numbers_otherwise_do_so_when_they_come_back(stocked: Desk) -> None:
    stocked.profile(**FOUND, columns={"unit_price": "price"})
    header = (*HEADER, "price")
    found = stocked.run(
        stocked.csv(
            ("A", "2026-01-02", "D1", "P1", "2", "2.469,00", "1234.50"),
            ("B", "2026-01-02", "D8", "P1", "1000", "1.234", "1.234"),
            header=header,
        )
    )
    assert handed_back(found)[0][-1] == "Reason [numbers 1234.5; net_amount 1.234,5]"
    stocked.people("D8")
    assert counts(stocked.run(Path(str(found.problems_file)))) == (1, 0, 0, 0, 123)


def test_a_thousand_with_a_comma_is_one_in_the_workbook_as_well(stocked: Desk) -> None:
    stocked.profile(thousands=",")
    found = stocked.run(stocked.csv(("A", "2026-01-02", "D8", "P1", "1", "1,200"), ("B", "x", "D1", "P1", "1", "1")))
    stocked.people("D8")
    assert counts(stocked.run(Path(str(found.problems_file)))) == (1, 0, 1, 0, 120)


def test_the_workbook_may_be_saved_as_text(stocked: Desk) -> None:
    stocked.profile(**FOUND)
    found = stocked.run(
        stocked.csv(
            ("A", "25.02.2026", "D1", "P1", "1", "234,50"),
            ("B", "03.04.2026", "D8", "P1", "1", "1.200"),
            ("C", "05.04.2026", "D8", "P1", "1", "1.100"),
        )
    )
    stocked.people("D8")
    again = stocked.run(as_text(found))
    assert counts(again) == (2, 0, 0, 0, 120 + 110)
    assert sorted(stocked.days()) == ["2026-02-25", "2026-04-03", "2026-04-05"]


def test_a_profile_that_says_by_now_what_was_found_is_believed(stocked: Desk) -> None:
    stocked.profile(**FOUND)
    found = stocked.run(
        stocked.csv(("A", "25.02.2026", "D1", "P1", "1", "1"), ("B", "03.04.2026", "D8", "P1", "1", "1"))
    )
    stocked.people("D8")
    stocked.profile(dates="mdy")
    stocked.run(Path(str(found.problems_file)))
    assert sorted(stocked.days()) == ["2026-02-25", "2026-03-04"]


def test_what_the_file_left_open_may_be_proved_by_a_correction(stocked: Desk) -> None:
    stocked.profile(**FOUND)
    found = stocked.run(stocked.csv(("A", "2026-01-02", "D1", "P1", "many", "10")))
    assert handed_back(found)[0][-1] == "Reason"
    assert counts(stocked.run(corrected(found, E2="1,5"))) == (1, 0, 0, 0, 1)


def test_a_title_that_somebody_spoiled_says_nothing() -> None:
    assert Proved.of("dates dmy; numbers 1.234,5; unit_price 1234.5").said == (
        "dates dmy; numbers 1.234,5; unit_price 1234.5"
    )
    assert Proved.of("dates soon; numbers 12; quantity one").said == ""
    assert Proved.of("please correct; dates ymd").said == "dates ymd"


def test_what_waited_and_is_refused_after_all_says_how_it_was_read(stocked: Desk) -> None:
    stocked.profile(**FOUND)
    found = stocked.run(
        stocked.csv(("A", "25.02.2026", "D1", "P1", "1", "1"), ("B", "03.04.2026", "D8", "P1", "1", "1"))
    )
    with transaction(stocked.registry) as session:
        program = session.get_one(Program, stocked.program_id)
        waits = session.scalars(select(UnknownName.id).where(UnknownName.program_id == program.id)).all()
        decided = continuing.ignore(session, program, waits, reason="gone", actor="test", now=stocked.clock())
    stocked.work()
    refused = stocked.progress(decided.batches[0])
    assert handed_back(refused)[0][-1] == "Reason [dates dmy]"
    assert found.problems_file is not None
