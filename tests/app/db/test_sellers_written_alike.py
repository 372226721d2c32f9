"""The migration that writes sellers of documents' keys alike: what had two keys for one seller has one."""

import dataclasses

import numpy as np
from sqlalchemy import select

from app.db import migrate
from app.local.servers import Addresses
from app.models.claims import SaleClaim
from app.models.registry import metadata
from app.models.sales import SalesDocument
from app.services.rulebooks import rules_of
from tests.support.databases import empty_database, sessions_of
from tests.support.desk import CORRECTING, Desk
from tests.support.programs import NOW
from tests.support.sales import incoming
from verification.gate import admit


def test_keys_are_written_anew_where_nothing_else_has_the_new_one(addresses: Addresses) -> None:
    with empty_database(addresses) as database:
        database.migrate()
        with sessions_of(database.app_url) as (_, registry):
            desk = Desk(registry(), "old", program={"verification": {"sample_share": 0}})
            # two were written with the country, and one of these is here without it as well
            _bring(desk, "1", "tax:PL5260001246", "D1")
            _bring(desk, "2", "tax:PL526-000-12-46", "D1")
            _bring(desk, "2", "tax:5260001246", "D2")
            _bring(desk, "3", "tax:A-12", "D1")
            _bring(desk, "4", None, "D1")
            said = {"person": "Ann", "person_key": "ann", "waited": False, "claimed_by": "ann", "claimed_at": NOW}
            desk.session.add(SaleClaim(program_id=desk.program.id, document_key="1|tax:PL5260001246|1", **said))
            desk.session.commit()
            own = f"1|distributor:{desk.people['D1']}|4"
            migrate.downgrade(database.owner_url, metadata, "0041")
            assert database.migrate()
            with registry() as session:
                keys = session.scalars(select(SalesDocument.document_key).order_by(SalesDocument.id)).all()
                assert keys == [
                    "1|tax:5260001246|1",
                    "1|tax:PL526-000-12-46|2",
                    "1|tax:5260001246|2",
                    "1|tax:A-12|3",
                    own,
                ]
                assert session.scalars(select(SaleClaim.document_key)).all() == ["1|tax:5260001246|1"]


def _bring(desk: Desk, number: str, seller: str | None, who: str) -> None:
    came = incoming([desk.line(number, 10, who=who)])
    if seller is not None:
        came = dataclasses.replace(came, seller_key=np.asarray([seller, None], dtype=object)[:-1])
    admit(desk.session, rules_of(desk.session, desk.program.id), came, CORRECTING, now=NOW)
