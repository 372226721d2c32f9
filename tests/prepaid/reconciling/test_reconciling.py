"""A provider's statement against our books: every planted difference is found, what is right raises nothing."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.import_profile import ImportProfile
from app.domain.states import FindingAnswer, FindingKind, RunStatus, TaxStatus
from app.models.desk import AdjustmentRequest
from app.models.prepaid import Card, ConversionRun, TopUp
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding
from app.services.access.keys import Keys
from app.services.by_hand import adjustments
from importers.kinds.desk import Desk, Loaded
from importers.kinds.rows import read_rows
from importers.layout.tables.table import TextTable, as_frame
from importers.problems.problems import Problems
from prepaid.errors import CardNumberFound, PrepaidError
from prepaid.loads import settling
from prepaid.loads.moves import locked_run
from prepaid.providers import Answer, LoadResult, ProviderError
from prepaid.reconciling import answering, reading, taking_in
from prepaid.reconciling.judging import judge_corrected, solve
from tests.prepaid.conftest import NOW, World
from tests.prepaid.conversions.test_sending import Flaky, send
from tests.prepaid.test_cli import Desk as CommandDesk
from tests.prepaid.test_cli import desk

__all__ = ["desk"]

LATER = NOW + dt.timedelta(days=10)
FIRST, LAST = "2026-11-01", "2026-11-30"
BOOKED = "2026-11-21"
HEADER = ("reference", "booked_on", "amount", "currency", "token", "last4", "kind", "booking")

Row: TypeAlias = Sequence[str | None]


def bring(world: World, *rows: Row, problems: Problems | None = None) -> Loaded:
    """Take a statement in whose rows have the cells of the header; what a row lacks is empty."""
    whole = [[*row, *[None] * (len(HEADER) - len(row))] for row in rows]
    cells = {name: [row[at] for row in whole] for at, name in enumerate(HEADER)}
    frame = as_frame(pa.table({name: pa.array(texts, type=pa.string()) for name, texts in cells.items()}))
    table = TextTable(frame, np.arange(2, 2 + len(rows)))
    found = Problems() if problems is None else problems
    loader = taking_in.LOADER
    read = read_rows(table, {name: name for name in HEADER}, found, needed=loader.needed, key=loader.key)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        desk = Desk(
            session=session,
            program=program,
            settings=ProgramSettings.model_validate(program.settings),
            table=table,
            profile=ImportProfile(columns={name: name for name in HEADER}),
            file=repr(rows).encode()[:32],
            address="http://kontor",
            actor="fay",
            now=LATER,
            keys=Keys("secret" * 8),
        )
        return loader.load(desk, read, found)


def answered(world: World, run: ConversionRun, **results: LoadResult) -> None:
    """Let the provider answer, each distributor's load by itself."""
    references = world.references(run)
    with transaction(world.registry) as session:
        answers = [(None, Answer(references[code, "reward"], result)) for code, result in results.items()]
        settling.settle(session, locked_run(session, run.id), answers, actor="cleo", now=NOW)


def ordered(world: World, codes: Sequence[str], **more: Any) -> dict[str, str]:
    """Give everybody a load of 100.00 that was ordered; their references by code."""
    for code in codes:
        world.add(code, 200, TaxStatus.COMPANY)
    run = world.preview(**more)
    world.approve(run)
    answered(world, run, **dict.fromkeys(codes, LoadResult.LOADED))
    return {code: reference for (code, _), reference in world.references(run).items()}


def findings(world: World, *, closed: bool = False) -> list[tuple[FindingKind, str | None]]:
    """Give the open differences, or those that are closed: what they are, and of whose top-up."""
    with transaction(world.registry) as session:
        rows = session.execute(
            select(StatementFinding.kind, TopUp.reference)
            .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
            .outerjoin(TopUp, TopUp.id == StatementFinding.top_up_id)
            .where(ProviderStatement.program_id == world.program_id)
            .where(StatementFinding.answer.is_not(None) if closed else StatementFinding.answer.is_(None))
            .order_by(StatementFinding.id)
        )
        return [(kind, reference) for kind, reference in rows]


