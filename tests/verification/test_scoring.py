"""What findings come to: risk, thresholds, trust, and the sample that chance draws."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import PROJECT
from app.domain.program_file.verification_settings import DEFAULTS, Check, Severity, Trust, Tuned, Verification
from app.domain.states import DocumentStatus
from verification.scoring import MOST, drawn, risk_of, verdict_of
from verification.trust import Standing

ACCEPTED, REVIEW, REFUSED, *_ = DocumentStatus
SETTINGS = Verification.model_validate({})


def reason(code: str, severity: Severity = Severity.NOTE) -> dict[str, Any]:
    return {"code": code, "severity": severity}


def test_risk_is_the_sum_of_the_weights_and_a_thousand_at_most() -> None:
    checks = {Check.ROUND_TOTAL: Tuned(Severity.NOTE, 300), Check.BURST: Tuned(Severity.NOTE, 900)}
    assert risk_of([reason("round_total")], checks) == 300
    assert risk_of([reason("round_total"), reason("burst")], checks) == MOST
    assert risk_of([reason("review_by_policy"), reason("velocity")], checks) == 0


@pytest.mark.parametrize(
    ("severity", "risk", "moved", "verdict"),
    [
        (Severity.NOTE, 299, 0, ACCEPTED),
        (Severity.NOTE, 300, 0, REVIEW),
        (Severity.NOTE, 300, 100, ACCEPTED),  # trusted
        (Severity.NOTE, 200, -100, REVIEW),  # refused before
        (Severity.NOTE, 40, -900, ACCEPTED),  # however little it is trusted
        (Severity.REVIEW, 0, 900, REVIEW),  # however much
        (Severity.BLOCK, 0, 900, REFUSED),
        (Severity.NOTE, 999, 0, REVIEW),
        (Severity.NOTE, 1000, 0, REFUSED),
        (Severity.NOTE, 1000, 500, REFUSED),  # a risk cannot be higher
        (Severity.REVIEW, 800, -200, REFUSED),
    ],
)
def test_the_gravest_of_severity_and_risk_decides(
    severity: Severity, risk: int, moved: int, verdict: DocumentStatus
) -> None:
    assert verdict_of([reason("burst", severity)], risk, SETTINGS, moved) is verdict


def test_nothing_found_is_accepted() -> None:
    assert verdict_of([], 0, SETTINGS) is ACCEPTED


@pytest.mark.parametrize(
    ("standing", "moves"),
    [
        (Standing(), 0),
        (Standing(accepted=19), 0),
        (Standing(accepted=20), 100),
        (Standing(accepted=500, refused=1), -100),
        (Standing(refused=3), -300),
    ],
)
def test_trust_is_earned_by_clean_claims_and_lost_by_refusals(standing: Standing, moves: int) -> None:
    assert standing.moves(Trust()) == moves


@given(st.binary(min_size=1, max_size=32), st.integers(0, 10_000))
def test_chance_draws_the_share_that_is_wanted_and_the_same_ones_again(key: bytes, share: int) -> None:
    keys = [f"1|distributor:4|{at}" for at in range(400)]
    first = [one for one in keys if drawn(one, key, share)]
    assert first == [one for one in keys if drawn(one, key, share)]
    assert abs(len(first) * 10_000 - share * 400) <= 10_000 * 400 // 8


def test_another_key_draws_others() -> None:
    keys = [f"1|distributor:4|{at}" for at in range(400)]
    assert [drawn(one, b"a", 2_000) for one in keys] != [drawn(one, b"b", 2_000) for one in keys]


def test_a_programme_sets_checks_source_by_source() -> None:
    settings = Verification.model_validate(
        {
            "checks": {
                "portal": {"burst": {"severity": "off"}, "price_unusual": {"severity": "review", "limit": 20_000}},
                "import": {"twin_other": {"severity": "note"}, "total_differs": {"weight": 10}},
            }
        }
    )
    portal, imported = settings.tuned("portal"), settings.tuned("import")
    assert Check.BURST not in portal
    assert portal[Check.PRICE_UNUSUAL] == Tuned(Severity.REVIEW, 300, limit=20_000, days=400)
    usual = DEFAULTS["portal"][Check.TWIN_OTHER]
    assert imported[Check.TWIN_OTHER] == Tuned(Severity.NOTE, usual.weight, usual.limit, usual.days)
    assert imported[Check.TOTAL_DIFFERS] == Tuned(Severity.REVIEW, 10)
    assert Check.BURST not in imported
    assert settings.tuned("api") == dict(DEFAULTS["api"])


def test_a_document_is_refused_for_more_than_it_is_reviewed_for() -> None:
    with pytest.raises(ValueError, match="refuse_from 200 is less than review_from 300"):
        Verification.model_validate({"refuse_from": 200})


def test_the_page_of_the_checks_says_how_they_are_set() -> None:
    page = (PROJECT / "docs/verification.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)`( \(import too\))? \| (\w+) \| (\d+) \| (\d*)[^|]*\| (\d*)[^|]*\|", page, re.MULTILINE
    )
    said = {
        Check(code): (bool(everywhere), Tuned(Severity(severity), int(weight), int(limit or 0), int(days or 0)))
        for code, everywhere, severity, weight, limit, days in rows
    }
    assert said == {check: (check in DEFAULTS["import"], tuned) for check, tuned in DEFAULTS["portal"].items()}
