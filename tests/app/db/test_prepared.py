"""Statements that are put into words once: told each time, and with what they say themselves."""

import datetime as dt

import numpy as np
import pytest
from sqlalchemy import BigInteger, Date, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.prepared import Prepared
from app.domain.states import Unit
from app.models.ledger import Account
from app.models.programs import Program
from tests.support import programs

_TOLD = Prepared(
    select(
        bindparam("numbers", type_=ARRAY(BigInteger)),
        bindparam("days", type_=ARRAY(Date)),
        bindparam("texts", type_=ARRAY(Text)),
        bindparam("one", type_=BigInteger),
    )
)


def test_arrays_lists_and_single_values_arrive_as_they_are(session: Session) -> None:
    days = np.array(["2026-02-28", "0001-01-01"], dtype="datetime64[D]")
    for numbers in ([1, 2], [2**40, -1], []):  # small and large ones are one statement
        told = _TOLD.rows(session, numbers=np.array(numbers, dtype=np.int64), days=days, texts=["ł", '"\\'], one=7)
        assert told == [(numbers, [dt.date(2026, 2, 28), dt.date(1, 1, 1)], ["ł", '"\\'], 7)]


def test_what_a_statement_says_itself_is_stored_as_the_database_knows_it(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code))
    own = Prepared(
        select(Account.unit, func.count())
        .where(Account.program_id == bindparam("program"), Account.unit == Unit.MONEY, Account.distributor_id.is_(None))
        .group_by(Account.unit)
    )
    assert own.rows(session, program=program.id) == [(2, 1)]


def test_what_the_session_has_not_written_yet_is_seen(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code))
    program.sponsor = "Another"
    named = Prepared(select(Program.sponsor).where(Program.code == any_(bindparam("codes", type_=ARRAY(Text)))))
    assert named.rows(session, codes=[code]) == [("Another",)]


def test_a_text_with_nul_is_refused(session: Session) -> None:
    with pytest.raises(DBAPIError):
        _TOLD.rows(session, numbers=[], days=[], texts=["a\0b"], one=1)
