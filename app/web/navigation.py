"""Where somebody can go: the programmes that are theirs, the places of the one they are in, and what waits there.

`PLACES`, `PORTAL` and `PLATFORM` are the whole navigation: a page that stands there is offered to whoever may see it,
as soon as its route exists.
"""

import enum
import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from flask import current_app, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.states import ApplicationState, DocumentStatus
from app.models.desk import AdjustmentRequest
from app.models.joining import Application
from app.models.messages import Notice, NoticeSeen
from app.models.programs import ProgramLogo
from app.models.sales import SalesDocument
from app.services import notices, people, unmatched
from app.services.people import Permission, Person, ProgramChoice
from app.web.branding import logo_address
from app.web.context import Scope, person, scope_or_none, session
from app.web.languages import language
from app.web.portal.own import at_home_in, own_names


class Section(enum.Enum):
    """A heading of the navigation; its places stand below it in the order of the table."""

    OVERVIEW = None
    SALES = lazy_gettext("Sales")
    PEOPLE = lazy_gettext("People")
    CATALOGUE = lazy_gettext("Catalogue")
    POINTS = lazy_gettext("Points")
    PREPAID = lazy_gettext("Prepaid")
    REPORTS = lazy_gettext("Reports")
    SETTINGS = lazy_gettext("Settings")
    PLATFORM = lazy_gettext("Platform")


ProgramId = BindParameter[int]
Count = Callable[[ProgramId], ScalarSelect[int]]
"""Counts what waits in a programme, by its id, as a part of one query that is built once."""


@dataclass(frozen=True, eq=False)
class Place:
    """A page that stands in the navigation: itself alone is equal to it.

    ``name`` is what its pages set as ``active``: the blueprint where nothing else is said. ``tab`` has it stand at the
    foot of a phone's screen as well, where four have room. ``of_head_offices``: it is for distributors with branches.
    """

    section: Section
    endpoint: str
    text: Any
    icon: str
    permission: Permission | None
    tab: bool = False
    waiting: Count | None = None
    named: str | None = None
    of_head_offices: bool = False

    @property
    def name(self) -> str:
        """Give what pages of this place set as ``active``."""
        return self.named or self.endpoint.partition(".")[0]


def _in_review(program_id: ProgramId) -> ScalarSelect[int]:
    # the status is written out: an index serves it that the planner finds only if it can see it
    waits: ColumnElement[bool] = literal_column(f"sales_document.status = {int(DocumentStatus.REVIEW)}")
    return _number(select(func.count()).select_from(SalesDocument).where(SalesDocument.program_id == program_id, waits))


def _to_adjust(program_id: ProgramId) -> ScalarSelect[int]:
    waits = (AdjustmentRequest.program_id == program_id, AdjustmentRequest.state == "waiting")
    return _number(select(func.count()).select_from(AdjustmentRequest).where(*waits))


def _to_vet(program_id: ProgramId) -> ScalarSelect[int]:
    waits = (Application.program_id == program_id, Application.state == ApplicationState.NEW)
    return _number(select(func.count()).select_from(Application).where(*waits))


def _to_match(program_id: ProgramId) -> ScalarSelect[int]:
    return _number(unmatched.how_many(program_id))


def _number(query: Select[int]) -> ScalarSelect[int]:
    return query.scalar_subquery()


