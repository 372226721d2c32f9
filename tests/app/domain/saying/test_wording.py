"""Sentences are whole in every language, whatever fills them."""

import pytest

from app.domain.saying.wording import Said, stopped_once


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("С 1 сент. 2026\u202fг. по 31 дек. 2026\u202fг..", "С 1 сент. 2026\u202fг. по 31 дек. 2026\u202fг."),
        ("До окт. 2026 г.. По состоянию на сегодня.", "До окт. 2026 г. По состоянию на сегодня."),
        ("Until 31 Dec 2026.", "Until 31 Dec 2026."),
        ("Wait ... ../file г...", "Wait ... ../file г..."),
    ],
)
def test_a_sentence_that_ends_with_a_russian_day_has_one_full_stop(said: str, stands: str) -> None:
    assert stopped_once(said) == stands


def test_what_was_kept_to_be_said_later_has_one_as_well() -> None:
    assert Said("Until %(day)s.", {"day": "31 дек. 2026 г."}).words() == "Until 31 дек. 2026 г."
