"""The main job by the command alone, from an empty home to finance's files, while `kontor up` runs."""

import csv
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from app.config import PROJECT
from prepaid.issuers.sandbox import refuse_some
from tests.support.installation import PATIENCE, Installation, new_home

CODE = "bench-club"
PERIOD = ("--from", "2026-01-01", "--to", "2026-06-30")
EVER = ("--from", "2000-01-01", "--to", "2999-12-31")

REFUSED = next(code for code in (f"R{at}" for at in count(1)) if refuse_some(code, "reward", 0))
"""A distributor whose first load the sandbox refuses."""

PROGRAMME = f"""
schema: kontor/1
program:
  code: {CODE}
  name: Bench Club
  sponsor: Own make
  currency: PLN
  country: PL
  time_zone: Europe/Warsaw
  locale: pl
  starts_on: 2026-01-01
  ends_on: 2026-12-31
  point: {{value: "0.50"}}
tax: {{pack: PL}}
distributor_groups:
  - {{code: shop, name: Shop}}
product_groups:
  - {{code: tools, name: Tools}}
earning_rules:
  - {{code: base, name: 1 for each full 10 zl, kind: per_amount, points: 1, step: "10.00"}}
  - code: saws
    name: 5 for each saw, at most 20 on an invoice
    kind: per_unit
    points: 5
    scope: {{products: [SAW]}}
    caps: {{per_document: 20}}
import_profiles:
  distributors: {{columns: {{code: Code, name: Name, group: Group, tax_status: Tax}}}}
  products: {{columns: {{code: Code, name: Name, group: Group}}}}
  sales:
    columns:
      {{document_number: No, issued_on: Date, distributor: Who, product: What, quantity: Qty, net_amount: Net,
        document_total: Total}}
    dates: "%d.%m.%Y"
    decimal: ","
"""

DISTRIBUTORS = [
    ("Code", "Name", "Group", "Tax"),
    ("P1", '=HYPERLINK("http://x.example","Jan")', "Shop", "private_person"),
    ("C1", "+Żółw Sp. z o.o.", "Shop", "company"),
    (REFUSED, "Refused by the card", "Shop", "company"),
    ("F1", "A friend of the house", "Shop", "business_friend"),
    ("Q1", "Quiet", "Shop", "company"),
    ("Z1", "In no group that is known", "Chain", "company"),
]
PRODUCTS = [("Code", "Name", "Group"), ("SAW", "Saw", "Tools"), ("NAIL", "Nails", "Fixings")]
SALES = [
    ("No", "Date", "Who", "What", "Qty", "Net", "Total"),
    ("FV/1/2026", "02.01.2026", "P1", "NAIL", "1000", "80000,00", "80000,00"),  # 8000 points: 4000 zl
    ("FV/2/2026", "03.01.2026", "C1", "SAW", "6", "600,00", "700,05"),  # 60 + 30 cut to 20
    ("FV/2/2026", "03.01.2026", "C1", "NAIL", "10", "100,05", "700,05"),  # 70 for the sum, shared: 60 and 10
    ("FV/3/2026", "04.01.2026", REFUSED, "NAIL", "1", "1000,00", ""),  # 100
    ("FV/4/2026", "05.01.2026", "F1", "NAIL", "1", "500,00", ""),  # 50
    ("FV/5/2026", "06.01.2026", "C1", "NAIL", "1", "300,00", "333,00"),  # 30, waits: the total differs
    ("FV/6/2026", "07.01.2026", "C1", "NAIL", "1", "200,00", "222,00"),  # 20, waits
    ("FV/7/2026", "08.01.2026", "C1", "HAMMER", "1", "10,00", ""),  # held: nobody knows the hammer
    ("FV/8/2026", "08.01.2026", "X9", "NAIL", "1", "10,00", ""),  # held: nobody knows who
    ("FV/9/2026", "31.02.2026", "C1", "NAIL", "1", "10,00", ""),  # refused: no such day
    ("FV/10/2025", "31.12.2025", "C1", "NAIL", "1", "10,00", ""),  # refused: before the programme
    ("fv 1 / 2026", "02.01.2026", "P1", "NAIL", "1000", "80000,00", "80000,00"),  # here already
]

