"""Sort keys compare by code point, whatever the language of the database that an operator brings."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.registry import metadata

KEYS = [(table.name, "sort_key") for table in metadata.sorted_tables if "sort_key" in table.c]


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_sort_key_has_the_collation_of_code_points(session: Session, table: str, key: str) -> None:
    collation = session.execute(
        text(
            "select c.collname from pg_attribute a join pg_collation c on c.oid = a.attcollation "
            "where a.attrelid = cast(:table as regclass) and a.attname = :key"
        ),
        {"table": table, "key": key},
    ).scalar_one()
    assert collation == "C"
