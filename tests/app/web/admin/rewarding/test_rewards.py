"""Rewards on pages: written, offered together, seen by those they are for, drawn, and brought by a sale."""

import datetime as dt
import html
import io
import re
from collections.abc import Callable, Iterator

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.rewards import draws as draw_rules
from app.domain.rewards.reward_prices import Season
from app.extensions import db
from app.models.distributors import Distributor
from app.models.instants import InstantGrant, InstantReward
from app.models.orders import Draw, OrderLine
from app.models.programs import Program
from app.models.rewards import Reward, RewardAudience, RewardPicture, RewardSeason
from app.services.goods import catalogue
from app.services.instants import due
from app.services.rewarding.rewards import RewardRow, put_rewards
from app.web.admin.rewarding.rewards import REWARDS
from tests.app.web.admin.rewarding.shopping import (
    ADDRESS,
    at,
    checkout,
    enrich,
    into_basket,
    mine,
    picture,
    told,
    write,
)
from tests.app.web.conftest import enter, token_of
from tests.app.web.lists.test_together import send, shown
from tests.app.web.world import World
from tests.support import programs
from tests.support.sales import Sold, sell

As = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def _session_gone(world: World) -> Iterator[None]:
    yield
    with world.app.app_context():
        db.session.remove()


def test_a_reward_is_written_with_seasons_and_a_picture_and_seen(world: World, as_: As) -> None:
    boss = as_("administrator")
    new = at(world, "/new")
    lacking = boss.post(new, data={"csrf_token": token_of(boss, new), "code": "x", "name": "x", "priced": "cost"})
    assert (lacking.status_code, "fill it in" in lacking.text) == (400, True)
    seasons = {
        "seasons-0-points": "8",
        "seasons-0-from_on": str(local_date(world.clock(), "Europe/Warsaw")),
        "seasons-0-until_on": str(local_date(world.clock(), "Europe/Warsaw")),
    }
    made = write(boss, world, "mug", category="Kitchen", description="Keeps warm.", **seasons)
    assert [one.points for one in told(world, select(RewardSeason).where(RewardSeason.reward_id == made))] == [8]
    page = at(world, f"/{made}")
    sent = {"csrf_token": token_of(boss, page), "picture": (io.BytesIO(picture()), "../mug.png")}
    kept = boss.post(f"{page}/picture", data=sent, follow_redirects=True)
    assert "The picture is kept." in kept.text
    (stored,) = told(world, select(RewardPicture).where(RewardPicture.reward_id == made))
    assert (stored.content[:4], stored.content[8:12]) == (b"RIFF", b"WEBP")
    shown_one = boss.get(f"/look/rewards/{stored.sha256.hex()}")
    assert (shown_one.status_code, shown_one.mimetype) == (200, "image/webp")
    broken = {"csrf_token": token_of(boss, page), "picture": (io.BytesIO(b"<svg onload=alert(1)>"), "x.png")}
    assert "This is no picture" in boss.post(f"{page}/picture", data=broken, follow_redirects=True).text
    seen = boss.get(f"{page}/preview?distributor=D-5").text
    assert boss.get(f"{page}/preview?distributor=D-%005").status_code == 200, "what no keyboard writes is left out"
    assert "Keeps warm." in seen
    assert "Today only" in seen
    owner = as_("distributor")
    catalogue = owner.get(mine(world, "/rewards?category=Kitchen")).text
    assert "Reward mug" in catalogue
    assert stored.sha256.hex() in catalogue
    assert "Reward mug" not in owner.get(mine(world, "/rewards?category=Garden")).text
    assert as_("rep").get(mine(world, "/rewards")).status_code == 404


