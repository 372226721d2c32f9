"""What stands around a page: the places that somebody may go to, what waits there, and the sponsor's look."""

import hashlib
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import OF_A_DISTRIBUTOR, Permission, Role
from app.extensions import db
from app.models.messages import Notice, NoticeSeen
from app.models.people import UserAccount
from app.models.programs import Program
from app.services.setup import logos
from app.services.telling import notices
from app.web.access.permissions import ROUTES
from app.web.look.icons import ICONS
from app.web.navigation import frame as navigation
from app.web.navigation.frame import initials
from app.web.navigation.places import PLACES, PLATFORM, PORTAL
from tests.app.services.setup.test_logos import png
from tests.app.web.conftest import token_of
from tests.app.web.test_pages import counted
from tests.app.web.world import World

As = Callable[[str], FlaskClient]

ENGLISH = {"Accept-Language": "en"}
LINK = re.compile(r'<li><a href="([^"]+)"( aria-current="page")?><svg[^>]*><use[^>]*></use></svg><span>([^<]+)</span>')


def offered(page: str) -> dict[str, str]:
    """Read the links of the side bar: text and address."""
    side = page[page.index('<aside class="side"') : page.index("</aside>")]
    return {text: address for address, _current, text in LINK.findall(side)}


@pytest.mark.parametrize("name", ["owner", *(role.value for role in Role if role not in OF_A_DISTRIBUTOR)])
def test_everybody_is_offered_what_they_may_open_and_nothing_else(world: World, as_: As, name: str) -> None:
    client = as_(name)
    start = client.get("/", follow_redirects=True)
    assert start.status_code == 200
    for text, address in offered(start.text).items():
        assert client.get(address).status_code == 200, (text, address)


def test_the_people_of_a_distributor_are_offered_their_own(world: World, as_: As) -> None:
    client = as_("distributor")
    links = offered(client.get("/", follow_redirects=True).text)
    assert links
    for text, address in links.items():
        assert client.get(address).status_code == 200, (text, address)
        assert str(world.distributors["D-5"]) in address


def test_what_a_programme_does_not_offer_is_no_place_of_its_distributors(world: World, as_: As) -> None:
    parts = {"Pay for purchases": "purchases", "Give points away": "transfers", "My tier": "tiers"}
    assert {place.offered for place in PORTAL} == {None, *parts.values()}
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        was, asked = dict(program.settings), {"transfers": {"asked_by": "participants"}}
        tiers = {"levels": [{"code": "gold", "name": "Gold", "from": 0}]}
        whole = {**was, "purchases": {"offered": True}, "tiers": tiers, "accounts": asked}
        nothing = {**was, "purchases": {}, "tiers": {}, "accounts": {"transfers": {"asked_by": "administrators"}}}

    def told(settings: dict[str, object]) -> set[str]:
        with world.app.app_context(), transaction(db.session) as session:
            session.scalars(select(Program).where(Program.code == world.a)).one().settings = settings
        return parts.keys() & offered(as_("distributor").get("/", follow_redirects=True).text).keys()

    try:
        assert told(nothing) == set()
        assert told(whole) == set(parts)
    finally:
        told(was)


def test_every_place_is_a_route_with_the_permission_that_the_table_asks_for() -> None:
    for place in (*PLACES, *PORTAL, *PLATFORM):
        assert place.icon in ICONS, place
        assert place.endpoint in ROUTES, place.endpoint
        # a rep whom their home leads on to their documents is not offered both
        expected = Permission.SEE_STATEMENT if place.endpoint == "portal.home" else ROUTES[place.endpoint].permission
        assert place.permission is expected, place.endpoint
        assert (place.waiting is None) == (place.acts is None), "what waits there waits for those who may act on it"
    for table in (PLACES, PORTAL):
        assert 1 <= sum(place.tab for place in table) <= navigation.TABS
        names = [place.name for place in table]
        assert len(set(names)) == len(names)


