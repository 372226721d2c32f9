"""What changed in a rule, as pages say it: no text of the file stands there as it is kept."""

from pathlib import Path
from typing import Any

import pytest

from app.config import settings
from app.domain.rules.rule_changes import Change
from app.factory import create_app
from app.local.servers import Addresses
from app.web.admin.rules.differing import change_words


@pytest.mark.parametrize(
    ("path", "was", "now", "said"),
    [
        ("valid_from", None, "2026-11-28", ("This version holds from", "the beginning", "28 Nov 2026")),
        ("scope.until", "2026-12-31", None, ("Last day", "31 Dec 2026", "no last day")),
        ("step", "100.00", "1250.5", ("For every full", "100", "1,250.5")),
        ("factor", 20_000, 25_000, ("Times", "2", "2.5")),
        ("of", "document", "line", ("Counted on", "the sum of the document", "each line by itself")),
        ("scope.weekdays", None, ["mon", "tue"], ("Weekdays", "–", "Monday, Tuesday")),
        ("scope.products", ["100.0"], ["7"], ("Products", "100.0", "7")),
        ("name", "100.0", "2026-11-28", ("Name", "100.0", "2026-11-28")),
        (
            "stacks.base",
            "sum",
            "best",
            ("Rules of the stack base that meet", "All of them give", "The one that gives most"),
        ),
        ("bands", None, [{"from": "100.00", "points": "2.50"}], ("Bands", "–", "100: 2.5")),
    ],
)
def test_a_change_is_told_as_people_write_it(
    environment: Path, addresses: Addresses, path: str, was: Any, now: Any, said: tuple[str, ...]
) -> None:
    app = create_app(settings(), addresses, web=True)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert tuple(part.replace("\u202f", " ") for part in change_words(Change(path, was, now))) == said