def test_a_family_stands_in_the_catalogue_once_with_its_sizes(world: World, as_: As) -> None:
    boss, new = as_("administrator"), at(world, "/new")
    half = {"csrf_token": token_of(boss, new), "code": "x", "name": "x", "points": "1", "family": "Jacket"}
    lacking = boss.post(new, data=half)
    assert (lacking.status_code, "Fill in both or leave both empty" in lacking.text) == (400, True)
    of = {"family": "Rain jacket", "category": "Worn"}
    large = write(boss, world, "RJ-XL", points="12", variant="XL", **of)
    more = boss.get(f"{new}?like={large}").text
    assert re.search(r'name="family"[^>]*value="Rain jacket"', more)
    assert re.search(r'name="category"[^>]*value="Worn"', more)
    assert not re.search(r'name="(code|variant)"[^>]*value="[^"]', more)
    assert boss.get(f"{new}?like=999999999").status_code == 404
    small, none = (
        write(boss, world, f"RJ-{one}", variant=one, stock=left, **of) for one, left in (("S", "3"), ("M", "0"))
    )
    sent = {"csrf_token": token_of(boss, at(world, f"/{large}")), "picture": (io.BytesIO(picture()), "jacket.png")}
    boss.post(at(world, f"/{large}/picture"), data=sent)
    (stored,) = told(world, select(RewardPicture.sha256).where(RewardPicture.reward_id == large))

    owner = as_("distributor")
    catalogue = owner.get(mine(world, "/rewards?category=Worn")).text
    assert catalogue.count('class="card reward"') == 1
    assert "Rain jacket</a>" in catalogue
    assert "S · XL</p>" in catalogue, "M is not to be had"
    assert re.search(r"from <strong>10</strong> points", catalogue)
    assert mine(world, f"/rewards/{small}") in catalogue
    assert stored.hex() in catalogue, "the picture that one of them has"
    assert owner.get(mine(world, "/rewards?q=RJ-XL")).text.count('class="card reward"') == 1
    page = html.unescape(owner.get(mine(world, f"/rewards/{small}")).text)
    places = [page.index(f'{mine(world, "/rewards")}/{one}"') for one in (small, none, large)]
    assert places == sorted(places)
    assert "M: not to be had now" in page
    assert stored.hex() in page
    preview = boss.get(at(world, f"/{none}/preview?distributor=D-5")).text
    assert at(world, f"/{large}/preview?distributor=D-5") in preview
    assert preview.count('class="card reward"') == 1


def test_a_reward_is_for_tiers_that_there_are(world: World, as_: As) -> None:
    boss, new = as_("administrator"), at(world, "/new")
    with world.app.app_context(), transaction(db.session) as session:
        session.execute(update(Distributor).where(Distributor.id == world.distributors["D-5"]).values(tier="Gold"))
    assert 'name="tiers" value="Gold">' in boss.get(new).text
    unknown = {"csrf_token": token_of(boss, new), "code": "t", "name": "t", "points": "1", "tiers": "Tin"}
    refused = boss.post(new, data=unknown)
    assert (refused.status_code, "data-problems" in refused.text) == (400, True)
    made = write(boss, world, "tiered", tiers="Gold")
    assert [one.tier for one in told(world, select(RewardAudience).where(RewardAudience.reward_id == made))] == ["Gold"]
    # a tier that nobody bears any more stays what the reward is for
    with world.app.app_context(), transaction(db.session) as session:
        session.execute(update(Distributor).where(Distributor.id == world.distributors["D-5"]).values(tier=None))
    assert 'name="tiers" value="Gold" checked>' in boss.get(at(world, f"/{made}")).text
    assert 'name="tiers"' not in boss.get(new).text


def test_a_season_is_over_in_the_list_when_it_is_where_the_programme_is(session: Session, code: str) -> None:
    now = dt.datetime.now(dt.UTC)
    zone = "Pacific/Kiritimati" if now.hour >= 12 else "Etc/GMT+12"  # a day ahead of, or behind, the day in UTC
    program = programs.load(session, programs.document(code, program={"time_zone": zone}))
    there = local_date(now, zone)
    row = RewardRow(code="mug", name="Mug", points=10, seasons=[Season(8, there - dt.timedelta(days=9), there)])
    put_rewards(session, program, [row], actor="ann", now=now)
    (column,) = (one for one in REWARDS.columns if one.key == "season_points")
    in_season = select(column.value).select_from(Reward).where(Reward.program_id == program.id)
    assert session.scalars(in_season, {"today": there}).one() == 8
    assert session.scalars(in_season, {"today": there + dt.timedelta(days=1)}).one() is None


