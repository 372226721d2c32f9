"""What a person is in a programme, and what that lets them do: roles, seats and permissions, one table for all."""

import enum
from collections.abc import Mapping, Set
from dataclasses import dataclass, field


class Role(enum.StrEnum):
    """What a person is in a programme; owners and sales reps are people of one distributor, and see nothing else.

    Whoever has an account of their own beside their company's has a seat there as well.
    """

    ADMINISTRATOR = "administrator"
    VERIFIER = "verifier"
    FINANCE = "finance"
    APPROVER = "approver"
    VIEWER = "viewer"
    ASSISTANT = "assistant"
    OWNER = "owner"
    REP = "rep"
    PERSON = "person"


OF_A_DISTRIBUTOR = frozenset({Role.OWNER, Role.REP, Role.PERSON})
"""Roles whose permissions hold for one distributor alone."""

BY_HAND = tuple(role for role in Role if role is not Role.PERSON)
"""Roles that somebody is given by somebody; the seat at one's own account comes with the account."""

REMINDED = frozenset({Role.OWNER, Role.PERSON})
"""Roles of those whose points they are, who are written to before these expire."""

MONEY_ROLES = frozenset({Role.FINANCE, Role.APPROVER, Role.ADMINISTRATOR})
"""Roles that move money or points: whoever has one signs in with a second factor, as the platform's owners do."""


class Permission(enum.StrEnum):
    """What somebody may do within a programme."""

    SEE_PROGRAM = "see_program"
    SEE_DISTRIBUTORS = "see_distributors"
    SEE_PRODUCTS = "see_products"
    SEE_DOCUMENTS = "see_documents"
    SEE_IMPORTS = "see_imports"
    TAKE_PROBLEMS = "take_problems"
    START_IMPORT = "start_import"
    SEE_REVIEW = "see_review"
    DECIDE = "decide"
    SEE_LEDGER = "see_ledger"
    SEE_MONEY = "see_money"
    SEE_REPORTS = "see_reports"
    SEE_AUDIT = "see_audit"
    EXPORT = "export"
    EDIT_PROGRAM = "edit_program"
    EDIT_DISTRIBUTOR = "edit_distributor"
    EDIT_TEXTS = "edit_texts"
    MANAGE_PEOPLE = "manage_people"
    VET_APPLICATIONS = "vet_applications"
    REQUEST_ADJUSTMENT = "request_adjustment"
    DECIDE_ADJUSTMENT = "decide_adjustment"
    PREPARE_RUN = "prepare_run"
    APPROVE_RUN = "approve_run"
    SEE_ORDERS = "see_orders"
    FULFIL_ORDERS = "fulfil_orders"
    APPROVE_ORDERS = "approve_orders"
    LOOK_UP = "look_up"
    USE_PORTAL = "use_portal"
    LIST_DOCUMENTS = "list_documents"
    VISIT_BRANCHES = "visit_branches"
    SEE_STATEMENT = "see_statement"
    SEE_DOCUMENT = "see_document"
    SEE_CARD = "see_card"
    REGISTER_CLAIM = "register_claim"
    CONVERT_POINTS = "convert_points"
    ORDER_REWARDS = "order_rewards"
    MANAGE_TEAM = "manage_team"


_OF_A_REP = frozenset(
    {Permission.USE_PORTAL, Permission.LIST_DOCUMENTS, Permission.SEE_DOCUMENT, Permission.REGISTER_CLAIM}
)
_OF_AN_OWNER = _OF_A_REP | {
    Permission.SEE_STATEMENT,
    Permission.SEE_CARD,
    Permission.CONVERT_POINTS,
    Permission.ORDER_REWARDS,
    Permission.MANAGE_TEAM,
    Permission.VISIT_BRANCHES,
}
_OF_A_PERSON = frozenset(
    {
        Permission.USE_PORTAL,
        Permission.SEE_STATEMENT,
        Permission.SEE_CARD,
        Permission.CONVERT_POINTS,
        Permission.ORDER_REWARDS,
    }
)
"""What somebody may do with an account of their own: see what they earned, and spend it."""
_OF_A_HEAD_OFFICE = frozenset({Permission.SEE_STATEMENT, Permission.LIST_DOCUMENTS, Permission.SEE_DOCUMENT})
"""What an owner may do with a branch of their distributor: read what it earned, and for what."""
_LOOKING = frozenset(one for one in Permission if one.value.startswith("see_")) - {Permission.SEE_AUDIT}
_OF_A_VERIFIER = _LOOKING | {
    Permission.TAKE_PROBLEMS,
    Permission.DECIDE,
    Permission.EXPORT,
    Permission.VET_APPLICATIONS,
    Permission.LOOK_UP,
}
_OF_FINANCE = _LOOKING | {
    Permission.SEE_AUDIT,
    Permission.TAKE_PROBLEMS,
    Permission.EXPORT,
    Permission.REQUEST_ADJUSTMENT,
    Permission.PREPARE_RUN,
    Permission.FULFIL_ORDERS,
    Permission.LOOK_UP,
}
_OF_AN_APPROVER = _LOOKING | {
    Permission.SEE_AUDIT,
    Permission.EXPORT,
    Permission.DECIDE_ADJUSTMENT,
    Permission.APPROVE_RUN,
    Permission.APPROVE_ORDERS,
    Permission.LOOK_UP,
}
_IN_THE_PORTAL_ALONE = frozenset(
    {
        Permission.USE_PORTAL,
        Permission.LIST_DOCUMENTS,
        Permission.CONVERT_POINTS,
        Permission.ORDER_REWARDS,
        Permission.MANAGE_TEAM,
        Permission.VISIT_BRANCHES,
    }
)

GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission) - _IN_THE_PORTAL_ALONE - {Permission.APPROVE_RUN},
    Role.VERIFIER: _OF_A_VERIFIER,
    Role.FINANCE: _OF_FINANCE,
    Role.APPROVER: _OF_AN_APPROVER,
    Role.VIEWER: _LOOKING,
    Role.ASSISTANT: frozenset({Permission.LOOK_UP, Permission.REGISTER_CLAIM}),
    Role.OWNER: _OF_AN_OWNER,
    Role.REP: _OF_A_REP,
    Role.PERSON: _OF_A_PERSON,
}
"""What each role may do. The permissions of owners and reps hold for their one distributor alone."""

_EVERYTHING = frozenset(Permission)


@dataclass(frozen=True)
class Seat:
    """A role in a programme; for distributors also which one, and the name that somebody has in its documents.

    That name was given with the role: what people call themselves does not decide what they see.
    """

    program_id: int
    role: Role
    distributor_id: int | None = None
    known_as: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in, with everything that decides what they may do."""

    id: int
    login: str
    name: str
    platform_owner: bool
    seats: tuple[Seat, ...]
    locale: str | None = None
    theme: str | None = None


def needs_second_factor(somebody: Person) -> bool:
    """Tell whether somebody must have a second factor: whoever moves money or points, or owns the platform."""
    return somebody.platform_owner or any(seat.role in MONEY_ROLES for seat in somebody.seats)


def is_of_distributors_alone(somebody: Person) -> bool:
    """Tell whether somebody has to do with distributors only: such people may sign in by a link or a code."""
    return (
        not somebody.platform_owner
        and bool(somebody.seats)
        and all(seat.role in OF_A_DISTRIBUTOR for seat in somebody.seats)
    )


def gets_reminders(somebody: Person) -> bool:
    """Tell whether somebody is written to before points expire: they are theirs, or those of a company they own."""
    return any(seat.role in REMINDED for seat in somebody.seats)


def permissions_of(
    somebody: Person, program_id: int | None, distributor_id: int | None = None, head_office_id: int | None = None
) -> Set[Permission]:
    """Give what a person may do: in a programme, and where it is one distributor's, with that one.

    The seat of an owner or a rep opens only what is their distributor's: without ``distributor_id`` it opens nothing.
    ``head_office_id`` is that of the distributor, whose owner reads what is its branches'.
    """
    if somebody.platform_owner:
        return _EVERYTHING
    granted = [
        GRANTS[seat.role]
        for seat in somebody.seats
        if seat.program_id == program_id
        and (
            seat.role not in OF_A_DISTRIBUTOR or (distributor_id is not None and seat.distributor_id == distributor_id)
        )
    ]
    if head_office_id is not None and Seat(program_id or 0, Role.OWNER, head_office_id) in somebody.seats:
        granted.append(_OF_A_HEAD_OFFICE)
    return granted[0] if len(granted) == 1 else frozenset().union(*granted)


def may(
    somebody: Person,
    permission: Permission,
    program_id: int | None = None,
    distributor_id: int | None = None,
    head_office_id: int | None = None,
) -> bool:
    """Tell whether a person may do something, as `permissions_of` says."""
    return permission in permissions_of(somebody, program_id, distributor_id, head_office_id)
