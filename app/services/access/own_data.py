"""The copy of what is kept about a person, as they may have it: plain values in named parts, to be written as JSON.

What opens something (passwords, secrets, codes and their hashes) is no part of it; that it is set is.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.db.first import first
from app.models.claims import Claim
from app.models.distributors import Distributor
from app.models.joining import Application, Invitation, TermsAcceptance, TermsVersion
from app.models.messages import Message, Notice
from app.models.orders import RewardOrder
from app.models.people import AuditEvent, Membership, UserAccount
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.models.signing_in import Passkey, SignInSession
from app.services.same_person import own_names

MOST = 10_000
"""Rows of one part. Whoever has more gets the newest, and reads how many were left out."""


def copy_of(session: Session, user_id: int, *, now: dt.datetime) -> dict[str, Any]:
    """Gather everything that is kept about a person, under whatever sign-in name of theirs. One query for each part."""
    user = session.get_one(UserAccount, user_id)
    names = own_names(session, user)
    parts = {part: first(session, query(user, names), MOST) for part, query in _PARTS.items()}
    return {
        "written_at": now.isoformat(),
        "account": _account(user),
        **{name: [_plain_row(row) for row in rows] for name, rows in parts.items()},
        "left_out": {name: rows.more for name, rows in parts.items() if rows.more},
    }


_Query: TypeAlias = Select[*tuple[Any, ...]]
Names: TypeAlias = Sequence[str]
"""The sign-in names that somebody has and had."""


def _account(user: UserAccount) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.login,
        "name": user.name,
        "phone": user.phone,
        "phone_proven_at": _plain(user.phone_proven_at),
        "language": user.locale,
        "theme": user.theme,
        "mails_before_points_expire": user.reminded,
        "since": _plain(user.created_at),
        "password_set": user.password_hash is not None,
        "authenticator_app_since": _plain(user.totp_since),
        "owner_of_the_platform": user.platform_owner,
    }


def _roles(user: UserAccount, _names: Names) -> _Query:
    return (
        select(
            Program.code.label("program"),
            Membership.role.label("role"),
            Distributor.code.label("distributor"),
            Distributor.name.label("distributor_name"),
            Membership.known_as,
        )
        .select_from(Membership)
        .join(Program, Program.id == Membership.program_id)
        .outerjoin(Distributor, Distributor.id == Membership.distributor_id)
        .where(Membership.user_id == user.id)
        .order_by(Membership.id)
    )


def _passkeys(user: UserAccount, _names: Names) -> _Query:
    columns = (Passkey.name, Passkey.created_at, Passkey.used_at)
    return select(*columns).where(Passkey.user_id == user.id).order_by(Passkey.id)


def _sign_ins(user: UserAccount, _names: Names) -> _Query:
    return (
        select(
            SignInSession.created_at,
            SignInSession.seen_at,
            SignInSession.ended_at,
            SignInSession.method,
            SignInSession.address,
            SignInSession.agent,
        )
        .where(SignInSession.user_id == user.id)
        .order_by(SignInSession.id.desc())
    )


def _terms(user: UserAccount, _names: Names) -> _Query:
    return (
        select(
            Program.code.label("program"),
            TermsVersion.number.label("version"),
            TermsAcceptance.accepted_at,
            TermsAcceptance.locale.label("language"),
            TermsAcceptance.address,
        )
        .select_from(TermsAcceptance)
        .join(TermsVersion, TermsVersion.id == TermsAcceptance.terms_id)
        .join(Program, Program.id == TermsVersion.program_id)
        .where(TermsAcceptance.user_id == user.id)
        .order_by(TermsAcceptance.id.desc())
    )


def _invitations(_user: UserAccount, names: Names) -> _Query:
    return (
        select(
            Program.code.label("program"),
            Invitation.role,
            Invitation.name,
            Invitation.created_at,
            Invitation.accepted_at,
            Invitation.withdrawn_at,
        )
        .join(Program, Program.id == Invitation.program_id)
        .where(Invitation.login.in_(names))
        .order_by(Invitation.id.desc())
    )


def _applications(_user: UserAccount, names: Names) -> _Query:
    return (
        select(
            Program.code.label("program"),
            Application.kind,
            Application.name,
            Application.company,
            Application.tax_id,
            Application.phone,
            Application.answers,
            Application.state,
            Application.reason,
            Application.created_at,
            Application.address,
        )
        .join(Program, Program.id == Application.program_id)
        .where(Application.login.in_(names))
        .order_by(Application.id.desc())
    )


def _messages(user: UserAccount, names: Names) -> _Query:
    reached = [*names, *([user.phone] if user.phone else [])]
    columns = (Message.channel, Message.to, Message.kind, Message.state, Message.created_at, Message.sent_at)
    return select(*columns).where(Message.to.in_(reached)).order_by(Message.id.desc())


def _notices(user: UserAccount, _names: Names) -> _Query:
    columns = (Notice.kind, Notice.parts, Notice.created_at)
    return select(*columns).where(Notice.user_id == user.id).order_by(Notice.id.desc())


def _documents(user: UserAccount, names: Names) -> _Query:
    """Give the documents of their distributors that bear a sign-in name of theirs, or the name that came with the role.

    Not the name in their profile: whoever took a colleague's would get the colleague's documents.
    """
    named = func.lower(func.trim(SalesDocument.person))
    theirs = select(Membership.id).where(
        Membership.user_id == user.id,
        Membership.distributor_id == SalesDocument.distributor_id,
        or_(named.in_([name.lower() for name in names]), named == func.lower(func.trim(Membership.known_as))),
    )
    return (
        select(
            Program.code.label("program"),
            SalesDocument.number,
            SalesDocument.issued_on,
            SalesDocument.person.label("named"),
        )
        .join(Program, Program.id == SalesDocument.program_id)
        .where(theirs.exists())
        .order_by(SalesDocument.id.desc())
    )


def _claims(_user: UserAccount, names: Names) -> _Query:
    return (
        select(
            Program.code.label("program"),
            Claim.content["number"].astext.label("number"),
            Claim.state,
            Claim.created_at,
            Claim.sent_at,
        )
        .join(Program, Program.id == Claim.program_id)
        .where(Claim.author.in_(names))
        .order_by(Claim.id.desc())
    )


def _log(_user: UserAccount, names: Names) -> _Query:
    """Give what they did and what was done to them; whom else it was about, or who did it, are others' data."""
    by_them, about_them = AuditEvent.actor.in_(names), AuditEvent.subject.in_(names)
    return (
        select(AuditEvent.at, AuditEvent.action, by_them.label("by_them"), about_them.label("about_them"))
        .where(or_(by_them, about_them))
        .order_by(AuditEvent.id.desc())
    )


def _orders(_user: UserAccount, names: Names) -> _Query:
    """Give what they ordered, and what goes where they said."""
    theirs = RewardOrder.placed_by.in_(names)
    return (
        select(
            Program.code.label("program"),
            RewardOrder.id.label("order"),
            RewardOrder.placed_at,
            RewardOrder.state,
            RewardOrder.points,
            RewardOrder.address,
            theirs.label("placed_by_them"),
            RewardOrder.note,
        )
        .join(Program, Program.id == RewardOrder.program_id)
        .where(or_(theirs, RewardOrder.address_by.in_(names)))
        .order_by(RewardOrder.id.desc())
    )


_PARTS: Mapping[str, Callable[[UserAccount, Names], _Query]] = {
    "roles": _roles,
    "passkeys": _passkeys,
    "signed_in": _sign_ins,
    "terms_accepted": _terms,
    "invitations": _invitations,
    "applications": _applications,
    "messages": _messages,
    "notices": _notices,
    "documents_that_name_them": _documents,
    "claims": _claims,
    "orders": _orders,
    "log": _log,
}


def _plain_row(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row._mapping.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
