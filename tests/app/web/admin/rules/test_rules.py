"""Rules are built by pages: a form, a sentence, where it meets others, a second person, versions, a grid, stacks."""

import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.states import RuleDraftState
from app.extensions import db
from app.models.programs import Program
from app.models.rule_drafts import RuleDraft
from app.models.rules import EarningRule, EarningRuleVersion
from app.services.setup import program_files, programs
from tests.app.web.conftest import enter, token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


class Rules:
    """The pages of one programme's rules, as one person uses them."""

    def __init__(self, world: World, client: FlaskClient) -> None:
        self.world, self.client = world, client
        self.base = f"/programs/{world.a}"

    def get(self, page: str) -> str:
        answer = self.client.get(f"{self.base}/{page}")
        assert answer.status_code == 200, (page, answer.status_code)
        return answer.text

    def post(self, page: str, status: int = 303, **fields: Any) -> Any:
        sent = {"csrf_token": token_of(self.client, f"{self.base}/rules/stacks/edit"), **fields}
        answer = self.client.post(f"{self.base}/{page}", data=sent)
        assert answer.status_code == status, re.findall(r"<li><a href=\"#[^<]*", answer.text)
        return answer

    def build(self, kind: str, **fields: Any) -> int:
        """Build a draft from nothing. Gives its id."""
        place = self.post(f"rules/build?kind={kind}", **fields).headers["Location"]
        return int(place.removesuffix("/grid").rpartition("/")[2])

    def publish(self, draft: int) -> str:
        """Publish a draft, and give the page that follows."""
        assert self.post(f"rules/drafts/{draft}/publish").headers["Location"].endswith("/rules")
        return self.get("rules")


@pytest.fixture
def boss(world: World, as_: As) -> Rules:
    return Rules(world, as_("administrator"))


@pytest.fixture
def second(world: World, as_: As) -> Rules:
    """Somebody else who may publish."""
    return Rules(world, as_("owner"))


def _newest(world: World, code: str) -> EarningRuleVersion:
    with world.app.app_context(), transaction(db.session) as session:
        found = session.scalars(
            select(EarningRuleVersion)
            .join(EarningRule, EarningRule.id == EarningRuleVersion.rule_id)
            .join(Program, Program.id == EarningRule.program_id)
            .where(Program.code == world.a, EarningRule.code == code)
            .order_by(EarningRuleVersion.version.desc())
            .limit(1)
        ).one()
        session.expunge(found)
        return found


def _set(world: World, **settings: Any) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        document = programs.export(session, world.a)
        document["program"] = {**document["program"], **settings}
        programs.load(session, program_files.read(document), actor="test", now=dt.datetime.now(dt.UTC))


def test_every_kind_has_its_form(world: World, boss: Rules) -> None:
    assert "What earns?" in boss.get("rules/new")
    for kind, own in {
        "per_unit": "points",
        "per_amount": "step",
        "per_line": "points",
        "per_document": "least_amount",
        "amount_bands": "bands-0-from_",
        "line_count_bands": "bands-0-points",
        "multiplier": "factor",
        "event": "event",
        "matrix": "default",
        "matrix_per_amount": "step",
    }.items():
        page = boss.get(f"rules/build?kind={kind}")
        assert f'name="{own}"' in page, kind
        assert ('name="products"' in page) == (kind != "event")
    assert boss.client.get(f"{boss.base}/rules/build?kind=none").status_code == 303


def _asked_to_publish(page: str, draft: int) -> str:
    """Read the question before a draft is published, which alone has the form that does it."""
    before, dialog = page.split('<dialog class="dialog" id="publish"')
    assert 'data-dialog="publish"' in before
    assert f"rules/drafts/{draft}/publish" not in before
    dialog = dialog.split("</dialog>")[0]
    assert f"rules/drafts/{draft}/publish" in dialog
    return dialog


def test_a_rule_is_built_looked_at_and_published(world: World, boss: Rules) -> None:
    fields = {"name": "Spring drills", "points": "3", "unit": "points", "product_groups": "drills", "stack": "base"}
    looked = boss.post("rules/build?kind=per_unit", 200, look="1", **fields).text
    assert "3 points for every piece; of the product group Drills." in looked
    assert "Where it meets other rules" in looked
    draft = boss.build("per_unit", **fields)
    page = boss.get(f"rules/drafts/{draft}")
    assert "3 points for every piece" in page
    assert "spring-drills" in page
    asked = _asked_to_publish(page, draft)
    assert "<dt>Holds from</dt><dd>sales of any day</dd>" in asked
    assert "3 points for every piece" in asked
    published = boss.publish(draft)
    assert "Published: it holds for whatever counts from now on." in published
    assert "Spring drills" in published
    assert _newest(world, "spring-drills").definition["points"] == "3"
    boss.post("rules/drafts/999999/publish", 404)


