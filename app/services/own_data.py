"""The copy of what is kept about a person, as they may have it: plain values in named parts, to be written as JSON.

What opens something (passwords, secrets, codes and their hashes) is no part of it; that it is set is.
"""

import datetime as dt
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.models.distributors import Distributor
from app.models.joining import Application, Invitation, TermsAcceptance, TermsVersion
from app.models.messages import Message, Notice
from app.models.people import AuditEvent, Membership, UserAccount
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.models.signing_in import Passkey, SignInSession

MOST = 10_000
"""Rows of one part. Whoever has more gets the newest."""


def copy_of(session: Session, user_id: int, *, now: dt.datetime) -> dict[str, Any]:
    """Gather everything that is kept about a person. One query for each part."""
    user = session.get_one(UserAccount, user_id)
    reached = [user.login, *([user.phone] if user.phone else [])]
    return {
        "written_at": now.isoformat(),
        "account": {
            "id": user.id,
            "email": user.login,
            "name": user.name,
            "phone": user.phone,
            "phone_proven_at": _plain(user.phone_proven_at),
            "language": user.locale,
            "theme": user.theme,
            "since": _plain(user.created_at),
            "password_set": user.password_hash is not None,
            "authenticator_app_since": _plain(user.totp_since),
            "owner_of_the_platform": user.platform_owner,
        },
        "roles": _rows(
            session,
            select(
                Program.code.label("program"),
                Membership.role.label("role"),
                Distributor.code.label("distributor"),
                Distributor.name.label("distributor_name"),
            )
            .select_from(Membership)
            .join(Program, Program.id == Membership.program_id)
            .outerjoin(Distributor, Distributor.id == Membership.distributor_id)
            .where(Membership.user_id == user_id)
            .order_by(Membership.id),
        ),
        "passkeys": _rows(
            session,
            select(Passkey.name, Passkey.created_at, Passkey.used_at)
            .where(Passkey.user_id == user_id)
            .order_by(Passkey.id),
        ),
        "signed_in": _rows(
            session,
            select(
                SignInSession.created_at,
                SignInSession.seen_at,
                SignInSession.ended_at,
                SignInSession.method,
                SignInSession.address,
                SignInSession.agent,
            )
            .where(SignInSession.user_id == user_id)
            .order_by(SignInSession.id.desc()),
        ),
        "terms_accepted": _rows(
            session,
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
            .where(TermsAcceptance.user_id == user_id)
            .order_by(TermsAcceptance.id.desc()),
        ),
        "invitations": _rows(
            session,
            select(
                Program.code.label("program"),
                Invitation.role,
                Invitation.name,
                Invitation.created_at,
                Invitation.accepted_at,
                Invitation.withdrawn_at,
            )
            .join(Program, Program.id == Invitation.program_id)
            .where(Invitation.login == user.login)
            .order_by(Invitation.id.desc()),
        ),
        "applications": _rows(
            session,
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
            .where(Application.login == user.login)
            .order_by(Application.id.desc()),
        ),
        "messages": _rows(
            session,
            select(Message.channel, Message.to, Message.kind, Message.state, Message.created_at, Message.sent_at)
            .where(Message.to.in_(reached))
            .order_by(Message.id.desc()),
        ),
        "notices": _rows(
            session,
            select(Notice.kind, Notice.parts, Notice.created_at)
            .where(Notice.user_id == user_id)
            .order_by(Notice.id.desc()),
        ),
        "documents_that_name_them": _documents(session, user_id, user),
        "log": _rows(
            session,
            # whom else they did something to, and who else did something to them, are others' data
            select(
                AuditEvent.at,
                AuditEvent.action,
                (AuditEvent.actor == user.login).label("by_them"),
                (AuditEvent.subject == user.login).label("about_them"),
            )
            .where(or_(AuditEvent.actor == user.login, AuditEvent.subject == user.login))
            .order_by(AuditEvent.id.desc()),
        ),
    }


def _documents(session: Session, user_id: int, user: UserAccount) -> list[dict[str, Any]]:
    """Give the sales documents that bear the person's name, of the distributors whose they are."""
    theirs = select(Membership.distributor_id).where(
        Membership.user_id == user_id, Membership.distributor_id.is_not(None)
    )
    return _rows(
        session,
        select(
            Program.code.label("program"),
            SalesDocument.number,
            SalesDocument.issued_on,
            SalesDocument.person.label("named"),
        )
        .join(Program, Program.id == SalesDocument.program_id)
        .where(
            SalesDocument.distributor_id.in_(theirs),
            func.lower(func.trim(SalesDocument.person)).in_([user.login.lower(), user.name.lower()]),
        )
        .order_by(SalesDocument.id.desc()),
    )


def _rows(session: Session, query: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [
        {name: _plain(value) for name, value in row.items()} for row in session.execute(query.limit(MOST)).mappings()
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
