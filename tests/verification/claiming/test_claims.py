"""Claims on the real database: kept, judged, told what they would earn, and sent to the gate exactly once."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.states import ClaimState, DocumentStatus, Unit
from app.models.claims import Claim
from app.models.programs import Program
from app.models.rules import CapUsage
from app.models.sales import Award, SalesDocument
from app.services.by_hand import merging
from app.services.imported import aliases
from app.services.imported.aliases import Meaning
from app.services.ledger import standing
from app.services.tracing import balances
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import BASE_RULE, NOW, document, goods, load, people
from tests.support.sales import Sold, sell
from verification.claiming import claims
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine
from verification.claiming.claims import ClaimIsSent, NoSuchClaim, NotReady
from verification.deciding.decisions import decide

BY: dict[str, Any] = {"actor": "d1@example.com", "now": NOW}
TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def program(session: Session, code: str) -> Program:
    return load(session, document(code, program={"verification": {"portal": "accept", "claim_within_days": 30}}))


@pytest.fixture
def shop(session: Session, program: Program) -> tuple[int, int]:
    """A distributor and a product."""
    return people(session, program)["D1"], goods(session, program, {"DR-1": "drills", "DR-2": "drills"})["DR-1"]


def invoice(number: str = "FV/1", *lines: ClaimedLine, on: dt.date = TODAY, **more: Any) -> ClaimedInvoice:
    some = lines or (ClaimedLine(said="dr-1", quantity_milli=2000, net_minor=25_000),)
    return ClaimedInvoice(number, on, lines=some, **more)


SOLD = ClaimedLine("DR-1", None, 3000, 1000, 3000)


def in_file(position: int, quantity_milli: int, net_minor: int) -> ClaimedLine:
    """A line of an e-invoice, which nobody can write otherwise."""
    return ClaimedLine("DR-1", None, quantity_milli, None, net_minor, position=position)


def codes(session: Session, program: Program, distributor: int, given: ClaimedInvoice) -> list[str]:
    return [one.code for one in claims.judge(session, program, distributor, given, now=NOW)[1]]


def test_a_claim_is_sent_once_and_earns_what_was_shown(
    session: Session, program: Program, shop: tuple[int, int]
) -> None:
    distributor, _product = shop
    claim = claims.keep(session, program, distributor, "k1", invoice(), person="Rena", **BY)
    known, problems = claims.judge(session, program, distributor, claims.invoice_of(claim), now=NOW)
    assert problems == []
    shown = claims.would_earn(session, program, claim, known)
    assert (
        session.scalar(
            select(func.count())
            .select_from(Award)
            .join(SalesDocument, SalesDocument.id == Award.document_id)
            .where(SalesDocument.program_id == program.id)
        )
        == 0
    )
    document_id = claims.send(session, program, claim, **BY)
    assert claims.send(session, program, claim, **BY) == document_id
    sent = session.get_one(SalesDocument, document_id)
    assert (sent.status, sent.source, sent.person, sent.net_minor) == (
        DocumentStatus.ACCEPTED,
        "portal",
        "Rena",
        25_000,
    )
    given = session.scalar(select(func.sum(Award.amount)).where(Award.document_id == document_id))
    assert given == sum(line.total(Unit.POINTS) for line in shown) == 25
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 25
    assert (claim.state, claim.document_id) == (ClaimState.SENT, document_id)
    with pytest.raises(ClaimIsSent):
        claims.keep(session, program, distributor, "k1", invoice("FV/2"), person=None, **BY)
    with pytest.raises(ClaimIsSent):
        claims.put_away(session, claim)


def test_a_claim_that_is_sent_is_not_held_while_waiting_for_a_wallet(app: Flask, registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        made = load(session, document(code, program={"verification": {"portal": "accept", "claim_within_days": 30}}))
        owners = people(session, made)
        goods(session, made, {"DR-1": "drills"})
        claim_id = claims.keep(session, made, owners["D2"], "k1", invoice(), person=None, **BY).id
        asked = merging.request(
            session, made, owners["D2"], owners["D1"], note="one firm", choices={}, actor="ann", now=NOW
        )
        program_id = made.id

    def send(other: Session) -> int:
        program = other.get_one(Program, program_id)
        return claims.send(other, program, claims.held_to_send(other, program, claim_id), **BY)

    with transaction(registry) as session:
        standing.change(session, program_id)  # as far as the merge comes before it wants the claim
        with elsewhere(app, send) as sent:
            wait_for_a_waiter(session)
            merging.approve(session, session.get_one(Program, program_id), asked, actor="ben", now=NOW)
            session.commit()
            document_id = sent.result(20)
    with transaction(registry) as session:
        found = session.get_one(SalesDocument, document_id)
        assert (found.distributor_id, found.status) == (owners["D1"], DocumentStatus.ACCEPTED)


def test_a_discount_takes_off_what_it_would_have_earned(
    session: Session, program: Program, shop: tuple[int, int]
) -> None:
    distributor, product = shop
    goods_line = ClaimedLine(said="dr-1", quantity_milli=2000, net_minor=25_000)
    with_discount = invoice("FV/1", goods_line, ClaimedLine("dr-1", None, 1000, None, -5_000, takes_off=True))
    claim = claims.keep(session, program, distributor, "k1", with_discount, person=None, **BY)
    known, problems = claims.judge(session, program, distributor, claims.invoice_of(claim), now=NOW)
    assert (problems, known.lines[1].takes_off, known.lines[1].product_id) == ([], True, product)
    assert sum(line.total(Unit.POINTS) for line in claims.would_earn(session, program, claim, known)) == 20
    document_id = claims.send(session, program, claim, **BY)
    assert session.get_one(SalesDocument, document_id).net_minor == 20_000
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 20


def test_a_key_opens_nobody_elses_claim(session: Session, program: Program, shop: tuple[int, int]) -> None:
    distributor, _product = shop
    claims.keep(session, program, distributor, "k1", invoice(), person=None, **BY)
    with pytest.raises(NoSuchClaim):
        claims.keep(session, program, distributor, "k1", invoice(), person=None, actor="rep@example.com", now=NOW)
    changed = claims.keep(session, program, distributor, "k1", invoice("FV/9"), person=None, **BY)
    assert claims.invoice_of(changed).number == "FV/9"
    assert session.scalar(select(func.count()).where(Claim.distributor_id == distributor)) == 1


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (invoice(""), ["number_missing"]),
        (invoice("x" * 65), ["number_too_long"]),
        (invoice(on=TODAY + dt.timedelta(days=1)), ["date_later"]),
        (invoice(on=dt.date(2025, 12, 31)), ["date_before_program"]),
        (invoice(on=TODAY - dt.timedelta(days=31)), ["date_too_long_ago"]),
        (invoice(on=TODAY - dt.timedelta(days=30)), []),
        (invoice(seller_tax_id="1234567890"), ["seller_check_digits"]),
        (invoice(seller_tax_id="526-58"), ["seller_length"]),
        (invoice(seller_tax_id="somebody"), ["seller_form"]),
        (invoice(seller_tax_id="526-587-76-35"), []),
        (invoice(seller_tax_id="DE136695976"), []),
        (ClaimedInvoice("FV/1", None), ["date_missing", "no_lines"]),
        (invoice("FV/1", ClaimedLine()), ["product_missing", "quantity_missing", "amount_missing"]),
        (invoice("FV/1", ClaimedLine("DR-1", None, 0, None, 0)), ["quantity_not_positive", "amount_zero"]),
        (invoice("FV/1", ClaimedLine("DR-1", None, 3000, 1000, 3000)), []),
        (invoice("FV/1", ClaimedLine("DR-1", None, 3000, 1000, 3500)), ["amount_contradicts"]),
        (invoice("FV/1", SOLD, ClaimedLine("DR-1", None, 1000, None, -2999)), []),
        (invoice("FV/1", SOLD, ClaimedLine("DR-1", None, 2000, -1000)), []),
        (invoice("FV/1", SOLD, ClaimedLine("DR-1", None, 1000, None, -3000)), ["nothing_left"]),
        (invoice("FV/1", ClaimedLine("DR-1", None, -1000, None, 3000)), ["quantity_not_positive"]),
        (invoice("FV/1", ClaimedLine("DR-1", None, 1000, None, -(10**15))), ["nothing_left", "too_large"]),
        (invoice("FV/1", in_file(1, 3000, 3000), in_file(2, 1000, 0), in_file(3, -1000, -500)), []),
        (invoice("FV/1", in_file(1, 0, -500), in_file(2, -(10**15), 1)), ["too_large"]),
        (invoice("FV/1", ClaimedLine("DR-1", None, 10**15, None, 10**15)), ["too_large", "too_large"]),
        (invoice("FV/1", ClaimedLine("DR-1", None, 1, 10**13, 10**10)), ["too_large"]),
        (invoice("FV/1", ClaimedLine("DR-1", None, 10**18, 10**17, None)), ["too_large"] * 3),
        (invoice("FV/1", ClaimedLine("hammer", None, 1000, None, 1000)), ["product_unknown"]),
        (invoice("FV/1", ClaimedLine("Product DR", None, 1000, None, 1000)), ["product_unclear"]),
        (invoice("FV/1", ClaimedLine("product dr-2", None, 1000, 1000)), []),
    ],
)
def test_what_is_missing_or_wrong_is_told(
    session: Session, program: Program, shop: tuple[int, int], given: ClaimedInvoice, found: list[str]
) -> None:
    assert codes(session, program, shop[0], given) == found
    if found:
        claim = claims.keep(session, program, shop[0], "k", given, person=None, **BY)
        with pytest.raises(NotReady):
            claims.send(session, program, claim, **BY)
        assert claim.state is ClaimState.DRAFT


def test_what_is_here_already_is_not_sent_whoever_has_it(
    session: Session, program: Program, shop: tuple[int, int]
) -> None:
    distributor, product = shop
    sell(session, program, [Sold("FV/0001/2026", distributor, product, 1, 10_000, "2026-11-20")])
    again = invoice("fv 1/26", on=dt.date(2026, 11, 20))
    assert codes(session, program, distributor, again) == ["here_already"]
    mine = claims.keep(session, program, distributor, "mine", again, person=None, **BY)
    assert claims.own_document(session, program, mine) is not None
    # the invoice of another seller, which another distributor claimed before
    other = people(session, program)["D2"]
    theirs = invoice("S/7", seller_tax_id="PL 526-587-76-35".replace(" ", "").replace("-", ""))
    first = claims.keep(session, program, other, "theirs", theirs, person=None, **BY)
    claims.send(session, program, first, **BY)
    second = claims.keep(session, program, distributor, "same", theirs, person=None, **BY)
    with pytest.raises(NotReady) as refused:
        claims.send(session, program, second, **BY)
    assert [one.code for one in refused.value.problems] == ["here_already"]
    assert claims.own_document(session, program, second) is None, "whose it is is nobody's business"


def test_what_somebody_refused_is_not_sent_again_unchanged(
    session: Session, program: Program, shop: tuple[int, int]
) -> None:
    first = claims.keep(session, program, shop[0], "k1", invoice(), person=None, **BY)
    document_id = claims.send(session, program, first, **BY)
    decide(session, program, document_id, DocumentStatus.REFUSED, reason="not ours", actor="ann@example.com", now=NOW)
    again = claims.keep(session, program, shop[0], "k2", invoice(), person=None, **BY)
    with pytest.raises(NotReady) as refused:
        claims.send(session, program, again, **BY)
    assert [one.code for one in refused.value.problems] == ["refused_before"]
    other = claims.keep(
        session,
        program,
        shop[0],
        "k2",
        invoice("FV/1", ClaimedLine("DR-1", None, 1000, None, 9_000)),
        person=None,
        **BY,
    )
    assert claims.send(session, program, other, **BY) != document_id


def test_a_preview_takes_the_caps_as_they_stand_and_leaves_them(session: Session, code: str) -> None:
    rule = dict(BASE_RULE) | {"caps": {"per_distributor": {"month": 30}}}
    program = load(session, document(code, earning_rules=[rule]))
    distributor, product = people(session, program)["D1"], goods(session, program, {"DR-1": None})["DR-1"]
    sell(session, program, [Sold("A/1", distributor, product, 1, 20_000, "2026-11-02")])
    claim = claims.keep(session, program, distributor, "k", invoice(), person=None, **BY)
    used = select(func.sum(CapUsage.used)).where(CapUsage.distributor_id == distributor)
    before = session.scalar(used)
    known, _problems = claims.judge(session, program, distributor, claims.invoice_of(claim), now=NOW)
    (line,) = claims.would_earn(session, program, claim, known)
    assert line.total(Unit.POINTS) == 10, "20 of the month's 30 are given"
    assert line.awards[0].cut_by == "per_distributor.month"
    assert session.scalar(used) == before == 20


def test_what_a_distributor_calls_a_box_counts_as_so_many_pieces(
    session: Session, program: Program, shop: tuple[int, int]
) -> None:
    distributor, product = shop
    box = Meaning(product, unit_milli=12_000)
    aliases.put_product_alias(session, program, "Karton", box, source_distributor_id=distributor, **BY)
    given = invoice("FV/1", ClaimedLine("karton", None, 2000, None, 48_000))
    known, problems = claims.judge(session, program, distributor, given, now=NOW)
    assert problems == []
    assert (known.lines[0].product_id, known.lines[0].quantity_milli) == (product, 24_000)
    assert codes(session, program, people(session, program)["D2"], given) == ["product_unknown"]


def test_a_draft_that_is_put_away_is_gone(session: Session, program: Program, shop: tuple[int, int]) -> None:
    claim = claims.keep(session, program, shop[0], "k", invoice(), person=None, **BY)
    claims.put_away(session, claim)
    session.flush()
    assert session.scalar(select(func.count()).where(Claim.distributor_id == shop[0])) == 0
