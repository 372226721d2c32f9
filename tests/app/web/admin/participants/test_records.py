"""A distributor's record: all there is to know of it on one page, changed and blocked by whoever may."""

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.states import TopUpStatus
from app.extensions import db
from app.models.distributors import Distributor, DistributorGroup
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.telling.languages import writing
from app.services.tracing.happenings import Happening, Source
from app.web.admin.participants.story import _top_up_settled
from app.web.context import Scope
from app.web.long_words import breakable
from tests.app.web.account.test_account import asked_of_the_database
from tests.app.web.conftest import token_of
from tests.app.web.world import FORMULA, HOSTILE, World

As = Callable[[str], FlaskClient]


def record(world: World, code: str = "D-5") -> str:
    return f"/programs/{world.a}/distributors/{world.distributors[code]}/record"


def kept(world: World, code: str) -> Distributor:
    with world.app.app_context():
        found = db.session.get_one(Distributor, world.distributors[code])
        db.session.expunge(found)
        return found


def send(client: FlaskClient, address: str, page: str, **fields: Any) -> Any:
    return client.post(address, data={"csrf_token": token_of(client, page), **fields})


def titles(page: str) -> list[str]:
    return [html.unescape(re.sub("<[^>]+>", "", one)) for one in re.findall(r'<p class="event-title">(.*?)</p>', page)]