EDGES = ((None, FIRST, "1.00", None, None, None, "fee"), (None, LAST, "2.00", None, None, None, "fee"))
"""What a statement has of its first and last day that is nothing of ours."""


def test_every_planted_difference_is_found_and_nothing_else(world: World, worlds: Callable[[], World]) -> None:
    world.load()
    codes = [f"D{number:02}" for number in range(14)]
    for code in codes:
        world.add(code, 200, TaxStatus.COMPANY)
    run = world.preview()
    world.approve(run)
    of = {code: reference for (code, _), reference in world.references(run).items()}
    results = dict.fromkeys(codes, LoadResult.LOADED)
    results |= {"D08": LoadResult.FAILED, "D09": LoadResult.UNKNOWN, "D10": LoadResult.UNKNOWN}
    answered(world, run, **results)
    world.add("LATE", 200, TaxStatus.COMPANY)
    waiting = world.references(world.preview())["LATE", "reward"]
    other = worlds().load()
    foreign = ordered(other, ["X"])["X"]
    with transaction(world.registry) as session:
        token = session.scalars(
            select(Card.token).join(TopUp, TopUp.card_id == Card.id).where(TopUp.reference == of["D11"])
        ).one()
    bring(
        world,
        *EDGES,
        (of["D00"].lower(), BOOKED, "100.00", "PLN"),
        (of["D01"], BOOKED, "10.00", "PLN"),
        (of["D02"], BOOKED, "100.00", "PLN", "somebody-elses"),
        (of["D03"], BOOKED, "100.00", "EUR"),
        (of["D04"], "2026-11-03", "100.00"),
        (of["D06"], BOOKED, "100.00"),
        (of["D06"], "2026-11-22", "100.00"),
        (of["D07"], BOOKED, "100.00"),
        (of["D07"], "2026-11-24", "-100.00"),
        (of["D08"], BOOKED, "100.00"),
        (of["D09"], BOOKED, "100.00"),
        (None, BOOKED, "100.00", "PLN", token),
        (of["D12"], BOOKED, "100.00", None, None, None, "Failed"),
        (of["D13"], BOOKED, "100.00"),
        (of["D13"], BOOKED, "100.00", None, None, None, "reversal"),
        (of["D13"], "2026-11-22", "100.00"),
        ("KNOBODYSONE-1R1", BOOKED, "100.00"),
        (foreign, BOOKED, "100.00"),
        (waiting, BOOKED, "100.00"),
    )
    assert Counter(findings(world)) == Counter(
        [
            (FindingKind.AMOUNT_DIFFERS, of["D01"]),
            (FindingKind.WRONG_CARD, of["D02"]),
            (FindingKind.WRONG_CURRENCY, of["D03"]),
            (FindingKind.WRONG_DATE, of["D04"]),
            (FindingKind.MISSING_THERE, of["D05"]),
            (FindingKind.TWICE, of["D06"]),
            (FindingKind.REVERSED, of["D07"]),
            (FindingKind.RETURNED_HERE, of["D08"]),
            (FindingKind.OPEN_HERE, of["D09"]),
            (FindingKind.NEVER_LOADED, of["D10"]),
            (FindingKind.NO_REFERENCE, of["D11"]),
            (FindingKind.FAILED_THERE, of["D12"]),
            (FindingKind.MISSING_HERE, None),
            (FindingKind.OTHER_PROGRAM, None),
            (FindingKind.NOT_ORDERED, waiting),
        ]
    )
    assert {kind for kind, _ in findings(world)} == set(FindingKind), "every kind there is"


