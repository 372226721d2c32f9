"""Redemptions asked for one by one: once, approved by somebody else, gathered, and settled as all loads are."""

import re
import threading
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import Identity, RunKind, RunStatus, TaxStatus, TopUpKind, TopUpStatus
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.messages import Notice
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.services.ledger import ledger_check
from prepaid import gathering
from prepaid.cards import card_limits, cards
from prepaid.cards.card_limits import Holder
from prepaid.conversions import ordering, runs, sending
from prepaid.errors import CardNumberFound
from prepaid.issuers.sandbox import SandboxProvider
from prepaid.providers import Answer, ProviderError
from prepaid.redeeming import quoting, redemptions
from prepaid.redeeming.quoting import RedemptionRefused
from prepaid.redeeming.redemption_stories import State, story
from prepaid.redeeming.redemptions import NotWaiting
from tests.prepaid.conftest import NOW, World

BY_FILE = "{minimum_points: 10, maximum_amount: '400.00'}"


class Desk(World):
    """A world whose distributors ask one by one."""

    def program(self, session: Session) -> Program:
        return session.get_one(Program, self.program_id)

    def id_of(self, code: str) -> int:
        with transaction(self.registry) as session:
            asked = select(Distributor.id).where(Distributor.program_id == self.program_id, Distributor.code == code)
            return session.scalars(asked).one()

    def ask(self, code: str, points: int, key: str, actor: str = "dora") -> int:
        owner = self.id_of(code)
        with transaction(self.registry) as session:
            return redemptions.ask(session, self.program(session), owner, points, key=key, actor=actor, now=NOW)

    def approve(self, redemption_id: Any, actor: str = "ben") -> Any:
        with transaction(self.registry) as session:
            redemptions.approve(session, redemption_id, actor=actor, now=NOW)

    def gather(self) -> int | None:
        with transaction(self.registry) as session:
            return gathering.gather(session, self.program(session), actor="ben", now=NOW)

    def send(self, run_id: int, provider: SandboxProvider | None = None) -> None:
        sending.send(self.registry, self.settings, provider or self.provider, run_id, actor="ben", now=NOW)

    def row(self, redemption_id: int) -> Redemption:
        with transaction(self.registry) as session:
            found = session.get_one(Redemption, redemption_id)
            session.expunge(found)
        return found

    def how_far(self, redemption_id: int) -> State:
        with transaction(self.registry) as session:
            return story(session, redemption_id).state

    def states(self, redemption_id: int) -> dict[str, TopUpStatus]:
        with transaction(self.registry) as session:
            rows = session.execute(
                select(TopUp.kind, TopUp.status).where(TopUp.redemption_id == redemption_id).order_by(TopUp.id)
            )
            return {kind.value: status for kind, status in rows}

    def settings_are(self, **prepaid: Any) -> None:
        with transaction(self.registry) as session:
            program = self.program(session)
            program.prepaid = program.prepaid | prepaid


@pytest.fixture(scope="module")
def shared(house: tuple[Settings, Addresses], engine: Engine) -> Iterator[Desk]:
    made = Desk(house[0], engine)
    made.load(prepaid=BY_FILE)
    yield made
    made.registry.remove()
    with Session(engine) as session:
        assert ledger_check.check(session).problems == []


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    """The shared desk, whose settings and refusals are as they were when a test is over."""
    with transaction(shared.registry) as session:
        before = dict(shared.program(session).prepaid)
    yield shared
    shared.refuse.clear()
    shared.gather()  # what waits is of this test alone
    shared.settings_are(**before)


