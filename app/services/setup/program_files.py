"""Programme files: YAML read strictly, with errors that name the place; and written back."""

import functools
import json
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence, Set
from decimal import Decimal
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.domain.measures.currencies import decimals_of
from app.domain.measures.money import smallest_units
from app.domain.measures.scale import AmountUnfit, Scale
from app.domain.program_file.definition import ProgramFile, TaxPart, problems_of
from app.domain.program_file.tier_settings import Metric
from app.domain.rules.rule_compiling import check_amounts
from app.domain.taxes.tax_packs import pack_behind, pack_countries, read_rules, rules_of
from app.domain.taxes.tax_rules import TaxRule
from app.services.setup import program_yaml

MOST_SHOWN = 80
"""Letters of a wrong value that a message shows."""


class ProgramFileInvalid(Exception):
    """A programme file that cannot be loaded: every problem with the path in the document where it stands."""

    def __init__(self, problems: list[str]) -> None:
        """Take the problems, each beginning with its path."""
        self.problems = problems
        super().__init__("\n".join(problems))


def parse(text: str) -> ProgramFile:
    """Read a programme file.

    Raises:
        ProgramFileInvalid: with every problem found, each naming its path, such as
            ``earning_rules[2].step: expected a number ...``.
    """
    try:
        document = program_yaml.read(text)
    except program_yaml.NotYaml as problem:
        raise ProgramFileInvalid([str(problem)]) from None
    if document is None:
        raise ProgramFileInvalid(["the document is empty, expected a programme"])
    if not isinstance(document, dict):
        found = "a list" if isinstance(document, list) else repr(document)
        raise ProgramFileInvalid([f"document: expected a programme beginning with `schema: kontor/1`, found {found}"])
    return read(document)


def read(document: dict[str, Any]) -> ProgramFile:
    """Read a programme's document.

    Raises:
        ProgramFileInvalid: As `parse`.
    """
    try:
        file = ProgramFile.model_validate(document)
    except ValidationError as problems_found:
        raise invalid(problems_found) from None
    problems = [*_standards(file), *problems_of(file)]
    if not problems:
        problems = [*_amounts(file), *_taxes(file)]
    if problems:
        raise ProgramFileInvalid(problems)
    return file


def invalid(found: ValidationError) -> ProgramFileInvalid:
    """Make the error of what is wrong with a document, each problem with its path."""
    return ProgramFileInvalid([_problem(one) for one in found.errors(include_url=False)])


def path_text(path: Sequence[int | str]) -> str:
    """Write a path as people write it: ``earning_rules[2].step``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "document"


def _problem(error: ErrorDetails) -> str:
    """Say what is wrong, beginning with the path. Pydantic puts the kind of a rule into its path; people do not."""
    path = list(error["loc"])
    if path[:1] == ["earning_rules"] and len(path) > 2:
        del path[2]
    kind, found = error["type"], error["input"]
    message = error["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        message = "unknown key; see `kontor program schema` for those that are known"
    elif kind == "missing":
        message = "is missing"
    elif kind == "union_tag_not_found":
        path, message = [*path, "kind"], "is missing"
    elif kind == "union_tag_invalid":
        expected = str(error["ctx"]["expected_tags"]).replace("'", "")
        path, message = [*path, "kind"], f"expected one of {expected}, found {error['ctx']['tag']!r}"
    elif kind == "too_long" and isinstance(found, str):
        message = f"has {len(found)} letters, at most {error['ctx']['max_length']} are taken"
    elif " found " not in message and not (kind == "value_error" and isinstance(found, dict | list)):
        message = f"{message[:1].lower()}{message[1:]}, found {_shown(found)}"
    return f"{path_text(path)}: {message}"


def _shown(value: object) -> str:
    """Show what stands in the document, not what the reader made of it."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


@functools.cache
def _time_zones() -> Set[str]:
    """Name the time zones that this machine knows: to look through their folder takes longer than to read a file."""
    return zoneinfo.available_timezones()


