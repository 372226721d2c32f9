"""The queue: the gravest first, each document before one person at a time, and nobody before their own company's."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.roles import Role
from app.domain.states import DocumentStatus, ReviewState
from app.extensions import db
from app.models.distributors import Distributor
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.models.reviews import Review
from app.services.access import people
from tests.support import programs
from tests.support.desk import IN_REVIEW, Desk, Opening
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding import queue, talk
from verification.deciding.decisions import Together, decide, decide_together
from verification.deciding.errors import CannotDecide, NotYours, Taken

ACCEPTED, REVIEW, REFUSED = list(DocumentStatus)[:3]
LATER = NOW + queue.LEASE + dt.timedelta(seconds=1)


def waits(desk: Desk, number: str, *, risk: int = 0, who: str = "D1", opened_at: dt.datetime = NOW) -> int:
    """Bring a document that waits, as grave as said."""
    desk.invoice(number, 10, who=who, source=IN_REVIEW)
    queue.enter(desk.session, desk.program.id)
    document_id = desk.document(number).id
    desk.session.execute(update(Review).where(Review.document_id == document_id).values(risk=risk, opened_at=opened_at))
    return document_id


def take_next(desk: Desk, actor: str, now: dt.datetime = NOW, **more: object) -> int | None:
    return queue.take_next(desk.session, desk.program.id, actor, now=now, **more)  # type: ignore[arg-type]


def somebody(session: Session, program: Program, name: str, role: Role, of: int | None = None) -> str:
    login = f"{name}-{program.code}@x.example"
    people.create_user(session, login, name, None, actor="test", now=NOW)
    people.give_role(session, login, program, role, of, actor="test", now=NOW)
    return login


def test_the_gravest_comes_first_then_the_oldest(desk: Desk) -> None:
    old, grave, young = (
        waits(desk, "1", risk=200, opened_at=NOW - dt.timedelta(days=2)),
        waits(desk, "2", risk=900),
        waits(desk, "3", risk=200),
    )
    assert [take_next(desk, who) for who in ("ann", "bob", "cem", "dan")] == [grave, old, young, None]


def test_a_document_without_a_place_gets_one_with_no_risk(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    found = take_next(desk, "ann")
    place = queue.place_of(desk.session, desk.document("1").id)
    assert place is not None
    assert (found, place.risk, place.state, place.holder(NOW)) == (place.document_id, 0, ReviewState.WAITING, "ann")


def test_a_lease_ends_by_itself_and_whoever_has_it_gets_it_again(desk: Desk) -> None:
    one = waits(desk, "1")
    assert take_next(desk, "ann") == one
    assert (take_next(desk, "bob"), take_next(desk, "ann")) == (None, one)
    assert not queue.take(desk.session, desk.program.id, one, "bob", now=NOW)
    assert queue.take(desk.session, desk.program.id, one, "bob", now=LATER)
    assert take_next(desk, "ann", LATER) is None


def test_a_lease_of_a_clock_that_was_ahead_is_over_once_that_is_set_right(desk: Desk) -> None:
    """Nobody else could decide the document until the day had come that the clock had said."""
    one = waits(desk, "1")
    take_next(desk, "ann", NOW + dt.timedelta(days=3))
    place = queue.place_of(desk.session, one)
    assert place is not None
    assert place.holder(NOW) is None
    assert take_next(desk, "bob") == one


def test_what_is_put_back_is_free_and_only_by_whoever_has_it(desk: Desk) -> None:
    one = waits(desk, "1")
    take_next(desk, "ann")
    queue.put_back(desk.session, desk.program.id, one, "bob")
    assert take_next(desk, "bob") is None
    queue.put_back(desk.session, desk.program.id, one, "ann")
    assert take_next(desk, "bob") == one


def test_going_on_and_back_walks_the_queue_and_leaves_nothing_behind(desk: Desk) -> None:
    first, second, third = (waits(desk, str(at), risk=900 - at) for at in range(3))
    assert take_next(desk, "ann") == first
    assert take_next(desk, "ann", after=first) == second
    assert take_next(desk, "bob") == first, "it went back"
    assert take_next(desk, "ann", after=second) == third
    assert take_next(desk, "ann", after=third, backwards=True) == second
    assert take_next(desk, "ann", after=second, backwards=True) == third, "before the first free one comes the last"


def test_what_is_held_or_asked_about_is_given_to_nobody(desk: Desk) -> None:
    for number, state in (("1", ReviewState.HELD), ("2", ReviewState.ASKED)):
        one = waits(desk, number)
        desk.session.execute(update(Review).where(Review.document_id == one).values(state=state))
    assert take_next(desk, "ann") is None


def test_another_programmes_documents_are_not_in_the_queue(open_desk: Opening) -> None:
    desk, other = open_desk(), open_desk()
    one = waits(other, "1")
    assert take_next(desk, "ann") is None
    assert not queue.take(desk.session, desk.program.id, one, "ann", now=NOW)


def test_nobody_gets_or_decides_a_document_of_a_company_they_belong_to(desk: Desk) -> None:
    own, twin = waits(desk, "1", risk=900, who="D1"), waits(desk, "2", risk=800, who="D2")
    free = waits(desk, "3", who="D3")
    ann = somebody(desk.session, desk.program, "ann", Role.OWNER, desk.people["D1"])
    # one company may be a distributor twice: by its tax id it is known
    desk.session.execute(
        update(Distributor)
        .where(Distributor.id.in_([desk.people["D1"], desk.people["D2"]]))
        .values(tax_id="5260001246")
    )
    assert take_next(desk, ann) == free
    for number in (own, twin):
        assert not queue.take(desk.session, desk.program.id, number, ann, now=NOW)
        with pytest.raises(NotYours, match="a company they belong to"):
            decide(desk.session, desk.program, number, ACCEPTED, reason="mine", actor=ann, now=NOW)
    how = {"reason": "all", "actor": ann, "now": NOW}
    assert decide_together(desk.session, desk.program, [own, twin, free], ACCEPTED, **how) == Together(1, 0, 2)  # type: ignore[arg-type]


def test_nobody_decides_for_a_branch_of_their_company(desk: Desk) -> None:
    branch = waits(desk, "1", who="D2")
    ann = somebody(desk.session, desk.program, "ann", Role.OWNER, desk.people["D1"])
    assert queue.take(desk.session, desk.program.id, branch, ann, now=NOW)
    desk.session.execute(
        update(Distributor).where(Distributor.id == desk.people["D2"]).values(head_office_id=desk.people["D1"])
    )
    with pytest.raises(NotYours, match="a company they belong to"):
        decide(desk.session, desk.program, branch, ACCEPTED, reason="ours", actor=ann, now=NOW)


def test_what_was_handed_to_somebody_who_decides_no_more_is_given_to_anybody(desk: Desk) -> None:
    """It was nobody's next for good."""
    one = waits(desk, "1")
    bob = somebody(desk.session, desk.program, "bob", Role.VERIFIER)
    talk.hand_over(desk.session, desk.program, one, bob, "you know them", actor="ann", now=NOW)
    assert take_next(desk, "cem") is None
    user = desk.session.scalars(select(UserAccount).where(UserAccount.login == bob)).one()
    user.active = False
    desk.session.flush()
    assert take_next(desk, "cem") == one
    queue.put_back(desk.session, desk.program.id, one, "cem")
    user.active = True
    desk.session.execute(delete(Membership).where(Membership.user_id == user.id))
    assert take_next(desk, "cem") == one


