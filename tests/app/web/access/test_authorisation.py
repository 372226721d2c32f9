"""Who may do what: every route and method, asked by every kind of person for every kind of thing, against a table.

The table is `authorisation.txt` beside this file. `KONTOR_WRITE_AUTHORISATION=1` writes it anew; then look at what has
changed before it is committed. A cell says for what somebody gets an answer:

    yes     for everything of the kind, or the route is about nothing that anybody has
    own     for what belongs to their own programme, or, for people of a distributor, to their own distributor
    no      for nothing: it is not found (404), or, for whoever has not signed in, leads to the sign-in

What a form does once it is let through is not done here: it is sent without its token, and refused for that (400)
after the guard has let it through.
"""

import base64
import difflib
import gc
import io
import json
import os
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import web
from app.local.servers import Addresses
from app.web.access.permissions import ROUTES
from tests.app.web.belongings import FOREIGN, MINE, OTHERS, OURS, WORDS, Belongings, fill, note_sessions, set_up_apps
from tests.app.web.changes import Changes
from tests.app.web.conftest import DIFFERS, enter, token_of
from tests.app.web.world import World, build

TABLE = Path(__file__).with_name("authorisation.txt")

STAFF = ("administrator", "verifier", "finance", "approver", "viewer", "assistant")
PEOPLE = ("owner", *STAFF, "distributor", "rep", "other", "stranger", "nobody", "anonymous")
"""`stranger` is the administrator of another programme, `other` the owner of another distributor of the same one."""

MAY_SEE: Mapping[str, set[str]] = {
    "owner": set(WORDS),
    **{name: {OURS, MINE, OTHERS} for name in STAFF},
    "distributor": {MINE},
    "rep": set(),
    "other": {OTHERS},
    "stranger": {FOREIGN},
    "nobody": set(),
    "anonymous": set(),
}
"""The words that each kind of person may meet anywhere: by them things are known (`tests.app.web.belongings`)."""

NONE = 999_999_999
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
            "bootstrap.static": {"filename": "css/bootstrap.min.css"},
            "chartkick.static": {"filename": "chartkick.js"},
            "branding.accent": {"accent": "0b5cad"},
            "branding.logo": {"sha256": of["logo"]["a"]},
            "reward_pictures.show": {"sha256": of["reward_picture"]["a"]},
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
        if rule.endpoint in IN_QUERIES:
            kind, query = IN_QUERIES[rule.endpoint]
            in_a = {"program_code": a, kind: of[kind]["a"], **query}
            in_b = {"program_code": b, kind: of[kind]["b"], **query}
            nowhere = [Thing(in_a | {kind: of[kind]["b"]}), Thing(in_a | {kind: NONE})]
            return [Thing(in_a, ours), Thing(in_b, theirs)], nowhere
        if named == {"program_code"}:
            return [Thing({"program_code": a}, ours), Thing({"program_code": b}, theirs)], [
                Thing({"program_code": "there-is-none"})
            ]
        if named & {"claim_id", "reward_order_id", "redemption_id", "lot_id", "movement_id", "pool_id"}:
            named -= {"distributor_id"}
        if "distributor_id" in named:
            named -= {"reward_id"}
        (name,) = named - {"program_code", "file_id", "proof_id", "page", "what"}
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
                "mine": ours | {"distributor"} | (frozenset() if kind in ("document", *_HELD) else {"rep"}),
                "rep": ours | {"distributor", "rep"},
                "others": ours | {"other"},
                "b": theirs,
            }
            wanted = [one for one in whose if one in of[kind] and (kind in _OF_DISTRIBUTORS or one in ("a", "b"))]
            found = [
                Thing(
                    {"program_code": b if one == "b" else a, name: of[kind][one], **self._beside(rule, kind, one)},
                    whose[one],
                )
                for one in wanted
            ]
            rest = self._beside(rule, kind, wanted[0])
            wrong = [Thing({"program_code": a, name: NO_TEXT if kind == "text" else NONE, **rest})]
            if "proof_id" in rest:
                wrong.append(Thing(dict(found[0].parts) | {"proof_id": self._beside(rule, kind, "b")["proof_id"]}))
        if kind != "text":  # which are the same in every programme
            wrong.append(Thing({"program_code": a, name: of[kind]["b"], **rest}))
            wrong.append(Thing({"program_code": b, name: found[0].parts[name], **rest}))
        return found, wrong

    def _beside(self, rule: Rule, kind: str, whose: str) -> dict[str, Any]:
        """Give what else stands in the address of a claim, and of a proof."""
        of, named = self.made.of, rule.arguments
        parts = {
            "distributor_id": of["distributor"]["mine" if whose in ("rep", "a") else whose],
            "reward_id": of["reward"]["b" if whose == "b" else "a"],
            "proof_id": of["claim_proof" if kind == "claim" else "proof"].get(whose, NONE),
            "page": 1,
            "what": "note" if "finding_id" in named else "block",
        }
        return {name: part for name, part in parts.items() if name in named and KINDS.get(name) != kind}


