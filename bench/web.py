"""`scripts/bench web`: the pages of a programme with a million lines, beside a bare page on the same server.

Every page that opens with nothing but a programme or a distributor is asked for in turn: how large it is, how many
statements it takes, how much processor time Python spends on it, how long 95 of 100 answers take. A list is asked for
its first pages and for those around the thousandth. Then eight visitors at once ask for the pages that are opened most,
and after them, in the same run and of the same server, for a page of bare Flask with one statement of SQLAlchemy Core
(`bench.bare`).

With `--data` the files and the installation stay there: the next run of the same size begins with the first page.
"""

import argparse
import http.client
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import flask
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.cli.running.runtime import Runtime
from app.db.transaction import transaction
from app.domain.roles import Role
from app.extensions import db
from app.factory import create_app
from app.models.distributors import Distributor
from app.models.people import UserAccount
from app.models.sales import SalesDocument
from app.services.access import people
from app.services.access.signing_in import Factor, Method
from app.services.setup import programs
from app.web import setup as _pages  # noqa: F401  # its lazy texts are made before there is any application
from app.web.access.permissions import ROUTES, Reach
from app.web.admin.documents.documents import DOCUMENTS
from app.web.auth import sessions
from app.web.context import Scope
from app.web.lists.asking import asked_of, mark_of
from app.web.lists.showing import ROWS
from bench import installation
from bench.clients import Figures, race
from bench.serving import served

VISITORS = 8
ROUNDS = 40
ROUNDS_OF_CPU = 10
MOST_SECONDS = 2.0
"""A page is not asked for longer than that, however few rounds it were: what is slow tells so soon."""
DEEP, PAGES_WALKED = 1_000, 60
MOST_BYTES, MOST_STATEMENTS, MOST_MS = 60_000, 12, 100.0
STAFF, OWNER = "staff@bench.example", "owner@bench.example"
OFTEN = (
    "overview.overview",
    "distributors.index",
    "documents.index",
    "documents.show",
    "portal.home",
    "statements.show",
)
"""The pages that eight visitors ask for: what staff and distributors open most."""
_NEXT = re.compile(r'href="([^"]*[?&;]after=[^"]+)"')


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench web", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--pages", default="", help="names of pages, with commas between; all where none is named")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each race; with 0 there is none")
    parser.add_argument("--data", type=Path, help="folder of the files and the installation; kept and used again")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-files-")))
        home = None if given.data is None else folder.absolute() / f"home-{given.lines}"
        result = measure(folder, home, given.lines, given.seconds, set(filter(None, given.pages.split(","))))
    if given.as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


def measure(folder: Path, home: Path | None, lines: int, seconds: float, only: Collection[str]) -> dict[str, Any]:
    """Have an installation with so many lines, then ask for pages: ``only`` those, or all where none is named."""
    files = installation.made_files(folder, lines)
    load_before = os.getloadavg()[0]
    with installation.counted(files, home) as run:
        visit = Visit.of(run)
        names = visit.pages(only)
        with served(run, "web") as port:
            pages = {name: _page(visit, port, name, visit.addresses[name]) for name in names}
            walked = _walk(visit, port, visit.addresses["documents.index"])
            often = [(visit.cookie_of(name), visit.addresses[name]) for name in OFTEN]
            ours = _raced(port, often, seconds)
        with served(run, "bare") as port:
            bare = _raced(port, [("", "/")], seconds)
    told = {
        "lines": lines,
        "distributors": visit.distributors,
        "load_before": round(load_before, 2),
        "pages": pages,
        "largest_bytes": max(page["bytes"] for page in pages.values()),
        "most_statements": max(page["statements"] for page in pages.values()),
        "cpu_ms_of_all": round(sum(page["cpu_ms"] for page in pages.values()), 1),
        "slowest_p95_ms": max(page["p95_ms"] for page in pages.values()),
        "targets": {"bytes": MOST_BYTES, "statements": MOST_STATEMENTS, "p95_ms": MOST_MS, "ratio_to_bare": 0.5},
        "list": walked,
    }
    if ours is not None and bare is not None:
        told |= {
            "visitors": VISITORS,
            "requests_per_second": round(ours.tx_per_second, 1),
            "bare_requests_per_second": round(bare.tx_per_second, 1),
            "ratio_to_bare": round(ours.tx_per_second / bare.tx_per_second, 3),
            "p95_ms_of_visitors": round(ours.p95_ms, 1),
        }
    return told


