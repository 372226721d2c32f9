"""Response files brought by hand: everything is matched by reference, nothing is lost, and twice is as good as once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.db.transaction import transaction
from app.domain.saying.wording import said_of
from app.domain.states import RunStatus, TaxStatus, TopUpStatus
from app.files import fingerprint
from app.models.ledger import Account, LedgerTransaction
from app.models.people import AuditEvent
from app.models.prepaid import ConversionRun, LoadResponse
from app.services.ledger import standing
from prepaid.errors import AgreedColumnsMissing, CardNumberFound, NotAllowedNow
from prepaid.loads import settling
from prepaid.loads.moves import locked_run
from prepaid.providers import Answer, LoadResult
from tests.prepaid.conftest import NOW, World
from tests.support.full_disk import files_end_at


def ordered(world: World, count: int = 3, status: TaxStatus = TaxStatus.COMPANY, points: int = 200) -> ConversionRun:
    world.load()
    for number in range(count):
        world.add(f"D{number}", points, status)
    run = world.preview()
    world.approve(run)
    return run


def bring(world: World, run: ConversionRun, path: Path) -> settling.Settled:
    with transaction(world.registry) as session:
        return settling.settle_file(session, world.settings, run.id, path, name=path.name, actor="cleo", now=NOW)


def answer(world: World, run: ConversionRun, *rows: str, header: str = "reference,result,code,amount") -> Any:
    """Bring a response; in a row, D0.R stands for the reference of D0's reward and D0.C for its compensation's."""
    text = "\n".join([header, *rows]) + "\n"
    for (code, kind), reference in world.references(run).items():
        text = text.replace(f"{code}.{kind[0].upper()}", reference)
    return bring(world, run, world.respond(text))


def test_a_file_by_hand_settles_what_it_says(world: World) -> None:
    run = ordered(world)
    settled = answer(world, run, "D0.R,loaded,,100.00", "D1.R,failed,card_blocked,100.00", "D2.R,unknown,,")
    assert (settled.loaded, settled.failed, settled.unknown, settled.still_open) == (1, 1, 1, 1)
    assert (settled.redeemed, settled.returned) == (200, 200)
    assert settled.problems == []
    assert world.status(run) is RunStatus.SENT
    assert (world.wallet("D0"), world.wallet("D1"), world.wallet("D2")) == ((0, 0, 200), (200, 0, 0), (0, 200, 0))
    settled = answer(world, run, "D2.R,loaded,,100.00")
    assert (settled.loaded, settled.still_open, settled.status) == (1, 0, RunStatus.SETTLED)
    assert world.wallet("D2") == (0, 0, 200)


def test_settling_twice_changes_nothing(world: World) -> None:
    run = ordered(world)
    rows = ["D0.R,loaded,,100.00", "D1.R,failed,card_blocked,100.00", "D2.R,loaded,,100.00"]
    answer(world, run, *rows)

    def state() -> tuple[Any, ...]:
        with transaction(world.registry) as session:
            transactions = session.scalars(
                select(LedgerTransaction.id).where(LedgerTransaction.program_id == world.program_id)
            ).all()
            events = session.scalars(select(AuditEvent.id).where(AuditEvent.program_id == world.program_id)).all()
            files = session.scalars(select(LoadResponse.id).where(LoadResponse.run_id == run.id)).all()
        return sorted(transactions), len(events), len(files), world.top_ups(run), world.status(run), world.lots()

    before = state()
    again = answer(world, run, *rows)
    assert (again.loaded, again.failed, again.again, again.problems) == (0, 0, 3, [])
    assert state() == before


@pytest.mark.parametrize(("name", "ending"), [("a.TXT", ".txt"), ("a.ods", ".ods"), ("a.exe", ".csv"), ("a", ".csv")])
def test_a_response_is_kept_under_its_own_ending(world: World, name: str, ending: str) -> None:
    run = ordered(world, count=1)
    path = world.respond(f"reference,result\n{world.references(run)['D0', 'reward']},loaded\n")
    with transaction(world.registry) as session:
        settling.settle_file(session, world.settings, run.id, path, name=name, actor="cleo", now=NOW)
        kept = session.scalars(select(LoadResponse.file).where(LoadResponse.run_id == run.id)).one()
    assert Path(kept).suffix == ending
    assert (world.settings.files / kept).is_file()


def test_a_response_that_had_no_room_is_whole_once_it_comes_again(world: World) -> None:
    """The half of it that was copied stood in its place, and nobody wrote over it."""
    run = ordered(world)
    rows = [f"{reference},loaded,,100.00" for reference in world.references(run).values()]
    path = world.respond("\n".join(["reference,result,code,amount", *rows]) + "\n")
    with files_end_at(path.stat().st_size // 2), pytest.raises(OSError, match="File too large"):
        bring(world, run, path)
    assert bring(world, run, path).loaded == len(rows)
    with transaction(world.registry) as session:
        kept = session.scalars(select(LoadResponse).where(LoadResponse.run_id == run.id)).one()
        assert fingerprint(world.settings.files / kept.file) == kept.file_sha256


def test_an_answer_that_comes_later_with_another_amount_is_listed(world: World) -> None:
    run = ordered(world)
    answer(world, run, "D0.R,loaded,,", "D1.R,failed,,", "D2.R,loaded,,100.00")
    settled = answer(world, run, "D0.R,loaded,,50.00", "D1.R,failed,,0.00", "D2.R,loaded,,100.00")
    assert [(one["row"], one["code"]) for one in settled.problems] == [(2, "amount_differs")]
    assert "names 50.00 PLN, ordered were 100.00" in settled.problems[0]["message"]
    assert (settled.again, settled.loaded) == (2, 0)
    assert world.top_ups(run)[("D0", "reward")] is TopUpStatus.LOADED


def test_rows_that_cannot_be_taken_are_listed_and_the_others_count(world: World) -> None:
    run = ordered(world, count=5)
    settled = answer(
        world,
        run,
        "D0.R,loaded,,100.00",
        "NOBODY-1R1,loaded,,100.00",
        "D1.R,loaded,,100.01",
        "D2.R,loaded,,100.00",
        "D2.R,loaded,,100.00",
        "D3.R,loaded,,100.00",
        "D3.R,failed,x,100.00",
        "D4.R,perhaps,,100.00",
        ",loaded,,100.00",
    )
    found = [(one["row"], one["code"]) for one in settled.problems]
    assert found == [
        (3, "unknown_reference"),
        (4, "amount_differs"),
        (6, "repeated"),
        (8, "repeated_otherwise"),
        (9, "no_such_value"),
        (10, "missing"),
    ]
    assert settled.rows == 9
    states = [world.top_ups(run)[(f"D{number}", "reward")] for number in range(5)]
    assert states == [
        TopUpStatus.LOADED,
        TopUpStatus.UNKNOWN,
        TopUpStatus.LOADED,
        TopUpStatus.UNKNOWN,
        TopUpStatus.ORDERED,
    ]
    assert "names 100.01 PLN, ordered were 100.00" in settled.problems[1]["message"]
    with transaction(world.registry) as session:
        kept = session.scalars(select(LoadResponse).where(LoadResponse.run_id == run.id)).one()
        assert len(kept.problems) == 6
        assert (world.settings.files / kept.file).read_text().startswith("reference,")
    assert world.status(run) is RunStatus.SENT


def test_a_response_for_another_run_changes_nothing(world: World, worlds: Any) -> None:
    run = ordered(world)
    other = worlds()
    strange = ordered(other, count=1)
    reference = other.references(strange)[("D0", "reward")]
    settled = answer(world, run, f"{reference},loaded,,100.00")
    assert settled.problems[0]["message"] == f"This reference is of run {strange.id}."
    assert world.status(run) is RunStatus.ORDERED
    assert other.wallet("D0") == (0, 200, 0)
    other.registry.remove()


def test_an_answer_that_contradicts_what_was_settled_changes_nothing(world: World) -> None:
    run = ordered(world, count=2)
    answer(world, run, "D0.R,loaded,,100.00", "D1.R,failed,x,100.00")
    settled = answer(world, run, "D0.R,failed,x,100.00", "D1.R,loaded,,100.00")
    assert [(one["row"], one["code"]) for one in settled.problems] == [(2, "contradicts"), (3, "contradicts")]
    said = "The answer says loaded, and the top-up was settled as failed. Its points were given back: "
    assert settled.problems[1]["message"] == said + "take this up with the provider."
    kept = settled.problems[1]["said"]
    polish = {"loaded": "doładowano", "failed": "odmowa"}
    assert "says doładowano, and the top-up was settled as odmowa." in said_of(
        kept, "", lambda text: polish.get(text, text)
    )
    assert (world.wallet("D0"), world.wallet("D1")) == ((0, 0, 200), (200, 0, 0))


def test_a_failed_load_of_nothing_is_no_difference(world: World) -> None:
    run = ordered(world, count=1)
    settled = answer(world, run, "D0.R,failed,card_blocked,0.00")
    assert (settled.failed, settled.problems) == (1, [])


def test_a_compensation_loaded_without_its_reward_is_told(world: World) -> None:
    run = ordered(world, 1, TaxStatus.PRIVATE_PERSON, 10_000)
    settled = answer(world, run, "D0.R,failed,x,5000.00", "D0.C,loaded,,556.00")
    assert [one["code"] for one in settled.problems] == ["compensation_without_reward"]
    assert world.top_ups(run)[("D0", "compensation")] is TopUpStatus.LOADED
    assert world.wallet("D0") == (10_000, 0, 0)
    assert settled.status is RunStatus.SETTLED


@pytest.mark.parametrize("first", ["reward", "compensation"])
def test_a_compensation_follows_its_reward_whichever_answer_comes_first(world: World, first: str) -> None:
    run = ordered(world, 1, TaxStatus.PRIVATE_PERSON, 10_000)
    rows = ["D0.R,failed,x,5000.00", "D0.C,failed,y,556.00"]
    for row in rows if first == "reward" else rows[::-1]:
        answer(world, run, row)
    assert world.top_ups(run)[("D0", "reward")] is TopUpStatus.FAILED
    assert world.top_ups(run)[("D0", "compensation")] is TopUpStatus.CANCELLED
    assert world.status(run) is RunStatus.SETTLED


def test_a_compensation_of_which_nothing_was_said_stays_open(world: World) -> None:
    """It was handed to the provider with its reward: nobody knows before the provider says so."""
    run = ordered(world, 1, TaxStatus.PRIVATE_PERSON, 10_000)
    answer(world, run, "D0.R,failed,x,5000.00")
    assert world.top_ups(run)[("D0", "compensation")] is TopUpStatus.ORDERED
    assert world.status(run) is RunStatus.SENT


def test_a_run_that_was_not_ordered_has_nothing_to_settle(world: World) -> None:
    world.load().add("D0", 200)
    run = world.preview()
    with pytest.raises(NotAllowedNow, match="is preview"):
        answer(world, run, "D0.R,loaded,,100.00")


def test_a_file_with_a_card_number_is_not_kept(world: World) -> None:
    run = ordered(world, count=1)
    with pytest.raises(CardNumberFound):
        answer(world, run, "D0.R,loaded,4111111111111111,100.00")
    with pytest.raises(AgreedColumnsMissing):
        answer(world, run, "x", header="nothing")
    with transaction(world.registry) as session:
        assert session.scalars(select(LoadResponse).where(LoadResponse.run_id == run.id)).all() == []
    assert not (world.settings.files / f"responses/run{run.id:06d}").exists()
    assert world.wallet("D0") == (0, 200, 0)


def test_any_order_of_answers_ends_alike(world: World) -> None:
    """However answers come in, in parts and again, every top-up ends once and points are nowhere twice."""
    run = ordered(world, 4, TaxStatus.PRIVATE_PERSON, 10_000)
    said = {
        reference: LoadResult.FAILED if code in ("D1", "D3") else LoadResult.LOADED
        for (code, _), reference in world.references(run).items()
    }

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.tuples(st.sampled_from(sorted(said)), st.booleans()), max_size=12))
    def bring_some(batch: list[tuple[str, bool]]) -> None:
        answers = [
            (None, Answer(one, said[one] if known else LoadResult.UNKNOWN)) for one, known in dict(batch).items()
        ]
        with transaction(world.registry) as session:
            settling.settle(session, locked_run(session, run.id), answers, actor="cleo", now=NOW)
        for code in ("D0", "D1", "D2", "D3"):
            assert sum(world.wallet(code)) == 10_000

    bring_some()
    with transaction(world.registry) as session:
        answers = [(None, Answer(one, result)) for one, result in said.items()]
        settled = settling.settle(session, locked_run(session, run.id), answers, actor="cleo", now=NOW)
    assert settled.status is RunStatus.SETTLED
    assert [world.wallet(f"D{number}") for number in range(4)] == [(0, 0, 10_000), (10_000, 0, 0)] * 2


def test_many_who_settle_at_once_settle_once(world: World) -> None:
    run = ordered(world, count=30)
    references = world.references(run)
    rows = [
        f"{reference},{'failed' if number % 3 == 0 else 'loaded'},x,100.00"
        for number, reference in enumerate(references.values())
    ]
    path = world.respond("\n".join(["reference,result,code,amount", *rows]) + "\n")
    settled: list[settling.Settled] = []

    def bring_it() -> None:
        settled.append(bring(world, run, path))
        world.registry.remove()

    threads = [threading.Thread(target=bring_it) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted((one.loaded, one.failed, one.again) for one in settled) == [(0, 0, 30)] * 3 + [(20, 10, 0)]
    assert sum(world.wallet(f"D{number}")[2] for number in range(30)) == 4_000


def test_whoever_settles_waits_for_whoever_joins_a_pool_before_it_locks_an_account(world: World) -> None:
    run = ordered(world)
    reference = world.references(run)["D0", "reward"]
    path = world.respond(f"reference,result,code,amount\n{reference},loaded,,100.00\n")
    other = World(world.settings, world.engine)
    with ThreadPoolExecutor(1) as beside, transaction(world.registry) as session:
        standing.change(session, world.program_id)
        settled = beside.submit(bring, other, run, path)
        mine = session.execute(text("select pg_backend_pid()")).scalar_one()
        waits = text("select exists (select from pg_stat_activity where :mine = any(pg_blocking_pids(pid)))")
        until = time.monotonic() + 20
        while not session.execute(waits, {"mine": mine}).scalar_one() and time.monotonic() < until:
            time.sleep(0.01)
        theirs = select(Account.id).where(Account.program_id == world.program_id).with_for_update(nowait=True)
        session.execute(theirs)  # a database error where one of them is held
        session.commit()
        assert settled.result(20).loaded == 1
    other.registry.remove()
