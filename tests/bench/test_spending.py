"""The spending benchmark spends through the service, beside a peer that it names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.local.servers import Addresses, status
from bench import simple_update, spending
from bench.clients import Figures, race
from tests.support.databases import Database, empty_database


@pytest.fixture(scope="module")
def database(addresses: Addresses) -> Iterator[Database]:
    with empty_database(addresses) as made:
        made.migrate()
        yield made


@pytest.fixture
def server(home: Path, addresses: Addresses) -> Path:
    (postgres,) = (one for one in status(home).servers if one.name == "postgres")
    return Path(postgres.program)


def test_figures_count_and_take_the_95th_of_a_hundred() -> None:
    assert Figures.of([0.001 * n for n in range(1, 101)], 2.0) == Figures(100, 50.0, pytest.approx(96.0))
    assert Figures.of([], 2.0) == Figures(0, 0.0, 0.0)


def test_the_median_is_taken_figure_by_figure() -> None:
    several = [Figures(10, 1.0, 9.0), Figures(30, 3.0, 7.0), Figures(20, 2.0, 8.0)]
    assert Figures.median(several) == Figures(20, 2.0, 8.0)


def test_pgbench_is_found_beside_the_server_in_use(server: Path) -> None:
    found = simple_update.find(server)
    assert found is not None
    assert found.name == "pgbench"


def test_elsewhere_it_is_found_on_the_path_and_may_be_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simple_update.glob, "glob", lambda _: [])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert simple_update.find(tmp_path / "postgres") is None
    program = tmp_path / "pgbench"
    program.touch(mode=0o755)
    assert simple_update.find(None) == program


def test_it_spends_and_the_ledger_says_so(
    addresses: Addresses, database: Database, server: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with simple_update.prepared(addresses.owner_url, server) as peer:
        result = spending.measure(database.app_url, peer, seconds=0.3, rounds=1, clients=2)
    with database.as_owner() as connection:
        made = connection.scalar(text("select count(*) from ledger_transaction where kind = 5"))
        reserved = connection.scalar(text("select sum(reserved) from account"))
    measured = sum(case["transactions"] for case in result["cases"].values())
    assert reserved == made * spending.PRICE
    assert 0 < measured <= made, "what is done before the measuring begins is not counted"
    assert result["peer"]["tx_per_second"] > 0
    for case in result["cases"].values():
        assert case["ratio"] == pytest.approx(case["tx_per_second"] / result["peer"]["tx_per_second"], abs=0.01)
        assert case["p95_ms"] > 0
    spending.show(result)
    shown = capsys.readouterr().out
    assert "pgbench simple-update -N, prepared" in shown
    assert all(label in shown for label in spending.CASES.values())


def test_without_pgbench_the_peer_is_named_for_what_it_is(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simple_update, "find", lambda _: None)
    with simple_update.prepared(addresses.owner_url, None) as peer:
        assert "no pgbench" in peer.name
        figures = peer.run(2, 0.3)
        engine = create_engine(peer.url)
        with engine.connect() as connection:
            done = connection.scalar(text("select count(*) from pgbench_history"))
        engine.dispose()
    assert 0 < figures.transactions <= done


def test_the_peers_tables_are_gone_afterwards(addresses: Addresses, server: Path) -> None:
    with simple_update.prepared(addresses.owner_url, server):
        pass
    owner = create_engine(addresses.owner_url)
    with owner.connect() as connection:
        left = connection.scalar(text("select count(*) from pg_database where datname = 'kontor_peer'"))
    owner.dispose()
    assert left == 0


def test_a_client_that_fails_stops_the_others_and_is_told_of(database: Database) -> None:
    with pytest.raises(SystemExit, match="InsufficientPoints"):
        race(spending.alone, [(database.app_url, [0]), (database.app_url, [0])], 1.0)
