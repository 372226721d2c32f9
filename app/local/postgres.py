"""One PostgreSQL cluster: made, configured, asked whether it answers, and given our roles and database."""

import contextlib
import locale
import os
import pwd
import re
import shutil
import signal
import sys
from pathlib import Path

from app.local import binaries, home, processes
from app.local.binaries import Program
from app.local.errors import ServerFailed
from app.local.home import Place

_ROLES = ("kontor_admin", "kontor_owner", "kontor_app")
_MIB = 1024 * 1024


class Postgres:
    """The PostgreSQL of one place. All of it is for the process that holds the keeper's lock."""

    name = "postgres"
    last_signal = signal.SIGINT  # fast shutdown: breaks connections off, writes everything out
    steps_to_stop: tuple[tuple[signal.Signals, float], ...] = (
        (signal.SIGINT, 60.0),
        (signal.SIGQUIT, 10.0),
        (signal.SIGKILL, 10.0),
    )

    def __init__(self, place: Place, setting: Path | None) -> None:
        """Look after the cluster in a place, with the programs of the setting if there is one."""
        self.place = place
        self.setting = setting
        self.data = place.data_of(self.name)
        self.socket = place.socket_of(self.name)

    def prepare(self) -> Program:
        """Do all that has to be done before a start: end what is left of an earlier one, make the cluster, configure.

        Raises `NoProgram`, `NotOurs` or `ServerFailed`.
        """
        self.end_orphans()
        program = binaries.find_postgres(
            self.setting, self.place.account, self.place.programs, data_major=_major_of(self.data)
        )
        if not self.data.exists():
            self._initialise(program)
        self._configure()
        return program

    def command(self, program: Program) -> list[str | Path]:
        """Give the command that runs the server. What keeps strangers out stands here, where no SQL can change it."""
        return [
            program.path,
            *("-D", self.data),
            *("-c", f"config_file={self.place.conf / 'postgresql.conf'}"),
            *("-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={self.place.sockets}"),
        ]

    def answers(self) -> bool:
        """Say whether the server takes connections; once it does, it has our roles and our database.

        Raises `ServerFailed` where it answers and will not let us in.
        """
        import psycopg

        try:
            self._settle()
        except psycopg.OperationalError as failure:
            said = str(failure)
            if "authentication failed" in said or "pg_hba.conf" in said or "does not exist" in said:
                raise ServerFailed(f"PostgreSQL does not let us in: {said}") from failure
            return False
        except psycopg.Error as failure:
            raise ServerFailed(f"PostgreSQL runs, and our roles could not be made: {failure}") from failure
        return True

    def end_orphans(self) -> bool:
        """End servers that an earlier keeper left behind, and forget their pid file; say whether there were any.

        The caller holds the keeper's lock, so no other keeper lives and whoever works in the data folder is a leftover.
        """
        left = bool(self._at_work())
        if left:
            master = self._master()
            if master is not None:
                # Only ever to the first process: to its children the same signals mean other things.
                for number, patience in self.steps_to_stop[:2]:
                    processes.send([master], number)
                    if processes.vanish(self._at_work, patience=patience):
                        break
            elif not processes.vanish(self._at_work, patience=1):  # children that have not noticed yet
                processes.send(self._at_work(), signal.SIGQUIT)
                processes.vanish(self._at_work, patience=1)
            processes.send(self._at_work(), signal.SIGKILL)
            if not processes.vanish(self._at_work, patience=10):
                raise ServerFailed(f"Processes {sorted(self._at_work())} work in {self.data} and cannot be ended.")
        # Nobody works here any more. PostgreSQL itself cannot be as sure, and refuses to start while the number in one
        # of these files exists: as a zombie, or as somebody else where numbers begin anew, after a container's start.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.socket.with_name(f"{self.socket.name}.lock").unlink(missing_ok=True)
        return left

    def _at_work(self) -> set[int]:
        return processes.working_in(self.data, self.place.account, hint=_pid_in(self.data))

    def _master(self) -> int | None:
        pid = _pid_in(self.data)
        return pid if pid in self._at_work() else None

    def _initialise(self, program: Program) -> None:
        """Make the cluster beside its place and move it there whole, so that no half of one is ever taken for one."""
        fresh = self.data.with_name("postgres.new")
        if fresh.exists():  # what a run left that was cut short
            account = self.place.account
            processes.send(processes.working_in(fresh, account), signal.SIGKILL)
            processes.vanish(lambda: processes.working_in(fresh, account), patience=10)
            shutil.rmtree(fresh)
        home.hand_over(fresh, self.place.account)
        command: list[str | Path] = [
            program.path.with_name("initdb"),
            *("-D", fresh, "-U", "kontor_admin", "-A", "peer", "-E", "UTF8", "--data-checksums", "--no-instructions"),
            *_collation(program.major),
            *(["--sync-method=syncfs"] if program.major >= 17 and _has_syncfs() else []),
        ]
        result = processes.run(self.place.account, command, timeout=300, dies_with_us=True)
        if result.returncode:
            shutil.rmtree(fresh)
            raise ServerFailed(f"initdb of PostgreSQL {program.version} failed: {result.stderr.strip()[-1500:]}")
        fresh.rename(self.data)
        parent = os.open(self.data.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)

    def _configure(self) -> None:
        conf = self.place.conf
        lines = [
            "# Written anew at every start. To tune: ALTER SYSTEM, as kontor_admin.",
            *(f"{name} = '{_quoted(value)}'" for name, value in server_settings(self.place).items()),
        ]
        _write(conf / "postgresql.conf", lines)
        _write(
            conf / "pg_hba.conf", ["# Whom the system knows to be us, and nobody else.", "local all all peer map=us"]
        )
        people = dict.fromkeys([_own_name(), self.place.account.name])
        _write(conf / "pg_ident.conf", [f'us {_in_map(person)} "{role}"' for person in people for role in _ROLES])

    def _settle(self) -> None:
        """Make our roles and our database where they are missing. Where somebody holds a lock, it is tried again."""
        import psycopg
        from psycopg.conninfo import make_conninfo

        where = make_conninfo(
            host=str(self.place.sockets),
            port=5432,
            user="kontor_admin",
            connect_timeout=5,
            options="-c lock_timeout=2000",
        )
        with psycopg.connect(where, dbname="postgres", autocommit=True) as connection:
            have = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
            if "kontor_owner" not in have:
                connection.execute("CREATE ROLE kontor_owner LOGIN CREATEDB")  # tests copy databases
            if "kontor_app" not in have:
                connection.execute("CREATE ROLE kontor_app LOGIN")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'kontor'").fetchone():
                connection.execute("CREATE DATABASE kontor OWNER kontor_owner")
        with psycopg.connect(where, dbname="kontor", autocommit=True) as connection:
            for done, remedy in (
                (
                    "SELECT nspowner = 'kontor_owner'::regrole FROM pg_namespace WHERE nspname = 'public'",
                    "ALTER SCHEMA public OWNER TO kontor_owner",
                ),
                (
                    "SELECT has_schema_privilege('kontor_app', 'public', 'USAGE')",
                    "GRANT USAGE ON SCHEMA public TO kontor_app",
                ),
                (
                    "SELECT has_database_privilege('kontor_app', 'kontor', 'CONNECT')",
                    "GRANT CONNECT ON DATABASE kontor TO kontor_app",
                ),
            ):
                if connection.execute(done).fetchone() == (False,):
                    connection.execute(remedy)


