"""A part of an .xlsb is taken apart into its records, however its bytes come."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.files.containers.biff12 import records
from importers.files.containers.scan import TooWild


def record(kind: int, content: bytes) -> bytes:
    """Write a record of an .xlsb, its kind and length in as few bytes as will do."""
    written = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(content)
    while length > 127:
        written += bytes([length & 0x7F | 0x80])
        length >>= 7
    return written + bytes([length]) + content


RECORDS = st.lists(st.tuples(st.integers(0, 16_383), st.binary(max_size=300)), max_size=12)


@given(RECORDS, st.integers(1, 40))
def test_records_come_as_they_were_written_wherever_the_bytes_are_cut(
    wanted: list[tuple[int, bytes]], size: int
) -> None:
    part = b"".join(record(*one) for one in wanted)
    assert list(records(part[at : at + size] for at in range(0, len(part), size))) == wanted


def test_a_long_record_has_a_length_of_several_bytes() -> None:
    assert [(kind, len(content)) for kind, content in records([record(40, bytes(3_000_000))])] == [(40, 3_000_000)]


def test_records_that_nobody_wants_are_passed_over_also_where_they_are_cut() -> None:
    part = record(7, b"12") * 5 + record(8, b"a") + record(7, b"34") * 3
    pattern = re.compile(rb"(?:\x07\x02..)*+", re.DOTALL)
    for size in range(1, len(part) + 1):
        cut = [part[at : at + size] for at in range(0, len(part), size)]
        assert list(records(cut, pattern)) == [(8, b"a")]


@pytest.mark.parametrize("rest", [b"\x81", b"\x01", b"\x81\x01", b"\x01\x80"])
def test_a_part_that_breaks_off_says_so(rest: bytes) -> None:
    found = records([record(1, b"x") + rest])
    assert next(found) == (1, b"x")
    with pytest.raises(TooWild, match="breaks off"):
        next(found)


def test_a_last_record_that_is_cut_gives_what_it_has() -> None:
    assert list(records([record(1, b"abc")[:-1]])) == [(1, b"ab")]
