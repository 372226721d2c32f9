"""Names that nobody knows, and imports that are undone, on their pages."""

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import BatchStatus, UnknownState
from app.extensions import db
from app.models.aliases import ProductAlias, UnknownName
from app.models.imports import ImportBatch
from app.models.programs import Program
from app.services.imported import unmatched
from app.services.imported.undo_blocks import SPENT, Block
from importers.undoing.sales import CannotUndo
from tests.app.web.conftest import token_of
from tests.app.web.forms_seen import Page
from tests.app.web.world import World, do_one_job, import_rows

As = Callable[[str], FlaskClient]


@pytest.fixture
def batch(world: World) -> Iterator[int]:
    """An import that holds three names that nobody knows, one of which is nearly known."""
    tag = f"T{next(_TAGS)}"
    rows = [
        (f"{tag}/1", "2026-04-01", "D-5", "p-1", "1", "100,00"),
        (f"{tag}/2", "2026-04-01", "D-5", f"{tag} box <b>", "1", "50,00"),
        (f"{tag}/3", "2026-04-01", f"{tag} firm", "P1", "1", "50,00"),
        (f"{tag}/4", "2026-04-01", "D-5", "P1", "1", "70,00"),
    ]
    with world.app.app_context():
        made = import_rows(world, world.a, f"{tag}.csv", rows)
        db.session.remove()
    yield made
    with world.app.app_context(), transaction(db.session) as session:
        # what other tests of this file see is theirs alone
        for alias in session.scalars(select(ProductAlias).where(ProductAlias.alias == "p-1")):
            session.delete(alias)


_TAGS = iter(range(1, 1_000))


