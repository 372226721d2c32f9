"""Models: whole numbers with their unit in the name, aware instants, and references that hold."""

import re

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Time,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.db import guards
from app.db.marks import APPEND_ONLY, KEPT, REFERENCE
from app.models.base import Base
from app.models.registry import metadata

COLUMNS = [column for table in metadata.sorted_tables for column in table.columns]

AMOUNTS = ("_minor", "_milli", "_micro", "_bp")

ENDINGS_OF_INSTANTS = ("_at", "_until", "_since")
PLAIN_INSTANTS = {"at"}
ENDINGS_OF_DATES = ("_on", "_from")

POINTS_OUTSIDE = {
    "cap_usage.distributor_id": "0 is all distributors together",
    "ledger_block.last_transaction_id": "a mark on the way: whatever was numbered up to there",
    "import_change.thing_id": "a product, a group or a distributor, that may be gone",
    "notice_seen.last_id": "a mark on the way",
    "passkey.credential_id": "the authenticator's name for itself",
    "promotion_month.product_id": "0 is all products together",
    "distributor.tax_id": "a number of the tax office",
    "application.tax_id": "a number of the tax office",
}
"""Columns whose name ends in ``_id`` and that name no row of ours, with what they name."""


def _plain(column: Column[object]) -> TypeEngine[object]:
    """Give the type that the database sees."""
    return column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type


def _named(column: Column[object]) -> str:
    return f"{column.table.name}.{column.name}"


def test_there_are_models_to_look_at() -> None:
    assert {"program", "ledger_entry", "top_up", "job"} <= set(metadata.tables)
    assert len(COLUMNS) > 200


def test_no_comment_names_a_module() -> None:
    named = re.compile(r"\b(?:app|importers|prepaid|verification)[./]")
    found = [_named(column) for column in COLUMNS if column.comment and named.search(column.comment)]
    assert not found, "whoever moves a module would have to change a table"


def test_no_column_holds_a_fraction() -> None:
    found = [_named(column) for column in COLUMNS if isinstance(_plain(column), Numeric)]
    assert not found, "amounts are integers (docs/decisions/0002)"


def test_every_amount_is_a_whole_number_of_64_bits() -> None:
    amounts = [column for column in COLUMNS if column.name.endswith(AMOUNTS)]
    assert len(amounts) > 15
    assert not [_named(column) for column in amounts if not isinstance(_plain(column), BigInteger)]


def test_every_number_of_points_is_a_whole_number_of_64_bits() -> None:
    of_points = {"amount", "points", "remaining", "uncut", "set_amount", "basis", "used"}
    of_accounts = {"pending", "available", "reserved", "earned", "spent", "expired", "adjusted"}
    found = [column for column in COLUMNS if column.name in of_points | of_accounts]
    assert {column.name for column in found} == of_points | of_accounts
    assert not [_named(column) for column in found if not isinstance(_plain(column), BigInteger)]


def test_every_instant_is_aware_and_named_so() -> None:
    for column in COLUMNS:
        if isinstance(_plain(column), DateTime):
            assert column.type.timezone, f"{_named(column)} has no time zone"
            named_so = column.name.endswith(ENDINGS_OF_INSTANTS) or column.name in PLAIN_INSTANTS
            assert named_so, f"{_named(column)} is an instant and does not say so"
        elif column.name.endswith("_at") or column.name in PLAIN_INSTANTS:
            pytest.fail(f"{_named(column)} is named like an instant and is {column.type}")


def test_every_date_is_named_so_and_no_time_of_day_has_a_zone_to_guess() -> None:
    for column in COLUMNS:
        assert not isinstance(_plain(column), Time), f"{_named(column)}: a time of day without a date"
        if isinstance(_plain(column), Date):
            assert column.name.endswith(ENDINGS_OF_DATES), f"{_named(column)} is a date and does not say so"
        elif column.name.endswith("_on"):
            pytest.fail(f"{_named(column)} is named like a date and is {column.type}")


def test_every_id_names_a_row_that_the_database_makes_sure_of() -> None:
    unheld = {
        _named(column)
        for column in COLUMNS
        if column.name.endswith("_id") and not column.foreign_keys and REFERENCE not in column.info
    }
    assert unheld == set(POINTS_OUTSIDE)


def test_a_reference_names_a_table_whose_rows_stay() -> None:
    """A reference is checked when a row is added; that it stays true is for the row referred to never to go away."""
    for table in metadata.sorted_tables:
        for column, parent in guards.references(table).items():
            assert "id" in metadata.tables[parent].columns, f"{table.name}.{column}"
            stays = metadata.tables[parent].info.get(APPEND_ONLY) or metadata.tables[parent].info.get(KEPT)
            assert stays, f"{table.name}.{column} refers to {parent}, whose rows can be deleted"


def test_a_reference_is_as_wide_as_what_it_names() -> None:
    for column in COLUMNS:
        for key in column.foreign_keys:
            assert type(_plain(column)) is type(_plain(key.column)), _named(column)
        if REFERENCE in column.info:
            assert isinstance(_plain(column), Integer), _named(column)
            assert not isinstance(_plain(column), SmallInteger), _named(column)


def test_no_index_is_the_beginning_of_another() -> None:
    """Whatever it finds the longer one finds too, and every row that comes would be written into both."""
    for table in metadata.sorted_tables:
        keys = [one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)]
        whole = [one for one in table.indexes if one.dialect_options["postgresql"]["where"] is None]
        columns = {one.name: [str(part) for part in one.expressions] for one in whole}
        longer = columns | {str(one.name): [str(part) for part in one.columns] for one in keys}
        for name in (one.name for one in whole if not one.unique):
            begins = [of for of, parts in longer.items() if of != name and parts[: len(columns[name])] == columns[name]]
            assert not begins, f"{name} is the beginning of {begins}"


def test_nothing_that_is_kept_goes_when_something_else_goes() -> None:
    paid = {"card", "conversion_run", "redemption", "load_batch", "load_response", "top_up"}
    for table in metadata.sorted_tables:
        if table.info.get(APPEND_ONLY) or table.info.get(KEPT) or table.name in paid:
            for key in table.foreign_keys:
                assert key.ondelete == "RESTRICT", f"{_named(key.parent)} on delete {key.ondelete}"


def test_what_a_kept_table_lets_change_is_there_and_never_its_key() -> None:
    for table in metadata.sorted_tables:
        changing = table.info.get(KEPT, ())
        assert set(changing) <= set(table.columns.keys()), table.name
        assert not set(changing) & set(table.primary_key.columns.keys()), table.name


def test_a_hash_is_stored_as_bytes() -> None:
    hashes = [column for column in COLUMNS if column.name.endswith(("sha256", "hash"))]
    kept_as_text = {"user_account.password_hash"}  # argon2's own notation, with its cost and its salt
    assert {_named(column) for column in hashes if not isinstance(_plain(column), LargeBinary)} <= kept_as_text


@pytest.mark.parametrize(
    "model", sorted((mapper.class_ for mapper in Base.registry.mappers), key=str), ids=lambda one: one.__name__
)
def test_a_model_says_what_a_row_of_it_is(model: type[Base]) -> None:
    assert model.__doc__
    assert isinstance(model.__table__, Table)
    assert model.__doc__.strip() != f"{model.__name__}()"
