"""The whole way of a file in, by clicks, at both sizes: brought, explained, checked, imported; the next one known."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.extensions import db
from app.local.servers import Addresses
from tests.app.web.world import World, build, do_one_job
from tests.browser.judging import come_to_rest

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]
HEADER = "Faktura nr;Data sprzedaży;Kod klienta;Indeks;Nazwa towaru;Ilość;Wartość netto;Wartość"


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of its own: profiles are kept in its programme."""
    made = build(addresses, tmp_path_factory.mktemp("wizard"), small=True)
    yield made
    made.close()


def work(world: World) -> None:
    """Do what there is to do, as workers would meanwhile."""
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def report(path: Path, size: str, month: int) -> Path:
    """Write a month's report, in the encoding of the wholesaler's system; some of its goods nobody knows."""
    goods = ("P1", "P1", "P1", "W-77")
    rows = [
        f"{size}/{month}/{at};{at + 13}.0{month}.2026;D-{5 + at % 2};{goods[at % 4]};Wiertarka;2;1 200,50;1 200,50"
        for at in range(12)
    ]
    path.write_bytes("\n".join([HEADER.replace("Faktura", f"Faktura {size}"), *rows]).encode("cp1250"))
    return path


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_an_administrator_brings_a_file_in_and_the_next_month_is_one_click(
    world: World, visit: Visits, size: str, tmp_path: Path
) -> None:
    def bring(*files: Path) -> None:
        page.get_by_label("Drop files here, or choose them").set_input_files([str(one) for one in files])
        here.press(page.get_by_role("button", name="Bring them in"))

    def done() -> None:
        """Have it done, and see that the page says so by itself."""
        come_to_rest(page)
        with page.expect_navigation():
            work(world)

    with visit(size) as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.menu("Imports")
        here.press(page.get_by_role("link", name="Bring files in"))
        here.look("import-new")
        bring(report(tmp_path / f"hurtownia {size} 2026-04.csv", size, 4))
        done()
        here.press(page.get_by_role("button", name="Save and check"))
        here.look("import-columns-undecided", refused=True)
        assert page.get_by_text("Choose what this column holds.").count() >= 2, "two columns may be the net amount"
        assert page.locator("select[aria-invalid=true][aria-describedby]").count() == 2
        page.get_by_label("What “Wartość netto” holds").select_option("net_amount")
        page.get_by_label("What “Wartość” holds").select_option("")
        here.press(page.get_by_role("button", name="Save and check"))
        done()
        here.look("import-checked")
        assert page.get_by_text("Unknown product").is_visible()
        assert page.get_by_text("What would be awarded, by rule").is_visible()
        here.press(page.get_by_role("button", name="Import", exact=True).first)
        done()
        here.look("import-result")
        assert page.get_by_text("Bring the corrected workbook in").is_visible()

        here.menu("Imports")
        here.press(page.get_by_role("link", name="Bring files in"))
        scan = tmp_path / "scan.pdf"
        scan.write_bytes(b"%PDF-1.4 a picture of a table")
        bring(report(tmp_path / f"hurtownia {size} 2026-05.csv", size, 5), scan)
        come_to_rest(page)
        work(world)
        page.wait_for_load_state()
        page.get_by_text("Cannot be used").first.wait_for()
        page.locator("[data-live]").first.wait_for(state="detached")  # each file loads the page anew
        here.look("import-list")
        here.press(page.get_by_role("link", name=re.compile(f"hurtownia {size} 2026-05")))
        here.look("import-recognised")
        page.get_by_text(f"Read as the last one of hurtownia-{size}").first.wait_for()
        here.press(page.get_by_role("button", name="Check"))
        done()

        here.menu("Imports")
        here.press(page.get_by_role("link", name="Profiles and samples"))
        here.look("import-profiles")
        here.press(page.get_by_role("link", name=f"hurtownia-{size}"))
        here.look("import-profile")
        here.sign_out()
