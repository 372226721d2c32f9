"""Who changed what, when, and why."""

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, func, select
from werkzeug.wrappers import Response

from app.models.people import AuditEvent, UserAccount
from app.web.admin.audit.names import THING
from app.web.admin.audit.subjects import learn_codes, page_of, subject_words
from app.web.admin.audit.words import action_words, learn_names, state_words
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Kind, Listing, Moments, OneOf, Search, ToPageOf

bp = Blueprint("audit", __name__)


_QUERY: Select[Any] = (
    select()
    .select_from(AuditEvent)
    .outerjoin(UserAccount, UserAccount.login == AuditEvent.actor)
    .where(AuditEvent.program_id == HERE)
)


_NOTED = func.concat(AuditEvent.action, " ", AuditEvent.subject)
"""A number alone does not say of what it is one."""


def _of(thing: str) -> ColumnElement[bool]:
    return AuditEvent.action.startswith(f"{thing}.", autoescape=True)


AUDIT = Listing(
    name="audit",
    title=_("Audit log"),
    columns=(
        Column("at", _("When"), AuditEvent.at, Kind.INSTANT, AuditEvent.at),
        Column(
            "actor", _("Who"), AuditEvent.actor, Kind.PERSON, sort=func.coalesce(UserAccount.name, AuditEvent.actor)
        ),
        Column("action", _("What"), AuditEvent.action, words=action_words),
        Column(
            "subject", _("Of what"), _NOTED, words=subject_words, link=ToPageOf("subject", page_of), learn=learn_codes
        ),
        Column("before", _("Before"), AuditEvent.before, words=state_words, learn=learn_names, phone=False),
        Column("after", _("After"), AuditEvent.after, words=state_words, learn=learn_names),
        Column("reason", _("Why"), AuditEvent.reason),
    ),
    query=_QUERY,
    id=AuditEvent.id,
    default="-at",
    filters=(
        Search(
            AuditEvent.action,
            AuditEvent.subject,
            AuditEvent.reason,
            people=[AuditEvent.actor],
            title=_("Person, action or thing"),
        ),
        OneOf("what", _("What"), [Choice(one, name) for one, name in THING.items()], _of),
        Moments("at", _("When"), AuditEvent.at),
    ),
)


@bp.get("/programs/<code:program_code>/audit")
def index(program_code: str) -> str | Response:
    return answer(AUDIT, "admin/audit/audit.html")
