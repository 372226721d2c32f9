"""The labelled set, small: what the default settings hold of abuse, and how many honest claims they bother."""

import random

from app.db.transaction import Sessions
from bench import honest, labelled
from bench.verification import SEED, judge, told


def test_abuse_is_held_and_honest_claims_are_not(ledger_sessions: Sessions, code: str) -> None:
    market = honest.market_of(None, random.Random(SEED))
    found = told(judge(ledger_sessions, code, market, each=8))
    assert found["recall_bp"] >= 9_500
    assert found["honest_held_bp"] <= 300
    assert found["honest_refused"] == 0
    assert set(found["abuses"]) == {one.__name__ for one in labelled.ABUSES}
    unfound = {abuse for abuse, one in found["abuses"].items() if one["held_bp"] < 5_000}
    assert not unfound
