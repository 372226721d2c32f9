"""Who changed what, when, and why."""

import json
from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import Date, Select, cast, func, select
from werkzeug.wrappers import Response

from app.models.people import AuditEvent, UserAccount
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Days, Kind, Listing, Search

bp = Blueprint("audit", __name__)


_QUERY: Select[Any] = (
    select()
    .select_from(AuditEvent)
    .outerjoin(UserAccount, UserAccount.login == AuditEvent.actor)
    .where(AuditEvent.program_id == HERE)
)


def _short(value: Any) -> str:
    text = ", ".join(f"{key}: {_plain(one)}" for key, one in value.items()) if isinstance(value, dict) else str(value)
    return text if len(text) <= 400 else f"{text[:400]}…"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


AUDIT = Listing(
    name="audit",
    title=_("Audit log"),
    columns=(
        Column("at", _("When"), AuditEvent.at, Kind.INSTANT, AuditEvent.at),
        Column(
            "actor", _("Who"), AuditEvent.actor, Kind.PERSON, sort=func.coalesce(UserAccount.name, AuditEvent.actor)
        ),
        Column("action", _("What"), AuditEvent.action, Kind.CODE),
        Column("subject", _("Of what"), AuditEvent.subject),
        Column("before", _("Before"), AuditEvent.before, words=_short, phone=False),
        Column("after", _("After"), AuditEvent.after, words=_short),
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
        Days("at", _("When"), cast(func.timezone("UTC", AuditEvent.at), Date)),
    ),
)


@bp.get("/programs/<code:program_code>/audit")
def index(program_code: str) -> str | Response:
    return answer(AUDIT, "admin/audit.html")