KINDS = {
    "distributor_id": "distributor",
    "document_id": "document",
    "claim_id": "claim",
    "batch_id": "batch",
    "unknown_id": "unknown",
    "product_name_id": "product_name",
    "distributor_name_id": "distributor_name",
    "draft_id": "draft",
    "profile_name": "profile",
    "run_id": "run",
    "redemption_id": "redemption",
    "card_id": "card",
    "export_id": "export",
    "export_plan_id": "export_plan",
    "tax_change_id": "tax_change",
    "tax_papers_id": "tax_papers",
    "provider_statement_id": "provider_statement",
    "finding_id": "difference",
    "transaction_id": "transaction",
    "adjustment_id": "adjustment",
    "transfer_id": "transfer",
    "pool_id": "pool",
    "merge_id": "merge",
    "rule_id": "rule",
    "rule_draft_id": "rule_draft",
    "promotion_id": "promotion",
    "scenario_id": "scenario",
    "dispute_id": "dispute",
    "lot_id": "lot",
    "movement_id": "movement",
    "top_up_id": "top_up",
    "key": "text",
    "membership_id": "member",
    "application_id": "application",
    "message_id": "message",
    "reward_id": "reward",
    "reward_order_id": "reward_order",
    "supplier_file_id": "supplier_file",
}
IN_QUERIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "products.history": ("product", {}),
    "groups.edit": ("group", {"of": "distributors"}),
}
"""Pages that name what they are about in their query: of what kind it is, and what else the query says."""
_HELD = {"claim", "reward_order", "redemption", "lot", "movement"}
"""What has its distributor in its address as well."""
_OF_DISTRIBUTORS = {"distributor", "document", "top_up", "dispute", *_HELD}
NO_TEXT = "there.is.none"


def _nothing(parts: Mapping[str, str]) -> dict[str, str]:
    """Give an address of the same form that names nothing."""
    return {name: "0" * 64 if name == "sha256" else f"none-{value}" for name, value in parts.items()} | (
        {"accent": "zzzzzz"} if "accent" in parts else {}
    )


