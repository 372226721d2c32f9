"""A balance opened down to the document, a top-up opened back, an award disputed and answered: by whom it is for."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.states import DocumentStatus, TopUpKind, TopUpStatus
from app.extensions import db
from app.models.distributors import Distributor
from app.models.ledger import LedgerTransaction, Lot
from app.models.prepaid import TopUp
from app.models.programs import Program
from app.models.sales import SalesDocument, SalesLine
from app.services.by_hand import disputes
from app.services.goods.catalogue import product_ids
from app.services.owners import pools
from app.web.lists.cells import in_two_lines
from tests.app.web.belongings import Belongings, fill
from tests.app.web.conftest import token_of
from tests.app.web.world import World
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide

As = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def made(world: World) -> Belongings:
    return fill(world)


def links(page: str, part: str) -> list[str]:
    return re.findall(rf'href="([^"]*/{part}[^"]*)"', page)


def test_a_statement_opens_down_to_the_document(world: World, made: Belongings, as_: As) -> None:
    owner, base = as_("distributor"), f"/programs/{world.a}/distributors/{made.of['distributor']['mine']}"
    statement = owner.get(base).text
    (made_of, *_rest) = links(statement, "made-of")
    balance = owner.get(made_of).text
    assert "Where what is left came from" in balance
    assert "How it adds up" in balance
    lot = owner.get(f"{base}/lots/{made.of['lot']['mine']}").text
    assert "The lines behind it" in lot
    assert "points" in lot
    assert links(lot, "documents/")
    movement = owner.get(links(lot, "movements/")[0]).text
    assert "Which points moved" in movement
    assert owner.get(links(statement, "movements/")[0]).status_code == 200
    # nobody else's
    for kind, part in (("lot", "lots"), ("movement", "movements")):
        assert owner.get(f"{base}/{part}/{made.of[kind]['others']}").status_code == 404
    assert as_("rep").get(made_of).status_code == 404


def test_what_a_page_does_not_show_is_counted(
    world: World, made: Belongings, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    finance, mine = as_("finance"), made.of["distributor"]["mine"]
    lot = made.of["lot"]["mine"]
    base = f"/programs/{world.a}/distributors/{mine}"
    movement = links(finance.get(f"{base}/lots/{lot}").text, "movements/")[0]
    ledger = f"/programs/{world.a}/ledger/{movement.rpartition('/')[2]}"
    pages = (f"{base}/lots/{lot}", movement, ledger, f"/programs/{world.a}/lots/{lot}")
    told = re.compile(r"and [1-9]\d* more")
    assert not [address for address in pages if told.search(finance.get(address).text)]
    monkeypatch.setattr("app.web.portal.points.chain.MOST_PARTS", 0)
    for module in ("ledger", "lots"):
        monkeypatch.setattr(f"app.web.admin.ledger.{module}.MOST_ENTRIES", 0)
    assert [address for address in pages if told.search(finance.get(address).text)] == list(pages)


def test_a_top_up_opens_back_to_what_paid_for_it(world: World, made: Belongings, as_: As) -> None:
    address = f"/programs/{world.a}/top-ups/{made.of['top_up']['mine']}"
    for who in ("distributor", "finance"):
        page = as_(who).get(address).text
        assert "What paid for" in page
        assert links(page, "lots/")
    assert as_("distributor").get(f"/programs/{world.a}/top-ups/{made.of['top_up']['others']}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        (TopUpKind.REWARD, TopUpStatus.LOADED, ("Loaded", "became money on")),
        (TopUpKind.REWARD, TopUpStatus.FAILED, ("Failed", "The points are back where they came from.", "put aside on")),
        (TopUpKind.REWARD, TopUpStatus.UNKNOWN, ("Unknown", "put aside on")),
        (TopUpKind.COMPENSATION, TopUpStatus.LOADED, ("Loaded", "The sponsor pays this on top")),
        (TopUpKind.COMPENSATION, TopUpStatus.FAILED, ("Failed", "The tax compensation could not be loaded.")),
    ],
)
def test_a_top_up_says_whether_its_points_became_money(
    world: World, made: Belongings, as_: As, kind: TopUpKind, status: TopUpStatus, said: tuple[str, ...]
) -> None:
    number = made.of["top_up"]["mine"]
    with world.app.app_context(), transaction(db.session) as session:
        its = session.get_one(TopUp, number)
        was = its.kind, its.status, its.settled_at
        its.kind, its.status = kind, status
        its.settled_at = None if status is TopUpStatus.UNKNOWN else world.clock()
    try:
        page = as_("distributor").get(f"/programs/{world.a}/top-ups/{number}").text
    finally:
        with world.app.app_context(), transaction(db.session) as session:
            its = session.get_one(TopUp, number)
            its.kind, its.status, its.settled_at = was
    assert [words for words in said if words not in page] == []


def test_a_survivor_opens_the_top_ups_of_whom_it_survived(world: World, made: Belongings, as_: As) -> None:
    """Its page of the card lists them, each with this link."""
    mine, others = made.of["distributor"]["mine"], made.of["distributor"]["others"]

    def merge(into: int | None) -> None:
        with world.app.app_context(), transaction(db.session) as session:
            session.execute(update(Distributor).values(merged_into_id=into).where(Distributor.id == others))

    merge(mine)
    try:
        owner = as_("distributor")
        page = owner.get(f"/programs/{world.a}/top-ups/{made.of['top_up']['others']}")
        assert page.status_code == 200
        lot, *_further = links(page.text, "lots/")
        assert f"/distributors/{mine}/" in lot
        assert owner.get(lot).status_code == 200
    finally:
        merge(None)


def test_an_order_opens_back_to_what_paid_for_it(world: World, made: Belongings, as_: As) -> None:
    number, whose = made.of["reward_order"]["mine"], made.of["distributor"]["mine"]
    address = f"/programs/{world.a}/distributors/{whose}/orders/{number}/made-of"
    for who, order in (("distributor", f"/portal/{world.a}/{whose}/orders/{number}"), ("finance", "")):
        assert address in as_(who).get(order or f"/programs/{world.a}/orders/{number}").text
        page = as_(who).get(address).text
        assert "What paid for order" in page
        assert links(page, "lots/")
    assert as_("other").get(address).status_code == 404


def test_an_award_is_disputed_answered_and_told(world: World, made: Belongings, as_: As) -> None:
    owner, finance = as_("distributor"), as_("finance")
    document = f"/programs/{world.a}/documents/{made.of['document']['mine']}"
    (award, *_rest) = [one.replace("&amp;", "&") for one in links(owner.get(document).text, "dispute\\?")]
    token = {"csrf_token": token_of(owner, award)}
    assert owner.post(award, data={**token, "words": ""}).status_code == 400
    said = owner.post(award, data={**token, "words": "I sold twice as many"}, follow_redirects=True).text
    assert "Somebody looks at it" in said
    again = owner.post(award, data={**token, "words": "still"}, follow_redirects=True).text
    assert "You said so already" in again
    index = f"/programs/{world.a}/disputes"
    assert "I sold twice as many" in finance.get(index).text
    newest = max(links(finance.get(index).text, "disputes/"), key=lambda one: int(one.rpartition("/")[2]))
    shown = finance.get(newest).text
    assert "What was given, and why" in shown
    answers = "Whoever may ask for adjustments answers it: Administrator, Finance."
    assert answers not in shown
    assert answers in as_("verifier").get(newest).text
    assert as_("viewer").post(f"{newest}/decline", data={"answer": "no"}).status_code == 404
    token = {"csrf_token": token_of(finance, newest)}
    assert finance.post(f"{newest}/grant", data={**token, "points": "", "reply": "x"}).status_code == 400
    granted = finance.post(
        f"{newest}/grant", data={**token, "points": "12", "reply": "You are right"}, follow_redirects=True
    )
    assert "The adjustment waits for a second person." in granted.text
    late = finance.post(f"{newest}/decline", data={**token, "answer": "no"}, follow_redirects=True).text
    assert "It was answered before." in late
    portal = f"/portal/{world.a}/{made.of['distributor']['mine']}"
    told = [document, f"{portal}/disputes", f"{portal}/notices"]
    assert not [one for one in told if "You are right" in owner.get(one).text], "nobody has approved the points yet"
    assert "You are right" in finance.get(document).text
    assert in_two_lines("Waits for an answer") in owner.get(f"{portal}/disputes").text
    # the points stand there once they came, and whoever decides about them sees what for
    given = '<td class="num" data-title="Points given">%s</td>'
    assert given % "" in owner.get(f"{portal}/disputes").text
    (adjustment,) = links(finance.get(newest).text, "adjustments/")
    assert f'href="{newest}"' in as_("administrator").get(adjustment).text
    token = {"csrf_token": token_of(as_("administrator"), adjustment)}
    as_("administrator").post(f"{adjustment}/refuse", data={**token, "note": "Twelve is too much"})
    assert "Twelve is too much" in finance.get(newest).text, "whoever answers it again sees why it is open"
    again = {"csrf_token": token_of(finance, newest), "points": "12", "reply": "You are right"}
    assert finance.post(f"{newest}/grant", data=again).status_code == 303
    adjustment = next(one for one in links(finance.get(newest).text, "adjustments/") if one != adjustment)
    as_("administrator").post(f"{adjustment}/approve", data=token)
    assert given % "12" in owner.get(f"{portal}/disputes").text
    assert [one for one in told if "You are right" in owner.get(one).text] == told


def sold(session: Session, world: World, made: Belongings, number: str) -> tuple[Program, int]:
    """Sell something of the distributor's of these tests; give the programme and the document."""
    program = session.scalars(select(Program).where(Program.code == world.a)).one()
    product, whose = product_ids(session, program.id)["p1"], made.of["distributor"]["mine"]
    sell(session, program, [Sold(number, whose, product, 1_000, 1_000_000_00)])
    return program, session.scalars(select(SalesDocument.id).where(SalesDocument.number == number)).one()


