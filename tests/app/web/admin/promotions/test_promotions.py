"""Promotions on pages: written as a draft, published, shown to whoever takes part, closed."""

import datetime as dt
import html
import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from app.db.transaction import transaction
from app.domain.states import PromotionState
from app.extensions import db
from app.models.catalogue import ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.programs import Program, ProgramRevision
from app.models.promotions import Promotion, PromotionStanding
from app.services.promotions import publishing, reading, running
from tests.app.web.admin.rewarding.shopping import write
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]
WRITTEN = {
    "code": "summer",
    "name": "Long summer",
    "description": "Sell what cools.",
    "from_": "2026-01-01",
    "until": "2046-11-30",  # not over while this test is run
    "participants": "distributors",
    "metric": "net_amount",
    "default_target": "10",
    "pays": "highest",
    "when": "on_reach",
    "steps-0-reach": "80",
    "steps-0-kind": "points",
    "steps-0-amount": "25",
    "steps-1-reach": "9999",
    "steps-1-kind": "percent_bp",
    "steps-1-amount": "12.5",
    "prizes-0-first": "1",
    "prizes-0-points": "10",
    "budget": "100000",
}


def send(client: FlaskClient, address: str, page: str | None = None, **fields: str) -> Any:
    return client.post(address, data={"csrf_token": token_of(client, page or address), **fields})


def written(client: FlaskClient, world: World, **changes: str) -> Any:
    return send(client, f"/programs/{world.a}/promotions/new", **(WRITTEN | changes))


def brought_up(world: World) -> None:
    with world.app.app_context():
        running.run_due(db.session, world.clock())
        db.session.remove()


def known(world: World, what: Any) -> Any:
    with world.app.app_context(), transaction(db.session) as session:
        return session.execute(what).all()


EMPTY_STEPS = {f"steps-{at}-{name}": "" for at in (0, 1) for name in ("reach", "amount")}


