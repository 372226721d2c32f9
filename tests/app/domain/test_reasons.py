"""The sentences of stored reasons, as whoever reads them writes days and amounts."""

from typing import Any

from app.domain.reasons import sentence


def _russian(value: Any) -> Any:
    return f"{value} г." if str(value)[:2] == "20" else value


def test_a_sentence_that_ends_with_an_abbreviation_has_one_stop() -> None:
    received = {"code": "ksef_number_before_issue", "found": "2026-11-19", "issued": "2026-11-28"}
    assert sentence(received) == "KSeF received it on 2026-11-19, before it was issued on 2026-11-28."
    said = sentence(received, show=_russian)
    assert said == "KSeF received it on 2026-11-19 г., before it was issued on 2026-11-28 г."
