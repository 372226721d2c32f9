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
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

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
from app.web.access.permissions import ROUTES, Reach
from app.web.auth import pace
from tests.app.web.access.test_authorisation import House
from tests.app.web.admin.documents.test_deciding import wait_in_review
from tests.app.web.belongings import fill, set_up_apps
from tests.app.web.changes import Changes
from tests.app.web.conftest import TOKEN, enter, sign_in
from tests.app.web.forms_seen import Field, Page, Seen
from tests.app.web.standing_forms import stand
from tests.app.web.world import PASSWORD, World, build
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


@dataclass(frozen=True)
class Found:
    """A form, who found it, and on which page; ``behind`` is the form of a list that leads to it."""

    endpoint: str
    who: str
    page: str
    form: Seen = field(hash=False)
    behind: "Found | None" = None

    @property
    def fields(self) -> list[Field]:
        """Give what is filled in or chosen."""
        return [one for one in self.form.fields if one.name != "csrf_token"]


SAMPLES: dict[str, str] = {
    "login": "fresh-{at}@fresh.example",
    "email": "fresh-{at}@fresh.example",
    "name": "Fresh",
    "phone": "+48 600 100 200",
    "tax_id": "1234563218",
    "code": "F-{at}",
    "distributor": "D-7",
    "token": "token-{at}",
    "last4": "1234",
    "points": "5",
    "accent": "#0b5cad",
    "current": PASSWORD,
    "password": PASSWORD,
    "step": "10",
    "factor": "2",
    "referrer": "D-6",
    "dates": "2026-05-05",
    **dict.fromkeys(("least_amount", "default", "priority", "hours_from", "hours_until", "paste", "0", "1"), ""),
    **{f"{name}_{end}": "" for name in ("line_amount", "quantity", "unit_price") for end in ("least", "most")},
    **{f"cap_{span}": "" for span in ("document", "day", "month", "quarter", "year", "program", "budget")},
    **dict.fromkeys(("products", "product_groups", "exclude_products", "exclude_product_groups"), ""),
    **dict.fromkeys(("distributors", "distributor_groups"), ""),
    **{f"rule_drafts.new bands-{at}-{name}": "" for at in range(1, 4) for name in ("from_", "points")},
    "rule_drafts.new bands-0-from_": "10",
    "stacks.edit stacks-1-code": "extra",
    "stacks.edit stacks-2-code": "",
    "stacks.edit days-1-name": "",
    "stacks.edit days-1-dates": "",
    "deciding.refuse refuse-code": "twice",
    "deciding.part part-code": "twice",
    "adjustments.new reason_code": "other",
    "people.invite distributor": "",
    "people.invite role": "viewer",
    "registration.question kind": "one",
    "program.save_text wording": "%(name)s",
}
"""What fields are filled in with where a page leaves them empty."""