_ = lazy_gettext
PLACES: Sequence[Place] = (
    Place(Section.OVERVIEW, "overview.overview", _("Overview"), "home", Permission.SEE_PROGRAM, tab=True),
    Place(Section.SALES, "review.index", _("Review"), "inbox", Permission.SEE_REVIEW, tab=True, waiting=_in_review),
    Place(Section.SALES, "documents.index", _("Documents"), "file", Permission.SEE_DOCUMENTS),
    Place(Section.SALES, "deliveries.index", _("Deliveries"), "truck", Permission.SEE_DOCUMENTS),
    Place(Section.SALES, "imports.index", _("Imports"), "upload", Permission.SEE_IMPORTS, tab=True),
    Place(Section.SALES, "unmatched.index", _("Unknown names"), "question", Permission.SEE_IMPORTS, waiting=_to_match),
    Place(Section.PEOPLE, "distributors.index", _("Distributors"), "users", Permission.SEE_DISTRIBUTORS, tab=True),
    Place(Section.PEOPLE, "customers.index", _("Find a customer"), "search", Permission.LOOK_UP),
    Place(
        Section.PEOPLE,
        "applications.index",
        _("Applications"),
        "user-add",
        Permission.VET_APPLICATIONS,
        waiting=_to_vet,
    ),
    Place(Section.CATALOGUE, "products.index", _("Products"), "box", Permission.SEE_PRODUCTS),
    Place(Section.CATALOGUE, "products.groups", _("Groups"), "tags", Permission.SEE_PRODUCTS, named="groups"),
    Place(Section.CATALOGUE, "rewards.index", _("Rewards"), "gift", Permission.SEE_PRODUCTS),
    Place(Section.POINTS, "ledger.index", _("Ledger"), "ledger", Permission.SEE_LEDGER),
    Place(Section.POINTS, "adjustments.index", _("Adjustments"), "adjust", Permission.SEE_LEDGER, waiting=_to_adjust),
    Place(Section.PREPAID, "runs.index", _("Conversion runs"), "runs", Permission.SEE_MONEY),
    Place(Section.PREPAID, "top_ups.index", _("Top-ups"), "top-ups", Permission.SEE_MONEY),
    Place(Section.PREPAID, "cards.index", _("Cards"), "card", Permission.SEE_MONEY),
    Place(Section.PREPAID, "liability.index", _("Liability"), "wallet", Permission.SEE_MONEY),
    Place(Section.REPORTS, "reports.activity", _("Reports"), "reports", Permission.SEE_REPORTS),
    Place(Section.SETTINGS, "program.settings", _("Programme"), "settings", Permission.EDIT_PROGRAM),
    Place(Section.SETTINGS, "people.index", _("Users"), "user", Permission.MANAGE_PEOPLE),
    Place(Section.SETTINGS, "registration.index", _("Registration form"), "edit", Permission.EDIT_PROGRAM),
    Place(Section.SETTINGS, "program.show_terms", _("Terms"), "file", Permission.EDIT_TEXTS, named="terms"),
    Place(Section.SETTINGS, "program.all_texts", _("Texts"), "texts", Permission.EDIT_TEXTS, named="texts"),
    Place(Section.SETTINGS, "outbox.index", _("Outbox"), "mail", Permission.MANAGE_PEOPLE),
    Place(Section.SETTINGS, "audit.index", _("Audit log"), "audit", Permission.SEE_AUDIT),
)
"""Places of those who run a programme. Their routes take the programme's code."""

PORTAL: Sequence[Place] = (
    # a rep begins with their documents: their home would be that page a second time
    Place(Section.OVERVIEW, "portal.home", _("Home"), "home", Permission.SEE_STATEMENT, tab=True),
    Place(Section.OVERVIEW, "portal_documents.index", _("Documents"), "file", Permission.LIST_DOCUMENTS, tab=True),
    Place(Section.OVERVIEW, "statements.show", _("Points"), "coin", Permission.SEE_STATEMENT, tab=True),
    Place(Section.OVERVIEW, "portal_card.show", _("Card"), "card", Permission.SEE_CARD, tab=True),
    Place(
        Section.OVERVIEW,
        "portal_branches.index",
        _("Branches"),
        "shop",
        Permission.VISIT_BRANCHES,
        of_head_offices=True,
    ),
    Place(Section.OVERVIEW, "portal_team.index", _("Team"), "users", Permission.MANAGE_TEAM),
    Place(Section.OVERVIEW, "consents.index", _("Applications"), "user-add", Permission.MANAGE_TEAM),
    Place(Section.OVERVIEW, "portal_company.index", _("Company"), "building", Permission.MANAGE_TEAM),
    Place(Section.OVERVIEW, "portal_notices.index", _("Notices"), "bell", Permission.USE_PORTAL),
    Place(Section.OVERVIEW, "portal_terms.show", _("Terms"), "texts", Permission.USE_PORTAL),
)
"""Places of the people of a distributor. Their routes take the programme's code and the distributor's id."""