def test_a_new_rule_says_what_earlier_sales_earn_by_it(world: World, boss: Rules) -> None:
    fields = {"name": "Autumn drills", "points": "3", "unit": "points", "stack": "base"}
    draft = boss.build("per_unit", valid_from="2026-09-01", **fields)
    asked = _asked_to_publish(boss.get(f"rules/drafts/{draft}"), draft)
    assert "Sales issued before earn nothing by it." in asked
    assert "Published: it holds for sales from 1 Sept 2026 on." in boss.publish(draft)
    with world.app.app_context(), transaction(db.session) as session:
        rule = session.scalars(select(EarningRule.id).where(EarningRule.code == "autumn-drills")).one()
    fields |= {"points": "4", "valid_from": "2026-10-01"}
    made = boss.post(f"rules/{rule}/change", **fields).headers["Location"].rpartition("/")[2]
    asked = _asked_to_publish(boss.get(f"rules/drafts/{made}"), int(made))
    assert "Sales issued before stay with the version before it." in asked


def test_the_first_rules_hold_for_sales_of_any_day_where_nothing_was_sold_yet(
    world: World, as_: As, boss: Rules
) -> None:
    def proposed(client: FlaskClient, program: str) -> str:
        page = client.get(f"/programs/{program}/rules/build?kind=per_unit").text
        found = re.search(r'<input[^>]*name="valid_from"[^>]*>', page)
        assert found
        return found[0]

    assert re.search(r'value="\d', proposed(boss.client, world.a))
    with world.app.app_context(), transaction(db.session) as session:
        document = programs.export(session, world.a)
        document["program"] = {**document["program"], "code": "nothing-sold-yet"}
        empty = program_files.read({"schema": document["schema"], "program": document["program"]})
        programs.load(session, empty, actor="test", now=dt.datetime.now(dt.UTC))
    assert 'value="' not in proposed(as_("owner"), "nothing-sold-yet").replace('value=""', "")


BANDS = {"bands-0-from_": "100", "bands-0-points": "5"}
LONG = "x" * 65


@pytest.mark.parametrize(
    ("kind", "fields", "beside"),
    [
        (
            "amount_bands",
            {
                **BANDS,
                "bands-1-from_": "50",
                "bands-1-points": "9",
                "from_": "2026-05-01",
                "until": "2026-04-01",
                "hours_from": "12:00",
                "hours_until": "08:00",
                "cap_budget": "0",
                "distributor_groups": "nobody",
            },
            {
                "bands-1-from_": "Bands rise: this begins no higher than the one before.",
                "until": "The last day is before the first.",
                "hours_until": "The hours end before they begin.",
                "cap_budget": "A budget is above zero.",
                "distributor_groups": "No distributor group has the code nobody.",
            },
        ),
        (
            "amount_bands",
            {
                "bands-0-from_": "x",
                "bands-0-points": "5",
                "bands-1-from_": "1.555",
                "bands-1-points": "0.5",
                "bands-2-points": "9",
                "bands-3-from_": "9" * 20,
                "bands-3-points": "1",
            },
            {
                "bands-0-from_": "This is no number here. Write it like this: 12,480.50.",
                "bands-1-from_": "Write at most 2 decimals.",
                "bands-1-points": "Write a whole number.",
                "bands-2-from_": "Fill in both, or neither.",
                "bands-3-from_": "Write a number up to 100,000,000,000.",
            },
        ),
        (
            "line_count_bands",
            {"bands-0-from_": "1.5", "bands-0-points": "1"},
            {"bands-0-from_": "Write a whole number."},
        ),
        ("line_count_bands", {}, {"bands": "Give one band at least."}),
        ("per_line", {"points": "0.5"}, {"points": "Write a whole number."}),
        ("per_line", {"points": "0"}, {"points": "Write a number from 1 to 100,000,000,000."}),
        ("per_line", {"points": "0", "unit": "money"}, {"points": "Write a number from 0.01 to 100,000,000,000."}),
        ("per_unit", {"points": "0"}, {"points": "Write a number from 0.000001 to 100,000,000,000."}),
        (
            "per_amount",
            {"points": "", "step": "0.001", "priority": "1.5", "cap_day": "0.5"},
            {
                "points": "Say how much.",
                "step": "Write at most 2 decimals.",
                "priority": "Write a whole number.",
                "cap_day": "Write a whole number.",
            },
        ),
        ("per_line", {"points": "1", "priority": "1000001"}, {"priority": "Write a number from 0 to 1,000,000."}),
        (
            "per_line",
            {"points": "1", "products": LONG, "stack": "none", "days": "none"},
            {
                "products": f"“{LONG[:40]}…” is too long: a code has at most 64 letters.",
                "stack": "There is no stack none.",
                "days-0": "No days are named none.",
            },
        ),
        ("per_line", {"points": "1", "code": "base"}, {"code": "Another rule has this code."}),
        ("multiplier", {"factor": "1.00005"}, {"factor": "Write at most 4 decimals."}),
    ],
)
def test_what_is_wrong_stands_beside_its_field_all_at_once(
    boss: Rules, kind: str, fields: dict[str, str], beside: dict[str, str]
) -> None:
    page = boss.post(f"rules/build?kind={kind}", 400, name="Sevens", **fields).text
    found = dict(re.findall(r'<p class="field-problem" id="([^"]+)-problem">([^<]*?) ?</p>', page))
    assert found == {"days" if name == "days-0" else name: text for name, text in beside.items()}
    summary = page.split("data-problems", 1)[1].split("</ul>")[0]
    assert sorted(re.findall(r'<li>(?:<a href="#([^"]+)")?', summary)) == sorted(beside)
    assert "{" not in summary


