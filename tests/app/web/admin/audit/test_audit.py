"""The audit log tells what was done, and what was and is, in the reader's words."""

import ast
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.tier_settings import Metric
from app.domain.states import RewardKind
from app.domain.typed.codes import code_key
from app.extensions import db
from app.models.programs import Program
from app.models.rewards import Reward
from app.services import audit
from app.web.admin.audit.lists import LIST
from app.web.admin.audit.subjects import page_of, subject_words
from app.web.admin.audit.words import state_words
from app.web.admin.people.outbox import MESSAGES
from app.web.platform.outbox import MESSAGES as ALL_MESSAGES
from tests.app.web.test_pages import counted
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
        "when": "at_end",
        "budget": "50000",
        "target": {"default": "1000.5", "growth": {"growth_bp": 1_000}},
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
        "When: When the promotion is closed",
        "Budget: 50,000",
        "Target: Growth: Growth: 10%; For all others: 1,000.5",
    ):
        assert words in page, words
    for raw in ("sole_trader", "2026-05-06", "per_unit", "{", "[]", "tax_status", "at_end"):
        assert raw not in page[page.index("<tbody") : page.index("</tbody")], raw
    of_orders = as_("administrator").get(f"{log}?q=WORDS&what=order").text
    assert "Order: sent" in of_orders
    assert "WORDS-1" not in of_orders


def test_what_became_of_a_run_and_what_an_export_has_is_told_in_words(world: World) -> None:
    settled = {"again": 0, "failed": 1, "still_open": 2, "status": "settled"}
    export = {"columns": ["code", "last4", "amount"], "form": "xlsx"}
    with world.app.test_request_context(headers={"Accept-Language": "pl"}):
        assert subject_words("conversion.approve conversion run 12") == "Wymiana punktów 12"
        assert subject_words("distributor.change D-5") == "D-5"
        assert "Niepowodzenie: 1" in (told := state_words(settled))
        assert "Stan: Rozliczone" in told
        assert "Kod dystrybutora, Karta (ostatnie 4 cyfry), Kwota" in state_words(export)
        assert "31/12/25" in state_words({"dates": "%d/%m/%y"}), (
            "what a format makes of a day, not how machines write it"
        )


@pytest.mark.parametrize(
    ("noted", "said", "page"),
    [
        ("adjustment.refused 4", "Adjustment 4", ("adjustments.show", "adjustment_id", 4)),
        ("export.scenario 5", "Scenario 5", ("scenarios.show", "scenario_id", 5)),
        ("redemption.gather conversion run 6", "Conversion run 6", ("runs.show", "run_id", 6)),
        ("import.undo sales (2).csv (7)", "sales (2).csv (7)", ("imports.show", "batch_id", 7)),
        ("reward.change BON-100", "BON-100", None),
        ("period.close 2026-10", "2026-10", None),
        ("supplier.write ", "", None),
        ("something.new 3", "3", None),
    ],
)
def test_what_has_a_number_is_called_by_its_kind_and_led_to(
    world: World, noted: str, said: str, page: tuple[str, str, int] | None
) -> None:
    with world.app.test_request_context():
        assert subject_words(noted) == said
        assert page_of(noted) == page
        if page is not None:
            assert page[1] in world.app.url_map._rules_by_endpoint[page[0]][0].arguments


