"""An order goes out, answers come back, and whatever stops it, each card is loaded once and the ledger is right."""

import datetime as dt
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import RunStatus, TaxStatus, TopUpStatus
from app.models.prepaid import Card, LoadBatch, LoadResponse, SandboxCard, TopUp
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.reading.reading import read
from prepaid.cards import cards
from prepaid.conversions import ordering, runs, sending
from prepaid.errors import CardsMissing, NotAllowedNow, OrderFileChanged, PrepaidError
from prepaid.providers import Answer, CardRequest, IssuedCard, LoadResult, OrderRefused, ProviderError
from tests.prepaid.conftest import NOW, World


class Crash(Exception):
    """The process dies here."""


class Flaky:
    """The sandbox behind a line that breaks where a test says."""

    name = "sandbox"

    def __init__(self, world: World) -> None:
        self.inside = world.provider
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.issuing: list[Exception] = []
        self.submitted = 0
        self.hidden: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inside, name)

    def issue_cards(self, requests: Sequence[CardRequest]) -> Sequence[IssuedCard]:
        found = self.inside.issue_cards(requests)
        if self.issuing:
            raise self.issuing.pop(0)
        return found

    def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
        if self.before:
            raise self.before.pop(0)
        self.submitted += 1
        found = self.inside.submit(order_file, into)
        if self.after:
            raise self.after.pop(0)
        return found

    def look_up(self, references: Collection[str]) -> dict[str, Answer]:
        found = self.inside.look_up(references)
        return {one: answer for one, answer in found.items() if one not in self.hidden}

    def balance_minor(self, token: str) -> int:
        return self.inside.balance_minor(token)


def send(world: World, run: Any, provider: Any = None, now: dt.datetime = NOW) -> sending.Sent:
    return sending.send(world.registry, world.settings, provider or world.provider, run.id, actor="cleo", now=now)


def loaded_in_all(world: World) -> int:
    """Sum what stands on the cards of the programme, as the provider says."""
    with transaction(world.registry) as session:
        return sum(
            session.scalars(
                select(SandboxCard.balance_minor)
                .join(Card, Card.token == SandboxCard.token)
                .where(Card.program_id == world.program_id)
            )
        )


def filled(world: World) -> World:
    world.load().add("P", 10_000, TaxStatus.PRIVATE_PERSON).add("A", 200).add("B", 31)
    return world


def test_the_whole_way_to_the_grosz(world: World) -> None:
    """5,000.00 net and 556.00 for the tax; order file, provider, ledger and preview say the same."""
    run = filled(world).preview()
    assert (run.points, run.amount_minor, run.compensation_minor) == (10_231, 511_550, 55_600)
    ordered = world.approve(run)
    assert (ordered.lines, ordered.amount_minor) == (4, 567_150)
    table = read(judge(ordered.file, "order", Limits.of(Settings())), "order", None)
    assert table.column("amount").to_pylist() == ["100.00", "15.50", "5000.00", "556.00", "5671.50"]
    assert table.column("distributor_code").to_pylist() == ["A", "B", "P", "P", None]
    with transaction(world.registry) as session:
        batch = session.scalars(select(LoadBatch).where(LoadBatch.run_id == run.id)).one()
        assert (batch.lines, batch.amount_minor, batch.file_sha256) == (4, 567_150, ordered.sha256)
        assert world.settings.files / batch.file == ordered.file
    sent = send(world, run)
    assert sent.status is RunStatus.SETTLED
    assert (sent.total("loaded"), sent.total("loaded_minor"), sent.total("redeemed")) == (4, 567_150, 10_231)
    assert sent.problems == []
    with transaction(world.registry) as session:
        kept = session.scalars(select(LoadResponse.file).where(LoadResponse.run_id == run.id)).one()
    assert (world.settings.files / kept).is_file()
    assert world.wallet("P") == (0, 0, 10_000)
    assert world.card_balance(run, "P") == 555_600
    assert loaded_in_all(world) == 567_150
    with pytest.raises(NotAllowedNow, match="is settled; only"):
        send(world, run)


def test_a_failed_load_gives_its_points_back_and_takes_its_compensation_with_it(world: World) -> None:
    world.refuse = {("P", "reward"): "card_blocked"}
    filled(world)
    before = world.lots()
    run = world.preview()
    world.approve(run)
    sent = send(world, run)
    assert (sent.total("loaded"), sent.total("failed"), sent.total("cancelled")) == (2, 1, 1)
    assert (sent.total("redeemed"), sent.total("returned")) == (231, 10_000)
    assert world.top_ups(run)[("P", "reward")] is TopUpStatus.FAILED
    assert world.top_ups(run)[("P", "compensation")] is TopUpStatus.CANCELLED
    assert world.wallet("P") == (10_000, 0, 0)
    assert [lot for lot in world.lots() if lot[1]] == [lot for lot in before if lot[1] == 10_000]
    assert world.status(run) is RunStatus.SETTLED
    with transaction(world.registry) as session:
        failures = {one.reference: one.failure for one in runs.lines(session, run.id) if one.failure}
    assert sorted(failures.values()) == [
        "card_blocked: The card is blocked.",
        "required_load_missing: The load that this one requires was not made.",
    ]
    world.refuse = {}
    again = world.preview()
    assert (again.accounts, again.points, again.compensation_minor) == (1, 10_000, 55_600)