def test_points_are_reserved_once_however_often_somebody_presses(desk: Desk) -> None:
    desk.add("ONCE", 300)
    owner = desk.id_of("ONCE")
    with transaction(desk.registry) as session:
        quoted = quoting.quote(session, desk.program(session), owner, 101, now=NOW)
    assert (quoted.points, quoted.levied.load_minor, quoted.levied.compensation_minor) == (101, 5050, 0)
    assert desk.wallet("ONCE") == (300, 0, 0)  # a look takes nothing
    found: list[int] = []

    def press() -> None:
        registry = scoped_session(sessionmaker(desk.engine))
        with transaction(registry) as session:
            program = session.get_one(Program, desk.program_id)
            found.append(redemptions.ask(session, program, owner, 101, key="form-1", actor="dora", now=NOW))
        registry.remove()

    pressing = [threading.Thread(target=press) for _ in range(3)]
    for one in pressing:
        one.start()
    for one in pressing:
        one.join()
    assert found == found[:1] * 3
    assert desk.wallet("ONCE") == (199, 101, 0)
    row = desk.row(found[0])
    assert (row.points, row.amount_minor, row.asked_by, row.approved_at, row.run_id) == (101, 5050, "dora", None, None)
    assert row.tax_trace["value_minor"] == 5050
    assert desk.states(found[0]) == {"reward": TopUpStatus.RESERVED}
    assert desk.ask("ONCE", 20, "form-2") != found[0]


def test_nothing_goes_out_that_nobody_else_approved_and_then_all_of_it_goes_together(desk: Desk) -> None:
    desk.add("P", 1000, TaxStatus.PRIVATE_PERSON).add("Q", 100)
    first, second, third = desk.ask("P", 200, "p1"), desk.ask("P", 300, "p2"), desk.ask("Q", 100, "q1")
    assert desk.gather() is None
    with pytest.raises(RedemptionRefused, match="Who asked for it"):
        desk.approve(first, actor=" Dora")
    for one in (first, second, third):
        desk.approve(one)
    with pytest.raises(NotWaiting):
        desk.approve(first, actor="cleo")
    run_id = desk.gather()
    assert run_id is not None
    assert desk.gather() is None
    with transaction(desk.registry) as session:
        run = session.get_one(ConversionRun, run_id)
        assert (run.kind, run.status, run.accounts, run.points) == (RunKind.REDEMPTIONS, RunStatus.APPROVED, 3, 600)
        assert run.compensation_minor == sum(
            session.scalars(select(Redemption.compensation_minor).where(Redemption.run_id == run_id))
        )
    ordered = ordering.order(desk.registry, desk.settings, desk.provider, run_id, actor="ben", now=NOW)
    assert (ordered.lines, ordered.amount_minor) == (3, 30_000)
    desk.send(run_id)
    assert {*desk.states(first).values(), *desk.states(third).values()} == {TopUpStatus.LOADED}
    assert desk.wallet("P") == (500, 0, 500)
    assert desk.wallet("Q") == (0, 0, 100)


def test_how_far_a_redemption_is_is_told_by_its_run_as_well(desk: Desk) -> None:
    desk.add("FAR", 500)
    asked, seen = desk.ask("FAR", 100, "far"), []
    seen.append(desk.how_far(asked))
    desk.approve(asked)
    seen.append(desk.how_far(asked))
    run_id = desk.gather()
    assert run_id is not None
    seen.append(desk.how_far(asked))
    ordering.order(desk.registry, desk.settings, desk.provider, run_id, actor="ben", now=NOW)
    seen.append(desk.how_far(asked))
    assert seen == [State.WAITING, State.RESERVED, State.GOING, State.ORDERED]


def test_what_a_run_has_taken_is_not_approved_before_the_run_is(world: World) -> None:
    world.load(prepaid=BY_FILE)
    world.add("TAKEN", 500)
    run = world.preview()

    def state() -> State:
        with transaction(world.registry) as session:
            return story(session, session.scalars(select(Redemption.id).where(Redemption.run_id == run.id)).one()).state

    assert state() is State.TAKEN
    with transaction(world.registry) as session:
        runs.approve(session, run.id, actor="ben", now=NOW)
    assert state() is State.GOING


def test_what_waits_goes_out_as_it_was_asked_for_whenever_the_programme_compensates_since(desk: Desk) -> None:
    desk.settings_are(maximum_amount="5000.00")
    desk.add("BOTH", 9000, TaxStatus.PRIVATE_PERSON)
    at_once = desk.ask("BOTH", 4100, "at once")
    desk.settings_are(compensation={"paid": "by_run"})
    later = desk.ask("BOTH", 4200, "later")
    for one in (at_once, later):
        desk.approve(one)
    run_id = desk.gather()
    assert run_id is not None
    with transaction(desk.registry) as session:
        run = session.get_one(ConversionRun, run_id)
        totals = run.compensation_minor, run.deferred_minor
    assert totals == (desk.row(at_once).compensation_minor, desk.row(later).compensation_minor)
    assert 0 not in totals
    ordered = ordering.order(desk.registry, desk.settings, desk.provider, run_id, actor="ben", now=NOW)
    assert ordered.lines == 3


