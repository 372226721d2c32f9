"""Mails before points expire go to whose points they are, in their language, with the notice, and to nobody else."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from app.domain.roles import Role
from app.models.messages import Message
from app.models.people import UserAccount
from app.services.access import people
from app.services.telling import expiry_notices, texts
from tests.support.desk import Desk, Opening
from tests.support.programs import NOW

TOLD = dt.datetime.fromisoformat("2026-12-24T10:00+01:00")


@pytest.fixture
def month(open_desk: Opening) -> Desk:
    """A desk whose points expire two months after they are awarded: those of today on 21 January."""
    return open_desk(program={"expiry": {"months_after_award": 2}, "ends_on": "2027-12-31"})


def join(desk: Desk, login: str, role: Role, who: str, locale: str | None = None) -> str:
    """Give somebody a role with a distributor; their sign-in name is of this programme alone."""
    login = f"{login}@{desk.program.code}.example"
    people.create_user(desk.session, login, login.partition("@")[0].title(), "long enough 1", actor="test", now=NOW)
    people.give_role(desk.session, login, desk.program, role, desk.people[who], actor="test", now=NOW)
    desk.session.execute(update(UserAccount).where(UserAccount.login == login).values(locale=locale))
    return login


def letters(desk: Desk) -> dict[str, Message]:
    found = desk.session.scalars(select(Message).where(Message.program_id == desk.program.id)).all()
    assert len({one.to for one in found}) == len(found), "nobody is written to twice"
    return {one.to: one for one in found}


def test_whose_points_they_are_is_written_to_in_their_language(month: Desk) -> None:
    ann, jan = join(month, "ann", Role.OWNER, "D1", "en"), join(month, "jan", Role.OWNER, "D1")
    join(month, "rep", Role.REP, "D1")
    other = join(month, "eve", Role.OWNER, "D2", "en")
    month.invoice("1", 10)
    month.invoice("2", 4, now=NOW + dt.timedelta(days=2))
    assert expiry_notices.remind(month.session, month.program, now=TOLD) == 1
    found = letters(month)
    assert set(found) == {ann, jan}
    mail = found[ann]
    assert mail.subject == f"Your points in {month.program.name} are about to expire"
    assert mail.body.startswith("Hello Ann,\n\n14 points expire until 23 Jan 2027, the first of them on 21 Jan 2027.")
    assert f"/portal/{month.program.code}/{month.people['D1']}/\n" in mail.body
    assert "/account/" in mail.body
    assert found[jan].subject == f"Twoje punkty w programie {month.program.name} niedługo wygasną"
    assert "23 sty 2027" in found[jan].body
    month.invoice("3", 7, who="D2")
    assert expiry_notices.remind(month.session, month.program, now=TOLD + dt.timedelta(days=1)) == 1
    assert set(letters(month)) == {ann, jan, other}
    assert "7 points expire on 21 Jan 2027." in letters(month)[other].body


def test_who_wants_no_mails_has_left_or_was_told_gets_none(month: Desk) -> None:
    quiet, gone = join(month, "quiet", Role.OWNER, "D1"), join(month, "gone", Role.OWNER, "D1")
    month.session.execute(update(UserAccount).where(UserAccount.login == quiet).values(reminded=False))
    month.session.execute(update(UserAccount).where(UserAccount.login == gone).values(active=False))
    month.invoice("1", 10)
    assert expiry_notices.remind(month.session, month.program, now=TOLD) == 1
    assert letters(month) == {}
    join(month, "late", Role.OWNER, "D1")
    assert expiry_notices.remind(month.session, month.program, now=TOLD + dt.timedelta(days=8)) == 0
    assert letters(month) == {}, "what was told of is not told again"


def test_a_sponsor_says_it_in_words_of_its_own(month: Desk) -> None:
    ann = join(month, "ann", Role.OWNER, "D1")
    own = "%(company)s: %(news)s"
    assert month.program.locale == "pl"
    texts.put_override(month.session, month.program.id, "points_expire.body", "pl", own, actor="test", now=NOW)
    month.invoice("1", 10)
    expiry_notices.remind(month.session, month.program, now=TOLD)
    assert letters(month)[ann].body.endswith(": 10 pkt wygasa 21 sty 2027.")
