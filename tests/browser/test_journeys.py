"""What those who run a programme do in a day: each role from the sign-in to the sign-out, by clicks, at both sizes."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import DocumentKind
from app.extensions import db
from app.local.servers import Addresses
from app.models.programs import Program
from app.services.goods.catalogue import product_ids
from tests.app.web.auth.arriving import new_login
from tests.app.web.world import World, build, do_one_job
from tests.support.sales import Sold, sell

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]
both = pytest.mark.parametrize("size", ["desktop", "phone"])
PERIODS = {"desktop": ("2026-01-01", "2026-02-28"), "phone": ("2026-03-01", "2046-12-31")}


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which more than one document waits for a decision."""
    made = build(addresses, tmp_path_factory.mktemp("journeys"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            saw = product_ids(session, program.id)["p2"]
            unexplained = [
                Sold(f"KOR/{at}", made.distributors["D-6"], saw, -1, -5_000, "2026-03-21", DocumentKind.CREDIT_NOTE)
                for at in range(3, 6)
            ]
            sell(session, program, unexplained)
        db.session.remove()
    yield made
    made.close()


@both
def test_an_administrator_follows_an_import_corrects_a_record_and_finds_it_in_the_audit_log(
    world: World, journey: Journeys, size: str, tmp_path: Path
) -> None:
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password, looking=True)
        here.look("administrator-overview")
        here.menu("Imports")
        here.look("imports")
        here.press(page.get_by_role("link", name=re.compile("продажи")))
        reasons = page.locator("table.reasons tbody tr")
        assert reasons.count() >= 2
        assert reasons.filter(has_text="D-999").count() == 1, "which row, and why"
        here.look("import")
        with page.expect_download() as sent:
            page.get_by_role("link", name="Download these rows").click()
        book = openpyxl.load_workbook(_kept(sent, tmp_path))
        assert "BAD/0" in {cell.value for row in book.active for cell in row}
        here.menu("Distributors")
        here.look("distributors")
        here.press(page.get_by_role("link", name="Distributor 05"))
        here.look("record")
        here.press(page.get_by_role("link", name="Edit", exact=True))
        here.look("record-edit")
        town = f"Gdynia {size}"
        page.get_by_label("City").fill(town)
        page.get_by_label("Reason").fill(f"They moved ({size})")
        here.press(page.get_by_role("button", name="Save"))
        here.look("record-edited")
        assert page.get_by_text(town).first.is_visible()
        here.menu("Audit log")
        here.look("audit")
        newest = page.locator("table.list tbody tr").first
        assert "administrator" in newest.inner_text()
        assert town in newest.inner_text()
        assert f"They moved ({size})" in newest.inner_text()
        here.menu("Texts")
        here.look("texts")
        here.press(page.get_by_role("link", name="Invitation: subject"))
        here.look("text")
        page.locator("form[action*='/settings/texts/'] textarea").fill("Come to %(program)s")
        here.press(page.get_by_role("button", name="Save"))
        here.look("text-saved")
        here.sign_out()


def _kept(sent: Any, folder: Path) -> Path:
    """Keep what was downloaded."""
    path = folder / str(sent.value.suggested_filename)
    sent.value.save_as(path)
    return path


@both
def test_a_verifier_accepts_what_waits_with_a_reason_and_goes_on_to_the_next(
    world: World, journey: Journeys, size: str
) -> None:
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("verifier"), world.password, looking=True)
        here.look("verifier-overview")
        here.menu("Review")
        here.look("review")
        links = page.locator("table.list tbody th a")
        numbers = links.all_inner_texts()
        assert len(numbers) >= 2
        here.press(links.first)
        here.look("in-review")
        page.get_by_role("button", name="Accept", exact=True).click()
        dialog = page.get_by_role("dialog", name="Accept this document")
        dialog.wait_for()
        here.look("accept")
        dialog.get_by_label("In your own words").fill("The sale was before the programme began")
        here.press(dialog.get_by_role("group", name="Accept, and why").get_by_role("button").first)
        here.look("accepted-and-the-next")
        assert page.get_by_text("Accepted.").is_visible()
        here.menu("Review")
        here.look("review-less")
        assert page.locator("table.list tbody th a").all_inner_texts() == numbers[1:]
        here.press(page.locator("table.list tbody th a").first)
        here.look("in-review-next")
        here.sign_out()


