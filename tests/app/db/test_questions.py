"""A question gives what its query gives, and whoever counts statements counts it."""

import datetime as dt

import pytest
from sqlalchemy import BigInteger, Date, bindparam, event, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.questions import Question
from app.domain.states import DocumentStatus
from app.models.sales import SalesDocument

KINDS = select(
    bindparam("day", type_=Date).label("day"),
    literal(DocumentStatus.REVIEW, SalesDocument.status.type).label("status"),
    literal(None, SalesDocument.status.type).label("none"),
    select(func.count())
    .select_from(SalesDocument)
    .where(SalesDocument.status.in_([DocumentStatus.REVIEW, DocumentStatus.REFUSED]))
    .scalar_subquery(),
    (bindparam("id", type_=BigInteger) == func.any(bindparam("ids", type_=ARRAY(BigInteger)))).label("among"),
)


def test_a_question_gives_the_rows_of_its_query_and_is_counted(session: Session) -> None:
    told = {"day": dt.date(2026, 2, 28), "id": 7, "ids": [5, 7]}
    question = Question(KINDS)
    asked: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    (row,), (again,) = question.ask(session, **told), question.ask(session, **told | {"ids": []})
    assert len(asked) == 2
    assert tuple(row) == tuple(session.execute(KINDS, told).one())
    assert (row.day, row.status, row.none, row.among) == (told["day"], DocumentStatus.REVIEW, None, True)
    assert again.among is False


def test_a_list_that_is_told_is_no_question_of_ours(session: Session) -> None:
    question = Question(select(SalesDocument.id).where(SalesDocument.id.in_(bindparam("ids", expanding=True))))
    with pytest.raises(AssertionError, match="one array"):
        question.ask(session, ids=[1])