def test_the_place_of_a_page_is_marked_once_in_each_navigation(world: World, as_: As) -> None:
    page = as_("owner").get(f"/programs/{world.a}/imports/{world.batch}").text
    marked = re.findall(r'aria-current="page">.*?<span>([^<]+)</span>', page)
    assert marked == ["Imports", "Imports"], "in the side bar and at the foot of a phone"


def test_what_waits_is_counted_beside_its_place(world: World, as_: As) -> None:
    page = as_("verifier").get(f"/programs/{world.a}/").text
    assert re.search(r'<span>Review</span><b class="count">1<span class="visually-hidden"> waiting</span></b>', page)


def test_what_waits_where_a_phone_has_no_tab_is_counted_beside_more(world: World, as_: As) -> None:
    page = as_("administrator").get(f"/programs/{world.a}/").text
    numbers = re.compile(r'<b class="count">(\d+)<')
    side, _nav, foot = page.partition('<nav class="tabs')
    tabs, _more, last = foot.partition("<button")
    in_all, in_tabs, behind = (sum(map(int, numbers.findall(part))) for part in (side, tabs, last))
    assert behind == in_all - in_tabs > 0


def test_the_frame_costs_two_queries_whatever_waits(world: World, as_: As) -> None:
    client = as_("owner")  # whoever has one programme alone is not even asked which
    client.get(f"/programs/{world.a}/imports")
    with counted(world.app) as sent:
        client.get(f"/programs/{world.a}/imports")
    assert len([one for one in sent if "program_logo" in one]) == 1
    assert len([one for one in sent if "ORDER BY program.name" in one]) == 1


def test_a_logo_stands_in_the_side_bar_and_is_given_out_under_its_hash(world: World, as_: As) -> None:
    def change(act: Callable[..., object], *more: bytes) -> None:
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.b)).one()
            act(session, program, *more, actor="test", now=world.clock())

    content = png(120, 40)
    change(logos.put_logo, content)
    page = as_("stranger").get(f"/programs/{world.b}/").text
    address = f"/look/logos/{hashlib.sha256(content).hexdigest()}?v=1"
    assert f'<img src="{address}" alt=' in page
    with world.app.test_client().get(address) as answer:
        assert (answer.data, answer.mimetype) == (content, "image/png")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    settings = f"/programs/{world.b}/settings"
    boss = as_("stranger")
    assert "Take the logo away" in boss.get(settings).text
    kept = boss.post(f"{settings}/look", data={"csrf_token": token_of(boss, settings), "accent": ""})
    assert f'<img src="{address}" alt=' in boss.get(kept.location).text, "whoever says nothing of it keeps it"
    boss.post(f"{settings}/look", data={"csrf_token": token_of(boss, settings), "without_logo": "y"})
    page = boss.get(settings).text
    assert ("/look/logos/" in page, "Take the logo away" in page) == (False, False)
    assert world.app.test_client().get(address).status_code == 404
    assert world.app.test_client().get("/look/logos/" + "0" * 64).status_code == 404
    assert world.app.test_client().get("/look/logos/abc").status_code == 404


def test_an_accent_of_the_programme_reaches_its_pages_alone(world: World, as_: As) -> None:
    def set_accent(accent: str | None) -> None:
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.b)).one()
            program.settings = {**program.settings, "branding": {"accent": accent}}

    set_accent("#d5002b")
    sheet = '<link rel="stylesheet" href="/look/accents/d5002b.css?v=1">'
    assert sheet in as_("owner").get(f"/programs/{world.b}/").text
    assert "/look/accents/" not in as_("owner").get(f"/programs/{world.a}/").text
    set_accent(None)
    assert "/look/accents/" not in as_("owner").get(f"/programs/{world.b}/").text


