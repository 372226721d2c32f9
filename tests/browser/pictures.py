"""Takes the pictures of docs/pictures: `scripts/pictures` calls it while the demonstration serves.

Each role's main page stands there on a desktop and on a phone, in light and in dark: docs/gallery.md shows them. The
README shows some more.
"""

import io
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from app.web.auth.samples import PASSWORD, SAMPLES
from tests.browser.conftest import PROGRAMS

DESK, PHONE = (1440, 900), (390, 844)
PROGRAM = "/programs/klub-dlutowar"
QUALITY = 38

# who, and their main page; one that does not begin with a slash goes on from where the person begins
ROLES = {
    "owner": "/platform/users/",
    "administrator": "",
    "verifier": f"{PROGRAM}/review",
    "finance": f"{PROGRAM}/runs/1",
    "approver": f"{PROGRAM}/liability",
    "viewer": f"{PROGRAM}/reports/distributors",
    "assistant": "?q=sp.+z+o",
    "distributor": "",
    "rep": "",
}
LOOKS = {
    f"{'desk' if size is DESK else 'phone'}{'-dark' if scheme == 'dark' else ''}": (size, scheme)
    for size in (DESK, PHONE)
    for scheme in ("light", "dark")
}

SALES = """Nr faktury;Data;Kontrahent;Indeks;Ilość;Wartość netto
FV/118/11;2026-11-17;D-1008;DL-1001;3;1 257,00
FV/118/11;2026-11-17;D-1008;DL-1042;10;389,90
FV/119/11;2026-11-18;D-1013;DL-1003;1;429,00
"""


def _press(name: str) -> Callable[[Page], None]:
    """Press a button or follow a link on the way to what is shown."""

    def press(page: Page) -> None:
        page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()

    return press


def _bring_in(page: Page) -> None:
    """Give a file of sales to the wizard, which looks at it and proposes what its columns are."""
    page.set_input_files(
        "input[type=file]", {"name": "sprzedaz.csv", "mimeType": "text/csv", "buffer": SALES.encode("cp1250")}
    )
    page.get_by_role("button", name="Bring them in").click()
    page.get_by_role("heading", name="sprzedaz.csv").wait_for()
    page.wait_for_timeout(5_000)  # a worker reads it


# name, who, size, path, what is done there first
FURTHER: tuple[tuple[str, str, tuple[int, int], str, Callable[[Page], None] | None], ...] = (
    ("documents", "viewer", DESK, f"{PROGRAM}/documents", None),
    ("import", "administrator", DESK, f"{PROGRAM}/imports/3", None),
    ("wizard", "administrator", DESK, f"{PROGRAM}/imports/new", _bring_in),
    ("rules", "administrator", DESK, f"{PROGRAM}/rules", None),
    ("deciding", "verifier", DESK, f"{PROGRAM}/review", _press("Take the next one")),
    ("tax", "finance", DESK, f"{PROGRAM}/tax", None),
    ("made-of", "distributor", DESK, "", _press("What it is made of")),
    ("claim-phone", "distributor", PHONE, "claims/new", None),
    ("promotions-phone", "distributor", PHONE, "promotions", None),
    ("rewards-phone", "distributor", PHONE, "rewards", None),
    ("card-phone", "distributor", PHONE, "card", None),
    ("redemption-phone", "distributor", PHONE, "card", _press("Convert points")),
)


def main(address: str, folder: Path) -> None:
    """Take every picture anew."""
    _wait(address)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    chromium = next(found for name in PROGRAMS if (found := shutil.which(name)))
    assert {sample.login.partition("@")[0] for sample in SAMPLES} == set(ROLES), "every role has its page"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for who, path in ROLES.items():
            for look, (size, scheme) in LOOKS.items():
                _take(browser, address, folder / f"{who}-{look}.webp", who, size, path, scheme)
        for name, who, size, path, first in FURTHER:
            _take(browser, address, folder / f"{name}.webp", who, size, path, first=first)
        browser.close()


def _wait(address: str) -> None:
    """Wait until the pages are served, in the fonts that are made when the first of them is."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}/sign-in", timeout=5) as page:
                if b"fonts.css" in page.read():
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(1)
    raise SystemExit("The demonstration does not answer.")


def _take(
    browser: Browser,
    address: str,
    file: Path,
    who: str,
    size: tuple[int, int],
    path: str,
    scheme: str = "light",
    first: Callable[[Page], None] | None = None,
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="en-GB",
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("input[name=login]", f"{who}@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state("networkidle")
    # without a word of what signing in said
    page.goto(f"{address}{path}" if path.startswith("/") else f"{page.url}{path}")
    page.wait_for_load_state("networkidle")
    if first is not None:
        first(page)
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_000)  # charts are drawn into the page
    file.write_bytes(_webp(page))
    context.close()


def _webp(page: Page) -> bytes:
    """Take a picture as WebP: a fifth of the size of a PNG."""
    written = io.BytesIO()
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(written, "WEBP", quality=QUALITY, method=6)
    return written.getvalue()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