def test_a_compensation_that_failed_alone_is_ordered_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[int] = []
    monkeypatch.setattr(type(world.provider), "refuse_run", lambda _self, _currency, minor: wanted.append(minor))
    world.refuse = {("P", "compensation"): "limit_exceeded"}
    run = filled(world).preview()
    world.approve(run)
    send(world, run)
    assert world.status(run) is RunStatus.SETTLED
    assert world.top_ups(run)[("P", "reward")] is TopUpStatus.LOADED
    assert world.top_ups(run)[("P", "compensation")] is TopUpStatus.FAILED
    assert world.wallet("P") == (0, 0, 10_000)
    old = world.references(run)[("P", "compensation")]
    world.refuse = {}
    with transaction(world.registry) as session:
        ordered = ordering.reorder_failed(session, world.settings, run.id, actor="ben", now=NOW)
    assert (ordered.lines, ordered.amount_minor) == (1, 55_600)
    assert world.references(run)[("P", "compensation")] == old[:-1] + "2"
    assert world.status(run) is RunStatus.ORDERED
    with pytest.raises(NotAllowedNow, match="answered"), transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW, order_file_not_sent=True)
    sent = send(world, run)
    assert (sent.status, sent.total("loaded_minor")) == (RunStatus.SETTLED, 55_600)
    assert wanted == [run.amount_minor + run.compensation_minor, 55_600], (
        "the money is there that is to be loaded still"
    )
    assert world.card_balance(run, "P") == 555_600
    with transaction(world.registry) as session, pytest.raises(PrepaidError, match="no compensation has failed"):
        ordering.reorder_failed(session, world.settings, run.id, actor="ben", now=NOW)


def test_an_answer_is_settled_at_the_time_at_which_it_came(world: World) -> None:
    run = filled(world).preview()
    world.approve(run)
    midnight = NOW + dt.timedelta(hours=20)
    sending.send(
        *(world.registry, world.settings, world.provider, run.id), actor="ben", now=NOW, clock=lambda: midnight
    )
    with transaction(world.registry) as session:
        batches = select(LoadBatch.id).where(LoadBatch.run_id == run.id)
        settled = session.scalars(select(TopUp.settled_at).where(TopUp.load_batch_id.in_(batches)))
        assert set(settled) == {midnight}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_while_sending_is_healed_by_sending_again(world: World, when: str) -> None:
    world.refuse = {("B", "reward"): "card_blocked"}
    run = filled(world).preview()
    world.approve(run)
    line = Flaky(world)
    getattr(line, when).append(Crash())
    with pytest.raises(Crash):
        send(world, run, line)
    assert world.status(run) is RunStatus.SENDING
    assert set(world.top_ups(run).values()) == {TopUpStatus.SENDING}
    assert world.wallet("P") == (0, 10_000, 0)  # still reserved: nobody knows
    sent = send(world, run, line)
    assert sent.status is RunStatus.SETTLED
    assert line.submitted == 1  # what was handed in is asked for, not handed in again
    assert (sent.total("loaded"), sent.total("failed")) == (3, 1)
    assert loaded_in_all(world) == 565_600
    assert world.wallet("B") == (31, 0, 0)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_that_got_lost_leaves_it_unknown_until_asked(world: World, when: str) -> None:
    run = filled(world).preview()
    world.approve(run)
    line = Flaky(world)
    getattr(line, when).append(ProviderError("timeout"))
    with pytest.raises(ProviderError):
        send(world, run, line)
    assert world.status(run) is RunStatus.SENDING
    assert set(world.top_ups(run).values()) == {TopUpStatus.UNKNOWN}
    assert world.wallet("A") == (0, 200, 0)
    with pytest.raises(NotAllowedNow), transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW, order_file_not_sent=True)
    assert send(world, run, line).status is RunStatus.SETTLED
    assert loaded_in_all(world) == 567_150


def test_only_what_the_provider_never_saw_is_handed_in_again(world: World) -> None:
    run = filled(world).preview()
    first = world.approve(run)
    line = Flaky(world)
    line.after.append(Crash())
    with pytest.raises(Crash):
        send(world, run, line)
    line.hidden = {world.references(run)[("A", "reward")]}  # the provider does not find it at once
    sent = send(world, run, line)
    assert sent.status is RunStatus.SETTLED
    assert line.submitted == 2
    with transaction(world.registry) as session:
        batches = session.scalars(select(LoadBatch).where(LoadBatch.run_id == run.id).order_by(LoadBatch.id)).all()
        assert [(one.lines, one.amount_minor) for one in batches] == [(4, 567_150), (1, 10_000)]
    assert first.file.exists()
    assert loaded_in_all(world) == 567_150  # its reference was the same: it was loaded once