def problems_beside(page: str) -> dict[str, str]:
    """Read what a page says beside its fields, by field; each is what the summary leads to."""
    found = dict(re.findall(r'<p class="field-problem" id="([^"]+)-problem">([^<]*?) ?</p>', page))
    summary = page.split("data-problems", 1)[1].split("</ul>")[0]
    assert set(re.findall(r'<a href="#([^"]+)">', summary)) == set(found)
    assert len(re.findall("<li>", summary)) == len(re.findall('<li><a href="#', summary)), (
        "nothing stands beside no field"
    )
    assert all(f'id="{one}"' in page for one in found)
    return {field: html.unescape(text) for field, text in found.items()}


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(world: World, as_: As) -> None:
    admin = as_("administrator")
    before = known(world, select(Promotion.id))
    for changes, field, said in (
        ({"until": "2025-12-31"}, "until", "The period ends before it begins."),
        ({"closes_on": "2026-01-05"}, "closes_on", "Choose a day after the last day of the sales, 30 Nov 2046."),
        ({"closes_on": "2046-11-30"}, "closes_on", "Choose a day after the last day of the sales, 30 Nov 2046."),
        ({"steps-0-reach": "0"}, "steps-0-reach", "Write a number from 0.01 to 10,000."),
        ({"steps-0-reach": ""}, "steps-0-reach", "Say from which share of the target on."),
        ({"steps-0-reach": "80.555"}, "steps-0-reach", "Write at most 2 decimals."),
        ({"steps-1-reach": "80"}, "steps-1-reach", "Steps rise: this begins no higher than the one before."),
        ({"steps-0-amount": ""}, "steps-0-amount", "Say what it gives."),
        ({"steps-0-amount": "-5"}, "steps-0-amount", "Write a number from 1 to 999,999,999,999."),
        ({"steps-0-amount": "9" * 40}, "steps-0-amount", "Write a number up to 999,999,999,999."),
        ({"steps-0-amount": "0.5"}, "steps-0-amount", "Write a whole number."),
        ({"steps-0-amount": "12.480,50"}, "steps-0-amount", "This is no number here. Write it like this: 12,480."),
        ({"steps-1-amount": "12.555"}, "steps-1-amount", "Write at most 2 decimals."),
        ({"steps-1-amount": "10001"}, "steps-1-amount", "Write a number from 0.01 to 10,000."),
        ({"steps-0-kind": "reward"}, "steps-0-kind", "There is no reward in the catalogue."),
        (
            EMPTY_STEPS | {"prizes-0-first": "", "prizes-0-points": ""},
            "steps",
            "Give one step at least, or a prize for a place.",
        ),
        ({"default_target": "0"}, "default_target", "Write a number from 0.01 to 999,999,999,999.99."),
        ({"default_target": "5.555"}, "default_target", "Write at most 2 decimals."),
        ({"metric": "documents", "default_target": "5.5"}, "default_target", "Write a whole number."),
        ({"group_targets": "a"}, "group_targets", "“a”: write a group, a colon, and a number above zero."),
        ({"group_targets": "nobody: 5"}, "group_targets", "“nobody: 5”: No distributor group is called so."),
        ({"growth": "10"}, "growth_from", "Growth is over a base period: say from when until when."),
        (
            {"growth": "-100", "growth_from": "2025-01-01", "growth_until": "2025-12-31"},
            "growth",
            "Write a number from −99.99 to 10,000.",
        ),
        (
            {"growth": "10", "growth_from": "2025-01-01", "growth_until": "2026-01-01"},
            "growth_until",
            "Choose a day before the first day of the sales, 1 Jan 2026.",
        ),
        ({"gates-0-least": "5"}, "gates-0-name", "Say it in words: participants read it."),
        ({"gates-0-name": "tools"}, "gates-0-least", "Say how much."),
        (
            {"gates-0-name": "tools", "gates-0-least": "1.5", "gates-0-metric": "products"},
            "gates-0-least",
            "Write a whole number.",
        ),
        ({"prizes-1-points": "5"}, "prizes-1-first", "Say for which place."),
        ({"prizes-0-first": "3", "prizes-0-last": "2"}, "prizes-0-last", "The places end before they begin."),
        ({"prizes-0-points": ""}, "prizes-0-points", "Say how many points."),
        ({"prizes-0-first": "100001"}, "prizes-0-first", "Write a number from 1 to 100,000."),
        (
            {"prizes-1-first": "1", "prizes-1-points": "5"},
            "prizes-1-first",
            "Place 1 has another prize already.",
        ),
        ({"distributor_groups": "nobody"}, "distributor_groups", "No distributor group has the code nobody."),
        ({"budget": "0"}, "budget", "Write a number from 1 to 999,999,999,999."),
    ):
        answer = written(admin, world, **changes)
        assert answer.status_code == 400, changes
        assert problems_beside(answer.text).get(field) == said, changes
    assert known(world, select(Promotion.id)) == before


def test_all_that_is_wrong_is_told_at_once_and_what_was_typed_is_kept(world: World, as_: As) -> None:
    admin = as_("administrator")
    wrong = {
        "code": "",
        "until": "2025-12-31",
        "steps-0-reach": "90",
        "steps-1-reach": "80",
        "steps-1-amount": "x",
        "prizes-1-first": "1",
        "prizes-1-points": "0",
        "distributor_groups": "nobody",
        "group_targets": "nobody: 5\nnothing",
        "budget": "1.5",
    }
    page = written(admin, world, **wrong).text
    beside = problems_beside(page)
    assert set(beside) == {*wrong} - {"steps-0-reach"}
    assert "nobody" in beside["group_targets"]
    assert "nothing" in beside["group_targets"]
    for words in ("bp", "steps must", "ranking:", "target."):
        assert not any(words in text for text in beside.values())
    assert 'value="x"' in page
    assert 'value="1.5"' in page
    assert "nobody: 5\nnothing</textarea>" in page.replace("\r", "")


