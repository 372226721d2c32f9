"""What the sponsor delivered comes from its own files; a document that comes again says it anew, not twice."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.models.deliveries import Delivery
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services.imported import aliases
from app.services.imported.aliases import Meaning
from importers.batches.store import BatchFiles
from tests.importers.driver import Desk

PROFILE = {
    "columns": {
        "document_number": "number",
        "issued_on": "day",
        "distributor": "who",
        "product": "what",
        "quantity": "pieces",
    }
}
HEADER = ("number", "day", "who", "what", "pieces")


def delivered(desk: Desk) -> dict[tuple[str, str], tuple[int, str]]:
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(Distributor.code, Delivery.number, Delivery.quantity_milli, Delivery.delivered_on)
            .join(Distributor, Distributor.id == Delivery.distributor_id)
            .where(Delivery.program_id == desk.program_id)
        ).all()
    return {(code, number): (quantity, str(day)) for code, number, quantity, day in rows}


def test_deliveries_are_taken_once_and_a_document_that_comes_again_replaces_what_it_said(desk: Desk) -> None:
    desk.load(import_profiles={"deliveries": PROFILE})
    desk.people("D1", "D2")
    products = desk.goods(P1=None, P2=None)
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        means = Meaning(products["P2"], 12_000)
        aliases.put_product_alias(session, program, "BOX", means, actor="ann", now=desk.clock())
    rows = [
        ("WZ/1", "2026-02-03", "D1", "P1", "10"),
        ("WZ 1", "2026-02-03", "D1", "P1", "5"),
        ("WZ/1", "2026-02-03", "D2", "BOX", "2"),
        ("WZ/2", "2026-02-04", "D1", "P1", "-3"),
        ("WZ/3", "2026-02-04", "D9", "P1", "1"),
        ("WZ/4", "2026-02-04", "D1", "P9", "1"),
        ("WZ/5", "some day", "D1", "P1", "1"),
        ("WZ/6", "2026-02-04", "D1", "P1", "many"),
    ]
    file = desk.csv(*rows, header=HEADER)
    found = desk.run(file, "deliveries")
    assert (found.counts["created"], found.counts["changed"], found.counts["lines_accepted"]) == (3, 0, 4)
    assert desk.codes(found) == {
        6: ("held", "unknown_distributor"),
        7: ("held", "unknown_product"),
        8: ("refused", "not_a_date"),
        9: ("refused", "not_a_number"),
    }
    said = {
        ("D1", "WZ/1"): (15_000, "2026-02-03"),
        ("D2", "WZ/1"): (24_000, "2026-02-03"),
        ("D1", "WZ/2"): (-3_000, "2026-02-04"),
    }
    assert delivered(desk) == said
    again = desk.run(file, "deliveries")
    assert (again.counts["created"], again.counts["changed"]) == (0, 0)
    other = desk.csv(("WZ/1", "2026-02-03", "D1", "P1", "14"), ("WZ/7", "2026-02-05", "D2", "P1", "1"), header=HEADER)
    corrected = desk.run(other, "deliveries")
    assert (corrected.counts["created"], corrected.counts["changed"]) == (1, 1)
    assert delivered(desk) == said | {
        ("D1", "WZ/1"): (14_000, "2026-02-03"),
        ("D2", "WZ/7"): (1_000, "2026-02-05"),
    }


def corrected(desk: Desk, batch: int, **cells: dict[str, str]) -> Path:
    """Take the problems workbook of an import, with other cells in the rows of these goods."""
    kept = BatchFiles(desk.app.extensions["kontor"]["settings"].files, batch).problems
    book = openpyxl.load_workbook(kept)
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        for name, value in cells.get(str(row[names.index("what")].value), {}).items():
            row[names.index(name)].value = value
    path = desk.folder / f"corrected-{batch}.xlsx"
    book.save(path)
    return path


def test_a_document_comes_in_whole_once_all_its_goods_are_known(desk: Desk) -> None:
    desk.load(import_profiles={"deliveries": PROFILE})
    desk.people("D1", "D2")
    products = desk.goods(A1=None)
    rows = [
        ("WZ/7", "2026-02-03", "D1", "A1", "10"),
        ("WZ 7", "2026-02-03", "d1", "KARTON", "1"),
        ("WZ/7", "2026-02-03", "D2", "A1", "3"),
        ("WZ/8", "2026-02-03", "D1", "A1", "4"),
    ]
    found = desk.run(desk.csv(*rows, header=HEADER), "deliveries")
    assert desk.codes(found) == {2: ("held", "document_in_part"), 3: ("held", "unknown_product")}
    (told,) = desk.problems(found.batch_id)[2][1]
    assert (told["number"], told["because"]) == ("WZ/7", 3)
    others = {("D2", "WZ/7"): (3_000, "2026-02-03"), ("D1", "WZ/8"): (4_000, "2026-02-03")}
    assert delivered(desk) == others
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        means = Meaning(products["A1"], 12_000)
        aliases.put_product_alias(session, program, "KARTON", means, actor="ann", now=desk.clock())
    again = desk.run(corrected(desk, found.batch_id), "deliveries")
    assert desk.codes(again) == {}
    assert delivered(desk) == others | {("D1", "WZ/7"): (22_000, "2026-02-03")}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (("WZ/7", "2026-02-03", "D1", "A2", "five"), "not_a_number"),
        (("WZ-7", "some day", "D1", "A2", "5"), "not_a_date"),
        (("WZ/7", "2026-02-03", "D1", "A2", None), "missing"),
        (("WZ/7", "2026-02-03", "D1", "A2", "5", "stray"), "wrong_number_of_cells"),
    ],
)
def test_a_refused_row_holds_the_others_of_its_document(desk: Desk, bad: tuple[str, ...], code: str) -> None:
    desk.load(import_profiles={"deliveries": PROFILE})
    desk.people("D1")
    desk.goods(A1=None, A2=None)
    others = [("WZ/7", "2026-02-03", "D1", "A1", "10"), ("WZ/71", "2026-02-03", "D1", "A1", "1")]
    found = desk.run(desk.csv(others[0], bad, others[1], header=HEADER), "deliveries")
    assert desk.codes(found) == {2: ("held", "document_in_part"), 3: ("refused", code)}
    assert delivered(desk) == {("D1", "WZ/71"): (1_000, "2026-02-03")}


def test_a_quantity_that_was_no_number_comes_with_the_others_of_its_document(desk: Desk) -> None:
    desk.load(import_profiles={"deliveries": PROFILE})
    desk.people("D1")
    desk.goods(A1=None)
    rows = [("WZ/7", "2026-02-03", "D1", "A1", "10"), ("WZ/7", "2026-02-03", "D1", "A1", "five")]
    found = desk.run(desk.csv(*rows, header=HEADER), "deliveries")
    assert delivered(desk) == {}
    path = corrected(desk, found.batch_id)
    book = openpyxl.load_workbook(path)
    for row in book.worksheets[0].iter_rows(min_row=2):
        for cell in row:
            cell.value = "5" if cell.value == "five" else cell.value
    book.save(path)
    assert desk.codes(desk.run(path, "deliveries")) == {}
    assert delivered(desk) == {("D1", "WZ/7"): (15_000, "2026-02-03")}


def test_a_day_further_ahead_than_goods_are_on_their_way_is_a_slip(desk: Desk) -> None:
    desk.load(import_profiles={"deliveries": PROFILE})
    desk.people("D1")
    desk.goods(A1=None, A2=None)
    today = desk.clock().date()
    days = [(today + dt.timedelta(days=ahead)).isoformat() for ahead in (7, 8)]
    rows = [("WZ/1", days[0], "D1", "A1", "10"), ("WZ/2", days[1], "D1", "A1", "1"), ("WZ/2", days[1], "D1", "A2", "1")]
    found = desk.run(desk.csv(*rows, header=HEADER), "deliveries")
    assert desk.codes(found) == {3: ("refused", "issued_later"), 4: ("refused", "issued_later")}
    assert desk.problems(found.batch_id)[3][1] == [
        {"code": "issued_later", "field": "day", "found": repr(days[1]), "latest": days[0]}
    ]
    assert delivered(desk) == {("D1", "WZ/1"): (10_000, days[0])}
