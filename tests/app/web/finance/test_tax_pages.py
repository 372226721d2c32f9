"""Tax on pages: statuses with their proofs, rules drafted and tried, the register, forms of a year, statements."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.db.transaction import transaction
from app.domain.program_file.definition import TaxChoice
from app.domain.states import TaxStatus
from app.domain.taxes.tax_packs import pack
from app.domain.taxes.tax_rules import BorneBy
from app.extensions import db
from app.models.distributors import Distributor
from app.models.jobs import Job
from app.models.ledger import Account
from app.models.people import AuditEvent
from app.models.prepaid import Redemption
from app.models.programs import Program
from app.models.tax import TaxChange, TaxStatusChange
from app.web.admin.tax.forms import filled
from prepaid.conversions import preparing
from prepaid.taxing import papers
from tests.app.web.conftest import token_of
from tests.app.web.world import World, do_one_job

As = Callable[[str], FlaskClient]
PDF = b"%PDF-1.7\n1 0 obj"


@pytest.fixture
def at(world: World) -> str:
    return f"/programs/{world.a}"


def told(world: World, query: Any) -> list[Any]:
    with world.app.app_context():
        found = list(db.session.execute(query))
        db.session.remove()
    return found


def taken(client: FlaskClient, address: str) -> TestResponse:
    """Ask for a file, and let go of it."""
    answer = client.get(address)
    assert answer.data is not None
    answer.close()
    return answer


def taxed(world: World) -> tuple[int, int, str]:
    """Have a run take somebody's points; give the distributor, the redemption and the rule."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        found = (
            select(Distributor.id, Redemption.id, Redemption.tax_rule)
            .join(Account, Account.distributor_id == Distributor.id)
            .join(Redemption, Redemption.account_id == Account.id)
            .where(Distributor.program_id == program.id)
            .order_by(Redemption.id)
            .limit(1)
        )
        row = session.execute(found).first()
        if row is None:
            day = world.clock().date()
            preparing.preview(
                session, program, from_on=day.replace(year=2000), to_on=day, actor="ann", now=world.clock()
            )
            row = session.execute(found).one()
        return row[0], row[1], row[2]


def test_a_status_is_noted_with_its_proof_which_its_own_distributor_alone_leads_to(
    world: World, as_: As, at: str
) -> None:
    boss, one = as_("administrator"), world.distributors["D-20"]
    page = f"{at}/distributors/{one}/tax-status"
    assert "It never changed" in boss.get(page).text
    sent = {
        "csrf_token": token_of(boss, page),
        "status": "sole_trader",
        "from_on": "2026-01-01",
        "reason": "its letter",
    }
    for name, content in (("note.txt", b"plain words"), ("page.html", b"<html>")):
        refused = boss.post(
            page, data=sent | {"proof": (io.BytesIO(content), name)}, content_type="multipart/form-data"
        )
        assert refused.status_code == 400
        assert "neither a PDF nor a picture" in refused.text
    assert boss.post(page, data=sent | {"reason": " "}).status_code == 400
    done = boss.post(
        page, data=sent | {"proof": (io.BytesIO(PDF), "../../żółty list.pdf")}, content_type="multipart/form-data"
    )
    assert done.status_code == 303, done.text
    text = boss.get(page).text
    assert "its letter" in text
    ((change, name),) = told(
        world,
        select(TaxStatusChange.id, TaxStatusChange.proof_name).where(
            TaxStatusChange.distributor_id == one, TaxStatusChange.proof_name.is_not(None)
        ),
    )
    assert name == "żółty-list.pdf", "as whoever sent it called it, without a way to another folder"
    got = taken(boss, f"{page}?proof={change}")
    assert (got.data, got.mimetype) == (PDF, "application/octet-stream")
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert as_("viewer").get(f"{page}?proof={change}").status_code == 404, "it holds what the participant declared"
    noted = select(AuditEvent.actor).where(AuditEvent.action == "tax_status.proof")
    assert len(told(world, noted)) == 1, "who took it is noted"
    other = world.distributors["D-21"]
    assert boss.get(f"{at}/distributors/{other}/tax-status?proof={change}").status_code == 404
    assert told(world, select(Distributor.tax_status).where(Distributor.id == one)) == [(TaxStatus.SOLE_TRADER,)]
    assert "Sole trader" in as_("viewer").get(page).text
    assert as_("viewer").post(page, data=sent).status_code in (400, 404)