def test_a_promotion_is_written_published_shown_and_closed(world: World, as_: As) -> None:
    admin = as_("administrator")
    assert written(admin, world).status_code == 303
    ((promotion_id, state),) = known(world, select(Promotion.id, Promotion.state).where(Promotion.code == "summer"))
    assert state is PromotionState.DRAFT
    page = f"/programs/{world.a}/promotions/{promotion_id}"
    assert "This is a draft" in admin.get(page).text
    edit = admin.get(f"{page}/edit").text
    assert 'value="12.5"' in edit
    assert 'name="steps-4-reach"' not in edit
    more = {
        f"steps-{at}-{name}": text
        for at in (2, 3)
        for name, text in (("reach", f"9999.{at}"), ("kind", "points"), ("amount", "5"))
    }
    assert send(admin, f"{page}/edit", **WRITTEN, **more).status_code == 303
    edit = admin.get(f"{page}/edit").text
    assert 'name="steps-4-reach"' in edit, "there is a row for one more"
    assert 'name="steps-5-reach"' not in edit
    assert send(admin, f"{page}/edit", **WRITTEN).status_code == 303
    assert "Long summer" not in portal_of(world, as_("distributor")).text

    assert send(admin, f"{page}/publish", page).status_code == 303
    brought_up(world)
    stands = known(world, select(PromotionStanding.paid).where(PromotionStanding.promotion_id == promotion_id))
    assert {25} <= {paid for (paid,) in stands}
    shown = admin.get(page).text
    for words in (
        "Long summer",
        "Take part",
        "Left of the budget",
        "Within a tenth",
        "Ranking",
        "What it may have moved",
    ):
        assert words in shown
    assert re.search(r'<td class="num"[^>]*>PLN\s[\d,.]+</td>', shown), "a page says of what an amount is"
    with as_("finance").get(f"{page}?form=xlsx") as taken:
        head, *rows = openpyxl.load_workbook(io.BytesIO(taken.data)).worksheets[0].iter_rows(values_only=True)
    for name in ("Sold", "Target", "Reached", "Paid"):
        assert {type(row[head.index(name)]) for row in rows} <= {int, float, type(None)}, name
    assert next(row[head.index("Target")] for row in rows) == 10
    places = {row[head.index("Place")] for row in rows}
    assert None in places
    assert 0 not in places, "who has no place has none"
    assert "Long summer" in admin.get(f"/programs/{world.a}/promotions").text
    mine = portal_of(world, as_("distributor")).text
    for words in ("Long summer", "Sell what cools.", "Reached", "(you)"):
        assert words in mine
    assert "Long summer" not in portal_of(world, as_("rep")).text

    # its last day is not over: the button is not there, and the address refuses
    assert "Close and pay" not in shown
    again = send(admin, f"{page}/close", page)
    assert "cannot be closed" in admin.get(again.location).text


def test_a_budget_that_does_not_suffice_is_told_to_those_who_take_part(world: World, as_: As) -> None:
    admin = as_("administrator")
    told = "those who came furthest are paid first"
    for budget, steps, said, promised in (
        ("5", {"steps-0-reach": "80"}, "The budget of this promotion is spent: nothing more is paid", False),
        ("30000", {"default_target": "9000000", "steps-0-amount": "40000"}, told, True),
        ("100000", {"default_target": "9000000", "steps-0-amount": "40000"}, None, True),
        (
            "5",
            {"steps-0-reach": "80", "when": "at_end"},
            "All together have earned more than is left of its budget",
            False,
        ),
    ):
        code = f"short-{budget}-{steps.get('when', '')}"
        only = {"code": code, "name": code, "budget": budget, "prizes-0-first": "", "prizes-0-points": ""}
        only |= {"steps-1-reach": "", "steps-1-amount": ""} | steps
        kept = written(admin, world, **only)
        assert kept.status_code == 303, budget
        assert send(admin, f"{kept.location}/publish", kept.location).status_code == 303
        brought_up(world)
        section = portal_of(world, as_("distributor")).text.partition(code)[2].partition("</section>")[0]
        assert ("more, and you get" in section) is promised, code
        if said is None:
            assert told not in section
        else:
            assert said in section, code
        spent = "The budget did not suffice for the other" in section
        assert spent is (budget == "5" and "when" not in steps)