def test_statements_may_overlap_come_again_and_say_later_what_was_missing(world: World) -> None:
    of = ordered(world.load(), ["A", "B", "C"])
    rows = [(of["A"], BOOKED, "100.00"), (of["B"], BOOKED, "100.00", None, None, None, None, "t-1")]
    assert bring(world, *EDGES, *rows) == Loaded(4, 0, 0)
    assert findings(world) == [(FindingKind.MISSING_THERE, of["C"])]
    assert bring(world, *EDGES, *rows) == Loaded(0, 0, 4), "the same bookings are known"
    more = [(of["C"], "2026-11-22", "100.00"), (None, "2026-12-15", "1.00", None, None, None, "fee")]
    assert bring(world, *rows, *more) == Loaded(2, 0, 2)
    assert findings(world) == []
    assert findings(world, closed=True) == [(FindingKind.MISSING_THERE, of["C"])]
    bring(
        world, (of["A"], BOOKED, "100.00"), (of["A"], BOOKED, "100.00"), (of["B"], BOOKED, "100.00", *[None] * 4, "t-2")
    )
    assert Counter(findings(world)) == Counter([(FindingKind.TWICE, of["A"]), (FindingKind.TWICE, of["B"])])
    bring(world, (of["B"], "2026-11-25", "-100.00"))
    assert findings(world) == [(FindingKind.TWICE, of["A"])], "what was taken back is not there twice any more"


def test_a_booking_with_a_name_is_known_on_another_day_too(world: World) -> None:
    of = ordered(world.load(), ["A"])
    named = (of["A"], "2026-11-30", "100.00", *[None] * 4, "t-1")
    assert bring(world, EDGES[0], named).created == 2
    assert (
        bring(world, (named[0], "2026-12-01", *named[2:]), (None, "2026-12-31", "1.00", *[None] * 3, "fee")).created
        == 1
    )
    assert FindingKind.TWICE not in {kind for kind, _ in findings(world)}


def test_bookings_of_two_cards_or_of_one_number_are_two_and_a_fee_is_no_load(world: World) -> None:
    of = ordered(world.load(), ["A", "B", "C"])
    with transaction(world.registry) as session:
        cards = select(TopUp.reference, Card.token).join(Card, Card.id == TopUp.card_id)
        tokens = dict(session.execute(cards).all())
    assert bring(world, *EDGES, (None, BOOKED, "100.00", None, tokens[of["A"]])) == Loaded(3, 0, 0)
    numbered = (of["C"], BOOKED, "100.00", None, None, None, "load", "t-1")
    assert bring(world, (None, BOOKED, "100.00", None, tokens[of["B"]]), numbered) == Loaded(2, 0, 0)
    assert {kind for kind, _ in findings(world)} == {FindingKind.NO_REFERENCE}, "each card has its load"
    back = (of["C"], BOOKED, "100.00", None, None, None, "reversal", "t-1")
    assert bring(world, numbered, back) == Loaded(1, 0, 1)
    assert (FindingKind.REVERSED, of["C"]) in findings(world)
    of = ordered(world, ["D"])
    before = findings(world)
    bring(world, (of["D"], BOOKED, "1.00", None, None, None, "fee"))
    assert findings(world) == before, "a fee for a load says nothing of the load"


def test_what_cannot_be_told_is_refused_by_row(world: World) -> None:
    of = ordered(world.load(), ["A"])
    problems = Problems()
    bring(
        world,
        (of["A"], BOOKED, "100.00"),
        (of["A"], BOOKED, "100.00", "zloty"),
        (of["A"], BOOKED, "100.00", None, None, "12"),
        (of["A"], BOOKED, "100.00", None, None, "ab1234cd"),
        (of["A"], BOOKED, "100.00", None, None, "•••• 9999", "mystery"),
        (of["A"], BOOKED, "0.00"),
        (of["A"], None, "1.00"),
        (of["A"], "2062-11-21", "100.00"),
        problems=problems,
    )
    assert {row: [one["code"] for one in said] for row, said in problems.reasons.items()} == {
        3: ["no_such_value"],
        5: ["no_such_value"],
        6: ["no_such_value"],
        7: ["no_such_value"],
        8: ["missing"],
        9: ["issued_later"],
    }
    with transaction(world.registry) as session:
        last = select(ProviderStatement.to_on).where(ProviderStatement.program_id == world.program_id)
        assert session.scalars(last).one().isoformat() == BOOKED