def test_a_load_that_fails_gives_its_points_back_and_says_so(desk: Desk) -> None:
    desk.add("FAILS", 100)
    desk.refuse[("FAILS", "reward")] = "card_blocked"
    asked = desk.ask("FAILS", 60, "f1")
    desk.approve(asked)
    run_id = desk.gather()
    assert run_id is not None
    desk.send(run_id)
    assert desk.states(asked) == {"reward": TopUpStatus.FAILED}
    assert desk.wallet("FAILS") == (100, 0, 0)


class Losing(SandboxProvider):
    """Does what it is asked, and its answer is lost."""

    def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
        super().submit(order_file, into)
        raise ProviderError("the answer was lost")

    def look_up(self, references: Collection[str]) -> dict[str, Answer]:
        raise ProviderError("it does not answer")


def test_an_answer_that_was_lost_is_never_guessed_and_reconciled_later(desk: Desk) -> None:
    desk.add("LOST", 100)
    asked = desk.ask("LOST", 100, "l1")
    desk.approve(asked)
    run_id = desk.gather()
    assert run_id is not None
    losing = Losing(desk.engine, refusal=lambda *_: None)
    for _ in range(2):
        with pytest.raises(ProviderError):
            desk.send(run_id, losing)
        assert desk.states(asked) == {"reward": TopUpStatus.UNKNOWN}
        assert desk.wallet("LOST") == (0, 100, 0)
    desk.send(run_id)
    assert desk.states(asked) == {"reward": TopUpStatus.LOADED}
    assert desk.wallet("LOST") == (0, 0, 100)
    with transaction(desk.registry) as session:
        top_up = session.scalars(select(TopUp).where(TopUp.redemption_id == asked)).one()
        assert top_up.unknown_at is not None  # that it was reconciled can be seen


def test_what_cannot_be_redeemed_says_why_and_takes_nothing(desk: Desk) -> None:
    desk.add("MANY", 2000).add("OWING", 50).add("FRIEND", 100, TaxStatus.BUSINESS_FRIEND).add("EMPTY")
    desk.give("OWING", -80)

    def why(code: str, points: int) -> str:
        with pytest.raises(RedemptionRefused) as refused:
            desk.ask(code, points, f"why-{code}-{points}")
        return refused.value.code

    assert why("MANY", 2001) == "too_many"
    assert why("MANY", 801) == "over_limit"  # 400.50
    assert why("MANY", 9) == "below_minimum"
    assert why("MANY", 0) == "no_points"
    assert why("OWING", 10) == "owes"
    assert why("EMPTY", 10) == "no_points"
    assert why("FRIEND", 50) == "no_tax_rule"
    with transaction(desk.registry) as session:
        session.execute(
            update(Distributor)
            .where(Distributor.program_id == desk.program_id, Distributor.code == "MANY")
            .values(blocked=True)
        )
    assert why("MANY", 100) == "blocked"
    desk.settings_are(redemptions={"offered": False})
    assert why("OWING", 10) == "not_offered"
    assert desk.wallet("MANY") == (2000, 0, 0)