def test_a_ranking_names_others_to_participants_only_where_it_says_so(world: World, as_: As) -> None:
    admin, ours = as_("administrator"), as_("distributor")
    fields = {"code": "race", "name": "Great race", "default_target": ""}
    fields |= {f"steps-{at}-{name}": "" for at in (0, 1) for name in ("reach", "amount")}
    assert written(admin, world, **fields).status_code == 303
    ((promotion_id,),) = known(world, select(Promotion.id).where(Promotion.code == "race"))
    page = f"/programs/{world.a}/promotions/{promotion_id}"
    others, seen = {}, {}
    for names in ("hidden", "shown"):
        written_so = {**WRITTEN, **fields, "names": names}
        assert send(admin, f"{page}/edit", **written_so).status_code == 303
        assert f'<option selected value="{names}">' in admin.get(f"{page}/edit").text
        assert send(admin, f"{page}/publish", page).status_code == 303
        brought_up(world)
        section = portal_of(world, ours).text.partition("Great race")[2].partition("</section>")[0]
        ranking = section.partition("Ranking</h3>")[2]
        assert "(you)" in ranking
        rest = re.sub(r'<tr class="row-now".*?</tr>', "", ranking, flags=re.DOTALL)
        others[names] = re.findall(r'data-title="Who">(.*?)</td>', rest)
        seen[names] = admin.get(page).text
    assert len(others["hidden"]) == len(others["shown"]) > 0
    assert set(others["hidden"]) == {'<span class="quiet">another distributor</span>'}
    for name in others["shown"]:
        assert f'data-title="Participant">{name}</td>' in seen["shown"]
        assert f'data-title="Participant">{name}</td>' in seen["hidden"]


def test_what_a_promotion_speaks_of_stands_by_name_and_is_chosen(world: World, as_: As) -> None:
    admin = as_("administrator")
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        groups = select(DistributorGroup.code, DistributorGroup.name).where(DistributorGroup.program_id == program.id)
        of_products = select(ProductGroup.code, ProductGroup.name).where(ProductGroup.program_id == program.id)
        (group, named), (goods, sold) = session.execute(groups).first(), session.execute(of_products).first()
    write(admin, world, "mug-7", name="A blue mug")
    shown = admin.get(f"/programs/{world.a}/promotions/new").text
    assert '<option value="mug-7">A blue mug</option>' in shown
    assert shown.count('data-pick="product_groups"') >= 2
    assert named in shown[shown.index("The groups:") :]
    gift = {"steps-0-kind": "reward", "steps-0-amount": "", "steps-0-gift": ""}
    assert "Say what it gives." in written(admin, world, code="named", **gift).text
    said = {"product_groups": goods, "group_targets": f"{named}: 12", "distributor_groups": group}
    kept = written(admin, world, code="named", **gift | {"steps-0-gift": "mug-7"}, **said)
    assert kept.status_code == 303
    page = admin.get(kept.location).text
    assert "the reward A blue mug" in page
    assert "mug-7" not in page
    assert f"<dt>Product groups</dt><dd>{sold}</dd>" in page
    edited = admin.get(f"{kept.location}/edit").text
    assert f"{named}: 12" in edited
    assert f"{{&#34;{goods}&#34;: &#34;{sold}&#34;}}" in edited
    ((target,),) = known(world, select(Promotion.draft["target"]["groups"]).where(Promotion.code == "named"))
    assert target == {group: "12"}


def test_whose_points_are_adjusted_is_found_by_name(world: World, as_: As) -> None:
    form = as_("administrator").get(f"/programs/{world.a}/adjustments/new?distributor=D-5").text
    assert 'data-pick="distributors"' in form
    assert "{&#34;D-5&#34;: &#34;" in form
    offered = f"/programs/{world.a}/naming?of=distributors&q=D-5"
    assert as_("finance").get(offered).get_json()["found"][0]["code"] == "D-5"


