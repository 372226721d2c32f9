"""What sources call products comes from a file, and the next report of the source is read by it."""

from sqlalchemy import select

from app.db.transaction import transaction
from app.models.aliases import ProductAlias, UnknownName
from tests.importers.driver import Desk

ALIASES = {"columns": {"alias": "theirs", "product": "ours", "source": "from", "distributor": "of", "unit": "pieces"}}
SALES = {
    "columns": {
        "document_number": "number",
        "issued_on": "day",
        "distributor": "who",
        "product": "what",
        "quantity": "pieces",
        "net_amount": "net",
    }
}
HEADER = ("theirs", "ours", "from", "of", "pieces")


def kept(desk: Desk) -> dict[tuple[str, str | None], int]:
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(ProductAlias.alias, ProductAlias.profile_name, ProductAlias.unit_milli).where(
                ProductAlias.program_id == desk.program_id
            )
        ).all()
    return {(alias, profile): unit for alias, profile, unit in rows}


def test_names_of_a_source_are_written_down_and_its_next_report_is_read_by_them(desk: Desk) -> None:
    desk.load(import_profiles={"aliases": ALIASES, "sales": SALES})
    desk.people("D1")
    desk.goods(P1=None, P2=None)
    report = desk.csv(("A/1", "2026-02-03", "D1", "BOX", "2", "200.00"), header=tuple(SALES["columns"].values()))
    waits = desk.run(report, "sales")
    assert desk.codes(waits) == {2: ("held", "unknown_product")}
    rows = [
        ("BOX", "p1", "sales", None, "12"),
        ("BAG", "P2", None, None, None),
        ("SACK", "P2", None, "D1", "0.5"),
        ("NONE", "P9", None, None, None),
        ("ELSE", "P1", "nobody", None, None),
        ("WHO", "P1", None, "D9", None),
        ("TWO", "P1", "sales", "D1", None),
        ("P1", "P2", None, None, None),
        ("ZERO", "P1", None, None, "0"),
        ("MANY", "P1", None, None, "a dozen"),
    ]
    file = desk.csv(*rows, header=HEADER)
    found = desk.run(file, "aliases")
    assert (found.counts["created"], found.counts["changed"], found.counts["lines_accepted"]) == (3, 0, 3)
    assert desk.codes(found) == {
        5: ("held", "unknown_product"),
        6: ("held", "no_such_value"),
        7: ("held", "unknown_distributor"),
        8: ("refused", "two_sources"),
        9: ("refused", "no_alias"),
        10: ("refused", "no_alias"),
        11: ("refused", "not_a_number"),
    }
    assert kept(desk) == {("BOX", "sales"): 12_000, ("BAG", None): 1_000, ("SACK", None): 500}
    with transaction(desk.registry) as session:
        name = session.scalars(select(UnknownName).where(UnknownName.program_id == desk.program_id)).one()
        assert name.score > 90, "the queue proposes what it means elsewhere"
    lines = desk.csv(
        ("A/2", "2026-02-04", "D1", "BOX", "2", "200.00"),
        ("A/3", "2026-02-04", "D1", "SACK", "2", "20.00"),
        header=tuple(SALES["columns"].values()),
    )
    assert desk.run(lines, "sales").counts["lines_accepted"] == 2


def test_a_file_of_names_again_changes_what_differs(desk: Desk) -> None:
    desk.load(import_profiles={"aliases": ALIASES})
    desk.goods(P1=None, P2=None)
    desk.run(desk.csv(("BOX", "P1", None, None, "12"), ("BAG", "P1", None, None, None), header=HEADER), "aliases")
    again = desk.run(
        desk.csv(("BOX", "P2", None, None, "12"), ("bag ", "P1", None, None, "1"), header=HEADER), "aliases"
    )
    counts = again.counts
    assert (counts["created"], counts["changed"], counts["duplicates"]) == (0, 1, 1)


def test_a_name_keeps_its_unit_where_a_file_says_none(desk: Desk) -> None:
    short = {"columns": {field: name for field, name in ALIASES["columns"].items() if field != "unit"}}
    desk.load(import_profiles={"aliases": ALIASES, "short": {**short, "kind": "aliases"}, "sales": SALES})
    desk.people("D1")
    desk.goods(P1=None, P2=None)
    rows = [("BOX", "P1", None, None, "144"), ("BAG", "P1", "sales", None, "12"), ("SACK", "P1", None, "D1", "6")]
    desk.run(desk.csv(*rows, header=HEADER), "aliases")
    said = {("BOX", None): 144_000, ("BAG", "sales"): 12_000, ("SACK", None): 6_000}
    assert kept(desk) == said
    empty = desk.run(desk.csv(*((*row[:4], None) for row in rows), header=HEADER), "aliases")
    assert (empty.counts["changed"], empty.counts["duplicates"]) == (0, 3)
    without = desk.run(desk.csv(*(row[:4] for row in rows), header=HEADER[:4]), "aliases", profile="short")
    assert (without.counts["changed"], without.counts["duplicates"]) == (0, 3)
    assert kept(desk) == said
    other = desk.run(desk.csv(("BOX", "P2", None, None, None), header=HEADER), "aliases")
    assert other.counts["changed"] == 1
    assert kept(desk)["BOX", None] == 1_000, "of another product nobody said how many it is"
