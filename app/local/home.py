"""The folders of the embedded servers: where they are, who owns them, and how short a socket's path has to be.

Below the home::

    servers/            ours; root's has mode 0711, an ordinary user's 0700
        run/            locks, and what the keeper says about itself
        conf/           configuration of PostgreSQL, written by us at every start; the server only reads it
        postgres/       data, owned by the account the server runs as
        valkey/         the same
        sockets/        the same; elsewhere when its path would be too long
        programs/       copies of server programs that the account cannot reach where they are installed
    servers.elsewhere   in place of servers/: names the folder, when the account cannot reach the home
    log/                logs of the servers and of the keeper

No folder that was there before us changes its owner or its mode.
"""

import contextlib
import errno
import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.local import locks, processes
from app.local.errors import DataMissing, NotOurs, OutOfReach
from app.local.processes import Account

ELSEWHERE = Path("/var/lib/kontor")
"""Where root keeps the servers of a home that the servers' account cannot reach."""

SHORT = Path("/tmp")  # noqa: S108  the only short folder everywhere; what we make in it is private and checked
"""Where the sockets of a home with a long path are."""

_LONGEST_SOCKET = 103
"""Bytes of a socket's path: Linux takes 107, macOS 103."""

_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
"""A socket folder that every connection string takes as it is; PostgreSQL takes a comma for a list, for one."""

SERVERS = ("postgres", "valkey")
"""The servers by name; the data of each has its name."""

_SOCKETS = {"postgres": ".s.PGSQL.5432", "valkey": "valkey.sock"}


@dataclass(frozen=True)
class Place:
    """Where one home's servers live and who they run as. Nothing is created by asking."""

    home: Path
    root: Path
    account: Account

    @property
    def run(self) -> Path:
        """Locks and the keeper's report."""
        return self.root / "run"

    @property
    def conf(self) -> Path:
        """Configuration of PostgreSQL. It cannot write it: not even its superuser can let anybody else in."""
        return self.root / "conf"

    @property
    def log(self) -> Path:
        """Logs, in the home even when the servers are elsewhere: here people look for them."""
        return self.home / "log"

    @property
    def programs(self) -> Path:
        """Copies of server programs."""
        return self.root / "programs"

    @property
    def sockets(self) -> Path:
        """The folder of both sockets; elsewhere when this one's path is too long or has unusual letters."""
        usual = self.root / "sockets"
        longest = max(len(os.fsencode(usual / name)) for name in _SOCKETS.values())
        if longest <= _LONGEST_SOCKET and _PLAIN_PATH.fullmatch(str(usual)):
            return usual
        return SHORT / f"kontor-{os.geteuid()}-{_hash(self.root)}" / "sockets"

    def socket_of(self, server: str) -> Path:
        """Where a server listens."""
        return self.sockets / _SOCKETS[server]

    def data_of(self, server: str) -> Path:
        """Where a server has its data."""
        return self.root / server

    @property
    def users_lock(self) -> Path:
        """Held, shared, by every process that uses the servers."""
        return self.run / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held by a process while it starts a keeper."""
        return self.run / "start.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper as long as it lives: whoever holds it may touch the data."""
        return self.run / "keeper.lock"


def find(home: Path) -> Place | None:
    """Find the servers' place of a home; None where nothing has been prepared yet.

    Raises `NotOurs` where the place belongs to another user and `DataMissing` where the home names a folder elsewhere
    that is not there.
    """
    home = home.resolve()
    try:
        root = _root(home)
        owner = root.lstat().st_uid
    except FileNotFoundError:
        return None
    except PermissionError as failure:
        raise NotOurs(
            f"{failure.filename} is not readable for user id {os.geteuid()}. Choose a home of your own with "
            "KONTOR_HOME, or run Kontor as the user this one belongs to."
        ) from None
    if owner != os.geteuid():
        raise NotOurs(
            f"{root} belongs to user id {owner} and Kontor runs as user id {os.geteuid()}. Run it as the owner, "
            "or choose another home with KONTOR_HOME."
        )
    return Place(home, root, processes.account_of_servers())


def prepare(home: Path) -> Place:
    """Find the servers' place of a home, and make its first folders where there is none yet.

    Safe to call by several processes at once and again after a crash in the middle. Raises what `find` raises, and
    `OutOfReach` where the servers' account cannot get there, or we cannot write there.
    """
    place = find(home)
    try:
        if place is None:
            home = home.resolve()
            _make_home(home)
            with locks.exclusively(home, patience=60):
                place = find(home) or _choose(home)
        for folder in (place.run, place.log):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
    except OSError as failure:
        if failure.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOSPC, errno.EDQUOT):
            raise
        where = Path(failure.filename or home)
        raise OutOfReach(
            f"User id {os.geteuid()} cannot write to {where if where.is_relative_to(home) else home}: "
            f"{failure.strerror}. "
            "Choose a home of your own with KONTOR_HOME, or run Kontor as the user this one belongs to."
        ) from failure
    return place


