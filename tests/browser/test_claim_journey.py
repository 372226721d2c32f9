"""A distributor registers invoices on a phone: with a photo, with a file of KSeF, with a PDF that has one inside."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.local.servers import Addresses
from tests.app.web.world import World, build
from tests.support.e_invoices import Item, cii, fa, pdf_with, ubl
from tests.support.photos import photo

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of its own, for its documents change."""
    made = build(addresses, tmp_path_factory.mktemp("claims"), small=True)
    yield made
    made.close()


def file(name: str, content: bytes, media_type: str) -> dict[str, Any]:
    return {"name": name, "mimeType": media_type, "buffer": content}


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_an_invoice_is_registered_by_hand_with_a_photo(world: World, journey: Journeys, size: str) -> None:
    number, many = f"PHOTO/{size}", {"phone": "2", "desktop": "4"}[size]
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/")
        here.look("claim-home")
        here.press(page.get_by_role("link", name="Register an invoice").first)
        here.look("claim-new")
        here.press(page.get_by_role("button", name="Check what it earns").last)
        here.look("claim-empty")
        assert page.get_by_text("Write the number of the invoice.").first.is_visible()
        page.get_by_label("Number of the invoice").fill(number)
        page.get_by_label("Issued on").fill("2026-06-01")
        product = page.get_by_role("combobox", name="Product")
        product.press_sequentially("Prod", delay=20)
        page.locator(".found-option").first.wait_for()
        here.picture("claim-proposed")
        product.press("ArrowDown")
        product.press("Enter")
        assert product.input_value() == "Product P1"
        page.get_by_label("Quantity").fill(many)
        page.get_by_label("Net price of one").fill("125.50")
        page.get_by_role("button", name="Add a line").click()
        second = page.locator("[data-line]").nth(1)
        second.get_by_role("combobox", name="Product").fill("P2")
        second.get_by_label("Quantity").fill("1")
        second.get_by_label("Net amount").fill("40")
        page.get_by_role("button", name="Add a line").click()
        page.get_by_role("button", name="Remove line 3").click()
        with page.expect_navigation():
            page.locator("#photo" if size == "phone" else "#files").set_input_files(
                [file("front.jpg", photo(number), "image/jpeg"), file("back.jpg", photo("back"), "image/jpeg")]
            )
        page.locator(".proof img").nth(1).wait_for()
        page.mouse.wheel(0, 120)  # so that the bar at the foot cuts no field in half
        page.wait_for_timeout(200)
        here.look("claim-photo")
        here.press(page.get_by_role("button", name="Remove back.jpg"))
        assert page.locator(".proof").count() == 1
        here.look("claim-one-photo")
        here.press(page.get_by_role("button", name="Check what it earns").last)
        here.look("claim-check")
        assert page.locator(".total").inner_text().startswith({"2": "29", "4": "54"}[many])  # by full tens of the sum
        here.press(page.get_by_role("button", name="Send the invoice"))
        page.wait_for_url(re.compile("/documents/"))
        here.look("claim-sent")
        assert page.get_by_text("In review").first.is_visible()


