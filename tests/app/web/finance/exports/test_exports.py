"""Finance's exports on pages: asked for by a form, made by a worker, taken away, made again; plans; what to invoice."""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Callable

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.db.transaction import transaction
from app.exports.histories import planning
from app.extensions import db
from app.models.exports import Export, ExportPlan
from app.models.messages import Message
from app.models.people import AuditEvent
from tests.app.web.conftest import token_of
from tests.app.web.world import World, do_one_job

As = Callable[[str], FlaskClient]
YEAR = {"from_on": "2026-01-01", "to_on": "2026-12-31"}


@pytest.fixture
def at(world: World) -> str:
    return f"/programs/{world.a}/exports"


def work(world: World) -> None:
    """Do every job on the board."""
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def send(client: FlaskClient, page: str, **sent: object) -> TestResponse:
    return client.post(page, data={"csrf_token": token_of(client, page), **sent})


def export_of(world: World, answer: TestResponse) -> Export:
    number = int(re.search(r"/exports/(\d+)$", answer.location)[1])
    with world.app.app_context(), transaction(db.session) as session:
        row = session.get_one(Export, number)
        session.expunge(row)
    return row


def test_an_export_is_asked_for_made_taken_away_and_made_again_the_same(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    assert "Nothing was exported yet" in finance.get(at).text
    assert finance.get(f"{at}/new?subject=sales").status_code == 404, "top-ups would pass for what was asked for"
    form = f"{at}/new?subject=ledger"
    shown = finance.get(form).text
    assert "Narrow it down" in shown
    assert 'value="award"' in shown
    answer = send(
        finance, form, **YEAR, form="xlsx", language="en", distributors="D-5", columns=["day", "code", "points"]
    )
    assert answer.status_code == 303, answer.text
    with finance.get(f"{at}?form=xlsx") as listed:
        head, row, *_rest = openpyxl.load_workbook(io.BytesIO(listed.data)).worksheets[0].iter_rows(values_only=True)
    days = [row[head.index(name)].date().isoformat() for name in ("From", "To")]
    assert days == [YEAR["from_on"], YEAR["to_on"]], "days are days, not texts"
    page = answer.location
    assert "Waiting for a worker" in finance.get(page).text
    assert finance.get(f"{page}/file").status_code == 404
    work(world)
    made = export_of(world, answer)
    shown = finance.get(page).text
    assert made.sha256.hex() in shown
    assert "Take the file away" in shown
    assert finance.get(f"{page}/progress").json["ended"] is True
    file = finance.get(f"{page}/file")
    assert hashlib.sha256(file.data).digest() == made.sha256
    book = openpyxl.load_workbook(io.BytesIO(file.data))
    file.close()
    header, *rows, total = book["Ledger"].iter_rows(values_only=True)
    assert header == ("Booked on", "Distributor code", "Points")
    assert {row[1] for row in rows} == {"D-5"}
    assert total[2] == sum(row[2] for row in rows) > 0
    again = finance.post(f"{page}/again", data={"csrf_token": token_of(finance, page)})
    assert again.status_code == 303
    work(world)
    assert "the same, byte for byte" in finance.get(page).text
    listed = finance.get(f"{at}?subject=ledger").text
    assert "the same" in listed
    with world.app.app_context():
        events = select(AuditEvent).where(AuditEvent.action == "export.make").order_by(AuditEvent.id)
        noted = db.session.scalars(events).all()[-1]
        assert noted.after["rows"] == len(rows)
        assert noted.after["sha256"] == made.sha256.hex()
        assert noted.after["filter"]["narrowing"]["distributors"] == ["D-5"]
        db.session.remove()
    assert as_("viewer").get(page).status_code == 404
    assert as_("stranger").get(f"/programs/{world.b}/exports/{made.id}").status_code == 404


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"from_on": "never"}, "This is no date"),
        ({"from_on": "2027-01-01"}, "The period ends before it begins."),
        ({"form": "docx"}, "Not a valid choice"),
        ({"runs": "1, x"}, "Write whole numbers"),
        ({"cards": "12345"}, "Write four digits"),
        ({"distributors": "x" * 65}, "too long for a code"),
        ({"distributors": "4242 4242 4242 4242"}, "payment card"),
        ({"states": ["gone"]}, "valid choice"),
    ],
)
def test_what_cannot_be_asked_is_told_beside_its_field(as_: As, at: str, sent: dict[str, object], said: str) -> None:
    answer = send(as_("finance"), f"{at}/new", **YEAR | {"form": "csv", "language": "en"} | sent)
    assert answer.status_code == 400
    assert said in answer.text


