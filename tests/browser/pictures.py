"""Takes the pictures of docs/pictures: `scripts/pictures` calls it while the demonstration serves."""

import shutil
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from app.web.samples import PASSWORD

DESK, PHONE = (1440, 900), (390, 844)
PROGRAM = "/programs/klub-dlutowar"

# name, who, size, path; a path that does not begin with a slash goes on from where the person begins
PICTURES = (
    ("overview", "owner", DESK, f"{PROGRAM}/"),
    ("documents", "owner", DESK, f"{PROGRAM}/documents"),
    ("run", "owner", DESK, f"{PROGRAM}/runs/1"),
    ("liability", "owner", DESK, f"{PROGRAM}/liability"),
    ("reports", "owner", DESK, f"{PROGRAM}/reports/distributors"),
    ("import-phone", "owner", PHONE, f"{PROGRAM}/imports"),
    ("portal-phone", "distributor", PHONE, ""),
    ("card-phone", "distributor", PHONE, "card"),
)


def main(address: str, folder: Path) -> None:
    """Take every picture."""
    _wait(address)
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(
        found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, who, size, path in PICTURES:
            _take(browser, address, folder / f"{name}.png", who, size, path)
        browser.close()


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(1)
        else:
            return
    raise SystemExit("The demonstration does not answer.")


def _take(browser: Browser, address: str, file: Path, who: str, size: tuple[int, int], path: str) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("input[name=login]", f"{who}@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state("networkidle")
    page.goto(f"{address}{path}" if path.startswith("/") else f"{page.url}{path}")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_000)  # charts are drawn into the page
    page.screenshot(path=str(file))
    context.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
