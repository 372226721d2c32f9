"""Pages of whose points they are: given, shared, merged."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.catalogue import Product
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger import ledger
from app.services.rulebooks import rules_of
from app.services.tracing import balances
from app.web.finance.cards.words import VERDICT
from tests.app.web.conftest import token_of
from tests.app.web.world import World
from tests.support.sales import Sold, sell

As = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def at(world: World) -> str:
    """The programme's address; participants may give points to one another in it, and some have points."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        program.settings["accounts"]["transfers"]["asked_by"] = "participants"
        flag_modified(program, "settings")
        for code in ("D-21", "D-22", "D-23", "D-24", "D-25", "D-5"):
            wallet = ledger.wallet_of(session, world.distributors[code], Unit.POINTS)
            given = {"key": f"owners:{code}", "actor": "test", "reason": "a fair", "now": world.clock()}
            ledger.adjust(session, rules_of(session, program.id), wallet, 100, **given)
    return f"/programs/{world.a}"


def available(world: World, code: str) -> int:
    with world.app.app_context():
        program = db.session.scalars(select(Program).where(Program.code == world.a)).one()
        return balances.balance_of(db.session(), program.id, code, Unit.POINTS).available


def sent(client: FlaskClient, address: str, to: str = "", **fields: str) -> str:
    """Send a form of a page, and give the page that follows."""
    data = {"csrf_token": token_of(client, address), **fields}
    answer = client.post(to or address, data=data, follow_redirects=True)
    assert answer.status_code in (200, 400), answer.status_code
    return answer.text


def test_a_transfer_is_asked_for_and_a_second_person_approves_it(world: World, as_: As, at: str) -> None:
    boss, approver = as_("administrator"), as_("approver")
    before = available(world, "D-21"), available(world, "D-22")
    asked = {"giver": "D-21", "receiver": "D-22", "points": "40", "note": "a common fair"}
    assert "No distributor of this programme" in sent(boss, f"{at}/transfers/new", **asked | {"receiver": "D-x"})
    assert "Both have one" not in sent(boss, f"{at}/transfers/new", **asked | {"points": "999999"})
    page = sent(boss, f"{at}/transfers/new", **asked)
    assert "Waits for approval" in page
    number = re.search(r"/transfers/(\d+)/withdraw", page)
    assert number is not None
    one = f"{at}/transfers/{number[1]}"
    assert "/approve" not in page
    assert f"{one}/approve" in approver.get(one).text
    assert "The points have moved" in sent(approver, one, f"{one}/approve")
    assert (available(world, "D-21"), available(world, "D-22")) == (before[0] - 40, before[1] + 40)
    assert "a common fair" in as_("viewer").get(f"{at}/transfers").text


def test_a_pool_is_opened_joined_and_left(world: World, as_: As, at: str) -> None:
    boss = as_("administrator")
    page = sent(boss, f"{at}/pools/new", name="South", holder="D-23", spending="members")
    number = re.search(r"/pools/(\d+)/join", page)
    assert number is not None
    one = f"{at}/pools/{number[1]}"
    look = sent(boss, one, f"{one}/join", distributor="D-24")
    assert "Let it join" in look
    before = available(world, "D-23"), available(world, "D-24")
    assert "It has joined" in sent(boss, one, f"{one}/join", distributor="D-24", sure="yes")
    assert available(world, "D-23") == available(world, "D-24") == sum(before)
    assert "South" in boss.get(f"{at}/pools").text
    assert "stands in a pool already" in sent(boss, one, f"{one}/join", distributor="D-24")
    assert "The pool has members" in sent(boss, one, f"{one}/close")
    member = f"{one}/leave/{world.distributors['D-24']}"
    assert "It has left the pool" in sent(boss, member, takes="own")
    assert available(world, "D-24") == before[1]
    assert "The pool is closed" in sent(boss, one, f"{one}/close")