def server_settings(place: Place) -> dict[str, str]:
    """Give the settings of the server. Durability stays as PostgreSQL has it: a commit is on disk."""
    return {
        "hba_file": str(place.conf / "pg_hba.conf"),
        "ident_file": str(place.conf / "pg_ident.conf"),
        "unix_socket_permissions": "0700",
        "cluster_name": "kontor",
        "max_connections": "100",
        "shared_buffers": f"{shared_buffers(memory()) // _MIB}MB",
        "dynamic_shared_memory_type": _shared_memory(),
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # whoever commits writes what others have in these buffers as well: a document would wait for an import's
        # megabytes, so they are sent on their way at once. Where the buffers are smaller, imports wait for that
        "wal_buffers": "4MB",
        "wal_writer_delay": "1ms",
        "wal_writer_flush_after": "256kB",
        "wal_init_zero": "off",  # nobody waits while 16 MB of nothing are written
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "lc_messages": "C",
        "recovery_init_sync_method": "syncfs" if _has_syncfs() else "fsync",
    }


def shared_buffers(memory_bytes: int) -> int:
    """Give an eighth of the memory, at least 128 MiB and at most 2 GiB."""
    return min(max(memory_bytes // 8, 128 * _MIB), 2048 * _MIB)


def memory() -> int:
    """Give the memory we may use: the machine's, or a container's limit below that."""
    have = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # no such file, or the word "max"
            have.append(int(Path(limit).read_text()))
    return min(have)


def _collation(major: int) -> list[str]:
    """Give the words for initdb. All of them fold the case of every alphabet and sort by code point (or ICU's root).

    LC_CTYPE counts beside the built-in provider as well: pg_trgm of PostgreSQL 18 asks it what a letter is, and under
    "C" it finds only ASCII letters in 'łódź'.
    """
    unicode = _has_locale("C.UTF-8")
    rest = ["--locale=C", f"--lc-ctype={'C.UTF-8' if unicode else 'C'}"]
    if major >= 18:
        return ["--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST", *rest]
    if major == 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", *rest]
    if unicode:
        return ["--locale-provider=libc", "--locale=C.UTF-8", "--lc-messages=C"]
    return ["--locale-provider=icu", "--icu-locale=und", *rest]


def _has_locale(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True


def _shared_memory() -> str:
    """Give where parallel queries meet: containers often have a /dev/shm too small for them, and files always work."""
    if sys.platform != "linux":
        return "posix"
    with contextlib.suppress(OSError):
        there = os.statvfs("/dev/shm")  # noqa: S108  asked for its size
        if there.f_blocks * there.f_frsize >= 256 * _MIB:
            return "posix"
    return "mmap"


def _has_syncfs() -> bool:
    """Say whether a whole file system can be written out in one go, as safely as file by file.

    A new cluster has a thousand files, and a disk that needs 4 ms for each makes the first start four seconds longer.
    Before version 5.8 the kernel did not tell of errors.
    """
    if sys.platform != "linux":
        return False
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return release is not None and (int(release[1]), int(release[2])) >= (5, 8)


def _major_of(data: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        return int((data / "PG_VERSION").read_text())
    return None


def _pid_in(data: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        return int((data / "postmaster.pid").read_text().splitlines()[0])
    return None


def _own_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _in_map(person: str) -> str:
    return '"' + person.replace('"', '""') + '"'


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _write(path: Path, lines: list[str]) -> None:
    """Write a file the server reads and cannot write."""
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
