"""Parts of a programme's document that are said anew at the same time: the second keeps what the first said."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.program_file.compensation_settings import Compensation
from app.domain.program_file.invoicing_settings import Invoicing
from app.domain.program_file.purchase_settings import Purchases
from app.domain.program_file.tier_settings import TierLevel, Tiers
from app.models.programs import Program
from app.services.orders import purchase_credits
from app.services.setup import basics, import_profiles, invoicing_terms, programs, tier_terms
from prepaid.issuers import provider_settings
from tests.support import programs as supported
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW

Say: TypeAlias = Callable[[Session, Program], Any]
BY = {"actor": "somebody", "now": NOW}


def _basics(session: Session, program: Program) -> Any:
    return basics.put_basics(session, program, name="Another", sponsor=program.sponsor, ends_on=None, **BY)


def _tiers(session: Session, program: Program) -> Any:
    said = Tiers(levels=[TierLevel(code="gold", name="Gold", from_=Decimal(5))])
    return tier_terms.put_tiers(session, program, said, **BY)


def _invoicing(session: Session, program: Program) -> Any:
    return invoicing_terms.put_invoicing(session, program, Invoicing(fee=100), **BY)


def _purchases(session: Session, program: Program) -> Any:
    return purchase_credits.put_settings(session, program, Purchases(offered=True), **BY)


def _compensation(session: Session, program: Program) -> Any:
    return provider_settings.put_compensation(session, program, Compensation(paid="by_run"), **BY)


def _profile(session: Session, program: Program) -> Any:
    return import_profiles.remove(session, program, "goods", **BY)


SAYS: dict[str, tuple[Say, Callable[[dict[str, Any]], Any]]] = {
    "basics": (_basics, lambda document: document["program"]["name"] == "Another"),
    "tiers": (_tiers, lambda document: document["program"].get("tiers")),
    "invoicing": (_invoicing, lambda document: document["program"].get("invoicing")),
    "purchases": (_purchases, lambda document: document["program"].get("purchases")),
    "compensation": (_compensation, lambda document: document.get("prepaid", {}).get("compensation")),
    "profile": (_profile, lambda document: "goods" not in document.get("import_profiles", {})),
}


@pytest.mark.parametrize("other", SAYS)
def test_whoever_says_a_part_anew_keeps_what_somebody_else_said_meanwhile(
    app: Flask, registry: Sessions, code: str, other: str
) -> None:
    first = "basics" if other != "basics" else "tiers"
    profiles = {"goods": {"kind": "products", "columns": {"code": "Code", "name": "Name"}}}
    with transaction(registry) as session:
        supported.load(session, supported.document(code, import_profiles=profiles))

    def say(name: str, session: Session) -> None:
        SAYS[name][0](session, programs.program_by_code(session, code))

    with transaction(registry) as session:
        say(first, session)
        with elsewhere(app, lambda theirs: say(other, theirs)) as said:
            wait_for_a_waiter(session)
            session.commit()
            said.result(20)
    with transaction(registry) as session:
        document = programs.export(session, code)
        assert [name for name in (first, other) if not SAYS[name][1](document)] == [], "nothing is taken back"