def test_two_distributors_are_merged_after_a_look(world: World, as_: As, at: str) -> None:
    boss, approver = as_("administrator"), as_("approver")
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        product = session.scalars(select(Product.id).where(Product.program_id == program.id).limit(1)).one()
        sell(session, program, [Sold("FV/25/1", world.distributors["D-25"], product, 1, 10_000)])
    page = boss.get(f"{at}/merges/new?merged=D-25&survivor=D-21").text
    assert "cannot be undone" in page
    assert "Say which one stays." in boss.get(f"{at}/merges/new?merged=D-25&survivor=").text
    before = available(world, "D-21") + available(world, "D-25")
    page = sent(
        boss,
        f"{at}/merges/new?merged=D-25&survivor=D-21",
        f"{at}/merges/new",
        merged="D-25",
        survivor="D-21",
        note="one firm",
    )
    number = re.search(r"/merges/(\d+)/refuse", page)
    assert number is not None
    one = f"{at}/merges/{number[1]}"
    assert "The one that is merged" in page
    assert "Merged</dt>" not in page, "nothing is merged before somebody else has approved it"
    assert "They are merged" in sent(approver, one, f"{one}/approve")
    assert available(world, "D-21") == before
    with world.app.app_context(), transaction(db.session) as session:
        handed_over = session.scalars(select(SalesDocument.id).where(SalesDocument.number == "FV/25/1")).one()
    document = boss.get(f"{at}/documents/{handed_over}").text
    assert re.search(r"Before a merge<small>[^<]+</small></dt><dd>[^<]+ <span class=\"code\">D-25</span>", document)
    record = boss.get(f"{at}/records/{world.distributors['D-25']}")
    assert "Merged into" in record.text or record.status_code == 404


def test_which_document_counts_is_asked_beside_each_and_what_was_chosen_is_kept(world: World, as_: As, at: str) -> None:
    boss = as_("administrator")
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        product = session.scalars(select(Product.id).where(Product.program_id == program.id).limit(1)).one()
        for code, amount in (("D-26", 10_000), ("D-27", 20_000)):
            sold = [Sold(f"BOTH/{at}", world.distributors[code], product, 1, amount) for at in (1, 2)]
            sell(session, program, sold)
    new = f"{at}/merges/new"
    first, second = re.findall(r'name="(counts-\d+)"', boss.get(f"{new}?merged=D-26&survivor=D-27").text)
    asked = {"merged": "D-26", "survivor": "D-27", "note": "", first: "merged"}
    page = boss.post(new, data={"csrf_token": token_of(boss, new), **asked}).text
    assert "Say why, for whoever approves it." in page
    assert re.search(rf'id="{second}-problem">Say which one counts\.', page), "all that is missing is said at once"
    assert f'id="{first}-problem"' not in page
    assert '<option selected value="merged">' in page, "what was chosen stands there again"


def test_a_participant_gives_points_and_takes_it_back(world: World, as_: As, at: str) -> None:
    owner = as_("distributor")
    mine = re.search(r"/portal/[^/]+/(\d+)/transfers", owner.get("/", follow_redirects=True).text)
    assert mine is not None
    page = f"/portal/{world.a}/{mine[1]}/transfers"
    asked = {"receiver": "D-22", "points": "5", "note": "thanks"}
    assert "Take it back" in sent(owner, page, **asked)
    number = re.search(r'name="id" value="(\d+)"', owner.get(page).text)
    assert number is not None
    assert "It will not happen" in sent(owner, page, f"{page}/withdraw", id=number[1])
    assert "Nobody in this programme has this code" in sent(owner, page, **asked | {"receiver": "D-none"})


def test_a_closer_look_is_not_called_an_appearance(world: World, as_: As) -> None:
    page = as_("administrator").get(f"/programs/{world.a}/merges/new", headers={"Accept-Language": "pl"}).text
    assert ">Sprawdź</button>" in page
    assert "Wygląd" not in page
    with world.app.test_request_context(headers={"Accept-Language": "pl"}):
        assert str(VERDICT[None].text) == "Do sprawdzenia"
