"""Where somebody can go: the programmes that are theirs, the places of the one they are in, and what waits there."""

import functools
import itertools
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from flask import current_app, request, url_for
from flask_babel import gettext
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Text,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.questions import Question
from app.domain.roles import Permission, Person, may, permissions_of
from app.models.messages import Notice, NoticeSeen
from app.models.programs import ProgramLogo
from app.services.access import people
from app.services.access.people import ProgramChoice
from app.services.telling import notices
from app.services.telling.texts import ROLES
from app.web import formats
from app.web.access.own import at_home_in, own_names
from app.web.context import Scope, person, scope_or_none, session
from app.web.languages import language
from app.web.look.branding import logo_address
from app.web.navigation.places import PLACES, PLATFORM, PORTAL, Count, Place, Section, number_of, offered_by


@dataclass(frozen=True)
class Choice:
    """A programme to go to, and the page where one begins in it."""

    code: str
    name: str
    sponsor: str
    address: str
    current: bool


@dataclass(frozen=True)
class Link:
    """A place as it stands in the navigation of a page."""

    name: str
    text: str
    icon: str
    address: str
    waiting: int
    tab: bool


Sections: TypeAlias = tuple[tuple[str | None, tuple[Link, ...]], ...]
"""Titles, and the places below each."""


@dataclass(frozen=True, eq=False)
class Navigation:
    """The places that stand on a page, with what waits in them: itself alone is equal to it, and it is drawn once."""

    sections: Sections
    tabs: tuple[Link, ...]

    @property
    def behind(self) -> int:
        """Sum what waits at the places that have no tab."""
        return sum(link.waiting for _title, links in self.sections for link in links if link not in self.tabs)


@dataclass(frozen=True)
class Standpoint:
    """From where somebody looks at the navigation: all that its places depend on. Nobody's name is in it.

    ``program_code`` and ``distributor_id`` are the programme and the portal that a page belongs to, ``granted`` what
    one may do there. ``runs``: the places are those of the programme; ``branched``: of a head office's;
    ``offered``: the parts that the programme offers.
    """

    language: str
    root: str
    program_code: str | None
    distributor_id: int | None
    granted: Set[Permission]
    runs: bool
    branched: bool
    offered: Set[str]
    platform_owner: bool


@dataclass(frozen=True, eq=False)
class Offered:
    """The places that somebody may go to from a page, before anybody has counted what waits there."""

    places: tuple[Place, ...]
    links: tuple[Link, ...]
    counted: tuple[Place, ...]


@dataclass(frozen=True)
class Frame:
    """What stands around a page."""

    choices: Sequence[Choice]
    all_programs: str | None
    navigation: Navigation
    logo: str | None
    bell: str | None
    unseen: int
    find: str | None
    portal: bool
    zone: str


TABS = 4


def frame() -> Frame:
    """Give what stands around this page: two queries, however much there is; outside of a programme three."""
    who, here = person(), scope_or_none()
    at = _standpoint(who, here)
    logo, unseen, numbers = _count(
        who, here, [place.waiting for place in _offered(at).counted if place.waiting is not None]
    )
    portal = here is not None and here.distributor is not None and not _runs(who, here)
    return Frame(
        choices=choices(),
        all_programs=url_for("all_programs.index") if who.platform_owner else None,
        navigation=_navigation(at, tuple(numbers)),
        logo=logo_address(logo) if logo is not None else None,
        bell=_bell(who, here) if portal and here is not None else None,
        unseen=unseen,
        find=_find(who, here),
        portal=portal,
        zone=formats.zone(),
    )


def choices() -> list[Choice]:
    """Give the programmes of whoever is signed in; a distributor of several has one for each."""
    who, here = person(), scope_or_none()
    if here is not None and not who.platform_owner and {seat.program_id for seat in who.seats} == {here.program.id}:
        one = here.program  # they have no other: nothing has to be asked
        found = [ProgramChoice(one.id, one.code, one.name, one.sponsor)]
    else:
        found = people.programs_of(session(), who)
    return [
        Choice(program.code, program.name, program.sponsor, address, here is not None and here.program.id == program.id)
        for program in found
        for address in _beginnings(who, program)
    ]


def _beginnings(who: Person, program: ProgramChoice) -> list[str]:
    if may(who, Permission.SEE_PROGRAM, program.id):
        return [url_for("overview.overview", program_code=program.code)]
    at_the_counter = may(who, Permission.LOOK_UP, program.id)
    return [
        *((url_for("customers.index", program_code=program.code),) if at_the_counter else ()),
        *(
            url_for("portal.home", program_code=program.code, distributor_id=seat.distributor_id)
            for seat in who.seats
            if seat.program_id == program.id and seat.distributor_id is not None
        ),
    ]


def _runs(who: Person, here: Scope) -> bool:
    """Tell whether somebody is of those who run the programme, be it at a counter."""
    return any(may(who, one, here.program.id) for one in (Permission.SEE_PROGRAM, Permission.LOOK_UP))


def _standpoint(who: Person, here: Scope | None) -> Standpoint:
    of, home = here.distributor if here is not None else None, _home(who, here)
    return Standpoint(
        language(),
        request.script_root,
        here.program.code if here is not None else None,
        home,
        frozenset()
        if here is None
        else permissions_of(who, here.program.id, home, of.head_office_id if of is not None else None),
        runs=here is not None and (_runs(who, here) or of is None),
        branched=of is not None and (of.branched or home != of.id),
        offered=frozenset() if here is None else offered_by(here.program.settings),
        platform_owner=who.platform_owner,
    )