class Desk:
    """Finds every form, and sends it."""

    def __init__(self, house: House, redis: Redis) -> None:
        self.house, self.redis = house, redis
        self.tokens: dict[str, str] = {}
        self.more: list[str] = []
        self.sent = 0
        self.complaints: list[str] = []
        self.adapter = house.world.app.url_map.bind("localhost")

    # finding

    def pages(self) -> Iterator[tuple[str, str]]:
        """Give every page with who opens it; files are not among them."""
        world, of = self.house.world, self.house.made.of
        a = f"/programs/{world.a}"
        for rule in world.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and rule.endpoint not in ("static", "bootstrap.static"):
                address = self.adapter.build(rule.endpoint, dict(self.house.things(rule)[0][0].parts))
                for who in (*NAMES, "anonymous", "half"):
                    if who == "owner" or ROUTES[rule.endpoint].reach in OWN_PAGES[who]:
                        yield who, address
        for address in (
            f"{a}/runs/{of['preview']['a']}",
            f"{a}/reconciliation/{of['clear_statement']['a']}",
            f"{a}/differences/{of['missing_difference']['a']}",
            f"{a}/documents/{world.documents['KOR/2']}",
            f"{a}/review/{world.documents['KOR/2']}",
            f"{a}/imports/drafts/{of['ready_draft']['a']}",
            f"{a}/imports/drafts/{of['checked_draft']['a']}",
            f"{a}/applications/{of['rep_application']['a']}",
            f"{a}/applications/{of['consent']['mine']}",
            f"{a}/registration/question?key={of['key']['a']}",
            f"/join/{world.a}?as=rep",
            f"{a}/rules/build?kind=amount_bands",
            f"{a}/rules/build?kind=event",
            f"{a}/groups/edit?of=products",
            f"/portal/{world.a}/{world.distributors['Z-11']}/company",
            *self.more,
        ):
            yield "owner", address
        for number in ("ASKED/1", "REFUSED/1"):
            yield "distributor", f"{a}/documents/{world.documents[number]}"

    def found(self) -> list[Found]:
        """Give every form that is sent by POST, once for each set of fields."""
        forms: dict[tuple[str, frozenset[str]], Found] = {}
        for who, address in self.pages():
            answer = self.client(who).get(address)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                for form in Page(answer.text, address).forms:
                    if form.method == "post" and not (address == "/platform/style" and form.of("name") is None):
                        endpoint, _parts = self.adapter.match(form.action.partition("?")[0], "POST")
                        key = endpoint, frozenset(one.name for one in form.fields)
                        forms.setdefault(key, Found(endpoint, who, address, form))
            answer.close()
        return list(forms.values())

    def asked(self, forms: list[Found]) -> list[Found]:
        """Give the forms that ask what chosen rows of a list want asked: no page shows them before some are chosen."""
        found = []
        for one in forms:
            if one.form.of("ids") is not None:
                form = self.look(one)
                if form is not None:
                    found.append(Found(one.endpoint, one.who, one.page, form, behind=one))
        return found

    def look(self, chooses: Found) -> Seen | None:
        """Choose every row of a list that is there now; give the form that this leads to, with the last of them."""
        client = self.client(chooses.who)
        page = client.get(chooses.page).text
        token, rows = TOKEN.search(page), re.findall(r'name="ids" value="(\d+)"', page)
        assert token, chooses.page
        answer = client.post(chooses.form.action, data={"csrf_token": token[1], "ids": rows})
        if answer.status_code != 200:
            return None
        here = chooses.form.action.partition("?")[0]
        return next(one for one in Page(answer.text, here).forms if one.action == here and one.of("ids") is not None)

    def client(self, who: str) -> FlaskClient:
        """Give somebody's browser; of those who have not signed in always a fresh one."""
        world = self.house.world
        if who not in ("anonymous", "half"):
            return self.house.clients[who]
        fresh = world.app.test_client()
        if who == "half":
            sign_in(fresh, world.login("finance"), PASSWORD)
        with fresh.session_transaction() as cookie:
            cookie["phone"] = "+48600100200"
        return fresh

    # sending

    def forget_tries(self) -> None:
        """Let whoever tries too often try again."""
        for key in self.redis.scan_iter("kontor:sign-in:*"):
            self.redis.delete(key)

    def filled_in(self, found: Found, at: int) -> dict[str, str]:
        """Fill a form in as it should be."""
        values = {}
        for one in found.fields:
            sample = SAMPLES.get(f"{found.endpoint} {one.name}", SAMPLES.get(one.name.rpartition("-")[2]))
            value = one.value
            if one.kind == "date" and not value:
                value = "2026-02-01"
            elif one.kind in ("radio", "checkbox") and not value:
                value = one.offered[0]
            elif one.typed and (not value or f"{found.endpoint} {one.name}" in SAMPLES):
                value = (sample if sample is not None else "Words").format(at=at)
            elif one.kind == "select" and f"{found.endpoint} {one.name}" in SAMPLES:
                value = sample or ""
            elif one.kind == "select" and found.behind is not None and not value:
                value = next(offer for offer in one.offered if offer)  # nothing is chosen there at first
            values[one.name] = value
        return values

    def send(self, found: Found, values: dict[str, Any], what: str, changes: Changes) -> TestResponse:
        """Send a form, and note what is wrong with the answer."""
        self.sent += 1
        self.forget_tries()
        client = self.client(found.who)
        if found.behind is not None and values.get("ids", "").isdigit():
            again = self.look(found.behind)  # what was decided is not there to be decided once more
            values = {**values, "ids": again.fields_of("ids")[-1].value if again else values["ids"]}
        if found.who in ("anonymous", "half") or found.who not in self.tokens:
            token = TOKEN.search(client.get(found.page).text)
            assert token, found.page
            self.tokens[found.who] = token[1]
        changes.forget()
        answer = client.post(found.form.action, data={"csrf_token": self.tokens[found.who], **values})
        problems = list(self.problems(found, values, answer, changes))
        self.complaints += [f"{found.endpoint} as {found.who}, {what}: {problem}" for problem in problems]
        answer.close()
        return answer

    def problems(self, found: Found, values: dict[str, Any], answer: TestResponse, changes: Changes) -> Iterator[str]:
        """Say what is wrong with an answer."""
        status = answer.status_code
        if status >= 500 or status == 403:
            yield f"answered {status}"
            return
        if status < 400:
            return
        if changes.committed:
            yield f"refused ({status}), and changed something: {changes.committed[0]}"
        page = Page(answer.text, found.page)
        yield from page.runs
        visible = [one for one in found.fields if one.typed or one.kind in ("select", "radio", "file")]
        if not visible or status == 404:
            return
        again = next((one for one in page.forms if self._same(one, found)), None)
        if again is None and status == 409 and page.has_summary:  # it came too late, and another form has its words
            yield from self._lost_words(found, values, page)
            return
        if again is None or not page.has_summary:
            yield f"refused ({status}) without the form, or without a summary of what is wrong"
            return
        for leads in page.problems:
            if leads.removeprefix("#") not in page.ids:
                yield f"the summary leads nowhere: {leads}"
        for one in again.fields:
            if one.wrong and not any(about.endswith("-problem") and about in page.ids for about in one.about):
                yield f"{one.name} is wrong, and nothing is said beside it"
            typed = values.get(one.name)
            kept = one.kind == "password" or not isinstance(typed, str) or _as_read(one.value) == _as_read(typed)
            if one.typed and not kept:
                yield f"what was typed into {one.name} is lost: {one.value[:60]!r}"

    def _lost_words(self, found: Found, values: dict[str, Any], page: Page) -> Iterator[str]:
        kept = {_as_read(one.value) for form in page.forms for one in form.fields}
        for one in found.fields:
            if one.kind == "textarea" and _as_read(values[one.name]) not in kept:
                yield f"what was written into {one.name} is lost"

    def _same(self, form: Seen, found: Found) -> bool:
        names = {one.name for one in found.fields if one.typed}
        return form.method == "post" and names <= {one.name for one in form.fields}


def _as_read(typed: str) -> str:
    """Give a text as a page has it: for what none can hold there is a sign that stands for it."""
    return typed.replace("\r\n", "\n").replace("\x00", "\ufffd").strip()


NAMES = ("owner", "administrator", "viewer", "distributor")
OWN_PAGES = {
    "administrator": {Reach.SIGNED_IN},
    "viewer": {Reach.SIGNED_IN},
    "distributor": {Reach.SIGNED_IN, Reach.DISTRIBUTOR},
    "anonymous": {Reach.ANYBODY, Reach.FORM},
    "half": {Reach.SIGNED_IN},
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
        for name in ("viewer", *NAMES):
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
