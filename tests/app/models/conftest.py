"""One world for the tests of a module; what a test adds to it is taken back."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import Unit
from app.local.servers import Addresses
from app.models.ledger import Account, Lot
from tests.app.models.whole_rows import World, plain
from tests.support import programs
from tests.support.databases import sessions_of
from tests.support.sales import Sold, sell


@pytest.fixture(scope="module")
def laid_out(addresses: Addresses) -> Iterator[World]:
    with sessions_of(addresses.database_url) as (_, registry):
        session: Session = registry()
        program = programs.load(session, programs.document(f"p-{uuid.uuid4().hex[:12]}"))
        who, what = programs.people(session, program, ["D1"]), programs.goods(session, program, {"A": "tools"})
        sell(session, program, [Sold("1/2026", who["D1"], what["A"], 1, 1000_00)])
        mine = (Account.distributor_id == who["D1"], Account.unit == Unit.POINTS)
        account = session.scalars(select(Account.id).where(*mine)).one()
        lot = session.scalars(select(Lot.id).where(Lot.account_id == account)).one()
        ids = {"program": program.id, "distributor": who["D1"], "product": what["A"], "account": account, "lot": lot}
        world = World(session, program, {**ids, "ledger_transaction": lot})
        for table in ("conversion_run", "card", "redemption", "load_batch", "user_account", "earning_rule"):
            world.ids[table] = world.insert(table, **plain(table))
        yield world
        session.rollback()


@pytest.fixture
def world(laid_out: World) -> Iterator[World]:
    """The world as it was laid out: what a test adds is taken back."""
    saved = laid_out.session.begin_nested()
    yield laid_out
    saved.rollback()
