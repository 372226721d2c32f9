"""Finance prepares a run of many accounts: its page tells how far workers are, and then what it comes to."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.programs import Program
from prepaid.conversions import preparing
from tests.app.web.world import World, do_one_job

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]


def work(world: World, *, jobs: int | None = None) -> None:
    """Do so many jobs of those that wait, or all."""
    with world.app.app_context():
        done = 0
        while (jobs is None or done < jobs) and do_one_job(world):
            done += 1
        db.session.remove()


def settings_of(world: World, changed: dict[str, Any]) -> dict[str, Any]:
    """Change settings of the programme, and give them as they were."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        before, program.settings = program.settings, program.settings | changed
    return before


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_run_of_many_accounts_tells_how_far_it_is_and_is_called_off(
    world: World, journey: Journeys, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 1)
    work(world)
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("finance"), world.password)
        here.go(f"/programs/{world.a}/runs/new")
        page.get_by_label("Points earned from").fill("2026-01-01")
        page.get_by_label("Points earned until").fill("2046-12-31")
        here.press(page.get_by_role("button", name="Preview"))
        here.look("run-preparing")
        page.get_by_role("heading", name="Selecting and freezing").wait_for()
        accounts = int(page.locator("[data-live-text=accounts]").inner_text())
        assert accounts >= 2
        work(world, jobs=1)
        page.locator("[data-live-text=done]", has_text="1").wait_for()
        assert page.get_by_role("progressbar").get_attribute("value") == str(10_000 // accounts)
        here.look("run-prepared-in-part")
        before = settings_of(world, {"name": "Another name"})
        work(world)
        page.get_by_text("Put them back and go on").wait_for()
        here.look("run-stopped")
        settings_of(world, before)
        here.press(page.get_by_role("button", name="Go on"))
        here.look("run-goes-on")
        work(world)
        page.get_by_text("Waits for approval").first.wait_for()
        here.look("run-prepared")
        page.get_by_role("button", name="Cancel this run…").click()
        page.get_by_label("Reason").fill("Only a look")
        here.press(page.get_by_role("button", name="Cancel the run"))
        here.look("run-called-off")
