"""Finance reconciles a month: a statement comes in, differences are answered, by desktop and phone."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.prepaid import TopUp
from app.models.programs import Program
from tests.app.web.finance.reconciling.test_reconciliation import PROFILE, loads_of
from tests.app.web.world import World, do_one_job

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]


@pytest.fixture(scope="module")
def statement(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A statement with something of nearly every kind, of loads that were really made."""
    codes = [f"D-{number}" for number in range(10, 18)]
    with world.app.app_context():
        loads = loads_of(world, *codes)
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            program.import_profiles = {**program.import_profiles, "statements": PROFILE}
            amounts = dict(session.execute(select(TopUp.reference, TopUp.amount_minor)).all())
        db.session.remove()
    day = world.clock().date()
    rows = [(loads[code], day, f"{amounts[loads[code]] / 100:.2f}", "") for code in codes if code != "D-12"]
    rows[0] = (*rows[0][:3], "9999")
    rows[1] = (rows[1][0], day, "1.00", "")
    rows += [rows[3], (rows[4][0], day, f"-{rows[4][2]}", ""), ("KNOBODYSONE-1R1", day, "7.00", "")]
    rows += [("KNOBODYSONE-2R1", day + dt.timedelta(days=30), "8.00", "")]
    path = tmp_path_factory.mktemp("statement") / "statement.csv"
    lines = [";".join(map(str, row)) for row in [("Reference", "Date", "Amount", "Card"), *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_month_is_reconciled(world: World, statement: Path, visit: Visits, size: str, scheme: str) -> None:
    a = f"/programs/{world.a}"
    with visit(size, scheme) as here:
        here.sign_in(world.login("finance"), world.password)
        here.go(f"{a}/reconciliation")
        if not here.page.locator("table.list tbody a").count():  # whoever comes first brings it in
            here.page.get_by_role("button", name="Bring in a statement…").click()
            here.picture("bring-a-statement")
            here.page.get_by_label("Statement", exact=True).set_input_files(str(statement))
            here.page.get_by_role("button", name="Bring it in").click()
            here.page.wait_for_url("**/imports/*")
            with world.app.app_context():
                while do_one_job(world):
                    pass
                db.session.remove()
            here.go(f"{a}/reconciliation")
        here.picture("statements")
        here.press(here.page.locator("table.list tbody a").first)
        here.page.wait_for_url("**/reconciliation/*")
        here.picture("statement")
        here.go(f"{a}/differences?state=open")
        here.picture("differences")
        here.press(here.page.get_by_role("link", name="Missing there" if size == "desktop" else "Missing here").first)
        here.page.wait_for_url("**/differences/*")
        here.picture("difference")
        here.page.get_by_role("button", name="Close with a note…").click()
        here.page.get_by_label("Reason").last.fill("The provider looks into it")
        here.picture("difference-note")
        here.page.locator("#note").get_by_role("button", name="Close it").click()
        here.page.get_by_text("Closed, with your note.").wait_for()
        assert here.complaints == []
