"""Cards on pages: their life, what is done to them, the provider's template and its bench; what a provider tells."""

import hashlib
import hmac
import io
import json
import re
import time
from collections.abc import Callable
from html import escape

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select

from app.config import Settings
from app.domain.program_file.batch_file import BatchFile
from app.domain.program_file.batch_templates import READY
from app.domain.states import CardState
from app.extensions import db
from app.models.jobs import Job
from app.models.prepaid import Card, ProviderEvent
from app.models.programs import Program
from tests.app.web.conftest import TOKEN, token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]
SECRET = "whsec_of_the_tests"


@pytest.fixture
def at(world: World) -> str:
    return f"/programs/{world.a}"


def a_card(world: World, finance: FlaskClient, at: str, token: str) -> str:
    """Register a card as a person does, and give the address of its page."""
    code = re.search(r'class="code[^"]*"[^>]*>([^<]+)<', finance.get(f"{at}/distributors").text)
    assert code
    sent = {"csrf_token": token_of(finance, f"{at}/cards/new"), "token": token, "last4": "4242"}
    assert finance.post(f"{at}/cards/new", data=sent | {"distributor": code[1].strip()}).status_code == 303
    with world.app.app_context():
        found = db.session.scalars(select(Card.id).where(Card.token == token)).one()
        db.session.remove()
    return f"{at}/cards/{found}"


def state_of(world: World, token: str) -> CardState:
    with world.app.app_context():
        found = db.session.scalars(select(Card.state).where(Card.token == token)).one()
        db.session.remove()
    return found