def _raced(port: int, pages: Sequence[tuple[str, str]], seconds: float) -> Figures | None:
    if not seconds:
        return None
    each_twice = 2 * len(pages)
    return Figures.median([race(visitor, [(port, pages)] * VISITORS, seconds, warm_up=each_twice) for _ in range(3)])


class Visit:
    """Who visits, with which cookies, and where."""

    def __init__(self, app: Flask, cookies: Mapping[str, str], addresses: Mapping[str, str], distributors: int) -> None:
        """Take the application, a cookie of each person, and the address of each page."""
        self.app, self.addresses, self.distributors = app, addresses, distributors
        self._cookies = cookies

    @classmethod
    def of(cls, run: Runtime) -> "Visit":
        """Make one of the staff, and the owner of the distributor with the most documents; sign both in."""
        now = run.now()
        with transaction(run.registry) as session:
            program = programs.program_by_code(session, "bench")
            known = session.scalars(select(Distributor.id).where(Distributor.program_id == program.id)).all()
            document = session.execute(
                select(SalesDocument.id, SalesDocument.distributor_id)
                .where(SalesDocument.program_id == program.id)
                .order_by(SalesDocument.line_count.desc())
                .limit(1)
            ).one()
            if not session.scalars(select(UserAccount.id).where(UserAccount.login == STAFF)).all():
                people.create_user(session, STAFF, "Staff", "bench bench bench", actor="bench", now=now)
                people.give_role(session, STAFF, program, Role.ADMINISTRATOR, actor="bench", now=now)
                people.create_user(session, OWNER, "Owner", "bench bench bench", actor="bench", now=now)
                people.give_role(session, OWNER, program, Role.OWNER, document.distributor_id, actor="bench", now=now)
        run.registry.remove()
        app = create_app(run.settings, run.addresses, web=True)
        cookies = {login: _signed_in(app, login) for login in (STAFF, OWNER)}
        return cls(app, cookies, dict(_addresses(app, document.id, document.distributor_id)), len(known))

    def pages(self, only: Collection[str]) -> list[str]:
        """Name what opens as a page: a file is none, nor what asks for more in its query, or leads elsewhere."""
        return [
            name
            for name, address in self.addresses.items()
            if (not only or name in only)
            and (answer := _client(self.app, self.cookie_of(name)).get(address)).status_code == 200
            and answer.mimetype == "text/html"
        ]

    def cookie_of(self, name: str) -> str:
        """Give the cookie of whoever opens a page: those of a distributor are its owner's."""
        of_owner = name.startswith(("portal", "statements.", "consents."))
        return self._cookies[OWNER if of_owner else STAFF]


def _signed_in(app: Flask, login: str) -> str:
    with app.test_request_context("/"):
        with transaction(db.session) as session:
            somebody = people.person(
                session, session.scalars(select(UserAccount.id).where(UserAccount.login == login)).one()
            )
        assert somebody is not None
        sessions.begin(somebody, Method.PASSWORD, Factor.TOTP)
        answer = app.make_response("")
        app.session_interface.save_session(app, flask.session, answer)  # type: ignore[arg-type]  # the proxy of it
        return answer.headers["Set-Cookie"].split(";")[0]


def _addresses(app: Flask, document_id: int, distributor_id: int) -> Iterator[tuple[str, str]]:
    """List the pages that open with nothing but a programme or one of its distributors, and one document's."""
    given = {"program_code": "bench", "distributor_id": distributor_id, "document_id": document_id}
    for rule in app.url_map.iter_rules():
        entry = ROUTES[rule.endpoint]
        wanted = entry.reach in (Reach.PROGRAM, Reach.DISTRIBUTOR) or rule.endpoint == "documents.show"
        opens = "GET" in (rule.methods or ()) and rule.arguments <= set(given)
        if wanted and opens:
            yield rule.endpoint, re.sub(r"<(?:\w+:)?(\w+)>", lambda named: str(given[named[1]]), str(rule))


