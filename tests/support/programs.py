"""Small programmes for tests: built from a few words, loaded as a user would."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from sqlalchemy.orm import Session

from app.models.programs import Program
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.participants import distributor_rows, distributors
from app.services.participants.distributor_rows import DistributorRow
from app.services.setup import program_files, programs

NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)

BASE_RULE: Mapping[str, Any] = {
    "code": "base",
    "name": "1 point for each full 10",
    "kind": "per_amount",
    "points": 1,
    "step": "10.00",
}

SALES_PROFILE: Mapping[str, Any] = {
    "columns": {
        "document_number": "number",
        "issued_on": "date",
        "distributor": "distributor",
        "product": "product",
        "quantity": "quantity",
        "net_amount": "net",
    }
}


def document(code: str, **changes: Any) -> dict[str, Any]:
    """Write a programme of one rule; ``changes`` replace or add parts, ``program`` adds to its settings.

    Of the claims that would be accepted none is reviewed for the sake of a sample: a test is no matter of luck.
    """
    settings = {
        "code": code,
        "name": "Test programme",
        "sponsor": "Test sponsor",
        "currency": "PLN",
        "country": "PL",
        "time_zone": "Europe/Warsaw",
        "locale": "pl",
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "point": {"value": "0.10"},
        **(given := changes.pop("program", {})),
        "verification": {"sample_share": 0, **given.get("verification", {})},
    }
    return {
        "schema": "kontor/1",
        "program": settings,
        "distributor_groups": [{"code": "gold", "name": "Gold"}, {"code": "silver", "name": "Silver"}],
        "product_groups": [{"code": "tools", "name": "Tools"}, {"code": "drills", "name": "Drills", "parent": "tools"}],
        "earning_rules": [dict(BASE_RULE)],
        "import_profiles": {"sales": dict(SALES_PROFILE)},
        **changes,
    }


def load(session: Session, given: dict[str, Any], now: dt.datetime = NOW) -> Program:
    """Load a programme document, through its YAML."""
    file = program_files.parse(yaml.safe_dump(given, sort_keys=False))
    loaded = programs.load(session, file, actor="test", now=now)
    return session.get_one(Program, loaded.program_id)


def people(
    session: Session, program: Program, codes: Sequence[str] = ("D1", "D2", "D3"), **every: Any
) -> dict[str, int]:
    """Create distributors, each named like its code. Gives ids by code."""
    rows = [DistributorRow(code=code, name=f"Distributor {code}", **every) for code in codes]
    may_owe = program.settings["returns"] == "negative"
    distributor_rows.put_distributors(
        session, program.id, program.locale, rows, enrolled_on=dt.date(2026, 1, 1), may_owe=may_owe
    )
    known = distributors.distributor_ids(session, program.id)
    return {code: known[code.casefold()] for code in codes}


def goods(session: Session, program: Program, groups: Mapping[str, str | None]) -> dict[str, int]:
    """Create products: code -> code of the group, or None. Gives ids by code."""
    known_groups = catalogue.group_ids(session, program.id)
    rows = [
        ProductRow(code=code, name=f"Product {code}", group_id=known_groups[group] if group else None)
        for code, group in groups.items()
    ]
    catalogue.put_products(session, program.id, program.locale, rows)
    known = catalogue.product_ids(session, program.id)
    return {code: known[code.casefold()] for code in groups}