def test_a_rule_takes_no_code_of_another(boss: Rules) -> None:
    assert "Another rule has this code" in boss.post("rules/build?kind=per_unit", 400, name="Base", points="1").text
    draft = boss.build("per_line", name="Twins", points="1")
    again = boss.post("rules/build?kind=per_line", 400, name="Twins", points="2").text
    assert "There is a draft of this rule: publish or drop it first." in again
    assert 'value="2"' in again, "what was typed is kept"
    renamed = boss.post(f"rules/drafts/{draft}/edit", 400, name="Twins", code="base", points="1").text
    assert "Another rule has this code" in renamed
    nameless = boss.post("rules/build?kind=per_line", 400, name="???", points="1").text
    assert 'id="code-problem">Give it a code.' in nameless


def test_a_version_never_changes_and_an_edit_makes_the_next(world: World, boss: Rules) -> None:
    boss.publish(boss.build("per_line", name="Lines", points="2", valid_from="2026-01-01"))
    first = _newest(world, "lines")
    rule = first.rule_id
    assert "Lines" in boss.get(f"rules/{rule}")
    place = boss.post(f"rules/{rule}/change", name="Lines", points="4", valid_from="2026-06-01").headers["Location"]
    draft = int(place.rpartition("/")[2])
    assert "<del>2</del>" in boss.get(f"rules/drafts/{draft}")
    assert f"/rules/drafts/{draft}/edit" in boss.post(f"rules/{rule}/change", points="9").headers["Location"]
    boss.publish(draft)
    newest = _newest(world, "lines")
    assert (newest.version, newest.definition["points"], str(newest.valid_from)) == (2, "4", "2026-06-01")
    log = boss.get("audit")
    assert "Draft of a rule: published" in log
    assert "Programme: loaded" not in log.partition("Draft of a rule: published")[0], "it is no file"
    assert "Version 1" in boss.get(f"rules/{rule}")
    assert "<td" in boss.get(f"rules/{rule}/compare?one=1&other=2")
    early = boss.post(f"rules/{rule}/end", 400, last="0001-01-01").text  # before the programme, and its sales
    assert _newest(world, "lines").version == 2
    dialog = early.partition('id="end"')[2].partition("</dialog>")[0]
    assert "choose that day or a later one" in dialog.partition('id="last-problem"')[2], "beside the field"
    assert 'value="0001-01-01"' in dialog, "what was typed is there still"
    assert "Choose a day." in boss.post(f"rules/{rule}/end", 400, last="").text
    boss.post(f"rules/{rule}/end", last="2026-09-30")
    ended = _newest(world, "lines")
    assert (ended.version, ended.definition["scope"]["until"]) == (3, "2026-09-30")
    assert "Ended" in boss.get(f"rules/{rule}")
    boss.post(f"rules/{rule}/end", last="9999-12-31")  # which others write for ever
    assert _newest(world, "lines").definition["scope"]["until"] == "9999-12-31"


