"""Changes of tax rules: versions that stay, last days, packs, confirmations; a second person where asked."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.domain.program_file.definition import TaxPart
from app.domain.states import RuleDraftState, TaxChangeKind, TaxStatus
from app.domain.taxes.tax import choose
from app.domain.taxes.tax_packs import rules_of
from app.domain.taxes.tax_rules import RewardKind, TaxRule
from app.models.programs import Program
from app.services.rules import rule_drafts
from app.services.setup import program_files, tax_changes
from app.services.setup import programs as programmes
from app.services.setup.tax_changes import AskedAlready, ChangeClosed, ChangeInvalid, SamePerson
from tests.support import programs
from tests.support.programs import NOW

FLAT = {
    "title": "Flat",
    "applies_to": ["company"],
    "reward_kinds": ["prepaid"],
    "rate_bp": 1000,
    "exemption": {"limit": "200.00", "mode": "cliff"},
    "base_round": "1.00",
    "borne_by": "sponsor_compensates",
    "legal": "the law",
}


def put(session: Session, program: Program, kind: TaxChangeKind, code: str, document: dict[str, Any]) -> int:
    return tax_changes.put(session, program, kind, code, document, actor="ann", now=NOW).id


def published(session: Session, program: Program, kind: TaxChangeKind, code: str, document: dict[str, Any]) -> None:
    tax_changes.publish(session, program, put(session, program, kind, code, document), actor="ann", now=NOW)
    session.refresh(program)


def rule_on(program: Program, day: str) -> str | None:
    defaults = {"country": "PL", "currency": "PLN", "decimals": 2}
    part = TaxPart.model_validate(program.tax)
    rules = rules_of(part.pack, part.rules, defaults)
    on = dt.date.fromisoformat(day)
    found = choose(rules, country="PL", status=TaxStatus.COMPANY, reward_kind=RewardKind.PREPAID, on=on)
    return f"{found.code} v{found.version}" if isinstance(found, TaxRule) else None


def test_each_change_of_a_rule_is_a_version_with_its_day_and_the_file_has_it(
    session: Session, program: Program
) -> None:
    rule = TaxChangeKind.RULE
    published(session, program, rule, "FLAT", FLAT | {"code": "FLAT", "valid_from": "2026-01-01"})
    first = TaxPart.model_validate(program.tax).rules[0]
    published(session, program, rule, "FLAT", FLAT | {"code": "FLAT", "valid_from": "2027-01-01", "rate_bp": 1200})
    assert [rule_on(program, day) for day in ("2025-12-31", "2026-12-31", "2027-01-01")] == [
        "PL-BUSINESS v1",
        "FLAT v1",
        "FLAT v2",
    ], "the country's pack stays behind the first rule of one's own"
    with pytest.raises(ChangeInvalid, match="cannot begin earlier"):
        put(session, program, rule, "FLAT", FLAT | {"code": "FLAT"})
    assert TaxPart.model_validate(program.tax).rules[0] == first, "what was published stays as it was"
    document = programmes.export(session, program.code)
    assert not programmes.load(session, program_files.read(document), actor="bea", now=NOW).changes
    before = tax_changes.read(program, first)
    with pytest.raises(ChangeInvalid, match="FLAT v1 holds since 2026-01-01"):
        put(session, program, TaxChangeKind.ENDS, "FLAT", {"last": "2025-12-31"})
    published(session, program, TaxChangeKind.ENDS, "FLAT", {"last": "2027-06-30"})
    assert [rule_on(program, day) for day in ("2026-12-31", "2027-06-30", "2027-07-01")] == [
        "FLAT v1",
        "FLAT v2",
        "PL-BUSINESS v1",
    ]
    after = tax_changes.read(program, TaxPart.model_validate(program.tax).rules[0])
    assert after.sha256 == before.sha256, "nothing that was computed under it is another sum"
    published(session, program, TaxChangeKind.PACK, tax_changes.PACK, {"pack": "PL"})
    assert rule_on(program, "2028-01-01") == "PL-BUSINESS v1"
    said = {"version": 1, "by": "Doradca & Co.", "on": "2026-11-20"}
    published(session, program, TaxChangeKind.CONFIRMED, "PL-BUSINESS", said)
    published(session, program, TaxChangeKind.CONFIRMED, "PL-BUSINESS", said | {"by": "Another"})
    assert [one.by for one in TaxPart.model_validate(program.tax).confirmed] == ["Another"]
    closed = tax_changes.closed_changes(session, program.id)
    assert [one.kind for one in closed][-1] is rule
    assert tax_changes.closed_changes(session, program.id, most=1).more == len(closed) - 1


def test_a_rule_named_like_the_packs_goes_on_from_its_version(session: Session, program: Program) -> None:
    published(session, program, TaxChangeKind.RULE, "PL-BUSINESS", FLAT | {"code": "PL-BUSINESS"})
    assert rule_on(program, "2026-12-01") == "PL-BUSINESS v2"
    with pytest.raises(ChangeInvalid, match="holds from 2018-01-01"):
        put(session, program, TaxChangeKind.RULE, "PL-PREMIUM-SALE", FLAT | {"code": "PL-PREMIUM-SALE"})
    assert TaxPart.model_validate(program.tax).rules[0]["version"] == 2


@pytest.mark.parametrize(
    ("kind", "document", "place", "problem"),
    [
        (TaxChangeKind.RULE, FLAT | {"code": "FLAT", "rate_bp": 9900}, "", "cannot be compensated"),
        (TaxChangeKind.RULE, FLAT | {"code": "FLAT", "legal": None}, "legal", "string"),
        (TaxChangeKind.RULE, FLAT | {"code": "flat"}, "code", "pattern"),
        (TaxChangeKind.PACK, {"pack": "XX"}, "tax.pack", "there is no pack"),
        (TaxChangeKind.ENDS, {"last": "2027-01-01"}, "", "no rule FLAT of its own"),
    ],
)
def test_what_the_programme_could_not_have_is_refused_with_its_place(
    session: Session, program: Program, kind: TaxChangeKind, document: dict[str, Any], place: str, problem: str
) -> None:
    with pytest.raises(ChangeInvalid) as refused:
        put(session, program, kind, "FLAT", document)
    ((found, text),) = refused.value.problems
    assert found == place
    assert problem in str(text)


def test_one_change_of_a_rule_is_open_and_a_second_person_publishes_it(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code, program={"rules": {"second_person": True}}))
    change = put(session, program, TaxChangeKind.RULE, "FLAT", FLAT | {"code": "FLAT"})
    assert tax_changes.open_changes(session, program.id, most=0).more == 1
    with pytest.raises(AskedAlready):
        put(session, program, TaxChangeKind.RULE, "FLAT", FLAT | {"code": "FLAT"})
    with pytest.raises(SamePerson):
        tax_changes.publish(session, program, change, actor="bea", now=NOW)
    tax_changes.ask(session, program, change, actor="ann", now=NOW)
    with pytest.raises(SamePerson):
        tax_changes.publish(session, program, change, actor="ANN", now=NOW)
    tax_changes.send_back(session, program, change, note="the rate", actor="bea", now=NOW)
    document = FLAT | {"code": "FLAT", "rate_bp": 1100}
    tax_changes.put(session, program, TaxChangeKind.RULE, "FLAT", document, change_id=change, actor="ann", now=NOW)
    tax_changes.ask(session, program, change, actor="ann", now=NOW)
    file = program_files.read(programmes.export(session, code) | {"tax": {"pack": "PL"}})
    assert rule_drafts.goes_around(session, program, file), "a file is no way around the second person"
    tax_changes.publish(session, program, change, actor="bea", now=NOW)
    with pytest.raises(ChangeClosed):
        tax_changes.drop(session, program, change, actor="bea", now=NOW)
    (held,) = tax_changes.closed_changes(session, program.id)
    assert (held.state, held.changed_by, held.decided_by) == (RuleDraftState.PUBLISHED, "ann", "bea")
