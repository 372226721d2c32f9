"""The overview tells everybody what waits for them, and the badges of the navigation say the same."""

import datetime as dt
import io
import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app.db.transaction import transaction
from app.extensions import db
from app.models.figures import SalesMonth
from app.models.periods import PeriodClosing
from app.models.prepaid import TopUp
from app.models.programs import Program
from app.models.promotions import Promotion
from app.services.books import periods
from app.services.by_hand import disputes
from tests.app.web.admin.ledger.test_adjusting_many import asked
from tests.app.web.admin.promotions.test_promotions import written
from tests.app.web.finance.conversions.test_compensations import _by_run as pay_back_by_runs
from tests.app.web.finance.test_finance import post, previewed, work
from tests.app.web.world import World

As = Callable[[str], FlaskClient]

DUTY = re.compile(r'<li><a href="([^"]+)"><svg[^>]*><use[^>]*></use></svg><span>([^<]+)</span><svg')
BADGE = re.compile(r'<span>([^<]+)</span><b class="count">(\d+)<')


def duties(page: str) -> dict[str, str]:
    """Read what waits: in words, and the address."""
    found = page[page.index('id="duties-title"') : page.index('id="points-title"')]
    return {text: address.replace("&amp;", "&") for address, text in DUTY.findall(found)}


def badges(page: str) -> dict[str, int]:
    """Read what waits beside the places of the side bar."""
    side = page[page.index('<aside class="side"') : page.index("</aside>")]
    return {text: int(number) for text, number in BADGE.findall(side)}


def test_an_adjustment_waits_for_a_second_person_alone(world: World, as_: As) -> None:
    asked(world, 30, -10, by=world.login("administrator"))
    asked(world, 5, by=world.login("finance"))
    at = f"/programs/{world.a}/"
    for name, waits in {"approver": 3, "administrator": 1, "finance": 0, "viewer": 0}.items():
        page = as_(name).get(at).text
        assert badges(page).get("Adjustments", 0) == waits, name
        found = [text for text in duties(page) if "adjustment" in text]
        assert bool(found) == bool(waits), (name, found)
        assert not waits or found[0].startswith(f"{waits} adjustment"), name


def test_a_month_that_is_asked_for_waits_for_a_second_person(world: World, as_: As) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        said = {"actor": world.login("finance"), "now": world.clock()}
        last_month = world.clock().date().replace(day=1) - dt.timedelta(days=1)
        periods.close(session, program, last_month, **said)
        newest = select(PeriodClosing.id).where(PeriodClosing.program_id == program.id)
        closing_id = session.scalars(newest.order_by(PeriodClosing.month_on.desc())).first()
        assert closing_id
        periods.ask_to_reopen(session, program, closing_id, why="A late sale", **said)
    at = f"/programs/{world.a}/"
    for name, waits in {"approver": True, "finance": False, "viewer": False}.items():
        page = as_(name).get(at).text
        found = {text: address for text, address in duties(page).items() if "month" in text}
        assert (found == {"1 closed month is asked to be opened again": f"{at}periods"}) == waits, (name, found)
        assert ("Months of the books" in badges(page)) == waits, name


def test_a_dispute_waits_for_those_who_may_answer_it(world: World, as_: As) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        disputes.ask(
            session, program, world.documents["FV/1"], "Too little", actor=world.login("distributor"), now=world.clock()
        )
    at = f"/programs/{world.a}/"
    for name, waits in {"finance": True, "administrator": True, "verifier": False, "viewer": False}.items():
        page = as_(name).get(at).text
        found = {text: address for text, address in duties(page).items() if "dispute" in text}
        assert (found == {"1 dispute waits for an answer": f"{at}disputes?state=open"}) == waits, (name, found)
        assert ("Disputes" in badges(page)) == waits, name


def loads(world: World, run: str) -> list[tuple[str, int]]:
    """Give the top-ups of a run in the order of its preview: reference and amount."""
    with world.app.app_context():
        query = select(TopUp.reference, TopUp.amount_minor).where(TopUp.run_id == int(run)).order_by(TopUp.id)
        found = [(row.reference, row.amount_minor) for row in db.session.execute(query)]
        db.session.remove()
    return found


def failed_run(world: World, as_: As) -> str:
    """Carry out a run of which the provider loaded all but the first top-up. Gives its number."""
    at, finance, approver = f"/programs/{world.a}", as_("finance"), as_("approver")
    page = f"{at}/runs/{(run := previewed(world, finance, at))}"
    post(approver, page, f"{page}/approve")
    work(world)
    references = [reference for reference, _amount in loads(world, run)]
    rows = [f"{one},{'loaded' if number else 'failed'}" for number, one in enumerate(references)]
    content = "\n".join(["reference,result", *rows]).encode()
    assert post(finance, page, f"{page}/responses", file=(io.BytesIO(content), "answers.csv")).status_code == 303
    return run