@pytest.mark.parametrize("way", ["ksef", "facturx"])
def test_an_e_invoice_fills_in_the_form_by_itself(world: World, journey: Journeys, way: str) -> None:
    number = f"E/{way}"
    items = [Item("Bohrer", "3", "100.00", code="P1"), Item("Coffee", "1", "8.00")]
    xml = fa(items, number=number) if way == "ksef" else cii(items, number=number).replace(b"EUR", b"PLN")
    sent = (
        file("invoice.xml", xml, "text/xml") if way == "ksef" else file("invoice.pdf", pdf_with(xml), "application/pdf")
    )
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("rep"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/documents")
        here.look("claim-rep-documents")
        here.press(page.get_by_role("link", name="Register an invoice").first)
        here.look("claim-rep-new")
        with page.expect_navigation():
            page.locator("#files").set_input_files([sent])
        here.look(f"claim-{way}")
        assert page.get_by_label("Number of the invoice").input_value() == number
        assert page.get_by_text("Of 2 lines, 1 are products of the programme").is_visible()
        page.get_by_role("button", name="Remove line 2").click()
        here.press(page.get_by_role("button", name="Check what it earns").last)
        here.look(f"claim-{way}-check")
        assert page.locator(".total").inner_text().startswith("30")
        here.press(page.get_by_role("button", name="Send the invoice"))
        page.wait_for_url(re.compile("/documents/"))
        here.look(f"claim-{way}-sent")
        assert page.get_by_role("heading", name=number).is_visible()


def test_what_an_e_invoice_contradicts_is_told_to_whoever_decides(world: World, journey: Journeys) -> None:
    _send_what_contradicts_itself(world, journey, "phone", "Somebody looks at it; its points wait until then.")
    # the same goods once more: together that is too much
    _send_what_contradicts_itself(world, journey, "desktop", "The checks found too much that speaks against it.")


def _send_what_contradicts_itself(world: World, journey: Journeys, size: str, told: str) -> None:
    items = [Item("Bohrer", "3", "50.00", code="P1")]
    in_euro = ubl(items, number=f"WRONG/{size}", lines_total="300.00", payable="999.00")
    one_tax = re.sub(rb"<cac:TaxTotal><cbc:TaxAmount currencyID=.PLN.>.*?</cac:TaxTotal>", b"", in_euro)
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("rep"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/claims/new")
        with page.expect_navigation():
            page.locator("#files").set_input_files([file("invoice.xml", one_tax.replace(b"EUR", b"PLN"), "text/xml")])
        here.look("claim-wrong")
        here.press(page.get_by_role("button", name="Check what it earns").last)
        here.look("claim-wrong-check")
        here.press(page.get_by_role("button", name="Send the invoice"))
        page.wait_for_url(re.compile("/documents/"))
        here.look("claim-wrong-sent")
        assert page.get_by_text(told).is_visible()
        document = page.url.rsplit("/", 1)[1].split("?")[0]
    with journey(size) as here:
        here.sign_in(world.login("verifier"), world.password)
        here.go(f"/programs/{world.a}/review/{document}")
        here.look("claim-wrong-decide")
        found = "What is to be paid comes to 184.50, the e-invoice says 999.00."
        assert here.page.get_by_text(found).is_visible()


def test_what_is_typed_without_network_is_sent_once_when_there_is_one(world: World, journey: Journeys) -> None:
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        new = f"/portal/{world.a}/{world.distributors['D-5']}/claims/new"
        here.go(new)
        here.look("claim-before-the-tunnel")
        page.context.set_offline(True)
        page.get_by_label("Number of the invoice").fill("TUNNEL/1")
        page.get_by_label("Issued on").fill("2026-06-02")
        page.get_by_role("combobox", name="Product").fill("P1")
        page.get_by_label("Quantity").fill("1")
        page.get_by_label("Net amount").fill("50")
        page.get_by_role("button", name="Add a line").click()
        second = page.locator("[data-line]").nth(1)
        second.get_by_role("combobox", name="Product").fill("P2")
        second.get_by_label("Quantity").fill("2")
        second.get_by_label("Net amount").fill("30")
        here.complaints.clear()  # a browser complains of proposals that it cannot ask for
        page.get_by_role("button", name="Check what it earns").last.click()
        page.get_by_text("There is no network.").wait_for()
        here.picture("claim-in-the-tunnel")
        page.context.set_offline(False)
        here.go(new)
        # what the browser has to say of the tunnel may reach us after it
        here.complaints[:] = [one for one in here.complaints if "ERR_INTERNET_DISCONNECTED" not in one]
        here.look("claim-after-the-tunnel")
        page.get_by_role("button", name="Continue: TUNNEL/1").click()
        assert page.locator("[data-line]").nth(1).get_by_label("Net amount").input_value() == "30"
        here.press(page.get_by_role("button", name="Check what it earns").last)
        here.look("claim-tunnel-check")
        assert page.locator(".total").inner_text().startswith("8")
        here.press(page.get_by_role("button", name="Send the invoice"))
        here.look("claim-tunnel-sent")
        here.go(new)
        here.look("claim-tunnel-new")
        assert page.get_by_text("TUNNEL/1").count() == 0


def test_an_invoice_is_written_down_on_the_page_for_where_there_is_no_network(world: World, journey: Journeys) -> None:
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        new = f"/portal/{world.a}/{world.distributors['D-5']}/claims/new"
        here.go(new)
        here.look("claim-before-the-cellar")
        here.go("/portal/offline")
        here.look("claim-offline")
        page.get_by_label("Number of the invoice").fill("CELLAR/1")
        page.get_by_label("Product").fill("P1")
        page.get_by_label("Quantity").fill("4")
        page.get_by_role("button", name="Keep in this browser").click()
        page.get_by_text("open the page “Register an invoice” and send it from there").wait_for()
        page.context.clear_cookies()
        here.go("/sign-in")  # whoever has the phone next, where there is no network, sees nothing of it
        here.look("signed-out")
        here.go("/portal/offline")
        here.look("claim-offline-of-nobody")
        page.get_by_label("Number of the invoice").fill("NOBODY/1")
        page.get_by_role("button", name="Keep in this browser").click()
        page.reload()
        page.get_by_role("button", name="Continue: NOBODY/1").wait_for()
        assert page.get_by_role("button", name="Continue: CELLAR/1").count() == 0
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/")  # whoever comes back is told at the start
        here.look("home-after-the-cellar")
        here.press(page.get_by_role("link", name="Look at it and send it"))
        page.get_by_role("button", name="Continue: CELLAR/1").wait_for()
        here.look("claim-after-the-cellar")
        page.get_by_role("button", name="Continue: CELLAR/1").click()
        assert page.get_by_label("Quantity").input_value() == "4"
        here.go(new)
        for number in ("NOBODY/1", "CELLAR/1"):
            page.get_by_role("button", name=f"Remove: {number}").press("Enter")
        page.locator("[name=number]:focus").wait_for()  # nothing is kept any more: one goes on below
        here.look("claim-kept-no-more")
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/")
        assert page.get_by_text("has not been sent yet").is_hidden()
        here.look("home-nothing-kept")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_loaded_sales_are_claimed_and_one_is_taken_back(world: World, journey: Journeys, size: str) -> None:
    first = {"phone": 1, "desktop": 4}[size]
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("rep"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/sales/")
        for number in (f"FV/{first}", f"FV/{first + 1}"):
            page.get_by_role("row").filter(has_text=number).get_by_role("checkbox").check()
        here.look("sales-to-claim")
        here.press(page.get_by_role("button", name="Claim…"))
        here.look("sales-claim-sure")
        here.press(page.get_by_role("button", name="Claim", exact=True))
        assert page.get_by_text("2 sales are claimed.").is_visible()
        here.press(page.get_by_role("link", name="Claimed sales"))
        page.get_by_role("row").filter(has_text=f"FV/{first}").get_by_role("checkbox").first.check()
        here.look("sales-claimed")
        here.press(page.get_by_role("button", name="Take back…"))
        here.look("sales-take-back-sure")
        here.press(page.get_by_role("button", name="Take back", exact=True))
        assert page.get_by_text("1 claim is taken back.").is_visible()
        here.press(page.get_by_role("link", name=f"FV/{first + 1}").first)
        assert page.get_by_text("Claimed by").is_visible()
        here.look("sales-document")
    with journey(size) as here:
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/settings")
        here.look("settings-claiming")
