"""What ends a transaction, looks at the clock or speaks to somebody outside stands where it is looked for alone."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contracts.sources import ROOMS, calls_of, imported, modules, name_of

COMMITS = {
    "app/db/driver.py": "what a page has read ends; nothing was written",
    "app/db/migrate.py": "a migration is on a connection of its own",
    "importers/stages/things.py": "a savepoint: the job commits",
}
"""Modules that commit beside `app.db.transaction`."""

IN_GOES = {
    "app/exports/histories/making.py": "a file is made between two transactions",
    "app/exports/histories/planning.py": "each plan by itself",
    "app/outbox/sending.py": "a message is sent between two transactions",
    "app/services/chores.py": "each chore by itself",
    "app/services/instants/due.py": "in pieces, so that nobody waits for all of them",
    "app/services/promotions/running.py": "each promotion by itself",
    "importers/batches/afterwards.py": "a job",
    "importers/stages/cutting.py": "a job",
    "importers/stages/finishing.py": "a job",
    "prepaid/cards/card_lives.py": "a provider is asked between two transactions",
    "prepaid/cards/cards.py": "a provider is asked between two transactions",
    "prepaid/cards/healing.py": "a provider is asked between two transactions",
    "prepaid/jobs.py": "a job",
    "prepaid/conversions/ordering.py": "cards are issued and a file is written between two transactions",
    "prepaid/conversions/sending.py": "a provider is asked between two transactions",
}
"""Modules below pages and commands that begin transactions of their own; all others leave that to their callers."""

CLOCKS = {
    "app/factory.py": "the clock that all others are given",
    "app/web/access/security.py": "how old a cookie is, before the application is asked",
    "app/cli/running/faults.py": "when a fault was met, whatever else is broken",
    "prepaid/issuers/stripe_provider.py": "the clock of a provider to whom nobody gives one",
}
"""Modules that look at the clock: everything else is told what time it is."""

OUTSIDE = {
    "app/outbox/gateways.py": "mails and SMS",
    "app/cli/running/lines.py": "visitors of our own pages",
    "app/cli/running/processes.py": "whether our own pages answer, and whether a port is taken",
    "app/local/fork_server.py": "a process of ours that asks it for readers",
    "app/local/forking.py": "a process of ours that forks readers",
    "app/local/users.py": "who is at the other end of our own socket",
    "app/local/valkey.py": "our own server",
    "prepaid/issuers/stripe_provider.py": "Stripe",
    "prepaid/issuers/stripe_events.py": "what Stripe signed",
}
"""Modules that may speak to somebody outside of the process."""

_NETWORK = {"smtplib", "ssl", "http.client", "socket", "urllib.request", "requests", "httpx", "stripe"}
_TIME = {"now", "utcnow", "today"}


def _commits(path: Path) -> bool:
    return any(isinstance(one.func, ast.Attribute) and one.func.attr == "commit" for one in calls_of(path))


def _begins(path: Path) -> bool:
    return any(isinstance(one.func, ast.Name) and one.func.id == "transaction" for one in calls_of(path))


def _looks_at_the_clock(path: Path) -> bool:
    return any(
        isinstance(one.func, ast.Attribute)
        and one.func.attr in _TIME
        and ast.unparse(one.func.value) in ("dt.datetime", "dt.date", "datetime", "date")
        for one in calls_of(path)
    )


def _speaks_outside(path: Path) -> bool:
    return any(one in _NETWORK for one in imported(path))


BELOW = (
    "app/domain",
    "app/models",
    "app/services",
    "app/exports",
    "app/outbox",
    "verification",
    "importers",
    "prepaid",
)


@pytest.mark.parametrize(
    ("does", "rooms", "where"),
    [
        (_commits, ROOMS, {"app/db/transaction.py", *COMMITS}),
        (_begins, BELOW, set(IN_GOES)),
        (_looks_at_the_clock, ROOMS, set(CLOCKS)),
        (_speaks_outside, ROOMS, set(OUTSIDE)),
    ],
)
def test_each_stands_where_it_is_looked_for(
    does: Callable[[Path], bool], rooms: tuple[str, ...], where: set[str]
) -> None:
    assert {name_of(path) for path in modules(*rooms) if does(path)} == where