PLATFORM: Sequence[Place] = (
    Place(Section.PLATFORM, "platform_users.index", _("All users"), "users", None),
    Place(Section.PLATFORM, "platform_outbox.index", _("All messages"), "mail", None),
    Place(Section.PLATFORM, "platform.style", _("Parts of pages"), "palette", None),
)
"""Places of the platform's owners. Their routes take nothing."""


@dataclass(frozen=True)
class Choice:
    """A programme to go to, and the page where one begins in it."""

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


@dataclass(frozen=True)
class Frame:
    """What stands around a page."""

    choices: Sequence[Choice]
    sections: Sections
    tabs: tuple[Link, ...]
    logo: str | None
    bell: str | None
    unseen: int
    find: str | None
    portal: bool

    def waiting_at(self, name: str) -> int:
        """Tell how much waits at a place."""
        return sum(link.waiting for _title, links in self.sections for link in links if link.name == name)


TABS = 4


def frame() -> Frame:
    """Give what stands around this page: two queries, however much there is."""
    who, here = person(), scope_or_none()
    places = _places_of(who, here)
    counted = {place: place.waiting for place in places if place.waiting is not None}
    logo, unseen, numbers = _count(who, here, list(counted.values()))
    waiting = {place: number for place, number in zip(counted, numbers, strict=True) if number}
    written = _links(language(), request.script_root, places, here.program.code if here else None, _home(who, here))
    links = [
        (place, replace(link, waiting=waiting[place]) if place in waiting else link)
        for place, link in zip(places, written, strict=True)
    ]
    titles = [section for section, _group in itertools.groupby(place.section for place in places)]
    portal = here is not None and here.distributor is not None and not _runs(who, here)
    start = (Link("home", gettext("Start"), "home", url_for("home.home"), 0, tab=True),) if here is None else ()
    tabbed = [link for _place, link in links if link.tab] or [link for _place, link in links]
    return Frame(
        choices=choices(),
        sections=(
            *((None, start) for _once in start),
            *(
                (
                    None if section is Section.OVERVIEW else str(section.value),
                    tuple(link for place, link in links if place.section is section),
                )
                for section in titles
            ),
        ),
        tabs=(*start, *tabbed)[:TABS],
        logo=logo_address(logo) if logo is not None else None,
        bell=_bell(who, here) if portal and here is not None else None,
        unseen=unseen,
        find=_find(who, here),
        portal=portal,
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
        Choice(program.name, program.sponsor, address, here is not None and here.program.id == program.id)
        for program in found
        for address in _beginnings(who, program)
    ]


def _beginnings(who: Person, program: ProgramChoice) -> list[str]:
    if people.may(who, Permission.SEE_PROGRAM, program.id):
        return [url_for("overview.overview", program_code=program.code)]
    at_the_counter = people.may(who, Permission.LOOK_UP, program.id)
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
    return any(people.may(who, one, here.program.id) for one in (Permission.SEE_PROGRAM, Permission.LOOK_UP))


def _places_of(who: Person, here: Scope | None) -> tuple[Place, ...]:
    """Give the places that this person may go to from here, as far as their routes exist."""
    found: list[Place] = []
    if here is not None:
        of, home = here.distributor, _home(who, here)
        table = PLACES if _runs(who, here) or of is None else PORTAL
        granted = people.permissions_of(who, here.program.id, home, of.head_office_id if of else None)
        branched = of is not None and (of.branched or home != of.id)
        found += [
            place
            for place in table
            if (place.permission is None or place.permission in granted) and (branched or not place.of_head_offices)
        ]
    if who.platform_owner:
        found += PLATFORM
    return tuple(place for place in found if place.endpoint in current_app.view_functions)


