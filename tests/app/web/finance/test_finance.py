"""Finance: runs previewed by one and approved by another, carried out by workers, cancelled; cards; what is owed."""

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.db.transaction import transaction
from app.domain.program_file.batch_file import Answers
from app.domain.program_file.batch_templates import READY
from app.domain.saying.wording import Amount
from app.domain.states import RunStatus, TopUpStatus, TransactionKind, Unit
from app.extensions import db
from app.models.distributors import Distributor, DistributorGroup
from app.models.figures import PointsMonth
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.services.ledger import ledger, liability
from app.services.rulebooks import rules_of
from app.web.finance.conversions import runs
from app.web.finance.conversions.reading import response_hint
from app.web.words import runs as wording
from prepaid.conversions import preparing
from prepaid.files.response_files import problem
from tests.app.web.account.test_account import asked_of_the_database
from tests.app.web.conftest import TOKEN
from tests.app.web.world import World, do_one_job

FORMULAS = "=cmd|'/c calc'!A1"


@pytest.fixture
def at(world: World) -> str:
    return f"/programs/{world.a}"


def post(client: FlaskClient, page: str, address: str, **fields: object):
    """Send a form with the token of the page that it stands on."""
    found = TOKEN.search(client.get(page).text)
    assert found
    return client.post(address, data={"csrf_token": found[1], **fields}, content_type="multipart/form-data")


def work(world: World) -> None:
    """Do every job on the board."""
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def status_of(world: World, run: str) -> RunStatus:
    with world.app.app_context():
        found = db.session.scalars(select(ConversionRun.status).where(ConversionRun.id == int(run))).one()
        db.session.remove()
    return found


def previewed(world: World, finance: FlaskClient, at: str) -> str:
    """Preview what January to December earned. Gives the run's number."""
    answer = post(finance, f"{at}/runs/new", f"{at}/runs/new", from_on="2026-01-01", to_on="2046-12-31")
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[1]


