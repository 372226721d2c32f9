"""What Kontor itself does wrong: kept in a log for whoever mends it, told in one sentence to whoever met it."""

import datetime as dt
import errno
import os
import traceback
from pathlib import Path

from app.cli.output import FAULT, Failure
from app.config import settings
from app.files import NO_ROOM

_NOT_LET = (errno.EACCES, errno.EPERM, errno.EROFS)


def unfit(fault: Exception) -> str | None:
    """Say so where it was no fault: what was given is larger than any that is kept, or the system does not let us."""
    if isinstance(fault, OSError):
        return _not_let(fault)
    from sqlalchemy.exc import DataError  # loaded already by whoever met it

    if isinstance(fault, DataError):
        return f"Something of what was given does not fit: {str(fault.orig).partition(chr(10))[0]}."
    if isinstance(fault, UnicodeEncodeError) and fault.reason == "surrogates not allowed":
        return "Something of what was given is no text in UTF-8; look at the language settings of the terminal."
    return None


def _not_let(problem: OSError) -> str | None:
    if problem.errno not in (*NO_ROOM, *_NOT_LET):
        return None
    where = f"{problem.filename}: " if problem.filename else ""
    what = f"{where}{problem.strerror}"
    if problem.errno in NO_ROOM:
        return f"What the command writes has no place ({what}). Make room there, and see whether all of it was done."
    return f"User id {os.geteuid()} may not do what the command asks for ({what}). Run it as whoever may."


def kept(fault: Exception, command: str, *, as_json: bool) -> Failure:
    """Write down what happened, and give what the command says about it."""
    said = " ".join(str(fault).split())
    what = f"{type(fault).__name__}: {said[:200]}" if said else type(fault).__name__
    try:
        where = str(_write_down(fault, command))
    except OSError as problem:
        where = f"(it could not be kept: {problem})"
    message = f"A fault of Kontor's own stopped the command ({what}). What happened is in {where}."
    return Failure(message, FAULT, as_json=as_json)


def _write_down(fault: Exception, command: str) -> Path:
    log = settings().home / "log" / "faults.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{now} kontor {command}\n{''.join(traceback.format_exception(fault))}\n")
    return log