def _home(who: Person, here: Scope | None) -> int | None:
    """Give the distributor whose portal a page belongs to: on a branch's, that of the head office it is read from."""
    return at_home_in(who, here.distributor) if here is not None and here.distributor is not None else None


@functools.lru_cache(maxsize=1024)
def _links(
    language: str, root: str, places: tuple[Place, ...], program_code: str | None, distributor_id: int | None
) -> tuple[Link, ...]:
    """Write places down, with nothing that waits there.

    Nobody's name is in it: whoever may go to the same places, in the same language (``language``) of an installation
    served under the same address (``root``), is shown the same. So it is written once for all of them.
    """

    def address(place: Place) -> str:
        if place in PLATFORM:
            return url_for(place.endpoint)
        if place in PORTAL:
            return url_for(place.endpoint, program_code=program_code, distributor_id=distributor_id)
        return url_for(place.endpoint, program_code=program_code)

    return tuple(Link(one.name, str(one.text), one.icon, address(one), 0, one.tab) for one in places)


def _count(who: Person, here: Scope | None, counts: Sequence[Count]) -> tuple[bytes | None, int, Sequence[int]]:
    """Ask for the logo, the notices not seen yet and all that waits, in one query."""
    if here is None:
        return None, 0, [0 for _one in counts]
    theirs = None if _runs(who, here) else _home(who, here)
    named = None if theirs is None else own_names(who, here.program.id, theirs)
    asked = {"program_id": here.program.id, "user_id": who.id, "distributor_id": theirs, "named": named}
    row = session().connection().execute(_counting(tuple(counts)), asked).one()
    return row[0], row[1], row[2:]


@functools.cache
def _counting(counts: tuple[Count, ...]) -> Select[Any]:
    """Build the query of `_count`: for each set of places once, for building it takes longer than asking it."""
    program_id, user_id, distributor_id = (
        bindparam(name, type_=BigInteger) for name in ("program_id", "user_id", "distributor_id")
    )
    named: ColumnElement[Any] = bindparam("named", type_=ARRAY(Text))
    logo = select(ProgramLogo.sha256).where(ProgramLogo.program_id == program_id).scalar_subquery()
    seen = (
        select(NoticeSeen.last_id)
        .where(NoticeSeen.user_id == user_id, NoticeSeen.program_id == program_id)
        .scalar_subquery()
    )
    unseen = _number(
        select(func.count())
        .select_from(Notice)
        .where(
            Notice.program_id == program_id,
            notices.shown(distributor_id, user_id, named),
            Notice.id > func.coalesce(seen, 0),
        )
    )
    return select(logo, unseen, *(count(program_id) for count in counts))


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
        or not people.may(who, Permission.SEE_PROGRAM, here.program.id)
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
    current = active or request.blueprint or ""
    return _drawn(language(), request.script_root, frame.sections, frame.tabs, current)


@functools.lru_cache(maxsize=512)
def _drawn(language: str, root: str, sections: Sections, tabs: tuple[Link, ...], current: str) -> Drawn:
    """Draw what was drawn before only where something about it is another: a place, a number, where one is."""
    parts: Any = current_app.jinja_env.get_template("components/navigation.html").module
    return Drawn(parts.sections(sections, current), parts.tabs(tabs, current))


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
    return role_name(seats[0].role) if seats else who.login


def role_name(role: people.Role) -> str:
    """Give the name of a role."""
    return str(ROLES[role])


ROLES = {
    people.Role.ADMINISTRATOR: lazy_gettext("Administrator"),
    people.Role.VERIFIER: lazy_gettext("Verifier"),
    people.Role.FINANCE: lazy_gettext("Finance"),
    people.Role.APPROVER: lazy_gettext("Finance approver"),
    people.Role.VIEWER: lazy_gettext("Viewer"),
    people.Role.ASSISTANT: lazy_gettext("Sales assistant"),
    people.Role.OWNER: lazy_gettext("Distributor’s owner"),
    people.Role.REP: lazy_gettext("Sales rep"),
}
