"""Distributors are merged while a file that names one of them begins to be imported."""

from flask import Flask
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.states import BatchStatus
from app.models.programs import Program
from app.services.by_hand import merging
from tests.importers.driver import Desk
from tests.support.meetings import elsewhere, wait_for_a_waiter


def test_an_import_that_begins_while_its_distributor_is_merged_counts_for_the_survivor(desk: Desk, app: Flask) -> None:
    ids = desk.people("D1", "D2")
    desk.goods(P=None)
    file = desk.csv(("1", "2026-03-01", "D2", "P", 1, "100.00"))
    said = {"actor": "ann", "now": desk.clock()}
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        merge = merging.request(session, program, ids["D2"], ids["D1"], note="one firm", choices={}, **said)

    def import_it(_: Session) -> int:
        batch = desk.start(file)
        desk.work()
        return batch

    with transaction(desk.registry) as session:
        merging.approve(session, session.get_one(Program, desk.program_id), merge, actor="ben", now=desk.clock())
        with elsewhere(app, import_it) as imported:
            wait_for_a_waiter(session)
            session.commit()
            batch = imported.result(30)
    found = desk.progress(batch)
    assert (found.status, found.counts["lines_refused"]) == (BatchStatus.DONE, 0), desk.problems(batch)
    assert desk.balance("D1") == (0, 10)
    desk.check()
