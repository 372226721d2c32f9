"""Work that gives way: the process that serves it in PostgreSQL is lowered, and no other."""

import os

from sqlalchemy import create_engine, event

from app.jobs.giving_way import NICENESS, lower_server_process
from app.local.servers import Addresses


def test_what_serves_a_worker_gives_way_and_what_serves_others_does_not(addresses: Addresses) -> None:
    workers, pages = create_engine(addresses.database_url), create_engine(addresses.database_url)
    event.listen(workers, "connect", lower_server_process)
    try:
        with workers.connect() as heavy, pages.connect() as light:
            found = [
                os.getpriority(os.PRIO_PROCESS, one.connection.dbapi_connection.info.backend_pid)  # type: ignore[union-attr]
                for one in (heavy, light)
            ]
    finally:
        workers.dispose()
        pages.dispose()
    assert found == [NICENESS, 0]
