"""A database that a newer version has migrated is left alone, with a clear word."""

import pytest
from sqlalchemy import text

from app.db import migrate
from app.local.servers import Addresses
from tests.support.databases import empty_database


def test_a_database_of_a_newer_version_is_left_alone(addresses: Addresses) -> None:
    with empty_database(addresses) as database:
        database.migrate()
        with database.as_owner() as owner:
            owner.execute(text("update alembic_version set version_num = '9999'"))
            owner.commit()
        with pytest.raises(migrate.DatabaseNewer, match=r"9999.*Run that version"):
            database.migrate()
        with database.as_owner() as owner:
            assert migrate.current(owner) == "9999"
