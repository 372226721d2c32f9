"""A desk where every form of every page is found, filled in as it should be, and sent; it sees what is wrong then."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app.web.access.permissions import ROUTES, Reach
from tests.app.web.access.house import House
from tests.app.web.changes import Changes
from tests.app.web.conftest import TOKEN, sign_in
from tests.app.web.forms_seen import Field, Page, Seen
from tests.app.web.world import PASSWORD


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

NAMES = ("owner", "administrator", "viewer", "distributor")
OWN_PAGES = {
    "administrator": {Reach.SIGNED_IN},
    "viewer": {Reach.SIGNED_IN},
    "distributor": {Reach.SIGNED_IN, Reach.DISTRIBUTOR},
    "anonymous": {Reach.ANYBODY, Reach.FORM},
    "half": {Reach.SIGNED_IN},
}


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
        yield "rep", "/account/"

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