def test_a_plan_is_kept_made_by_itself_and_brought_where_it_says(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    form = f"{at}/plans/new?subject=ledger"
    plan = {"name": "Books", "span": "year_so_far", "rhythm": "daily", "form": "csv", "language": "pl"}
    assert "Write a name of small letters" in send(finance, form, **plan, way="folder", target="../etc").text
    assert "e-mail addresses" in send(finance, form, **plan, way="mail", target="nobody").text
    kept = send(finance, form, **plan, way="folder", target="books")
    assert kept.status_code == 303, kept.text
    assert "Another plan has this name." in send(finance, form, **plan, way="none").text
    mailed = send(finance, form, **plan | {"name": "Mail", "rhythm": "never"}, way="mail", target="cfo@x.example")
    assert mailed.status_code == 303
    assert "Books" in finance.get(f"{at}/plans").text
    with world.app.app_context():
        tomorrow = world.clock() + dt.timedelta(days=1)
        assert planning.make_due(db.session, world.clock()) == 0
        assert planning.make_due(db.session, tomorrow) == 1
        assert planning.make_due(db.session, tomorrow) == 0
        mail_id = db.session.scalars(select(ExportPlan.id).where(ExportPlan.name == "Mail")).one()
        db.session.remove()
    page = f"{at}/plans/{mail_id}"
    assert "cfo@x.example" in finance.get(page).text
    assert finance.post(f"{page}/make", data={"csrf_token": token_of(finance, page)}).status_code == 303
    work(world)
    [brought] = (world.settings.home / "outgoing" / world.a / "books").glob("*.csv")
    beside = brought.with_name(f"{brought.name}.sha256").read_text()
    assert beside == f"{hashlib.sha256(brought.read_bytes()).hexdigest()}  {brought.name}\n"
    with world.app.app_context():
        mail = db.session.scalars(select(Message).where(Message.to == "cfo@x.example")).one()
        assert mail.attachment_name.endswith(".csv")
        assert (world.settings.files / mail.attachment).is_file()
        assert f"/programs/{world.a}/exports/" in mail.body
        # whoever kept it may no longer take it away
        with transaction(db.session) as session:
            session.execute(
                update(ExportPlan).where(ExportPlan.name == "Books").values(changed_by=world.login("viewer"))
            )
        assert planning.make_due(db.session, world.clock() + dt.timedelta(days=3)) == 0
        db.session.remove()
    assert "may no longer take this away" in finance.get(_newest(world, finance, at)).text
    away = finance.post(f"{page}/put-away", data={"csrf_token": token_of(finance, page)}, follow_redirects=True)
    assert "The plan is put away." in away.text
    assert as_("viewer").get(f"{at}/plans").status_code == 404
    checker = as_("verifier")
    assert send(checker, form, **plan | {"name": "Away"}, way="mail", target="x@x.example").status_code == 400
    assert send(checker, form, **plan | {"name": "Here"}, way="none").status_code == 303


def _newest(world: World, finance: FlaskClient, at: str) -> str:
    with world.app.app_context():
        found = db.session.scalars(select(Export.id).order_by(Export.id.desc()).limit(1)).one()
        db.session.remove()
    return f"{at}/{found}"


def test_many_are_made_again_at_once_and_plans_made(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    plan = {"name": "Many", "span": "month", "rhythm": "weekly", "weekday": "3", "form": "csv", "language": "en"}
    assert send(finance, f"{at}/plans/new", **plan, way="none").status_code == 303
    token = token_of(finance, f"{at}/plans")
    chosen = {"csrf_token": token, "all": "1"}
    look = finance.post(f"{at}/plans/make", data=chosen)
    assert "Every week on Wednesday" in look.text
    sure = chosen | {"sure": "yes", "ids": re.findall(r'name="ids" value="(\d+)"', look.text)}
    assert "asked for." in finance.post(f"{at}/plans/make", data=sure, follow_redirects=True).text
    work(world)
    look = finance.post(f"{at}/again", data=chosen)
    assert "compared byte for byte" in look.text
    sure = chosen | {"sure": "yes", "ids": re.findall(r'name="ids" value="(\d+)"', look.text)}
    shown = finance.post(f"{at}/again", data=sure, follow_redirects=True)
    assert "made again and compared." in shown.text
    work(world)
    assert "Every week" in finance.get(f"{at}/plans").text


def test_what_to_invoice_is_empty_where_nothing_was_loaded(world: World, as_: As) -> None:
    page = f"/programs/{world.a}/invoicing"
    assert "Nothing was loaded on these days" in as_("finance").get(page).text
    assert as_("finance").get(f"{page}?from_on=2026-02-01&to_on=2026-01-01").status_code == 400
    assert as_("distributor").get(page).status_code == 404
