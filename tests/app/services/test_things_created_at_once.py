"""Two imports that create the same products or distributors: one waits, and what the other created stays."""

import datetime as dt

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.services.goods import catalogue
from app.services.participants import distributor_rows
from tests.support import programs
from tests.support.meetings import elsewhere, wait_for_a_waiter


def test_what_somebody_else_created_meanwhile_keeps_its_name(app: Flask, registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code)).id

    def create(other: Session) -> None:
        catalogue.create_products(other, program, "pl", ["Q", "P"], {})
        distributor_rows.create_distributors(
            other, program, "pl", ["E1", "D1"], {}, {}, enrolled_on=dt.date(2026, 1, 1), may_owe=True
        )

    with transaction(registry) as session:
        catalogue.put_groups(session, program, [("Drills", None), ("Saws", None)])
        catalogue.put_products(
            session, program, "pl", [catalogue.ProductRow("P", "Drill"), catalogue.ProductRow("Q", "Saw")]
        )
        distributor_rows.put_distributors(
            session,
            program,
            "pl",
            [distributor_rows.DistributorRow("D1", "Anna")],
            enrolled_on=dt.date(2026, 1, 1),
            may_owe=True,
        )
        with elsewhere(app, create) as created:
            wait_for_a_waiter(session)
            session.commit()
            created.result(20)
    with transaction(registry) as session:
        named = session.scalars(select(Product.name).where(Product.program_id == program).order_by(Product.code))
        assert named.all() == ["Drill", "Saw"]
        called = session.scalars(
            select(Distributor.name).where(Distributor.program_id == program).order_by(Distributor.code)
        )
        assert called.all() == ["Anna", "E1"]
