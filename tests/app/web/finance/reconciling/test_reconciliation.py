"""A statement of the provider on pages: brought in, read by kinds of differences, answered, closed."""

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import FindingAnswer, FindingKind, TopUpKind, TopUpStatus
from app.extensions import db
from app.models.catalogue import Product
from app.models.desk import AdjustmentRequest
from app.models.prepaid import TopUp
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding
from app.web.finance.reconciling import words as reconciling_words
from prepaid.conversions import ordering, preparing, runs
from prepaid.conversions.segments import Segment
from prepaid.issuers.sandbox import SandboxProvider
from prepaid.loads import settling
from prepaid.loads.moves import locked_run
from prepaid.providers import Answer, LoadResult
from tests.app.web.conftest import token_of
from tests.app.web.forms_seen import Page
from tests.app.web.world import World, do_one_job
from tests.support.sales import Sold, sell

As = Callable[[str], FlaskClient]
PROFILE = {"columns": {"reference": "Reference", "booked_on": "Date", "amount": "Amount", "last4": "Card"}}


def loads_of(world: World, *codes: str) -> dict[str, str]:
    """Load the cards of some distributors, the last with an unknown answer; the references of their rewards."""
    now, provider = world.clock(), SandboxProvider(db.engine, refusal=lambda *_: None)
    whose = Segment(distributors=tuple(world.distributors[code] for code in codes))
    with transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        product = session.scalars(select(Product.id).where(Product.program_id == program.id).limit(1)).one()
        sell(session, program, [Sold(f"OWN/{code}", world.distributors[code], product, 1, 90_000) for code in codes])
        days = {"from_on": program.starts_on, "to_on": now.date().replace(month=12, day=31)}
        run = preparing.preview(session, program, **days, segment=whose, actor="ann", now=now).id
    ordering.approve_and_order(db.session, world.settings, provider, run, actor="ben", now=now)
    with transaction(db.session) as session:
        rewards = [one for one in runs.lines(session, run) if one.kind is TopUpKind.REWARD]
        found = {one.distributor_code: one.reference for one in rewards}
        unknown = found[codes[-1]]
        told = {one: LoadResult.UNKNOWN if one == unknown else LoadResult.LOADED for one in found.values()}
        answers = [(None, Answer(reference, result)) for reference, result in told.items()]
        settling.settle(session, locked_run(session, run), answers, actor="cleo", now=now)
    return found


@pytest.fixture(scope="module")
def loads(world: World) -> dict[str, str]:
    """Loads of four distributors, in a programme that reads its provider's statements."""
    with world.app.app_context():
        found = loads_of(world, "D-5", "D-6", "D-7", "D-8")
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            program.import_profiles = {**program.import_profiles, "statements": PROFILE}
        db.session.remove()
    return found