def test_an_answer_settles_gives_back_or_asks_for_points_and_is_given_once(world: World) -> None:
    world.load()
    for code in ("OPEN", "NEVER", "BACK", "GONE", "LESS"):
        world.add(code, 200, TaxStatus.COMPANY)
    run = world.preview()
    world.approve(run)
    of = {code: reference for (code, _), reference in world.references(run).items()}
    results = {"BACK": LoadResult.FAILED, "GONE": LoadResult.LOADED, "LESS": LoadResult.LOADED}
    answered(world, run, OPEN=LoadResult.UNKNOWN, NEVER=LoadResult.UNKNOWN, **results)
    bring(world, *EDGES, *((of[code], BOOKED, "100.00") for code in ("OPEN", "BACK")), (of["LESS"], BOOKED, "90.00"))
    by_kind = {
        "OPEN": (FindingKind.OPEN_HERE, FindingAnswer.SETTLED, None),
        "NEVER": (FindingKind.NEVER_LOADED, FindingAnswer.RETURNED, None),
        "BACK": (FindingKind.RETURNED_HERE, FindingAnswer.ADJUSTED, -200),
        "GONE": (FindingKind.MISSING_THERE, FindingAnswer.ADJUSTED, 200),
        "LESS": (FindingKind.AMOUNT_DIFFERS, FindingAnswer.ADJUSTED, 20),
    }
    for code, (kind, how, points) in by_kind.items():
        with transaction(world.registry) as session:
            program = session.get_one(Program, world.program_id)
            found = session.scalars(
                select(StatementFinding).join(TopUp).where(TopUp.reference == of[code], StatementFinding.kind == kind)
            ).one()
            number, statement_id = found.id, found.statement_id
            assert answering.points_of(session, found) == (points or 0)
            said: dict[str, Any] = {"reason": "as agreed", "points": points, "actor": "fay", "now": LATER}
            with pytest.raises(answering.StillOpen):
                answering.close(session, program, statement_id, note="done", actor="fay", now=LATER)
            with pytest.raises(answering.NotAWay):
                answering.answer(session, program, number, FindingAnswer.SOLVED, **said)
            with pytest.raises(CardNumberFound):
                answering.answer(session, program, number, how, **said | {"reason": "4111 1111 1111 1111"})
            answering.answer(session, program, number, how, **said)
            with pytest.raises(answering.AnsweredBefore):
                answering.answer(session, program, number, how, **said)
            with pytest.raises(answering.HasAnswers):
                answering.take_back(session, program, statement_id, reason="wrong", actor="fay", now=LATER)
    assert (world.wallet("OPEN"), world.wallet("NEVER")) == ((0, 0, 200), (200, 0, 0))
    with transaction(world.registry) as session:
        asked = select(AdjustmentRequest.amount).where(AdjustmentRequest.program_id == world.program_id)
        assert sorted(session.scalars(asked)) == [-200, 20, 200], "a second person decides them"
        program = session.get_one(Program, world.program_id)
        answering.close(session, program, statement_id, note="done", actor="fay", now=LATER)
        with pytest.raises(answering.AnsweredBefore):
            answering.close(session, program, statement_id, note="done", actor="fay", now=LATER)
    bring(world, (of["GONE"], "2026-12-01", "100.00"), (of["BACK"], "2026-12-01", "-100.00"))
    late = (FindingKind.WRONG_DATE, of["GONE"])
    assert findings(world) == [late], "nobody has approved them yet: points are where our books say"
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        waiting = select(AdjustmentRequest.id).where(AdjustmentRequest.program_id == program.id)
        adjustments.approve_together(session, program, session.scalars(waiting).all(), actor="ben", now=LATER)
        judge_corrected(session, program, now=LATER)
    told = findings(world)
    assert (FindingKind.RETURNED_HERE, of["GONE"]) in told, "it came after its points were given back"
    assert (FindingKind.REVERSED, of["BACK"]) in told, "it was taken back after its points were taken"
    bring(world, (of["GONE"], "2026-12-02", "-100.00"))
    assert (FindingKind.RETURNED_HERE, of["GONE"]) not in findings(world), "its money went back as well"


