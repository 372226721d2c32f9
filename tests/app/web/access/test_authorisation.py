"""Who may do what: every route and method, asked by every kind of person for every kind of thing, against a table.

The table is `authorisation.txt` beside this file. `KONTOR_WRITE_AUTHORISATION=1` writes it anew; then look at what has
changed before it is committed. A cell says for what somebody gets an answer:

    yes     for everything of the kind, or the route is about nothing that anybody has
    own     for what belongs to their own programme, or, for people of a distributor, to their own distributor
    no      for nothing: it is not found (404), or, for whoever has not signed in, leads to the sign-in

What a form does once it is let through is not done here: it is sent without its token, and refused for that (400)
after the guard has let it through.
"""

import gc
import io
import os
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.web.access.permissions import ROUTES
from tests.app.web.access.house import MAY_SEE, PEOPLE, House, Thing
from tests.app.web.belongings import MINE, WORDS
from tests.app.web.changes import Changes

TABLE = Path(__file__).with_name("authorisation.txt")

EXPORTS = ("xlsx", "csv")


TO_CLAIM = "/sales/"
"""Where a sales rep meets their company's: sales that bear nobody's name, where a programme has them claimed."""


@dataclass
class Walk:
    """What everybody was answered everywhere."""

    cells: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    offered: dict[tuple[str, str, str], str] = field(default_factory=dict)
    leads: dict[tuple[str, str], tuple[str, str] | None] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0


@pytest.fixture(scope="module")
def walk(house: House) -> Walk:
    """Ask for everything, as everybody."""
    began = time.process_time()
    gc.collect()
    gc.freeze()  # what there is by now stays: looking through it again and again takes a fifth of the time
    walk = Walk()
    app = house.world.app
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: list(ROUTES).index(rule.endpoint))
    adapter = app.url_map.bind("localhost")
    with Changes(house.world) as changes:
        for rule in rules:
            found, nothing = house.things(rule)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                _ask(house, walk, adapter, rule, method, found, nothing, changes)
    gc.unfreeze()
    walk.seconds = time.process_time() - began
    return walk


def _ask(
    house: House,
    walk: Walk,
    adapter: Any,
    rule: Rule,
    method: str,
    found: list[Thing],
    nothing: list[Thing],
    changes: Changes,
) -> None:
    expected = committed().get((rule.endpoint, method), {})
    asked: dict[str, dict[str, list[Thing]]] = {method: {}}
    for name in PEOPLE:
        reached = asked[method].setdefault(name, [])
        for thing in found:
            address = adapter.build(rule.endpoint, dict(thing.parts))
            # a route that is new goes without a token as well: nobody knows yet what its form would do
            may = expected.get(name, "yes") == "yes" or (expected[name] == "own" and name in thing.of)
            answer = _send(house, walk, name, method, address, changes, may=may)
            if _let_through(answer):
                reached.append(thing)
                _note_offers(walk, adapter, name, address, answer)
            # an empty list offers no file of itself, and gives one to whoever knows the address
            gives = b"form=xlsx" in answer.data or b'class="empty"' in answer.data
            if method == "GET" and name == "owner" and gives and _is_listed(house, walk, address, changes):
                for form in EXPORTS:
                    asked.setdefault(f"GET {form}", {})
            forms = EXPORTS if reached else EXPORTS[:1]  # whoever does not find the list finds no file of it either
            for form in forms if len(asked) > 1 else ():
                answer = _send(house, walk, name, method, f"{address}?form={form}", changes)
                if _let_through(answer) and answer.mimetype != "text/html":
                    asked[f"GET {form}"].setdefault(name, []).append(thing)
        # whoever finds some is asked for all that is mixed up; of the others two ask for what is not there
        for thing in nothing if reached else nothing[:1] if name in ("nobody", "assistant") else ():
            address = adapter.build(rule.endpoint, dict(thing.parts))
            answer = _send(house, walk, name, method, address, changes)
            if _let_through(answer) and rule.endpoint != "branding.accent":
                walk.broken.append(f"{name} finds what is not there: {method} {address}")
    for what, reached_by in asked.items():
        walk.cells[rule.endpoint, what] = {name: _cell(name, found, reached_by.get(name, [])) for name in PEOPLE}


def _is_listed(house: House, walk: Walk, address: str, changes: Changes) -> bool:
    """Tell whether a page is a list, which is taken away as a file."""
    answer = _send(house, walk, "owner", "GET", f"{address}?form=xlsx", changes)
    return _let_through(answer) and answer.mimetype != "text/html"


def _note_offers(walk: Walk, adapter: Any, name: str, address: str, answer: TestResponse) -> None:
    """Note where the links and forms of a page lead."""
    if answer.mimetype != "text/html":
        return
    for attribute, offer in set(_OFFERS.findall(answer.text)):
        led = attribute, offer
        if led not in walk.leads:  # the frame of every page offers the same
            walk.leads[led] = _leads(adapter, *led)
        if walk.leads[led] is not None:
            walk.offered.setdefault((name, *walk.leads[led]), address)