def test_a_rule_ends_in_the_list_as_on_its_page(world: World, boss: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    boss.publish(boss.build("per_unit", code="brief", name="A brief one", points="1", valid_from="2026-01-01"))
    last = local_date(world.clock(), "Europe/Warsaw") + dt.timedelta(days=1)
    boss.post(f"rules/{_newest(world, 'brief').rule_id}/end", last=str(last))
    assert "A brief one" in boss.get("rules?state=in_force")
    monkeypatch.setattr(world, "later", dt.timedelta(days=2))
    afterwards = Rules(world, world.app.test_client())
    enter(world, afterwards.client, world.login("administrator"))
    assert "A brief one" in afterwards.get("rules?state=ended")
    assert "A brief one" not in afterwards.get("rules?state=in_force")


def test_what_the_programme_asks_of_a_second_person(world: World, boss: Rules, second: Rules) -> None:
    _set(world, rules={"second_person": True})
    try:
        draft = boss.build("event", name="Training", event="training", about="safety", points="20")
        boss.post(f"rules/drafts/{draft}/publish")
        assert "another person publishes" in boss.get(f"rules/drafts/{draft}")
        boss.post(f"rules/drafts/{draft}/ask")
        assert "another person publishes it" in boss.get(f"rules/drafts/{draft}")
        boss.post(f"rules/drafts/{draft}/publish")
        second.post(f"rules/drafts/{draft}/back", note="more points")
        assert "more points" in boss.get(f"rules/drafts/{draft}")
        boss.post(f"rules/drafts/{draft}/edit", name="Training", event="training", about="safety", points="30")
        boss.post(f"rules/drafts/{draft}/ask")
        second.publish(draft)
        with world.app.app_context(), transaction(db.session) as session:
            written = program_files.to_yaml(programs.export(session, world.a)).replace("second_person: true", "{}")
        file = {"file": (io.BytesIO(written.encode()), "programme.yaml")}
        assert "take a second person here" in boss.post("settings/file", 400, **file).text
    finally:
        _set(world, rules={})
    assert _newest(world, "training").definition["points"] == "30"
    with world.app.app_context(), transaction(db.session) as session:
        held = session.get_one(RuleDraft, draft)
        assert held.state is RuleDraftState.PUBLISHED
        assert held.decided_by == world.login("owner")
    second.post(f"rules/drafts/{draft}/drop")
    assert "20 points" not in second.get(f"rules/drafts/{draft}")


def test_a_matrix_is_a_grid(world: World, boss: Rules) -> None:
    draft = boss.build("matrix", name="Grid", default="1")
    cells = {"rate-0-0": "5", "rate-1-1": "2.5"}
    wrong = boss.post(f"rules/drafts/{draft}/grid", 400, **cells, **{"rate-0-1": "many", "rate-1-0": "-1"}).text
    assert 'id="rate-0-1-problem"' in wrong
    assert 'id="rate-1-0-problem"' in wrong
    large = boss.post(
        f"rules/drafts/{draft}/grid", 400, **{"rate-0-0": "9" * 20, "rate-0-1": "100000000001", "rate-1-0": "1.0000001"}
    ).text
    assert re.findall(r'<small class="field-problem"[^>]*>([^<]*)<', large) == [
        "Write a number up to 100,000,000,000.",
        "Write a number from 0 to 100,000,000,000.",
        "Write at most 6 decimals.",
    ]
    bad = boss.post(
        f"rules/drafts/{draft}/grid", 400, **cells, paste="\tGold\tLead\nTools\t7\t1\nPaint\t1\nDrills\tx"
    ).text
    assert bad.count("is called so") == 2
    assert "this is no number here" in bad
    looked = boss.post(f"rules/drafts/{draft}/grid", 200, look="1", paste="\tGold\tSilver\nTools\t7\t8").text
    assert 'value="7"' in looked
    boss.post(f"rules/drafts/{draft}/grid", **cells)
    boss.publish(draft)
    rule = _newest(world, "grid").rule_id
    shown = boss.get(f"rules/{rule}/grid")
    assert "rate-own" in shown
    assert "rate-above" in shown
    assert "rate-default" in shown
    book = openpyxl.load_workbook(io.BytesIO(boss.client.get(f"{boss.base}/rules/{rule}/rates.xlsx").data))
    rows = [tuple(cell.value for cell in row) for row in book.active.iter_rows()]
    assert rows[0] == ("product_group", "distributor_group", "points", "matrix")
    assert {(*row[:2], Decimal(str(row[2]))) for row in rows[1:]} == {
        ("tools", "gold", Decimal(5)),
        ("drills", "silver", Decimal("2.5")),
    }
    again = boss.post(f"rules/{rule}/grid").headers["Location"]
    assert again == boss.post(f"rules/{rule}/grid").headers["Location"]
    boss.post(f"rules/drafts/{int(again.removesuffix('/grid').rpartition('/')[2])}/drop")


def test_stacks_and_named_days_are_edited(world: World, boss: Rules) -> None:
    sent = {
        "stacks-0-code": "base",
        "stacks-0-policy": "best",
        "stacks-1-code": "extra",
        "stacks-1-policy": "first",
        "days-0-name": "fair",
        "days-0-dates": "2026-05-05\n06/05/2026",
    }
    twice = boss.post("rules/stacks/edit", 400, **{**sent, "stacks-1-code": "Base", "days-0-dates": "soon"}).text
    assert "stands here twice" in twice
    assert "Write dates like this" in twice
    place = boss.post("rules/stacks/edit", **sent).headers["Location"]
    stacks = int(place.rpartition("/")[2])
    assert "<del>" in _asked_to_publish(boss.get(f"rules/drafts/{stacks}"), stacks), "what changes"
    boss.publish(stacks)
    shown = boss.get("rules/stacks")
    assert "The one that goes first" in shown
    assert "5 May 2026, 6 May 2026" in shown
    emptied = {"stacks-0-code": "base", "stacks-0-policy": "sum"}
    boss.publish(boss.build("per_line", name="At the fair", points="2", stack="extra", days="fair"))
    used = boss.post("rules/stacks/edit", 400, **emptied).text
    assert 'id="stacks-problem">Keep the stack extra: the rule At the fair is in it. <' in used
    assert 'id="days-problem">Keep the days fair: the rule At the fair asks for them. <' in used
    assert 'id="stacks"' in used
    assert 'id="days"' in used
    rule = _newest(world, "at-the-fair").rule_id
    changed = boss.post(f"rules/{rule}/change", name="At the fair", points="2", stack="base").headers["Location"]
    boss.publish(int(changed.rpartition("/")[2]))
    back = boss.post("rules/stacks/edit", **emptied).headers["Location"]
    boss.publish(int(back.rpartition("/")[2]))


def test_a_programme_changed_by_pages_exports_as_a_file_that_loads_to_the_same(world: World, boss: Rules) -> None:
    boss.publish(boss.build("multiplier", name="Twice", factor="2", weekdays="mon", cap_month="100"))
    with world.app.app_context(), transaction(db.session) as session:
        written = program_files.to_yaml(programs.export(session, world.a))
        read = program_files.parse(written)
        assert programs.load(session, read, actor="test", now=dt.datetime.now(dt.UTC)).changes == []
        other = program_files.parse(written.replace(world.a, f"{world.a}-copy"))
        loaded = programs.load(session, other, actor="test", now=dt.datetime.now(dt.UTC))
        assert (
            programs.export(session, loaded.code)["earning_rules"] == programs.export(session, world.a)["earning_rules"]
        )


def test_what_a_scope_names_is_offered(world: World, boss: Rules) -> None:
    found = boss.client.get(f"{boss.base}/naming?of=product_groups&q=dri").get_json()["found"]
    assert found == [{"code": "drills", "name": "Drills"}]
    for of in ("products", "distributors", "distributor_groups", "tiers", "outlets", "channels", "nothing"):
        assert boss.client.get(f"{boss.base}/naming?of={of}&q=d").status_code == 200


def test_events_are_told_by_hand_and_referrals_named(world: World, boss: Rules) -> None:
    boss.publish(boss.build("event", name="Survey", event="survey", points="15"))
    told = {"distributor": "D-5", "event": "survey", "about": "spring", "on": "2026-05-05"}
    boss.post("events/new", **told)
    boss.post("events/new", **told)
    page = boss.get("events")
    assert page.count("spring") == 1
    assert "15" in page
    assert "has this code" in boss.post("events/new", 400, **{**told, "distributor": "none"}).text
    assert "still to come" in boss.post("events/new", 400, **{**told, "on": "2999-01-01"}).text
    boss.post("events/referral", distributor="D-6", referrer="D-5")
    assert "has this code" in boss.post("events/referral", 400, distributor="D-6", referrer="D-6").text


def test_a_distributor_names_who_brought_it(world: World, boss: Rules, as_: As) -> None:
    boss.publish(boss.build("event", name="Referral", event="referral", points="50"))
    owner = as_("distributor")
    company = f"/portal/{world.a}/{world.distributors['D-5']}/company"
    assert "Who brought you here?" not in owner.get(company).text, "it has sold already"
    sent = {"csrf_token": token_of(owner, company), "referrer": "D-7"}
    assert owner.post(f"{company}/brought-by", data=sent).status_code == 303
    assert "sold already" in owner.get(company).text
    assert owner.post(f"{company}/brought-by", data=sent | {"referrer": "D-5"}).status_code == 400