def story(client: FlaskClient, address: str) -> list[str]:
    """Read what happened by the story's own links, from its first page to its last."""
    seen: list[str] = []
    while address:
        page = client.get(address).text
        seen += titles(page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = html.unescape(found[1]) if found else ""
    return seen


def test_the_record_is_one_page_of_few_questions(world: World, as_: As) -> None:
    boss = as_("administrator")
    with asked_of_the_database(world) as asked:
        answer = boss.get(record(world))
    assert answer.status_code == 200
    assert len(asked) <= 12, asked
    assert len(answer.data) < 60_000
    for said in (
        "D-5",
        "Takes part",
        "distributor",
        "rep",
        breakable(world.login("rep")),
        "Expires next",
        "No card yet",
    ):
        assert said in answer.text, said


def test_each_happening_leads_to_its_cause(world: World, as_: As) -> None:
    client = as_("viewer")
    seen = story(client, f"{record(world)}?kind=documents")
    assert "Invoice FV/0 came in" in seen
    assert "Credit note KOR/1 came in" in seen
    assert len(seen) == len(set(seen)) >= 130
    leads = re.findall(r'event-title"><a href="([^"]+)"', client.get(record(world)).text)
    assert len(leads) == 25
    for lead in set(leads):
        assert client.get(lead).status_code == 200, lead


def test_whoever_may_not_see_the_log_or_messages_is_not_told_of_them(world: World, as_: As) -> None:
    def kinds(name: str) -> list[str]:
        return re.findall(r'record\?kind=(\w+)"', as_(name).get(record(world)).text)

    assert kinds("administrator") == ["documents", "points", "adjustments", "top_ups", "data", "people", "messages"]
    assert kinds("viewer") == ["documents", "points", "adjustments", "top_ups"]
    told = story(as_("viewer"), f"{record(world)}?kind=people")
    assert told
    assert not [one for one in told if world.login("rep") in one]
    assert world.login("rep") not in as_("viewer").get(record(world)).text
    joined = story(as_("administrator"), f"{record(world)}?kind=people")
    assert "rep joined as Sales rep" in joined


@pytest.mark.parametrize("query", ["kind=nonsense", "before=x", "before=2026-01-01T00:00:00%2B00:00~1~1", "kind="])
def test_what_is_asked_wrongly_is_left_out(world: World, as_: As, query: str) -> None:
    assert as_("viewer").get(f"{record(world)}?{query}").status_code == 200


def test_a_distributor_s_own_people_do_not_see_its_record(world: World, as_: As) -> None:
    for name in ("distributor", "rep", "other", "stranger", "assistant"):
        assert as_(name).get(record(world)).status_code == 404, name
    foreign = f"/programs/{world.a}/distributors/{world.distributor_of_b}/record"
    assert as_("administrator").get(foreign).status_code == 404


def test_only_whoever_may_edits_and_blocks(world: World, as_: As) -> None:
    page = as_("viewer").get(record(world)).text
    assert "/record/edit" not in page
    assert "/record/block" not in page
    token = token_of(as_("viewer"), f"/programs/{world.a}/distributors")
    for name in ("viewer", "finance", "verifier"):
        assert as_(name).get(f"{record(world)}/edit").status_code == 404
    sent = {"csrf_token": token, "reason": "x", "blocked": "yes"}
    assert as_("viewer").post(f"{record(world)}/block", data=sent).status_code == 404
    assert not kept(world, "D-5").blocked


def form_of(world: World, client: FlaskClient, code: str) -> dict[str, Any]:
    """Read the form as it stands on the page, as a browser would send it back unchanged."""
    page = client.get(f"{record(world, code)}/edit").text
    sent = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', page)}
    return {**sent, "group": "", "tax_status": "company"}


def test_data_are_changed_and_the_story_tells_it(world: World, as_: As) -> None:
    boss = as_("administrator")
    with world.app.app_context():
        gold = db.session.scalars(
            select(DistributorGroup.id)
            .join(Program, Program.id == DistributorGroup.program_id)
            .where(Program.code == world.a, DistributorGroup.code == "gold")
        ).one()
    form = form_of(world, boss, "D-7") | {"city": CITY, "group": str(gold), "tax_id": "5260001246"}
    form |= {"reason": "phoned", "enrolled_on": "2024-02-29"}
    answer = boss.post(f"{record(world, 'D-7')}/edit", data=form)
    assert answer.location == record(world, "D-7")
    found = kept(world, "D-7")
    assert (found.city, found.group_id, found.tax_id) == (CITY, gold, "5260001246")
    assert found.enrolled_on == dt.date(2024, 2, 29)
    story = boss.get(f"{record(world, 'D-7')}?kind=data").text
    assert "Data changed" in titles(story)
    assert html.escape(f"City: – → {CITY}") in story.replace("&#34;", "&quot;")
    assert "Group: – → Gold" in story
    assert re.search(r"In the programme since: \S+ \S+ \d{4} → 29 Feb 2024", story)
    assert "phoned" in story
    assert "<svg onload" not in story


CITY = f"Łódź {HOSTILE} {FORMULA}"


def test_a_wrong_form_is_kept_with_what_is_wrong_beside_it(world: World, as_: As) -> None:
    boss = as_("administrator")
    form = form_of(world, boss, "D-8") | {"name": " ", "city": "x" * 201, "region": "a\x00b", "group": "999999"}
    form |= {"enrolled_on": ""}
    answer = boss.post(f"{record(world, 'D-8')}/edit", data=form)
    assert answer.status_code == 400
    assert answer.text.count('class="field-problem"') == 5
    assert "x" * 201 in answer.text
    assert kept(world, "D-8").name == "Distributor 08"


def test_a_group_of_another_programme_is_no_choice(world: World, as_: As) -> None:
    boss = as_("administrator")
    with world.app.app_context():
        foreign = db.session.scalars(
            select(DistributorGroup.id)
            .join(Program, Program.id == DistributorGroup.program_id)
            .where(Program.code == world.b)
            .limit(1)
        ).one()
    form = form_of(world, boss, "D-8") | {"group": str(foreign)}
    assert boss.post(f"{record(world, 'D-8')}/edit", data=form).status_code == 400
    assert kept(world, "D-8").group_id is None


def test_a_distributor_is_blocked_with_a_reason_and_takes_part_again(world: World, as_: As) -> None:
    boss, page = as_("administrator"), record(world, "D-9")
    assert send(boss, f"{page}/block", page, blocked="yes", reason=" ").status_code == 400
    assert not kept(world, "D-9").blocked
    answer = send(boss, f"{page}/block", page, blocked="yes", reason=f"owes us {HOSTILE}")
    assert answer.location == page
    assert kept(world, "D-9").blocked
    shown = as_("viewer").get(page).text
    assert "owes us &lt;svg" in shown
    assert "Blocked: it neither earns nor redeems." in shown
    assert "Blocked" in as_("viewer").get(f"/programs/{world.a}/distributors?state=blocked").text
    send(boss, f"{page}/block", page, blocked="no", reason="paid")
    assert not kept(world, "D-9").blocked
    assert titles(boss.get(f"{page}?kind=data").text) == ["Takes part again", "Blocked"]
    with world.app.app_context():
        note = db.session.scalars(
            select(AuditEvent)
            .join(Program, Program.id == AuditEvent.program_id)
            .where(Program.code == world.a, AuditEvent.action == "distributor.unblock", AuditEvent.subject == "D-9")
        ).one()
        assert (note.actor, note.reason) == (world.login("administrator"), "paid")
        assert (note.before, note.after) == ({"blocked": True}, {"blocked": False})


def test_the_list_and_the_statement_lead_to_the_record(world: World, as_: As) -> None:
    listed = as_("viewer").get(f"/programs/{world.a}/distributors?q=D-5").text
    assert f'href="{record(world)}"' in listed
    statement = f"/programs/{world.a}/distributors/{world.distributors['D-5']}"
    assert f'href="{record(world)}"' in as_("viewer").get(statement).text
    assert record(world) not in as_("distributor").get(statement).text


@pytest.mark.parametrize(
    ("status", "title", "more"),
    [
        (TopUpStatus.LOADED, "Top-up settled: Reward, PLN\u202f12.50", ("Loaded",)),
        (TopUpStatus.FAILED, "Top-up failed: Reward, PLN\u202f12.50", ("The card is blocked.",)),
    ],
)
def test_a_load_that_failed_is_not_told_as_settled(
    world: World, status: TopUpStatus, title: str, more: tuple[str, ...]
) -> None:
    failure = "card_blocked" if status is TopUpStatus.FAILED else None
    parts = {"kind": "reward", "amount_minor": 1_250, "run_id": 1, "status": status.value, "failure": failure}
    with world.app.test_request_context("/"):
        g.scope, g.writing = Scope(Program(code="x", currency="PLN", currency_decimals=2, settings={})), writing("en")
        told = _top_up_settled(Happening(world.clock(), Source.TOP_UP_SETTLED, 1, parts))
    assert (told.title, told.more) == (title, more)
