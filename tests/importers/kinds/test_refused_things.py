"""Rows of products and distributors that are refused leave nothing behind, and say in which column they are wrong."""

from app.db.transaction import transaction
from app.services import catalogue
from tests.importers.driver import Desk


def test_a_refused_product_makes_no_group(desk: Desk) -> None:
    columns = {"code": "code", "name": "name", "group": "group", "parent_group": "above", "group_from": "since"}
    desk.load(import_profiles={"products": {"columns": columns}})
    rows = [
        ("P1", "One", "Saws", "Tools", "2026-03-01"),
        ("P2", "Two", "Lamps", "Light", "some day"),
    ]
    found = desk.run(desk.csv(*rows, header=tuple(columns.values())), "products")
    assert desk.codes(found) == {3: ("refused", "not_a_date")}
    with transaction(desk.registry) as session:
        groups = catalogue.group_ids(session, desk.program_id)
    assert "saws" in groups
    assert not {"lamps", "light"} & groups.keys()


def test_a_tax_status_that_there_is_not_names_the_column_of_the_file(desk: Desk) -> None:
    columns = {"code": "code", "name": "name", "tax_status": "Forma prawna"}
    desk.load(import_profiles={"distributors": {"columns": columns}})
    found = desk.run(desk.csv(("D1", "One", "guild"), header=tuple(columns.values())), "distributors")
    ((told,),) = (reasons for _, reasons in desk.problems(found.batch_id).values())
    assert (told["code"], told["field"], told["found"]) == ("no_such_value", "Forma prawna", "'guild'")


def test_the_error_of_a_formula_is_no_code(desk: Desk) -> None:
    desk.load(import_profiles={"products": {"columns": {"code": "code", "name": "name"}}})
    found = desk.run(desk.csv(("#N/A", "One"), ("P2", "Two"), header=("code", "name")), "products")
    assert desk.codes(found) == {2: ("refused", "no_result")}