def _leads(adapter: Any, attribute: str, offer: str) -> tuple[str, str] | None:
    """Tell the endpoint and the method that an attribute of a page leads to."""
    method = "GET" if attribute == "href" else "POST"
    try:
        endpoint, _parts = adapter.match(unescape(offer).partition("?")[0].partition("#")[0], method)
    except HTTPException:
        return None  # a form that is sent by GET
    return endpoint, method


_OFFERS = re.compile(r'\b(href|action|formaction)="(/[^"]*)"')


def _cell(name: str, found: list[Thing], reached: list[Thing]) -> str:
    if not reached:
        return "no"
    if len(reached) == len(found):
        return "yes"
    own = [one for one in found if name in one.of]
    return "own" if reached == own else "+".join(str(one.parts) for one in reached).replace(" ", "")


def _send(
    house: House, walk: Walk, name: str, method: str, address: str, changes: Changes, *, may: bool = False
) -> TestResponse:
    """Ask for a page, or send an empty form: with its token where that must lead nowhere.

    Notes what was answered that should not have been.
    """
    client = house.clients[name]
    changes.forget()
    walk.requests += 1
    if method == "GET":
        answer = client.get(address)
        claimable = {MINE} if name == "rep" and TO_CLAIM in address else set()
        for word in set(WORDS) - MAY_SEE[name] - claimable:
            if _holds(answer, word):
                walk.leaks.append(f"{name} meets {word} on {address}")
    else:
        answer = client.post(address, data={} if may else {"csrf_token": house.tokens[name]})
        if may and _let_through(answer) and answer.status_code != 400:
            walk.broken.append(f"{name} sends without a token: {answer.status_code} {address}")
        if changes.committed:
            walk.changed.append(f"{name} changed something: {address}: {changes.committed}")
    if answer.status_code >= 500 or answer.status_code == 403:
        walk.broken.append(f"{name}: {answer.status_code} {method} {address}")
    answer.get_data()  # is kept once it was read
    answer.close()
    return answer


def _let_through(answer: TestResponse) -> bool:
    to_sign_in = answer.status_code == 303 and answer.location.partition("?")[0] == "/sign-in"
    return answer.status_code != 404 and not to_sign_in


def _holds(answer: TestResponse, word: str) -> bool:
    """Tell whether a word stands in an answer, be it a page, a text or a workbook."""
    if answer.data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            return any(word.encode() in book.read(name) for name in book.namelist())
    return word.encode() in answer.data


# the table


def written_down(cells: Mapping[tuple[str, str], Mapping[str, str]]) -> str:
    """Write the table: a row for each route and what is asked of it, a column for each kind of person."""
    rows = [("route", "asked", *PEOPLE), *((*key, *(row[name] for name in PEOPLE)) for key, row in cells.items())]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )


def committed() -> dict[tuple[str, str], dict[str, str]]:
    """Read the table."""
    if not TABLE.exists():
        return {}
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


def test_nobody_meets_what_belongs_to_others_on_any_page_or_in_any_file(walk: Walk) -> None:
    assert walk.leaks == [], "\n".join(walk.leaks)


def test_what_is_not_there_is_found_by_nobody_and_nothing_breaks(walk: Walk) -> None:
    assert walk.broken == []
    assert walk.requests > 5_000
    print(f"{walk.requests} requests, {walk.seconds:.0f} s of work")


def test_whoever_may_not_changes_nothing(walk: Walk) -> None:
    assert walk.changed == []


def test_pages_offer_nobody_what_they_may_not_have(walk: Walk) -> None:
    vain = {
        f"{name} is offered {method} {endpoint} on {address}"
        for (name, endpoint, method), address in walk.offered.items()
        if walk.cells[endpoint, method][name] == "no" and name != "anonymous"  # who is led to the sign-in
    }
    assert len(walk.offered) > 500
    assert vain == set()


def test_a_sales_rep_is_told_of_the_documents_that_bear_their_name_and_of_no_others(house: House) -> None:
    page = f"/portal/{house.world.a}/{house.world.distributors['D-5']}/notices"
    assert "REP/1" in house.clients["rep"].get(page).text
    assert f"{MINE}-notice" not in house.clients["rep"].get(page).text
    assert f"{MINE}-notice" in house.clients["distributor"].get(page).text


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_method_that_an_address_does_not_take_is_refused(house: House, method: str) -> None:
    adapter = house.world.app.url_map.bind("localhost")
    for rule in house.world.app.url_map.iter_rules():
        found, _nothing = house.things(rule)
        address = adapter.build(rule.endpoint, dict(found[0].parts))
        if method not in adapter.allowed_methods(address.partition("?")[0]):
            assert house.clients["anonymous"].open(address, method=method).status_code == 405, (method, address)


# ids and codes elsewhere than in a path
