"""Points become money, from the distributor's phone to the totals that finance takes away, by clicks."""

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.extensions import db
from app.local.servers import Addresses
from tests.app.web.finance.test_finance import give
from tests.app.web.world import World, build, do_one_job
from tests.support import office

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]
ASKED = Decimal("60.00")  # what 600 points are worth


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world where two distributors have points by hand, and one by its sales."""
    made = build(addresses, tmp_path_factory.mktemp("prepaid"), small=True)
    give(made, "D-6", 1_000)
    give(made, "D-7", 345)
    yield made
    made.close()


def _work(world: World) -> None:
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def _kept(sent: Any, folder: Path) -> Path:
    path = folder / str(sent.value.suggested_filename)
    sent.value.save_as(path)
    return path


def _amount(shown: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", shown))


def test_points_become_money_and_finance_takes_the_totals_away(
    world: World, journey: Journeys, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    _the_distributor_converts(world, journey)
    run, previewed = _finance_previews(world, journey)
    order = _another_person_approves_and_the_order_is_compared(world, journey, run, previewed, tmp_path)
    answers = _answered(order, failed="D-6", folder=tmp_path)
    _finance_brings_the_answers_in(world, journey, run, answers, len(order))
    _the_points_of_the_failed_load_are_back(world, journey)
    export = _finance_takes_the_totals_away(world, journey, tmp_path)
    loaded = ASKED + sum(Decimal(one["amount"]) for one in order if one["distributor_code"] != "D-6")
    amount = ASKED + sum(Decimal(one["amount"]) for one in order)
    header, *_rows, total = openpyxl.load_workbook(export)["Top-ups"].iter_rows(values_only=True)
    totals = dict(zip(header, total, strict=True))
    assert (Decimal(str(totals["Amount"])), Decimal(str(totals["Loaded"]))) == (amount, loaded)
    with subtests.test("LibreOffice opens the export and shows the same totals"):
        header, *rows, last = office.shown(export, tmp_path)
        assert len(rows) == 1 + len(order)
        shown = dict(zip(header, last, strict=True))
        assert (_amount(shown["Amount"]), _amount(shown["Loaded"])) == (amount, loaded)


def _the_distributor_converts(world: World, journey: Journeys) -> None:
    with journey("phone") as here:
        here.sign_in(world.login("other"), world.password)
        here.menu("Card")
        here.look("card-before")
        here.press(here.page.get_by_role("link", name="Convert points…"))
        here.look("redeem")
        here.page.get_by_label("Points to convert", exact=True).fill("600")
        here.press(here.page.get_by_role("button", name="Further"))
        here.look("redeem-confirm")
        here.press(here.page.get_by_role("button", name="Convert 600 points"))
        here.look("redeem-waits")
    with journey("desktop") as here:
        here.sign_in(world.login("approver"), world.password)
        here.menu("Redemptions")
        here.look("redemptions")
        here.press(here.page.locator("main tbody a").first)
        here.look("redemption")
        here.press(here.page.get_by_role("button", name="Approve"))
        _work(world)
        here.page.reload()
        here.look("redemption-loaded")
        assert here.page.get_by_text("Loaded", exact=True).first.is_visible()


def _finance_previews(world: World, journey: Journeys) -> tuple[str, Decimal]:
    with journey("desktop") as here:
        here.sign_in(world.login("finance"), world.password)
        here.menu("Conversion runs")
        here.look("runs")
        here.press(here.page.get_by_role("link", name="New run"))
        here.look("run-new")
        here.page.get_by_label("Points earned from").fill("2026-01-01")
        here.page.get_by_label("Points earned until").fill("2046-12-31")
        here.press(here.page.get_by_role("button", name="Preview"))
        here.look("run-previewed")
        assert here.page.get_by_role("button", name="Approve").count() == 0
        rewards = here.page.locator("dl.figures div", has=here.page.get_by_text("Rewards", exact=True)).locator("dd")
        return here.page.locator("h1").inner_text(), _amount(rewards.first.inner_text())


def _another_person_approves_and_the_order_is_compared(
    world: World, journey: Journeys, run: str, previewed: Decimal, folder: Path
) -> list[dict[str, str]]:
    with journey("phone") as here:
        here.sign_in(world.login("approver"), world.password)
        here.menu("Conversion runs")
        here.look("runs-of-approver")
        here.press(here.page.get_by_role("link", name=run))
        here.look("run-to-approve")
        here.page.get_by_role("button", name="Approve…").click()
        here.look("run-approving")
        here.press(here.page.get_by_role("button", name="Approve", exact=True))
        _work(world)
        here.page.get_by_role("link", name="Order file").wait_for()  # the page asks how far it is
        here.look("run-ordered")
    with journey("desktop") as here:
        here.sign_in(world.login("finance"), world.password)
        here.menu("Conversion runs")
        here.look("runs-ordered")
        here.press(here.page.get_by_role("link", name=run))
        here.look("run-ordered-of-finance")
        with here.page.expect_download() as sent:
            here.page.get_by_role("link", name="Order file").click()
        with _kept(sent, folder).open(encoding="utf-8-sig", newline="") as file:
            *loads, total = list(csv.DictReader(file))
        assert {one["distributor_code"] for one in loads} >= {"D-6", "D-7"}
        assert sum(Decimal(one["amount"]) for one in loads) == Decimal(total["amount"]) == previewed
        assert int(total["line"]) == len(loads)
        row = here.page.locator("table.list tbody tr", has_text="Distributor 07")
        of_d7 = next(one for one in loads if one["distributor_code"] == "D-7")
        assert of_d7["amount"] in row.first.inner_text()
    return loads


def _answered(order: list[dict[str, str]], *, failed: str, folder: Path) -> Path:
    """Write what the card provider answers: one load failed, the others were made."""
    answers = folder / "answers.csv"
    with answers.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("reference", "result", "code"))
        for one in order:
            writer.writerow(
                (
                    one["reference"],
                    *(("failed", "card_blocked") if one["distributor_code"] == failed else ("loaded", "")),
                )
            )
    return answers


def _finance_brings_the_answers_in(world: World, journey: Journeys, run: str, answers: Path, loads: int) -> None:
    with journey("desktop") as here:
        here.sign_in(world.login("finance"), world.password)
        here.menu("Conversion runs")
        here.look("runs-to-answer")
        here.press(here.page.get_by_role("link", name=run))
        here.look("run-to-answer")
        here.page.get_by_role("button", name="Bring in a response file…").click()
        dialog = here.page.get_by_role("dialog", name="Bring in a response file")
        dialog.get_by_label("Response file").set_input_files(answers)
        here.press(dialog.get_by_role("button", name="Bring it in"))
        here.look("run-settled")
        fates = here.page.locator("[aria-labelledby=outcome-title] .state").evaluate_all(
            "all => all.map((one) => one.getClientRects().length && one.offsetHeight)"
        )
        assert fates
        assert all(height < 30 for height in fates), "each in one line"
        here.page.get_by_role("status").get_by_text(f"Loaded: {loads - 1}").wait_for()
        assert here.page.get_by_text("Everything is answered.").is_visible()


def _the_points_of_the_failed_load_are_back(world: World, journey: Journeys) -> None:
    with journey("phone") as here:
        here.sign_in(world.login("other"), world.password)
        here.menu("Card")
        here.look("card-after")
        available = here.page.locator("dl.facts div", has_text="Available points").locator("dd")
        assert _amount(available.inner_text()) == 450, "all but what was converted before"
        assert here.page.locator("table.list tbody tr", has_text="Failed").first.is_visible()


def _finance_takes_the_totals_away(world: World, journey: Journeys, folder: Path) -> Path:
    with journey("desktop") as here:
        here.sign_in(world.login("finance"), world.password)
        here.menu("Exports")
        here.look("exports")
        here.press(here.page.get_by_role("link", name="New export"))
        here.look("export-new")
        here.page.get_by_label("From", exact=True).fill("2026-01-01")
        here.page.get_by_label("Until", exact=True).fill("2046-12-31")
        here.press(here.page.get_by_role("button", name="Make it"))
        _work(world)
        take = here.page.get_by_role("link", name="Take the file away")
        take.wait_for()  # the page asks how far it is
        here.look("export-made")
        with here.page.expect_download() as sent:
            take.click()
        return _kept(sent, folder)
