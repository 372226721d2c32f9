"""What a person refused is claimed again as it stands: it stays refused, unless the refusal says to bring it better."""

import pytest

from app.domain.states import DocumentStatus
from tests.support.desk import Desk
from tests.support.programs import NOW
from tests.verification.claiming.test_reported_afterwards import DAY, EWA, claim
from verification.claiming import claims
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine
from verification.claiming.claims import NotReady
from verification.deciding.decisions import decide

TOM = "Tom Lis"


def refuse(desk: Desk, code: str | None) -> None:
    how = {"reason": "looked at it", "code": code, "actor": "ann", "now": NOW}
    decide(desk.session, desk.program, desk.document("1").id, DocumentStatus.REFUSED, **how)


def again(desk: Desk, person: str | None, key: str = "again", pieces: int = 10) -> DocumentStatus | str:
    """Claim the invoice of `claim` once more; gives what it is then, or why it was not taken in."""
    line = ClaimedLine(product_id=desk.goods["P"], quantity_milli=pieces * 1_000, net_minor=100_00)
    given = ClaimedInvoice("1", DAY, lines=(line,))
    by = {"person": person, "actor": "tom", "now": NOW}
    draft = claims.keep(desk.session, desk.program, desk.people["D1"], key, given, **by)
    try:
        sent = claims.send(desk.session, desk.program, draft, actor="tom", now=NOW)
    except NotReady as found:
        return found.problems[0].code
    status = desk.document("1").status
    assert desk.document("1").id == sent
    return status


@pytest.mark.parametrize("person", [EWA, TOM, None])
@pytest.mark.parametrize("code", [None, "against_terms", "went_back"])
def test_what_was_refused_stays_so_whoever_claims_it(desk: Desk, code: str | None, person: str | None) -> None:
    claim(desk, "1")
    refuse(desk, code)
    assert again(desk, person) == "refused_before"
    assert desk.points().available == 0


@pytest.mark.parametrize("person", [EWA, TOM, None])
@pytest.mark.parametrize("code", ["not_proved", "unreadable", "proof_differs"])
def test_what_is_to_be_claimed_better_is_looked_at_again(desk: Desk, code: str, person: str | None) -> None:
    claim(desk, "1")
    refuse(desk, code)
    assert again(desk, person) is DocumentStatus.REVIEW
    assert desk.document("1").reasons == [{"code": "refused_before", "severity": "review"}]
    assert desk.points() == (10, 0, 0)
    refuse(desk, None)
    assert again(desk, person, "third") == "refused_before"


@pytest.mark.parametrize("code", [None, "against_terms", "not_proved"])
def test_what_says_something_else_now_is_looked_at(desk: Desk, code: str | None) -> None:
    claim(desk, "1")
    refuse(desk, code)
    assert again(desk, EWA, pieces=9) is DocumentStatus.REVIEW
    assert desk.document("1").reasons == [{"code": "refused_before", "severity": "review"}]


def test_what_was_somebody_elses_is_claimed_by_them(desk: Desk) -> None:
    claim(desk, "1")
    refuse(desk, "not_yours")
    assert again(desk, EWA) == "refused_before"
    assert again(desk, TOM) is DocumentStatus.REVIEW


def test_what_a_check_refused_is_checked_again(desk: Desk) -> None:
    claim(desk, "1")
    desk.document("1").status = DocumentStatus.REFUSED
    desk.session.flush()
    assert again(desk, TOM) is DocumentStatus.ACCEPTED
