"""`scripts/bench web`: the pages of a programme with a million lines, beside a bare page on the same server.

Every page that opens with nothing but a programme or a distributor is asked for in turn: how large it is, how many
statements it takes, how long 95 of 100 answers take. A list is walked to its thousandth page. Then eight visitors at
once ask for the pages that are opened most, and after them, in the same run and of the same server, for a page of bare
Flask with one statement of SQLAlchemy Core (`bench.bare`).
"""

import argparse
import http.client
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import flask
from flask import Flask
from sqlalchemy import event, select

from app.cli.runtime import Runtime
from app.db.transaction import transaction
from app.extensions import db
from app.factory import create_app
from app.models.distributors import Distributor
from app.models.people import UserAccount
from app.models.sales import SalesDocument
from app.services import chores, people, programs
from app.services.people import Role
from app.services.signing_in import Factor, Method
from app.web import setup as _pages  # noqa: F401  # its lazy texts are made before there is any application
from app.web.auth import sessions
from app.web.permissions import ROUTES, Reach
from bench import installation
from bench.clients import Figures, race
from bench.serving import served

VISITORS = 8
ROUNDS = 40
PAGES_WALKED = 1_000
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
_FILES = {"program.export", "search.suggest"}
_NEXT = re.compile(r'href="([^"]*[?&;]after=[^"]+)"')


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench web", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each race")
    parser.add_argument("--data", type=Path, help="folder of the files; kept and used again")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-files-")))
        result = measure(folder, given.lines, given.seconds)
    if given.as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


def measure(folder: Path, lines: int, seconds: float) -> dict[str, Any]:
    """Import the file, then ask for pages."""
    files = installation.made_files(folder, lines, xlsx=False)
    load_before = os.getloadavg()[0]
    with installation.fresh(files) as run:
        with installation.workers(run):
            installation.wait_for(run, installation.put_up(run, "sales", files.folder / "sales.csv"))
        chores.run(run.registry, run.now())  # the sums that charts show are made
        visit = Visit.of(run)
        with served(run, "web") as port:
            pages = {name: _page(visit, port, name, address) for name, address in visit.addresses.items()}
            walked = _walk(visit, port, visit.addresses["documents.index"])
            often = [(visit.cookie_of(name), visit.addresses[name]) for name in OFTEN]
            ours = [race(visitor, [(port, often)] * VISITORS, seconds) for _ in range(3)]
        with served(run, "bare") as port:
            bare = [race(visitor, [(port, [("", "/")])] * VISITORS, seconds) for _ in range(3)]
    mine, floor = Figures.median(ours), Figures.median(bare)
    return {
        "lines": lines,
        "distributors": visit.distributors,
        "load_before": round(load_before, 2),
        "pages": pages,
        "largest_bytes": max(page["bytes"] for page in pages.values()),
        "most_statements": max(page["statements"] for page in pages.values()),
        "slowest_p95_ms": max(page["p95_ms"] for page in pages.values()),
        "targets": {"bytes": MOST_BYTES, "statements": MOST_STATEMENTS, "p95_ms": MOST_MS, "ratio_to_bare": 0.5},
        "list": walked,
        "visitors": VISITORS,
        "requests_per_second": round(mine.tx_per_second, 1),
        "bare_requests_per_second": round(floor.tx_per_second, 1),
        "ratio_to_bare": round(mine.tx_per_second / floor.tx_per_second, 3),
        "p95_ms_of_visitors": round(mine.p95_ms, 1),
    }


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
            people.create_user(
                session, STAFF, "Staff", "bench bench bench", platform_owner=True, actor="bench", now=now
            )
            people.create_user(session, OWNER, "Owner", "bench bench bench", actor="bench", now=now)
            people.give_role(session, OWNER, program, Role.OWNER, document.distributor_id, actor="bench", now=now)
        run.registry.remove()
        app = create_app(run.settings, run.addresses, web=True)
        cookies = {login: _signed_in(app, login) for login in (STAFF, OWNER)}
        return cls(app, cookies, dict(_addresses(app, document.id, document.distributor_id)), len(known))

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
        if wanted and "GET" in (rule.methods or ()) and rule.endpoint not in _FILES:
            yield rule.endpoint, re.sub(r"<(?:\w+:)?(\w+)>", lambda named: str(given[named[1]]), str(rule))


def _page(visit: Visit, port: int, name: str, address: str) -> dict[str, Any]:
    cookie = visit.cookie_of(name)
    statements = _statements(visit.app, cookie, address)
    ask = _asking(port)
    size = len(ask(cookie, address))
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask(cookie, address)
        took.append((time.perf_counter() - began) * 1e3)
    return {
        "bytes": size,
        "statements": statements,
        "p50_ms": round(sorted(took)[len(took) // 2], 1),
        "p95_ms": round(sorted(took)[len(took) * 95 // 100], 1),
    }


def _statements(app: Flask, cookie: str, address: str) -> int:
    """Count the statements of the second of two visits: the first may fill what is kept between them."""
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    client = app.test_client()
    named, _, value = cookie.partition("=")
    client.set_cookie(named, value)
    client.get(address).close()
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    client.get(address).close()
    event.remove(engine, "before_cursor_execute", count)
    return counted


def _walk(visit: Visit, port: int, address: str) -> dict[str, Any]:
    """Go through a list page by page; how long its first pages take, and its last."""
    ask, cookie, took = _asking(port), visit.cookie_of("documents.index"), []
    for _ in range(PAGES_WALKED):
        began = time.perf_counter()
        page = ask(cookie, address).decode()
        took.append((time.perf_counter() - began) * 1e3)
        further = _NEXT.search(page)
        if further is None:
            break
        address = further[1].replace("&amp;", "&")
    ends = min(100, len(took) // 2)
    return {
        "pages": len(took),
        "first_p95_ms": round(sorted(took[:ends])[ends * 95 // 100], 1),
        "last_p95_ms": round(sorted(took[-ends:])[ends * 95 // 100], 1),
    }


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
    print(f"  {'page':<28}{'bytes':>8}{'statements':>12}{'p50 ms':>9}{'p95 ms':>9}")
    for name, page in sorted(result["pages"].items(), key=lambda one: -one[1]["p95_ms"]):
        print(f"  {name:<28}{page['bytes']:>8,}{page['statements']:>12}{page['p50_ms']:>9}{page['p95_ms']:>9}")
    walked = result["list"]
    print(
        f"  a list of {walked['pages']:,} pages: p95 {walked['first_p95_ms']} ms first, {walked['last_p95_ms']} ms last"
    )
    print(
        f"  {result['visitors']} visitors: {result['requests_per_second']} requests/s, "
        f"p95 {result['p95_ms_of_visitors']} ms; a bare page: {result['bare_requests_per_second']} requests/s"
    )
    print(f"  ratio to the bare page: {result['ratio_to_bare']}")


if __name__ == "__main__":
    main()
