"""How redemptions go and which run prepares itself, by pages: kept in the programme's document, noted, and undone."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.redemption_settings import Redemptions, ScheduledRun
from app.extensions import db
from app.models.people import AuditEvent
from app.models.programs import Program
from prepaid.issuers import provider_settings
from prepaid.redeeming.quoting import settings_of
from prepaid.scheduled import scheduled_of
from tests.app.web.finance.test_finance import post
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def _noted(world: World, action: str) -> list[AuditEvent]:
    with world.app.app_context(), transaction(db.session) as session:
        found = session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)).all()
        session.expunge_all()
    return [one for one in found if one.subject == world.a]


def _said(world: World) -> tuple[Redemptions, object]:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        return settings_of(program), scheduled_of(program)


def test_who_lets_redemptions_go_is_said_on_a_page(world: World, as_: As) -> None:
    page = f"/programs/{world.a}/redemptions/settings"
    admin = as_("administrator")
    assert f'href="{page}"' in admin.get(f"/programs/{world.a}/redemptions").text
    missing = post(admin, page, page, offered="y", approval="above")
    assert (missing.status_code, "Say above which amount." in missing.text) == (400, True)
    assert post(admin, page, page, offered="y", approval="above", approve_above="250.50").status_code == 303
    said = _said(world)[0]
    assert (said.offered, said.approval, str(said.approve_above)) == (True, "above", "250.50")
    assert 'value="250.50"' in admin.get(page).text
    assert post(admin, page, page, offered="y", approval="always", approve_above="250.50").status_code == 303
    assert _said(world)[0] == Redemptions()
    first, second = _noted(world, "provider.redemptions")
    assert first.after["approve_above"] == second.before["approve_above"] == "250.50"
    assert as_("finance").get(page).status_code == 404


def test_which_run_prepares_itself_is_said_on_a_page_and_taken_back(world: World, as_: As) -> None:
    page, runs = f"/programs/{world.a}/runs/schedule", f"/programs/{world.a}/runs"
    admin = as_("administrator")
    form = {"day": "7", "takes": "until_last_month", "groups": ["gold"], "minimum": "25"}
    assert post(admin, page, page, on="y", **form | {"day": "31"}).status_code == 400
    assert post(admin, page, page, on="y", **form).status_code == 303
    said = _said(world)[1]
    assert (said.day, said.takes, said.groups, said.minimum_points) == (7, "until_last_month", ["gold"], 25)
    shown = admin.get(runs).text
    assert "On day 7 of every month a run prepares itself." in shown
    assert "up to the end of the month before" in shown
    shown = admin.get(page).text
    assert 'value="25"' in shown
    assert post(admin, page, page, **form).status_code == 303
    assert _said(world)[1] is None
    assert "prepares itself" not in admin.get(runs).text
    on, off = _noted(world, "provider.schedule")
    assert (on.before, on.after["day"], off.before["day"], off.after) == (None, 7, 7, None)
    assert as_("viewer").get(page).status_code == 404


def test_another_day_of_a_run_leaves_whom_it_takes(world: World, as_: As) -> None:
    page = f"/programs/{world.a}/runs/schedule"
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        run = ScheduledRun(day=5, groups=["GOLD"], tiers=["from_a_file"])
        provider_settings.put_schedule(session, program, run, actor="ann", now=world.clock())
    admin = as_("administrator")
    boxes = re.findall(r'<input[^>]*name="groups"[^>]*>', admin.get(page).text)
    ticked = [re.findall(r'value="(\w+)"', box)[0] for box in boxes if " checked" in box]
    assert ticked == ["gold"], "as the group is written"
    assert post(admin, page, page, on="y", day="6", takes="last_month", groups=ticked).status_code == 303
    said = _said(world)[1]
    assert (said.day, said.groups, said.tiers) == (6, ["gold"], ["from_a_file"])
