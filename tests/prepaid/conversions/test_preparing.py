"""A large run is prepared in pieces, and comes to what it would at once; whatever stops it, each account once."""

import datetime as dt
import multiprocessing
import random
import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.transaction import transaction
from app.domain.roles import Role
from app.domain.states import JobState, RunStatus, TaxStatus, TopUpKind, TopUpStatus, Unit
from app.jobs.board import Claim, Work
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.jobs import Job
from app.models.ledger import Account, Lot
from app.models.messages import Message
from app.models.people import Membership
from app.models.prepaid import ConversionPiece, ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.models.tax import TaxStatusChange
from app.services.access import people
from app.services.telling.messages import Kind
from prepaid import jobs, scheduled
from prepaid.conversions import pieces, preparing, runs
from prepaid.errors import NotAllowedNow, PrepaidError, PreparedAlready, SettingsChanged
from prepaid.redeeming import redemptions
from prepaid.rounds import PREPARE, ask_to_prepare
from tests.prepaid.conftest import NOW, World
from tests.prepaid.preparing_out import prepare_out

PREPAID = '{minimum_points: 10, maximum_amount: "900.00", limits: {PL: {a_month: "1500.00"}}}'
STATUSES = (TaxStatus.COMPANY, TaxStatus.PRIVATE_PERSON, TaxStatus.DISTRIBUTOR_EMPLOYEE, TaxStatus.BUSINESS_FRIEND)


def people_of(world: World, drawn: random.Random, count: int) -> None:
    """Add distributors of all sorts: some owe, some have too little or too much, some are blocked."""
    names = drawn.sample(["Łódź", "Żabka", "Ćwiek", "Zebra", "Adam", "Ósmy", "Ewa", "Ścibor"], k=8)
    for number in range(count):
        code = f"D{number:03}"
        name = f"{names[number % 8]} {number}"
        world.add(code, drawn.choice([0, 3, 400, 2_500]), drawn.choice(STATUSES), name=name)
        if drawn.random() < 0.5:
            world.give(code, drawn.choice([5, 60, 800, -100, -3_000]))
        if drawn.random() < 0.1:
            with transaction(world.registry) as session:
                own = (Distributor.program_id == world.program_id, Distributor.code == code)
                session.execute(update(Distributor).where(*own).values(blocked=True))


def begin(world: World, size: int, **more: object) -> ConversionRun:
    run = world.preview(at_once=size, **more)
    assert run.status is RunStatus.PREPARING
    return run


def positions(world: World, run: ConversionRun) -> list[int]:
    with transaction(world.registry) as session:
        return list(pieces.positions(session, run.id))


def freeze(world: World, run: ConversionRun, position: int) -> bool:
    """Freeze a piece, and tell whether it was the last."""
    with transaction(world.registry) as session:
        return preparing.freeze_piece(session, run.id, position, now=NOW) is not None


def found(world: World, run: ConversionRun) -> ConversionRun:
    with transaction(world.registry) as session:
        seen = session.get_one(ConversionRun, run.id)
        session.refresh(seen)
        session.expunge(seen)
    return seen


def told(world: World, run: ConversionRun) -> object:
    """Tell all that a run says of itself, but for what is drawn at random: its key."""
    with transaction(world.registry) as session:
        of = session.get_one(ConversionRun, run.id)
        lines = [
            (one.distributor_code, one.kind, one.points, one.amount_minor, one.tax_rule, one.reference.split("-")[1])
            for one in runs.lines(session, run.id)
        ]
        figures = (of.status, of.accounts, of.points, of.amount_minor, of.compensation_minor, of.withheld_minor)
        left_out = [(one["distributor"], one["code"], one["points"], one["amount_minor"]) for one in of.exceptions]
    return figures, lines, left_out, [left for _, left in world.lots()]


@pytest.mark.parametrize("size", [1, 4, 7])
def test_in_pieces_in_any_order_it_comes_to_the_same_as_at_once(worlds: Callable[[], World], size: int) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    one, other = worlds().load(prepaid=PREPAID), worlds().load(prepaid=PREPAID)
    for world in (one, other):
        people_of(world, random.Random(seed), 26)
    at_once = one.preview()
    run = begin(other, size)
    wanted = positions(other, run)
    assert len(wanted) > 2
    random.Random(seed).shuffle(wanted)
    assert [freeze(other, run, position) for position in wanted] == [False] * (len(wanted) - 1) + [True]
    assert told(other, run) == told(one, at_once)
    assert at_once.accounts
    with transaction(other.registry) as session:
        assert session.scalars(select(ConversionPiece).where(ConversionPiece.run_id == run.id)).all() == []
    for world in (one, other):
        world.registry.remove()


