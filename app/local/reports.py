"""What the keeper and the users tell each other, in small files: what is wanted, what runs, that it shall stop."""

import contextlib
import dataclasses
import enum
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.local import locks
from app.local.errors import KeeperFailed
from app.local.home import SERVERS, Place


class State(enum.StrEnum):
    """What became of a server that somebody wanted."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class ServerReport:
    """What the keeper says about one server."""

    name: str
    state: State
    attempt: int  # counts up with every start that a user asked for
    pid: int | None
    restarts: int
    version: str
    origin: str
    program: str
    kind: str  # the class of the error that made it fail
    message: str


@dataclass(frozen=True)
class Report:
    """What the keeper says about itself. It is true only while the keeper's lock is held."""

    life: str  # another one for every keeper: process ids repeat, in containers for one
    pid: int
    stopping: bool
    servers: dict[str, ServerReport] = field(default_factory=dict)


def write(place: Place, report: Report) -> None:
    """Publish a report; readers see the one before or this one, never half of it."""
    _replace(_report_file(place), json.dumps(dataclasses.asdict(report)))


def read(place: Place) -> Report | None:
    """Read the report; None where the keeper has not written one yet or took it away.

    Raises `KeeperFailed` where it makes no sense, as after an update of Kontor under a keeper that lives on.
    """
    try:
        said: dict[str, Any] = json.loads(_report_file(place).read_text())
        servers = {
            name: ServerReport(**{**server, "state": State(server["state"])})
            for name, server in said["servers"].items()
        }
        return Report(said["life"], said["pid"], said["stopping"], servers)
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as failure:
        raise KeeperFailed(
            f"The servers of {place.home} are kept by another version of Kontor. Stop them, and start again."
        ) from failure


def current(place: Place) -> Report | None:
    """Read the report of the keeper that lives; None where none does."""
    return read(place) if locks.is_held(place.keeper_lock) else None


def ask_for(place: Place, name: str, setting: Path | None) -> None:
    """Ask the keeper to run a server, with the program of a setting if there is one."""
    _replace(place.run / f"want.{name}", str(setting.absolute()) if setting else "")


def asked(place: Place) -> dict[str, Path | None]:
    """Take what users asked for; each question is taken once."""
    found = {}
    for name in SERVERS:
        with contextlib.suppress(FileNotFoundError):
            question = place.run / f"want.{name}"
            setting = question.read_text()
            question.unlink()
            found[name] = Path(setting) if setting else None
    return found


def ask_to_stop(place: Place) -> None:
    """Ask the keeper to stop. A file and not a signal: a number may name another process, in a container for one."""
    (place.run / "stop").touch(mode=0o600)


def asked_to_stop(place: Place) -> bool:
    """Say whether somebody asked the keeper to stop."""
    return (place.run / "stop").exists()


def forget(place: Place) -> None:
    """Take everything away that an earlier keeper or its users left. For whoever knows that no keeper lives."""
    for name in ("report", "stop", *(f"want.{server}" for server in SERVERS)):
        (place.run / name).unlink(missing_ok=True)


def _report_file(place: Place) -> Path:
    return place.run / "report"


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.write_text(text)
    fresh.rename(path)
