"""Every form, fed with what it is not meant for: nothing breaks, nothing runs, nothing that was typed is lost.

The forms are found on the pages, not listed here: all POST routes are expected among them, so that a new form is fed
without anybody's thinking of it, and one that no page shows fails.
"""

import csv
import datetime as dt
import inspect
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app.db.transaction import transaction
from app.domain.states import DocumentKind, DocumentStatus, MessageState
from app.extensions import db
from app.local.servers import Addresses
from app.models.desk import SavedView
from app.models.distributors import Distributor
from app.models.messages import Message
from app.models.people import UserAccount
from app.models.programs import Program
from app.services.by_hand import adjustments
from app.services.goods import catalogue
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.participants.distributors import distributor_ids
from app.web.auth import pace
from tests.app.web.access.house import House
from tests.app.web.admin.documents.test_deciding import wait_in_review
from tests.app.web.belongings import fill, set_up_apps
from tests.app.web.changes import Changes
from tests.app.web.conftest import TOKEN, enter
from tests.app.web.feeding import NAMES, Desk, Found
from tests.app.web.forms_seen import Page
from tests.app.web.standing_forms import stand
from tests.app.web.world import World, build
from tests.support.sales import Sold, sell
from verification.deciding import talk
from verification.deciding.decisions import decide

NO_FORMS = {
    "passkeys.options",
    "passkeys.show",
    "confirm.options",
    "confirm.show",
    "own_passkeys.options",
    "own_passkeys.add",
    "cards_told.stripe",
}
"""Routes that take what a browser's own dialogue of passkeys gives, as JSON, and what a card provider signs."""

BUTTONS = {
    "adjustments.withdraw": "stands on one's own request",
    "imports.resume": "stands where an import was given up",
    "own_data.withdraw": "stands where one asked for it",
    "periods.withdraw": "stands on one's own wish to open a month again",
    "reward_editor.draw": "stands on a reward that is a draw",
    "rule_drafts.ask": "stands where the programme asks for a second person",
    "promotions.close": "stands when its last day is over",
    "portal_redemptions.confirm": "stands on the page after the one that asks how many",
    "portal_redemptions.withdraw": "stands where nothing is on its way",
    "redemptions.approve": "stands where one waits that somebody else asked for",
    "redemptions.order": "stands where one is approved and its provider takes files",
    "runs.order": "stands where something stopped the order",
    "runs.prepare": "stands where something stopped the preparation",
    "runs.reorder": "stands where compensations failed",
    "runs.write_anew": "stands where the operator refused a file",
    "tax_rules.ask": "stands where the programme asks for a second person",
}
"""Forms of nothing but a button, which no page of this world shows, and why."""

LEADS_ON = {"scenarios.beside"}
"""Lists of which nothing is asked of the chosen rows: it leads to a page that shows them."""

SEALED = {"reward_editor.codes"}
"""Forms of what is kept sealed: it stands nowhere as it was typed."""

RUNS = "<svg onload=alert(7)>"
REFUSED = {
    "nothing": "",
    "spaces": " \t ",
    "too long": "x" * 12_000,
    "what no keyboard writes": "a\x00b\x07\x1b\u202e",
    "a card": "4111 1111 1111 1111",
    "a number that is none": "-99999999999999999999999999,5e9",
    "a day that is none": "2026-13-45",
    "HTML": f"\"'></textarea></script><script>alert(7)</script>{RUNS}",
    "a formula in the scripts of the world": "=cmd|'/c calc'!A1 ООО «Ромашка» 你好 مرحبا 🙂 e\u0301",
}
TAKEN = "=1+1 {at} <svg onload=alert(7)> \"'& ООО «Ромашка» 你好 مرحبا 🙂"
"""Typed into one field at a time, the others filled in as they should be."""
UNOFFERED = ["", RUNS, "9" * 30, "-1", "a\x00b"]

MANY = 6
"""Rows of each kind that are there to be chosen: some are decided while their forms are fed."""

FILES = {
    "nothing": (b"", "a.csv"),
    "noise": (bytes(range(256)) * 20, "../../a.yaml"),
    "a page": (f"<html>{RUNS}</html>".encode(), f"{RUNS}.csv"),
    "a bomb": (b"a: &a [x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n", "a.yaml"),
    "a half workbook": (b"PK\x03\x04" + b"\x00" * 64, "a.xlsx"),
}


def _more(world: World) -> None:
    """Let there be what some forms are about: a view, a phone, messages that failed, and rows enough to be chosen."""
    with world.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program.id).where(Program.code == world.a)).one()
            owner = select(UserAccount.id).where(UserAccount.login == world.login("owner"))
            view = {"listing": "cards", "name": "Mine", "query": "", "shared": False, "created_at": world.clock()}
            session.add(SavedView(user_id=session.scalars(owner).one(), program_id=program, **view))
            session.execute(
                update(UserAccount).values(phone="+48600100200").where(UserAccount.login == world.login("distributor"))
            )
            session.execute(update(Message).values(state=MessageState.FAILED).where(Message.program_id == program))
            _to_be_chosen(session, session.get_one(Program, program), world)
        db.session.remove()


