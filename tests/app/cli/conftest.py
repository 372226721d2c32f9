"""Commands as a stranger gives them: what they say, and by which code they end."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from app.cli.main import main
from app.config import settings
from tests.support import programs

TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Desk:
    """A person at a command line, with a programme that is loaded and a folder for files."""

    folder: Path
    code: str

    def run(self, *words: str | Path, code: int = 0, stdin: str | None = None) -> Result:
        """Give a command as a person does."""
        result = CliRunner().invoke(main, [str(word) for word in words], prog_name="kontor", input=stdin)
        assert TRACEBACK not in result.output
        assert result.exit_code == code, f"kontor {' '.join(map(str, words))}\n{result.output}"
        return result

    def json(self, *words: str | Path, code: int = 0, stdin: str | None = None) -> Any:
        """Give a command as a script does: what comes is one document."""
        return json.loads(self.run(*words, "--json", code=code, stdin=stdin).stdout)

    def error(self, *words: str | Path, code: int, stdin: str | None = None) -> str:
        """Give a command that cannot be done; a person and a script are told the same, each in its way."""
        told = self.run(*words, code=code, stdin=stdin)
        assert told.stdout == ""
        found = self.json(*words, code=code, stdin=stdin)
        assert set(found) == {"error", "exit_code"}
        assert found["exit_code"] == code
        said = "\n".join(found["error"])
        # a terminal may break a line, and click adds how to get help
        assert "".join(said.split()) in "".join(told.stderr.replace("error:", "").split())
        return said

    def file(self, name: str, content: str | bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def programme(self, **changes: Any) -> dict[str, Any]:
        """Write the programme otherwise; see `programs.document`."""
        return programs.document(self.code, **changes)

    def load(self, document: Any, code: int = 0) -> Any:
        """Load a programme."""
        path = self.file("programme.yaml", yaml.safe_dump(document, sort_keys=False))
        return self.json("program", "load", path, code=code)

    def import_(self, content: str | bytes, name: str = "sales.csv", *options: str, code: int = 0) -> Any:
        """Import sales."""
        return self.json("import", "sales", self.file(name, content), "--program", self.code, *options, code=code)


@pytest.fixture
def stranger(environment: Path, tmp_path: Path, code: str) -> Iterator[Desk]:
    """Somebody at a command line who has loaded nothing."""
    yield Desk(tmp_path, code)
    settings.cache_clear()


@pytest.fixture
def desk(stranger: Desk) -> Desk:
    """A desk with a small programme: 1 point for each full 10 of a document."""
    stranger.load(stranger.programme())
    return stranger
