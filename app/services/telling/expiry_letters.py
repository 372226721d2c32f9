"""Mails to whoever has points that are about to expire: who does not look into the portal loses them unawares.

They go with the notices of `app.services.telling.expiry_notices`, to the owners of a distributor and to the person of
an own account, but for those who said that they want none.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import settings
from app.db.many import any_of
from app.domain.roles import REMINDED
from app.domain.saying.wording import marked
from app.models.distributors import Distributor
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.services.telling import messages, texts
from app.services.telling.languages import Writing, writing
from app.services.telling.messages import Kind, Letter

_ = marked
ON_A_DAY = _("%(points)s points expire on %(day)s.")
OVER_DAYS = _("%(points)s points expire until %(last)s, the first of them on %(first)s.")


def write(
    session: Session, program: Program, news: Sequence[tuple[int, Mapping[str, Any]]], *, now: dt.datetime
) -> int:
    """Write to whom the points of distributors belong: ``news`` are notices, by distributor. The caller commits.

    Returns how many mails were written. Two queries, one for each language, and one that writes.
    """
    parts_of = dict(news)
    rows = session.execute(
        select(Distributor.id, Distributor.name, UserAccount.login, UserAccount.name, UserAccount.locale)
        .join(Membership, Membership.distributor_id == Distributor.id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(
            Distributor.id == any_of(list(parts_of)),
            Membership.role.in_(REMINDED),
            UserAccount.active,
            UserAccount.reminded,
        )
        .order_by(Distributor.id, UserAccount.id)
    )
    address = settings().address
    letters = []
    for distributor_id, company, login, name, own_locale in rows:
        language = texts.known(own_locale or program.locale)
        parts = {
            "name": name,
            "company": company,
            "news": _sentence(parts_of[distributor_id], writing(language), program.point_decimals),
            "link": f"{address}/portal/{program.code}/{distributor_id}/",
            "account": f"{address}/account/",
        }
        letters.append(Letter(login, language, parts))
    messages.write_many(session, Kind.POINTS_EXPIRE, letters, program=program, now=now)
    return len(letters)


def _sentence(parts: Mapping[str, Any], words: Writing, decimals: int) -> str:
    points = words.figure(int(parts["points"]), decimals)
    first, last = (words.day(dt.date.fromisoformat(parts[name])) for name in ("first", "last"))
    wording = texts.translated(ON_A_DAY if first == last else OVER_DAYS, words.language)
    return texts.filled(wording, {"points": points, "day": last, "first": first, "last": last})
