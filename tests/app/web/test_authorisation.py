"""Who may do what: every route and method, asked by every kind of person for every kind of thing, against a table.

The table is `authorisation.txt` beside this file. `KONTOR_WRITE_AUTHORISATION=1` writes it anew; then look at what has
changed before it is committed. A cell says for what somebody gets an answer:

    yes     for everything of the kind, or the route is about nothing that anybody has
    own     for what belongs to their own programme, or, for people of a distributor, to their own distributor
    no      for nothing: it is not found (404), or, for whoever has not signed in, leads to the sign-in

What a form does once it is let through is not done here: it is sent without its token, and refused for that (400)
after the guard has let it through.
"""

import io
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.db.transaction import transaction
from app.extensions import db
from app.local.servers import Addresses
from app.models.people import UserAccount
from app.services import second_factors
from app.web.permissions import ROUTES
from tests.app.web.belongings import FOREIGN, MINE, OTHERS, OURS, WORDS, Belongings, fill
from tests.app.web.conftest import enter, token_of
from tests.app.web.world import World, build

TABLE = Path(__file__).with_name("authorisation.txt")

STAFF = ("administrator", "verifier", "finance", "approver", "viewer", "assistant")
PEOPLE = ("owner", *STAFF, "distributor", "rep", "other", "stranger", "nobody", "anonymous")
"""`stranger` is the administrator of another programme, `other` the owner of another distributor of the same one."""

MAY_SEE: Mapping[str, set[str]] = {
    "owner": set(WORDS),
    **dict.fromkeys(STAFF, {OURS, MINE, OTHERS}),
    "distributor": {MINE},
    "rep": set(),
    "other": {OTHERS},
    "stranger": {FOREIGN},
    "nobody": set(),
    "anonymous": set(),
}
"""The words that each kind of person may meet anywhere: by them things are known (`tests.app.web.belongings`)."""

NONE = 999_999_999
NONCE = re.compile(r'nonce="[^"]*"')
EXPORTS = ("xlsx", "csv")


@dataclass(frozen=True)
class Thing:
    """What the address of a route names: its parts, and the kinds of people whose own it is."""

    parts: Mapping[str, Any]
    of: frozenset[str] = frozenset(PEOPLE)


@dataclass
class House:
    """A world with things of every kind in it, and everybody's browser."""

    world: World
    made: Belongings
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def things(self, rule: Rule) -> tuple[list[Thing], list[Thing]]:
        """Give what a route can name: things that are there, and what is nowhere."""
        a, b, of = self.world.a, self.world.b, self.made.of
        opens = {
            "static": {"filename": "kontor.css"},
            "bootstrap.static": {"filename": "bootstrap/css/bootstrap.min.css"},
            "chartkick.static": {"filename": "chartkick.js"},
            "branding.accent": {"accent": "0b5cad"},
            "branding.logo": {"sha256": of["logo"]["a"]},
            "fonts.font": {"name": of["font"]["a"]},
            "ways.open_link": {"token": of["link"]["a"]},
            "resets.choose": {"token": of["reset"]["a"]},
            "invited.accept": {"token": of["invited"]["a"]},
            "join.form": {"program_code": a},
            "join.thanks": {"program_code": a},
        }
        named = set(rule.arguments)
        if rule.endpoint in opens:
            nothing = {"program_code": b} if rule.endpoint.startswith("join.") else _nothing(opens[rule.endpoint])
            return [Thing(opens[rule.endpoint])], [Thing(nothing)]
        if not named:
            return [Thing({})], []
        if named == {"user_id"}:
            return [Thing({"user_id": of["user"]["a"]})], [Thing({"user_id": NONE})]
        if named == {"message_id"}:
            return [Thing({"message_id": of["message"]["a"]})], [Thing({"message_id": NONE})]
        ours, theirs = frozenset(STAFF), frozenset({"stranger"})
        if named == {"program_code"}:
            return [Thing({"program_code": a}, ours), Thing({"program_code": b}, theirs)], [
                Thing({"program_code": "there-is-none"})
            ]
        (name,) = named - {"program_code", "file_id"}
        kind, rest = KINDS[name], {}
        if "file_id" in named:
            files = of["order" if rule.endpoint == "runs.order_file" else "response"]
            rest = {"file_id": files["a"]}
            wrong = [
                Thing({"program_code": a, name: of["run"]["a"], "file_id": files["b"]}),
                Thing({"program_code": a, name: of["preview"]["a"], "file_id": files["a"]}),
                Thing({"program_code": a, name: of["run"]["a"], "file_id": NONE}),
            ]
            found = [
                Thing({"program_code": a, name: of["run"]["a"], "file_id": files["a"]}, ours),
                Thing({"program_code": b, name: of["run"]["b"], "file_id": files["b"]}, theirs),
            ]
        else:
            whose = {
                "a": ours,
                "mine": ours | {"distributor"} | (frozenset() if kind == "document" else {"rep"}),
                "rep": ours | {"distributor", "rep"},
                "others": ours | {"other"},
                "b": theirs,
            }
            wanted = [one for one in whose if one in of[kind] and (kind in _OF_DISTRIBUTORS or one in ("a", "b"))]
            found = [Thing({"program_code": b if one == "b" else a, name: of[kind][one]}, whose[one]) for one in wanted]
            wrong = [Thing({"program_code": a, name: NO_TEXT if kind == "text" else NONE})]
        if kind != "text":  # which are the same in every programme
            wrong.append(Thing({"program_code": a, name: of[kind]["b"], **rest}))
            wrong.append(Thing({"program_code": b, name: found[0].parts[name], **rest}))
        return found, wrong


