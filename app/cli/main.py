"""The `kontor` command."""

import importlib
import importlib.metadata
import sys
import tomllib
import warnings
from typing import Any

import click

from app import garbage
from app.cli.output import FOUND_WRONG, REFUSED, USAGE, Failure, say, speak
from app.cli.running import faults
from app.config import PROJECT, SettingsInvalid

# RQ forks its work-horses; where a thread of ours lives meanwhile, newer Pythons say so at every fork
warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)

COMMANDS = {
    "up": "app.cli.running.processes:up",
    "stop": "app.cli.running.processes:stop",
    "status": "app.cli.running.processes:status",
    "worker": "app.cli.running.processes:worker",
    "sweeper": "app.cli.running.processes:sweeper",
    "web": "app.cli.running.web:web",
    "user": "app.cli.programs.people:user",
    "program": "app.cli.programs.programs:program",
    "import": "app.cli.imports.imports:import_",
    "imports": "app.cli.imports.imports:imports",
    "balances": "app.cli.ledger.ledger:balances",
    "statement": "app.cli.ledger.ledger:statement",
    "explain": "app.cli.ledger.explaining:explain",
    "ledger": "app.cli.ledger.ledger:ledger",
    "liability": "app.cli.ledger.books:liability",
    "periods": "app.cli.ledger.books:periods_",
    "documents": "app.cli.desk.desk:documents",
    "decide": "app.cli.desk.desk:decide",
    "adjust": "app.cli.desk.desk:adjust",
    "accounts": "app.cli.desk.owners:accounts",
    "convert": "app.cli.prepaid.converting:convert",
    "compensate": "app.cli.prepaid.compensating:compensate",
    "redemptions": "app.cli.prepaid.redemptions:redemptions",
    "cards": "app.cli.prepaid.cards:cards",
    "reconcile": "app.cli.prepaid.reconciling:reconcile",
    "export": "app.cli.ledger.exports:export",
    "rewards": "app.cli.desk.rewards:rewards",
    "orders": "app.cli.desk.rewards:orders",
    "purchases": "app.cli.desk.purchases:purchases",
    "promotions": "app.cli.programs.promotions:promotions",
    "events": "app.cli.programs.events:events",
    "tiers": "app.cli.programs.tiers:tiers",
    "tax": "app.cli.prepaid.tax:tax",
    "simulate": "app.cli.programs.simulating:simulate",
    "tick": "app.cli.desk.desk:tick",
}
"""Where each command lives. It is loaded when it is called: `kontor stop` need not wait for the readers of files."""


class LazyGroup(click.Group):
    """A group whose commands are loaded when they are needed, and whose errors are sentences: never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands, in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; where not even the help or an error can be written to where it should go, that is told beside it."""
        speak()
        try:
            return super().main(*args, **kwargs)
        except OSError as problem:
            if (unfit := faults.unfit(problem)) is None:
                raise
            say([unfit])
            sys.exit(REFUSED)

    def invoke(self, ctx: click.Context) -> Any:
        """Call a command; whatever it raises becomes an error that a person, or with ``--json`` a script, can read."""
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except click.UsageError as wrong:
            if not as_json:
                raise
            raise Failure(wrong.format_message(), USAGE, as_json=True) from None
        except SettingsInvalid as wrong:
            raise Failure(str(wrong), USAGE, wrong.problems, as_json=as_json) from None
        except click.Abort:
            if not as_json:
                raise
            raise Failure("Stopped before it was done.", FOUND_WRONG, as_json=True) from None
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as fault:  # noqa: BLE001  # kept in the log with its traceback
            if (unfit := faults.unfit(fault)) is not None:
                raise Failure(unfit, REFUSED, as_json=as_json) from None
            raise faults.kept(fault, ctx.invoked_subcommand or "", as_json=as_json) from None


def _version() -> str:
    """Tell the version: of the installed package, or of the clone we run from."""
    try:
        return importlib.metadata.version("kontor")
    except importlib.metadata.PackageNotFoundError:
        return str(tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(_version())
def main() -> None:
    """Kontor: a distributor incentive platform.

    Sales reports go in, verified points stand on distributors' accounts, prepaid top-ups come out, and the ledger
    proves every number. Start with `kontor program load FILE.yaml`, then `kontor import sales FILE --program CODE`.

    Where DATABASE_URL and REDIS_URL are not set, every command brings its own PostgreSQL and Valkey under KONTOR_HOME
    and stops them when nobody uses them; `kontor up` keeps them, the workers and the web application running.

    Exit codes: 0 done; 1 a check found something wrong, or an import failed; 2 wrong usage; 3 what was given cannot be
    used; 4 not found; 5 the servers are not available; 70 a fault of Kontor's own, kept in its log.
    """


def program() -> None:
    """Be the program: what `kontor` on the command line starts."""
    garbage.put_off()
    main(prog_name="kontor")


if __name__ == "__main__":
    program()