def test_nobody_decides_what_somebody_else_has(desk: Desk) -> None:
    one, two = waits(desk, "1"), waits(desk, "2")
    queue.take(desk.session, desk.program.id, one, "ann", now=NOW)
    how = {"reason": "because", "actor": "bob", "now": NOW}
    with pytest.raises(Taken, match="ann has this document"):
        decide(desk.session, desk.program, one, ACCEPTED, **how)  # type: ignore[arg-type]
    assert decide_together(desk.session, desk.program, [one, two], REFUSED, **how) == Together(1, 0, 1)  # type: ignore[arg-type]
    decide(desk.session, desk.program, one, ACCEPTED, reason="because", actor="bob", now=LATER)
    place = queue.place_of(desk.session, one)
    assert place is not None
    assert (place.state, place.leased_by, place.closed_at) == (ReviewState.CLOSED, None, LATER)


def test_a_document_is_handed_to_those_who_may_decide_it(desk: Desk) -> None:
    one = waits(desk, "1")
    bob = somebody(desk.session, desk.program, "bob", Role.VERIFIER)
    somebody(desk.session, desk.program, "eve", Role.VIEWER)
    cem = somebody(desk.session, desk.program, "cem", Role.ADMINISTRATOR)
    people.give_role(desk.session, cem, desk.program, Role.OWNER, desk.people["D1"], actor="test", now=NOW)
    found = queue.deciders(desk.session, desk.program.id, one, "ann")
    assert [(row.login, row.name) for row in found] == [(bob, "bob")]
    assert queue.deciders(desk.session, desk.program.id, one, bob) == []


@pytest.fixture
def many(app: Flask, registry: Sessions, code: str) -> int:
    """A programme with sixty documents that wait, committed for others to see; gives its id."""
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code))
        who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
        sell(session, program, [Sold(str(at), who, what, 10, 100_00) for at in range(60)], source=IN_REVIEW)
        return program.id


def test_twenty_people_at_once_get_documents_that_differ(app: Flask, many: int) -> None:
    start = threading.Barrier(20)

    def work(name: str) -> list[int | None]:
        with app.app_context():
            got: list[int | None] = []
            start.wait()
            for _ in range(3):
                with Session(db.engine) as session, session.begin():
                    # each keeps what it has: a document that is left goes back
                    got.append(queue.take_next(session, many, f"{name}-{len(got)}", now=NOW))
            return got

    with ThreadPoolExecutor(20) as pool:
        taken = [one for got in pool.map(work, [f"v{at}" for at in range(20)]) for one in got]
    assert None not in taken
    assert len(set(taken)) == 60, "each to one of them, and none was passed over"


def test_of_two_who_decide_one_document_at_once_one_comes_late(app: Flask, registry: Sessions, many: int) -> None:
    with transaction(registry) as session:
        document_id = queue.take_next(session, many, "nobody", now=NOW - dt.timedelta(days=1))
    assert document_id is not None
    start = threading.Barrier(2)

    def work(actor: str) -> str:
        with app.app_context(), Session(db.engine) as session:
            program = session.get_one(Program, many)
            start.wait()
            try:
                decide(session, program, document_id, ACCEPTED, reason="seen", actor=actor, now=NOW)
            except CannotDecide as problem:
                return str(problem)
            session.commit()
            return "decided"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, ["ann", "bob"])) == [
            f"Document {document_id} is accepted: it cannot become accepted.",
            "decided",
        ]