def test_loads_that_failed_and_what_is_to_be_paid_back_wait_for_whoever_prepares_runs(world: World, as_: As) -> None:
    pay_back_by_runs(world)
    run = failed_run(world, as_)
    at = f"/programs/{world.a}/"
    (failed, amount), *others = loads(world, run)
    found = duties(as_("finance").get(at).text)
    said = next(text for text in found if "failed" in text)
    assert said.startswith("1 load failed and was not tried again: ")
    assert re.sub(r"\D", "", said.partition(":")[2]) == str(amount)
    listed = as_("finance").get(found[said]).text
    assert failed in listed
    assert not [reference for reference, _amount in others if reference in listed]
    due = next(text for text in found if "due" in text)
    assert re.match(r"\d+ compensations? (is|are) due: ", due)
    assert found[due] == f"{at}compensations"
    _compensation_run_waits_where_it_is_listed(world, as_)
    assert not [text for text in duties(as_("viewer").get(at).text) if "failed" in text or "due" in text]
    page = as_("finance").get(f"{at}runs/{run}").text
    told = page[page.index('id="next-title"') : page.index('id="about-title"')]
    assert "Everything is answered." in told
    address = f"{at}runs/{run}?state=failed"
    assert re.search(rf'<a href="{re.escape(address)}">1 load failed: [^<]+</a>', told)
    assert "Their points are back." in told
    again = re.search(r'<a href="([^"]+)">New run over these days</a>', told)
    assert again
    form = as_("finance").get(again[1]).text
    assert re.findall(r'name="(?:from_on|to_on)"[^>]* value="([^"]*)"', form) == ["2026-01-01", "2046-12-31"]
    assert 'value="2026-01-01"' not in as_("owner").get(again[1].replace(world.a, world.b)).text
    listed = as_("finance").get(address).text
    assert failed in listed
    assert not [reference for reference, _amount in others if reference in listed]
    # a newer run of the same days has taken what came back
    newer = previewed(world, as_("finance"), at.rstrip("/"))
    assert not [text for text in duties(as_("finance").get(at).text) if "failed" in text]
    _waits_to_be_sent_once_approved(world, as_, newer)


def _compensation_run_waits_where_it_is_listed(world: World, as_: As) -> None:
    """See that a run of compensations is told of among its like, first to the second person, then to the first."""
    at, new = f"/programs/{world.a}/", f"/programs/{world.a}/compensations/new"
    days = {"from_on": "2026-01-01", "to_on": world.clock().date().isoformat()}
    page = post(as_("finance"), new, new, **days).location
    waits = duties(as_("approver").get(at).text)
    assert not [text for text in waits if "conversion run" in text]
    assert f'href="{page}"' in as_("approver").get(waits["1 compensation run waits for approval"]).text
    post(as_("approver"), page, f"{page}/approve")
    work(world)
    waits = duties(as_("finance").get(at).text)
    said = "1 compensation run is approved: its order waits to be sent"
    assert f'href="{page}"' in as_("finance").get(waits[said]).text


def _waits_to_be_sent_once_approved(world: World, as_: As, run: str) -> None:
    """See that who prepares runs is told of an approved one until its order is answered."""
    at, said = f"/programs/{world.a}/", "1 conversion run is approved: its order waits to be sent"
    page = f"{at}runs/{run}"
    assert said not in duties(as_("finance").get(at).text)
    post(as_("approver"), page, f"{page}/approve")
    work(world)
    found = duties(as_("finance").get(at).text)
    assert f'href="{page}"' in as_("finance").get(found[said]).text
    assert said not in duties(as_("approver").get(at).text)
    rows = [f"{reference},loaded" for reference, _amount in loads(world, run)]
    content = "\n".join(["reference,result", *rows]).encode()
    post(as_("finance"), page, f"{page}/responses", file=(io.BytesIO(content), "answers.csv"))
    assert said not in duties(as_("finance").get(at).text)


def test_while_sums_are_made_it_is_not_said_that_there_are_no_sales(world: World, as_: As) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.b)).one()
        session.execute(delete(SalesMonth).where(SalesMonth.program_id == program.id))
    page = as_("owner").get(f"/programs/{world.b}/").text
    assert "The sums are being made" in page
    assert "There are no sales yet" not in page


def test_a_draft_of_a_promotion_waits_for_another_one(world: World, as_: As) -> None:
    administrator = as_("administrator")
    assert written(administrator, world, code="autumn", name="Autumn sale").status_code == 303
    with world.app.app_context():
        here = select(Promotion.id).join(Program, Program.id == Promotion.program_id).where(Program.code == world.a)
        promotion_id = db.session.scalars(here.where(Promotion.code == "autumn")).one()
    at, page = f"/programs/{world.a}/", f"/programs/{world.a}/promotions/{promotion_id}"
    told = "1 draft of a promotion waits to be published"
    assert told not in duties(as_("owner").get(at).text), "nobody asked for it yet"
    assert post(administrator, page, f"{page}/ask").status_code == 303
    for name, waits in {"owner": True, "administrator": False, "viewer": False}.items():
        overview = as_(name).get(at).text
        assert (told in duties(overview)) == waits, name
        assert ("Promotions" in badges(overview)) == waits, name
    listed = as_("owner").get(duties(as_("owner").get(at).text)[told]).text
    assert "Autumn sale" in listed
    assert post(administrator, page, f"{page}/send-back", note="Say more").status_code == 303
    assert told not in duties(as_("owner").get(at).text)
    assert "Autumn sale" not in as_("owner").get(f"{at}promotions?draft=waits").text
    assert "Autumn sale" in as_("owner").get(f"{at}promotions?draft=open").text
