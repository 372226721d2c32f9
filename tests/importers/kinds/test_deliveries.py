"""What the sponsor delivered comes from its own files; a document that comes again says it anew, not twice."""

from sqlalchemy import select

from app.db.transaction import transaction
from app.models.deliveries import Delivery
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services import aliases
from app.services.aliases import Meaning
from tests.importers.driver import Desk

PROFILE = {
    "columns": {
        "document_number": "number",
        "issued_on": "day",
        "distributor": "who",
        "product": "what",
        "quantity": "pieces",
    }
}
HEADER = ("number", "day", "who", "what", "pieces")


def delivered(desk: Desk) -> dict[tuple[str, str], tuple[int, str]]:
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(Distributor.code, Delivery.number, Delivery.quantity_milli, Delivery.delivered_on)
            .join(Distributor, Distributor.id == Delivery.distributor_id)
            .where(Delivery.program_id == desk.program_id)
        ).all()
    return {(code, number): (quantity, str(day)) for code, number, quantity, day in rows}


def test_deliveries_are_taken_once_and_a_document_that_comes_again_replaces_what_it_said(desk: Desk) -> None:
    desk.load(import_profiles={"deliveries": PROFILE})
    desk.people("D1", "D2")
    products = desk.goods(P1=None, P2=None)
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        means = Meaning(products["P2"], 12_000)
        aliases.put_product_alias(session, program, "BOX", means, actor="ann", now=desk.clock())
    rows = [
        ("WZ/1", "2026-02-03", "D1", "P1", "10"),
        ("WZ 1", "2026-02-03", "D1", "P1", "5"),
        ("WZ/1", "2026-02-03", "D2", "BOX", "2"),
        ("WZ/2", "2026-02-04", "D1", "P1", "-3"),
        ("WZ/3", "2026-02-04", "D9", "P1", "1"),
        ("WZ/4", "2026-02-04", "D1", "P9", "1"),
        ("WZ/5", "some day", "D1", "P1", "1"),
        ("WZ/6", "2026-02-04", "D1", "P1", "many"),
    ]
    file = desk.csv(*rows, header=HEADER)
    found = desk.run(file, "deliveries")
    assert (found.counts["created"], found.counts["changed"], found.counts["lines_accepted"]) == (3, 0, 4)
    assert desk.codes(found) == {
        6: ("held", "unknown_distributor"),
        7: ("held", "unknown_product"),
        8: ("refused", "not_a_date"),
        9: ("refused", "not_a_number"),
    }
    said = {
        ("D1", "WZ/1"): (15_000, "2026-02-03"),
        ("D2", "WZ/1"): (24_000, "2026-02-03"),
        ("D1", "WZ/2"): (-3_000, "2026-02-04"),
    }
    assert delivered(desk) == said
    again = desk.run(file, "deliveries")
    assert (again.counts["created"], again.counts["changed"]) == (0, 0)
    other = desk.csv(("WZ/1", "2026-02-03", "D1", "P1", "14"), ("WZ/7", "2026-02-05", "D2", "P1", "1"), header=HEADER)
    corrected = desk.run(other, "deliveries")
    assert (corrected.counts["created"], corrected.counts["changed"]) == (1, 1)
    assert delivered(desk) == said | {
        ("D1", "WZ/1"): (14_000, "2026-02-03"),
        ("D2", "WZ/7"): (1_000, "2026-02-05"),
    }
