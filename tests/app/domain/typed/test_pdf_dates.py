"""Moments as PDFs write them, and whatever else stands there."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.typed.pdf_dates import pdf_moment


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("D:20260301143000+01'00'", "2026-03-01T13:30:00"),
        ("D:20260301143000-05'30", "2026-03-01T20:00:00"),
        ("20260301143000Z", "2026-03-01T14:30:00"),
        ("D:202603", "2026-03-01T00:00:00"),
        ("D:20269901", None),
        ("yesterday", None),
    ],
)
def test_moments_are_read(written: str, meant: str | None) -> None:
    found = pdf_moment(written)
    assert (None if found is None else found.replace(tzinfo=None).isoformat()) == meant


@given(st.text(max_size=40) | st.from_regex(r"D:[0-9]{4,14}[+Z-]?[0-9']{0,6}", fullmatch=True))
def test_no_text_breaks_it(written: str) -> None:
    found = pdf_moment(written)
    assert found is None or found.tzinfo is dt.UTC
