"""`scripts/bench spend`: spending points through our service, beside pgbench's simple-update on the same server.

Eight processes reserve points by `app.services.ledger.ledger.reserve`, committed: from accounts that nobody shares, and
from one that all share. First each reservation is a transaction of its own on a connection that commits by itself; then
as a page does it, in the transaction of a session. Runs and the peer's alternate; the figures are medians.
"""

import argparse
import datetime as dt
import itertools
import json
import random
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from app.db.transaction import transaction
from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.models.ledger import Account
from app.models.programs import Program
from app.services.ledger import ledger, ledger_check
from app.services.ledger.accounts import program_accounts
from app.services.ledger.posting import NewLots, Posting, post, transaction_ids
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.setup import program_files, programs
from bench import installation, simple_update
from bench.clients import Client, Figures, race

CLIENTS, ACCOUNTS_OF_A_CLIENT = 8, 600
POINTS, PRICE = 10**9, 5
DAY = dt.date(2026, 11, 21)
LAST_DAYS = ("2027-06-30", "2027-12-31")
TARGETS = {"own": 0.5, "hot": 0.25}

PROGRAM = """
schema: kontor/1
program:
  code: {code}
  name: Spending
  sponsor: Bench
  currency: PLN
  country: PL
  time_zone: Europe/Warsaw
  starts_on: 2026-01-01
  point: {{value: "0.10"}}
earning_rules:
  - {{code: base, name: Base, kind: per_amount, points: 1, step: "1.00"}}
"""

CASES = {
    "own": "each client on accounts of its own",
    "hot": "all clients on one account",
    "own_in_a_session": "the same in the transaction of a session, own accounts",
    "hot_in_a_session": "the same in the transaction of a session, one account",
}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench spend", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each run lasts")
    parser.add_argument("--rounds", type=int, default=3, help="how many runs of each; medians are shown")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with installation.at() as run:
        server = _server(run.settings.home)
        with simple_update.prepared(run.addresses.owner_url, server) as peer:
            result = measure(run.addresses.database_url, peer, seconds=given.seconds, rounds=given.rounds)
    if given.as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


def _server(home: Path) -> Path | None:
    from app.local.servers import status

    programs_in_use = [Path(one.program) for one in status(home).servers if one.name == "postgres" and one.program]
    return programs_in_use[0] if programs_in_use else None


def measure(
    url: str, peer: simple_update.Peer, *, seconds: float, rounds: int, clients: int = CLIENTS
) -> dict[str, Any]:
    """Measure every case and the peer, in turn, so often; give the medians and their ratios to the peer's.

    Raises:
        SystemExit: The ledger does not say what the clients did: what is fast and wrong is not measured.
    """
    accounts = lay_out(url, clients)
    runs: dict[str, list[Figures]] = {name: [] for name in ("peer", *CASES)}
    for _ in range(rounds):
        runs["peer"].append(peer.run(clients, seconds))
        for name in CASES:
            client = in_a_session if name.endswith("session") else alone
            runs[name].append(spend(client, url, accounts, hot=name.startswith("hot"), seconds=seconds))
    prove(url)
    medians = {name: Figures.median(several) for name, several in runs.items()}
    base = medians["peer"].tx_per_second
    return {
        "clients": clients,
        "seconds": seconds,
        "rounds": rounds,
        "peer": {"name": peer.name, **_shown(medians["peer"])},
        "cases": {
            name: {**_shown(medians[name]), "ratio": round(medians[name].tx_per_second / base, 2)} for name in CASES
        },
        "targets": TARGETS,
        "runs": {name: [_shown(one) for one in several] for name, several in runs.items()},
    }


def _shown(figures: Figures) -> dict[str, float]:
    return {name: round(value, 2) for name, value in asdict(figures).items()}


