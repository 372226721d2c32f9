"""Files as strangers bring them: what is wrong is told with its place, and what to do about it."""

import io
import zipfile

import openpyxl
import pytest
import yaml

from tests.app.cli.conftest import Desk
from tests.support import programs

HEAD = "number,date,distributor,product,quantity,net"
ROW = "A,2026-01-02,D1,P1,1,100.00"


def workbook(*sheets: str, macro: bool = False) -> bytes:
    """Make a workbook whose sheets all hold one invoice."""
    book = openpyxl.Workbook()
    for at, name in enumerate(sheets or ("Sales",)):
        page = book.worksheets[0] if at == 0 else book.create_sheet()
        page.title = name
        page.append(HEAD.split(","))
        page.append(ROW.split(","))
    out = io.BytesIO()
    book.save(out)
    if macro:
        with zipfile.ZipFile(out, "a") as container:
            container.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 AutoOpen")
    return out.getvalue()


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        container.writestr(name, "x")
    return out.getvalue()


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """A desk whose programme takes whoever and whatever a file names."""
    profile = {**programs.SALES_PROFILE, "unknown_distributor": "create", "unknown_product": "create"}
    desk.load(desk.programme(import_profiles={"sales": profile}))
    return desk


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty.csv: the file is empty; export it again."),
        ("blank.csv", b"\n\n", "blank.csv: there is no table with the profile's columns; expected "),
        (
            "other.csv",
            b"number,date,customer\nA,2026-01-02,D1\n",
            "Row 1: the header lacks ",
        ),
        ("title.csv", b"Sales of January,,\nnumber,date,customer", "Row 2: the header lacks "),
        ("twice.csv", b"number,date,Number\n", "twice.csv: row 1 names 'Number', 'number' more than once; "),
        ("text.xlsx", b"no workbook at all", "Row 1: the header lacks "),
        ("broken.xlsx", b"PK\x03\x04 and no more", "broken.xlsx: the workbook's container is broken; export it again"),
        ("words.docx", zipped("word/document.xml"), "words.docx: a Word document, but no workbook; "),
        (
            "old.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "old.xls: a container without a workbook, expected a workbook; ",
        ),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture.csv: a picture, expected a workbook or a text "),
        ("nul.csv", HEAD.encode() + b"\n\0", "nul.csv: row 2 holds a NUL, which no text does; "),
        ("open.csv", f'{HEAD}\nA,2026-01-02,"D1,P1,1,100.00\nB,\n'.encode(), "open.csv: a quote in row 2 is never "),
    ],
)
def test_a_file_that_is_no_report_is_refused_with_what_was_found(
    desk: Desk, name: str, content: bytes, said: str
) -> None:
    path = desk.file(name, content)
    assert desk.error("import", "sales", path, "--program", desk.code, code=3).startswith(said)
    assert desk.json("balances", "--program", desk.code)["accounts"] == []


def test_a_header_that_lacks_columns_is_told_with_those_that_it_has(desk: Desk) -> None:
    path = desk.file("sales.csv", "number,date,customer\nA,2026-01-02,D1\n")
    said = desk.error("import", "sales", path, "--program", desk.code, code=3)
    for lacking in ("'distributor' (for distributor)", "'net' (for net_amount)", "'quantity' (for quantity)"):
        assert lacking in said
    assert "It has: 'number', 'date', 'customer'. Correct the header, or the profile's columns." in said
    [listed] = desk.json("imports", "list", "--program", desk.code, "--limit", "1")["imports"]
    assert (listed["status"], listed["file"]) == ("failed", "sales.csv")
    assert desk.error("imports", "resume", str(listed["batch"]), code=3) == said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1250"])
def test_titles_blank_rows_totals_and_encodings_are_taken_as_they_come(open_desk: Desk, encoding: str) -> None:
    rows = [
        "Sprzedaż w styczniu,,,,,",
        ",,,,,",
        HEAD,
        ROW,
        "A,2026-01-02,D1,Żółty młotek,2,50.00",
        "Razem,,,,3,140.00",
        "Koniec",
    ]
    told = open_desk.import_("\n".join([*rows, ""]).encode(encoding))
    parts = ("rows_read", "lines_accepted", "rows_recognised", "rows_heading", "rows_blank", "rows_total")
    assert [told[part] for part in parts] == [6, 2, 4, 2, 1, 1]
    assert told["warnings"] == [
        "Row 6, net: the total says 140.00, the lines above it come to 150; look for a missing line."
    ]
    shown = open_desk.json("imports", "show", str(told["batch"]))
    assert [(one["row"], one["kind"]) for one in shown["recognised"]] == [
        *((1, "heading"), (2, "blank"), (6, "total"), (7, "heading"))
    ]
    text = open_desk.run("imports", "show", str(told["batch"])).stdout
    assert "no lines" in text
    assert "the total says 140.00" in text