def test_a_draft_that_what_was_paid_meanwhile_forbids_is_refused_in_words(world: World, as_: As) -> None:
    admin = as_("administrator")
    kept = written(admin, world, code="spent", name="Spent")
    ((promotion_id,),) = known(world, select(Promotion.id).where(Promotion.code == "spent"))
    page = kept.location
    assert send(admin, f"{page}/publish", page).status_code == 303
    brought_up(world)
    of_it = PromotionStanding.promotion_id == promotion_id
    spent = sum(paid for (paid,) in known(world, select(PromotionStanding.paid).where(of_it)))
    assert spent > 5
    with world.app.app_context(), transaction(db.session) as session:
        promotion = session.get_one(Promotion, promotion_id)
        stands = publishing.stored_form(reading.definition_of(session, promotion)) | {"budget": "5"}
        promotion.draft, promotion.drafted_by = stands, "ann"  # it was written before so much was given
    refused = send(admin, f"{page}/publish", page)
    assert refused.status_code == 400
    assert f"Budget: already given of it: {spent}" in refused.text
    assert "spent already" not in refused.text, "that is what a file is told"
    assert send(admin, f"{page}/drop", page).status_code == 303
    twice = send(admin, f"{page}/publish", page)
    assert "There is no draft any more." in admin.get(twice.location).text


def test_who_only_looks_cannot_write(world: World, as_: As) -> None:
    viewer = as_("viewer")
    assert viewer.get(f"/programs/{world.a}/promotions").status_code == 200
    assert viewer.get(f"/programs/{world.a}/promotions/new").status_code == 404


def test_a_draft_is_asked_for_sent_back_and_dropped_from_its_page(world: World, as_: As) -> None:
    admin = as_("administrator")
    assert written(admin, world, code="harvest").status_code == 303
    ((promotion_id,),) = known(world, select(Promotion.id).where(Promotion.code == "harvest"))
    page = f"/programs/{world.a}/promotions/{promotion_id}"
    assert "Drop the draft" in admin.get(page).text
    assert "Ask to publish it" not in admin.get(page).text, "this programme asks for no second person"
    send(admin, f"{page}/ask", page)
    send(admin, f"{page}/send-back", page, note="Say more")
    assert "Say more" in admin.get(page).text
    late = send(admin, f"{page}/send-back", page, note="")
    assert late.status_code == 303, "it does not wait any more, so the page has no such form"
    assert "Say what." in admin.get(late.location).text
    assert send(admin, f"{page}/drop", page).location.endswith("/promotions")
    for gone in (page, f"{page}/edit"):
        assert admin.get(gone).status_code == 404
    assert "harvest" not in admin.get(f"/programs/{world.a}/promotions").text
    again = send(admin, f"{page}/drop", f"/programs/{world.a}/promotions/new")
    assert again.status_code == 303


def test_a_gate_of_another_name_keeps_what_the_form_does_not_show(world: World, as_: As) -> None:
    admin, gate = as_("administrator"), {"gates-0-name": "Tools too", "gates-0-least": "7"}
    assert written(admin, world, code="gated", **gate).status_code == 303
    with world.app.app_context(), transaction(db.session) as session:
        promotion = session.scalars(select(Promotion).where(Promotion.code == "gated")).one()
        assert promotion.draft is not None
        promotion.draft["gates"][0]["scope"] = {"products": ["P1"]}
        flag_modified(promotion, "draft")
        page = f"/programs/{world.a}/promotions/{promotion.id}"
    assert 'value="Tools too"' in admin.get(f"{page}/edit").text
    changed = gate | {"gates-0-was": "Tools too", "gates-0-name": "Drills too"}
    assert send(admin, f"{page}/edit", **WRITTEN | {"code": "gated"} | changed).status_code == 303
    ((draft,),) = known(world, select(Promotion.draft).where(Promotion.code == "gated"))
    assert [(one["name"], one["scope"]["products"]) for one in draft["gates"]] == [("Drills too", ["P1"])]
    anew = gate | {"gates-0-was": "", "gates-0-name": "Drills too"}
    assert send(admin, f"{page}/edit", **WRITTEN | {"code": "gated"} | anew).status_code == 303
    ((draft,),) = known(world, select(Promotion.draft).where(Promotion.code == "gated"))
    assert "products" not in draft["gates"][0].get("scope", {}), "a new gate is of all products, whatever it is called"