def test_a_season_ends_in_the_list_by_our_own_clock(world: World, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    boss, there = as_("administrator"), local_date(world.clock(), "Europe/Warsaw")
    season = {"seasons-0-points": "7", "seasons-0-from_on": str(there), "seasons-0-until_on": str(there)}
    write(boss, world, "lamp", name="Standard lamp", **season)
    assert "Standard lamp" in (today := boss.get(at(world, "?q=Standard+lamp")).text)
    assert '<td class="num desk-only">7</td>' in today
    monkeypatch.setattr(world, "later", dt.timedelta(days=1))
    afterwards = world.app.test_client()
    enter(world, afterwards, world.login("administrator"))
    assert "Standard lamp" in (tomorrow := afterwards.get(at(world, "?q=Standard+lamp")).text)
    assert '<td class="num desk-only">7</td>' not in tomorrow


def test_the_sheet_has_what_an_import_reads(world: World, as_: As) -> None:
    write(as_("administrator"), world, "sheeted", name="=1+1")
    with as_("finance").get(at(world, "/sheet")) as taken:
        book = openpyxl.load_workbook(io.BytesIO(taken.data))
    head, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert {"Code", "Points", "Seasons", "Supplier"} <= set(head)
    assert "=1+1" in [row[head.index("Name")] for row in rows]
    assert as_("viewer").get(at(world, "/sheet")).status_code == 404


def test_prices_are_not_summed_up(world: World, as_: As) -> None:
    write(as_("administrator"), world, "priced", name="Priced")
    with as_("finance").get(at(world, "?form=xlsx")) as taken:
        *_rows, last = openpyxl.load_workbook(io.BytesIO(taken.data)).worksheets[0].iter_rows(values_only=True)
    assert last[0] != "Total"


def test_many_are_withdrawn_offered_and_categorised_together(world: World, as_: As) -> None:
    boss = as_("administrator")
    ids = [write(boss, world, f"many-{at}") for at in range(2)]
    look = send(boss, at(world), "withdraw", ids)
    assert sorted(shown(look)) == sorted(map(str, ids))
    done = send(boss, at(world), "withdraw", ids, sure="yes")
    assert "2 rewards are withdrawn." in boss.get(done.location).text
    again = send(boss, at(world), "withdraw", ids, sure="yes")
    assert "It is so already." in boss.get(again.location).text
    send(boss, at(world), "offer", ids, sure="yes")
    send(boss, at(world), "category", ids, sure="yes", category="Both")
    kept = told(world, select(Reward).where(Reward.id.in_(ids)))
    assert {(one.offered, one.category) for one in kept} == {(True, "Both")}


def test_what_is_ordered_while_somebody_edits_a_reward_stays_off_its_stock(world: World, as_: As) -> None:
    boss = as_("administrator")
    pen = write(boss, world, "pen", stock="5")
    page = at(world, f"/{pen}")
    (seen,) = re.findall(r'name="stock_seen"[^>]* value="(\d*)"', boss.get(page).text)
    with world.app.app_context(), transaction(db.session) as session:
        session.get_one(Reward, pen).stock = 2  # three were ordered meanwhile
    sent = {"csrf_token": token_of(boss, page), "code": "pen", "kind": "goods", "priced": "hand", "points": "10"}
    for typed, left in (("5", 2), ("9", 9)):
        answer = boss.post(page, data={**sent, "name": f"Pen {typed}", "stock": typed, "stock_seen": seen})
        assert answer.status_code == 303
        (kept,) = told(world, select(Reward).where(Reward.id == pen))
        assert (kept.name, kept.stock) == (f"Pen {typed}", left)


def test_a_draw_is_promised_drawn_and_shown(world: World, as_: As) -> None:
    boss, owner = as_("administrator"), as_("distributor")
    ticket = write(boss, world, "ticket", kind="draw", prizes="1")
    enrich(world)
    page = at(world, f"/{ticket}")
    assert "fixed before the first ticket" in boss.get(page).text
    with world.app.app_context():
        promised = db.session.scalars(select(Draw.promised_hash).where(Draw.reward_id == ticket)).one().hex()
        db.session.remove()
    assert promised in owner.get(mine(world, f"/rewards/{ticket}")).text
    into_basket(owner, world, ticket, 2)
    placed = owner.post(mine(world, "/basket/confirm"), data=checkout(owner, world)).location
    assert promised in owner.get(placed).text
    token = {"csrf_token": token_of(boss, page)}
    asked = boss.get(page).text
    sure = asked[asked.index('<dialog class="dialog" id="draw-now"') :]
    assert f'action="{page}/draw"' in sure[: sure.index("</dialog>")], "what cannot be taken back is asked about first"
    assert asked.count(f'action="{page}/draw"') == 1
    assert "Tickets can still be had" in boss.post(f"{page}/draw", data=token, follow_redirects=True).text
    send(boss, at(world), "withdraw", [ticket], sure="yes")
    assert "Drawn: 1 ticket won." in boss.post(f"{page}/draw", data=token, follow_redirects=True).text
    shown_after = owner.get(placed).text
    assert "won prize 1" in shown_after
    seed, of_list = re.findall(r'class="hash">([0-9a-f]{64})<', shown_after)[1:]
    assert (draw_rules.promise(bytes.fromhex(seed)), draw_rules.list_hash(["1", "2"])) == (promised, of_list)
    assert "your ticket" in owner.get(mine(world, "/notices")).text


def test_a_sale_brings_a_reward_that_asks_where_it_goes(world: World, as_: As) -> None:
    boss, owner = as_("administrator"), as_("distributor")
    gift = write(boss, world, "instant", name="Gift for a sale", offered="")
    page = at(world, f"/{gift}")
    typed = {"name": "A gift with 1,000 and more", "rule": "base", "least": "1"}
    typed |= {"pieces": "1", "first_on": "2026-07-01", "budget": "1000"}  # nothing else was sold as late
    said = {"csrf_token": token_of(boss, page), **{f"sale-{name}": text for name, text in typed.items()}}
    assert "Choose a rule" in boss.post(f"{page}/instants", data={**said, "sale-rule": ""}, follow_redirects=True).text
    backwards = boss.post(f"{page}/instants", data={**said, "sale-last_on": "2025-12-31"}, follow_redirects=True)
    assert "It ends before it begins." in backwards.text
    assert "A gift with 1,000 and more" in boss.post(f"{page}/instants", data=said, follow_redirects=True).text
    assert "A gift with 1,000 and more" in owner.get(mine(world, "/rewards")).text
    with world.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            product = catalogue.product_ids(session, program.id)["p1"]
            sell(session, program, [Sold("BRINGS/1", world.distributors["D-5"], product, 1, 500_00, "2026-07-01")])
        assert due.run_due(db.session, world.keys, world.clock(), world.a).given == 1
        of = select(InstantGrant.order_id).where(InstantGrant.number == "BRINGS/1")
        order = db.session.scalars(of).one()
        db.session.remove()
    address = mine(world, f"/orders/{order}")
    told = owner.get(address).text
    assert "It cost you nothing" in told
    assert "Where does it go?" in told, "nothing was ordered here before that says so"
    asked = told[told.index('id="where-title"') :]
    hidden = dict.fromkeys(re.findall(r'name="(\w+)" type="hidden"', asked[: asked.index("</form>")]), "")
    sent = {**hidden, "csrf_token": token_of(owner, address)}
    assert owner.post(f"{address}/address", data=sent).status_code == 400
    assert owner.post(f"{address}/address", data={**sent, **ADDRESS}).status_code == 303
    assert owner.post(f"{address}/address", data={**sent, **ADDRESS}).status_code == 303
    assert "Long 1" in owner.get(address).text
    assert "BRINGS/1" in owner.get(mine(world, "/notices")).text
    with world.app.app_context():
        instant = db.session.scalars(select(InstantReward.id).where(InstantReward.reward_id == gift)).one()
        db.session.remove()
    stop = {"csrf_token": said["csrf_token"], "id": str(instant)}
    assert "Stopped on" in boss.post(f"{page}/instants/stop", data=stop, follow_redirects=True).text
    assert "stopped before" in boss.post(f"{page}/instants/stop", data=stop, follow_redirects=True).text
    assert boss.post(f"{page}/instants/stop", data={**stop, "id": "0"}).status_code == 404


def test_what_makes_no_sense_is_told_and_nothing_typed_is_lost(world: World, as_: As) -> None:
    boss, owner = as_("administrator"), as_("distributor")
    new = at(world, "/new")
    token = {"csrf_token": token_of(boss, new)}
    nothing = boss.post(new, data=token)
    assert (nothing.status_code, "data-problems" in nothing.text) == (400, True)
    for kind in ("", "-1", "9" * 30, "a\x00b"):
        strange = boss.post(new, data={**token, "kind": kind, "product_group": kind, "code": "x", "name": "typed"})
        assert (strange.status_code, "typed" in strange.text) == (400, True)
    cap = write(boss, world, "strange")
    enrich(world)
    into_basket(owner, world, cap)
    sent = checkout(owner, world)
    assert owner.post(mine(world, "/basket/confirm"), data={**sent, "key": "a\x00b"}).status_code == 400
    number = owner.post(mine(world, "/basket/confirm"), data=sent).location.rpartition("/")[2]
    page = f"/programs/{world.a}/orders/{number}"
    (line,) = told(world, select(OrderLine).where(OrderLine.order_id == int(number)))
    part = {"csrf_token": token_of(boss, page), f"pieces-{line.id}": "perhaps two", "reason": "one broke"}
    kept = boss.post(f"{page}/cancel", data=part)
    assert (kept.status_code, "perhaps two" in kept.text) == (400, True)