@pytest.fixture(scope="module")
def house(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A world of its own: others count what is in theirs."""
    world = build(addresses, tmp_path_factory.mktemp("authorisation"), small=True)
    for kind in (NotFound, CSRFError):  # how the pages look that say so is tried elsewhere; here they are asked often
        world.app.register_error_handler(kind, lambda error: (error.name, error.code))
    made = House(world, fill(world))
    for name in PEOPLE:
        client = world.app.test_client()
        if name != "anonymous":
            enter(world, client, world.login(name))
        made.clients[name] = client
        made.tokens[name] = token_of(client, "/sign-in" if name == "anonymous" else "/account/")
    note_sessions(world, made.made, ("distributor", "administrator"))
    set_up_apps(world)
    yield made
    world.close()


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


NAMES_IN_BODIES = {
    "invitation": "people",
    "application": "consents",
    "terms": "portal_terms",
    "id": "portal_team",
    "view": "views",
    "key": "registration",
    "session": "own_sessions",
    "passkey": "own_passkeys",
    "standing": "promotions",
    "code": "purchases",
}
"""What forms name things by, besides the fields of `Form`s: each is swapped below."""
NAMES_IN_QUERIES = {
    *(
        "proof",
        "before",
        "after",
        "key",
        "q",
        "distributor",
        "next",
        "of",
        "product",
        "group",
        "giver",
        "program",
        "like",
        "over",
    ),
}
SAYS_HOW = {
    "action",
    "back",
    "what",
    "way",
    "published",
    "answer",
    "theme",
    "language",
    "listing",
    "name",
    "query",
    "shared",
    "cash",
    "seen",
} | {
    *(
        "with",
        "all",
        "blocked",
        "kind",
        "ids",
        "as",
        "form",
        "v",
        "sort",
        "sure",
        "line",
        "window",
        "version",
        "one",
        "other",
        "paste",
        "locale",
        "unit",
        "from",
        "to",
        "gift",
        "begin",
        "through",
        "more",
        "category",
        "reach",
        "page",
        "year",
        "paper",
        "subject",
    )
}
"""What says how, not what: `line` is a number within its document, `ids` are those that the list itself shows, a `gift`
is its standing's, a `category` is one of what is offered, and months are closed `through` one."""
_READS = re.compile(
    r"(?:id_sent|id_asked|text_asked|_day_asked|request\.(?:form|args)\.(?:get|getlist))\(\s*\"(\w+)\"|"
    r"request\.(?:form|args)\[\"(\w+)\"\]"
)


def test_every_name_that_a_request_may_carry_is_known_here() -> None:
    read = set()
    for path in Path(web.__file__).parent.rglob("*.py"):
        for found in _READS.finditer(path.read_text(encoding="utf-8")):
            read.add(found[1] or found[2])
    assert read - SAYS_HOW == set(NAMES_IN_BODIES) | NAMES_IN_QUERIES


FIELDS_THAT_NAME = {"distributor", "code", "group", "head_office"}


def swaps(house: House) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Give (who, address, a form that names somebody else's thing, what differs when it names nothing at all)."""
    a, of = f"/programs/{house.world.a}", house.made.of
    mine, others = (f"/portal/{house.world.a}/{of['distributor'][one]}" for one in ("mine", "others"))
    between = (("distributor", mine, "others"), ("distributor", mine, "b"), ("other", others, "mine"))
    adjustment = {"direction": "give", "points": "5", "reason_code": "other", "note": "x"}
    card = {"token": "token-of-nobody", "last4": "1234"}
    data = {"name": f"{MINE} Ltd", "group": "", "tax_status": "company"}
    invite = {"login": "new@new.example", "name": "New", "role": "rep"}
    application = f"{a}/applications/{of['application']['a']}"
    rep_application = f"{a}/applications/{of['rep_application']['a']}"
    foreign = of["code"]["b"]
    sessions = house.made.of["session"]
    named: list[tuple[str, str, dict[str, Any], str, Any]] = [
        *(
            ("administrator", f"{a}/people/invitations/{what}", {}, "invitation", of["invitation"]["b"])
            for what in ("send-again", "withdraw")
        ),
        ("administrator", f"{a}/people/invite", invite, "distributor", foreign),
        ("finance", f"{a}/adjustments/new", adjustment, "distributor", foreign),
        ("finance", f"{a}/cards/new", card, "distributor", foreign),
        ("administrator", f"{a}/distributors/{of['distributor']['mine']}/record/edit", data, "head_office", foreign),
        ("verifier", f"{application}/accept", {"into": "known"}, "code", foreign),
        ("verifier", f"{application}/accept", {"into": "new", "code": "N-1"}, "group", of["group"]["b"]),
        ("verifier", f"{rep_application}/accept", {}, "code", foreign),
        ("verifier", f"{rep_application}/ask", {}, "code", foreign),
        *(
            ("administrator", f"{a}/registration/{what}", {"way": "up"}, "key", of["key"]["b"])
            for what in ("move", "remove")
        ),
        *(
            (who, f"{place}/team/change", {"what": what}, "id", of[kind][whose])
            for who, place, whose in between
            for what, kind in (("invitation", "team_invitation"), ("member", "team_member"))
        ),
        ("distributor", f"{mine}/team/change", {"what": "member"}, "id", of["member"]["a"]),
        ("distributor", f"{mine}/team/change", {"what": "invitation"}, "id", of["invitation"]["a"]),
        *(
            (who, f"{place}/applications", {"answer": answer}, "application", of["consent"][whose])
            for who, place, whose in between
            for answer in ("agree", "decline")
        ),
        ("distributor", f"{mine}/terms", {}, "terms", of["terms"]["b"]),
        ("administrator", f"{a}/events/new", {"event": "survey", "on": "2026-05-05"}, "distributor", foreign),
        ("administrator", f"{a}/events/referral", {"referrer": "D-5"}, "distributor", foreign),
        (
            "administrator",
            f"{a}/promotions/{of['promotion']['a']}/hand-over",
            {"gift": "bike"},
            "standing",
            of["standing"]["b"],
        ),
        ("assistant", f"{a}/purchases/take", {}, "code", of["credit_code"]["b"]),
        *(
            (who, f"{a}/views/remove", {}, "view", of["view"][whose])
            for who in ("viewer", "owner")
            for whose in ("a", "b")
        ),
        ("viewer", "/account/sessions/end", {}, "session", sessions["distributor"]),
        ("stranger", "/account/sessions/end", {}, "session", sessions["administrator"]),
        ("finance", "/account/passkeys/name", {"name": "Mine now"}, "passkey", of["passkey"]["a"]),
        ("administrator", "/account/passkeys/remove", {}, "passkey", of["passkey"]["b"]),
        ("administrator", "/account/passkeys/name", {"name": "Mine now"}, "passkey", of["passkey"]["b"]),
    ]
    return [
        (who, address, {**form, name: value}, {name: _none_like(value)}) for who, address, form, name, value in named
    ]


def _none_like(value: Any) -> Any:
    """Give what names nothing, and looks like what names something."""
    return NONE if isinstance(value, int) else "there-is-none"


_TICKS = re.compile(r'name="ids" value="\d+"')
"""What chooses the rows of a list: one of another table may have the number that was sent."""


def test_what_belongs_to_others_is_changed_by_no_form_that_names_it_and_is_answered_as_what_is_not_there(
    house: House,
) -> None:
    with Changes(house.world) as changes:
        for who, address, form, nothing in swaps(house):
            said = []
            for sent in (form, {**form, **nothing}):
                changes.forget()
                answer = house.clients[who].post(address, data={"csrf_token": house.tokens[who], **sent})
                told = answer if answer.status_code >= 400 else house.clients[who].get(answer.location)
                assert answer.status_code in (303, 400, 404), (who, address, sent, answer.status_code)
                assert changes.committed == [], (who, address, sent)
                page = _TICKS.sub("", DIFFERS.sub("", told.text))
                for value in sent.values():
                    page = page.replace(f'value="{value}"', 'value=""')
                said.append((answer.status_code, answer.location, page))
                for word in set(WORDS) - MAY_SEE[who]:
                    assert word not in page, (who, address, sent, word)
            assert said[0][:2] == said[1][:2], (who, address, form)
            assert list(difflib.unified_diff(said[0][2].splitlines(), said[1][2].splitlines())) == [], (who, address)


def test_every_field_that_names_something_of_a_programme_is_swapped(house: House) -> None:
    swapped = {name for _who, _address, form, _nothing in swaps(house) for name in form}
    assert FIELDS_THAT_NAME | set(NAMES_IN_BODIES) <= swapped


def _place(value: Any, key: int) -> str:
    """Write a place in a list as its addresses do."""
    return base64.urlsafe_b64encode(json.dumps([value, key]).encode()).decode().rstrip("=")


def test_what_belongs_to_others_is_shown_by_no_query_that_names_it(house: House) -> None:
    a, b, of = f"/programs/{house.world.a}", f"/programs/{house.world.b}", house.made.of
    mine = f"/portal/{house.world.a}/{of['distributor']['mine']}"
    statement = f"{a}/distributors/{of['distributor']['mine']}"
    part = FOREIGN[:-1]
    lists = {
        address: house.clients["stranger"].get(f"{b}/{address}?sort=")
        for address in (
            "distributors",
            "documents",
            "ledger",
            "people",
            "applications",
            "adjustments",
            "cards",
            "top-ups",
        )
    }
    for address, answer in lists.items():
        assert FOREIGN in answer.text, address
    places = {
        "distributors": [FOREIGN, of["distributor"]["b"]],
        "documents": ["2026-02-01", of["document"]["b"]],
        "ledger": [of["transaction"]["b"], of["transaction"]["b"]],
    }
    asked = [
        *(f"{a}/{address}?q={part}" for address in lists),
        *(f"{a}/{address}?{way}={_place(*mark)}" for address, mark in places.items() for way in ("after", "before")),
        f"{a}/distributors?group={of['group_code']['b']}",
        f"{a}/search?q={part}",
        f"{a}/search/suggest?q={part}",
        f"{a}/imports?before={of['batch']['b'] + 1}",
        f"{a}/registration/question?key={part}",
        f"{a}/customers/new?as=rep&of={of['distributor']['b']}",
        f"{a}/adjustments/new?distributor={part}",
        f"{a}/cards/new?distributor={part}",
        f"{a}/transfers/new?giver={part}",
        f"{a}/rewards/{of['reward']['a']}/preview?distributor={of['code']['b']}",
        f"{statement}/made-of?after={of['lot']['b'] - 1}",
        f"{statement}?before={NONE}",
    ]
    for address in asked:
        answer = house.clients["administrator"].get(address)
        assert answer.status_code in (200, 303, 404), address
        assert FOREIGN not in answer.text, address
    for address in (f"{statement}?before={NONE}", f"{mine}/documents?q={OTHERS[:-1]}", f"{mine}/card?q={OTHERS[:-1]}"):
        answer = house.clients["distributor"].get(address)
        assert answer.status_code == 200, address
        assert OTHERS not in answer.text, address
    for address in (
        f"{a}/registration/question?key={of['key']['b']}",
        f"{a}/products/history?product={of['product']['b']}",
        f"{a}/groups/edit?of=distributors&group={of['group']['b']}",
        f"{a}/rewards/new?like={of['reward']['b']}",
    ):
        assert house.clients["administrator"].get(address).status_code == 404, address
    begins = house.clients["viewer"].get("/").location
    assert house.clients["viewer"].get(f"/?program={b.rpartition('/')[2]}").location == begins
    answer = house.clients["viewer"].get(f"/sign-in?next={b}/distributors")
    assert house.clients["viewer"].get(answer.location).status_code == 404