def test_what_may_be_redeemed_is_told_beforehand_with_the_limits_of_the_card(desk: Desk) -> None:
    desk.add("ROOM", 2000)
    owner = desk.id_of("ROOM")

    def means() -> quoting.Means:
        with transaction(desk.registry) as session:
            return quoting.means(session, desk.program(session), owner, now=NOW)

    assert (means().available, means().most, means().least, means().room_minor) == (2000, 800, 10, None)
    desk.settings_are(limits={"PL": {"a_month": "100.00"}})
    assert (means().most, means().room_minor) == (200, 10_000)
    desk.ask("ROOM", 150, "r1")
    assert (means().most, means().room_minor) == (50, 2_500)
    with pytest.raises(RedemptionRefused) as refused:
        desk.ask("ROOM", 60, "r2")
    assert refused.value.code == "over_card_limit"
    desk.add("HEIR", 10)
    with transaction(desk.registry) as session:
        program = desk.program(session)
        of = select(Distributor.id).where(Distributor.program_id == program.id, Distributor.code == "HEIR")
        heir = session.scalars(of).one()
        session.execute(update(Distributor).where(Distributor.id == owner).values(merged_into_id=heir))
        (room,) = card_limits.rooms(session, program, [Holder(heir, Identity.VERIFIED, 0)], NOW.date())
        assert room is not None
        assert room.minor == 2_500, "what was loaded for whoever was merged into it counts"
        session.rollback()
    desk.settings_are(limits={"PL": {"a_month": "89.99"}})  # no multiple of what a point is worth
    assert (means().most, means().room_minor) == (29, 1_499)
    assert desk.ask("ROOM", means().most, "r3")
    desk.settings_are(limits={"PL": {"a_month": "5000.00"}}, maximum_amount="5000.00")
    desk.add("TAXED", 12_000, TaxStatus.PRIVATE_PERSON)
    owner = desk.id_of("TAXED")
    most = means().most  # the compensation of the tax has to fit beside it
    with transaction(desk.registry) as session:
        quoted = quoting.quote(session, desk.program(session), owner, most, now=NOW)
        assert quoted.points == most
        assert 499_900 < quoted.total_minor <= 500_000
        with pytest.raises(RedemptionRefused):
            quoting.quote(session, desk.program(session), owner, most + 1, now=NOW)


def test_the_least_and_the_most_that_are_told_are_taken_and_a_point_less_is_not(
    house: tuple[Settings, Addresses], engine: Engine
) -> None:
    desk = Desk(house[0], engine)
    desk.load(value="0.003", prepaid="{maximum_amount: '0.05'}").add("FINE", 100)  # a point is three tenths of a grosz
    owner = desk.id_of("FINE")
    with transaction(desk.registry) as session:
        program = desk.program(session)
        means = quoting.means(session, program, owner, now=NOW)
        most, least = (quoting.quote(session, program, owner, one, now=NOW) for one in (means.most, means.least))
        assert (most.points, most.levied.load_minor) == (means.most, 5) == (17, 5)
        assert (least.points, least.levied.load_minor) == (means.least, 1) == (4, 1)
        for points, code in ((3, "nothing_whole"), (20, "over_limit"), (101, "too_many")):
            with pytest.raises(RedemptionRefused) as refused:
                quoting.quote(session, program, owner, points, now=NOW)
            assert refused.value.code == code
        beyond = quoting.quote(session, program, owner, 19, now=NOW)
        assert (beyond.points, beyond.levied.load_minor) == (17, 5)  # two make no full grosz, and stay
    desk.registry.remove()


@pytest.mark.parametrize(
    ("approval", "points", "waits"),
    [
        ({"approval": "never"}, 400, False),
        ({"approval": "above", "approve_above": str(Decimal("100.00"))}, 200, False),
        ({"approval": "above", "approve_above": str(Decimal("100.00"))}, 201, True),
    ],
)
def test_the_programme_says_what_waits_for_somebody(
    desk: Desk, approval: dict[str, str], points: int, waits: bool
) -> None:
    desk.settings_are(redemptions=approval)
    code = f"A{points}{waits}"
    desk.add(code, points)
    row = desk.row(desk.ask(code, points, "a"))
    assert (row.approved_at is None, row.approved_by) == (waits, None)


def test_many_small_ones_of_a_day_are_no_way_around_approval(desk: Desk) -> None:
    desk.settings_are(redemptions={"approval": "above", "approve_above": "100.00"})
    desk.add("SPLIT", 500).add("ELSE", 400)
    asked = [desk.ask("SPLIT", 120, f"s{one}") for one in range(3)]
    assert [desk.row(one).approved_at is None for one in asked] == [False, True, True]
    assert desk.row(desk.ask("SPLIT", 80, "fits")).approved_at is not None  # what waits does not count: it is looked at
    assert desk.row(desk.ask("ELSE", 120, "e")).approved_at is not None