def test_a_dispute_of_a_refused_document_says_that_what_was_given_is_taken_back(
    world: World, made: Belongings, as_: As
) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program, document = sold(session, world, made, "REFUSED/1")
        by = {"actor": "ann", "now": world.clock()}
        dispute = disputes.ask(session, program, document, "Where are they?", **by)
        decide(session, program, document, DocumentStatus.REFUSED, reason="not ours", **by)
    shown = as_("finance").get(f"/programs/{world.a}/disputes/{dispute}").text
    assert "This document does not count: what the rules gave for it was taken back." in shown


def test_a_page_says_how_many_of_its_disputes_it_leaves_out(
    world: World, made: Belongings, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disputes, "MOST_SHOWN", 1)
    with world.app.app_context(), transaction(db.session) as session:
        program, document = sold(session, world, made, "MANY/1")
        for line in (None, 1):
            disputes.ask(session, program, document, "?", line_number=line, actor="ann", now=world.clock())
    assert "and 1 more" in as_("distributor").get(f"/programs/{world.a}/documents/{document}").text


def test_who_shares_a_balance_does_not_see_into_the_documents_of_others(
    world: World, made: Belongings, as_: As
) -> None:
    mine = made.of["distributor"]["mine"]
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        another, line = world.distributors["D-7"], SalesLine.document_id == made.of["document"]["mine"]
        product = session.scalars(select(SalesLine.product_id).where(line).limit(1)).one()
        sell(session, program, [Sold("OF-THE-OTHER", another, product, 1_000, 1_000_000_00)])
        by = {"actor": "ann", "now": world.clock()}
        pool = pools.open_pool(session, program, "Both", mine, spending="holder", **by)
        pools.join(session, program, pool, another, **by)
        joined = select(Lot.id).join(LedgerTransaction, LedgerTransaction.id == Lot.id)
        lot = session.scalars(joined.where(LedgerTransaction.document_id.is_not(None)).order_by(Lot.id.desc())).first()
    for part in ("lots", "movements"):
        address = f"/programs/{world.a}/distributors/{mine}/{part}/{lot}"
        page = as_("distributor").get(address)
        assert page.status_code == 200
        assert "The lines behind it" not in page.text
        assert not links(page.text, "documents/")
        assert links(as_("finance").get(address).text, "documents/"), "who runs the programme sees all of it"