def form_of(**more: Any) -> Mapping[str, Any]:
    return {
        "title": "Prize of the friends",
        "code": "FRIENDS",
        "applies_to": ["business_friend"],
        "reward_kinds": ["prepaid", "goods"],
        "rate": "19",
        "exempt": "200.00",
        "exempt_basis": "single_reward",
        "exempt_mode": "cliff",
        "base_of": "face",
        "base_step": "1.00",
        "base_mode": "half_up",
        "tax_step": "1.00",
        "tax_mode": "half_up",
        "borne_by": "sponsor_compensates",
        "withholding": "y",
        "form": "PIT-8AR",
        "legal": "a ruling",
        "valid_from": "2026-01-01",
        **more,
    }


def test_a_rule_is_drafted_tried_and_published(world: World, as_: As, at: str) -> None:
    boss, index = as_("administrator"), f"{at}/tax-rules"
    shown = boss.get(index).text
    for words in ("To be confirmed by your adviser", "PL-PREMIUM-SALE", "Sources:", "Read on"):
        assert words in shown, words
    new = f"{index}/new"
    assert "PL-PREMIUM-SALE" in boss.get(f"{new}?begin=PL-PREMIUM-SALE").text
    token = token_of(boss, new)
    wrong = boss.post(new, data=form_of(csrf_token=token, rate="95", more="surcharges: 1"))
    assert wrong.status_code == 400
    unknown = boss.post(new, data=form_of(csrf_token=token, more="title: x"))
    assert "Write only these parts" in unknown.text
    drafted = boss.post(new, data=form_of(csrf_token=token, more="report: {mode: above, by_year: {2026: 2000.00}}"))
    assert drafted.status_code == 303, drafted.text
    change = drafted.location
    asked = "value=1000.00&status=business_friend&kind=prepaid&on=2026-03-01&before=&rate=&borne_by=&purpose=other"
    tried = boss.get(f"{change}?{asked}").text
    assert "With this change" in tried
    assert "The reward is blocked" in tried, "as it is now there is no rule"
    assert "234.00" in tried, "19 % of 1,234, in whole zlotys, is paid back"
    assert "A reward of this kind for “Business friend”" in tried
    assert boss.get(f"{change}?{asked.replace('1000.00', 'much')}").status_code == 400
    edited = boss.post(f"{change}/edit", data=form_of(csrf_token=token, title="Prizes of friends", rate="20"))
    assert (edited.status_code, edited.location) == (303, change)
    assert boss.post(new, data=form_of(csrf_token=token)).location == change, "a rule has one open change"
    assert as_("viewer").post(f"{change}/publish", data={"csrf_token": token}).status_code in (400, 404)
    boss.post(f"{change}/publish", data={"csrf_token": token})
    assert "FRIENDS v1" in boss.get(index).text
    assert "250.00" in boss.get(f"{index}/bench?{asked}").text
    said = {"csrf_token": token, "agreed": "FRIENDS v1", "by": "Doradca & Co.", "on": "2026-11-20"}
    boss.post(f"{index}/confirm", data=said)
    assert "Doradca &amp; Co." in boss.get(index).text
    too_early = {"csrf_token": token, "rule": "FRIENDS", "last": "2025-12-31"}
    refused = boss.post(f"{index}/end", data=too_early, headers={"Accept-Language": "pl"})
    assert refused.status_code == 400
    assert "FRIENDS v1 obowiązuje od 2026-01-01; nie może skończyć się wcześniej" in refused.text
    boss.post(f"{index}/end", data={"csrf_token": token, "rule": "FRIENDS", "last": "2026-02-28"})
    assert "The reward is blocked" in boss.get(f"{index}/bench?{asked}").text
    boss.post(f"{index}/pack", data={"csrf_token": token, "pack": "PL"})
    again = boss.post(f"{change}/drop", data={"csrf_token": token}, follow_redirects=True).text
    assert "published or dropped before" in again
    kinds = told(world, select(TaxChange.kind).join(Program).where(Program.code == world.a).order_by(TaxChange.id))
    assert [row.kind.value for row in kinds] == ["rule", "confirmed", "ends", "pack"]