def test_a_run_whose_accounts_are_all_left_out_is_empty(world: World) -> None:
    world.load(prepaid="{minimum_points: 100}").add("A", 5).add("B", 6)
    run = begin(world, 1)
    assert [freeze(world, run, one) for one in (0, 1)] == [False, True]
    seen = found(world, run)
    assert (seen.status, seen.closed_at, len(seen.exceptions)) == (RunStatus.EMPTY, NOW, 2)


def test_until_it_is_prepared_nobody_approves_it_and_no_other_large_one_is_begun(world: World) -> None:
    world.load().add("A", 500).add("B", 600)
    run = begin(world, 1)
    freeze(world, run, 0)
    world.add("LATE", 300)
    with pytest.raises(NotAllowedNow):
        world.approve(run)
    with pytest.raises(PreparedAlready, match=f"Run {run.id} is being prepared"):
        world.preview(at_once=1, unit=Unit.POINTS, from_on=dt.date(2020, 1, 1))
    world.add("C", 70, unit=Unit.MONEY)
    small = world.preview(unit=Unit.MONEY)  # what is prepared at once waits for nobody
    assert (small.status, small.points) == (RunStatus.PREVIEW, 70)
    freeze(world, run, 1)
    assert (found(world, run).points, world.status(run)) == (1_100, RunStatus.PREVIEW)
    world.approve(run)


def test_what_is_spent_meanwhile_is_no_part_of_it_and_counts_for_the_year(world: World) -> None:
    world.load(prepaid='{limits: {PL: {a_month: "600.00"}}}').add("A", 1_000).add("B", 1_000).add("C", 500)
    run = begin(world, 1)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        ids = dict(
            session.execute(select(Distributor.code, Distributor.id).where(Distributor.program_id == program.id)).all()
        )
        redemptions.ask(session, program, ids["A"], 1_000, key="all", actor="dora", now=NOW)
        redemptions.ask(session, program, ids["B"], 900, key="most", actor="dora", now=NOW)
    for position in positions(world, run):
        freeze(world, run, position)
    seen = found(world, run)
    assert (seen.accounts, seen.points, seen.exceptions) == (2, 600, [])  # of B what is left, and C
    assert {code for code, _ in world.top_ups(run)} == {"B", "C"}


def test_what_is_frozen_of_it_goes_back_when_it_is_called_off_and_the_rest_is_left(world: World) -> None:
    world.load().add("A", 500, TaxStatus.PRIVATE_PERSON).add("B", 600)
    run = begin(world, 1)
    freeze(world, run, 0)
    assert world.wallet("A") == (0, 500, 0)
    with transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW, reason="begun too early")
    assert not freeze(world, run, 1)
    assert (world.wallet("A"), world.wallet("B")) == ((500, 0, 0), (600, 0, 0))
    seen = found(world, run)
    assert (seen.status, seen.accounts, seen.points) == (RunStatus.CANCELLED, 1, 500)
    assert set(world.top_ups(run).values()) == {TopUpStatus.CANCELLED}
    again = begin(world, 1)
    assert again.id != run.id


def test_a_piece_is_frozen_once(world: World) -> None:
    world.load().add("A", 500).add("B", 600)
    run = begin(world, 1)
    freeze(world, run, 0)
    assert not freeze(world, run, 0)
    assert freeze(world, run, 1)
    assert not freeze(world, run, 1)
    assert found(world, run).points == 1_100


def test_figures_that_were_previewed_are_frozen_in_the_database(world: World) -> None:
    world.load().add("A", 500)
    run = world.preview()
    for change in ("points = points + 1", "amount_minor = 0", "exceptions = '[1]'"):
        with pytest.raises(DBAPIError, match="its figures are frozen"), Session(world.engine) as session:
            session.execute(text(f"update conversion_run set {change} where id = :id"), {"id": run.id})


def do(world: World, run: ConversionRun, position: int) -> None:
    """Do the job of a piece as a worker does."""
    with transaction(world.registry) as session:
        row = session.scalars(select(Job).where(Job.key == preparing.job_key(run.id, position))).one()
        row.state, row.token = row.state.RUNNING, row.token + 1
        claim = Claim(row.id, row.kind, row.payload, row.token)
    jobs.Carrier(world.settings, lambda: NOW).freeze_piece(Work(world.registry, claim, 60))


