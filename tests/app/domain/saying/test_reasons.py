"""The sentences of stored reasons, as whoever reads them writes days and amounts."""

from typing import Any

import pytest

from app.domain.saying.reasons import sentence


def _russian(value: Any) -> Any:
    return f"{value} г." if str(value)[:2] == "20" else value


def test_a_sentence_that_ends_with_an_abbreviation_has_one_stop() -> None:
    received = {"code": "ksef_number_before_issue", "found": "2026-11-19", "issued": "2026-11-28"}
    assert sentence(received) == "KSeF received it on 2026-11-19, before it was issued on 2026-11-28."
    said = sentence(received, show=_russian)
    assert said == "KSeF received it on 2026-11-19 г., before it was issued on 2026-11-28 г."


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            {"code": "total_differs", "found": "5.20", "expected": "6.20"},
            "The lines add up to <5.20>, the document says <6.20>; find the missing or wrong line.",
        ),
        (
            {"code": "unknown_product", "found": "12.50"},
            "No product has the code 12.50; import the product or correct the code.",
        ),
        (
            {"code": "number_alike", "number": "2026.11", "issued_on": "2026-11-02"},
            "The number is one edit from 2026.11 of <2026-11-02>; see whether it is the same invoice.",
        ),
        (
            {"code": "not_a_date", "field": "Data", "found": "2026-02-31", "example": "2026-02-03"},
            "Data: found 2026-02-31, expected a date such as 2026-02-03; correct it or the profile's format.",
        ),
    ],
)
def test_what_quotes_a_file_or_names_a_thing_is_told_as_it_stands_there(reason: dict[str, Any], said: str) -> None:
    assert sentence(reason, show=lambda value: f"<{value}>") == said