def _page(visit: Visit, port: int, name: str, address: str) -> dict[str, Any]:
    cookie = visit.cookie_of(name)
    ask = _asking(port)
    size = len(ask(cookie, address))
    took = sorted(_timed(lambda: ask(cookie, address), time.perf_counter))
    return {
        "bytes": size,
        "statements": _statements(visit.app, cookie, address),
        "cpu_ms": round(statistics.median(_spent(visit.app, cookie, address)), 1),
        "p50_ms": round(took[len(took) // 2], 1),
        "p95_ms": round(took[len(took) * 95 // 100], 1),
    }


def _timed(ask: Callable[[], object], clock: Callable[[], float], rounds: int = ROUNDS) -> list[float]:
    """Ask a number of times; give the milliseconds that a clock counted for each."""
    took: list[float] = []
    ends = time.perf_counter() + MOST_SECONDS
    while len(took) < rounds and time.perf_counter() < ends:
        began = clock()
        ask()
        took.append((clock() - began) * 1e3)
    return took


def _spent(app: Flask, cookie: str, address: str) -> list[float]:
    """Give the milliseconds of processor time that a page takes in Python, without a server around it."""
    client = _client(app, cookie)
    return _timed(lambda: client.get(address).close(), time.thread_time, ROUNDS_OF_CPU)


def _client(app: Flask, cookie: str) -> FlaskClient:
    client = app.test_client()
    named, _, value = cookie.partition("=")
    client.set_cookie(named, value)
    return client


def _statements(app: Flask, cookie: str, address: str) -> int:
    """Count the statements of the second of two visits: the first may fill what is kept between them."""
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    client = _client(app, cookie)
    client.get(address).close()
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    client.get(address).close()
    event.remove(engine, "before_cursor_execute", count)
    return counted


def _walk(visit: Visit, port: int, address: str) -> dict[str, Any]:
    """Go through a list page by page, by its own links: from its beginning, and from its thousandth page."""
    cookie = visit.cookie_of("documents.index")
    first, last = (_steps(port, cookie, begin) for begin in (address, _deep(visit, address)))
    return {
        "pages": DEEP,
        "first_p95_ms": round(sorted(first)[len(first) * 95 // 100], 1),
        "last_p95_ms": round(sorted(last)[len(last) * 95 // 100], 1),
    }


def _deep(visit: Visit, address: str) -> str:
    """Give the address of the thousandth page of the list of documents, or of the last where it has fewer."""
    with visit.app.test_request_context(address):
        flask.g.scope = Scope(programs.program_by_code(db.session(), "bench"))
        rows = asked_of(DOCUMENTS).rows(db.session(), None, backwards=False, most=DEEP * ROWS)
        return f"{address}?after={mark_of(rows[-ROWS])}"


def _steps(port: int, cookie: str, address: str) -> list[float]:
    ask, took = _asking(port), []
    for _ in range(PAGES_WALKED):
        began = time.perf_counter()
        page = ask(cookie, address).decode()
        took.append((time.perf_counter() - began) * 1e3)
        further = _NEXT.search(page)
        if further is None:
            break
        address = further[1].replace("&amp;", "&")
    return took


def _asking(port: int) -> Callable[[str, str], bytes]:
    """Give the function that asks for a page on a connection of its own that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(cookie: str, address: str) -> bytes:
        try:
            connection.request("GET", address, headers={"Cookie": cookie})
            answer = connection.getresponse()
        except ConnectionError:  # it was idle for too long, and the server has closed it: a browser opens another
            connection.close()
            connection.request("GET", address, headers={"Cookie": cookie})
            answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{address} answers {answer.status}: {body[:300]!r}")
        return body

    return ask


@contextmanager
def visitor(port: int, pages: Sequence[tuple[str, str]]) -> Iterator[Callable[[], None]]:
    """Visit pages in turn."""
    ask, at = _asking(port), 0

    def once() -> None:
        nonlocal at
        ask(*pages[at % len(pages)])
        at += 1

    yield once


def show(result: dict[str, Any]) -> None:
    """Print the result for people."""
    print(f"\n{result['lines']:,} lines, {result['distributors']:,} distributors; load before: {result['load_before']}")
    print(f"  {'page':<32}{'bytes':>8}{'statements':>12}{'cpu ms':>9}{'p50 ms':>9}{'p95 ms':>9}")
    for name, page in sorted(result["pages"].items(), key=lambda one: -one[1]["p95_ms"]):
        figures = f"{page['cpu_ms']:>9}{page['p50_ms']:>9}{page['p95_ms']:>9}"
        print(f"  {name:<32}{page['bytes']:>8,}{page['statements']:>12}{figures}")
    print(f"  processor time of all {len(result['pages'])} pages: {result['cpu_ms_of_all']} ms")
    walked = result["list"]
    print(
        f"  a list: p95 {walked['first_p95_ms']} ms first, {walked['last_p95_ms']} ms from page {walked['pages']:,} on"
    )
    if "ratio_to_bare" in result:
        print(
            f"  {result['visitors']} visitors: {result['requests_per_second']} requests/s, "
            f"p95 {result['p95_ms_of_visitors']} ms; a bare page: {result['bare_requests_per_second']} requests/s"
        )
        print(f"  ratio to the bare page: {result['ratio_to_bare']}")


if __name__ == "__main__":
    main()