def _standards(file: ProgramFile) -> list[str]:
    """Check what standards list: currencies, time zones, locales."""
    program, found = file.program, []
    if program.currency not in list_currencies():
        found.append(f"program.currency: {program.currency!r} is not an ISO 4217 currency")
    if program.time_zone not in _time_zones():
        found.append(f"program.time_zone: {program.time_zone!r} is not a time zone such as Europe/Warsaw")
    try:
        Locale.parse(program.locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        found.append(f"program.locale: {program.locale!r} is not a language such as pl")
    return found


def _amounts(file: ProgramFile) -> list[str]:
    """Check that every amount fits the programme's decimals."""
    found: list[str] = []
    scale = scale_of(file)
    for place, rules in (("earning_rules", file.earning_rules), ("matrices", file.matrices)):
        for at, rule in enumerate(rules):
            try:
                check_amounts(rule, scale)
            except AmountUnfit as problem:
                path = _path_of(problem.written, rule.model_dump(by_alias=True)) or ()
                found.append(f"{path_text((place, at, *path))}: {problem}")
    for name, value in (
        ("point.value", file.program.point.value),
        ("purchases.point_value", file.program.purchases.point_value or Decimal(0)),
    ):
        micro = value.scaleb(scale.currency_decimals + 6 - scale.point_decimals)
        if micro != micro.to_integral_value():
            found.append(f"program.{name}: {value:f} is finer than a millionth of a minor unit for the smallest point")
    tiers = file.program.tiers
    try:
        tiers.thresholds(scale.point_decimals if tiers.metric is Metric.POINTS else scale.currency_decimals)
    except ValueError as problem:
        found.append(f"program.tiers.{problem}")
    for name, amount, decimals in (
        ("prepaid.minimum_points", file.prepaid.minimum_points, scale.point_decimals),
        ("prepaid.maximum_amount", file.prepaid.maximum_amount, scale.currency_decimals),
        ("prepaid.redemptions.approve_above", file.prepaid.redemptions.approve_above, scale.currency_decimals),
        ("prepaid.scheduled_run.minimum_points", _least_of_schedule(file), scale.point_decimals),
        ("rewards.approve_above", file.rewards.approve_above, scale.currency_decimals),
        ("program.invoicing.fee_per_load", file.program.invoicing.fee_per_load, scale.currency_decimals),
        *(
            (f"program.invoicing.fees[{at}].fee_per_load", one.fee_per_load, scale.currency_decimals)
            for at, one in enumerate(file.program.invoicing.fees)
        ),
        ("program.purchases.least", file.program.purchases.least, scale.currency_decimals),
        ("rewards.round_to", file.rewards.round_to, scale.point_decimals),
    ):
        try:
            smallest_units(amount or Decimal(0), decimals)
        except ValueError as problem:
            found.append(f"{name}: {problem}")
    transfers = file.program.accounts.transfers
    for name, amount in (("least", transfers.least), ("most_a_month", transfers.most_a_month)):
        try:
            smallest_units(amount or Decimal(0), scale.point_decimals)
        except ValueError as problem:
            found.append(f"program.accounts.transfers.{name}: {problem}")
    return found


def _least_of_schedule(file: ProgramFile) -> Decimal | None:
    scheduled = file.prepaid.scheduled_run
    return None if scheduled is None else scheduled.minimum_points


def _path_of(wanted: Decimal, part: object) -> tuple[int | str, ...] | None:
    """Find where in a part of the document an amount stands."""
    if isinstance(part, Decimal):
        return () if part.compare_total(wanted) == 0 else None
    items: Iterable[tuple[Any, object]] = ()
    if isinstance(part, dict):
        items = part.items()
    elif isinstance(part, list):
        items = enumerate(part)
    for key, value in items:
        below = _path_of(wanted, value)
        if below is not None:
            return key, *below
    return None


def _taxes(file: ProgramFile) -> list[str]:
    """Check that the tax part can be used: its pack comes with the product, and its rules are rules."""
    found: list[str] = []
    if file.tax.pack is not None and file.tax.pack not in pack_countries():
        found.append(f"tax.pack: there is no pack {file.tax.pack!r}; there are {', '.join(pack_countries())}")
    program = file.program
    defaults = {
        "country": program.country,
        "currency": program.currency,
        "decimals": decimals_of(program.currency),
    }
    for at, rule in enumerate(file.tax.rules):
        try:
            read_rules([rule], defaults)
        except ValidationError as invalid:
            found += [f"tax.rules[{at}].{_problem(one)}" for one in invalid.errors(include_url=False)]
    if not found:
        try:
            read_rules(file.tax.rules, defaults)
        except ValueError as problem:
            found.append(f"tax.rules: {problem}")
    return found or _tax_choices(file.tax, defaults)


def _tax_choices(part: TaxPart, defaults: Mapping[str, Any]) -> list[str]:
    """Check that each choice is of a rule of the programme's, made once, and one that the rule offers."""
    country = pack_behind(part.pack, has_own=bool(part.rules), country=defaults["country"])
    known: dict[str, list[TaxRule]] = {}
    for rule in rules_of(country, part.rules, defaults):
        known.setdefault(rule.code, []).append(rule)
    found: list[str] = []
    for at, one in enumerate(part.choices):
        place, rules = f"tax.choices[{at}]", known.get(one.rule, [])
        if not rules:
            found.append(f"{place}.rule: there is no rule {one.rule!r}; there are {', '.join(known) or 'none'}")
            continue
        if any(other.rule == one.rule for other in part.choices[:at]):
            found.append(f"{place}.rule: the choice for {one.rule} stands there twice")
        for name, value in one.model_dump(exclude={"rule"}, exclude_none=True).items():
            leaving = [(rule, offered) for rule in rules if (offered := rule.left_open[name])]
            if not leaving:
                found.append(f"{place}.{name}: {one.rule} leaves nothing to choose here, found {value}")
            found += [
                f"{place}.{name}: {rule.code} v{rule.version} offers {', '.join(map(str, offered))}, found {value}"
                for rule, offered in leaving
                if value not in offered
            ]
    return found


def scale_of(file: ProgramFile) -> Scale:
    """Tell how the amounts of a file become integers."""
    return Scale(
        file.program.point.decimals,
        decimals_of(file.program.currency),
        gross=file.program.earns_on == "gross",
    )


def canonical(file: ProgramFile) -> dict[str, Any]:
    """Give the document in one form: what says the same is the same."""
    document: dict[str, Any] = file.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"schema": "kontor/1", **document}


def to_yaml(document: dict[str, Any]) -> str:
    """Write a canonical document as a programme file."""
    return program_yaml.write(document)


def json_schema() -> str:
    """Give the JSON Schema of programme files."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ProgramFile.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False)
