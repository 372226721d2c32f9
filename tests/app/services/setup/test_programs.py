"""Programmes loaded, loaded again, changed by newer files, and exported."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.demo.data import PROGRAMME
from app.domain.states import Unit
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import DistributorGroup
from app.models.programs import Program, ProgramRevision
from app.models.registry import metadata
from app.models.rules import EarningRule, EarningRuleVersion
from app.services.setup import program_files, programs
from app.services.setup.program_files import ProgramFileInvalid, parse, to_yaml
from app.services.setup.programs import Loaded
from app.services.tracing import balances, explanations
from tests.journeys.made_up import PEDALS, STALLS
from tests.reference.data import programme_path
from tests.support.programs import BASE_RULE, NOW, document, goods, people
from tests.support.sales import Sold, sell


def load(session: Session, made: Mapping[str, Any]) -> Loaded:
    return programs.load(session, parse(yaml.safe_dump(dict(made), sort_keys=False)), actor="test", now=NOW)


def rows(session: Session) -> dict[str, int]:
    """Count the rows of every table."""
    return {
        table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def versions(session: Session, program_id: int) -> dict[str, list[int]]:
    """Give the versions of every rule that has not retired."""
    found: dict[str, list[int]] = {}
    for code, version in session.execute(
        select(EarningRule.code, EarningRuleVersion.version)
        .join(EarningRuleVersion, EarningRuleVersion.rule_id == EarningRule.id)
        .where(EarningRule.program_id == program_id, EarningRule.retired_at.is_(None))
        .order_by(EarningRule.code, EarningRuleVersion.version)
    ):
        found.setdefault(code, []).append(version)
    return found


def refused(session: Session, made: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ProgramFileInvalid) as invalid:
        load(session, made)
    return invalid.value.problems


def test_loading_twice_changes_nothing(session: Session, code: str) -> None:
    made = document(code, products=[{"code": "SAW", "name": "Saw", "group": "tools"}], stacks={"base": "best"})
    first = load(session, made)
    assert first.created
    before, stamp = rows(session), session.get_one(Program, first.program_id).rules_stamp
    again = load(session, made)
    assert (again.created, again.changes, again.program_id) == (False, [], first.program_id)
    assert rows(session) == before
    session.expire_all()
    assert session.get_one(Program, first.program_id).rules_stamp == stamp


def test_what_is_written_otherwise_and_says_the_same_changes_nothing(session: Session, code: str) -> None:
    made = document(code)
    load(session, made)
    turned = dict(reversed(list(made.items())))
    turned["program"] = {**made["program"], "earns_on": "net", "returns": "negative", "point": {"value": "0.1"}}
    turned["earning_rules"] = [{**BASE_RULE, "step": 10, "stack": "base", "priority": 100, "scope": {}}]
    # 0.1 and 0.10, 10 and 10.00 are the same amounts in other words
    changes = load(session, turned).changes
    assert [change for change in changes if "version" in change] == []
    assert changes == []


def test_an_edited_rule_gets_a_new_version_and_the_others_stay(session: Session, code: str) -> None:
    other = {"code": "lines", "name": "For each line", "kind": "per_line", "points": 2}
    made = document(code, earning_rules=[dict(BASE_RULE), other])
    program_id = load(session, made).program_id
    edited = copy.deepcopy(made)
    edited["earning_rules"][0]["points"] = 3
    assert load(session, edited).changes == ["rule base version 2 published"]
    assert versions(session, program_id) == {"base": [1, 2], "lines": [1]}
    assert load(session, made).changes == ["rule base version 3 published"]
    definitions = session.scalars(
        select(EarningRuleVersion.definition)
        .join(EarningRule, EarningRule.id == EarningRuleVersion.rule_id)
        .where(EarningRule.program_id == program_id, EarningRule.code == "base")
        .order_by(EarningRuleVersion.version)
    ).all()
    assert [one["points"] for one in definitions] == ["1", "3", "1"]


def test_what_was_earned_keeps_the_version_that_gave_it(session: Session, code: str) -> None:
    made = document(code)
    program = session.get_one(Program, load(session, made).program_id)
    who, what = people(session, program, ["D1"])["D1"], goods(session, program, {"P1": "tools"})["P1"]
    sell(session, program, [Sold("A", who, what, 1, 10_000)])
    made["earning_rules"][0] = {**BASE_RULE, "points": 5}
    load(session, made)
    sell(session, program, [Sold("B", who, what, 1, 10_000)])
    told = [explanations.explain_number(session, program, number)[0].lines[0].awards for number in ("A", "B")]
    assert [[(one.version, one.amount) for one in awards] for awards in told] == [[(1, 10)], [(2, 50)]]
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 60


def test_a_rule_that_is_gone_earns_no_more_and_one_that_comes_back_does(session: Session, code: str) -> None:
    made = document(code)
    program_id = load(session, made).program_id
    assert load(session, {**made, "earning_rules": []}).changes == ["rule base retired"]
    assert versions(session, program_id) == {}
    assert load(session, made).changes == ["rule base earns again"]
    assert versions(session, program_id) == {"base": [1]}


def test_settings_profiles_and_groups_follow_the_file_and_are_told(session: Session, code: str) -> None:
    made = document(code)
    program_id = load(session, made).program_id
    edited = copy.deepcopy(made)
    edited["program"] |= {"name": "Renamed", "ends_on": "2027-06-30", "returns": "clamp"}
    edited["product_groups"] = [
        {"code": "tools", "name": "Fine tools", "aliases": ["Werkzeug"]},
        {"code": "drills", "name": "Drills"},
        {"code": "bits", "name": "Bits", "parent": "drills"},
    ]
    edited["import_profiles"]["sales"]["decimal"] = ","
    edited["tax"] = {"pack": "PL"}
    assert set(load(session, edited).changes) == {
        "settings changed",
        "tax changed",
        "import profiles changed",
        "product group tools changed",
        "product group bits created",
        "product group drills moved",
    }
    program = session.get_one(Program, program_id)
    assert (program.name, str(program.ends_on)) == ("Renamed", "2027-06-30")
    groups = {
        one.code: one for one in session.scalars(select(ProductGroup).where(ProductGroup.program_id == program_id))
    }
    assert groups["drills"].parent_id is None
    assert groups["bits"].parent_id == groups["drills"].id


def test_what_somebody_else_changed_meanwhile_becomes_what_the_file_says(session: Session, code: str) -> None:
    made = document(code)
    name = made["program"]["name"]
    seen = session.get_one(Program, load(session, made).program_id)  # as a page has it that began before
    theirs = update(Program).where(Program.id == seen.id).values(name="Theirs")
    session.execute(theirs, execution_options={"synchronize_session": False})
    load(session, made | {"tax": {"pack": "PL"}})
    assert session.scalars(select(Program.name).where(Program.id == seen.id)).one() == name


def test_a_group_that_left_the_file_stays_for_those_who_are_in_it(session: Session, code: str) -> None:
    made = document(code)
    program_id = load(session, made).program_id
    load(session, {**made, "distributor_groups": []})
    codes = session.scalars(select(DistributorGroup.code).where(DistributorGroup.program_id == program_id)).all()
    assert sorted(codes) == ["gold", "silver"]
    # and a rule may still name it
    made["distributor_groups"] = []
    made["earning_rules"][0] = {**BASE_RULE, "scope": {"distributor_groups": ["gold"]}}
    assert load(session, made).changes == ["rule base version 2 published"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"products": [{"code": "A", "name": "A", "group": "toys"}]},
            "products[0].group: no product group is called 'toys'",
        ),
        (
            {"earning_rules": [{**BASE_RULE, "scope": {"distributor_groups": ["Gold", "bronze"]}}]},
            "earning_rules[0].scope.distributor_groups[1]: no distributor group is called 'bronze'",
        ),
        (
            {
                "matrices": [
                    {"code": "m", "name": "M", "kind": "per_unit", "rates": {"tools": {"SILVER": 1, "bronze": 2}}}
                ]
            },
            "matrices[0].rates.tools.bronze: no distributor group is called 'bronze'",
        ),
    ],
)
def test_groups_that_nobody_has_are_told_by_their_path(
    session: Session, code: str, changes: dict[str, Any], said: str
) -> None:
    assert refused(session, document(code, **changes)) == [said]


def test_a_rule_may_name_product_groups_that_an_import_brings(session: Session, code: str) -> None:
    made = document(code, earning_rules=[{**BASE_RULE, "scope": {"exclude_product_groups": ["socks"]}}])
    assert load(session, made).created


@pytest.mark.parametrize("change", [{"currency": "EUR"}, {"point": {"value": "0.10", "decimals": 2}}])
def test_what_every_amount_is_counted_in_cannot_change(session: Session, code: str, change: dict[str, Any]) -> None:
    made = document(code)
    load(session, made)
    with pytest.raises(programs.CurrencyChanged, match=r"program\.currency: .* Make a new programme"):
        load(session, document(code, program=change))


def test_products_of_a_file_are_created_once_and_changed_by_it(session: Session, code: str) -> None:
    made = document(code, products=[{"code": "SAW", "name": "Saw", "group": "Tools"}])
    program_id = load(session, made).program_id
    made["products"] = [{"code": "saw", "name": "Fine saw"}, {"code": "AXE", "name": "Axe"}]
    assert load(session, made).changes == ["1 products created", "1 products changed"]
    found = session.execute(select(Product.code, Product.name).where(Product.program_id == program_id)).all()
    assert sorted(map(tuple, found)) == [("AXE", "Axe"), ("SAW", "Fine saw")]


def test_a_programme_that_nobody_has_is_told_with_those_that_there_are(session: Session, code: str) -> None:
    load(session, document(code))
    with pytest.raises(programs.NoSuchProgram, match=code):
        programs.program_by_code(session, f"{code}-not")


OURS = {
    "demo": PROGRAMME.read_text(encoding="utf-8"),
    "pedals": yaml.safe_dump(PEDALS),
    "stalls": yaml.safe_dump(STALLS),
}


def expect_round_trip(session: Session, text: str, code: str) -> None:
    """What is exported loads without changing anything, here and into an installation that does not have it."""
    made = yaml.safe_load(text)
    made["program"]["code"] = code
    load(session, made)
    exported = to_yaml(programs.export(session, code))
    before = rows(session)
    again = programs.load(session, parse(exported), actor="test", now=NOW)
    assert (again.created, again.changes) == (False, [])
    assert rows(session) == before
    elsewhere = yaml.safe_load(exported)
    elsewhere["program"]["code"] = f"{code}-b"
    assert load(session, elsewhere).created
    other = programs.export(session, f"{code}-b")
    other["program"]["code"] = code
    assert other == programs.export(session, code)
    assert program_files.canonical(parse(exported)) == other


@pytest.mark.parametrize("name", OURS)
def test_what_is_exported_loads_without_changing_anything(session: Session, code: str, name: str) -> None:
    expect_round_trip(session, OURS[name], code)


@pytest.mark.parametrize("name", ["wheel-club", "gift-wholesale"])
def test_the_given_programmes_go_there_and_back(session: Session, code: str, test_data: Path, name: str) -> None:
    expect_round_trip(session, programme_path(name, test_data).read_text(encoding="utf-8"), code)


def test_every_file_that_changed_something_is_kept(session: Session, code: str) -> None:
    made = document(code)
    program_id = load(session, made).program_id
    load(session, made)
    load(session, document(code, program={"name": "Renamed"}))
    kept = session.execute(
        select(ProgramRevision.number, ProgramRevision.loaded_by)
        .where(ProgramRevision.program_id == program_id)
        .order_by(ProgramRevision.number)
    ).all()
    assert [tuple(one) for one in kept] == [(1, "test"), (2, "test")]
