"""Programme files: read as they are written, refused by the path of what is wrong, described by their schema."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from app.demo.data import PROGRAMME
from app.services.setup import program_files, program_yaml
from app.services.setup.program_files import ProgramFileInvalid, canonical, parse, to_yaml
from tests.app.domain.random_worlds import worlds
from tests.app.domain.worlds import World, file_of
from tests.journeys.made_up import PEDALS, STALLS
from tests.reference.data import programme_path
from tests.support import json_schema
from tests.support.programs import document

Change = Callable[[dict[str, Any]], Any]


def rule(kind: str, **more: Any) -> dict[str, Any]:
    return {"code": "r", "name": "R", "kind": kind, **more}


def refusal(made: dict[str, Any]) -> list[str]:
    """Give what is said of a programme that cannot be loaded."""
    with pytest.raises(ProgramFileInvalid) as invalid:
        parse(yaml.safe_dump(made, sort_keys=False))
    return invalid.value.problems


# --- what is written is what is read ------------------------------------------------------------------------------


def test_codes_and_names_keep_what_yaml_would_take_for_something_else() -> None:
    text = to_yaml(document("x")).replace("Test sponsor", "2026-01-01") + (
        "products:\n- {code: 00123, name: NO}\n- {code: 1.10, name: on}\n- {code: 0x1F, name: 12:30}\n"
    )
    file = parse(text)
    assert file.program.sponsor == "2026-01-01"
    assert [(one.code, one.name) for one in file.products] == [("00123", "NO"), ("1.10", "on"), ("0x1F", "12:30")]


def test_numbers_are_read_to_the_last_digit() -> None:
    read = program_yaml.read("[0.1, 100.00, 1_000.5, 5, -3, true, False, ~, 1e3]")
    assert read == [Decimal("0.1"), Decimal("100.00"), Decimal("1000.5"), 5, -3, True, False, None, "1e3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\n", "line 2, column 1: "),
        ("a: 1\n\tb: 2\n", "line 2, column 1: found character '\\t' that cannot start any token"),
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' stands twice"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: expected a single document in the stream, but found another"),
        ("a: !!python/object/apply:os.system [ls]\n", "line 1, column 4: could not determine a constructor"),
        ("a: \0\n", "line 1: the character #x0000 has no place in a text"),
        ("a: 1\nb: *c\n", "line 2, column 4: found undefined alias 'c'"),
        ("a: &a [*a]\n", "line 1: an alias repeats itself"),
        ("a: " + "[" * 1_200 + "]" * 1_200, "the document is nested too deeply"),
        (
            "a: &a [1]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{f'*{chr(97 + n)},' * 9}]\n" for n in range(9)),
            "line ",
        ),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ProgramFileInvalid) as invalid:
        parse(text)
    assert invalid.value.problems[0].startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the document is empty, expected a programme"),
        ("# nothing\n", "the document is empty, expected a programme"),
        ("- a\n", "document: expected a programme beginning with `schema: kontor/1`, found a list"),
        ("Hello\n", "document: expected a programme beginning with `schema: kontor/1`, found 'Hello'"),
    ],
)
def test_what_is_no_programme_is_told(text: str, said: str) -> None:
    with pytest.raises(ProgramFileInvalid) as invalid:
        parse(text)
    assert invalid.value.problems == [said]


# --- every problem by its path ------------------------------------------------------------------------------------


def of_program(**changes: Any) -> Change:
    return lambda made: made["program"].update(changes)


def of_tiers(**part: Any) -> Change:
    return of_program(tiers=part)


def with_rule(kind: str, **more: Any) -> Change:
    return lambda made: made["earning_rules"].append(rule(kind, **more))


def with_part(name: str, part: Any) -> Change:
    return lambda made: made.update({name: part})


def of_sales(**changes: Any) -> Change:
    def change(made: dict[str, Any]) -> None:
        made["import_profiles"] = {"sales": {**made["import_profiles"]["sales"], **changes}}

    return change


COLUMNS = document("x")["import_profiles"]["sales"]["columns"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made.pop("schema"), "schema: is missing"),
        (with_part("schema", "kontor/2"), "schema: input should be 'kontor/1', found 'kontor/2'"),
        (lambda made: made["program"].pop("point"), "program.point: is missing"),
        (of_tiers(window="rolling"), "program.tiers: months: expected for a rolling window, and for no other"),
        (
            of_tiers(window="rolling", months=0),
            "program.tiers.months: input should be greater than or equal to 1, found 0",
        ),
        (
            of_tiers(levels=[{"code": "a", "name": "A", "from": 5}, {"code": "b", "name": "B", "from": 5}]),
            "program.tiers: levels: each tier takes more than the one below it: b from 5 follows a from 5",
        ),
        (
            of_tiers(levels=[{"code": "a", "name": "A", "from": "0.5"}]),
            "program.tiers.levels[0].from: 0.5 has more decimals than the 0 of its unit",
        ),
        (of_program(colour="red"), "program.colour: unknown key; see `kontor program schema` for those that are known"),
        (of_program(code=" "), "program.code: must not be empty, found ' '"),
        (of_program(code="x" * 65), "program.code: has 65 letters, at most 64 are taken"),
        (of_program(currency="pln"), "program.currency: expected an ISO 4217 code such as PLN, found 'pln'"),
        (of_program(currency="QQQ"), "program.currency: 'QQQ' is not an ISO 4217 currency"),
        (of_program(country="POL"), "program.country: expected an ISO 3166 code such as PL, found 'POL'"),
        (of_program(time_zone="Warsaw"), "program.time_zone: 'Warsaw' is not a time zone such as Europe/Warsaw"),
        (of_program(locale="xx"), "program.locale: 'xx' is not a language such as pl"),
        (of_program(starts_on="1.1.2026"), "program.starts_on: expected a date such as 2025-12-31, found '1.1.2026'"),
        (of_program(starts_on="2026-02-30"), "program.starts_on: input should be a valid date "),
        (of_program(ends_on="2025-12-31"), "program: the programme ends on 2025-12-31, before it starts on 2026-01-01"),
        (of_program(point={"value": 0}), "program.point.value: input should be greater than 0, found 0"),
        (
            of_program(point={"value": "x"}),
            "program.point.value: expected a number, written as 5 or \"0.50\", found 'x'",
        ),
        (of_program(point={"value": "1e-9"}), "program.point.value: 0.000000001 is finer than a millionth of a minor "),
        (of_program(expiry={"months_after_award": 0}), "program.expiry.months_after_award: input should be greater "),
        (of_program(returns="owe"), "program.returns: input should be 'negative' or 'clamp', found 'owe'"),
        (of_program(verification={"import": "maybe"}), "program.verification.import: input should be 'accept' or "),
        (with_rule("per_piece", points=1), "earning_rules[1].kind: expected one of per_unit, per_amount, per_line, "),
        (with_part("earning_rules", [{"code": "r", "name": "R"}]), "earning_rules[0].kind: is missing"),
        (with_rule("per_amount", points=1), "earning_rules[1].step: is missing"),
        (with_rule("per_amount", points=1, step=0), "earning_rules[1].step: input should be greater than 0, found 0"),
        (
            with_rule("per_amount", points=1, step="-5"),
            "earning_rules[1].step: input should be greater than 0, found '-5'",
        ),
        (with_rule("per_amount", points=1, step="0.005"), "earning_rules[1].step: 0.005 has more decimals than the 2 "),
        (with_rule("per_line", points="0.5"), "earning_rules[1].points: 0.5 has more decimals than the 0 of this "),
        (with_rule("per_line", points=True), "earning_rules[1].points: expected a number, "),
        (with_rule("per_line", points=10**12), "earning_rules[1].points: 1000000000000 is larger than "),
        (with_rule("per_unit", points="0.0000001"), "earning_rules[1].points: 0.0000001 has more than 6 decimals"),
        (
            with_rule("amount_bands", bands=[{"from": 10, "points": 1}, {"from": 10, "points": 2}]),
            "earning_rules[1].bands: bands must rise: 10 follows 10",
        ),
        (
            with_rule("line_count_bands", bands=[{"from": 9, "points": 1}, {"from": 3, "points": 2}]),
            "earning_rules[1].bands: bands must rise: 3 follows 9",
        ),
        (
            with_rule("line_count_bands", bands=[{"from": "2.5", "points": 1}]),
            "earning_rules[1].bands[0].from: 2.5 is not a whole number of lines",
        ),
        (with_rule("amount_bands", bands=[]), "earning_rules[1].bands: list should have at least 1 item "),
        (
            with_rule("multiplier", factor=10_000),
            "earning_rules[1].factor: input should be greater than 10000, found 10000",
        ),
        (with_rule("per_line", points=1, stack="top"), "earning_rules[1].stack: 'top' is not among the stacks (base)"),
        (
            with_rule("per_line", points=1, caps={"per_document": -1}),
            "earning_rules[1].caps.per_document: input should ",
        ),
        (
            with_rule("per_line", points=1, caps={"budget": "0.5"}),
            "earning_rules[1].caps.budget: 0.5 has more decimals ",
        ),
        (
            with_rule("per_line", points=1, caps={"per_distributor": {"week": 1}}),
            "earning_rules[1].caps.per_distributor.week: unknown key; ",
        ),
        (
            with_rule("per_line", points=1, scope={"from": "2026-05-01", "until": "2026-04-01"}),
            "earning_rules[1].scope: the scope ends on 2026-04-01, before it starts on 2026-05-01",
        ),
        (
            with_rule("per_line", points=1, scope={"hours": {"from": "8:30", "until": "8:30"}}),
            "earning_rules[1].scope.hours: the hours end at 08:30, not after they begin at 08:30",
        ),
        (
            with_rule("per_line", points=1, scope={"days": ["xmas"]}),
            "earning_rules[1].scope.days: 'xmas' is not among ",
        ),
        (
            with_rule("per_line", points=1, scope={"quantity": {"least": 3, "most": 2}}),
            "earning_rules[1].scope.quantity: least 3 is more than most 2",
        ),
        (
            with_rule("per_line", points=1, scope={"product_groups": "tools"}),
            "earning_rules[1].scope.product_groups: input should be a valid list, found 'tools'",
        ),
        (
            lambda made: made["earning_rules"].append({**made["earning_rules"][0], "code": "BASE"}),
            "earning_rules[1].code: 'BASE' is the code of earning_rules[0] already",
        ),
        (
            with_part("matrices", [rule("per_unit", rates={}, step=5)]),
            "matrices[0]: a step is needed for per_amount, and has no place in per_unit",
        ),
        (
            with_part("matrices", [rule("per_unit", rates={"tools": {"gold": "0.00000001"}})]),
            "matrices[0].rates.tools.gold: 0.00000001 has more than 6 decimals",
        ),
        (
            with_part("matrices", [{**rule("per_unit", rates={}), "code": "base"}]),
            "matrices[0].code: 'base' is the code of earning_rules[0] already",
        ),
        (
            lambda made: made["product_groups"].append({"code": "Tools", "name": "Again"}),
            "product_groups[2].code: 'Tools' is the code of product_groups[0] already",
        ),
        (
            lambda made: made["product_groups"][0].update(parent="drills"),
            "product_groups[0].parent: the group 'tools' is below itself",
        ),
        (
            lambda made: made["distributor_groups"][1].update(parent="SILVER"),
            "distributor_groups[1].parent: the group 'silver' is below itself",
        ),
        (
            lambda made: made["distributor_groups"][0].update(parent="platinum"),
            "distributor_groups[0].parent: no group has the code 'platinum'",
        ),
        (with_part("named_days", {"xmas": ["2026-12-32"]}), "named_days.xmas[0]: input should be a valid date "),
        (
            of_sales(dates="dd.mm.yyyy"),
            "import_profiles.sales.dates: expected a strptime format of a whole date such as ",
        ),
        (of_sales(dates="%m.%Y"), 'import_profiles.sales.dates: expected a strptime format of a whole date such as "'),
        (of_sales(decimal=";"), "import_profiles.sales.decimal: input should be '.', ',' or 'found', found ';'"),
        (
            of_sales(columns={**COLUMNS, "vat": "VAT"}),
            "import_profiles.sales.columns: maps vat, which sales do not have; ",
        ),
        (
            of_sales(columns={key: name for key, name in COLUMNS.items() if key != "product"}),
            "import_profiles.sales.columns: does not say which columns hold product",
        ),
        (
            of_sales(columns={key: name for key, name in COLUMNS.items() if key != "net_amount"}),
            "import_profiles.sales.columns: needs a column for unit_price or for net_amount",
        ),
        (
            of_sales(credit_note={}),
            "import_profiles.sales.credit_note: expected one of number_prefix, number_parts, and column with values",
        ),
        (
            with_part("import_profiles", {"erp": {"columns": COLUMNS}}),
            "import_profiles.erp.kind: expected sales, distributors or products",
        ),
        (with_part("tax", {"pack": "XX"}), "tax.pack: there is no pack 'XX'; there are "),
        (with_part("tax", {"rules": [{"code": "T"}]}), "tax.rules[0].version: is missing"),
        (
            with_part("tax", {"pack": "PL", "choices": [{"rule": "PL-OTHER"}]}),
            "tax.choices[0].rule: there is no rule 'PL-OTHER'; there are PL-PREMIUM-SALE, ",
        ),
        (
            with_part("tax", {"pack": "PL", "choices": [{"rule": "PL-DISTRIBUTOR-EMPLOYEE", "rate_bp": 1900}]}),
            "tax.choices[0].rate_bp: PL-DISTRIBUTOR-EMPLOYEE v1 offers 1200, 3200, found 1900",
        ),
        (
            with_part("tax", {"pack": "PL", "choices": [{"rule": "PL-PREMIUM-SALE", "borne_by": "sponsor"}]}),
            "tax.choices[0].borne_by: PL-PREMIUM-SALE v1 offers sponsor_compensates, participant, found sponsor",
        ),
        (
            with_part("tax", {"pack": "PL", "choices": [{"rule": "PL-BUSINESS", "rate_bp": 1200}]}),
            "tax.choices[0].rate_bp: PL-BUSINESS leaves nothing to choose here, found 1200",
        ),
        (
            with_part("tax", {"pack": "PL", "choices": [{"rule": "PL-BUSINESS"}, {"rule": "PL-BUSINESS"}]}),
            "tax.choices[1].rule: the choice for PL-BUSINESS stands there twice",
        ),
        (with_part("prepaid", {"provider": "visa"}), "prepaid.provider: input should be "),
        (with_part("prepaid", {"maximum_amount": "0.005"}), "prepaid.maximum_amount: "),
        (with_part("prepaid", {"minimum_points": "0.5"}), "prepaid.minimum_points: "),
    ],
)
def test_what_is_wrong_is_told_by_its_path(change: Change, said: str) -> None:
    made = document("x")
    change(made)
    assert any(problem.startswith(said) for problem in refusal(made))


def test_every_problem_is_told_at_once() -> None:
    made = document("x", program={"currency": "złoty", "returns": "no", "starts_on": "soon"})
    made["earning_rules"] += [rule("per_line"), rule("per_amount", points=0, step="x")]
    paths = [problem.split(": ")[0] for problem in refusal(made)]
    assert paths == [
        *("program.currency", "program.starts_on", "program.returns"),
        *("earning_rules[1].points", "earning_rules[2].points", "earning_rules[2].step"),
    ]


def test_a_long_wrong_value_is_shown_in_part() -> None:
    (problem,) = refusal(document("x", program={"returns": "z" * 5_000}))
    assert len(problem) < 250


# --- there and back -----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_what_is_written_back_reads_the_same(world: World) -> None:
    once = canonical(parse(yaml.safe_dump(file_of(world), sort_keys=False, allow_unicode=True)))
    assert canonical(parse(to_yaml(once))) == once
    assert canonical(parse(json.dumps(once))) == once  # a script may write JSON, which is YAML


OURS = {
    "demo": PROGRAMME.read_text(encoding="utf-8"),
    "pedals": yaml.safe_dump(PEDALS),
    "stalls": yaml.safe_dump(STALLS),
}


def expect_described(text: str) -> None:
    """A programme that loads is one by its schema too."""
    once = canonical(parse(text))
    assert canonical(parse(to_yaml(once))) == once
    schema = json.loads(program_files.json_schema())
    assert json_schema.problems(schema, once) == []
    assert json_schema.problems(schema, json.loads(json.dumps(yaml.safe_load(text), default=str))) == []


@pytest.mark.parametrize("name", OURS)
def test_programmes_of_our_own_load_and_fit_the_schema(name: str) -> None:
    expect_described(OURS[name])


@pytest.mark.parametrize("name", ["wheel-club", "gift-wholesale"])
def test_the_given_programmes_load_as_they_stand_and_fit_the_schema(test_data: Path, name: str) -> None:
    expect_described(programme_path(name, test_data).read_text(encoding="utf-8"))


REFUSED_BY_BOTH: list[tuple[Change, str]] = [
    (lambda made: made.pop("program"), "document.program"),
    (with_part("schema", "kontor/2"), "document.schema"),
    (of_program(colour="red"), "document.program.colour"),
    (of_program(returns="owe"), "document.program.returns"),
    (of_program(point={"value": 0}), "document.program.point.value"),
    (of_program(point={"value": "0.00"}), "document.program.point.value"),
    (of_program(point={"value": "much"}), "document.program.point.value"),
    (with_rule("per_piece", points=1), "document.earning_rules[1]"),
    (with_rule("per_amount", points=1, step=0), "document.earning_rules[1]"),
    (with_rule("per_amount", points=1), "document.earning_rules[1]"),
    (with_rule("multiplier", factor=9_999), "document.earning_rules[1]"),
    (with_rule("amount_bands", bands=[]), "document.earning_rules[1]"),
    (with_part("stacks", {"base": "most"}), "document.stacks.base"),
    (of_sales(decimal=";"), "document.import_profiles.sales.decimal"),
    (with_part("distributor_groups", {"code": "a"}), "document.distributor_groups"),
]
"""What is changed, and where the schema finds it."""


@pytest.mark.parametrize("at", range(len(REFUSED_BY_BOTH)))
def test_the_schema_refuses_what_loading_refuses(at: int) -> None:
    change, path = REFUSED_BY_BOTH[at]
    schema = json.loads(program_files.json_schema())
    made = document("x")
    assert json_schema.problems(schema, json.loads(json.dumps(made))) == []
    change(made)
    assert refusal(made)
    assert path in {problem.split(": ")[0] for problem in json_schema.problems(schema, json.loads(json.dumps(made)))}
