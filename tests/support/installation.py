"""An installation of a test's own, used as a person does: by the `kontor` command, in processes of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import Engine, create_engine

from app.cli.main import main
from app.config import PROJECT, Settings, settings
from app.local.servers import Addresses, running, stop

PATIENCE = 300
"""Seconds that the longest command may take on a machine that is busy with other things."""


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Give the one JSON document that stands on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """Give the words of an error that is a document."""
        found = self.document
        assert set(found) == {"error", "exit_code"}
        assert found["exit_code"] == self.code
        return "\n".join(found["error"])


@dataclass(frozen=True)
class Installation:
    """A home, and what is set in the environment of its commands."""

    home: Path
    chosen: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Give an environment in which nothing but this installation is named."""
        ours = ("KONTOR_", "DATABASE_", "REDIS_")
        others = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**others, "KONTOR_HOME": str(self.home), "PYTHONPATH": str(PROJECT), **self.chosen}

    def start(self, *words: str | Path, **popen: Any) -> "subprocess.Popen[str]":
        """Start a command and do not wait for it."""
        return subprocess.Popen(
            [*KONTOR, *map(str, words)],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **popen,
        )

    def run(self, *words: str | Path, code: int = 0) -> Said:
        """Do a command; it must end with ``code`` and without a traceback."""
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        assert process.returncode == code, f"kontor {' '.join(map(str, words))}\n{out}\n{err}"
        assert "Traceback" not in out + err
        return Said(process.returncode, out, err)

    def json(self, *words: str | Path, code: int = 0) -> Any:
        """Do a command with ``--json``: one document on standard output, and nothing else there."""
        return self.run(*words, "--json", code=code).document

    def ask(self, *words: str | Path, code: int = 0) -> Any:
        """Do a command with ``--json`` here, in this process: for what begins and ends no process of its own."""
        settings.cache_clear()
        others = {name: None for name in os.environ if name not in self.environment()}
        runner = CliRunner(env={**others, **self.environment()})
        result = runner.invoke(main, [*map(str, words), "--json"], prog_name="kontor")
        settings.cache_clear()
        assert result.exit_code == code, f"kontor {' '.join(map(str, words))}\n{result.output}"
        return json.loads(result.stdout)

    def import_(self, kind: str, path: Path, program: str, *options: str) -> Any:
        """Import a file."""
        return self.json("import", kind, path, "--program", program, *options)


@dataclass(frozen=True)
class Kept(Installation):
    """An installation whose servers are kept running, so that every command begins at once."""

    addresses: Addresses = field(kw_only=True)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Look into the database."""
        engine = create_engine(self.addresses.database_url)
        yield engine
        engine.dispose()


KONTOR = [sys.executable, "-m", "app.cli.main"]
"""The command. An installed `kontor` is these words under another name."""


@contextmanager
def new_home() -> Iterator[Path]:
    """Make a home that nobody else uses; what runs in it ends with the block.

    Not below pytest's own folder, which is closed to others: for root the servers run as ``nobody``.
    """
    home = Path(tempfile.mkdtemp(prefix="kontor-journey-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        stop(home)
        shutil.rmtree(home, ignore_errors=True)  # a process that was killed may end a moment later


@contextmanager
def kept_installation(**chosen: str) -> Iterator[Kept]:
    """Set up an installation and keep its servers running."""
    with new_home() as home, running(Settings(home=home)) as addresses:
        yield Kept(home, chosen, addresses=addresses)
