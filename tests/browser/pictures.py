"""Takes the pictures of docs/pictures: `scripts/pictures` calls it while the demonstration serves.

Each role's main page stands there on a desktop and on a phone, in light and in dark: docs/gallery.md shows them. The
README shows some more.
"""

import base64
import shutil
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.web.samples import PASSWORD, SAMPLES

DESK, PHONE = (1440, 900), (390, 844)
PROGRAM = "/programs/klub-dlutowar"
QUALITY = 60

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

# name, who, size, path
FURTHER = (
    ("documents", "viewer", DESK, f"{PROGRAM}/documents"),
    ("import", "administrator", DESK, f"{PROGRAM}/imports/3"),
    ("card-phone", "distributor", PHONE, "card"),
)


def main(address: str, folder: Path) -> None:
    """Take every picture anew."""
    _wait(address)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    chromium = next(
        found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))
    )
    assert {sample.login.partition("@")[0] for sample in SAMPLES} == set(ROLES), "every role has its page"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for who, path in ROLES.items():
            for look, (size, scheme) in LOOKS.items():
                _take(browser, address, folder / f"{who}-{look}.webp", who, size, path, scheme)
        for name, who, size, path in FURTHER:
            _take(browser, address, folder / f"{name}.webp", who, size, path)
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
    browser: Browser, address: str, file: Path, who: str, size: tuple[int, int], path: str, scheme: str = "light"
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
    page.wait_for_timeout(1_000)  # charts are drawn into the page
    file.write_bytes(_webp(context, page))
    context.close()


def _webp(context: BrowserContext, page: Page) -> bytes:
    """Take a picture as WebP: a third of the size of a PNG."""
    shot = context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(shot["data"])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