def make_folders(place: Place) -> None:
    """Make the folders that belong to the servers. For the keeper alone.

    Raises `NotOurs` where one is there and belongs to somebody else, `OutOfReach` where the account cannot get there.
    """
    _own(place.root, _passable(place.account))
    _own(place.conf, 0o755)
    _own(place.programs, 0o755)
    if not reaches(place.account, place.conf):
        raise OutOfReach(
            f"The servers run as {place.account.name}, who cannot get to {place.conf}: "
            f"{_barrier(place.account, place.conf)} is closed to it. Open that folder for passing through "
            "(chmod o+x), or move the home to a place that is open."
        )
    sockets = place.sockets
    if sockets.parent != place.root:
        _own(sockets.parent, _passable(place.account))
    hand_over(sockets, place.account)
    hand_over(place.data_of("valkey"), place.account)  # PostgreSQL's is made by initdb, and appears whole


def remove_short_folder(place: Place) -> None:
    """Take the folder for sockets away that a long path made necessary. Quiet: a file left in it keeps it."""
    if place.sockets.parent != place.root:
        with contextlib.suppress(OSError):
            place.sockets.rmdir()
            place.sockets.parent.rmdir()


def hand_over(folder: Path, account: Account) -> None:
    """Make a private folder of the account, inside a folder that is ours.

    Raises `NotOurs` where it is there and belongs to neither: it is then left as it is. Raises `OutOfReach` where the
    file system has no owners to give it to.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise NotOurs(f"{folder} belongs to user id {found.st_uid} and should be a folder of {account.name}.")
    try:
        os.chown(folder, account.uid, account.gid)  # made just now, or by a run of ours that ended before this line
    except OSError as failure:
        raise OutOfReach(
            f"{folder} cannot be given to {account.name}, whom the servers run as: {failure.strerror}. Network shares "
            "do not allow it: choose a home on a local disk with KONTOR_HOME, or run Kontor as an ordinary user."
        ) from failure


def reaches(account: Account, folder: Path) -> bool:
    """Say whether the account can get into a folder, by trying it: modes alone do not tell (ACLs, mounts, modules).

    Raises `OutOfReach` where we cannot become the account at all.
    """
    if not account.switch:
        return os.access(folder, os.X_OK)
    try:
        return processes.run(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0
    except OSError as failure:
        raise OutOfReach(
            f"Kontor runs as root and could not become {account.name} to run the servers: {failure}. "
            "Run it as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from failure


def size_on_disk(folder: Path) -> int:
    """Give the bytes a folder takes on disk. Files may come and go meanwhile."""
    total = 0
    for here, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(here, name)).st_blocks * 512
    return total


def _root(home: Path) -> Path:
    """Give the folder of the servers, made or not. Raises `DataMissing`."""
    pointer = home / "servers.elsewhere"
    try:
        root = Path(pointer.read_text().splitlines()[0])
    except FileNotFoundError:
        return home / "servers"
    if not root.is_dir():
        raise DataMissing(
            f"{pointer} says that the database of this Kontor is in {root}, and that folder is not there. "
            f"Bring it back, or delete {pointer} to start with an empty database."
        )
    return root


def _make_home(home: Path) -> None:
    """Make the home where there is none, at once with its mode: another process may look at it already."""
    if home.is_dir():
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".kontor-", dir=home.parent))
    fresh.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        fresh.rename(home)
    except OSError:
        fresh.rmdir()
        if not home.is_dir():  # else somebody else made it, and there is something in it
            raise


def _choose(home: Path) -> Place:
    """Decide where a new home's servers live, and make that folder."""
    account = processes.account_of_servers()
    if reaches(account, home):
        root = home / "servers"
        _own(root, _passable(account))
        return Place(home, root, account)
    _own(ELSEWHERE, 0o711)
    root = ELSEWHERE / _hash(home)
    _own(root, 0o711)
    pointer = home / "servers.elsewhere"
    fresh = pointer.with_name(f"servers.elsewhere.{os.getpid()}")
    fresh.write_text(
        f"{root}\n\n"
        f"The database and the queue of this Kontor are in the folder named above. They run as {account.name},\n"
        f"who cannot get to {home}: {_barrier(account, home)} is closed to it, and Kontor opens no folder\n"
        "that is not its own. To move them here: stop Kontor, open that folder for passing through, move the\n"
        "folder named above to servers/ beside this file, and delete this file.\n"
    )
    fresh.rename(pointer)
    return Place(home, root, account)


def _passable(account: Account) -> int:
    """Give the mode of a folder of ours on the way to the servers' own."""
    return 0o711 if account.switch else 0o700


def _own(folder: Path, mode: int) -> None:
    """Make a folder of our own with a mode. Raises `NotOurs` where something else is there, or others may write it."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        folder.chmod(mode)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise NotOurs(
            f"{folder} should be a folder that belongs to user id {os.geteuid()} and that nobody else can write. "
            "It was there before Kontor; look whose it is, and remove it or choose another home with KONTOR_HOME."
        )
    if stat.S_IMODE(found.st_mode) == 0o700 != mode and folder != ELSEWHERE:
        folder.chmod(mode)  # ours by its name: a run of ours ended between the two lines above


def _barrier(account: Account, folder: Path) -> Path:
    """Name the outermost folder on the way that the account cannot get into."""
    return next((step for step in reversed([folder, *folder.parents]) if not reaches(account, step)), folder)


def _hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