def test_what_is_called_off_gives_its_points_back_and_a_refusal_is_told(desk: Desk) -> None:
    desk.add("BACK", 100)
    withdrawn, refused = desk.ask("BACK", 40, "b1"), desk.ask("BACK", 60, "b2")

    def call_off(one: int, actor: str, reason: str | None = None, **more: bool) -> None:
        with transaction(desk.registry) as session:
            redemptions.call_off(session, one, actor=actor, now=NOW, reason=reason, **more)

    with pytest.raises(CardNumberFound):
        call_off(refused, "ben", "4111 1111 1111 1111")
    locks: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.endswith("FOR UPDATE"):
            locks.append(re.search(r"FROM (\w+)", statement).group(1))  # type: ignore[union-attr]  # each has one

    event.listen(desk.engine, "before_cursor_execute", note)
    call_off(withdrawn, "dora")
    event.remove(desk.engine, "before_cursor_execute", note)
    assert locks[:2] == ["account", "redemption"]  # as runs do, that lock accounts
    call_off(refused, "ben", "ask for less")
    with pytest.raises(NotWaiting):
        call_off(refused, "ben")
    assert desk.wallet("BACK") == (100, 0, 0)
    assert desk.states(refused) == {"reward": TopUpStatus.CANCELLED}
    with transaction(desk.registry) as session:
        told = session.scalars(
            select(Notice.parts).where(Notice.kind == "redemption_refused", Notice.distributor_id == desk.id_of("BACK"))
        ).all()
    assert told == [{"points": 60, "why": "ask for less"}]
    by_colleague = desk.ask("BACK", 70, "b3")
    call_off(by_colleague, "carl", "she is away", withdrawn=True)
    with transaction(desk.registry) as session:
        found = [story(session, one) for one in (withdrawn, refused, by_colleague)]
        refused = (Notice.kind == "redemption_refused", Notice.program_id == desk.program_id)
        assert session.scalars(select(func.count()).where(*refused)).one() == len(told)
    assert [one.state for one in found] == [State.WITHDRAWN, State.REFUSED, State.WITHDRAWN]
    assert (found[2].moments[-1].who, found[2].moments[-1].text) == ("carl", "she is away")


def test_one_that_cannot_go_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.settings_are(cards="registered")
    desk.add("NOCARD", 50)  # it asks before cards had to be registered
    desk.settings_are(cards="on_first_load")
    without = desk.ask("NOCARD", 50, "n1")
    desk.add("CARD", 50)
    with transaction(desk.registry) as session:
        cards.register(
            session, desk.program(session), "CARD", token=f"tok-{desk.code}", last4="1234", actor="x", now=NOW
        )
    desk.settings_are(cards="registered")
    goes = desk.ask("CARD", 50, "c1")
    for one in (without, goes):
        desk.approve(one)
    run_id = desk.gather()
    assert (desk.row(goes).run_id, desk.row(without).run_id) == (run_id, None)
    assert run_id is not None
    with transaction(desk.registry) as session:
        runs.cancel(session, run_id, actor="ben", now=NOW, reason="wrong file")
    assert desk.wallet("CARD") == (50, 0, 0)
    ended = desk.row(goes)
    assert (ended.ended_by, ended.ended_why, ended.ended_at) == ("ben", "wrong file", NOW)
    desk.settings_are(cards="on_first_load")


def test_a_compensation_that_failed_is_ordered_again_under_a_reference_of_its_own(desk: Desk) -> None:
    desk.settings_are(maximum_amount="5000.00")
    for code in ("C1", "C2"):
        desk.add(code, 4100, TaxStatus.PRIVATE_PERSON)
        desk.refuse[(code, "compensation")] = "limit_exceeded"
    asked = [desk.ask(code, 4100, code) for code in ("C1", "C2")]
    for one in asked:
        desk.approve(one)
    run_id = desk.gather()
    assert run_id is not None
    desk.send(run_id)
    desk.refuse.clear()
    with transaction(desk.registry) as session:
        again = ordering.reorder_failed(session, desk.settings, run_id, actor="ben", now=NOW)
    assert again.lines == 2
    desk.send(run_id)
    with transaction(desk.registry) as session:
        references = session.scalars(
            select(TopUp.reference).where(TopUp.redemption_id.in_(asked), TopUp.kind == TopUpKind.COMPENSATION)
        ).all()
    assert len(set(references)) == 4 == len(references)
    assert sorted(one.rsplit("-", 1)[1] for one in references) == ["1C1", "1C1", "1C2", "1C2"]