def lay_out(url: str, clients: int) -> list[list[int]]:
    """Make a programme whose accounts have points in lots of two last days. Gives the accounts of each client."""
    engine = create_engine(url)
    code = f"bench-{uuid.uuid4().hex[:8]}"
    count = clients * ACCOUNTS_OF_A_CLIENT
    with Session(engine) as session:
        file = program_files.parse(PROGRAM.format(code=code))
        loaded = programs.load(session, file, actor="bench", now=dt.datetime.now(dt.UTC))
        program = session.get_one(Program, loaded.program_id)
        rows = [DistributorRow(code=f"D{number}", name=f"Distributor {number}") for number in range(count)]
        put_distributors(session, program.id, program.locale, rows, enrolled_on=DAY, may_owe=True)
        query = select(Account.id).where(Account.program_id == program.id, Account.unit == Unit.POINTS)
        own = program_accounts(session, program.id)[Unit.POINTS]
        accounts = np.asarray(session.scalars(query.where(Account.id != own).order_by(Account.id)).all())
        for last_day in LAST_DAYS:
            _give(session, program.id, own, accounts, last_day)
        session.commit()
    engine.dispose()
    return [part.tolist() for part in np.split(accounts, clients)]


def _give(session: Session, program_id: int, own: int, accounts: np.ndarray, last_day: str) -> None:
    """Give every account a lot of points, as an adjustment."""
    count = len(accounts)
    ids, points = transaction_ids(session, count), np.full(count, POINTS)

    def every(value: Any, kind: str = "int64") -> np.ndarray:
        return np.full(count, value, dtype=kind)

    posting = Posting(program_id, actor="bench", reason="bench")
    keys = [f"adjust:bench:{one}" for one in ids.tolist()]
    posting.add_transactions(ids, TransactionKind.ADJUST, keys, every(DAY, "datetime64[D]"))
    posting.add_entries(ids, accounts, every(Bucket.AVAILABLE), points, ids)
    posting.add_entries(ids, every(own), every(Bucket.ADJUSTED), -points)
    posting.new_lots.append(
        NewLots(
            id=ids,
            account_id=accounts,
            state=every(LotState.OPEN),
            earned_on=every(DAY, "datetime64[D]"),
            expires_on=every(last_day, "datetime64[D]"),
            unit_value_micro=every(10_000_000),
            amount=points,
            remaining=points,
        )
    )
    post(session, posting)


def spend(client: Client, url: str, accounts: Sequence[list[int]], *, hot: bool, seconds: float) -> Figures:
    """Let a process for each list of accounts spend from them, or all from one account."""
    return race(client, [(url, accounts[0][:1] if hot else mine) for mine in accounts], seconds)


@contextmanager
def alone(url: str, accounts: list[int]) -> Iterator[Any]:
    """Spend in transactions of a single statement."""
    drawn, number, name = random.Random(), itertools.count(), uuid.uuid4().hex
    engine = create_engine(url)
    with engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")

        def once() -> None:
            ledger.reserve(connection, drawn.choice(accounts), PRICE, key=f"{name}:{next(number)}", on=DAY)

        yield once
    engine.dispose()


@contextmanager
def in_a_session(url: str, accounts: list[int]) -> Iterator[Any]:
    """Spend as a page does."""
    drawn, number, name = random.Random(), itertools.count(), uuid.uuid4().hex
    engine = create_engine(url)
    registry = scoped_session(sessionmaker(engine))

    def once() -> None:
        with transaction(registry) as session:
            ledger.reserve(session, drawn.choice(accounts), PRICE, key=f"{name}:{next(number)}", on=DAY)

    yield once
    registry.remove()
    engine.dispose()


def prove(url: str) -> None:
    """Make sure that the ledger is in order and has points reserved."""
    engine = create_engine(url)
    with Session(engine) as session:
        problems = ledger_check.check(session).problems
        reserved = session.scalar(select(func.sum(Account.reserved)))
    engine.dispose()
    if problems or not reserved:
        raise SystemExit(f"the ledger is not in order: {problems or 'nothing was spent'}")


def show(result: dict[str, Any]) -> None:
    """Print the result for people."""
    peer = result["peer"]
    print(f"{result['clients']} clients, {result['seconds']} s a run, medians of {result['rounds']} runs in turn")
    print(f"  {'':<58}{'tx/s':>8}{'p95 ms':>9}{'ratio':>7}{'target':>8}")
    print(f"  {peer['name']:<58}{peer['tx_per_second']:>8,.0f}{peer['p95_ms']:>9.1f}{1:>7.2f}")
    for name, case in result["cases"].items():
        target = result["targets"].get(name, "")
        print(
            f"  {CASES[name]:<58}{case['tx_per_second']:>8,.0f}{case['p95_ms']:>9.1f}{case['ratio']:>7.2f}{target:>8}"
        )


if __name__ == "__main__":
    main()