def test_the_register_leads_to_each_computation_and_leaves_as_a_workbook(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    _one, redemption, rule = taxed(world)
    page = finance.get(f"{at}/tax")
    assert rule in page.text
    assert len(page.data) < 60_000
    traced = finance.get(f"{at}/tax/rewards/{redemption}").text
    for words in ("How it was computed", "The computation starts from", rule):
        assert words in traced, words
    assert finance.get(f"/programs/{world.b}/tax/rewards/{redemption}").status_code == 404
    assert taken(finance, f"{at}/tax?form=xlsx").data.startswith(b"PK")
    assert as_("distributor").get(f"{at}/tax").status_code == 404


def test_a_year_has_its_forms_and_a_statement_for_everybody(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    one, _redemption, rule = taxed(world)
    year = world.clock().year
    page = finance.get(f"{at}/tax/year?year={year}").text
    assert rule in page
    assert "There were no rewards in 2001" in finance.get(f"{at}/tax/year?year=2001").text
    assert "Nobody is on this list" in finance.get(f"{at}/tax/form?year={year}&paper=PIT-11").text
    assert taken(finance, f"{at}/tax/form?year={year}&paper=%00%27&form=csv").status_code == 200
    got = taken(finance, f"{at}/distributors/{one}/tax-statement?year={year}")
    assert got.data.startswith(b"%PDF-")
    assert finance.get(f"{at}/distributors/{one}/tax-statement?year=2001").status_code == 303
    token = token_of(finance, f"{at}/tax")
    answer = finance.post(f"{at}/tax/papers", data={"csrf_token": token, "year": str(year)}, follow_redirects=True)
    assert "are being made" in answer.text
    with world.app.app_context():
        while do_one_job(world):
            pass
    assert told(world, select(Job.state).where(Job.kind == papers.JOB)) != []
    ready = finance.get(f"{at}/tax/year?year={year}").text
    assert 'title="SHA-256 ' in ready
    address = ready[ready.index(f"{at}/tax/papers/") :].partition('"')[0]
    assert taken(finance, address).data.startswith(b"PK")
    for wrong in ("", "x", "99999", "2001"):
        sent = {"csrf_token": token, "year": wrong}
        assert "no rewards in that year" in finance.post(f"{at}/tax/papers", data=sent, follow_redirects=True).text


def test_a_participant_reads_how_it_is_taxed_and_takes_its_statement(world: World, as_: As) -> None:
    taxed(world)
    owner, own = as_("distributor"), f"/portal/{world.a}/{world.distributors['D-5']}/tax"
    page = owner.get(own).text
    assert "How you are taxed" in page
    year = world.clock().year
    got = taken(owner, f"{own}/statement?year={year}")
    assert got.status_code in (200, 303)
    if got.status_code == 200:
        assert got.data.startswith(b"%PDF-")
    assert owner.get(f"{own}/statement?year=2001").status_code == 303
    other = f"/portal/{world.a}/{world.distributors['D-21']}/tax"
    assert owner.get(other).status_code == 404
    assert owner.get(f"{other}/statement").status_code == 404


def test_a_rule_after_the_pack_s_begins_with_what_was_chosen() -> None:
    rule = next(one for one in pack("PL") if one.code == "PL-DISTRIBUTOR-EMPLOYEE")
    chosen = filled(rule, TaxChoice(rule=rule.code, rate_bp=3200, borne_by=BorneBy.PARTICIPANT))
    assert (chosen["rate"], chosen["borne_by"], chosen["more"]) == (3200, "participant", "")
    as_it_is = filled(rule, TaxChoice(rule=rule.code))
    assert (as_it_is["rate"], as_it_is["borne_by"]) == (1200, "sponsor_compensates")
    assert "rate_choices_bp" in as_it_is["more"]