def test_a_large_run_is_prepared_by_workers_while_its_page_tells_how_far_it_is(
    world: World, as_: Callable[[str], FlaskClient], at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 1)
    finance, approver = as_("finance"), as_("approver")
    work(world)
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    shown = finance.get(page).text
    assert "Being prepared" in shown
    assert f'data-live="{page}/progress"' in shown
    found = finance.get(f"{page}/progress").json
    accounts = int(found["texts"]["accounts"])
    assert (found["ended"], found["share_bp"], found["texts"]["done"]) == (False, 0, "0")
    assert accounts > 1
    post(approver, page, f"{page}/approve")
    assert status_of(world, run) is RunStatus.PREPARING
    busy = post(finance, f"{at}/runs/new", f"{at}/runs/new", from_on="2026-01-01", to_on="2046-12-31")
    assert busy.status_code == 400
    assert f"Run {run} is being prepared." in busy.text
    with world.app.app_context():
        assert do_one_job(world)
        db.session.remove()
    found = finance.get(f"{page}/progress").json
    assert (found["ended"], found["share_bp"], found["texts"]["done"]) == (False, 10_000 // accounts, "1")
    work(world)
    assert finance.get(f"{page}/progress").json["ended"]
    assert "Waits for approval" in finance.get(page).text
    assert post(finance, page, f"{page}/cancel", reason="a test").status_code == 303
    assert status_of(world, run) is RunStatus.CANCELLED


def test_a_preview_tells_who_cannot_be_loaded_any_more(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    give(world, "D-6", 100)
    finance, approver = as_("finance"), as_("approver")
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    assert "Cannot be loaded now" not in finance.get(page).text
    with world.app.app_context(), transaction(db.session) as session:
        whose = update(Distributor).where(Distributor.id == world.distributors["D-6"])
        session.execute(whose.values(blocked=True))
    told = approver.get(page).text
    assert told.count("Cannot be loaded now") == 2, "beside the preview, and where it is approved"
    assert "The distributor is blocked" in told
    with world.app.app_context(), transaction(db.session) as session:
        session.execute(whose.values(blocked=False))
    assert post(finance, page, f"{page}/cancel", reason="a test").status_code == 303


def test_what_stops_a_preparation_stands_on_its_page(
    world: World, as_: Callable[[str], FlaskClient], at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 1)
    finance = as_("finance")
    work(world)
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    with world.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            before = program.settings
            program.settings = before | {"name": "Another name"}
        work(world)
        with transaction(db.session) as session:
            session.scalars(select(Program).where(Program.code == world.a)).one().settings = before
    shown = finance.get(page).text
    assert "settings changed while the run was being prepared" in shown
    assert finance.get(f"{page}/progress").json["ended"]
    assert post(finance, page, f"{page}/prepare").status_code == 303  # they were put back
    assert not finance.get(f"{page}/progress").json["ended"]
    work(world)
    assert status_of(world, run) is RunStatus.PREVIEW
    assert post(finance, page, f"{page}/cancel", reason="a test").status_code == 303
    assert "settings changed" not in finance.get(page).text


def test_a_run_that_is_called_off_gives_every_point_back(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    finance = as_("finance")
    before = outstanding(world)
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    refused = post(finance, page, f"{page}/cancel", reason="")
    assert refused.status_code == 400
    assert "Say why." in refused.text
    assert "data-open" in refused.text
    assert post(finance, page, f"{page}/cancel", reason=FORMULAS).status_code == 303
    assert status_of(world, run) is RunStatus.CANCELLED
    assert outstanding(world) == before
    assert post(finance, page, f"{page}/cancel", reason="again").status_code == 303
    assert status_of(world, run) is RunStatus.CANCELLED


def outstanding(world: World) -> list[liability.Outstanding]:
    with world.app.app_context(), transaction(db.session) as session:
        from app.models.programs import Program

        program = session.scalars(select(Program.id).where(Program.code == world.a)).one()
        return liability.outstanding_by_group(session, program)


@pytest.mark.parametrize(
    ("from_on", "to_on", "said"),
    [
        ("", "2026-12-31", "Say from which day."),
        ("2026-13-01", "2026-12-31", "This is no date."),
        ("2026-12-31", "2026-01-01", "The period ends before it begins."),
        ("<b>", FORMULAS, "This is no date."),
    ],
)
def test_a_period_that_is_none_is_refused_beside_its_field(
    as_: Callable[[str], FlaskClient], at: str, from_on: str, to_on: str, said: str
) -> None:
    answer = post(as_("finance"), f"{at}/runs/new", f"{at}/runs/new", from_on=from_on, to_on=to_on)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<b>" not in answer.text


def test_a_period_without_points_says_so(as_: Callable[[str], FlaskClient], at: str) -> None:
    finance = as_("finance")
    before = finance.get(f"{at}/runs").text.count(f"{at}/runs/")
    answer = post(finance, f"{at}/runs/new", f"{at}/runs/new", from_on="2019-01-01", to_on="2019-01-31")
    assert answer.status_code == 400
    assert "earned within these days" in answer.text
    assert finance.get(f"{at}/runs").text.count(f"{at}/runs/") == before, "a run of nothing is not kept"


def test_a_response_file_that_is_none_is_refused_and_nothing_changes(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    finance, approver = as_("finance"), as_("approver")
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    post(approver, page, f"{page}/approve")
    work(world)
    for name, content in (("a.csv", b""), ("a.csv", b"x;y\n1;2\n"), ("a.xlsx", b"PK\x03\x04"), ("../../a.exe", b"MZ")):
        answer = post(finance, page, f"{page}/responses", file=(io.BytesIO(content), name))
        assert answer.status_code == 400, name
        assert "data-problems" in answer.text
    assert post(finance, page, f"{page}/responses").status_code == 400
    assert status_of(world, run) is RunStatus.ORDERED
    refused = post(finance, page, f"{page}/cancel", reason="not sent")
    assert refused.status_code == 400
    assert "The provider may have the order file." in refused.text
    assert post(finance, page, f"{page}/cancel", reason="not sent", not_sent="y").status_code == 303


def test_cards_are_kept_by_token_and_last_digits_alone(as_: Callable[[str], FlaskClient], at: str) -> None:
    finance = as_("finance")
    new = f"{at}/cards/new"
    token = f"tok-{uuid.uuid4().hex[:10]}"
    number = "4111111111111111"
    for fields, said in (
        ({"distributor": "D-7", "token": number, "last4": "1111"}, "looks like the number of a payment card"),
        ({"distributor": "D-7", "token": token, "last4": "111"}, "Give four digits."),
        ({"distributor": "NOBODY", "token": token, "last4": "1111"}, "No distributor of this programme has this code."),
        ({"distributor": "", "token": "", "last4": ""}, "Say whose card it is."),
        ({"distributor": "D-7", "token": "<b>x", "last4": "1111"}, "A token has 4 to 64"),
    ):
        answer = post(finance, new, new, **fields)
        assert answer.status_code == 400, fields
        assert said in answer.text
        assert "<b>x" not in answer.text
    assert post(finance, new, new, distributor="d-7", token=token, last4="4242").status_code == 303
    listed = finance.get(f"{at}/cards?q=4242").text
    assert "••••\N{NO-BREAK SPACE}4242" in listed
    assert token in listed
    assert "prepare" not in as_("viewer").get(f"{at}/cards").text


def test_what_is_owed_adds_up(world: World, as_: Callable[[str], FlaskClient], at: str) -> None:
    page = as_("approver").get(f"{at}/liability").text
    assert "Outstanding points" in page
    figures = page.partition('<dl class="figures">')[2].partition("</dl>")[0]
    assert all(name in figures for name in ("Available", "Pending", "Reserved")), "they add up to what is outstanding"
    assert "Available, by month of expiry" in page, "what is pending or reserved is not among it"
    found = outstanding(world)
    assert sum(one.distributors for one in found) == 60
    assert liability.worth_minor(3, 1_500_000) == 4


def test_runs_of_another_programme_are_not_found(world: World, as_: Callable[[str], FlaskClient], at: str) -> None:
    run = previewed(world, as_("finance"), at)
    assert as_("finance").get(f"/programs/{world.b}/runs/{run}").status_code == 404
    assert as_("stranger").get(f"/programs/{world.b}/runs/{run}").status_code == 404
    for name in ("distributor", "rep", "assistant", "nobody", "verifier"):
        answer = as_(name).get(f"{at}/runs/{run}")
        assert answer.status_code == (200 if name == "verifier" else 404), name
    page = f"{at}/runs/{run}"
    if status_of(world, run) is RunStatus.PREVIEW:
        post(as_("finance"), page, f"{page}/cancel", reason="test")


def test_an_operator_who_took_the_file_is_told_of_and_its_order_file_lies_where_it_is_asked_for(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    finance, new = as_("finance"), f"{at}/cards/new"
    was = provided_by(world, "batch_file")
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    taken = {int(one) for one in re.findall(r"/distributors/(\d+)/record", finance.get(page).text)}
    for code in (code for code, number in world.distributors.items() if number in taken):
        card = {"distributor": code, "token": f"operator-{code}", "last4": "4343"}
        assert post(finance, new, new, **card).status_code == 303
    post(as_("approver"), page, f"{page}/approve")
    work(world)
    ordered = next_of(finance.get(page).text)
    file = re.search(rf'href="{page}/orders/\d+"', ordered)
    assert file, "who is told to bring the order file finds it there"
    answer = io.BytesIO(b"file_status;reason\naccepted;\n")
    told = post(finance, page, f"{page}/responses", file=(answer, "first.csv"))
    assert told.status_code == 303
    shown = finance.get(page).text
    assert "The operator took the file. What became of each load comes next." in shown
    assert "The provider took the file" in shown
    assert "Loaded: 0." not in shown
    assert "Waits for an answer" in shown, "nothing is being sent: the operator has it"
    assert "Being sent" not in shown
    with world.app.app_context():
        one = db.session.scalars(select(Redemption.id).where(Redemption.run_id == int(run))).first()
        db.session.remove()
    of_one = finance.get(f"{at}/redemptions/{one}").text
    assert "With the card provider" in of_one
    assert "has not answered yet" in of_one
    assert "Being sent" not in of_one
    assert "Bring in what became of each load." in next_of(shown)
    reference = re.search(r"<small>(\w+-\d+R1)</small>", shown)
    assert reference
    failed = io.BytesIO(f"external_id;status;code;reason\n{reference[1]};failed;51;blocked\n".encode())
    assert post(finance, page, f"{page}/responses", file=(failed, "second.csv")).status_code == 303
    assert "Failed: 1." in finance.get(page).text
    failed_ones = finance.get(f"{page}?state=failed").text
    assert re.search(r"Failed</span><small>[^<]*blocked", failed_ones), "why it failed stands beside that it did"
    assert f"{page}?form=csv" in finance.get(page).text
    provided_by(world, was)


def test_answers_that_could_not_be_taken_stay_on_the_page_of_the_run(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    finance = as_("finance")
    was = provided_by(world, "batch_file")
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    post(as_("approver"), page, f"{page}/approve")
    work(world)
    said = "external_id;status;code;reason\n" + "".join(f"NOBODY-{number};loaded;;\n" for number in range(7))
    answers = io.BytesIO(said.encode())
    assert post(finance, page, f"{page}/responses", file=(answers, "strange.csv")).status_code == 303
    told = finance.get(page).text
    assert "None of its answers could be taken: this page says why of each." in told
    assert "Nothing is said of any load." not in told
    with asked_of_the_database(world) as asked:
        shown = finance.get(page).text
    assert len(asked) <= 12, asked
    assert "Answers that could not be taken" in shown
    assert all(f"NOBODY-{number}" in shown for number in range(7)), "a flash told of five of them, and once"
    assert post(finance, page, f"{page}/cancel", reason="test", not_sent="y").status_code == 303
    provided_by(world, was)


def test_what_could_not_be_taken_is_told_where_it_stands_and_in_amounts_of_the_reader(world: World) -> None:
    """Amounts stood as files have them, and what follows from two answers stood in a row "–"."""
    words = "The answer names %(said)s %(currency)s, ordered were %(ordered)s; ask the provider."
    amounts = {"said": Amount(125_000, 2), "ordered": Amount(12_500, 2), "currency": "PLN"}
    differs = problem(4, "A-1R1", "amount_differs", words, **amounts)
    alone = problem(None, "A-1R1C", "compensation_without_reward", "Loaded.")
    with world.app.test_request_context(headers={"Accept-Language": "pl"}):
        assert "1\u202f250,00 PLN" in runs.not_taken_words(differs)
        assert runs.not_taken_words(differs).startswith("Wiersz 4, A-1R1: ")
        assert runs.not_taken_words(alone) == "A-1R1C: Loaded."


def provided_by(world: World, provider: str) -> str:
    """Say who loads the cards of programme A. Gives who did."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        was = program.prepaid["provider"]
        template = READY["delimited"].model_dump(mode="json")
        program.prepaid = {**program.prepaid, "provider": provider, "batch_file": template}
    return str(was)


def next_of(page: str) -> str:
    """Read what stands below `What happens next`."""
    return page[page.index("What happens next") :].partition("</section>")[0]


def test_a_run_goes_from_its_period_to_settled_by_two_people(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    finance, approver, viewer = as_("finance"), as_("approver"), as_("viewer")
    run = previewed(world, finance, at)
    page = f"{at}/runs/{run}"
    text = finance.get(page).text
    assert "Waits for approval" in text
    assert "You prepared it: somebody else has to approve it." in text
    assert "The sandbox moves no money" in text, "before anybody approves what would be on no card"
    assert f"{page}/approve" not in text
    assert post(finance, page, f"{page}/approve").status_code == 404
    asked = approver.get(page).text
    assert f"{page}/approve" in asked
    assert asked.index("What happens next") < asked.index("Top-ups of this run"), "hundreds of loads are not in between"
    assert f"{page}/approve" not in viewer.get(page).text
    assert post(approver, page, f"{page}/approve").location == page
    assert "The order file is being written" in finance.get(page).text
    assert finance.get(f"{page}/progress").json["ended"] is False
    work(world)
    assert finance.get(f"{page}/progress").json["ended"] is True
    assert status_of(world, run) is RunStatus.ORDERED
    text = finance.get(page).text
    order = re.search(r'href="([^"]+/orders/\d+)"', text)
    assert order is not None
    file = finance.get(order[1])
    assert len(file.data) > 50
    file.close()
    assert viewer.get(order[1]).status_code == 404
    assert "Send the order to the card provider, or" in text
    told = approver.get(page).text
    assert "Send the order" not in told, "an approver cannot"
    assert "The order file is written." in told
    assert "Whoever may go on with it: Administrator, Finance." in told
    post(finance, page, f"{page}/send")
    text = finance.get(page).text
    assert "Send the order to the card provider, or" not in text
    assert "The order is on its way to the card provider." in text
    work(world)
    assert status_of(world, run) is RunStatus.SETTLED
    text = finance.get(page).text
    assert "state=failed" not in text, "nothing failed"
    assert "Everything is answered." in text
    assert "Loaded" in text
    listed = finance.get(f"{at}/top-ups").text
    for place in ("cards", "top-ups"):
        (leads, *_others) = re.findall(rf'<a href="({re.escape(at)}/{place}/\d+)"', listed)
        assert finance.get(leads).status_code == 200, "a load leads to its card and to where it comes from"
    answer = finance.get(f"{at}/top-ups?form=xlsx&state=loaded")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True))
    answer.close()
    amount = rows[0].index("Amount")
    assert round(rows[-1][amount] * 100) == sum(round(row[amount] * 100) for row in rows[1:-1])
    assert f"/runs/{run}" in finance.get(f"{at}/runs?state=settled").text


def test_whoever_sends_what_was_ordered_again_is_told_how_little_goes_out(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    for who in ("D-5", "D-6"):
        give(world, who, 5_000)
    finance = as_("finance")
    page = f"{at}/runs/{(run := previewed(world, finance, at))}"
    post(as_("approver"), page, f"{page}/approve")
    work(world)

    def asked() -> str:
        return finance.get(page).text.partition('<dialog class="dialog" id="send"')[2].partition("</dialog>")[0]

    assert "Accounts" in asked()
    with world.app.app_context(), transaction(db.session) as session:
        loads = session.scalars(select(TopUp).where(TopUp.run_id == int(run)).order_by(TopUp.id)).all()
        assert len(loads) > 1
        for one in loads[1:]:
            one.status, one.settled_at = TopUpStatus.LOADED, world.clock()
        session.flush()
        went, left = [one.id for one in loads[1:]], loads[0].amount_minor
    told = asked()
    assert "Only what was ordered again goes out." in told
    assert "Accounts" not in told
    assert f"{left // 100:,}.{left % 100:02}" in told
    with world.app.app_context(), transaction(db.session) as session:
        for one in session.scalars(select(TopUp).where(TopUp.id.in_(went))):
            one.status, one.settled_at = TopUpStatus.ORDERED, None
    assert post(finance, page, f"{page}/cancel", reason="test", not_sent="y").status_code == 303


def test_a_run_whose_sending_stopped_says_to_ask_again(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    give(world, "D-5", 5_000)
    finance = as_("finance")
    page = f"{at}/runs/{(run := previewed(world, finance, at))}"
    post(as_("approver"), page, f"{page}/approve")
    work(world)
    with world.app.app_context():
        with transaction(db.session) as session:
            session.get_one(ConversionRun, int(run)).status = RunStatus.SENDING
        text = finance.get(page).text
        with transaction(db.session) as session:
            session.get_one(ConversionRun, int(run)).status = RunStatus.ORDERED
        db.session.remove()
    told = text[text.index('id="next-title"') : text.index('id="about-title"')]
    assert "Sending stopped before all was answered" in told
    assert "Ask the provider again" in told
    assert "Send the order to the card provider, or" not in told
    assert post(finance, page, f"{page}/cancel", reason="not sent", not_sent="y").status_code == 303


def test_points_that_are_redeemed_after_the_last_sale_stand_in_the_overview(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    month = dt.date(2027, 1, 1)
    with world.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program.id).where(Program.code == world.a)).one()
            kept = {"program_id": program, "month_on": month, "unit": Unit.POINTS, "kind": TransactionKind.SETTLE}
            session.add(PointsMonth(**kept, amount=-7_654))
        page = as_("viewer").get(f"{at}/").text
        with transaction(db.session) as session:
            session.execute(delete(PointsMonth).filter_by(**kept))
        db.session.remove()
    assert re.search(r'<th scope="row">Jan 2027</th>.{0,200}>7,654<', page, re.DOTALL)


def test_a_run_of_all_that_is_available_names_no_days(world: World) -> None:
    with world.app.test_request_context():
        assert wording.period(*wording.EVER) == "All that was available"
        assert wording.period(dt.date(2026, 3, 1), dt.date(2026, 3, 31)) == "1 Mar 2026 – 31 Mar 2026"


def give(world: World, code: str, points: int) -> None:
    """Give points by hand."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        wallet = ledger.wallet_of(session, world.distributors[code], Unit.POINTS)
        rules, key = rules_of(session, program.id), uuid.uuid4().hex
        ledger.adjust(session, rules, wallet, points, key=key, now=world.clock(), actor="test", reason="gift")


def test_a_run_takes_a_saved_list_a_group_and_says_whom_and_what_to_do_about_the_others(
    world: World, as_: Callable[[str], FlaskClient], at: str
) -> None:
    give(world, "D-6", 100)
    finance = as_("finance")
    kept = {"listing": "distributors", "name": "Just one", "query": "q=D-6", "back": f"{at}/distributors"}
    assert post(finance, f"{at}/distributors", f"{at}/views", **kept).status_code == 303
    form = finance.get(f"{at}/runs/new").text
    (view,) = re.findall(r'<option value="(\d+)">Just one</option>', form)
    period = {"from_on": "2026-01-01", "to_on": "2046-12-31"}
    answer = post(finance, f"{at}/runs/new", f"{at}/runs/new", **period, saved=view, minimum="999999")
    assert answer.status_code == 303
    with asked_of_the_database(world) as asked:
        shown = finance.get(answer.location).text
    assert len(asked) <= 12, asked
    assert "Just one (1)" in shown
    assert "999,999 points" in shown
    assert "its points wait for a later run" in shown
    assert "Nothing to convert" in shown
    assert "Selected and frozen" in shown
    with world.app.app_context(), transaction(db.session) as session:
        gold = select(DistributorGroup.id).join(Program).where(Program.code == world.a, DistributorGroup.code == "gold")
        whose = Distributor.id == world.distributors["D-6"]
        session.execute(update(Distributor).where(whose).values(group_id=gold.scalar_subquery()))
    of_group = post(finance, f"{at}/runs/new", f"{at}/runs/new", **period, groups="gold", minimum="999999")
    assert "<dd>Gold</dd>" in finance.get(of_group.location).text
    wrong = post(finance, f"{at}/runs/new", f"{at}/runs/new", **period, groups="there-is-none")
    assert wrong.status_code == 400
    assert post(finance, f"{at}/runs/new", f"{at}/runs/new", **period, saved="0").status_code == 400


def test_a_response_file_is_asked_for_as_the_operator_s_template_reads_it(world: World) -> None:
    lines = {"reference": "external_id", "result": "status", "loaded": ["COMPLETED"], "failed": ["Rejected"]}
    with world.app.test_request_context():
        ours, theirs = response_hint(Answers()), response_hint(Answers.model_validate({"lines": lines}))
    assert "the columns reference and result (loaded, failed, unknown)" in ours
    assert "the columns external_id and status (COMPLETED, Rejected, unknown)" in theirs