def test_who_publishes_reads_what_is_published_and_publishes_what_they_read(world: World, as_: As) -> None:
    admin = as_("administrator")
    assert written(admin, world, code="read", **{"gates-0-name": "Tools too", "gates-0-least": "7"}).status_code == 303
    ((promotion_id,),) = known(world, select(Promotion.id).where(Promotion.code == "read"))
    page = f"/programs/{world.a}/promotions/{promotion_id}"

    def dialog() -> str:
        return admin.get(page).text.partition('id="publish"')[2].partition("</dialog>")[0].replace("\u202f", " ")

    first = dialog()
    for words in (
        *("Sell what cools.", "PLN 10.00", "From 80% of the target", "25 points", "12.5% of the points earned"),
        *("Tools too; Net amount: at least PLN 7.00", "Place 1", "10 points", "100,000 points"),
    ):
        assert words in first
    assert send(admin, f"{page}/publish", page, seen=seen_in(first)).status_code == 303
    brought_up(world)
    shown = admin.get(page).text
    for words in ("Tools too; Net amount: at least", "Place 1", "Target of everybody"):
        assert words in shown

    again = {**WRITTEN, "gates-0-name": "Tools too", "gates-0-least": "7"}
    assert send(admin, f"{page}/edit", **again | {"default_target": "20", "steps-0-amount": "30"}).status_code == 303
    second = dialog()
    assert re.findall(r'<th scope="row">(.*?)</th>', second) == ["Target of everybody", "From 80% of the target"]
    for side, words in (("In force", "25 points"), ("In the draft", "30 points"), ("In the draft", "PLN 20.00")):
        assert f'data-title="{side}">{words}</td>' in second
    shown = admin.get(page).text
    assert "What the draft changes" in shown
    assert "What is in force" in shown

    assert send(admin, f"{page}/edit", **again | {"default_target": "20", "steps-0-amount": "9000"}).status_code == 303
    late = send(admin, f"{page}/publish", page, seen=seen_in(second))
    assert "Somebody changed the draft meanwhile" in admin.get(late.location).text
    assert known(world, select(Promotion.version).where(Promotion.id == promotion_id)) == [(1,)]
    assert send(admin, f"{page}/publish", page, seen=seen_in(dialog())).status_code == 303
    assert known(world, select(Promotion.version).where(Promotion.id == promotion_id)) == [(2,)]
    # every version between the first and the last can be read back, with what it changed
    assert send(admin, f"{page}/edit", **again | {"default_target": "30", "steps-0-amount": "9000"}).status_code == 303
    assert send(admin, f"{page}/publish", page, seen=seen_in(dialog())).status_code == 303
    versions = admin.get(page).text.partition('id="versions-title"')[2].partition("</section>")[0]
    assert re.findall(r'class="event-title">([^<]+)<', versions) == ["Version 3", "Version 2", "Version 1"]
    third, _, second = versions.partition("Version 2")
    for part, side, words in (
        *((third, "Before", "PLN 20.00"), (third, "From then on", "PLN 30.00")),
        *((second, "Before", "25 points"), (second, "From then on", "PLN 20.00")),
    ):
        assert f'data-title="{side}">{words}</td>' in part.replace("\u202f", " ")

    log = admin.get(f"/programs/{world.a}/audit").text
    assert "Promotion: published" in log
    assert "Programme: loaded" not in log.partition("Promotion: published")[0], "it is no file"
    files = admin.get(f"/programs/{world.a}/settings").text.partition("Files that were loaded")[2]
    told_of = known(world, select(ProgramRevision.number, ProgramRevision.of_file).order_by(ProgramRevision.id.desc()))
    (newest, of_file), *_others = told_of
    assert not of_file
    assert f'<th scope="row">{newest}</th>' not in files.partition("</table>")[0]


