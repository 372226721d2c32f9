"""Programme files: YAML read strictly, with errors that name the place; and written back."""

import decimal
import json
from typing import Any

import yaml
from babel.core import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision, list_currencies
from pydantic import ValidationError

from app.domain.definition import ProgramFile, problems_of
from app.domain.rulebook import Scale, check_amounts


class ProgramFileInvalid(Exception):
    """A programme file that cannot be loaded: every problem with the path in the document where it stands."""

    def __init__(self, problems: list[str]) -> None:
        """Take the problems, each beginning with its path."""
        self.problems = problems
        super().__init__("\n".join(problems))


class _Loader(yaml.SafeLoader):
    """YAML as safe_load reads it, but numbers with a point stay what was written, and a key may stand only once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> object:
    text = loader.construct_scalar(node)
    try:
        return decimal.Decimal(str(text).replace("_", ""))
    except decimal.InvalidOperation:
        return text


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)


def parse(text: str) -> ProgramFile:
    """Read a programme file.

    Raises:
        ProgramFileInvalid: with every problem found, each naming its path, such as
            ``earning_rules[2].step: expected a number ...``.
    """
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise ProgramFileInvalid([f"{where}{getattr(problem, 'problem', None) or problem}"]) from None
    if not isinstance(document, dict):
        raise ProgramFileInvalid(["the document is empty, expected a programme"])
    try:
        file = ProgramFile.model_validate(document)
    except ValidationError as invalid:
        raise ProgramFileInvalid([_problem(dict(one)) for one in invalid.errors(include_url=False)]) from None
    problems = [*_standards(file), *problems_of(file), *_amounts(file)]
    if problems:
        raise ProgramFileInvalid(problems)
    return file


def path_text(path: tuple[int | str, ...], kinds: frozenset[str]) -> str:
    """Write a path as people write it: ``earning_rules[2].step``. Names of rule kinds are no part of it."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part not in kinds:
            text += f".{part}" if text else part
    return text or "document"


_KINDS = frozenset(
    {"per_unit", "per_amount", "per_line", "per_document", "amount_bands", "line_count_bands", "multiplier"}
)


def _problem(error: dict[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "unknown key; see `kontor program schema` for those that are known"
    elif error["type"] == "missing":
        message = "is missing"
    elif "input" in error and not isinstance(error["input"], dict | list) and "found" not in message:
        message = f"{message[:1].lower()}{message[1:]}, found {error['input']!r}"
    return f"{path_text(error['loc'], _KINDS)}: {message}"


def _standards(file: ProgramFile) -> list[str]:
    """Check what standards list: currencies, time zones, locales."""
    import zoneinfo

    program, found = file.program, []
    if program.currency not in list_currencies():
        found.append(f"program.currency: {program.currency!r} is not an ISO 4217 currency")
    if program.time_zone not in zoneinfo.available_timezones():
        found.append(f"program.time_zone: {program.time_zone!r} is not a time zone such as Europe/Warsaw")
    try:
        Locale.parse(program.locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        found.append(f"program.locale: {program.locale!r} is not a language such as pl")
    return found


def _amounts(file: ProgramFile) -> list[str]:
    """Check that every amount fits the programme's decimals."""
    found: list[str] = []
    for place, rules in (("earning_rules", file.earning_rules), ("matrices", file.matrices)):
        for at, rule in enumerate(rules):
            try:
                check_amounts(rule, scale_of(file))
            except ValueError as problem:
                found.append(f"{place}[{at}]: {problem}")
    return found


def scale_of(file: ProgramFile) -> Scale:
    """Tell how the amounts of a file become integers."""
    return Scale(
        file.program.point.decimals,
        get_currency_precision(file.program.currency),
        gross=file.program.earns_on == "gross",
    )


def canonical(file: ProgramFile) -> dict[str, Any]:
    """Give the document in one form: what says the same is the same."""
    document: dict[str, Any] = file.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"schema": "kontor/1", **document}


def to_yaml(document: dict[str, Any]) -> str:
    """Write a canonical document as a programme file."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def json_schema() -> str:
    """Give the JSON Schema of programme files."""
    return json.dumps(ProgramFile.model_json_schema(by_alias=True), indent=2, ensure_ascii=False)