KINDS = {
    "distributor_id": "distributor",
    "document_id": "document",
    "batch_id": "batch",
    "run_id": "run",
    "transaction_id": "transaction",
    "adjustment_id": "adjustment",
    "key": "text",
    "membership_id": "member",
    "application_id": "application",
    "message_id": "message",
}
_OF_DISTRIBUTORS = {"distributor", "document"}
NO_TEXT = "there.is.none"


def _nothing(parts: Mapping[str, str]) -> dict[str, str]:
    """Give an address of the same form that names nothing."""
    return {name: "0" * 64 if name == "sha256" else f"none-{value}" for name, value in parts.items()} | (
        {"accent": "zzzzzz"} if "accent" in parts else {}
    )


@pytest.fixture(scope="module")
def house(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A world of its own: others count what is in theirs."""
    world = build(addresses, tmp_path_factory.mktemp("authorisation"))
    made = House(world, fill(world))
    for name in PEOPLE:
        client = world.app.test_client()
        if name != "anonymous":
            enter(world, client, world.login(name))
        made.clients[name] = client
        made.tokens[name] = token_of(client, "/sign-in" if name == "anonymous" else "/account/")
    with world.app.app_context():
        with transaction(db.session) as session:
            # an app is being set up by everybody: only then is there a picture to scan
            session.execute(update(UserAccount).values(totp_since=None).where(UserAccount.login.like(f"%@{world.a}.%")))
            for id_ in session.query(UserAccount.id).where(UserAccount.login.like(f"%@{world.a}.%")):
                second_factors.begin_totp(session, world.keys, id_[0])
        db.session.remove()
    yield made
    world.close()


@dataclass
class Walk:
    """What everybody was answered everywhere."""

    cells: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    requests: int = 0


@pytest.fixture(scope="module")
def walk(house: House) -> Walk:
    """Ask for everything, as everybody."""
    walk = Walk()
    app = house.world.app
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: list(ROUTES).index(rule.endpoint))
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
    with written(house.world) as statements:
        for rule in rules:
            found, nothing = house.things(rule)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                _ask(house, walk, adapter, rule, method, found, nothing, statements)
    return walk


def _ask(
    house: House,
    walk: Walk,
    adapter: Any,
    rule: Rule,
    method: str,
    found: list[Thing],
    nothing: list[Thing],
    statements: list[str],
) -> None:
    exported = set()
    cells: dict[str, dict[str, list[Thing]]] = {}
    for name in PEOPLE:
        client = house.clients[name]
        for thing in found:
            address = adapter.build(rule.endpoint, dict(thing.parts))
            answer = _send(house, walk, name, method, address, statements)
            if _let_through(answer):
                cells.setdefault(method, {}).setdefault(name, []).append(thing)
                if method == "GET" and name == "owner" and "form=xlsx" in answer.text:
                    exported.add(rule.endpoint)
            answer.close()
            if method == "GET" and rule.endpoint in exported:
                for form in EXPORTS:
                    answer = _send(house, walk, name, method, f"{address}?form={form}", statements)
                    if _let_through(answer) and answer.mimetype != "text/html":
                        cells.setdefault(f"GET {form}", {}).setdefault(name, []).append(thing)
                    answer.close()
        for thing in nothing:
            address = adapter.build(rule.endpoint, dict(thing.parts))
            answer = _send(house, walk, name, method, address, statements)
            if method == "GET" and _let_through(answer) and rule.endpoint != "branding.accent":
                walk.broken.append(f"{name} finds what is not there: {method} {address}")
            answer.close()
        assert client is house.clients[name]
    for asked in [method, *(f"GET {form}" for form in EXPORTS if rule.endpoint in exported and method == "GET")]:
        walk.cells[rule.endpoint, asked] = {
            name: _cell(name, found, cells.get(asked, {}).get(name, [])) for name in PEOPLE
        }


def _cell(name: str, found: list[Thing], reached: list[Thing]) -> str:
    if not reached:
        return "no"
    if len(reached) == len(found):
        return "yes"
    own = [one for one in found if name in one.of]
    return "own" if reached == own else "+".join(str(one.parts) for one in reached).replace(" ", "")


def _send(house: House, walk: Walk, name: str, method: str, address: str, statements: list[str]) -> TestResponse:
    """Ask for a page or send an empty form; note what was answered that should not have been."""
    client = house.clients[name]
    statements.clear()
    walk.requests += 1
    if method == "GET":
        answer = client.get(address)
        for word in WORDS:
            if word not in MAY_SEE[name] and _holds(answer, word):
                walk.leaks.append(f"{name} meets {word} on {address}")
    else:
        answer = client.post(address)
        if not _let_through(answer):
            walk.requests += 1
            again = client.post(address, data={"csrf_token": house.tokens[name]})
            if again.status_code != answer.status_code:
                walk.broken.append(f"{name} gets further with a token: {address}")
            if statements:
                walk.changed.append(f"{name} may not, and changed: {address}: {statements}")
        elif answer.status_code != 400:
            walk.broken.append(f"{name} sends without a token: {answer.status_code} {address}")
    if answer.status_code >= 500 or answer.status_code == 403:
        walk.broken.append(f"{name}: {answer.status_code} {method} {address}")
    return answer


def _let_through(answer: TestResponse) -> bool:
    to_sign_in = answer.status_code == 303 and answer.location.partition("?")[0] == "/sign-in"
    return answer.status_code != 404 and not to_sign_in


def _holds(answer: TestResponse, word: str) -> bool:
    """Tell whether a word stands in an answer, be it a page, a text or a workbook."""
    if answer.status_code == 404:
        return False
    if answer.data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            return any(word.encode() in book.read(name) for name in book.namelist())
    return word.encode() in answer.data


class written:
    """Notes every statement that changes something, but for when a session was seen last."""

    def __init__(self, world: World) -> None:
        self._world, self._said = world, list[str]()

    def __enter__(self) -> list[str]:
        with self._world.app.app_context():
            self._engine = db.engine
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self._said

    def __exit__(self, *_given: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, *given: Any) -> None:
        statement = given[2].lstrip()
        if statement[:6].upper() in ("INSERT", "UPDATE", "DELETE") and "SET seen_at" not in statement:
            self._said.append(statement)


# the table


def written_down(cells: Mapping[tuple[str, str], Mapping[str, str]]) -> str:
    """Write the table: a row for each route and what is asked of it, a column for each kind of person."""
    rows = [("route", "asked", *PEOPLE), *((*key, *(row[name] for name in PEOPLE)) for key, row in cells.items())]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in rows)


def committed() -> dict[tuple[str, str], dict[str, str]]:
    """Read the table."""
    head, *rows = (re.split(r" {2,}", line) for line in TABLE.read_text(encoding="utf-8").splitlines())
    assert tuple(head[2:]) == PEOPLE
    return {(row[0], row[1]): dict(zip(PEOPLE, row[2:], strict=True)) for row in rows}


def test_everybody_is_let_through_where_the_table_says_and_nowhere_else(walk: Walk) -> None:
    if os.environ.get("KONTOR_WRITE_AUTHORISATION"):
        TABLE.write_text(written_down(walk.cells), encoding="utf-8")
    kept = committed()
    assert set(walk.cells) == set(kept)
    differs = {
        f"{endpoint} {asked}, {name}": f"{was} in the table, {cell} in truth"
        for (endpoint, asked), row in walk.cells.items()
        for name, cell in row.items()
        if cell != (was := kept[endpoint, asked][name])
    }
    assert differs == {}