def seen_in(dialog: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', dialog)
    assert found, "the dialog says which draft was read"
    return found[1]


def test_what_closing_pays_is_told_before_it_is_closed(world: World, as_: As) -> None:
    admin = as_("administrator")
    says = {"until": "2026-10-31", "when": "at_end", "prizes-0-points": "2000", "budget": ""}
    assert written(admin, world, code="over", **says).status_code == 303
    ((promotion_id,),) = known(world, select(Promotion.id).where(Promotion.code == "over"))
    page = f"/programs/{world.a}/promotions/{promotion_id}"
    assert send(admin, f"{page}/publish", page).status_code == 303
    early = admin.get(page).text
    assert "It can be closed as soon as everything that was sold in them is reckoned" in early
    assert "Close and pay" not in early
    assert "Not known yet." in early
    brought_up(world)
    shown = admin.get(page).text
    assert "By the sales that are here now" in shown
    assert ">Growth</th>" in shown
    dialog = shown.partition('id="close"')[2].partition("</dialog>")[0]
    due = re.search(r"Is paid</dt><dd[^>]*><strong>([\d,]+)</strong> points", dialog)
    assert due, "how many points"
    assert int(due[1].replace(",", "")) >= 2_000
    assert re.search(r"Recipients</dt><dd[^>]*>[1-9]\d* distributors?<", dialog)
    closed = send(admin, f"{page}/close", page)
    over = admin.get(closed.location).text
    assert f"What was due at the end is paid: {due[1]} points." in over
    by = over.partition("<dt>Closed by</dt>")[2].partition("</dd>")[0]
    assert f'title="{world.login("administrator")}">administrator</span>' in by


def test_the_first_page_says_what_the_promotion_that_ends_first_still_asks_for(world: World, as_: As) -> None:
    admin, tomorrow = as_("administrator"), world.clock().date() + dt.timedelta(days=1)
    only = {"code": "last-days", "name": "Last days", "until": tomorrow.isoformat(), "default_target": "9000000"}
    kept = written(admin, world, **only)
    assert kept.status_code == 303
    assert send(admin, f"{kept.location}/publish", kept.location).status_code == 303
    brought_up(world)
    page = portal_of(world, as_("distributor"))
    home = as_("distributor").get(page.request.path.removesuffix("promotions")).text
    asks = rf'<a href="{page.request.path}"><svg.*?</svg><span><strong>([^<]+)</strong><small>([^<]+) · ([^<]+)</small>'
    ((missing, name, left),) = re.findall(asks, home)
    section = page.text.partition(f">{name}<")[2].partition("</section>")[0]
    assert "more, and you get" in missing
    assert missing in section
    assert left in section
    assert "more, and you get" not in as_("rep").get("/", follow_redirects=True).text


def test_while_a_promotion_runs_what_it_moved_is_not_known(world: World, as_: As) -> None:
    admin = as_("administrator")
    assert written(admin, world, code="runs").status_code == 303
    ((promotion_id,),) = known(world, select(Promotion.id).where(Promotion.code == "runs"))
    page = f"/programs/{world.a}/promotions/{promotion_id}"
    assert send(admin, f"{page}/publish", page).status_code == 303
    brought_up(world)
    lift = admin.get(page).text.partition("What it may have moved")[2]
    assert "Not known yet." in lift
    assert ">Growth</th>" not in lift.partition("</section>")[0]


def portal_of(world: World, client: FlaskClient) -> Any:
    found = re.search(r"/portal/[^/\"]+/(\d+)/", client.get("/", follow_redirects=True).text)
    assert found, "whoever is of a distributor is led to its portal"
    ((code,),) = known(world, select(Distributor.code).where(Distributor.id == int(found[1])))
    assert code
    return client.get(f"/portal/{world.a}/{found[1]}/promotions")


def test_targets_of_a_sheet_are_told_before_it_is_published_and_while_it_is_reckoned(world: World, as_: As) -> None:
    admin = as_("administrator")
    assert written(admin, world, code="sheet").status_code == 303
    with world.app.app_context(), transaction(db.session) as session:
        promotion = session.scalars(select(Promotion).where(Promotion.code == "sheet")).one()
        one = {world.distributors["D-5"]: 20_00}
        publishing.put_targets(session, promotion, one, actor="ann", now=world.clock())
        promotion_id = promotion.id
    page = f"/programs/{world.a}/promotions/{promotion_id}"
    told = "1 distributor has a target of its own from a sheet; that stands before these."
    asked = admin.get(page).text.partition('id="publish"')[2]
    assert told in asked
    assert send(admin, f"{page}/publish", page, seen=seen_in(asked)).status_code == 303
    reckoned = admin.get(page).text
    bring = f"/programs/{world.a}/imports/new?kind=targets"
    assert f'href="{bring}"' in reckoned
    assert '<option selected value="targets">' in admin.get(bring).text
    assert "As soon as it is published" not in reckoned
    assert "Where everybody stands is reckoned within a minute." in reckoned
