"""One Valkey (or Redis): configured and asked whether it answers."""

import signal
import socket
from pathlib import Path

from app.local import binaries, processes
from app.local.binaries import Program
from app.local.errors import ServerFailed
from app.local.home import Place


class Valkey:
    """The Valkey of one place. All of it is for the process that holds the keeper's lock."""

    name = "valkey"
    last_signal = signal.SIGTERM  # writes its append-only file out and ends
    steps_to_stop: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 30.0), (signal.SIGKILL, 10.0))

    def __init__(self, place: Place, setting: Path | None) -> None:
        """Look after the server in a place, with the program of the setting if there is one."""
        self.place = place
        self.setting = setting
        self.data = place.data_of(self.name)
        self.socket = place.socket_of(self.name)

    def prepare(self) -> Program:
        """Do all that has to be done before a start. Raises `NoProgram`, `NotOurs` or `ServerFailed`."""
        self.end_orphans()
        return binaries.find_valkey(self.setting, self.place.account, self.place.programs)

    def command(self, program: Program) -> list[str | Path]:
        """Give the command that runs the server.

        All settings stand in it. Valkey takes the path of a configuration file for a pattern, and where a path has a
        question mark and nothing matches, it starts without settings: on a TCP port, open to everybody.
        """
        return [
            program.path,
            *("--port", "0"),
            *("--unixsocket", self.socket),
            *("--unixsocketperm", "700"),
            *("--dir", self.data),
            *("--pidfile", self.data / "valkey.pid"),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--save", ""),  # the append-only file is enough
            *("--maxmemory-policy", "noeviction"),
            *("--daemonize", "no"),
            *("--logfile", ""),  # to the output, which is our log
        ]

    def answers(self) -> bool:
        """Say whether the server answers; while it still reads its data in, it does not."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def end_orphans(self) -> bool:
        """End servers that an earlier keeper left behind, and their socket; say whether there were any."""
        left = bool(self._at_work())
        for number, patience in self.steps_to_stop if left else ():
            processes.send(self._at_work(), number)
            if processes.vanish(self._at_work, patience=patience):
                break
        else:
            if left:
                raise ServerFailed(f"Processes {sorted(self._at_work())} work in {self.data} and cannot be ended.")
        self.socket.unlink(missing_ok=True)
        return left

    def _at_work(self) -> set[int]:
        try:
            hint = int((self.data / "valkey.pid").read_text())
        except (FileNotFoundError, ValueError):
            hint = None
        return processes.working_in(self.data, self.place.account, hint=hint)
