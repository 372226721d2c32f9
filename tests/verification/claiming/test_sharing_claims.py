"""Claims are taken back, wait for, and share the points of loaded sales; every sequence is a naive reference's."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.program_file.verification_settings import Verification
from app.domain.saying.reasons import WAITS
from app.domain.states import DocumentStatus, DocumentWord, TransactionKind, Unit
from app.models.claims import SaleClaim
from app.models.people import AuditEvent
from app.models.rules import CapUsage, EarningRule
from app.models.sales import PersonShare
from app.services.owners import transfers
from app.services.persons import opening
from app.services.tracing.explanations import explain_document
from tests.reference.shares import equal_parts
from tests.support import programs
from tests.support.desk import CREDIT, Desk, Opening, Standing
from tests.support.programs import BASE_RULE, NOW
from verification.claiming import picking
from verification.claiming.picking import CannotPick
from verification.deciding.pace import pace
from verification.deciding.timeline import timeline
from verification.incoming import Source

FILE = Source(name="import", policy="accept", may_correct=True)
EWA, TOM, UWE = "Ewa Kos", "Tom Lis", "Uwe Rot"
CODES = {"D1": "D1", EWA: "D1:P1", TOM: "D1:P2"}
WAITING = {"loaded_sales_count": "when_claimed"}


def opened(
    open_desk: Opening,
    *names: str,
    share_bp: int = 10_000,
    rules: Sequence[Any] = (),
    expiry: dict[str, Any] | None = None,
    **verification: Any,
) -> Desk:
    """Open a desk that lets sales be claimed, with accounts of people beside its first company."""
    to = {"to": "person"} if share_bp == 10_000 else {"to": "shares", "person_bp": share_bp}
    picked = {"people_per_sale": 3, "claim_within_days": 300} | verification
    other, lasting = {"earning_rules": list(rules)} if rules else {}, {"expiry": expiry} if expiry else {}
    desk = open_desk(program={"accounts": {"shares": to}, "verification": picked} | lasting, **other)
    for name in names:
        company = desk.people["D1"]
        made = opening.open_account(desk.session, desk.program, company, name, actor="ann", now=NOW)
        desk.people[CODES[name]] = made
    return desk


def claim(desk: Desk, number: str, person: str, now: dt.datetime = NOW) -> None:
    which = desk.document(number).id
    picking.claim(desk.session, desk.program, desk.people["D1"], which, person, actor=person.lower(), now=now)


def take_back(desk: Desk, number: str, person: str, **more: Any) -> None:
    said = desk.session.scalars(
        select(SaleClaim.id).where(
            SaleClaim.program_id == desk.program.id,
            SaleClaim.document_key == desk.document(number).document_key,
            SaleClaim.person == person,
        )
    ).one()
    by = {"actor": person.lower(), "now": NOW} | more
    picking.take_back(desk.session, desk.program, desk.people["D1"], said, **by)


def refused(why: str, act: Any, desk: Desk, *args: Any, **more: Any) -> None:
    with pytest.raises(CannotPick) as told, desk.session.begin_nested():
        act(desk, *args, **more)
    assert told.value.code == why
    assert "%" not in told.value.sentence()


def has(desk: Desk, *who: str) -> list[int]:
    return [desk.points(CODES[one]).available for one in who]


def test_what_was_claimed_is_taken_back(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, TOM, share_bp=7_000)
    lines = [desk.line("1", 10), desk.line("2", 10)]
    desk.sell(*lines, source=FILE)
    claim(desk, "1", EWA)
    claim(desk, "1", TOM)
    assert has(desk, "D1", EWA, TOM) == [10 + 3, 4, 3]
    refused("not_yours", take_back, desk, "1", EWA, actor="tom lis")
    take_back(desk, "1", EWA)
    assert has(desk, "D1", EWA, TOM) == [10 + 3, 0, 7]
    assert desk.document("1").person == TOM, "whoever else claimed it stands on the document"
    claim(desk, "1", EWA)
    take_back(desk, "1", EWA, actor="the owner", anybodys=True)
    take_back(desk, "1", TOM)
    assert has(desk, "D1", EWA, TOM) == [20, 0, 0]
    assert (desk.document("1").person, desk.document("1").status) == (None, DocumentStatus.ACCEPTED)
    assert desk.sell(*lines, source=FILE).duplicate.all(), "the file is known again"
    happened = [(one.word, one.words, one.who) for one in timeline(desk.session, desk.document("1").id, public=True)]
    assert happened[:2] == [
        (DocumentWord.UNCLAIMED, TOM, "tom lis"),
        (DocumentWord.UNCLAIMED, EWA, "the owner"),
    ]
    assert sorted(str(one[0]) for one in happened if one[0]) == ["claimed"] * 3 + ["unclaimed"] * 3
    noted = select(AuditEvent.before).where(
        AuditEvent.program_id == desk.program.id, AuditEvent.action == "sale.unclaim"
    )
    assert [one["person"] for one in desk.session.scalars(noted.order_by(AuditEvent.id)) if one] == [EWA, EWA, TOM]


def test_what_was_given_to_somebody_else_stays_claimed(open_desk: Opening) -> None:
    """Where nobody may owe, a colleague who claimed the sale after them was given its points once more."""
    desk = opened(open_desk, EWA, TOM)
    settings = desk.program.settings
    accounts = settings["accounts"] | {"transfers": {"asked_by": "participants"}}
    desk.program.settings = settings | {"returns": "clamp", "accounts": accounts}
    desk.session.flush()
    desk.sell(desk.line("1", 10), source=FILE)
    claim(desk, "1", EWA)
    given: dict[str, Any] = {"key": "1", "note": "a gift", "actor": "ann", "by_participant": False, "now": NOW}
    made = transfers.request(desk.session, desk.program, desk.people[CODES[EWA]], desk.people["D2"], 4, **given)
    transfers.approve(desk.session, desk.program, made, actor="ben", roles=("approver",), now=NOW)
    refused("paid_out", take_back, desk, "1", EWA)
    assert [*has(desk, EWA, TOM), desk.points("D2").available] == [6, 0, 4]


def test_what_is_spent_or_too_old_stays_claimed(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, claim_within_days=400)
    desk.sell(desk.line("1", 10), desk.line("2", 10, person="Uwe"), source=FILE)
    claim(desk, "1", EWA)
    refused("too_late", take_back, desk, "1", EWA, now=NOW + dt.timedelta(days=500))
    spent = desk.reserve(4, who=CODES[EWA])
    refused("paid_out", take_back, desk, "1", EWA)
    desk.cancel(spent)
    take_back(desk, "1", EWA)
    assert has(desk, "D1", EWA) == [20, 0]
    # whom the file names is no claim: it stays when somebody else takes theirs back
    claim(desk, "2", EWA)
    take_back(desk, "2", EWA)
    assert desk.document("2").person == "Uwe"


def test_loaded_sales_wait_until_somebody_claims_them(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, share_bp=6_000, **WAITING)
    lines = [desk.line("1", 10), desk.line("2", 20), desk.line("3", 5, person="Uwe")]
    loaded = desk.sell(*lines, source=FILE)
    assert sum(loaded.awarded.values()) == 5, "whom the file names needs no claim"
    assert [one["code"] for one in desk.document("1").reasons or ()] == [WAITS]
    assert desk.transactions(TransactionKind.AWARD)[0].document_id == desk.document("3").id
    assert desk.sell(*lines, source=FILE).duplicate.all()
    claim(desk, "1", EWA)
    assert has(desk, "D1", EWA) == [5 + 4, 6]
    assert (desk.document("1").status, desk.document("1").reasons) == (DocumentStatus.ACCEPTED, None)
    claim(desk, "2", "Somebody without an account")
    assert has(desk, "D1", EWA) == [5 + 4 + 20, 6]
    assert desk.sell(*lines, source=FILE).duplicate.all()
    lines[0] = desk.line("1", 30)
    assert desk.sell(*lines, source=FILE).corrected == 1
    assert has(desk, "D1", EWA) == [5 + 12 + 20, 18]
    take_back(desk, "1", EWA)
    assert has(desk, "D1", EWA) == [5 + 20, 0]
    assert [one["code"] for one in desk.document("1").reasons or ()] == [WAITS]
    assert desk.sell(*lines, source=FILE).duplicate.all()
    # what a verifier looks at once more waits still
    desk.refuse("1")
    assert has(desk, "D1", EWA) == [25, 0]


def test_a_sale_that_never_waited_does_not_wait_when_its_claim_is_taken_back(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, TOM, **WAITING)
    desk.sell(desk.line("1", 10), source=FILE)

    def says(loaded_sales_count: str) -> None:
        picked = {"people_per_sale": 3, "claim_within_days": 300, "loaded_sales_count": loaded_sales_count}
        said = {"accounts": {"shares": {"to": "person"}}, "verification": picked}
        programs.load(desk.session, programs.document(desk.program.code, program=said))

    says("at_once")
    desk.sell(desk.line("2", 20), source=FILE)
    assert has(desk, "D1") == [20]
    says("when_claimed")
    claim(desk, "2", EWA)
    take_back(desk, "2", EWA)
    assert (has(desk, "D1", EWA), desk.document("2").reasons) == ([20, 0], None)
    # one that waited waits again when the last of its claims is gone, whatever the programme says by then
    claim(desk, "1", EWA)
    claim(desk, "1", TOM)
    says("at_once")
    take_back(desk, "1", EWA)
    assert has(desk, "D1", EWA, TOM) == [20, 0, 10]
    take_back(desk, "1", TOM)
    assert has(desk, "D1", EWA, TOM) == [20, 0, 0]
    assert [one["code"] for one in desk.document("1").reasons or ()] == [WAITS]


def test_goods_that_went_back_before_a_claim_are_not_earned(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, **WAITING)
    desk.sell(desk.line("1", 10), desk.line("2", 10), source=FILE)
    desk.credit("R", 4, corrects="1", source=FILE)
    assert has(desk, "D1", EWA) == [0, 0]
    claim(desk, "1", EWA)
    assert has(desk, "D1", EWA) == [0, 6]
    back = desk.document("R", CREDIT)
    assert back.status is DocumentStatus.ACCEPTED
    desk.refuse("R", CREDIT)
    assert has(desk, "D1", EWA) == [0, 10]
    desk.credit("S", 3, corrects="1", source=FILE)
    take_back(desk, "1", EWA)
    assert has(desk, "D1", EWA) == [0, 0]
    claim(desk, "1", EWA)
    assert has(desk, "D1", EWA) == [0, 7]
    goes = pace(desk.session, desk.program.id, now=NOW)
    assert (goes.waiting, goes.decided) == (0, 0), "whoever claims decides nothing"
    refused("went_back", claim, desk, "1", TOM)


def test_what_a_return_sold_of_its_own_keeps_its_points_and_their_end(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, expiry={"months_after_award": 12}, claim_within_days=900, **WAITING)
    desk.sell(desk.line("1", 10), source=FILE)
    mixed = {"issued_on": "2026-03-02", "person": UWE}
    desk.sell(desk.line("M", 6, what="Q", **mixed), desk.line("M", -4, **mixed), source=FILE)
    assert has(desk, "D1", EWA) == [6, 0]
    (first,) = desk.lots().values()
    later = NOW + dt.timedelta(days=60)
    spent = desk.reserve(2)
    refused("paid_out", claim, desk, "1", EWA, now=later)
    desk.cancel(spent)
    claim(desk, "1", EWA, later)
    assert has(desk, "D1", EWA) == [6, 6]
    assert [one.expires_on for one in desk.lots().values() if one.remaining] == [first.expires_on]
    assert first.expires_on is not None
    over = dt.datetime.combine(first.expires_on, NOW.time(), NOW.tzinfo) + dt.timedelta(days=1)
    desk.expire(over)
    assert has(desk, "D1") == [0]
    refused("expired", take_back, desk, "1", EWA, now=over)


def test_what_waits_in_review_is_pending_once_it_is_claimed(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, **WAITING)
    desk.sell(desk.line("1", 10), source=Source(name="import", policy="review", may_correct=True))
    assert desk.points("D1") == desk.points(CODES[EWA]) == Standing(0, 0)
    claim(desk, "1", EWA)
    assert (desk.points(CODES[EWA]), desk.document("1").status) == (Standing(10, 0), DocumentStatus.REVIEW)
    desk.accept("1")
    assert desk.points(CODES[EWA]) == Standing(0, 10)


def test_each_of_several_may_get_the_whole(open_desk: Opening) -> None:
    desk = opened(open_desk, EWA, TOM, each_claimant_gets="whole", **WAITING)
    desk.sell(desk.line("1", 10), desk.line("2", 7), source=FILE)
    for person in (EWA, TOM, UWE):
        claim(desk, "1", person)
    assert has(desk, "D1", EWA, TOM) == [0, 10, 10], "what nobody's account takes is not given once more"
    (line,) = explain_document(desk.session, desk.program, desk.document("1").id).lines
    (given,) = line.awards
    assert (given.amount, line.total(Unit.POINTS)) == (20, 20)
    assert given.formula.endswith("= 10 points for this line; 20 points in all: each of several has the whole")
    noted = desk.rows(PersonShare, document_id=desk.document("1").id)
    assert [(one.place, one.weight, one.of_weight, one.once_weight) for one in noted] == [
        (1, 10_000, 20_000, 10_000),
        (2, 10_000, 20_000, 10_000),
    ]
    desk.credit("R", 5, corrects="1", source=FILE)
    assert has(desk, "D1", EWA, TOM) == [0, 5, 5]
    desk.credit("S", 5, corrects="1", source=FILE)
    assert has(desk, "D1", EWA, TOM) == [0, 0, 0]
    desk.refuse("R", CREDIT)
    assert has(desk, "D1", EWA, TOM) == [0, 5, 5]
    claim(desk, "2", TOM)
    take_back(desk, "2", TOM)
    assert has(desk, "D1", EWA, TOM) == [0, 5, 5]


def test_budgets_hold_what_the_rules_gave_however_many_get_the_whole(open_desk: Opening) -> None:
    capped = dict(BASE_RULE, caps={"per_distributor": {"month": 90}, "budget": 100})
    desk = opened(open_desk, EWA, TOM, share_bp=6_500, rules=[capped], each_claimant_gets="whole")

    def used() -> set[int]:
        desk.session.expire_all()
        rule = select(EarningRule.id).where(EarningRule.program_id == desk.program.id)
        return set(desk.session.scalars(select(CapUsage.used).where(CapUsage.rule_id == rule.scalar_subquery())))

    desk.sell(desk.line("1", 7), desk.line("2", 10), source=FILE)
    for _ in range(2):
        claim(desk, "1", EWA)
        claim(desk, "1", TOM)
        assert used() == {17}
        take_back(desk, "1", TOM)
        assert used() == {17}
        take_back(desk, "1", EWA)
    claim(desk, "2", EWA)
    claim(desk, "2", TOM)
    desk.refuse("2")
    assert used() == {7}


def test_who_waits_for_claims_lets_somebody_claim() -> None:
    with pytest.raises(ValueError, match="lets nobody claim"):
        Verification.model_validate(WAITING)
    assert Verification.model_validate(WAITING | {"people_per_sale": 1})


@dataclass
class Sale:
    """A loaded sale as the reference knows it: what it earns, who claimed it in their order, what came back of it."""

    points: int
    claimed: list[str] = field(default_factory=list)
    back: int = 0


@dataclass
class Reference:
    """What claims, files and returns come to, reckoned from the beginning every time."""

    share_bp: int
    waiting: bool
    whole: bool
    sales: dict[str, Sale]
    accounts: dict[str, int] = field(default_factory=lambda: {EWA: 1, TOM: 2})

    def standing(self, one: Sale) -> list[int]:
        """Say what a sale gives the company and both accounts, before returns."""
        if self.waiting and not one.claimed:
            return [0, 0, 0]
        known = [self.accounts.get(name, 0) for name in one.claimed]
        having = [one for one in known if one]
        if self.whole and having:
            given = (2 * one.points * (10_000 + (len(having) - 1) * self.share_bp) + 10_000) // 20_000
            parts = largest_remainder(given, [10_000 - self.share_bp, *[self.share_bp] * len(having)])
            found = dict(zip([0, *having], parts, strict=True))
        else:
            owners = dict.fromkeys([0, *known]) if having and not self.whole else [0]
            found = dict(zip(owners, equal_parts(one.points, self.share_bp, known), strict=False))
        return [found.get(at, 0) for at in (0, 1, 2)]

    def moves(self, one: Sale, person: str) -> bool:
        """Tell whether points move when somebody says, or says no more, that a sale was theirs."""
        with_account = self.accounts.keys() & {person} if self.whole else self.accounts.keys() & {*one.claimed, person}
        return bool(with_account)

    def refuses(self, one: Sale, person: str, others: list[str]) -> bool:
        """Tell whether goods that went back keep points where they are: but for sales that wait, or wait again."""
        return bool(one.back) and self.moves(one, person) and not (self.waiting and not others)


def act(desk: Desk, reference: Reference, draw: random.Random, step: int) -> None:
    """Do one thing that people and files do, and note it in the reference."""
    number = draw.choice(list(reference.sales))
    one, person, what = reference.sales[number], draw.choice([EWA, TOM, UWE]), draw.random()
    if what < 0.45 and person in one.claimed:
        refused("yours", claim, desk, number, person)
    elif what < 0.45 and reference.refuses(one, person, one.claimed):
        refused("went_back", claim, desk, number, person)
    elif what < 0.45:
        claim(desk, number, person)
        one.claimed.append(person)
    elif what < 0.75 and person in one.claimed:
        if reference.refuses(one, person, [name for name in one.claimed if name != person]):
            refused("went_back", take_back, desk, number, person)
        else:
            take_back(desk, number, person)
            one.claimed.remove(person)
    elif what < 0.9 and one.points > one.back:
        gone = draw.randint(1, one.points - one.back)
        desk.credit(f"R{step}", gone, corrects=number, source=FILE)
        one.back += gone
    else:
        if not one.back:
            one.points = draw.choice([one.points, draw.randint(5, 40)])
        load(desk, reference.sales)


def load(desk: Desk, sales: dict[str, Sale]) -> None:
    """Load the file: the same once more, or with another figure of a sale."""
    loaded = desk.sell(*(desk.line(number, one.points) for number, one in sales.items()), source=FILE)
    assert not loaded.conflict.any()


@pytest.mark.parametrize(
    ("share_bp", "settings"),
    [(7_000, {}), (10_000, WAITING), (6_500, WAITING | {"each_claimant_gets": "whole"})],
    ids=["equal", "waiting", "whole"],
)
def test_a_sequence_of_claims_files_and_returns_is_the_references(
    open_desk: Opening, share_bp: int, settings: dict[str, Any]
) -> None:
    desk, draw = opened(open_desk, EWA, TOM, share_bp=share_bp, **settings), random.Random(share_bp)
    sales = {str(at): Sale(draw.randint(5, 40)) for at in range(1, 4)}
    reference = Reference(share_bp, bool(settings), "each_claimant_gets" in settings, sales)
    load(desk, sales)
    for step in range(40):
        act(desk, reference, draw, step)
        have, whole = has(desk, "D1", EWA, TOM), [reference.standing(one) for one in sales.values()]
        left = [Fraction(one.points - one.back, one.points) for one in sales.values()]
        exact = [sum(row[at] * part for row, part in zip(whole, left, strict=True)) for at in range(3)]
        returned = [one for one in sales.values() if 0 < one.back < one.points]
        # each award gives back its part rounded half up, and each of two or three theirs by the largest remainder
        assert abs(sum(have) - sum(exact)) <= Fraction(len(returned), 2), f"step {step}"
        assert all(abs(is_ - due) <= 2 * len(returned) for is_, due in zip(have, exact, strict=True)), f"step {step}"


def largest_remainder(total: int, weights: list[int]) -> list[int]:
    exact = [total * weight for weight in weights]
    found = [one // sum(weights) for one in exact]
    order = sorted(range(len(weights)), key=lambda at: (-(exact[at] % sum(weights)), at))
    for at in order[: total - sum(found)]:
        found[at] += 1
    return found
