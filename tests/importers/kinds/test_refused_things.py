"""Rows of products and distributors that are refused leave nothing behind, and say in which column they are wrong."""

import datetime as dt

from sqlalchemy import select

from app.db.transaction import transaction
from app.models.distributors import Distributor
from app.services.goods import catalogue
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


def test_a_tax_status_may_be_said_as_people_say_it(desk: Desk) -> None:
    columns = {"code": "Kod", "name": "Nazwa", "tax_status": "Status podatkowy"}
    desk.load(import_profiles={"distributors": {"columns": columns}})
    said = {
        "D1": ("Firma", "company"),
        "D2": ("JDG", "sole_trader"),
        "D3": ("Osoba prywatna", "private_person"),
        "D4": ("Sp. z o.o.", "company"),
        "D5": ("pracownik dystrybutora", "distributor_employee"),
        "D6": ("Индивидуальный предприниматель", "sole_trader"),
        "D7": ("Empresa", "company"),
        "D8": ("SOLE_TRADER", "sole_trader"),
    }
    rows = [(code, code, words) for code, (words, _status) in said.items()]
    found = desk.run(desk.csv(*rows, header=tuple(columns.values())), "distributors")
    assert desk.codes(found) == {}
    with transaction(desk.registry) as session:
        query = select(Distributor.code, Distributor.tax_status).where(Distributor.program_id == desk.program_id)
        kept = {code: str(status) for code, status in session.execute(query)}
    assert kept == {code: status for code, (_words, status) in said.items()}


def test_the_error_of_a_formula_is_no_code(desk: Desk) -> None:
    desk.load(import_profiles={"products": {"columns": {"code": "code", "name": "name"}}})
    found = desk.run(desk.csv(("#N/A", "One"), ("P2", "Two"), header=("code", "name")), "products")
    assert desk.codes(found) == {2: ("refused", "no_result")}


def test_the_day_that_a_program_made_of_a_code_is_none(desk: Desk) -> None:
    desk.load(import_profiles={"products": {"columns": {"code": "code", "name": "name"}}})
    rows = [(dt.date(2026, 2, 1), "One"), ("P2", "Two")]
    found = desk.run(desk.xlsx(*rows, header=("code", "name")), "products")
    assert desk.codes(found) == {2: ("refused", "day_for_code")}


def test_a_note_may_be_a_day(desk: Desk) -> None:
    columns = {"distributor": "who", "credit": "give", "debit": "take", "note": "why"}
    desk.load(import_profiles={"adjustments": {"columns": columns}})
    desk.people("D1")
    rows = [("D1", 5, None, dt.date(2026, 2, 1))]
    assert desk.codes(desk.run(desk.xlsx(*rows, header=tuple(columns.values())), "adjustments")) == {}


def test_codes_that_a_program_took_for_numbers_are_whole_again(desk: Desk) -> None:
    desk.load(import_profiles={"products": {"columns": {"code": "code", "name": "name", "ean": "ean"}}})
    rows = [("101.0", "One", "5901234123457.0"), ("102.0", "Two", "")]
    desk.run(desk.csv(*rows, header=("code", "name", "ean")), "products")
    with transaction(desk.registry) as session:
        known = catalogue.product_ids(session, desk.program_id)
        eans = catalogue.product_ids_by_ean(session, desk.program_id)
    assert (known.keys(), eans.keys()) == ({"101", "102"}, {"5901234123457"})


def test_a_tier_that_the_programme_does_not_have_holds_its_row(desk: Desk) -> None:
    columns = {"code": "code", "name": "name", "tier": "Poziom"}
    levels = [{"code": code, "name": code, "from": least} for code, least in (("silver", 0), ("gold", 100))]
    tiers = {"metric": "points", "window": "lifetime", "levels": levels}
    desk.load(import_profiles={"distributors": {"columns": columns}}, program={"tiers": tiers})
    rows = [("D1", "One", "GOLD"), ("D2", "Two", "golden"), ("D3", "Three", None)]
    found = desk.run(desk.csv(*rows, header=tuple(columns.values())), "distributors")
    assert desk.codes(found) == {3: ("held", "no_such_value")}
    ((told,),) = (reasons for _, reasons in desk.problems(found.batch_id).values())
    assert (told["field"], told["expected"]) == ("Poziom", "silver, gold")
    with transaction(desk.registry) as session:
        query = select(Distributor.code, Distributor.tier).where(Distributor.program_id == desk.program_id)
        assert dict(session.execute(query).all()) == {"D1": "gold", "D3": None}
    again = desk.run(desk.csv(("D1", "One", "Gold"), header=tuple(columns.values())), "distributors")
    assert again.counts["changed"] == 0