def _to_be_chosen(session: Session, a: Program, world: World) -> None:
    """Let wait what is decided many at once: documents, adjustments, a product, and distributors that are blocked."""
    others, p2 = world.distributors["D-6"], catalogue.product_ids(session, a.id)["p2"]
    back = DocumentKind.CREDIT_NOTE
    sell(session, a, [Sold(f"KOR/9{at}", others, p2, -1, -10_000, "2026-03-20", back) for at in range(MANY)])
    asked_for: dict[str, Any] = {
        "reason_code": "other",
        "note": "waits",
        "actor": "somebody else",
        "now": world.clock(),
    }
    for amount in range(1, MANY + 1):
        adjustments.request(session, a, others, amount, **asked_for)
    rows = [DistributorRow(code=f"Z-{at}", name=f"Z {at}") for at in range(2 * MANY)]
    put_distributors(session, a.id, "pl", rows, enrolled_on=dt.date(2026, 1, 1), may_owe=True)
    world.distributors["Z-11"] = distributor_ids(session, a.id)["z-11"]
    shut_out = Distributor.code.in_([f"Z-{at}" for at in range(MANY)])
    session.execute(update(Distributor).values(blocked=True).where(Distributor.program_id == a.id, shut_out))


def _talked_about(world: World) -> None:
    """Let a distributor have been asked about one document, and refused another."""
    asked, refused = wait_in_review(world, "ASKED/1", "REFUSED/1", who="D-5")
    world.documents |= {"ASKED/1": asked, "REFUSED/1": refused}
    with world.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            now = world.clock()
            talk.ask(session, program, asked, "Which branch was it?", actor="ann", now=now)
            decide(session, program, refused, DocumentStatus.REFUSED, code="not_proved", actor="ann", now=now)
        db.session.remove()