def test_a_look_proposes_the_profile_that_reads_the_file_and_asks_what_it_does_not_say(open_desk: Desk) -> None:
    head = "Invoice No;Inv Date;Dealer;SKU;Qty;Ext. Price"
    path = open_desk.file("report.csv", f"{head}\nA;01/02/2026;D1;P1;1;1.100,00\nB;03/02/2026;D1;P1;2;50,00\n")
    seen = open_desk.json("import", "look", path, "--program", open_desk.code, "--kind", "sales")
    assert (seen["delimiter"], seen["header"], seen["profile"]) == (";", 1, None)
    assert seen["columns_of"]["document_number"] == "Invoice No"
    assert [(one["key"], one["options"]) for one in seen["questions"]] == [("dates", ["dmy", "mdy"])]
    assert (
        "In which order are day, month and year in the column 'Inv Date'"
        in open_desk.run("import", "look", path, "--program", open_desk.code).stdout
    )
    asks = ("import", "look", path, "--program", open_desk.code, "--propose")
    assert "Answer dates='dmy' or 'mdy'" in open_desk.error(*asks, code=3)
    found = yaml.safe_load(open_desk.run(*asks, "--answer", "dates=mdy").stdout)["import_profiles"]["sales"]
    assert (found["dates"], found["decimal"], found["thousands"]) == ("mdy", ",", ".")
    taken = {"unknown_distributor": "create", "unknown_product": "create"}
    open_desk.load(open_desk.programme(import_profiles={"sales": found | taken}))
    told = open_desk.json("import", "sales", path, "--program", open_desk.code)
    assert (told["lines_accepted"], told["points_awarded"]) == (2, 115)


def test_a_profile_must_be_there_and_of_the_kind(desk: Desk) -> None:
    path = desk.file("sales.csv", f"{HEAD}\n{ROW}\n")
    of = "--program", desk.code
    said = desk.error("import", "sales", path, *of, "--profile", "erp", code=3)
    assert "no import profile 'erp'; it has: sales." in said
    said = desk.error("import", "products", path, *of, code=3)
    assert "no import profile 'products'; it has: sales." in said
    said = desk.error("import", "products", path, *of, "--profile", "sales", code=3)
    assert said == "The import profile 'sales' reads sales, not products."
    assert "No such command 'invoices'" in desk.error("import", "invoices", path, *of, code=2)


def test_a_file_must_be_there_and_be_a_file(desk: Desk) -> None:
    of = "--program", desk.code
    assert "does not exist" in desk.error("import", "sales", desk.folder / "nowhere.csv", *of, code=2)
    assert "is a directory" in desk.error("import", "sales", desk.folder, *of, code=2)


