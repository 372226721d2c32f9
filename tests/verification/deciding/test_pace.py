"""How the queue goes, in figures: what waits, how long decisions take, what took no person, what was not paid out."""

import datetime as dt

from sqlalchemy import update

from app.domain.states import DocumentStatus
from app.models.reviews import Review
from tests.support.desk import IN_REVIEW, Desk
from tests.support.programs import NOW
from verification.deciding import queue
from verification.deciding.decisions import accept_in_part, decide
from verification.deciding.pace import pace


def test_figures_of_the_queue(desk: Desk) -> None:
    nothing = pace(desk.session, desk.program.id, now=NOW)
    assert (nothing.waiting, nothing.oldest_at, nothing.median, nothing.by_machine_bp) == (0, None, None, None)
    desk.sell(*[desk.line(f"M{at}", 10) for at in range(3)])
    desk.invoice("OLD", 10, issued_on="1999-01-01")
    for number in "12345":
        desk.invoice(number, 10, source=IN_REVIEW)
    queue.enter(desk.session, desk.program.id)
    opened = NOW - dt.timedelta(hours=10)
    desk.session.execute(update(Review).where(Review.program_id == desk.program.id).values(opened_at=opened))
    for hours, number, code in ((1, "1", "twice"), (3, "2", "twice"), (4, "3", "not_proved")):
        document_id, at = desk.document(number).id, opened + dt.timedelta(hours=hours)
        decide(desk.session, desk.program, document_id, DocumentStatus.REFUSED, code=code, actor="ann", now=at)
    accept_in_part(
        desk.session,
        desk.program,
        desk.document("4").id,
        {1: 4_000},
        code="proof_differs",
        actor="ann",
        now=opened + dt.timedelta(hours=3),
    )
    found = pace(desk.session, desk.program.id, now=NOW)
    assert (found.waiting, found.oldest_at) == (1, opened)
    assert found.decided == 4, "a part and its whole are one decision"
    assert found.median == dt.timedelta(hours=3)
    assert (found.by_machine, found.looked_at) == (4, 10)
    assert found.refused_by_checks == 1
    assert found.refused == [("twice", 2), ("not_proved", 1), ("proof_differs", 1)]
    assert found.kept_points == 36
    assert pace(desk.session, desk.program.id, now=NOW + dt.timedelta(days=60)).refused == []