def test_a_card_has_a_page_with_its_life(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    page = a_card(world, finance, at, "sbx-page-of-a-card")
    text = finance.get(page).text
    assert "••••" in text
    assert "Registered" in text
    token = token_of(finance, page)
    answer = finance.post(f"{page}/note", data={"csrf_token": token, "note": "It was lost at a fair"})
    assert answer.status_code == 303
    assert "It was lost at a fair" in finance.get(page).text
    answer = finance.post(f"{page}/note", data={"csrf_token": token, "note": "4111 1111 1111 1111"})
    assert answer.status_code == 400
    assert "4111 1111 1111 1111" not in finance.get(page).text
    assert finance.post(f"{page}/block", data={"csrf_token": token, "why": ""}).status_code == 400
    finance.post(f"{page}/block", data={"csrf_token": token, "why": "lost"})
    assert state_of(world, "sbx-page-of-a-card") is CardState.BLOCKED, "here, though the sandbox has no such card"
    assert "The card provider did not do it" in finance.get(page).text
    sent = {"csrf_token": token, "identity": "verified", "text": "seen"}
    assert finance.post(f"{page}/identify", data=sent).status_code == 303
    assert "Verified" in finance.get(page).text


def test_a_card_bears_the_name_of_its_programme(world: World, as_: As, at: str) -> None:
    """Not how the programme reaches the provider, which says nothing to whoever holds it."""
    finance = as_("finance")
    sent = {"token": "sbx-name-of-a-card", "last4": "4242", "distributor": "D-5"}
    finance.post(f"{at}/cards/new", data={"csrf_token": token_of(finance, f"{at}/cards/new"), **sent})
    card = as_("distributor").get(f"/portal/{world.a}/{world.distributors['D-5']}/card").text
    with world.app.app_context():
        name = db.session.scalars(select(Program.name).where(Program.code == world.a)).one()
    plastic = card.partition('<p class="plastic">')[2].partition("</p>")[0]
    assert "4242" in plastic
    assert f"<small>{escape(name)}</small>" in plastic


def test_nobody_changes_a_card_who_may_only_look(world: World, as_: As, at: str) -> None:
    page = a_card(world, as_("finance"), at, "sbx-another-page")
    token = token_of(as_("viewer"), f"{at}/cards")
    assert as_("viewer").post(f"{page}/block", data={"csrf_token": token, "why": "x"}).status_code == 404
    assert as_("finance").get(page.replace(world.a, world.b)).status_code == 404


def test_the_provider_is_checked_and_asked_for_its_funds(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    page = finance.get(f"{at}/card-provider").text
    assert "Is everything set up?" in page
    assert "The sandbox moves no money" in page
    assert "Stripe issues no cards in PLN to holders in PL" in page
    token = token_of(finance, f"{at}/card-provider")
    asked = finance.post(f"{at}/card-provider/funding", data={"csrf_token": token, "amount": "1250"})
    assert asked.status_code == 303
    assert "Nothing speaks against loads of" in finance.get(f"{at}/card-provider").text
    for amount in ("", "much", "0"):
        wrong = finance.post(f"{at}/card-provider/funding", data={"csrf_token": token, "amount": amount})
        assert wrong.status_code == 400, amount
    viewer = as_("viewer")
    token = token_of(viewer, f"{at}/card-provider")
    refused = viewer.post(f"{at}/card-provider/funding", data={"csrf_token": token, "amount": "1"})
    assert refused.status_code == 404


def test_a_template_is_edited_with_a_preview_and_tried(world: World, as_: As, at: str) -> None:
    owner = as_("administrator")
    page = f"{at}/card-provider/template"
    got = owner.get(f"{page}?begin=fixed_width").text
    assert "H0000000720261126" in got
    form = _form_of(got)
    shown = owner.post(f"{page}/preview", data=form | {"name": "loads.txt"}).text
    assert "Write a name with {batch}" in shown
    assert owner.post(page, data=form | {"name": "loads.txt"}).status_code == 400
    answer = owner.post(f"{page}?begin=fixed_width", data=form | {"name": "{program}-{batch}.txt"})
    assert answer.status_code == 303, answer.text
    form = _form_of(owner.get(f"{at}/card-provider/answers").text)
    twice = f"{form['line_loaded']}, {form['line_loaded'].upper()}"
    answer = owner.post(f"{at}/card-provider/answers", data=form | {"line_loaded": twice})
    assert answer.status_code == 303, answer.text
    with world.app.app_context():
        kept = db.session.scalars(select(Program.prepaid).where(Program.code == world.a)).one()
        db.session.remove()
    template = BatchFile.model_validate(kept["batch_file"])
    assert (kept["provider"], template.name) == ("batch_file", "{program}-{batch}.txt")
    assert template.columns == READY["fixed_width"].columns
    assert template.answers == READY["fixed_width"].answers
    text = "external_id,status,code,reason\nK-1R1,completed,,\nK-2R1,odd,,\n"
    sent = {"csrf_token": form["csrf_token"], "file": (io.BytesIO(text.encode()), "answer.csv")}
    tried = owner.post(f"{at}/card-provider/bench", data=sent, content_type="multipart/form-data")
    assert "1 load is answered." in tried.text
    assert "expected one of these: completed" in tried.text
    text = "external_id,status,reason\nK-1R1,completed,4111111111111111\n"
    sent = {"csrf_token": form["csrf_token"], "file": (io.BytesIO(text.encode()), "answer.csv")}
    tried = owner.post(f"{at}/card-provider/bench", data=sent, content_type="multipart/form-data")
    assert tried.status_code == 400
    assert "4111111111111111" not in tried.text


@pytest.mark.parametrize(
    ("begin", "changes", "said"),
    [
        ("delimited", {"name": "żółw-{batch}"}, {"name": "letters without accents"}),
        ("delimited", {"encoding": "utf-16"}, {"encoding": "Name an encoding in which a digit is one byte"}),
        ("delimited", {"decimal": ",", "delimiter": ","}, {"delimiter": "It stands in the amounts as well"}),
        ("delimited", {"columns-0-holds": ""}, {"columns-0-holds": "Say what it holds, or empty the row."}),
        ("delimited", {"columns-0-holds": "text", "columns-0-text": ""}, {"columns-0-text": "Write the text."}),
        ("delimited", {"columns-0-holds": "amount", "columns-0-cut": "y"}, {"columns-0-cut": "This must not be cut"}),
        ("delimited", {"columns-0-title": ""}, {"columns-0-title": "Write a title"}),
        ("delimited", {"line_failed": "completed"}, {"line_failed": "“completed” means something else already."}),
        ("delimited", {"line_loaded": ", ,"}, {"line_loaded": "Name at least one."}),
        ("delimited", {"file_column": "", "file_accepted": "ok"}, {"file_column": "Name the column"}),
        ("delimited", {"file_column": "x", "file_accepted": ""}, {"file_accepted": "Name at least one."}),
        ("delimited", {"columns-0-text": "4111 1111 1111 1111"}, {"columns-0-text": "number of a payment card"}),
        ("fixed_width", {"columns-0-width": ""}, {"columns-0-width": "Say how wide"}),
        ("fixed_width", {"before-0-width": ""}, {"before-0-width": "Say how wide"}),
        ("fixed_width", {"format": "xlsx", "titles": ""}, {"format": "A workbook has no records", "titles": "begins"}),
        ("fixed_both", {"load_fields-1-begins": "2"}, {"load_fields-0-begins": "The field before it ends at"}),
        ("fixed_both", {"load_fields-0-width": ""}, {"load_fields-0-width": "Say how wide it is."}),
        ("fixed_both", {"load_fields-0-title": ""}, {"load_fields-0-title": "Name the field, or empty the row."}),
        ("fixed_both", {"line_result": "nowhere"}, {"load_fields": "No field has the title “nowhere”"}),
        ("fixed_both", {"load_mark": ""}, {"load_mark": "nothing else tells lines of loads and of the file apart"}),
        ("fixed_both", {"file_column": ""}, {"file_column": "Name the column"}),
    ],
)
def test_what_is_wrong_with_a_template_stands_beside_its_field_and_all_at_once(
    as_: As, at: str, begin: str, changes: dict[str, str], said: dict[str, str]
) -> None:
    owner, page = as_("administrator"), f"{at}/card-provider/template?begin={begin}"
    form, lacking = _form_of(owner.get(page).text), {"encoding": "Name an encoding."}
    if not set(changes) & set(form):
        assert owner.post(page, data=form).status_code == 303
        page = f"{at}/card-provider/answers"
        form, lacking = _form_of(owner.get(page).text), {"line_reference": "Name the column."}
    if set(changes) & set(lacking):
        lacking = {"name": "Name the files."}
    assert set(changes) & set(form)
    answer = owner.post(page, data=form | changes | dict.fromkeys(lacking, ""))
    assert answer.status_code == 400
    problems = dict(re.findall(r'id="([^"]+)-problem">(.*?)</p>', answer.text, re.DOTALL))
    for name, text in (said | lacking).items():
        assert text in problems.get(name, ""), (name, problems)
    assert "expected" not in "".join(problems.values())


@pytest.mark.parametrize("begin", READY)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_ready_made_template_fits_its_pages(as_: As, at: str, begin: str, language: str) -> None:
    owner, spoken = as_("administrator"), {"Accept-Language": language}
    whole = owner.get(f"{at}/card-provider/template?begin={begin}", headers=spoken)
    assert f'<html lang="{language}"' in whole.text
    assert len(whole.data) < 60_000
    sent = _form_of(owner.get(f"{at}/card-provider/template?begin={begin}").text)
    assert owner.post(f"{at}/card-provider/template?begin={begin}", data=sent).status_code == 303
    assert len(owner.get(f"{at}/card-provider/answers", headers=spoken).data) < 60_000


def _form_of(page: str) -> dict[str, str]:
    """Give what a browser would send of the form as it stands."""
    form = page[page.index('<form method="post" action="/programs') :]
    found = TOKEN.search(form)
    assert found
    sent = {"csrf_token": found[1]}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = value[1] if value else ""
    for name, inside in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', inside) or re.search(r'<option value="([^"]*)"', inside)
        sent[name] = chosen[1] if chosen else ""
    return sent