def queue(world: World, batch: int) -> dict[str, int]:
    """Give the ids of the names that wait for an import, by the name without the tag of the test."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        found = unmatched.queue(session, program.id)
    return {re.sub(r"^T\d+ ", "", one.written): one.id for one in found if batch in one.batches}


def work(world: World) -> None:
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def send(client: FlaskClient, address: str, page: str, **fields: Any) -> Any:
    return client.post(address, data={"csrf_token": token_of(client, page), **fields})


def state(world: World, name_id: int) -> UnknownState:
    with world.app.app_context(), transaction(db.session) as session:
        return session.get_one(UnknownName, name_id).state


def test_the_queue_shows_what_waits_and_what_it_may_be(world: World, as_: As, batch: int) -> None:
    page = as_("viewer").get(f"/programs/{world.a}/imports/unmatched?q=p-1").text
    assert "Product P1" in page
    assert "the code without zeros and dashes" in page
    assert "unmatched/accept" not in page  # nothing to decide for a viewer
    assert "unmatched/accept" in as_("verifier").get(f"/programs/{world.a}/imports/unmatched").text
    for more, there in (("what=distributor", "firm"), ("proposed=sure", "p-1"), ("source=sales", "p-1")):
        assert there in as_("viewer").get(f"/programs/{world.a}/imports/unmatched?{more}").text
    name = queue(world, batch)["box <b>"]
    one = as_("viewer").get(f"/programs/{world.a}/imports/unmatched/{name}").text
    assert "box &lt;b&gt;" in one
    assert f"/imports/{batch}" in one
    assert f"unmatched/{name}/match" not in one


def test_what_is_proposed_is_accepted_after_one_more_look(world: World, as_: As, batch: int) -> None:
    boss, page = as_("verifier"), f"/programs/{world.a}/imports/unmatched"
    names = queue(world, batch)
    look = send(boss, f"{page}/accept", page, ids=list(names.values()))
    assert look.status_code == 200
    assert "Accept 1 proposal" in look.text
    (left,) = re.findall(r"Stay as they are: (.*?) Nothing here is like it", look.text)
    assert left.count("firm") == 1
    assert "box" in left, "who chose them reads why they are not among the others"
    seen = {f"means-{names['p-1']}": "0"}  # another product was proposed
    other = send(boss, f"{page}/accept", page, ids=list(names.values()), confirmed="1", **seen)
    assert other.status_code == 400
    assert "It seems to mean something else by now" in other.text
    done = send(boss, f"{page}/accept", page, ids=list(names.values()), confirmed="1")
    assert done.status_code == 303
    assert "What waited for it is being taken in." in boss.get(done.location).text
    work(world)
    assert set(queue(world, batch)) == {"box <b>", "firm"}
    # nothing that is left can be accepted so
    again = send(boss, f"{page}/accept", page, ids=list(names.values()), confirmed="1")
    assert "none of those chosen can be decided so" in boss.get(again.location).text


def test_names_that_somebody_decided_meanwhile_are_told(world: World, as_: As, batch: int) -> None:
    boss, page = as_("verifier"), f"/programs/{world.a}/imports/unmatched"
    names = queue(world, batch)
    both = [names["box <b>"], names["p-1"]]
    assert "Ignore 2 names" in send(boss, f"{page}/ignore?what=product", page, ids=both).text
    assert send(boss, f"{page}/{both[0]}/match", page, target="code", code="P2", unit="1").status_code == 303
    boss.get(page)
    gone = "1 chosen row is not in this list any more: somebody was quicker."
    assert gone in send(boss, f"{page}/ignore?what=product", page, ids=both).text
    done = send(boss, f"{page}/ignore?what=product", page, ids=both, confirmed="1", reason="nothing of ours")
    said = boss.get(done.location).text
    assert "1 name is decided." in said
    assert gone in said
    work(world)


def test_one_name_is_given_a_meaning_and_a_unit(world: World, as_: As, batch: int) -> None:
    boss, name = as_("verifier"), queue(world, batch)["box <b>"]
    page = f"/programs/{world.a}/imports/unmatched/{name}"
    wrong = send(boss, f"{page}/match", page, target="code", code="no such", unit="12")
    assert (wrong.status_code, "Nothing here has this code." in wrong.text) == (400, True)
    assert send(boss, f"{page}/match", page, target="code", code="P1", unit="0").status_code == 400
    assert send(boss, f"{page}/match", page, target="999999", code="", unit="1").status_code == 400
    assert send(boss, f"{page}/match", page, target="code", code="p2", unit="12", everywhere="1").status_code == 303
    with world.app.app_context(), transaction(db.session) as session:
        alias = session.scalars(select(ProductAlias).order_by(ProductAlias.id.desc()).limit(1)).one()
        assert (alias.unit_milli, alias.profile_name, alias.created_by) == (12_000, None, world.login("verifier"))
    work(world)
    assert state(world, name) is UnknownState.MATCHED
    assert boss.get(page).status_code == 404


def test_a_code_that_is_typed_is_what_is_meant(world: World, as_: As, batch: int) -> None:
    boss, names = as_("verifier"), queue(world, batch)
    page = f"/programs/{world.a}/imports/unmatched/{names['p-1']}"
    neither = send(boss, f"{page}/match", page, code="", unit="1")
    assert (neither.status_code, "Choose what it means." in neither.text) == (400, True)
    proposed = re.search(r'name="target"[^>]*value="(\d+)"', boss.get(page).text)
    assert proposed
    both = send(boss, f"{page}/match", page, target=proposed[1], code="P2", unit="1")
    assert (both.status_code, "leave the code empty" in both.text) == (400, True)
    assert state(world, names["p-1"]) is UnknownState.OPEN
    page = f"/programs/{world.a}/imports/unmatched/{names['box <b>']}"
    assert send(boss, f"{page}/match", page, code="P2", unit="1").status_code == 303
    work(world)
    assert state(world, names["box <b>"]) is UnknownState.MATCHED


def test_the_page_of_a_name_leads_to_making_it_new_or_ignoring_it(world: World, as_: As, batch: int) -> None:
    boss, name = as_("verifier"), queue(world, batch)["firm"]
    page = f"/programs/{world.a}/imports/unmatched"
    shown = Page(boss.get(f"{page}/{name}").text, f"{page}/{name}")
    for what, heading in (("create", "Create 1 new thing"), ("ignore", "Ignore 1 name")):
        form = next(one for one in shown.forms if one.action.endswith(f"/{what}"))
        look = boss.post(form.action, data={one.name: one.value for one in form.fields})
        assert (look.status_code, heading in look.text) == (200, True)


def test_a_decision_leads_back_to_the_list_as_it_was_filtered(world: World, as_: As, batch: int) -> None:
    boss, names = as_("verifier"), queue(world, batch)
    kept = "what=product&sort=-amount"
    index = f"/programs/{world.a}/imports/unmatched"
    one = f"{index}/{names['box <b>']}?{kept}"
    assert f'href="{escape(one)}"' in boss.get(f"{index}?{kept}").text
    page = boss.get(one).text
    assert f'href="{escape(f"{index}?{kept}")}"' in page
    actions = [form.action for form in Page(page, one).forms if "/unmatched/" in form.action]
    assert {action.partition("?")[2] for action in actions} == {kept}
    wrong = send(boss, f"{index}/{names['box <b>']}/match?{kept}", one, target="code", code="no such", unit="1")
    assert f'/match?{escape(kept)}"' in wrong.text
    done = send(boss, f"{index}/{names['box <b>']}/match?{kept}", one, target="code", code="P2", unit="1")
    assert done.location == f"{index}?{kept}"
    many = send(boss, f"{index}/accept?{kept}", one, ids=[names["p-1"]])
    assert escape(f"{index}?{kept}") in many.text
    done = send(boss, f"{index}/accept?{kept}", one, ids=[names["p-1"]], confirmed="1")
    assert done.location == f"{index}?{kept}"
    work(world)


def test_what_is_new_is_created_and_what_is_nothing_is_ignored(world: World, as_: As, batch: int) -> None:
    boss, page = as_("verifier"), f"/programs/{world.a}/imports/unmatched"
    names = queue(world, batch)
    assert send(boss, f"{page}/ignore", page, ids=[names["box <b>"]], confirmed="1").status_code == 400
    done = send(boss, f"{page}/ignore", page, ids=[names["box <b>"]], confirmed="1", reason="no goods")
    assert done.status_code == 303
    assert "Create 1 new thing" in send(boss, f"{page}/create", page, ids=[names["firm"]]).text
    assert send(boss, f"{page}/create", page, ids=[names["firm"]], confirmed="1").status_code == 303
    work(world)
    assert set(queue(world, batch)) == {"p-1"}


def test_what_was_spent_of_an_import_is_told_with_the_way_out(
    world: World, as_: As, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"code": "D-1", "name": "Ann", "amount": "5 points", "runs": ""}

    def refuse(*_given: object, **_more: object) -> None:
        raise CannotUndo("Import %(number)s cannot be undone.", [Block(SPENT, frozenset({1}), named)], number="1")

    monkeypatch.setattr("importers.undoing.sales.begin", refuse)
    boss, page = as_("administrator"), f"/programs/{world.a}/imports/{batch}"
    answer = send(boss, f"{page}/undo", page, reason="a wrong file")
    assert answer.status_code == 409
    assert "Ann (D-1) has spent, or reserved, 5 points of what these documents gave." in answer.text
    assert "What is only reserved is free again once its order or redemption is called off." in answer.text


def test_an_import_is_undone_by_whoever_may_and_says_so(world: World, as_: As, batch: int) -> None:
    boss, page = as_("administrator"), f"/programs/{world.a}/imports/{batch}"
    assert "/undo" not in as_("verifier").get(page).text
    assert "Say why." in send(boss, f"{page}/undo", page, reason="").text
    assert send(boss, f"{page}/undo", page, reason="a wrong file").status_code == 303
    assert "Taking back what it brought" in boss.get(page).text
    work(world)
    said = boss.get(page).text
    assert "a wrong file" in said
    assert re.search(r'<span title="[^"]*">administrator</span> undid this import', said)
    assert "/undo" not in said
    again = send(boss, f"{page}/undo", page.rpartition("/")[0] + "/unmatched", reason="once more")
    assert again.status_code == 303
    assert f"Import {batch} is undone already." in boss.get(again.location).text
    with world.app.app_context(), transaction(db.session) as session:
        assert session.get_one(ImportBatch, batch).status is BatchStatus.UNDONE
    assert queue(world, batch) == {}


def test_the_file_is_given_back_as_it_came_and_never_shown(world: World, as_: As) -> None:
    page = f"/programs/{world.a}/imports/{world.batch}"
    answer = as_("verifier").get(f"{page}/original")
    assert answer.status_code == 200
    assert answer.data.startswith(b"number;date;distributor")
    answer.close()
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/octet-stream"
    assert f"{page}/original" in as_("verifier").get(page).text
    assert f"{page}/original" not in as_("viewer").get(page).text
    assert as_("viewer").get(f"{page}/original").status_code == 404


def test_a_file_that_came_before_says_so(world: World, as_: As, batch: int) -> None:
    with world.app.app_context():
        rows = [("SAME/1", "2026-04-01", "D-5", "P1", "1", "70,00")]
        first, second = (import_rows(world, world.a, f"{name}.csv", rows) for name in ("one", "two"))
        db.session.remove()
    assert "This file came in before." not in as_("viewer").get(f"/programs/{world.a}/imports/{first}").text
    assert "This file came in before." in as_("viewer").get(f"/programs/{world.a}/imports/{second}").text
    listed = as_("viewer").get(f"/programs/{world.a}/imports").text
    assert re.search(r'title="SHA-256 [0-9a-f]{64}"', listed)
