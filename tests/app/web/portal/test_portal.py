"""What the people of a distributor are told: what expires and when, and why a document does not count."""

import csv
import datetime as dt
import html
import io
import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.domain.states import DocumentKind, DocumentStatus, Unit
from app.extensions import db
from app.models.ledger import Account, Lot
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger import ledger
from app.services.rulebooks import rules_of
from app.services.telling import expiry_notices, notices
from app.web.lists.cells import in_two_lines
from tests.app.web.account.test_account import asked_of_the_database
from tests.app.web.conftest import token_of
from tests.app.web.world import HOSTILE, World, _products
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide
from verification.incoming import Source

As = Callable[[str], FlaskClient]


def portal(world: World, page: str = "", code: str = "D-6") -> str:
    return f"/portal/{world.a}/{world.distributors[code]}/{page}"


def points_that_expire(world: World, code: str, points: int, on: dt.date) -> None:
    """Give points by hand and let them expire on a day."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        wallet = ledger.wallet_of(session, world.distributors[code], Unit.POINTS)
        key = f"{program.code}:{code}:{on}"
        ledger.adjust(
            session,
            rules_of(session, program.id),
            wallet,
            points,
            key=key,
            now=world.clock(),
            actor="test",
            reason="gift",
        )
        newest = select(Lot.id).join(Account, Account.id == Lot.account_id).where(Account.id == wallet)
        lot = session.scalars(newest.order_by(Lot.id.desc()).limit(1)).one()
        session.execute(update(Lot).where(Lot.id == lot).values(expires_on=on))


def test_what_expires_soon_is_told_with_its_day_on_the_first_page_and_as_a_notice(world: World, as_: As) -> None:
    on = world.clock().date() + dt.timedelta(days=20)
    points_that_expire(world, "D-6", 1_200, on)
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        expiry_notices.remind(session, program, now=world.clock())
    client, written = as_("other"), f"{on.day} {on:%b %Y}"
    with asked_of_the_database(world) as asked:
        home = client.get(portal(world)).text
    assert len(asked) <= 12, asked
    assert f"1,200 points expire on {written}" in home
    told = client.get(portal(world, "notices")).text
    assert f"1,200 points expire on {written}." in told


def test_news_and_counts_lead_to_what_they_are_about(world: World, as_: As) -> None:
    own = world.distributors["D-6"]
    told = {
        "order_approved": ({"order": 77}, "Your order 77 was approved.", "orders/77"),
        "redemption_refused": (
            {"points": 5, "why": "Ask for less"},
            "Your top-up from 5 points was called off, and they are back: Ask for less",
            "card",
        ),
        "dispute_declined": ({"number": "FV/1", "answer": "Right"}, "About FV/1 you were answered: Right", "disputes"),
        "tier_reached": ({"tier": "Gold"}, "You have reached Gold.", None),
    }
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        for kind, (parts, *_) in told.items():
            notices.tell(session, program.id, kind, parts, distributor_id=own, now=world.clock())
    home = as_("other").get(portal(world)).text
    for page in (home, as_("other").get(portal(world, "notices")).text):
        for _parts, text, leads in told.values():
            assert text in page
            found = re.search(rf'<a href="([^"]+)">{re.escape(text)}</a>', page)
            assert (found and found[1]) == (leads and portal(world, leads)), text
    states = re.findall(r'documents\?state=(\w+)">', home)
    counts = re.findall(r"<dt>(?:<a[^>]*>)?(?:Accepted|In review|Refused)(?:</a>)?</dt><dd[^>]*>(\d+)<", home)
    assert len(counts) == 3
    assert len(states) == sum(count != "0" for count in counts) > 0


def test_the_first_page_shows_the_balance_as_it_is_now(world: World, as_: As) -> None:
    client = as_("other")

    def shown() -> int:
        found = re.search(r'class="balance-figure"><strong[^>]*>([\d,]+)<', client.get(portal(world)).text)
        assert found
        return int(found[1].replace(",", ""))

    before = shown()
    points_that_expire(world, "D-6", 4_321, world.clock().date() + dt.timedelta(days=400))
    assert shown() == before + 4_321


def test_the_list_has_of_each_document_the_points_that_its_page_has(world: World, as_: As) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        product, mine = _products(session, program.id)["P1"], world.distributors["D-6"]
        sold = [Sold(number, mine, product, 1, 10_000) for number in ("SUM/1", "SUM/2", "SUM/4")]
        back = [
            Sold(number, mine, product, -1, -10_000, kind=DocumentKind.CREDIT_NOTE, corrects=of)
            for number, of in (("SUM/3", "SUM/1"), ("SUM/5", "SUM/4"))
        ]
        sell(session, program, [*sold, *back])
        query = select(SalesDocument.number, SalesDocument.id).where(
            SalesDocument.program_id == program.id, SalesDocument.number.like("SUM/%")
        )
        documents = dict(session.execute(query).all())
        refused, now = DocumentStatus.REFUSED, world.clock()
        for number in ("SUM/2", "SUM/4"):
            decide(session, program, documents[number], refused, reason="no", actor="ann", now=now)
    client = as_("other")
    with client.get(portal(world, "documents?q=SUM&form=csv")) as answer:
        listed = csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))
    points = {row["Document"]: int(row["Points"]) for row in listed}
    assert points == {"SUM/1": 10, "SUM/2": 0, "SUM/3": -10, "SUM/4": 0, "SUM/5": 0}
    for number, given in points.items():
        total = client.get(f"/programs/{world.a}/documents/{documents[number]}").text.partition('<p class="total">')[2]
        written = html.unescape(re.sub("<[^>]+>", "", total.partition("</p>")[0])).replace("\N{MINUS SIGN}", "-")
        assert written.startswith(f"{given} "), number


def test_an_empty_line_parts_the_paragraphs_of_terms_as_a_browser_sends_it(world: World, as_: As) -> None:
    boss, address = as_("administrator"), f"/programs/{world.a}/settings/terms"
    words = "Of the club.\r\n\r\n1. Points are given.\r\n2. Points end."
    answer = boss.post(address, data={"csrf_token": token_of(boss, address), "en": words})
    assert answer.status_code == 303
    # sent again as it is, it asks nobody to accept the same twice, and says which version is in force
    again = boss.post(address, data={"csrf_token": token_of(boss, address), "en": words})
    assert again.status_code == 400
    assert "Nothing is changed" in again.text
    assert "No terms are published yet." not in again.text
    page = as_("other").get(portal(world, "terms")).text
    assert re.findall(r'<p class="letter">([^<]*)</p>', page) == [
        "Of the club.",
        "1. Points are given.\n2. Points end.",
    ]


def test_terms_that_wait_to_be_accepted_are_told_on_every_page_of_the_portal(world: World, as_: As) -> None:
    boss, address = as_("administrator"), f"/programs/{world.a}/settings/terms"
    boss.post(address, data={"csrf_token": token_of(boss, address), "en": "Once more of the club."})
    waits = re.compile(r'/terms"[^>]*>.*?<b class="count">1<', re.DOTALL)
    client, theirs = as_("other"), portal(world, "terms")
    for page in ("documents", "notices"):
        assert waits.search(client.get(portal(world, page)).text), page
    shown = client.get(theirs).text
    number = re.search(r'name="terms" value="(\d+)"', shown)
    assert number is not None
    client.post(theirs, data={"csrf_token": token_of(client, theirs), "terms": number[1]})
    assert not waits.search(client.get(portal(world, "documents")).text)
    assert waits.search(as_("rep").get(portal(world, "documents", "D-5")).text), (
        "whoever has not accepted them is still told"
    )


def test_who_accepted_the_terms_in_force_is_told_to_whoever_published_them(world: World, as_: As) -> None:
    boss, address = as_("administrator"), f"/programs/{world.a}/settings/terms"
    people = f"/programs/{world.a}/people"
    boss.post(address, data={"csrf_token": token_of(boss, address), "en": "Of the club, for the last time."})
    told = re.compile(r"Accepted the terms in force</a></dt>\s*<dd><strong>(\d+)<")
    number = told.search(boss.get(address).text)
    assert number is not None
    assert number[1] == "0", "nobody did: these are new"
    client, theirs = as_("distributor"), portal(world, "terms", "D-5")
    version = re.search(r'name="terms" value="(\d+)"', client.get(theirs).text)
    assert version is not None
    client.post(theirs, data={"csrf_token": token_of(client, theirs), "terms": version[1]})
    number = told.search(boss.get(address).text)
    assert number is not None
    assert number[1] == "1"
    listed = {}
    for which in ("accepted", "open"):
        with boss.get(f"{people}?terms={which}&form=csv") as answer:
            rows = csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))
            # an instant's heading names the time zone as well
            when = next(name for name in rows.fieldnames or () if name.startswith("Terms accepted"))
            listed[which] = {row["E-mail"]: row[when] for row in rows}
    assert list(listed["accepted"]) == [world.login("distributor")]
    assert all(listed["accepted"].values())
    assert world.login("other") in listed["open"]
    assert not any(listed["open"].values())
    assert world.login("viewer") not in listed["open"], "who runs the programme is not asked"


def test_a_sales_rep_is_called_by_name_in_documents(world: World, as_: As) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        product = _products(session, program.id)["P1"]
        sell(session, program, [Sold("NAMED/1", world.distributors["D-5"], product, 1, 100, person=world.login("rep"))])
    page = as_("distributor").get(portal(world, "documents?q=NAMED", "D-5")).text
    assert f'title="{world.login("rep")}">rep<' in page


def test_a_document_that_does_not_count_says_why_in_words(world: World, as_: As) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        product = _products(session, program.id)["P1"]
        waiting = Source(name="portal", policy="review", may_correct=False)
        mine = world.distributors["D-6"]
        sell(
            session, program, [Sold(number, mine, product, 1, 10_000) for number in ("WHY/1", "WHY/2")], source=waiting
        )
        found = select(SalesDocument.id).where(SalesDocument.program_id == program.id, SalesDocument.number == "WHY/1")
        refused = session.scalars(found).one()
        decide(
            session,
            program,
            refused,
            DocumentStatus.REFUSED,
            reason=f"The photo shows another shop {HOSTILE}",
            actor="ann",
            now=world.clock(),
        )
    page = as_("other").get(portal(world, "documents?q=WHY")).text
    rows = {
        number: html.unescape(re.sub("<[^>]+>", " ", row))
        for row in page.split("<tr")[1:]
        for number in ("WHY/1", "WHY/2")
        if number in row
    }
    assert "The photo shows another shop" in rows["WHY/1"]
    assert "Refused" in rows["WHY/1"]
    assert in_two_lines("In review") in rows["WHY/2"]
    assert "reviews every document" in rows["WHY/2"]
    assert "<svg onload" not in page