@functools.lru_cache(maxsize=1024)
def _offered(at: Standpoint) -> Offered:
    """Give the places that may be gone to, as far as their routes exist: once for all who stand at one point."""
    found: list[Place] = []
    if at.program_code is not None:
        found += [
            place
            for place in (PLACES if at.runs else PORTAL)
            if (place.permission is None or place.permission in at.granted)
            and (at.branched or not place.of_head_offices)
            and (place.offered is None or place.offered in at.offered)
        ]
    if at.platform_owner:
        found += PLATFORM
    places = tuple(place for place in found if place.endpoint in current_app.view_functions)

    def address(place: Place) -> str:
        if place in PLATFORM:
            return url_for(place.endpoint)
        if place in PORTAL:
            return url_for(place.endpoint, program_code=at.program_code, distributor_id=at.distributor_id)
        return url_for(place.endpoint, program_code=at.program_code)

    return Offered(
        places=places,
        links=tuple(Link(one.name, str(one.text), one.icon, address(one), 0, one.tab) for one in places),
        # what somebody may look at and not act on does not wait for them
        counted=tuple(place for place in places if place.waiting is not None and place.acts in at.granted),
    )


@functools.lru_cache(maxsize=1024)
def _navigation(at: Standpoint, numbers: tuple[int, ...]) -> Navigation:
    """Give the places with what waits there; ``numbers`` are as the places that are counted are ordered."""
    offered = _offered(at)
    waits = dict(zip(offered.counted, numbers, strict=True))
    links = [
        replace(link, waiting=waits.get(place, 0)) for place, link in zip(offered.places, offered.links, strict=True)
    ]
    start = (Link("home", gettext("Start"), "home", url_for("home.home"), 0, tab=True),)
    first = () if at.program_code is not None else start
    sections = [
        (None if section is Section.OVERVIEW else str(section.value), tuple(link for _place, link in group))
        for section, group in itertools.groupby(zip(offered.places, links, strict=True), key=lambda one: one[0].section)
    ]
    return Navigation(
        sections=(*((None, first) for _once in first), *sections),
        tabs=(*first, *([link for link in links if link.tab] or links))[:TABS],
    )


def _home(who: Person, here: Scope | None) -> int | None:
    """Give the distributor whose portal a page belongs to: on a branch's, that of the head office it is read from."""
    return at_home_in(who, here.distributor) if here is not None and here.distributor is not None else None


def _count(who: Person, here: Scope | None, counts: Sequence[Count]) -> tuple[bytes | None, int, Sequence[int]]:
    """Ask for the logo, the notices not seen yet and all that waits, in one query."""
    if here is None:
        return None, 0, [0 for _one in counts]
    theirs = None if _runs(who, here) else _home(who, here)
    named = None if theirs is None else own_names(who, here.program.id, theirs)
    asked = {
        "program_id": here.program.id,
        "user_id": who.id,
        "login": who.login,
        "distributor_id": theirs,
        "named": named,
    }
    (row,) = _counting(tuple(counts)).ask(session(), **asked)
    return row[0], row[1], row[2:]


@functools.cache
def _counting(counts: tuple[Count, ...]) -> Question:
    """Build the question of `_count`: for each set of places once, for building it takes longer than asking it."""
    program_id, user_id, distributor_id = (
        bindparam(name, type_=BigInteger) for name in ("program_id", "user_id", "distributor_id")
    )
    login: BindParameter[str] = bindparam("login", type_=Text)
    named: ColumnElement[Any] = bindparam("named", type_=ARRAY(Text))
    logo = select(ProgramLogo.sha256).where(ProgramLogo.program_id == program_id).scalar_subquery()
    seen = (
        select(NoticeSeen.last_id)
        .where(NoticeSeen.user_id == user_id, NoticeSeen.program_id == program_id)
        .scalar_subquery()
    )
    unseen = number_of(
        select(func.count())
        .select_from(Notice)
        .where(
            Notice.program_id == program_id,
            notices.shown(distributor_id, user_id, named),
            Notice.id > func.coalesce(seen, 0),
        )
    )
    return Question(select(logo, unseen, *(count(program_id, login) for count in counts)))


def _bell(who: Person, here: Scope) -> str | None:
    """Give the page of notices: they are for the people of a distributor."""
    home = _home(who, here)
    if home is None:
        return None
    return url_for("portal_notices.index", program_code=here.program.code, distributor_id=home)


def _find(who: Person, here: Scope | None) -> str | None:
    """Give the page that finds everything, for whoever may ask it."""
    if (
        here is None
        or not may(who, Permission.SEE_PROGRAM, here.program.id)
        or "search.index" not in current_app.view_functions
    ):
        return None
    return url_for("search.index", program_code=here.program.code)


@dataclass(frozen=True)
class Drawn:
    """The navigation as it stands on a page: every place, and those at the foot of a phone's screen."""

    sections: str
    tabs: str


def drawn(frame: Frame, active: str) -> Drawn:
    """Draw the navigation. ``active`` is the place that the page names; where it names none, its blueprint is it."""
    return _drawn(frame.navigation, active or request.blueprint or "")


@functools.lru_cache(maxsize=512)
def _drawn(navigation: Navigation, current: str) -> Drawn:
    """Draw what was drawn before only where something about it is another: a place, a number, where one is."""
    parts: Any = current_app.jinja_env.get_template("components/navigation.html").module
    return Drawn(parts.sections(navigation.sections, current), parts.tabs(navigation.tabs, navigation.behind, current))


def initials(name: str) -> str:
    """Give the first letters of a name: of its first word and of its last."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words)).upper()


def role_here(who: Person) -> str:
    """Give what somebody is where they are, or the name they sign in with."""
    here = scope_or_none()
    if who.platform_owner:
        return str(gettext("Owner of the platform"))
    seats = [seat for seat in who.seats if here is not None and seat.program_id == here.program.id]
    return str(gettext(ROLES[seats[0].role])) if seats else who.login