IMPORT_KEYS = {
    *("batch", "rows_read", "documents", "lines_accepted", "lines_held", "lines_refused", "duplicates"),
    *("points_awarded", "seconds", "problems_file"),
}
ACCOUNT_KEYS = {"distributor", "name", "pending", "available", "reserved", "earned", "spent", "expired"}
CONVERT_KEYS = {"run", "status", "accounts", "points", "amount_minor", "compensation_minor", "currency", "order_file"}


def write_csv(path: Path, rows: list[tuple[str, ...]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_xlsx(path: Path, rows: list[tuple[str, ...]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Job:
    """What each step of the main job told, in the order in which they were done."""

    house: Installation
    folder: Path
    port: int
    told: dict[str, Any] = field(default_factory=dict)

    def balances(self) -> dict[str, tuple[int, int, int]]:
        """Give (pending, available, reserved) of those who have any."""
        accounts = self.house.ask("balances", "--program", CODE)["accounts"]
        found = {one["distributor"]: (one["pending"], one["available"], one["reserved"]) for one in accounts}
        return {code: amounts for code, amounts in found.items() if any(amounts)}


@contextmanager
def up(house: Installation) -> Iterator[str]:
    """Let `kontor up` run, and give what it says when it is ready. `kontor stop` must have ended it by the end."""
    process = house.start("up")
    try:
        assert process.stdout is not None
        yield process.stdout.readline() + process.stdout.readline()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    """Do the whole main job."""
    folder, port = tmp_path_factory.mktemp("job"), free_port()
    with new_home() as home:
        house = Installation(home, {"KONTOR_WEB_PORT": str(port), "KONTOR_SWEEP_SECONDS": "1", "KONTOR_WORKERS": "1"})
        made = Job(house, folder, port)
        told = made.told
        told["status before"] = house.ask("status")
        with up(house) as said:
            told["up"] = said
            open_the_programme(made)
            bring_sales_in(made)
            decide(made)
            convert(made)
            export(made)
            told["status"] = house.ask("status")
            told["stop"] = house.json("stop")
        told["status after"] = house.ask("status")
        told["balances after"] = made.balances()
        yield made


def open_the_programme(job: Job) -> None:
    path = job.folder / "programme.yaml"
    path.write_text(PROGRAMME, encoding="utf-8")
    with urllib.request.urlopen(f"http://127.0.0.1:{job.port}/", timeout=PATIENCE) as answer:
        job.told["page"] = answer.read().decode()
    job.told["load"] = job.house.json("program", "load", path)
    job.told["load again"] = job.house.ask("program", "load", path)
    exported = job.house.run("program", "export", CODE).out
    (job.folder / "exported.yaml").write_text(exported, encoding="utf-8")
    job.told["load exported"] = job.house.ask("program", "load", job.folder / "exported.yaml")
    job.told["schema"] = job.house.run("program", "schema").document


def bring_sales_in(job: Job) -> None:
    house, told = job.house, job.told
    files = {
        "distributors": write_csv(job.folder / "distributors.csv", DISTRIBUTORS, ";"),
        "products": write_xlsx(job.folder / "products.xlsx", PRODUCTS),
        "sales": write_csv(job.folder / "sales.csv", SALES, ";"),
    }
    told["distributors dry"] = house.ask(
        "import", "distributors", files["distributors"], "--program", CODE, "--dry-run"
    )
    told["balances dry"] = house.ask("balances", "--program", CODE)
    for kind in ("distributors", "products"):
        told[kind] = house.ask("import", kind, files[kind], "--program", CODE)
    told["sales dry"] = house.ask("import", "sales", files["sales"], "--program", CODE, "--dry-run")
    told["documents dry"] = house.ask("documents", "--program", CODE, "--status", "accepted")
    told["after dry"] = job.balances()
    told["sales"] = house.import_("sales", files["sales"], CODE)
    told["after sales"] = job.balances()
    told["sales again"] = house.ask("import", "sales", files["sales"], "--program", CODE)
    told["balances"] = house.ask("balances", "--program", CODE)
    told["statement"] = house.ask("statement", "c1", "--program", CODE)
    told["explain"] = house.ask("explain", "FV/2/2026", "--program", CODE)
    told["check"] = house.ask("ledger", "check")


def decide(job: Job) -> None:
    house, told = job.house, job.told
    told["review"] = house.ask("documents", "--program", CODE)
    waiting = {one["number"]: str(one["id"]) for one in told["review"]["documents"]}
    told["accept"] = house.ask("decide", waiting["FV/5/2026"], "accept", "--program", CODE, "--reason", "checked")
    told["refuse"] = house.ask("decide", waiting["FV/6/2026"], "refuse", "--program", CODE, "--reason", "not ours")
    told["twice"] = house.ask(
        "decide", waiting["FV/6/2026"], "accept", "--program", CODE, "--reason", "after all", code=3
    )
    told["after deciding"] = job.balances()
    told["adjust"] = house.ask("adjust", "Q1", "7", "--program", CODE, "--reason", "a gift", "--key", "gift-1")
    told["adjust twice"] = house.ask(
        "adjust", "Q1", "7", "--program", CODE, "--reason", "a gift", "--key", "gift-1", code=3
    )


def convert(job: Job) -> None:
    house, told = job.house, job.told
    told["preview"] = house.ask("convert", "--program", CODE, *PERIOD, "--by", "ann@bench.example")
    number = str(told["preview"]["run"])
    told["after preview"] = job.balances()
    told["approve alone"] = house.ask("convert", "approve", number, "--by", "Ann@Bench.example", code=3)
    told["approve"] = house.ask("convert", "approve", number, "--by", "ben@bench.example")
    told["send"] = house.ask("convert", "send", number)
    told["after sending"] = job.balances()
    told["show"] = house.ask("convert", "show", number, "--all")


def export(job: Job) -> None:
    house, told = job.house, job.told
    told["xlsx"] = house.json("export", "top-ups", *EVER, "--program", CODE)
    told["csv"] = house.ask("export", "top-ups", *EVER, "--program", CODE, "--out", job.folder / "top-ups.csv")
    told["tick"] = house.ask("tick", "--program", CODE)
    told["last check"] = house.ask("ledger", "check")


def test_nothing_runs_before_and_nothing_after_and_the_data_stay(job: Job) -> None:
    before, during, after = (job.told[name] for name in ("status before", "status", "status after"))
    assert (before["supervisor"], before["workers"], before["servers"]) == (None, False, [])
    assert during["supervisor"] > 0
    assert during["workers"] is True
    assert {one["name"]: one["state"] for one in during["servers"]} == {"postgres": "ready", "valkey": "ready"}
    assert job.told["stop"] == {"stopped": True}
    assert (after["supervisor"], after["workers"]) == (None, False)
    assert {one["state"] for one in after["servers"]} == {"stopped"}
    assert job.told["balances after"] == job.told["after sending"]


def test_up_says_where_the_application_is_when_it_is_there(job: Job) -> None:
    assert f"http://127.0.0.1:{job.port} " in job.told["up"]
    assert "Kontor" in job.told["page"]
    assert "kontor user add you@example.com --owner" in job.told["up"], "nobody could sign in yet"


def test_a_programme_is_loaded_once_and_what_is_exported_is_what_was_loaded(job: Job) -> None:
    told = job.told["load"]
    assert (told["program"], told["created"]) == (CODE, True)
    assert "rule saws version 1 published" in told["changes"]
    for again in ("load again", "load exported"):
        assert job.told[again] == {"program": CODE, "created": False, "changes": []}
    assert job.told["schema"]["properties"]["earning_rules"]


def test_a_dry_run_tells_what_would_become_of_every_row_and_keeps_nothing(job: Job) -> None:
    dry, real = job.told["distributors dry"], job.told["distributors"]
    assert dry["dry_run"] is True
    counts = ("rows_read", "lines_accepted", "lines_held", "lines_refused", "created")
    assert [dry[name] for name in counts] == [real[name] for name in counts] == [6, 5, 1, 0, 5]
    assert job.told["balances dry"]["accounts"] == []
    dry, real = job.told["sales dry"], job.told["sales"]
    differ = {name for name in real if dry[name] != real[name]}
    assert differ <= {"batch", "dry_run", "seconds", "problems_file"}
    assert job.told["documents dry"]["documents"] == []
    assert job.told["after dry"] == {}


def test_an_import_tells_what_became_of_every_row(job: Job) -> None:
    told = job.told["sales"]
    assert told.keys() >= IMPORT_KEYS
    assert {name: told[name] for name in ("rows_read", "lines_accepted", "lines_held", "lines_refused")} == {
        "rows_read": 12,
        "lines_accepted": 5,
        "lines_held": 4,
        "lines_refused": 2,
    }
    assert told["duplicates"] == 1
    assert told["documents"] == 6
    assert told["points_awarded"] == 8000 + 70 + 20 + 100 + 50 + 30 + 20
    assert isinstance(told["seconds"], float)
    rows = list(openpyxl.load_workbook(told["problems_file"]).worksheets[0].iter_rows(values_only=True))
    assert rows[0] == (*SALES[0], "Powód")
    reasons = {row[0]: row[-1] for row in rows[1:]}
    assert reasons == {
        "FV/5/2026": "Wstrzymany: Suma pozycji to 300,00, a dokument podaje 333,00; "
        "znajdź brakującą lub błędną pozycję.",
        "FV/6/2026": "Wstrzymany: Suma pozycji to 200,00, a dokument podaje 222,00; "
        "znajdź brakującą lub błędną pozycję.",
        "FV/7/2026": "Wstrzymany: Żaden produkt nie ma kodu 'HAMMER'; zaimportuj produkt lub popraw kod.",
        "FV/8/2026": "Wstrzymany: Żaden dystrybutor nie ma kodu 'X9'; zaimportuj dystrybutora lub popraw kod.",
        "FV/9/2026": "Odrzucony: Date: znaleziono '31.02.2026', oczekiwano daty takiej jak 31.12.2025; "
        "popraw ją lub format w profilu.",
        "FV/10/2025": "Odrzucony: Data wystawienia 31 gru 2025 jest poza programem (od 1 sty 2026 do 31 gru 2026); "
        "nic nie zostanie naliczone.",
    }


def test_importing_again_counts_nothing_twice(job: Job) -> None:
    again = job.told["sales again"]
    # what the gate has decided is here already, also the invoice that it refused; the three bad rows are bad again
    assert (again["points_awarded"], again["documents"], again["duplicates"]) == (0, 0, 9)
    assert (again["lines_held"], again["lines_refused"]) == (2, 1)


def test_balances_are_what_the_rules_give(job: Job) -> None:
    told = job.told["balances"]
    assert set(told) == {"program", "unit", "accounts"}
    assert (told["program"], told["unit"]) == (CODE, "points")
    assert all(account.keys() >= ACCOUNT_KEYS for account in told["accounts"])
    assert {account["distributor"] for account in told["accounts"]} == {"P1", "C1", REFUSED, "F1", "Q1"}
    assert job.told["after sales"] == {
        "P1": (0, 8000, 0),
        "C1": (50, 90, 0),
        REFUSED: (0, 100, 0),
        "F1": (0, 50, 0),
    }


def test_a_statement_tells_every_movement(job: Job) -> None:
    told = job.told["statement"]
    assert (told["distributor"], told["pending"], told["available"]) == ("C1", 50, 90)
    assert [(one["kind"], one["document"], one["pending"], one["available"]) for one in told["movements"]] == [
        ("award", "FV/6/2026", 20, 0),
        ("award", "FV/5/2026", 30, 0),
        ("award", "FV/2/2026", 0, 90),
    ]


def test_explain_tells_line_by_line_why_these_points(job: Job) -> None:
    told = job.told["explain"]
    assert told.keys() >= {"document", "lines", "points"}
    assert (told["document"], told["points"]) == ("FV/2/2026", 90)
    saw, nail = told["lines"]
    assert (saw["line"], saw["product"], nail["line"], nail["product"]) == (1, "SAW", 2, "NAIL")
    awards = {award["rule"]: award for award in saw["awards"]}
    assert all(award.keys() >= {"rule", "version", "points", "formula", "cut_by"} for award in awards.values())
    assert {rule: (award["version"], award["points"]) for rule, award in awards.items()} == {
        "base": (1, 60),
        "saws": (1, 20),
    }
    assert awards["base"]["cut_by"] is None
    assert awards["saws"]["cut_by"]
    assert "30" in awards["saws"]["formula"]
    assert [(award["rule"], award["points"]) for award in nail["awards"]] == [("base", 10)]


@pytest.mark.parametrize("when", ["check", "last check"])
def test_the_ledger_proves_itself(job: Job, when: str) -> None:
    told = job.told[when]
    assert told.keys() >= {"ok", "transactions", "entries", "accounts", "problems"}
    assert (told["ok"], told["problems"]) == (True, [])
    assert told["entries"] >= 2 * told["transactions"] > 0


def test_a_tick_seals_what_has_happened(job: Job) -> None:
    assert set(job.told["tick"]) == {
        "changed_tiers",
        "released_documents",
        "expired",
        "reminded_distributors",
        "sealed_transactions",
        "rewards_for_sales",
        "rewards_taken_back",
        "rewards_waiting",
    }
    assert job.told["last check"]["blocks"] > 0
    assert re.fullmatch(r"\d+:[0-9a-f]{64}", job.told["last check"]["head"])


def test_documents_wait_until_they_are_decided(job: Job) -> None:
    waiting = {one["number"]: one for one in job.told["review"]["documents"]}
    assert set(waiting) == {"FV/5/2026", "FV/6/2026"}
    assert "333.00" in waiting["FV/5/2026"]["reasons"]
    assert (job.told["accept"]["status"], job.told["refuse"]["status"]) == ("accepted", "refused")
    assert "it cannot become accepted" in job.told["twice"]["error"][0]
    assert job.told["after deciding"]["C1"] == (0, 120, 0)


def test_an_adjustment_with_one_key_is_made_once(job: Job) -> None:
    assert job.told["adjust"] == {"distributor": "Q1", "unit": "points", "adjusted": 7}
    assert "gift-1" in job.told["adjust twice"]["error"][0]


def test_a_preview_freezes_points_and_says_what_they_come_to(job: Job) -> None:
    told = job.told["preview"]
    assert told.keys() >= CONVERT_KEYS
    # P1: 4000.00 to a private person, and 444.00 that pay the tax on both; C1 60.00; the refused one 50.00
    assert {name: told[name] for name in CONVERT_KEYS - {"run"}} == {
        "status": "preview",
        "accounts": 3,
        "points": 8000 + 120 + 100,
        "amount_minor": 411_000,
        "compensation_minor": 44_400,
        "currency": "PLN",
        "order_file": None,
    }
    assert [(one["distributor"], one["code"]) for one in told["exceptions"]] == [("F1", "no_tax_rule")]
    assert job.told["after preview"]["P1"] == (0, 0, 8000)


def test_the_second_person_is_another_one(job: Job) -> None:
    assert job.told["approve alone"]["exit_code"] == 3
    assert "second person" in job.told["approve alone"]["error"][0]
    told = job.told["approve"]
    assert (told["status"], told["approved_by"]) == ("ordered", "ben@bench.example")


def test_the_order_file_has_every_load_and_their_sum(job: Job) -> None:
    with Path(job.told["approve"]["order_file"]).open(encoding="utf-8", newline="") as file:
        *loads, total = csv.DictReader(file)
    found = [(one["distributor_code"], one["kind"], one["amount"]) for one in loads]
    assert sorted(found) == sorted(
        [
            ("P1", "reward", "4000.00"),
            ("P1", "compensation", "444.00"),
            ("C1", "reward", "60.00"),
            (REFUSED, "reward", "50.00"),
        ]
    )
    assert (total["record"], total["line"], total["amount"]) == ("total", "4", "4554.00")


def test_a_load_that_failed_gives_its_points_back(job: Job) -> None:
    told = job.told["send"]
    assert told.keys() >= CONVERT_KEYS
    assert (told["status"], told["loaded"], told["failed"], told["loaded_minor"]) == ("settled", 3, 1, 450_400)
    assert (told["points_redeemed"], told["points_returned"], told["still_open"]) == (8120, 100, 0)
    # Q1's gift was given later than the period
    assert job.told["after sending"] == {REFUSED: (0, 100, 0), "F1": (0, 50, 0), "Q1": (0, 7, 0)}
    with Path(told["response_file"]).open(encoding="utf-8", newline="") as file:
        results = [one["result"] for one in csv.DictReader(file)]
    assert sorted(results) == ["failed", "loaded", "loaded", "loaded"]
    lines = {(one["distributor"], one["kind"]): one["status"] for one in job.told["show"]["lines"]}
    assert lines == {
        ("P1", "reward"): "loaded",
        ("P1", "compensation"): "loaded",
        ("C1", "reward"): "loaded",
        (REFUSED, "reward"): "failed",
    }


def test_finance_gets_a_workbook_whose_totals_are_the_runs(job: Job) -> None:
    told = job.told["xlsx"]
    assert (told["rows"], told["currency"], told["amount_minor"], told["loaded_minor"]) == (4, "PLN", 455_400, 450_400)
    book = openpyxl.load_workbook(told["file"])
    header, *rows, total = book["Top-ups"].iter_rows(values_only=True)
    at = {name: place for place, name in enumerate(header)}
    assert [sum(row[at[name]] or 0 for row in rows) for name in ("Amount", "Loaded", "Points")] == [4554, 4504, 8220]
    assert [total[at[name]] for name in ("Amount", "Loaded", "Points")] == [4554, 4504, 8220]
    # a name that would be a formula is words, in the cell as in the file
    names = {cell.value: cell.data_type for cell in next(iter(book["Top-ups"].iter_cols(at["Distributor"] + 1)))}
    assert names[DISTRIBUTORS[1][1]] == "s"


def test_finance_gets_the_same_as_csv_with_no_cell_that_a_spreadsheet_would_compute(job: Job) -> None:
    told = job.told["csv"]
    assert told["format"] == "csv"
    with Path(told["file"]).open(encoding="utf-8-sig", newline="") as file:
        *rows, total = csv.DictReader(file)
    assert len(rows) == 4
    assert total["Amount"].replace("\u00a0", "") in ("4554.00", "4554")
    cells = [cell for row in rows for cell in row.values() if cell]
    assert not [cell for cell in cells if cell[0] in "=+@\t" or re.match(r"-\D", cell)]
    assert {row["Distributor"].lstrip("'") for row in rows} >= {DISTRIBUTORS[1][1], DISTRIBUTORS[2][1]}


def test_progress_is_shown_on_a_terminal_and_standard_output_stays_one_document(job: Job, tmp_path: Path) -> None:
    master, terminal = os.openpty()
    path = write_csv(
        tmp_path / "more.csv", [SALES[0], ("FV/99/2026", "09.01.2026", "C1", "NAIL", "1", "9,00", "")], ";"
    )
    words = ["import", "sales", str(path), "--program", CODE, "--dry-run", "--json"]
    environment = {**job.house.environment(), "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", *words],
        env=environment,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    seen = b""
    try:
        while chunk := os.read(master, 4096):
            seen += chunk
    except OSError:
        pass  # the terminal's other end is closed: the command has ended
    out, _ = process.communicate(timeout=PATIENCE)
    os.close(master)
    assert process.returncode == 0
    assert yaml.safe_load(out)["rows_read"] == 1
    assert b"rows read" in seen
    assert b"accepted" in seen
