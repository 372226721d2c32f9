"""A real browser before the real pages: whoever looks at a page looks at all that must hold of every page."""

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from app.local.servers import Addresses
from tests.app.web.conftest import TOKEN
from tests.app.web.world import World, build
from tests.browser.judging import come_to_rest, faults, kind_of, misfits
from tests.conftest import named_for_pictures, of_the_run, pictures_of

PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An application that serves pages, and what there is to see: made anew for each file of tests."""
    made = build(addresses, tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def base(world: World) -> Iterator[str]:
    """The address at which the pages are served; a module may have a world of its own."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="pages")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright: the one without a window where it is there."""
    program = os.environ.get("KONTOR_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
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
    """Where pictures of the pages are kept; the end of a run says where (`tests/conftest.py`)."""
    folder = pictures_of(tmp_path_factory)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Judged:
    """What axe has seen in this run, in all its processes: a page that stands as before is not judged twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _place(self, kind: str, look: str) -> Path:
        return self._folder / hashlib.sha256(f"{kind} {look}".encode()).hexdigest()

    def knows(self, kind: str, look: str) -> bool:
        return self._place(kind, look).exists()

    def note(self, kind: str, look: str) -> None:
        self._place(kind, look).touch()


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return Judged(of_the_run(tmp_path_factory) / "judged")


class Visit:
    """Somebody before the screen: complaints of the browser are collected, pages are looked at, pictures taken."""

    def __init__(
        self, page: Any, base: str, pictures: Path, size: str, scheme: str, world: World, judged: Judged
    ) -> None:
        self.page = page
        self.size = size
        self.complaints: list[str] = []
        self.unseen: list[str] = []
        self._world, self._base, self._pictures, self._judged = world, base, pictures, judged
        self._scheme = scheme
        self._title = size if scheme == "light" else f"{size}-{scheme}"
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append("a dialog: " + dialog.message), dialog.dismiss()))
        page.on("requestfailed", self._failed)
        page.on("request", self._only_ours)
        page.on("framenavigated", lambda frame: self.unseen.append(frame.url) if frame == page.main_frame else None)

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # which is what becomes of an icon when the next page is opened
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _only_ours(self, request: Any) -> None:
        if not request.url.startswith(self._base):
            self.complaints.append(f"elsewhere: {request.url}")

    def go(self, address: str) -> Any:
        """Open a page of ours."""
        return self.page.goto(self._base + address)

    def sign_in(self, login: str, password: str, *, looking: bool = False) -> None:
        """Sign in and come to the first page; ``looking`` at each page on the way, else without the browser's help."""
        if looking:
            self._sign_in_by_keyboard(login, password)
            return
        self._send("/sign-in", login=login, password=password)
        code = self._world.code(login)
        if code is not None:
            self._send("/sign-in/second", code=code)
        self.go("/")
        assert "/sign-in" not in self.page.url
        self.unseen.clear()

    def _send(self, address: str, **fields: str) -> None:
        """Fill in a form without opening it: the browser has the cookies of what is asked so."""
        asked = self.page.context.request
        token = TOKEN.search(asked.get(self._base + address).text())
        assert token
        sent = asked.post(self._base + address, form={"csrf_token": token[1], **fields}, max_redirects=0)
        assert sent.status == 303, sent.status

    def _sign_in_by_keyboard(self, login: str, password: str) -> None:
        """Fill in the form as somebody does who has no mouse."""
        self.go("/sign-in")
        self.page.locator("#login:focus").wait_for()  # the page puts it there
        self.look("sign-in")
        keyboard = self.page.keyboard
        keyboard.type(login)
        keyboard.press("Tab")
        keyboard.type(password)
        keyboard.press("Enter")
        self.page.wait_for_url(re.compile(r"^\w+://[^/]+/(programs|portal|platform|sign-in/second)\b"))
        if "/sign-in/second" in self.page.url:
            self.page.locator("#code:focus").wait_for()
            self.look("sign-in-second")
            keyboard.type(self._world.code(login) or "")
            keyboard.press("Enter")
            self.page.wait_for_url(re.compile(r"^\w+://[^/]+/(programs|portal|platform)\b"))

    def press(self, what: Any) -> None:
        """Click what leads to another page, and wait for it."""
        with self.page.expect_navigation():
            what.click()

    def choose(self, field: str, code: str) -> None:
        """Choose one of what a field finds by its code; its list would lie over what is pressed next."""
        self.page.get_by_role("combobox", name=field).fill(code)
        self.page.get_by_role("option").filter(has_text=re.compile(rf"{re.escape(code)}$")).click()

    def menu(self, name: str) -> None:
        """Go to a place of the navigation: on a phone by the tabs at its foot, or by the sheet behind the last one."""
        named = {"name": re.compile(f"^{name}( \\d+|$)")}
        link = self.page.locator("nav.links-all").get_by_role("link", **named)
        if self.size == "phone":
            tab = self.page.locator("nav.tabs").get_by_role("link", **named)
            if tab.count():
                self.press(tab)
                return
            self.page.locator("nav.tabs button").click()
        self.press(link)

    def sign_out(self) -> None:
        """Leave by the menu of the account, in whatever language it is."""
        if self.size == "phone":
            self.page.locator("nav.tabs button").click()
        self.page.locator(".account > summary").click()
        self.press(self.page.locator("form[action='/sign-out'] button"))
        assert self.page.url == f"{self._base}/sign-in"
        self.look("signed-out")

    def look(self, name: str, *, refused: bool = False) -> None:
        """See that all holds that must hold of every page; ``refused`` says that a form came back with its faults."""
        assert self.wrong(name, refused=refused) == [], (name, self.page.url)

    def wrong(self, name: str, *, refused: bool = False) -> list[str]:
        """Take a picture, and tell what does not hold that must hold of every page."""
        self.page.wait_for_load_state()
        come_to_rest(self.page)
        found = misfits(self.page)
        found += [one for one in self.complaints if not (refused and "status of 4" in one)]
        kind = kind_of(self.page)
        # the colours of a page are the same at each size, and all else is the same in light and in dark
        built, coloured = (not self._judged.knows(kind, look) for look in (self.size, self._scheme))
        if built or coloured:
            found += faults(self.page, built=built, coloured=coloured)
            for look in (self.size, self._scheme):
                self._judged.note(kind, look)
        self.complaints.clear()
        self.unseen.clear()
        self._take(name)
        return found

    def picture(self, name: str) -> None:
        """Take a picture, and see that the page fits the screen."""
        self.page.wait_for_load_state()
        widths = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widths[0] <= widths[1], f"{name} is wider than the screen"
        self._take(name)

    def _take(self, name: str) -> None:
        if named_for_pictures() is not None:
            self.take(name)

    def take(self, name: str) -> None:
        """Keep a picture of what is seen: it costs as much as half the page."""
        self.page.screenshot(path=self._pictures / f"{self._title}-{name}.png")


@pytest.fixture
def visit(
    chromium: Any, base: str, pictures: Path, world: World, judged: Judged
) -> Callable[..., AbstractContextManager[Visit]]:
    """Opens a browser of some size; ``at`` is another name of the same pages."""

    @contextmanager
    def opened(size: str, scheme: str = "light", at: str | None = None, **more: Any) -> Iterator[Visit]:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **{"locale": "en-GB", **more}
        )
        here = Visit(context.new_page(), at or base, pictures, size, scheme, world, judged)
        try:
            yield here
        except BaseException:
            here.take("last-seen")
            raise
        finally:
            context.close()

    return opened


@pytest.fixture
def journey(visit: Callable[..., AbstractContextManager[Visit]]) -> Callable[..., AbstractContextManager[Visit]]:
    """Opens a browser whose owner looks at every page that comes up: one that was not looked at fails the test."""

    @contextmanager
    def begun(size: str, **more: Any) -> Iterator[Visit]:
        with visit(size, **more) as here:
            yield here
            assert here.unseen == [], "these were not looked at"
            assert here.complaints == []

    return begun
