"""What belongs to others, named by a form or a query: it is answered as what is not there.

Every name by which a request may name something is known here, and swapped.
"""

import base64
import difflib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from app import web
from tests.app.web.access.house import MAY_SEE, NONE, House
from tests.app.web.belongings import FOREIGN, MINE, OTHERS, WORDS
from tests.app.web.changes import Changes
from tests.app.web.conftest import DIFFERS

TABLE = Path(__file__).with_name("authorisation.txt")
NAMES_IN_BODIES = {
    "invitation": "people",
    "application": "consents",
    "terms": "portal_terms",
    "id": "portal_team",
    "view": "views",
    "key": "registration",
    "session": "own_sessions",
    "team": "account",
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
            # who may change a programme removes what others share in it
            for who, whose in (("viewer", "a"), ("viewer", "b"), ("owner", "b"))
        ),
        ("rep", "/account/leave", {}, "team", of["team_member"]["others"]),
        ("distributor", "/account/leave", {}, "team", of["team_member"]["mine"]),
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
        f"{a}/people/invite?distributor={of['code']['b']}",
        f"{a}/transfers/new?giver={part}",
        f"{a}/rewards/{of['reward']['a']}/preview?distributor={of['code']['b']}",
        f"{statement}/made-of?after={of['lot']['b'] - 1}",
        f"{statement}?before={NONE}",
    ]
    for address in asked:
        answer = house.clients["administrator"].get(address)
        assert answer.status_code in (200, 303, 404), address
        said = answer.text.replace(address.partition("?")[2], "")  # the way back to this page is no answer
        for _name, typed in parse_qsl(address.partition("?")[2]):
            said = said.replace(f'value="{typed}"', 'value=""')  # nor is what was typed in its field
        assert FOREIGN not in said, address
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