def test_settings_that_change_meanwhile_stop_it_until_they_are_put_back_or_it_is_called_off(world: World) -> None:
    world.load().add("A", 500).add("B", 600)
    run = begin(world, 1)
    do(world, run, 0)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        program.prepaid = program.prepaid | {"minimum_points": "100"}
        before = preparing.how_far(session, session.get_one(ConversionRun, run.id))
        assert before is not None
        assert (before.goes_on, before.standing.done, before.standing.accounts) == (True, 1, 2)
    with pytest.raises(SettingsChanged):
        freeze(world, run, 1)
    do(world, run, 1)
    with transaction(world.registry) as session:
        now = preparing.how_far(session, session.get_one(ConversionRun, run.id))
        assert now is not None
        assert not now.goes_on
        assert "settings changed" in str(now.why)
        assert preparing.take_up_again(session, run.id) == 1
    do(world, run, 1)
    with transaction(world.registry) as session:
        again = preparing.how_far(session, session.get_one(ConversionRun, run.id))
        assert again is not None
        assert not again.goes_on
    with transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW)
    assert world.wallet("A") == (500, 0, 0)


def test_what_was_given_up_goes_on_when_somebody_says_so(world: World) -> None:
    world.load().add("A", 500).add("B", 600)
    run = begin(world, 1)
    do(world, run, 0)
    with transaction(world.registry) as session:
        job = session.scalars(select(Job).where(Job.key == preparing.job_key(run.id, 1))).one()
        job.state, job.failures, job.error = JobState.FAILED, 3, "the disk is full"
    with transaction(world.registry) as session:
        found = preparing.how_far(session, session.get_one(ConversionRun, run.id))
        assert found is not None
        assert (found.goes_on, f"kontor convert prepare {run.id}" in str(found.why)) == (False, True)
        assert preparing.take_up_again(session, run.id) == 1
        assert preparing.take_up_again(session, run.id) == 0
    do(world, run, 1)
    assert (world.status(run), found_points(world, run)) == (RunStatus.PREVIEW, 1_100)


def found_points(world: World, run: ConversionRun) -> int:
    return found(world, run).points


def test_a_piece_of_another_day_is_judged_by_that_day(world: World) -> None:
    """What has ended by then is no part of it, and the tax is that of the day on which the piece is frozen."""
    world.load().add("A", 500).add("B", 600).add("C", 700)
    run = begin(world, 1)
    freeze(world, run, 0)
    later = NOW + dt.timedelta(days=3)
    with transaction(world.registry) as session:
        owner = select(Account.id).join(Distributor, Distributor.id == Account.distributor_id)
        own = owner.where(Distributor.program_id == world.program_id, Distributor.code == "B")
        lot = session.scalars(select(Lot).where(Lot.account_id.in_(own))).one()
        lot.expires_on = NOW.date()
        who = session.scalars(
            select(Distributor.id).where(Distributor.program_id == world.program_id, Distributor.code == "C")
        ).one()
        session.add(
            TaxStatusChange(
                program_id=world.program_id,
                distributor_id=who,
                status=TaxStatus.PRIVATE_PERSON,
                from_on=later.date(),
                noted_by="test",
                noted_at=NOW,
            )
        )
    for position in (1, 2):
        with transaction(world.registry) as session:
            preparing.freeze_piece(session, run.id, position, now=later)
    with transaction(world.registry) as session:
        rows = session.execute(
            select(Distributor.code, Redemption.redeemed_on, Redemption.taxed_as)
            .join(Account, Account.id == Redemption.account_id)
            .join(Distributor, Distributor.id == Account.distributor_id)
            .where(Redemption.run_id == run.id)
            .order_by(Distributor.code)
        ).all()
    assert [tuple(one) for one in rows] == [
        ("A", NOW.date(), "company"),
        ("C", later.date(), "private_person"),
    ]


@pytest.mark.slow
def test_whoever_calls_it_off_does_not_wait_for_all_of_its_pieces(world: World) -> None:
    """Two workers hand the run on to each other; a third who asks for it comes after the pieces in hand."""
    world.load()
    for number in range(12):
        world.add(f"D{number}", 100)
    run = begin(world, 1)
    begun, left = threading.Event(), list(range(12))
    hands = threading.Lock()

    def worker() -> None:
        while True:
            with hands:
                if not left:
                    return
                position = left.pop(0)
            with Session(world.engine) as session, session.begin():
                preparing.freeze_piece(session, run.id, position, now=NOW)
                begun.set()
                time.sleep(0.1)

    workers = [threading.Thread(target=worker) for _ in range(2)]
    for one in workers:
        one.start()
    assert begun.wait(10)
    with Session(world.engine) as session, session.begin():
        runs.cancel(session, run.id, actor="ann", now=NOW)
    for one in workers:
        one.join()
    seen = found(world, run)
    assert seen.status is RunStatus.CANCELLED
    assert 1 <= seen.accounts <= 5
    assert sum(world.wallet(f"D{number}")[0] for number in range(12)) == 1_200


