"""Scenarios on pages: asked for by a form, replayed by a worker, looked at, put side by side, taken away, put away."""

import io
from collections.abc import Callable

from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.extensions import db
from app.models.scenarios import Scenario
from tests.app.web.conftest import token_of
from tests.app.web.world import World, do_one_job

As = Callable[[str], FlaskClient]
RULES = """
schema: kontor/1
program: {code: %s, name: A, sponsor: S, currency: PLN, country: PL, time_zone: Europe/Warsaw, locale: pl,
  starts_on: 2026-01-01, ends_on: 2026-12-31, point: {value: "0.10"},
  tiers: {levels: [{code: red, name: Red ones, from: 1}]}}
promotions:
  - {code: summer, name: The whole summer, from: 2026-01-01, until: 2026-12-31, target: {default: 1},
     steps: [{reach: 10000, reward: {points: 5}}]}
earning_rules:
  - {code: draft, name: Two a line, kind: per_line, points: 2, valid_from: 2026-12-01}
"""


def replayed(world: World) -> None:
    with world.app.app_context():
        while do_one_job(world):
            pass


def ask(administrator: FlaskClient, world: World, **more: object) -> str:
    new = f"/programs/{world.a}/scenarios/new"
    sent = {
        "csrf_token": token_of(administrator, new),
        "rules": "drafts",
        "from_on": "2026-01-01",
        "to_on": "2026-12-31",
    }
    done = administrator.post(new, data={**sent, **more}, content_type="multipart/form-data")
    assert done.status_code == 303, done.text
    return str(done.headers["Location"])


def test_a_scenario_is_asked_for_replayed_and_looked_at(world: World, as_: As) -> None:
    administrator, index = as_("administrator"), f"/programs/{world.a}/scenarios"
    file = (io.BytesIO((RULES % world.a).encode()), "draft.yaml")
    page = ask(administrator, world, rules="file", file=file, name="Two for every line")
    waiting = administrator.get(page).text
    assert "data-live" in waiting
    assert administrator.get(f"{page}/progress").json["ended"] is False
    assert administrator.get(f"{page}/workbook.xlsx").status_code == 404
    other = ask(administrator, world)
    replayed(world)
    shown = administrator.get(page).text
    assert "Two a line" in shown
    assert "No point moved." in shown
    assert "Two a line holds from 1 Dec 2026" in shown
    assert "as if held all the period; holds from 1 Dec 2026" in shown
    assert "reckoned as if" not in administrator.get(other).text
    assert "The whole summer" in shown
    assert "Red ones" in shown
    assert "No line is paid by two rules" in shown
    assert administrator.get(f"{page}/progress").json["share_bp"] == 10_000
    assert "Two for every line" in administrator.get(f"{page}/distributors?change=more").text
    with administrator.get(f"{page}/products?form=xlsx") as sheet, administrator.get(f"{page}/workbook.xlsx") as sent:
        assert sheet.status_code == 200
        book = load_workbook(io.BytesIO(sent.data))
    assert book.sheetnames[:2] == ["Rules", "Product groups"]
    assert {"Promotions", "Promotions by distributor", "Tiers"} < set(book.sheetnames)
    assert book["Promotions"]["A2"].value == "The whole summer"
    assert book["As if held all the period"]["A2"].value == "Two a line"
    assert [cell.value for cell in next(book["Rules"].iter_rows(min_row=2, max_row=2))][:1] == ["Two a line"]
    ids = [one.rpartition("/")[2] for one in (page, other)]
    chosen = {"csrf_token": token_of(administrator, page), "ids": ids}
    beside = administrator.post(f"{index}/beside", data=chosen, follow_redirects=True).text
    assert "Side by side" in beside
    assert "Rules as if they had held all the period" in beside
    assert "Two for every line" in beside
    assert "The whole summer" in beside
    assert "Red ones" in beside
    assert "Published rules with today’s drafts" in beside
    administrator.post(f"{page}/put-away", data={"csrf_token": chosen["csrf_token"]})
    assert administrator.get(page).status_code == 404


def test_what_makes_no_sense_is_refused_with_its_place(world: World, as_: As) -> None:
    administrator, new = as_("administrator"), f"/programs/{world.a}/scenarios/new"
    sent = {"csrf_token": token_of(administrator, new), "rules": "file", "from_on": "2026-02-01", "to_on": "2026-03-01"}
    multipart = {"content_type": "multipart/form-data"}
    assert "Choose a YAML file." in administrator.post(new, data=sent, **multipart).text
    wrong = {**sent, "rules": "published", "to_on": "2026-01-01"}
    assert "The period ends before it begins." in administrator.post(new, data=wrong, **multipart).text
    broken = (RULES % world.a).replace("points: 2", "points: 0")
    bad = {**sent, "file": (io.BytesIO(broken.encode()), "draft.yaml")}
    refused = administrator.post(new, data=bad, **multipart)
    assert refused.status_code == 400
    assert "earning_rules[0].points" in refused.text
    bad = {**sent, "file": (io.BytesIO(b"\xff\xfe\x00"), "draft.yaml")}
    assert administrator.post(new, data=bad, **multipart).status_code == 400
    unfit = (RULES % world.a).replace("points: 5", "points: 0.123")
    bad = {**sent, "file": (io.BytesIO(unfit.encode()), "draft.yaml")}
    refused = administrator.post(new, data=bad, **multipart)
    assert "0.123 has more decimals" in refused.text
    with world.app.app_context():
        assert not db.session.scalars(select(Scenario).where(Scenario.name == "Published rules as they are")).all()
    assert as_("viewer").get(new).status_code == 404