@pytest.fixture(scope="module")
def desk(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A world of its own, which is fed with what belongs nowhere."""
    world = build(addresses, tmp_path_factory.mktemp("hostile"), small=True)
    house = House(world, fill(world))
    with pytest.MonkeyPatch.context() as patch, Redis.from_url(addresses.redis_url) as redis:
        patch.setattr(pace, "SECONDS", 0)  # how long answers take is tried elsewhere
        for name in ("rep", "viewer", *NAMES):
            house.clients[name] = world.app.test_client()
            enter(world, house.clients[name], world.login(name))
        set_up_apps(world, but=("administrator", "finance"))
        _more(world)
        _talked_about(world)
        shown = world.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9", "mail_from": "k@k.example"})
        patch.setitem(world.app.extensions["kontor"], "settings", shown)  # only then are messages sent again
        patch.setitem(world.app.config, "PROPAGATE_EXCEPTIONS", False)
        desk = Desk(house, redis)
        desk.more += stand(world, MANY)
        yield desk
    world.close()


@pytest.fixture(scope="module")
def forms(desk: Desk) -> list[Found]:
    """Every form there is."""
    return desk.found()


@pytest.fixture(scope="module")
def asked(desk: Desk, forms: list[Found]) -> list[Found]:
    """Every form that asks what is to be said of chosen rows."""
    return desk.asked(forms)


def test_every_form_is_found_on_a_page(desk: Desk, forms: list[Found]) -> None:
    taking = {rule.endpoint for rule in desk.house.world.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    missing = taking - {one.endpoint for one in forms} - NO_FORMS - set(BUTTONS)
    assert missing == set(), " ".join(sorted(missing))
    for endpoint in BUTTONS:
        view = inspect.getsource(desk.house.world.app.view_functions[endpoint])
        assert not re.search(r"Form\(|request\.|id_sent|_sent\(", view), f"{endpoint} reads a form"


def test_every_list_whose_rows_are_chosen_asks_something_of_them(forms: list[Found], asked: list[Found]) -> None:
    choosing = {one.endpoint for one in forms if one.form.of("ids") is not None}
    missing = choosing - {one.endpoint for one in asked} - LEADS_ON
    assert missing == set(), " ".join(sorted(missing))


def test_what_belongs_in_no_form_is_refused_beside_its_field_or_kept_as_it_is(desk: Desk, forms: list[Found]) -> None:
    feed_wrong(desk, forms)


def test_what_is_taken_is_kept_as_it_was_typed_and_run_nowhere(desk: Desk, forms: list[Found]) -> None:
    assert feed_words(desk, forms) > 15, "what can be said once was said by the test before"


def test_what_chosen_rows_want_asked_is_fed_alike(desk: Desk, asked: list[Found]) -> None:
    assert feed_words(desk, asked) > 7
    feed_wrong(desk, asked)


def feed_wrong(desk: Desk, forms: list[Found]) -> None:
    """Send forms with what belongs in none."""
    desk.complaints.clear()
    with Changes(desk.house.world) as changes:
        for at, found in enumerate(forms):
            whole = desk.filled_in(found, at)
            typed = [one.name for one in found.fields if one.typed]
            chosen = [one.name for one in found.fields if not one.typed and one.kind != "file"]
            offered = [one.name for one in found.fields if one.kind in ("select", "radio")]
            if typed or chosen:
                desk.send(found, {}, "nothing at all", changes)
            for what, text in REFUSED.items() if typed else ():
                desk.send(found, {**whole, **dict.fromkeys(typed, text)}, what, changes)
            for text in UNOFFERED if chosen else ():
                desk.send(found, {**whole, **dict.fromkeys(chosen, text)}, f"{text!r} for what is chosen", changes)
            for text in UNOFFERED if offered and found.behind is not None else ():
                desk.send(found, {**whole, **dict.fromkeys(offered, text)}, f"{text!r} for what is offered", changes)
            for what, (content, name) in FILES.items():
                files = {one.name: FileStorage(io.BytesIO(content), name) for one in found.fields if one.kind == "file"}
                if files:
                    desk.send(found, {**whole, **files}, f"{what} for a file", changes)
    print(f"{len(forms)} forms, fed {desk.sent} times")
    assert desk.complaints == [], "\n".join(desk.complaints)


def feed_words(desk: Desk, forms: list[Found]) -> int:
    """Send forms with words that look like something else; tell how many fields took them."""
    desk.complaints.clear()
    taken = 0
    with Changes(desk.house.world) as changes:
        for at, found in enumerate(forms):
            for one in found.fields:
                if not one.typed or one.kind == "password" or found.endpoint in SEALED:
                    continue
                text = TAKEN.format(at=f"{at}-{one.name}")
                answer = desk.send(
                    found, {**desk.filled_in(found, at), one.name: text}, f"words in {one.name}", changes
                )
                if answer.status_code == 303 and changes.committed:
                    taken += 1
                    if not any(text.partition('"')[0] in kept for kept in texts_in(changes.kept)):
                        desk.complaints.append(f"{found.endpoint}: {one.name} was taken and is not kept as typed")
    assert desk.complaints == [], "\n".join(desk.complaints)
    print(f"{taken} fields took their words")
    return taken


def texts_in(given: Any) -> Iterator[str]:
    """Give every text that stands in what statements were given."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, Jsonb):
        yield json.dumps(given.obj, ensure_ascii=False)
    elif isinstance(given, dict):
        yield from texts_in(list(given.values()))
    elif isinstance(given, list | tuple):
        for one in given:
            yield from texts_in(one)


def test_what_was_taken_stands_on_pages_and_in_files_and_runs_in_none(desk: Desk) -> None:
    pages, met, lists = [], 0, []
    for who, address in desk.pages():
        if who not in ("owner", "anonymous"):
            continue
        answer = desk.client(who).get(address)
        assert answer.status_code < 500, address
        if answer.mimetype == "text/html":
            runs = Page(answer.text, address).runs
            pages += [f"{address}: {one}" for one in runs]
            met += "&lt;svg onload=alert(7)&gt;" in answer.text
            assert RUNS not in answer.text, address
            if "form=xlsx" in answer.text and who == "owner":
                lists.append(address)
        answer.close()
    assert pages == []
    assert met > 10
    neutral = 0
    for address in lists:
        answer = desk.client("owner").get(f"{address}?form=csv")
        for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))):
            assert not any(cell.lstrip(" ").startswith("=") for cell in row), (address, row)
            neutral += any(cell.startswith("'=1+1 ") for cell in row)
        answer.close()
        answer = desk.client("owner").get(f"{address}?form=xlsx")
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            for name in book.namelist():
                assert b"<f>" not in book.read(name), (address, name)
        answer.close()
    assert neutral > 2


@pytest.mark.parametrize(
    ("who", "page", "asks", "answers"),
    [
        ("anonymous", "/sign-in", "/sign-in/passkey/options", "/sign-in/passkey"),
        ("administrator", "/account/confirm", "/account/confirm/passkey/options", "/account/confirm/passkey"),
        ("administrator", "/account/passkeys/", "/account/passkeys/options", "/account/passkeys/"),
    ],
)
def test_what_no_passkey_says_is_refused_and_changes_nothing(
    desk: Desk, who: str, page: str, asks: str, answers: str
) -> None:
    credential = {"id": RUNS, "rawId": "a\x00", "type": "public-key", "name": "x" * 9_000, "response": {}}
    client = desk.client(who)
    found = TOKEN.search(client.get(page).text)
    assert found
    token = {"X-CSRFToken": found[1]}
    with Changes(desk.house.world) as changes:
        for body in ("", "[]", "{", "7", '"x"', "{}", json.dumps(credential), json.dumps({"response": [credential]})):
            desk.forget_tries()
            assert client.post(asks, headers=token).status_code == 200
            changes.forget()
            answer = client.post(answers, data=body, content_type="application/json", headers=token)
            assert answer.status_code in (400, 401), body
            assert RUNS not in answer.text, body
            assert changes.committed == [], body