def test_two_who_send_at_once_load_once(world: World) -> None:
    run = filled(world).preview()
    world.approve(run)

    class Second(Flaky):
        """While the first waits for the answer, somebody else sends."""

        def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
            if not self.submitted:
                self.submitted += 1
                assert send(world, run).status is RunStatus.SETTLED
            return super().submit(order_file, into)

    sent = send(world, run, Second(world))
    assert sent.status is RunStatus.SETTLED
    assert (sent.total("loaded"), sent.total("again")) == (0, 4)
    assert loaded_in_all(world) == 567_150


def test_a_file_that_the_provider_refuses_is_ordered_as_before(world: World) -> None:
    run = filled(world).preview()
    world.approve(run)
    line = Flaky(world)
    line.before.append(OrderRefused("no"))
    with pytest.raises(OrderRefused):
        send(world, run, line)
    assert world.status(run) is RunStatus.ORDERED
    assert set(world.top_ups(run).values()) == {TopUpStatus.ORDERED}
    assert send(world, run, line).status is RunStatus.SETTLED


def test_a_changed_order_file_is_not_sent(world: World) -> None:
    run = filled(world).preview()
    ordered = world.approve(run)
    content = ordered.file.read_text(encoding="utf-8")
    ordered.file.write_text(content.replace("5000.00", "9000.00"), encoding="utf-8")
    with pytest.raises(OrderFileChanged):
        send(world, run)
    assert world.status(run) is RunStatus.ORDERED
    ordered.file.unlink()
    with pytest.raises(OrderFileChanged):
        send(world, run)
    ordered.file.write_text(content, encoding="utf-8", newline="")
    assert loaded_in_all(world) == 0


def test_a_crash_while_cards_are_issued_issues_each_once(world: World) -> None:
    run = filled(world).preview()
    line = Flaky(world)
    line.issuing.append(Crash())
    with pytest.raises(Crash):
        ordering.approve_and_order(world.registry, world.settings, line, run.id, actor="ben", now=NOW)
    assert world.status(run) is RunStatus.APPROVED
    ordering.approve_and_order(world.registry, world.settings, line, run.id, actor="ben", now=NOW)
    assert world.status(run) is RunStatus.ORDERED
    with transaction(world.registry) as session:
        assert len(cards.cards_of(session, world.program_id, all_cards=True)) == 3
        references = session.scalars(select(Card.reference).where(Card.program_id == world.program_id)).all()
        issued = session.scalars(select(SandboxCard.token).where(SandboxCard.reference.in_(references))).all()
    assert len(issued) == 3


def test_sending_an_approved_run_writes_its_order_first(world: World) -> None:
    run = filled(world).preview()
    with transaction(world.registry) as session:
        runs.approve(session, run.id, actor="ben", now=NOW)
    assert send(world, run).status is RunStatus.SETTLED


def test_a_previewed_run_is_not_sent(world: World) -> None:
    run = filled(world).preview()
    with pytest.raises(NotAllowedNow, match="is preview; only a run that is ordered, sending or sent can be sent"):
        send(world, run)


def test_a_card_that_was_replaced_by_an_unissued_one_stops_the_order(world: World) -> None:
    world.load(prepaid="{cards: registered}").add("A", 200).add("B", 200)
    with transaction(world.registry) as session:
        from app.models.programs import Program

        program = session.get_one(Program, world.program_id)
        for code in ("A", "B"):
            cards.register(session, program, code, token=f"tok-{world.code}-{code}", last4="1234", actor="x", now=NOW)
    run = world.preview()
    with transaction(world.registry) as session:
        for card in session.scalars(select(Card).where(Card.program_id == world.program_id)):
            card.active = False
    with pytest.raises(CardsMissing, match="no card for A, B"):
        world.approve(run)
    assert world.status(run) is RunStatus.APPROVED


def test_what_the_provider_does_not_know_yet_stays_open(world: World) -> None:
    run = filled(world).preview()
    world.approve(run)

    class Slow(Flaky):
        def submit(self, order_file: Path, into: Path) -> Sequence[Path]:
            (path,) = super().submit(order_file, into)
            path.write_text(path.read_text().replace("loaded", "unknown"))
            return [path]

    sent = send(world, run, Slow(world))
    assert (sent.status, sent.total("unknown"), sent.settlements[-1].still_open) == (RunStatus.SENT, 4, 4)
    assert world.wallet("A") == (0, 200, 0)
    line = Flaky(world)
    sent = send(world, run, line)
    assert (sent.status, line.submitted) == (RunStatus.SETTLED, 0)
    with transaction(world.registry) as session:
        assert len(session.scalars(select(LoadResponse).where(LoadResponse.run_id == run.id)).all()) == 1


def test_answers_by_reference_hide_card_numbers(world: World) -> None:
    run = filled(world).preview()
    world.approve(run)

    class Chatty(Flaky):
        def look_up(self, references: Collection[str]) -> dict[str, Answer]:
            return {one: Answer(one, LoadResult.FAILED, "x", "card 4111111111111111") for one in references}

    line = Chatty(world)
    line.before.append(Crash())
    with pytest.raises(Crash):
        send(world, run, line)
    send(world, run, line)
    with transaction(world.registry) as session:
        assert {one.failure for one in runs.lines(session, run.id)} == {"hidden_number"}
