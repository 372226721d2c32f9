"""Mails about invoices that somebody registered: a question, a refusal; to whom, and to nobody else."""

from typing import Any

from sqlalchemy import select

from app.domain.roles import Role
from app.domain.states import DocumentStatus
from app.models.claims import Claim
from app.models.messages import Message
from app.services.access import people
from tests.support.desk import IN_REVIEW, Desk
from tests.support.programs import NOW
from verification.deciding import queue, talk
from verification.deciding.decisions import decide, decide_together

ANN: dict[str, Any] = {"actor": "ann", "now": NOW}


def somebody(desk: Desk, name: str, role: Role, who: str = "D1") -> str:
    login = f"{name}-{desk.program.code}@x.example"
    people.create_user(desk.session, login, name.title(), None, actor="test", now=NOW)
    people.give_role(desk.session, login, desk.program, role, desk.people[who], actor="test", now=NOW)
    return login


def claimed(desk: Desk, number: str, author: str) -> int:
    desk.invoice(number, 10, source=IN_REVIEW)
    queue.enter(desk.session, desk.program.id)
    one = desk.document(number).id
    told = {"state": "sent", "way": "typed", "content": {}, "created_at": NOW, "changed_at": NOW, "sent_at": NOW}
    whose = {"program_id": desk.program.id, "distributor_id": desk.people["D1"], "document_id": one}
    desk.session.add(Claim(key=number, author=author, **whose, **told))
    desk.session.flush()
    return one


def mails(desk: Desk) -> list[tuple[str, str, str]]:
    rows = desk.session.scalars(select(Message).where(Message.program_id == desk.program.id).order_by(Message.id))
    return [(one.kind, one.to.partition("-")[0], one.body) for one in rows]


def test_who_registered_an_invoice_is_written_to(desk: Desk) -> None:
    rep, _owner = somebody(desk, "rena", Role.REP), somebody(desk, "otto", Role.OWNER)
    somebody(desk, "olga", Role.OWNER, "D2")
    one, two = claimed(desk, "1", rep), claimed(desk, "2", rep)
    by_counter = claimed(desk, "3", "assistant@x.example")
    talk.ask(desk.session, desk.program, one, "Which branch?", **ANN)
    ((kind, to, body),) = mails(desk)
    assert (kind, to) == ("document_asked", "rena")
    assert "Which branch?" in body
    assert f"/programs/{desk.program.code}/documents/{one}" in body
    refused: Any = {"code": "unreadable", **ANN}
    decide_together(desk.session, desk.program, [one, two], DocumentStatus.REFUSED, **refused)
    assert [(kind, to) for kind, to, _ in mails(desk)[1:]] == [("document_refused", "rena")], "one for both"
    decide(desk.session, desk.program, by_counter, DocumentStatus.REFUSED, **refused)
    assert mails(desk)[2][:2] == ("document_refused", "otto"), "who is not of the distributor sent it for them"


def test_of_what_a_file_brought_nobody_is_written_to(desk: Desk) -> None:
    somebody(desk, "otto", Role.OWNER)
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.refuse("1")
    assert mails(desk) == []