def adjustment_asked_for(world: World) -> int:
    """Answer the newest difference by an adjustment, which nobody has approved yet."""
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        found = session.scalars(select(StatementFinding).order_by(StatementFinding.id.desc()).limit(1)).one()
        said: dict[str, Any] = {"reason": "as agreed", "points": 200, "actor": "fay", "now": LATER}
        answering.answer(session, program, found.id, FindingAnswer.ADJUSTED, **said)
        asked = found.adjustment_id
        assert asked is not None
    return asked


def test_what_an_approval_contradicts_by_then_is_told_and_its_statement_is_open_again(world: World) -> None:
    of = ordered(world.load(), ["A"])
    bring(world, *EDGES)
    asked = adjustment_asked_for(world)
    bring(world, (of["A"], "2026-11-22", "100.00"))
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        for statement, *_ in reading.newest(session, program.id):
            answering.close(session, program, statement.id, note="done", actor="fay", now=LATER)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        adjustments.approve(session, program, asked, actor="ben", now=LATER)
        judge_corrected(session, program, now=LATER)
        judge_corrected(session, program, now=LATER)
        (opened,) = [one.id for one, *_ in reading.newest(session, program.id) if one.closed_at is None]
        assert opened == max(one.id for one, *_ in reading.newest(session, program.id))
    assert findings(world) == [(FindingKind.RETURNED_HERE, of["A"])]


def test_what_waits_for_an_approval_is_not_asked_for_again_under_another_name(world: World) -> None:
    of = ordered(world.load(), ["A"])
    bring(world, *EDGES)
    asked = adjustment_asked_for(world)
    bring(world, (of["A"], "2026-11-22", "100.00"), (of["A"], "2026-11-23", "-100.00"))
    assert findings(world) == [], "its points are on their way back already"
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        adjustments.refuse(session, program, asked, note="no", actor="ben", now=LATER)
        answering.look_again(
            session, program, max(one.id for one, *_ in reading.newest(session, program.id)), now=LATER
        )
    assert FindingKind.REVERSED in {kind for kind, _ in findings(world)}


def test_points_of_a_load_that_is_handed_in_again_do_not_go_back(world: World) -> None:
    """Its answer was lost, the statement lacks it; then it is sent again, and that answer is lost as well."""
    world.load().add("A", 200, TaxStatus.COMPANY).add("B", 200, TaxStatus.COMPANY)
    run = world.preview()
    world.approve(run)
    line = Flaky(world)
    line.before.append(ProviderError("timeout"))
    with pytest.raises(ProviderError):
        send(world, run, line)
    bring(world, *EDGES)
    assert [kind for kind, _ in findings(world)] == [FindingKind.NEVER_LOADED] * 2

    def give_back() -> None:
        with transaction(world.registry) as session:
            program = session.get_one(Program, world.program_id)
            number = session.scalars(select(StatementFinding.id).order_by(StatementFinding.id.desc()).limit(1)).one()
            answering.answer(session, program, number, FindingAnswer.RETURNED, reason="lost", actor="fay", now=LATER)

    class Slow(Flaky):
        def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
            with pytest.raises(PrepaidError, match="sending"):
                give_back()
            raise ProviderError("timeout")

    with pytest.raises(ProviderError):
        send(world, run, Slow(world), now=NOW + dt.timedelta(days=30))
    with pytest.raises(PrepaidError, match="look at it again"):
        give_back()
    with transaction(world.registry) as session:
        solve(session, session.get_one(Program, world.program_id), now=LATER)
    assert findings(world) == [], "the statement ends before it was handed in again"
    assert send(world, run, line).status is RunStatus.SETTLED
    assert (world.wallet("A"), world.wallet("B")) == ((0, 0, 200), (0, 0, 200))