def test_notices_not_seen_yet_are_counted_for_those_they_are_for(world: World, pages: Flask) -> None:
    from app.services.access import people
    from app.web.context import Scope

    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.b)).one()
        for distributor_id in (world.distributor_of_b, None):
            session.add(
                Notice(
                    program_id=program.id,
                    distributor_id=distributor_id,
                    user_id=None,
                    kind="test",
                    parts={},
                    address=None,
                    created_at=world.clock(),
                )
            )
        session.flush()
        staff = people.person(session, _id_of(session, world.login("stranger")))
        assert staff
        _logo, unseen, _waiting = navigation._count(staff, Scope(program), [])
        assert unseen == 0, "what is for a distributor is not for those who run the programme"
        session.rollback()


def _id_of(session, login: str) -> int:
    return session.scalars(select(UserAccount.id).where(UserAccount.login == login)).one()


def test_the_bell_leads_the_people_of_a_distributor_to_their_notices(world: World, as_: As) -> None:
    of_d5 = f"/documents/{world.documents['FV/0']}"
    bell = re.compile(r'<a class="bell" href="([^"]+)"')
    found = bell.search(as_("distributor").get(f"/programs/{world.a}{of_d5}").text)
    assert found
    assert found[1] == f"/portal/{world.a}/{world.distributors['D-5']}/notices"
    assert as_("distributor").get(found[1]).status_code == 200
    assert not bell.search(as_("viewer").get(f"/programs/{world.a}{of_d5}").text)


def test_notices_are_seen_once_the_newest_are_shown_and_older_ones_follow(world: World, as_: As) -> None:
    here, page = world.distributors["D-6"], f"/portal/{world.a}/{world.distributors['D-6']}/notices"
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        told = [(here, {"number": f"OLD/{at}"}) for at in range(70)]
        notices.tell_many(session, program.id, "document_accepted", told, now=world.clock())
    other = as_("other")
    first = other.get(page).text
    assert first.count("was accepted.") == 50
    assert "Document OLD/69 was" in first
    further = re.search(r'href="([^"]+)" rel="next"', first)
    assert further
    older = other.get(further[1]).text
    assert "Document OLD/0 was" in older
    assert "Document OLD/69 was" not in older
    assert f'href="{page}"' in older
    with world.app.app_context():
        newest = db.session.scalars(select(Notice.id).where(Notice.distributor_id == here).order_by(Notice.id.desc()))
        seen = select(NoticeSeen.last_id).join(UserAccount, UserAccount.id == NoticeSeen.user_id)
        read = db.session.scalars(seen.where(UserAccount.login == world.login("other")))
        assert read.one() == newest.first(), "looking at older ones does not make the newer ones unseen"
        db.session.remove()


def test_where_everything_is_made_up_every_page_says_so(
    world: World, as_: As, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [(as_("viewer"), f"/programs/{world.a}/"), (visitor, "/sign-in"), (visitor, "/nothing")]
    for client, address in pages:
        assert "Test mode" not in client.get(address, headers=ENGLISH).text
    shown = world.settings.model_copy(update={"demo": True})
    monkeypatch.setitem(world.app.extensions["kontor"], "settings", shown)
    for client, address in pages:
        assert "Test mode" in client.get(address, headers=ENGLISH).text, address


def test_the_page_of_all_parts_is_for_owners_of_the_platform(as_: As) -> None:
    assert as_("owner").get("/platform/style").status_code == 200
    for name in ("administrator", "distributor", "nobody"):
        assert as_(name).get("/platform/style").status_code == 404
    assert as_("anonymous").get("/platform/style").status_code == 303


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Anna Nowak", "AN"),
        ("Cher", "C"),
        ("jan maria van dijk", "JD"),
        ("Żaneta Łoś", "ŻŁ"),
        ("Олег", "О"),
        ("", ""),
        ("<svg> (x)", ""),
    ],
)
def test_initials_are_those_of_the_first_and_the_last_name(name: str, letters: str) -> None:
    assert initials(name) == letters