def test_finance_is_told_of_a_scheduled_run_with_its_last_piece(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 1)
    october = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)
    world.load(prepaid="{scheduled_run: {day: 5, takes: last_month}}").add("A", 100, at=october)
    world.add("B", 50, at=october)
    with transaction(world.registry) as session:
        user = people.create_user(session, f"cfo-{uuid4().hex[:8]}@x.example", "Cleo", None, actor="test", now=NOW)
        session.add(Membership(user_id=user, program_id=world.program_id, role=Role.FINANCE.value))

    def mails() -> list[str]:
        with transaction(world.registry) as session:
            return list(session.scalars(select(Message.kind).where(Message.program_id == world.program_id)))

    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        run = scheduled.prepare_due(session, program, now=NOW, address="https://k.example")
        assert run is not None
        session.flush()
        session.expunge(run)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        assert scheduled.prepare_due(session, program, now=NOW, address="https://k.example") is None
    do(world, run, 1)
    assert mails() == []
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        before, program.rewards = program.rewards, {"changed": True}
    do(world, run, 0)
    assert mails() == [Kind.RUN_STOPPED]
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        with pytest.raises(PrepaidError, match="settings changed"):
            scheduled.prepare_due(session, program, now=NOW + dt.timedelta(days=1), address="https://k.example")
    with transaction(world.registry) as session:
        ask_to_prepare(session, NOW + dt.timedelta(days=1))  # so that finance is told again
        key = f"{PREPARE}:{world.program_id}:{NOW:%Y-%m}:{NOW.date() + dt.timedelta(days=1)}"
        assert session.scalars(select(Job.id).where(Job.key == key)).one()
        session.get_one(Program, world.program_id).rewards = before
        preparing.take_up_again(session, run.id)
    do(world, run, 0)
    assert mails() == [Kind.RUN_STOPPED, Kind.RUN_PREPARED]


def test_the_month_of_a_scheduled_run_that_was_called_off_half_prepared_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 1)
    october = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)
    world.load(prepaid="{scheduled_run: {day: 5, takes: last_month}}").add("A", 100, at=october)
    world.add("B", 50, at=october)

    def due() -> int | None:
        with transaction(world.registry) as session:
            program = session.get_one(Program, world.program_id)
            run = scheduled.prepare_due(session, program, now=NOW, address="https://k.example")
            return None if run is None else run.id

    first = due()
    assert first is not None
    assert due() is None
    with transaction(world.registry) as session:
        runs.cancel(session, first, actor="ann", now=NOW)
    again = due()
    assert again is not None
    with transaction(world.registry) as session:
        for position in (0, 1):
            preparing.freeze_piece(session, again, position, now=NOW)
    with transaction(world.registry) as session:
        runs.cancel(session, again, actor="ann", now=NOW)
    assert due() is None  # it was there, and somebody did not want it


@pytest.mark.slow
def test_killed_again_and_again_each_account_is_frozen_once(world: World, house: tuple[Settings, Addresses]) -> None:
    """Two workers at once, both killed at random: the totals are those of the points, each account's once."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    world.load()
    count, points = 60, 0
    for number in range(count):
        amount = drawn.randrange(10, 20_000)
        points += amount
        world.add(f"D{number}", amount, TaxStatus.PRIVATE_PERSON if number % 3 == 0 else TaxStatus.COMPANY)
    run = begin(world, 2)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.prepaid.preparing_out"])
    arguments, kills, ends = (house[1].database_url, house[0].home, run.id), 0, time.monotonic() + 240
    while world.status(run) is RunStatus.PREPARING:
        assert time.monotonic() < ends, f"not prepared, after {kills} killed processes"
        pair = [processes.Process(target=prepare_out, args=arguments) for _ in range(2)]
        for one in pair:
            one.start()
        pair[0].join(0.3 + drawn.uniform(0, 0.02 * (kills + 1)))
        for one in pair:
            kills += one.exitcode is None
            one.kill()
            one.join(30)
            one.close()
    print(f"{kills} kills")
    seen = found(world, run)
    assert (seen.status, seen.accounts, seen.points) == (RunStatus.PREVIEW, count, points)
    with transaction(world.registry) as session:
        rows = session.execute(
            select(func.count(), func.count(Redemption.account_id.distinct()), func.sum(Redemption.amount_minor)).where(
                Redemption.run_id == run.id
            )
        ).one()
        loads = session.execute(
            select(TopUp.kind, func.sum(TopUp.amount_minor)).where(TopUp.run_id == run.id).group_by(TopUp.kind)
        ).all()
        reserved = session.execute(
            select(func.sum(Account.reserved), func.sum(Account.available)).where(
                Account.program_id == world.program_id, Account.distributor_id.is_not(None)
            )
        ).one()
    assert tuple(rows) == (count, count, seen.amount_minor)
    assert dict(loads) == {TopUpKind.REWARD: seen.amount_minor, TopUpKind.COMPENSATION: seen.compensation_minor}
    assert tuple(reserved) == (points, 0)
    world.approve(run)
