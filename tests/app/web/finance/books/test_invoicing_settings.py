"""What is charged for loads, and who pays, said on a page: kept in the programme's document, noted, and undone."""

from collections.abc import Callable
from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.invoicing_settings import Invoicing
from app.extensions import db
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.setup.invoicing_terms import invoicing_of
from tests.app.web.finance.test_finance import post
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def _said(world: World) -> Invoicing:
    with world.app.app_context(), transaction(db.session) as session:
        return invoicing_of(session.scalars(select(Program).where(Program.code == world.a)).one())


def test_what_is_charged_for_loads_is_said_on_a_page(world: World, as_: As) -> None:
    index, page = f"/programs/{world.a}/invoicing", f"/programs/{world.a}/invoicing/settings"
    admin = as_("administrator")
    assert f'href="{page}"' in admin.get(index).text
    first = {"fees-0-valid_from": "2026-03-01", "fees-0-fee_per_load": "1.50", "fees-0-vat": "23"}
    again = {"fees-1-valid_from": "2026-03-01", "fees-1-fee": "0.5"}
    dayless = {"fees-1-fee": "2.5"}
    for wrong, why in ((again, "Two fees begin on this day."), (dayless, "Say from which day it is charged.")):
        refused = post(admin, page, page, fee_per_load="2", **first, **wrong)
        assert (refused.status_code, why in refused.text) == (400, True)
    assert _said(world) == Invoicing()
    assert post(admin, page, page, fee_per_load="2", sources_pay=["reward"], **first).status_code == 303
    said = _said(world)
    assert (said.fee_per_load, said.fee, said.sources_pay) == (Decimal(2), 0, ["reward"])
    ((from_on, each, vat),) = [(str(one.valid_from), one.fee_per_load, one.vat) for one in said.fees]
    assert (from_on, each, vat) == ("2026-03-01", Decimal("1.50"), 2_300)
    shown = admin.get(page).text
    assert 'name="fees-1-valid_from"' in shown, "there is a row for one more"
    charged = admin.get(f"{index}?from_on=2026-02-27&to_on=2026-03-02").text.replace("\u202f", " ")
    assert "charges PLN 2.00 for each" in charged
    assert "charges PLN 1.50 for each" in charged
    assert post(admin, page, page, sources_pay=["reward", "compensation", "withheld", "fee"]).status_code == 303
    assert _said(world) == Invoicing()
    with world.app.app_context(), transaction(db.session) as session:
        mine = (AuditEvent.action == "program.invoicing", AuditEvent.subject == world.a)
        changed = session.scalars(select(AuditEvent.after).where(*mine).order_by(AuditEvent.id)).all()
    assert [one.get("fee_per_load") for one in changed if one is not None] == ["2.00", None]
    assert as_("finance").get(page).status_code == 404