@both
def test_finance_prepares_a_run_another_approves_it_and_the_answers_come_in(
    world: World, journey: Journeys, size: str, tmp_path: Path
) -> None:
    begins, ends = PERIODS[size]
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("finance"), world.password, looking=True)
        here.look("finance-overview")
        here.menu("Conversion runs")
        here.look("runs")
        here.press(page.get_by_role("link", name="New run"))
        here.look("run-new")
        page.get_by_label("Points earned from").fill(begins)
        page.get_by_label("Points earned until").fill(ends)
        here.press(page.get_by_role("button", name="Preview"))
        here.look("run-preview")
        assert page.get_by_text("somebody else has to approve it").is_visible()
        assert page.get_by_role("button", name="Approve").count() == 0
        run = page.locator("h1").inner_text()
        here.sign_out()
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("approver"), world.password, looking=True)
        here.look("approver-overview")
        here.menu("Conversion runs")
        here.look("runs-of-approver")
        here.press(page.get_by_role("link", name=run))
        here.look("run-to-approve")
        page.get_by_role("button", name="Approve…").click()
        here.look("run-approving")
        here.press(page.get_by_role("button", name="Approve", exact=True))
        with world.app.app_context():
            while do_one_job(world):
                pass
            db.session.remove()
        page.get_by_role("link", name="Order file").wait_for()  # the page asks how far it is
        here.look("run-ordered")
        here.sign_out()
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("finance"), world.password, looking=True)
        here.look("finance-overview")
        here.menu("Conversion runs")
        here.look("runs")
        here.press(page.get_by_role("link", name=run))
        here.look("run-ordered-of-finance")
        with page.expect_download() as sent:
            page.get_by_role("link", name="Order file").click()
        references = _references(_kept(sent, tmp_path))
        answers = tmp_path / "answers.csv"
        with answers.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("reference", "result"), *((one, "loaded") for one in references)])
        page.get_by_role("button", name="Bring in a response file…").click()
        dialog = page.get_by_role("dialog", name="Bring in a response file")
        dialog.wait_for()
        here.look("answers")
        dialog.get_by_label("Response file").set_input_files(answers)
        here.press(dialog.get_by_role("button", name="Bring it in"))
        here.look("run-settled")
        page.get_by_role("status").get_by_text(f"Loaded: {len(references)}.").wait_for()
        assert page.get_by_text("Everything is answered.").is_visible()
        here.menu("Top-ups")
        here.look("top-ups")
        page.locator("summary", has_text="Export").click()
        with page.expect_download() as sent:
            page.get_by_role("link", name="Excel workbook").click()
        book = openpyxl.load_workbook(_kept(sent, tmp_path))
        assert set(references) <= {str(cell.value) for row in book.active for cell in row}
        here.sign_out()


def _references(order: Path) -> list[str]:
    """Read the references of an order file."""
    with order.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 1, "something is ordered, and summed up below"
    return [row["reference"] for row in rows if row["reference"]]


@both
def test_a_viewer_reads_reports_keeps_a_view_and_takes_nothing_away(world: World, journey: Journeys, size: str) -> None:
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("viewer"), world.password, looking=True)
        here.look("viewer-overview")
        here.menu("Reports")
        here.look("report-activity")
        for name in ("Products", "Distributors", "Points"):
            here.press(page.locator(".page-tabs").get_by_role("link", name=name))
            here.look(f"report-{name.lower()}")
        here.menu("Distributors")
        here.look("distributors-of-viewer")
        everybody = page.locator("table.list tbody tr").count()
        page.locator("[data-list-search]").fill("Distributor 05")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        here.look("distributors-filtered")
        assert page.locator("table.list tbody tr").count() == 1
        page.locator("summary", has_text="Views").click()
        page.get_by_label("Name of this view").fill(f"Fifth {size}")
        here.press(page.get_by_role("button", name="Save view"))
        here.look("view-saved")
        here.press(page.locator(".chips a").first)
        here.look("filter-gone")
        assert page.locator("table.list tbody tr").count() == everybody
        page.locator("summary", has_text="Views").click()
        here.press(page.get_by_role("link", name=f"Fifth {size}"))
        here.look("view-opened")
        assert page.locator("table.list tbody tr").count() == 1
        assert page.locator("summary", has_text="Export").count() == 0
        assert page.request.get(f"{page.url}&form=xlsx").status == 404, "a viewer looks, and takes nothing away"
        here.sign_out()


@both
def test_an_assistant_finds_a_customer_and_sees_how_it_stands(world: World, journey: Journeys, size: str) -> None:
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("assistant"), world.password, looking=True)
        here.look("assistant")
        page.get_by_label("Code, name or tax id").fill("distributor 05")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        here.look("customer-found")
        here.press(page.get_by_role("link", name="Distributor 05"))
        here.look("customer")
        assert page.get_by_text("Takes part").is_visible()
        here.sign_out()


@both
def test_the_platforms_owner_lets_somebody_new_in_and_shuts_them_out(
    world: World, journey: Journeys, size: str
) -> None:
    login = new_login()
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("owner"), world.password, looking=True)
        here.look("owner-overview")
        here.menu("Users")
        here.look("users")
        here.press(page.get_by_role("link", name="Invite somebody"))
        here.look("user-invite")
        page.get_by_label("E-mail").fill(login)
        page.get_by_label("Full name").fill("Nina Nowa")
        page.get_by_label("Role").select_option(label="Viewer")
        here.press(page.get_by_role("button", name="Send the invitation"))
        here.look("user-invited")
        here.menu("Outbox")
        here.look("outbox")
        here.press(page.locator("table.list tbody tr", has_text=login).locator("a").first)
        here.look("message")
        assert page.get_by_text(login).first.is_visible()
        here.menu("All users")
        here.look("all-users")
        page.locator("[data-list-search]").fill("nobody@")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        here.look("user-found")
        here.press(page.locator("table.list tbody th a").first)
        here.look("user")
        page.get_by_label("Reason").fill("They left")
        here.press(page.get_by_role("button", name="Shut out"))
        here.look("user-out")
        page.get_by_label("Reason").fill("They came back")
        here.press(page.get_by_role("button", name="Let in again"))
        here.look("user-in")
        here.sign_out()
