"""A real browser before the real pages."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from app.local.servers import Addresses
from tests.app.web.world import World, build

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An application that serves pages, and what there is to see."""
    made = build(addresses, tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def base(world: World) -> Iterator[str]:
    """The address at which the pages are served."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="pages")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    program = os.environ.get("KONTOR_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("NOT RUN: no chromium on this machine (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="NOT RUN: playwright is not installed")
    with playwright.sync_playwright() as driver:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages are kept: the folder that KONTOR_SCREENSHOTS names, or one of this run."""
    named = os.environ.get("KONTOR_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Visit:
    """Somebody before the screen: complaints of the browser are collected, pictures taken."""

    def __init__(self, page: Any, base: str, pictures: Path, title: str, world: World) -> None:
        self.page = page
        self._world = world
        self.complaints: list[str] = []
        self._base, self._pictures, self._title = base, pictures, title
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append("a dialog: " + dialog.message), dialog.dismiss()))
        page.on("requestfailed", self._failed)
        page.on("request", self._only_ours)

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # which is what becomes of an icon when the next page is opened
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _only_ours(self, request: Any) -> None:
        if not request.url.startswith(self._base):
            self.complaints.append(f"elsewhere: {request.url}")

    def go(self, address: str) -> Any:
        """Open a page of ours."""
        return self.page.goto(self._base + address)

    def sign_in(self, login: str, password: str) -> None:
        """Fill in the form as somebody does who has no mouse."""
        self.go("/sign-in")
        self.page.locator("#login:focus").wait_for()  # the page puts it there
        keyboard = self.page.keyboard
        keyboard.type(login)
        keyboard.press("Tab")
        keyboard.type(password)
        keyboard.press("Enter")
        self.page.wait_for_url(re.compile(r"/(programs|portal|platform|sign-in/second)\b"))
        if "/sign-in/second" in self.page.url:
            self.page.locator("#code:focus").wait_for()
            keyboard.type(self._world.code(login) or "")
            keyboard.press("Enter")
            self.page.wait_for_url(re.compile(r"/(programs|portal|platform)\b"))

    def picture(self, name: str) -> None:
        """Take a picture, and see that the page fits the screen."""
        widths = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widths[0] <= widths[1], f"{name} is wider than the screen"
        self.page.screenshot(path=self._pictures / f"{self._title}-{name}.png")


@pytest.fixture
def visit(chromium: Any, base: str, pictures: Path, world: World) -> Callable[..., Any]:
    """Opens a browser of some size; ``at`` is another name of the same pages."""

    @contextmanager
    def opened(size: str, scheme: str = "light", at: str | None = None, **more: Any) -> Iterator[Visit]:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **more)
        title = size if scheme == "light" else f"{size}-{scheme}"
        try:
            yield Visit(context.new_page(), at or base, pictures, title, world)
        finally:
            context.close()

    return opened
