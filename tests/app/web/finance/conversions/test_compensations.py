"""Compensation by pages: what waits, a run over a period, a second person, and the taxes that were paid back."""

import datetime as dt
import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.states import RunKind, RunStatus, TaxStatus
from app.extensions import db
from app.models.distributors import Distributor
from app.models.prepaid import ConversionRun
from app.models.programs import Program
from tests.app.web.finance.test_finance import post, previewed, status_of, work
from tests.app.web.world import World

ZONE = "Europe/Warsaw"


def _by_run(world: World) -> None:
    """Let the programme pay taxes back by runs; its participants are people of distributors, whose tax it bears."""
    with world.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            program.prepaid = program.prepaid | {"compensation": {"paid": "by_run", "goods": True}}
            session.execute(
                update(Distributor)
                .where(Distributor.program_id == program.id)
                .values(tax_status=TaxStatus.DISTRIBUTOR_EMPLOYEE)
            )
        db.session.remove()


def test_what_a_load_leaves_to_a_run_is_paid_back_once_by_two_people(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    _by_run(world)
    at = f"/programs/{world.a}"
    finance, approver = as_("finance"), as_("approver")
    assert "No run has paid taxes back yet" in finance.get(f"{at}/compensations").text
    run = previewed(world, finance, at)
    assert "follow by a run of compensations" in finance.get(f"{at}/runs/{run}").text
    _carried_out(world, finance, approver, f"{at}/runs/{run}")
    new = f"{at}/compensations/new"
    assert "wait, with" in finance.get(new).text
    today = world.clock().date()
    there = local_date(world.clock(), ZONE)
    form = finance.get(new).text
    assert re.findall(r'name="(from_on|to_on)"[^>]* value="([^"]*)"', form) == [
        ("from_on", there.isoformat()),
        ("to_on", there.isoformat()),
    ], "what waits arrived today"
    backwards = post(finance, new, new, from_on="2026-02-02", to_on="2026-02-01")
    said = "Rewards that arrived until: The period ends before it begins."
    assert (backwards.status_code, said in backwards.text) == (400, True), "which day is meant stands beside no other"
    made = post(finance, new, new, from_on=today - dt.timedelta(days=1), to_on=today + dt.timedelta(days=1))
    assert made.status_code == 303
    page = made.location
    shown = finance.get(page).text
    assert "You prepared it" in shown
    assert "Goods and vouchers" in shown
    told = re.search(r"Whoever may approve it: ([^<]+)\.", as_("administrator").get(page).text)
    assert told, "who may not approve is told who may"
    assert "Finance approver" in told[1]
    assert "Administrator" not in told[1]
    assert "Whoever may approve it" not in approver.get(page).text
    assert "<dt>From</dt>" not in shown, "it takes no points, so there are no fewest"
    for seen in (page, f"{at}/compensations"):
        in_polish = finance.get(seen, headers={"Accept-Language": "pl"}).text
        said = in_polish[in_polish.index("<h1") : in_polish.index("</main")]
        assert "wymian" not in said.lower(), "it converts nothing"
    assert "Under way" in finance.get(f"{at}/compensations/rewards").text
    _carried_out(world, finance, approver, page)
    assert status_of(world, page.rsplit("/", 1)[1]) is RunStatus.SETTLED
    rewards = finance.get(f"{at}/compensations/rewards?state=paid").text
    assert "Paid back" in rewards
    loads = finance.get(f"{at}/top-ups").text
    cells = re.findall(r'<td class="num[^"]*" data-title="Points">(.*?)</td>', loads)
    assert all(("top-ups/" in one) != (one == "") for one in cells), "none says that it was made from 0 points"
    assert {one == "" for one in cells} == {True, False}, "a compensation was made from no points"
    runs = number_of_runs(world)
    nothing = post(finance, new, new, from_on="2026-01-01", to_on="2027-12-31")
    assert nothing.status_code == 400
    assert nothing.text.count("Nothing that is to be compensated falls within these days.") == 2
    assert 'value="2026-01-01"' in nothing.text
    assert number_of_runs(world) == runs, "a run of nothing is not kept"


def number_of_runs(world: World) -> int:
    """Count the runs of compensations of programme A."""
    with world.app.app_context():
        of_a = select(func.count()).select_from(ConversionRun).join(Program).where(Program.code == world.a)
        found = db.session.execute(of_a.where(ConversionRun.kind == RunKind.COMPENSATIONS)).scalar_one()
        db.session.remove()
    return found


def _carried_out(world: World, finance: FlaskClient, approver: FlaskClient, page: str) -> None:
    post(approver, page, f"{page}/approve")
    work(world)
    post(finance, page, f"{page}/send")
    work(world)


def test_an_administrator_says_when_taxes_are_paid_back(world: World, as_: Callable[[str], FlaskClient]) -> None:
    at, admin = f"/programs/{world.a}/compensations", as_("administrator")
    page = f"{at}/settings"
    assert as_("finance").get(page).status_code == 404
    assert post(admin, page, page, paid="never").status_code == 400
    assert post(admin, page, page, paid="by_run").status_code == 303
    assert "Not at all" in admin.get(at).text
    assert post(admin, page, page, paid="at_once", goods="y").status_code == 303
    shown = admin.get(at).text
    assert ("At once" in shown, "Not at all" in shown) == (True, False)