def test_a_period_that_is_said_moves_what_must_stand_there_and_a_statement_can_be_taken_back(world: World) -> None:
    of = ordered(world.load(), ["A", "B"])
    bring(world, (of["A"], BOOKED, "100.00"))
    assert findings(world) == [], "the statement says nothing of the days after"
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        statement = session.scalars(select(ProviderStatement).where(ProviderStatement.program_id == program.id)).one()
        found = reading.summary(session, program, statement)
        assert (found.matched, found.open, found.waiting) == (1, 0, 1)
        days = (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
        answering.set_period(session, program, statement.id, *days, actor="fay", now=LATER)
        found = reading.summary(session, program, statement)
        assert (found.matched, found.open, found.waiting, found.covered) == (1, 1, 0, days)
        statement_id = statement.id
    assert findings(world) == [(FindingKind.MISSING_THERE, of["B"])]
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        answering.take_back(session, program, statement_id, reason="another month's", actor="fay", now=LATER)
        with pytest.raises(answering.NoSuchStatement):
            answering.look_again(session, program, statement_id, now=LATER)
    assert bring(world, (of["A"], BOOKED, "100.00")) == Loaded(1, 0, 0), "it may come in anew"


def test_what_closed_a_difference_and_is_no_more_leaves_it_open(world: World) -> None:
    """A later statement is taken back; an adjustment is refused, after the statement was closed over it."""
    of = ordered(world.load(), ["A", "B"])
    bring(world, *EDGES, (of["A"], BOOKED, "100.00"))
    missing = [(FindingKind.MISSING_THERE, of["B"])]
    assert findings(world) == missing
    bring(world, (of["B"], "2026-11-23", "100.00"))
    assert findings(world) == []
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        later = session.scalars(select(ProviderStatement.id).order_by(ProviderStatement.id.desc()).limit(1)).one()
        answering.take_back(session, program, later, reason="another's", actor="fay", now=LATER)
    assert findings(world) == missing
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        found = session.scalars(select(StatementFinding).order_by(StatementFinding.id.desc()).limit(1)).one()
        said: dict[str, Any] = {"reason": "as agreed", "points": 200, "actor": "fay", "now": LATER}
        answering.answer(session, program, found.id, FindingAnswer.ADJUSTED, **said)
        answering.close(session, program, found.statement_id, note="done", actor="fay", now=LATER)
        asked = found.adjustment_id
        assert asked is not None
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        adjustments.refuse(session, program, asked, note="no", actor="bea", now=LATER)
        assert [one for one, *_ in reading.newest(session, program.id) if one.closed_at is not None] == []
    assert findings(world) == missing


def test_a_statement_is_reconciled_by_commands(desk: CommandDesk) -> None:
    of = ordered(desk.world, ["X", "Y"])
    bring(desk.world, *EDGES, (of["X"], BOOKED, "99.00"))
    of_program = ("--program", desk.world.code)
    (listed,) = desk.json("reconcile", "list", *of_program)["statements"]
    assert (listed["lines"], listed["open"], listed["from"], listed["to"]) == (3, 2, FIRST, LAST)
    number = str(listed["statement"])
    shown = desk.json("reconcile", "show", number, *of_program, code=1)
    assert {one["kind"]: one["open"] for one in shown["differences"]} == {"amount_differs": 1, "missing_there": 1}
    found = {one["kind"]: one for one in desk.json("reconcile", "differences", number, *of_program)["differences"]}
    assert (found["amount_differs"]["reference"], found["missing_there"]["reference"]) == (of["X"], of["Y"])
    assert of["X"] in desk.run("reconcile", "differences", number, *of_program).output
    one, other = (str(found[kind]["difference"]) for kind in ("amount_differs", "missing_there"))
    said = (*of_program, "--why", "as agreed", "--by", "fay")
    assert "cannot be settled" in desk.json("reconcile", "answer", one, "settle", *said, code=3)["error"][0]
    assert "open differences" in desk.json("reconcile", "close", number, *said, code=3)["error"][0]
    assert desk.json("reconcile", "answer", one, "adjust", "--points", "2", *said)["adjustment"]
    assert desk.run("reconcile", "answer", other, "note", *said).output == f"Difference {other} is noted.\n"
    days = ("--from", FIRST, "--to", "2026-12-31")
    assert desk.json("reconcile", "period", number, *days, *of_program)["open"] == 0
    assert desk.json("reconcile", "close", number, *said)["state"] == "closed"
    desk.json("reconcile", "show", "999999999", *of_program, code=4)
