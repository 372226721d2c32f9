"""The door of the room: servers that run while they are used, how they are, and how to stop them."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.config import Settings
from app.local.errors import StillRunning, Unsupported

# The rest of the room is imported where it is needed: it cannot be imported on Windows, and an installation that has
# both its addresses set does not need it.

if TYPE_CHECKING:
    from app.local.home import Place


@dataclass(frozen=True)
class Addresses:
    """Where the servers are, as SQLAlchemy and redis take it. The owner's address is for migrations alone."""

    database_url: str
    owner_url: str
    redis_url: str


@dataclass(frozen=True)
class ServerStatus:
    """How one server is. Without a process only its data is known."""

    name: str
    state: str
    pid: int | None
    restarts: int
    version: str
    origin: str
    program: str
    socket: Path
    data: Path
    size_bytes: int
    message: str


@dataclass(frozen=True)
class LocalStatus:
    """How the embedded servers of a home are."""

    home: Path
    place: Path | None
    account: str | None
    keeper_pid: int | None
    in_use: bool
    servers: tuple[ServerStatus, ...]


@contextmanager
def running(settings: Settings) -> Iterator[Addresses]:
    """Give the addresses of PostgreSQL and Redis, and keep running what is not configured while the block lasts.

    What DATABASE_URL and REDIS_URL name is taken as it is; only what is missing is started, or joined where another
    process has started it. The servers stop when the last process has left its block or has died. Threads and nested
    blocks may enter as they like; entering again also brings servers back that were stopped meanwhile.

    Raises a `LocalError` that says what to do: `NoProgram`, `NotOurs`, `OutOfReach`, `DataMissing`, `ServerFailed`,
    `KeeperFailed`, `Unsupported`.
    """
    wanted: dict[str, Path | None] = {}
    if settings.database_url is None:
        wanted["postgres"] = settings.pg_bin
    if settings.redis_url is None:
        wanted["valkey"] = settings.valkey_bin
    if not wanted:
        yield _addresses(settings, None)
        return
    if sys.platform == "win32":
        raise Unsupported(
            "Kontor brings its own PostgreSQL and Valkey on Linux and macOS only. On Windows run it in WSL 2, "
            "or set DATABASE_URL and REDIS_URL."
        )
    from app.local import users
    from app.local.home import prepare

    place = prepare(settings.home)
    users.join(place)
    try:
        users.ensure(place, wanted)
        yield _addresses(settings, place)
    finally:
        users.leave(place)


def status(home: Path) -> LocalStatus:
    """Say how the embedded servers of a home are, without starting anything. Raises `NotOurs` or `DataMissing`."""
    from app.local import reports, users
    from app.local.home import SERVERS, find, size_on_disk

    place = find(home)
    if place is None:
        return LocalStatus(home.resolve(), None, None, None, in_use=False, servers=())
    report = reports.current(place)
    servers = []
    for name in SERVERS:
        said = report.servers.get(name) if report else None
        servers.append(
            ServerStatus(
                name=name,
                state=said.state if said else "stopped",
                pid=said.pid if said else None,
                restarts=said.restarts if said else 0,
                version=said.version if said else "",
                origin=said.origin if said else "",
                program=said.program if said else "",
                socket=place.socket_of(name),
                data=place.data_of(name),
                size_bytes=size_on_disk(place.data_of(name)),
                message=said.message if said else "",
            )
        )
    return LocalStatus(
        home=place.home,
        place=place.root,
        account=place.account.name,
        keeper_pid=report.pid if report else None,
        in_use=users.are_there(place),
        servers=tuple(servers),
    )


def stop(home: Path, timeout: float = 90.0) -> bool:
    """Stop the embedded servers of a home now, even while somebody uses them; say whether anything ran.

    Servers that a killed keeper left behind are stopped as well. Raises `StillRunning` after the timeout, `NotOurs` or
    `DataMissing` where there is no getting at them.
    """
    from app.local import locks, reports
    from app.local.home import find
    from app.local.postgres import Postgres
    from app.local.valkey import Valkey

    place = find(home)
    if place is None or not place.run.is_dir():
        return False
    if not locks.is_held(place.keeper_lock):
        with locks.exclusively(place.keeper_lock, patience=timeout):
            ended = [server.end_orphans() for server in (Postgres(place, None), Valkey(place, None))]
        return any(ended)
    until = time.monotonic() + timeout
    while locks.is_held(place.keeper_lock):
        reports.ask_to_stop(place)
        if time.monotonic() >= until:
            raise StillRunning(
                f"The servers of {place.home} have not stopped within {timeout:.0f} seconds; see {place.log}."
            )
        time.sleep(0.01)
    return True


def _addresses(settings: Settings, place: "Place | None") -> Addresses:
    database, owner, redis = settings.database_url, settings.database_owner_url, settings.redis_url
    if database is not None:
        owner = owner or database
    elif place is not None:
        # The port is part of the socket's name, and PGPORT would be taken where it is not said.
        where = f"@/kontor?host={quote(str(place.sockets))}&port=5432"
        database, owner = f"postgresql+psycopg://kontor_app{where}", f"postgresql+psycopg://kontor_owner{where}"
    if redis is None and place is not None:
        redis = f"unix://{quote(str(place.socket_of('valkey')))}?db=0"
    return Addresses(database or "", owner or "", redis or "")
