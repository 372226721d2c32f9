"""The audit log tells what was done, and what was and is, in the reader's words."""

import datetime as dt
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.programs import Program
from app.services import audit
from tests.app.web.world import World


def test_the_log_speaks_as_pages_do(world: World, as_: Callable[[str], FlaskClient]) -> None:
    now = dt.datetime(2026, 5, 4, 10, 0, tzinfo=dt.UTC)
    before = {"tax_status": "sole_trader", "blocked": False, "enrolled": None}
    after = {
        "tax_status": "company",
        "blocked": True,
        "from": "2026-05-06",
        "distributor_id": world.distributors["D-5"],
        "amount_minor": 123_450,
        "document": {"kind": "per_unit", "points": "1"},
        "narrowing": {"states": [], "runs": [4]},
    }
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        noted = {"now": now, "program_id": program.id, "before": before, "after": after}
        audit.note(session, "kontor", "distributor.tax_status", "WORDS-1", **noted)
        audit.note(session, "kontor", "order.ship", "WORDS-2", now=now, program_id=program.id)
    log = f"/programs/{world.a}/audit"
    page = as_("administrator").get(f"{log}?q=WORDS-1").text
    for words in (
        "Distributor: tax status changed",
        "Tax status: Sole trader",
        "Blocked: no",
        "Tax status: Company",
        "Blocked: yes",
        "From: 6 May 2026",
        "Distributor: Distributor 05",
        "1,234.50",
        "Document: as on its own page",
        "Filters: Runs: 4",
    ):
        assert words in page, words
    for raw in ("sole_trader", "2026-05-06", "per_unit", "{", "[]", "tax_status"):
        assert raw not in page[page.index("<tbody") : page.index("</tbody")], raw
    of_orders = as_("administrator").get(f"{log}?q=WORDS&what=order").text
    assert "Order: sent" in of_orders
    assert "WORDS-1" not in of_orders