def test_the_log_leads_to_what_something_was_done_to(world: World, as_: Callable[[str], FlaskClient]) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        noted = {"now": dt.datetime(2026, 5, 4, 11, 0, tzinfo=dt.UTC), "program_id": program.id}
        audit.note(session, "kontor", "order.deliver", "77", reason="LED-TO", **noted)
        keys = {"program_id": program.id, "sort_key": ""}
        of = {"kind": RewardKind.GOODS, "points": 10, "created_at": noted["now"], "changed_at": noted["now"]}
        reward = Reward(code="Led-1", code_key=code_key("Led-1"), name="Led", **of, **keys)
        session.add(reward)
        session.flush()
        led = {"D-5": f"distributors/{world.distributors['D-5']}/record", "LED-1": f"rewards/{reward.id}/preview"}
        for action, subject in (("distributor.block", "D-5"), ("reward.change", "LED-1"), ("draw.draw", "LED-1")):
            audit.note(session, "kontor", action, subject, reason="LED-TO", **noted)
        for subject in ("D-6", "NOBODY"):  # the first is no reward, the second nothing at all
            audit.note(session, "kontor", "reward.change", subject, reason="LED-TO", **noted)
    page = as_("administrator").get(f"/programs/{world.a}/audit?q=LED-TO").text
    assert f'<a href="/programs/{world.a}/orders/77">Order 77</a>' in page
    for subject, address in led.items():
        assert f'<a href="/programs/{world.a}/{address}">{subject}</a>' in page
    assert page.count(f'<a href="/programs/{world.a}/{led["LED-1"]}">') == 2
    assert ">D-6</td>" in page
    assert ">NOBODY</td>" in page


def test_many_distributors_are_named_with_one_query_and_what_is_no_day_stands_as_it_is(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    now = dt.datetime(2026, 5, 4, 10, 0, tzinfo=dt.UTC)
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        noted = {"now": now, "program_id": program.id}
        audit.note(session, "kontor", "pool.join", "ONE", **noted, after={"giver_id": world.distributors["D-5"]})
        for number, code in enumerate(["D-5", *sorted(world.distributors)[:9]]):
            id_ = world.distributors[code]
            audit.note(session, "kontor", "pool.join", f"MANY {number}", **noted, after={"giver_id": id_, "from": code})
        audit.note(session, "kontor", "pool.join", "MANY", **noted, after={"name": "2026-99-99", "giver_id": 10**12})
    log = f"/programs/{world.a}/audit"
    client = as_("administrator")
    with counted(world.app) as one:
        client.get(f"{log}?q=ONE")
    with counted(world.app) as several:
        page = client.get(f"{log}?q=MANY").text
    assert len(several) == len(one)
    assert "Distributor 05" in page
    assert "2026-99-99" in page
    assert str(10**12) in page


def test_days_are_those_of_the_programme_as_the_moments_are_written(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    """What happened in the last hour of November at UTC stands here as of the first hour of December, and is found."""
    late = dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.UTC)
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        audit.note(session, "kontor", "order.ship", "LATE-1", now=late, program_id=program.id)
    log, rows = f"/programs/{world.a}/audit?q=LATE-1", {}
    for days in ("at_from=2026-12-01&at_to=2026-12-31", "at_from=2026-11-01&at_to=2026-11-30", "at_from=2026-12-01"):
        page = as_("administrator").get(f"{log}&{days}").text
        rows[days] = "1 Dec 2026, 00:30" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert list(rows.values()) == [True, False, True]


def test_a_list_that_was_taken_away_is_named_as_its_page_names_it(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    administrator = as_("administrator")
    with administrator.get(f"/programs/{world.a}/own-accounts?form=csv") as file:
        assert file.status_code == 200
    page = administrator.get(f"/programs/{world.a}/audit?q=own_accounts").text
    assert "Accounts of people" in page
    assert "own_accounts" not in page[page.index("<tbody") :]


def test_every_list_has_its_title_in_the_log() -> None:
    titles = {}
    for module in (Path(__file__).parents[5] / "app" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Listing":
                said = {one.arg: one.value for one in node.keywords}
                name, title = said["name"], said["title"]
                if isinstance(name, ast.Constant):  # those whose names are put together stand below
                    assert isinstance(title, ast.Call)
                    assert isinstance(title.args[0], ast.Constant)
                    titles[name.value] = title.args[0].value
    assert titles
    assert {name: str(LIST[name]) for name in titles} == titles
    assert {str(LIST[f"tier_{metric.value}"]) for metric in Metric} == {"Members by tier"}
    assert str(LIST[MESSAGES.name]) == str(LIST[ALL_MESSAGES.name]) == "Messages"
