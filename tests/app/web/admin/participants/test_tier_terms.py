"""What tiers take and give is said on a page: kept in the programme's document, held against what is for a tier."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app.db.transaction import transaction
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.tier_settings import Fall, Metric, Tiers, Window
from app.extensions import db
from app.models.distributors import Distributor
from app.models.people import AuditEvent
from app.models.placements import TierChange, TierStanding
from app.models.programs import Program
from app.models.rewards import Reward, RewardAudience
from app.services.goods import catalogue
from app.services.setup import program_files, programs
from app.services.tiering import tier_judging
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]

SILVER = {"levels-0-name": "Silver partner", "levels-0-from_": "100", "levels-0-share": "80"}
GOLD = {
    "levels-1-name": "Gold",
    "levels-1-code": "AU",
    "levels-1-from_": "500",
    "levels-1-benefits": "A desk\n\nA trip",
}
YEAR = {"metric": "points", "window": "calendar_year", "fall": "by_one", "grace_days": "14", "remind_days": "0"}


@pytest.fixture
def page(world: World) -> Iterator[str]:
    """The address of the page; afterwards the programme says what it said before."""
    with world.app.app_context(), transaction(db.session) as session:
        document = programs.export(session, world.a)
    yield f"/programs/{world.a}/tiers/edit"
    with world.app.app_context(), transaction(db.session) as session:
        programs.load(session, program_files.read(document), actor="test", now=world.clock())
        of = programs.program_by_code(session, world.a).id
        for model in (TierChange, TierStanding):
            session.execute(delete(model).where(model.program_id == of))
        catalogue.mark_changed(session, of)


def _sent(boss: FlaskClient, page: str, **fields: str) -> tuple[int, str]:
    answer = boss.post(page, data={"csrf_token": token_of(boss, page), **YEAR, **fields}, follow_redirects=True)
    return answer.status_code, answer.text


def _said(world: World) -> Tiers:
    program = db.session.scalars(select(Program).where(Program.code == world.a)).one()
    return ProgramSettings.model_validate(program.settings).tiers


def test_tiers_are_set_up_and_changed_on_a_page_and_stay_in_the_document(world: World, as_: As, page: str) -> None:
    boss = as_("administrator")
    assert "Set up tiers" in boss.get(page.removesuffix("/edit")).text
    code, text = _sent(boss, page, **GOLD, **SILVER)
    assert (code, "Everybody is judged by it" in text) == (200, True), re.findall(r"field-problem[^<]*>([^<]*)", text)
    with world.app.app_context():
        said = _said(world)
        assert (said.metric, said.window, said.fall) == (Metric.POINTS, Window.CALENDAR_YEAR, Fall.BY_ONE)
        assert (said.grace_days, said.remind_days) == (14, 0)
        assert [(one.code, one.name, f"{one.from_:f}", one.redeemable_bp, one.benefits) for one in said.levels] == [
            ("silver-partner", "Silver partner", "100", 8_000, []),
            ("AU", "Gold", "500", 10_000, ["A desk", "A trip"]),
        ]
        written = programs.export(db.session, world.a)["program"]["tiers"]
        assert [(one["code"], one["from"]) for one in written["levels"]] == [("silver-partner", "100"), ("AU", "500")]
        noted = select(AuditEvent.after).where(AuditEvent.action == "program.tiers").order_by(AuditEvent.id.desc())
        assert db.session.scalars(noted.limit(1)).one()["levels"] == written["levels"]
    assert "tiers changed" in boss.get(f"/programs/{world.a}/audit").text
    shown = boss.get(page).text
    for value in ("Silver partner", "silver-partner", "500", "80", "14"):
        assert f'value="{value}"' in shown
    assert "A desk\nA trip" in shown
    # what has a code keeps it, whatever is sent; a row that is emptied is gone
    kept = {"levels-0-was": "AU", "levels-0-code": "other", "levels-0-name": "Golden", "levels-0-from_": "7"}
    code, text = _sent(boss, page, **{**kept, "levels-1-was": "silver-partner", "levels-1-name": " "})
    assert code == 200
    with world.app.app_context():
        assert [(one.code, one.name, one.from_) for one in _said(world).levels] == [("AU", "Golden", 7)]
    again = {**kept, "levels-0-code": "AU"}
    assert "Nothing was changed." in _sent(boss, page, **again)[1]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Name at least one tier."),
        ({"levels-0-name": "Silver"}, "Say from how much on somebody is in it"),
        ({"levels-0-from_": "5"}, "Name it, or empty its whole row."),
        ({**SILVER, "levels-0-from_": "-1"}, "Write a number from"),
        ({**SILVER, "levels-0-share": "101"}, "Write a number from"),
        ({**SILVER, **GOLD, "levels-1-from_": "100"}, "Another tier begins there"),
        ({**SILVER, **GOLD, "levels-1-code": "SILVER-PARTNER"}, "Another tier has this code."),
        ({**SILVER, "window": "rolling"}, "Say how many."),
        ({**SILVER, "metric": "amount", "levels-0-from_": "1.005"}, "decimals"),
        ({**SILVER, "levels-0-benefits": "x\n" * 21}, "at most 20 lines"),
        ({**SILVER, "metric": "nothing"}, "Not a valid choice"),
        ({**SILVER, "seen": "another"}, "Somebody changed the tiers meanwhile"),
        (
            {f"levels-{at}-{name}": f"{at}" for at in range(21) for name in ("name", "code", "from_")},
            "at most 20 tiers",
        ),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_changed(
    world: World, as_: As, page: str, fields: dict[str, str], words: str
) -> None:
    code, text = _sent(as_("administrator"), page, **fields)
    assert code == 400
    assert words in text
    for name, value in fields.items():
        if name.startswith("levels-0-name"):
            assert f'value="{value}"' in text, "what was typed is kept"
    with world.app.app_context():
        assert _said(world).levels == []


def test_where_no_row_is_sent_at_all_the_page_shows_those_that_there_are(world: World, as_: As, page: str) -> None:
    boss = as_("administrator")
    assert _sent(boss, page, **SILVER)[0] == 200
    code, text = _sent(boss, page)
    assert (code, "Name at least one tier." in text, 'value="Silver partner"' in text) == (400, True, True)


def test_a_tier_that_something_is_for_cannot_go(world: World, as_: As, page: str) -> None:
    boss = as_("administrator")
    assert _sent(boss, page, **SILVER, **GOLD)[0] == 200
    with world.app.app_context(), transaction(db.session) as session:
        document: dict[str, Any] = programs.export(session, world.a)
        rule = document["earning_rules"][0]
        rule["scope"] = {**rule.get("scope", {}), "tiers": ["Silver-Partner"]}
        document["earning_rules"].append(
            {"code": "up", "name": "Welcome up", "kind": "event", "event": "tier_reached", "about": ["AU"], "points": 5}
        )
        document["prepaid"] = {
            **document.get("prepaid", {}),
            "scheduled_run": {"day": 3, "takes": "last_month", "tiers": ["silver-partner"]},
        }
        programs.load(session, program_files.read(document), actor="test", now=world.clock())
        of = programs.program_by_code(session, world.a).id
        reward = session.scalars(select(Reward).where(Reward.program_id == of).limit(1)).first()
        if reward is not None:
            session.add(RewardAudience(reward_id=reward.id, program_id=of, tier="silver-partner"))
        named = reward.name if reward is not None else None
    code, text = _sent(boss, page, **GOLD)
    assert code == 400
    assert f"the rule {rule['name']} is for it" in text
    assert "the rule Welcome up is for it" not in text
    assert "the run that is planned every month is for it" in text
    assert named is None or f"the reward {named} is for it" in text
    with world.app.app_context():
        assert len(_said(world).levels) == 2
    assert "the rule Welcome up is for it" in _sent(boss, page, **SILVER)[1]
    with world.app.app_context(), transaction(db.session) as session:
        session.execute(delete(RewardAudience).where(RewardAudience.tier == "silver-partner"))


def test_everybody_is_judged_by_what_is_said_now(world: World, as_: As, page: str) -> None:
    boss = as_("administrator")
    _sent(boss, page, **{**SILVER, "levels-0-from_": "0"})

    def tiers() -> set[str | None]:
        with world.app.app_context(), transaction(db.session) as session:
            program = programs.program_by_code(session, world.a)
            tier_judging.judge(session, program, now=world.clock())
            ours = Distributor.program_id == program.id, Distributor.merged_into_id.is_(None)
            return set(session.scalars(select(Distributor.tier).where(*ours, Distributor.person_of_id.is_(None))))

    assert tiers() == {"silver-partner"}
    renewed = {"levels-0-was": "", "levels-0-name": "Base", "levels-0-code": "base", "levels-0-from_": "0"}
    assert _sent(boss, page, **renewed)[0] == 200
    assert tiers() == {"base"}, "whose tier is gone is in the one that they have enough for"