def _signed(event: dict[str, object], secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body, at = json.dumps(event).encode(), str(int(time.time()))
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={at},v1={signature}"}


def test_what_stripe_tells_is_taken_once_and_only_when_it_is_signed(
    world: World, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "/providers/stripe/events"
    event: dict[str, object] = {
        "id": f"evt_{world.a}",
        "object": "event",
        "type": "issuing_transaction.created",
        "created": int(time.time()),
        "data": {"object": {"id": "ipi_1", "object": "issuing.transaction", "card": "ic_of_nobody"}},
    }
    body, headers = _signed(event)
    assert visitor.post(address, data=body, headers=headers).status_code == 404, "no secret is set"
    told = Settings(home=world.settings.home).model_copy(update={"stripe_webhook_secret": SecretStr(SECRET)})
    monkeypatch.setitem(world.app.extensions["kontor"], "settings", told)
    told_when = headers["Stripe-Signature"].partition(",")[0]
    for wrong in (
        headers | {"Stripe-Signature": ""},
        headers | {"Stripe-Signature": f"{told_when},v1=\xe9"},
        _signed(event, "another")[1],
    ):
        assert visitor.post(address, data=body, headers=wrong).status_code == 404
    assert visitor.post(address, data=body + b" ", headers=headers).status_code == 404
    for _ in range(2):
        assert visitor.post(address, data=body, headers=headers).status_code == 200
    with world.app.app_context():
        events = select(ProviderEvent.about).where(ProviderEvent.token == event["id"])
        assert db.session.scalars(events).all() == ["ic_of_nobody"]
        jobs = select(func.count()).select_from(Job).where(Job.kind == "prepaid.heed")
        assert db.session.scalars(jobs).one() == 1
        db.session.remove()