def test_dates_the_wrong_way_are_refused_row_by_row(open_desk: Desk) -> None:
    rows = ["A,31.12.2026,D1,P1,1,10.00", "B,12/31/2026,D1,P1,1,10.00", "C,2026-12-31,D1,P1,1,10.00"]
    told = open_desk.import_("\n".join([HEAD, *rows, ""]))
    assert (told["lines_accepted"], told["lines_refused"]) == (1, 2)
    sheet = openpyxl.load_workbook(told["problems_file"]).worksheets[0]
    reasons = [row[-1] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert reasons[0] == (
        "Odrzucony: date: znaleziono '31.12.2026', oczekiwano daty takiej jak 2025-12-31; "
        "popraw ją lub format w profilu."
    )
    assert "'12/31/2026'" in str(reasons[1])


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(open_desk: Desk) -> None:
    document = open_desk.programme()
    document["import_profiles"]["sales"] |= {"sheet": "March"}
    open_desk.load(document)
    path = open_desk.file("sales.xlsx", workbook("January", "February"))
    said = open_desk.error("import", "sales", path, "--program", open_desk.code, code=3)
    assert said == "sales.xlsx: no sheet is called 'March'; it has January, February."


def test_the_macros_of_a_workbook_are_left_alone_and_its_table_is_read(open_desk: Desk) -> None:
    told = open_desk.import_(workbook(macro=True), "sales.xlsm")
    assert (told["lines_accepted"], told["points_awarded"]) == (1, 10)


def test_nothing_below_the_header_is_an_import_of_nothing(open_desk: Desk) -> None:
    told = open_desk.import_(f"{HEAD}\n")
    assert (told["rows_read"], told["documents"], told["problems_file"]) == (0, 0, None)


def test_people_are_told_the_same_as_scripts(open_desk: Desk) -> None:
    path = open_desk.file("sales.csv", f"{HEAD}\n{ROW}\nB,never,D1,P1,1,1\n")
    told = open_desk.run("import", "sales", path, "--program", open_desk.code)
    assert told.stderr == ""
    lines = {line[:18].strip(): line[18:].strip() for line in told.stdout.splitlines()}
    found = {name: lines[name] for name in ("rows read", "accepted", "refused", "points awarded", "new products")}
    assert found == {"rows read": "2", "accepted": "1", "refused": "1", "points awarded": "10", "new products": "1"}
    assert "problems.xlsx" in told.stdout
    assert "sales.csv" in open_desk.run("imports", "list", "--program", open_desk.code).stdout


def test_a_sample_is_written_in_the_language_that_is_asked_for_and_looked_at_as_what_it_is(desk: Desk) -> None:
    target = desk.folder / "wzór.xlsx"
    told = desk.json("import", "sample", "distributors", "--program", desk.code, "--language", "pl", "--to", target)
    assert told == {"kind": "distributors", "file": str(target)}
    seen = desk.json("import", "look", target, "--program", desk.code, "--kind", "distributors")
    assert "Kod" in str(seen)


def test_a_dry_run_says_what_each_rule_would_award_and_what_is_to_be_repaired(open_desk: Desk) -> None:
    rows = f"{HEAD}\nT/1,2026-01-05,D1,P1,1,100.00\nT/2,soon,D1,P1,1,100.00\nT/3,later,D1,P1,1,100.00\n"
    tried = open_desk.import_(rows, "tried.csv", "--dry-run")
    shown = open_desk.json("imports", "show", str(tried["batch"]))
    assert [(one["unit"], one["amount"]) for one in shown["would_award"]] == [("points", tried["points_awarded"])]
    assert [(one["code"], one["rows"]) for one in shown["problems"]] == [("not_a_date", 2)]
    assert "row 3" in shown["problems"][0]["examples"][0]
    assert "Would be awarded" in open_desk.run("imports", "show", str(tried["batch"])).stdout


def test_a_sample_of_a_kind_without_a_profile_comes_in_by_the_words_that_are_told(desk: Desk) -> None:
    of = "--program", desk.code
    path = desk.folder / "shipments.xlsx"
    told = desk.run("import", "sample", "shipments", "--to", path, *of).stdout
    assert f"`kontor import look {path} --kind shipments --propose`" in told
    assert "`kontor import look FILE --propose` prints one" in desk.error("import", "shipments", path, *of, code=3)
    proposed = desk.json("import", "look", path, "--kind", "shipments", "--propose", *of)["import_profiles"]
    document = desk.programme()
    document["import_profiles"] |= proposed
    desk.load(document)
    assert desk.json("import", "shipments", path, *of)["rows_read"] == 1
    assert (
        "import it with `kontor import shipments`"
        in desk.run("import", "sample", "shipments", "--to", path, *of).stdout
    )


def test_a_column_that_is_asked_for_is_answered_by_its_name(desk: Desk) -> None:
    file = desk.file(
        "odd.csv",
        "Invoice number;Invoice date;Distributor code;Product code;Quantity\nFV/1;2026-01-15;D1;P1;2\n",
    )
    said = desk.error("import", "look", file, "--kind", "sales", "--propose", "--program", desk.code, code=3)
    assert said == (
        "No column seems to hold net amounts, or prices without tax, by which lines count; amounts with tax, or pieces "
        "alone, are not enough: which one does? Answer column:net_amount=the name of a column."
    )
