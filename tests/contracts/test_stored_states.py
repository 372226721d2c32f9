"""What enumerations are stored as: rows of years ago are read by it, so a member keeps its number for ever."""

import enum
import inspect

from sqlalchemy import String

from app.db.types import Coded, Named
from app.domain import states
from app.models.registry import metadata

NUMBERS = {
    "Unit": {"POINTS": 1, "MONEY": 2},
    "DocumentKind": {"INVOICE": 1, "CREDIT_NOTE": 2},
    "DocumentStatus": {"ACCEPTED": 1, "REVIEW": 2, "REFUSED": 3, "SUPERSEDED": 4, "UNDONE": 5},
    "Bucket": {
        "PENDING": 1,
        "AVAILABLE": 2,
        "RESERVED": 3,
        "ISSUED": 11,
        "REDEEMED": 12,
        "EXPIRED": 13,
        "ADJUSTED": 14,
    },
    "TransactionKind": {
        "AWARD": 1,
        "REVERSAL": 2,
        "VOID": 3,
        "RELEASE": 4,
        "RESERVE": 5,
        "SETTLE": 6,
        "CANCEL": 7,
        "EXPIRE": 8,
        "REINSTATE": 9,
        "ADJUST": 10,
        "PROMOTION": 11,
        "EVENT": 12,
        "TRANSFER": 13,
        "INSTANT": 14,
        "REFUND": 15,
    },
    "LotState": {"PENDING": 1, "OPEN": 2, "CLOSED": 3},
    "Cut": {
        "NOTHING": 0,
        "PER_DOCUMENT": 1,
        "DAY": 2,
        "MONTH": 3,
        "QUARTER": 4,
        "YEAR": 5,
        "PROGRAM": 6,
        "BUDGET": 7,
        "HAD": 8,
    },
    "SumOf": {
        "RULE": 1,
        "PRODUCT": 2,
        "DISTRIBUTOR": 3,
        "MONTH": 4,
        "PAIR": 5,
        "SPAN": 6,
        "PROMOTION": 7,
        "PROMOTED": 8,
        "TIER": 9,
    },
}
"""Also written out in SQL: conditions of indexes, the proofs of the ledger, `ledger_reserve`. New members are added."""

ENUMERATIONS = {
    name: kind
    for name, kind in inspect.getmembers(states, inspect.isclass)
    if kind.__module__ == states.__name__ and issubclass(kind, enum.Enum)
}


def test_every_number_is_what_it_has_always_been() -> None:
    numbered = {
        name: {member.name: member.value for member in kind}
        for name, kind in ENUMERATIONS.items()
        if issubclass(kind, enum.IntEnum)
    }
    assert numbered == NUMBERS


def test_no_two_members_are_stored_alike() -> None:
    for name, kind in ENUMERATIONS.items():
        values = [member.value for member in kind.__members__.values()]
        assert len(values) == len(set(values)), name


def test_every_stored_state_fits_its_column() -> None:
    stored = {
        column.type.members
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Coded | Named)
    }
    assert stored <= set(ENUMERATIONS.values()), "states live in app/domain/states.py"
    for kind in stored:
        for member in kind:
            if issubclass(kind, enum.StrEnum):
                assert isinstance(Named.impl, String)
                assert member.value == member.name.lower()
                assert len(member.value) <= Named.impl.length
            else:
                assert -(2**15) <= member.value < 2**15