def bring(world: World, client: FlaskClient, text: str) -> int:
    """Bring a statement in as finance does, and let the workers read it."""
    at = f"/programs/{world.a}/reconciliation"
    sent = {"csrf_token": token_of(client, at), "file": (io.BytesIO(text.encode()), "statement.csv")}
    answer = client.post(at, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    with world.app.app_context():
        while do_one_job(world):
            pass
        newest = select(ProviderStatement.id).order_by(ProviderStatement.id.desc()).limit(1)
        found = db.session.scalars(newest).one()
        db.session.remove()
    return found


def answers(world: World, statement: int) -> dict[str, FindingAnswer | None]:
    with world.app.app_context():
        rows = db.session.execute(
            select(StatementFinding.kind, StatementFinding.answer).where(StatementFinding.statement_id == statement)
        ).all()
        db.session.remove()
    return {kind.value: answer for kind, answer in rows}


def test_finance_brings_a_statement_and_answers_what_differs(world: World, as_: As, loads: dict[str, str]) -> None:
    finance, a = as_("finance"), f"/programs/{world.a}"
    with world.app.app_context():
        amounts = dict(db.session.execute(select(TopUp.reference, TopUp.amount_minor)).all())
        db.session.remove()
    today = world.clock().date()
    rows = [(loads[code], f"{amounts[loads[code]] / 100:.2f}") for code in ("D-5", "D-8")]
    rows += [(loads["D-7"], "1.00"), ("KNOBODYSONE-1R1", "7.00")]
    text = "Reference;Date;Amount;Card\n" + "".join(f"{one};{today};{amount};\n" for one, amount in rows)
    statement = bring(world, finance, text)
    page = f"{a}/reconciliation/{statement}"
    assert answers(world, statement) == {"open_here": None, "amount_differs": None, "missing_here": None}
    shown = finance.get(page).text
    assert "Loaded there, open here" in shown
    assert "Missing here" in shown
    assert finance.get(f"{page}/bookings?books=differs").text.count("Differs") >= 3
    days = {"from_on": f"{today.replace(day=1)}", "to_on": f"{today.replace(month=12, day=31)}"}
    token = token_of(finance, page)
    assert finance.post(f"{page}/period", data={"csrf_token": token, **days}).status_code == 303
    assert set(answers(world, statement)) == {"open_here", "amount_differs", "missing_here", "missing_there"}
    backwards = {"from_on": days["to_on"], "to_on": days["from_on"]}
    assert finance.post(f"{page}/period", data={"csrf_token": token, **backwards}).status_code == 400
    finance.post(f"{page}/close", data={"csrf_token": token, "why": "all done"})
    assert "Differences are open: 4" in finance.get(page).text
    listed = finance.get(f"{a}/differences?state=open&statement={statement}").text
    assert all(loads[code] in listed for code in ("D-6", "D-7", "D-8"))
    with world.app.app_context():
        of = {
            kind.value: f"{a}/differences/{number}"
            for number, kind in db.session.execute(
                select(StatementFinding.id, StatementFinding.kind).where(StatementFinding.statement_id == statement)
            )
        }
        db.session.remove()
    for what, kind, form in (
        ("settle", "open_here", {"reason": ""}),
        ("note", "missing_here", {"reason": "4111 1111 1111 1111"}),
        ("adjust", "missing_there", {"way": "give", "points": "0", "why": "x"}),
    ):
        assert finance.post(f"{of[kind]}/{what}", data={"csrf_token": token, **form}).status_code == 400, what
    finance.post(f"{of['missing_here']}/settle", data={"csrf_token": token, "reason": "why not"})
    assert "cannot be settled" in finance.get(of["missing_here"]).text
    given = {"way": "give", "points": "12", "why": "never loaded"}
    assert finance.post(f"{of['missing_there']}/adjust", data={"csrf_token": token, **given}).status_code == 303
    assert (
        finance.post(f"{of['open_here']}/settle", data={"csrf_token": token, "reason": "they say so"}).status_code
        == 303
    )
    note = {"csrf_token": token, "ids": [one.rpartition("/")[2] for one in of.values()], "reason": "with the provider"}
    assert "It is closed already." in finance.post(f"{a}/differences/note", data=note | {"reason": ""}).text
    assert finance.post(f"{a}/differences/note", data=note | {"sure": "yes"}).status_code == 303
    assert answers(world, statement) == {
        "open_here": FindingAnswer.SETTLED,
        "missing_there": FindingAnswer.ADJUSTED,
        "amount_differs": FindingAnswer.NOTED,
        "missing_here": FindingAnswer.NOTED,
    }
    with world.app.app_context():
        loaded = db.session.scalars(select(TopUp.status).where(TopUp.reference == loads["D-8"])).one()
        asked = db.session.scalars(select(AdjustmentRequest.amount).order_by(AdjustmentRequest.id.desc())).first()
        db.session.remove()
    assert (loaded, asked) == (TopUpStatus.LOADED, 12)
    assert "never loaded" in finance.get(of["missing_there"]).text
    assert finance.post(f"{page}/take-back", data={"csrf_token": token, "why": "a mistake"}).status_code == 303
    assert "The statement stays" in finance.get(page).text
    finance.post(f"{page}/close", data={"csrf_token": token, "why": "all done"})
    assert "all done" in finance.get(page).text


def test_nobody_brings_or_answers_anything_who_may_only_look(world: World, as_: As, loads: dict[str, str]) -> None:
    viewer, a = as_("viewer"), f"/programs/{world.a}"
    token = token_of(viewer, f"{a}/reconciliation")
    text = f"Reference;Date;Amount;Card\n{loads['D-5']};2026-01-01;1.00;\n"
    sent = {"csrf_token": token, "file": (io.BytesIO(text.encode()), "statement.csv")}
    assert viewer.post(f"{a}/reconciliation", data=sent, content_type="multipart/form-data").status_code == 404
    statement = bring(world, as_("finance"), text)
    page = f"{a}/reconciliation/{statement}"
    assert "What happens next" not in viewer.get(page).text
    assert as_("finance").get(page.replace(world.a, world.b)).status_code == 404
    taken = {"csrf_token": token_of(as_("finance"), page), "why": "another provider's"}
    assert as_("finance").post(f"{page}/take-back", data=taken).status_code == 303
    assert as_("finance").get(page).status_code == 404


def test_finance_says_how_the_first_statement_is_read(world: World, as_: As, loads: dict[str, str]) -> None:
    """Without a profile its columns are proposed to whoever brings it; no other file of others is theirs to read."""
    finance, at = as_("finance"), f"/programs/{world.a}/reconciliation"
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        program.import_profiles = {key: one for key, one in program.import_profiles.items() if key != "statements"}
    assert "It is the first one" in finance.get(at).text
    text = f"Our reference;Booking date;Amount;Card number\n{loads['D-6']};2026-11-25;3,50;\nX-1;2026-11-24;1,25;\n"
    sent = {"csrf_token": token_of(finance, at), "file": (io.BytesIO(text.encode()), "november.csv")}
    page = finance.post(at, data=sent, content_type="multipart/form-data").location
    assert "/imports/drafts/" in page
    _work(world)
    shown = finance.get(page).text
    assert "Which column holds what" in shown
    form = next(one for one in Page(shown, page).forms if one.action.endswith("/columns"))
    fields = {one.name: one.value for one in form.fields}
    assert fields["source"] == "statements"
    assert {"reference", "booked_on", "amount"} <= set(fields.values())
    assert finance.post(f"{page}/columns", data=fields).status_code == 303
    _work(world)
    checked = finance.get(page).text
    assert "Reconciliation" in checked
    assert "/imports/new" not in checked
    token = {"csrf_token": token_of(finance, at)}
    brought = finance.post(f"{page}/import", data=token)
    assert "/imports/" in brought.location
    _work(world)
    assert "It was held against our books. What differs stands here:" in finance.get(brought.location).text
    found = re.search(r'/differences/\d+(?=")', finance.get(f"/programs/{world.a}/differences?q=X-1").text)
    assert found
    in_russian = finance.get(f"/programs/{world.a}{found[0]}", headers={"Accept-Language": "ru"}).text
    assert "говорит участник" not in in_russian, "books and statements are no participants"
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        assert program.import_profiles["statements"]["columns"]["reference"] == "Our reference"
        newest = session.scalars(select(ProviderStatement).order_by(ProviderStatement.id.desc()).limit(1)).one()
        assert (newest.lines, newest.brought_by) == (2, world.login("finance"))
    other = as_("administrator")
    sales = {"csrf_token": token_of(other, f"/programs/{world.a}/imports/new"), "kind": "", "source": ""}
    sales["files"] = (io.BytesIO(b"number;date;distributor;product;quantity;net\n"), "sales.csv")
    theirs = other.post(f"/programs/{world.a}/imports/new", data=sales, content_type="multipart/form-data").location
    assert (other.get(theirs).status_code, finance.get(theirs).status_code) == (200, 404)
    assert as_("viewer").get(page).status_code == 404


def _work(world: World) -> None:
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def test_an_amount_of_another_currency_is_written_with_it(world: World) -> None:
    before = StatementFinding(kind=FindingKind.WRONG_CURRENCY, ours="PLN", theirs="EUR", ours_minor=5_000_00)
    with world.app.test_request_context():
        assert reconciling_words.both(before) == ("PLN", "EUR")
        assert reconciling_words.foreign("-1200.50 EUR") == "−€1,200.50"
