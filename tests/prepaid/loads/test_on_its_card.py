"""Loads and the cards that they go to: what a card may hold, whose card it is, and who may be loaded at all."""

import uuid

import pytest
import yaml
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.domain.program_file.batch_templates import DELIMITED
from app.domain.states import TaxStatus, TopUpStatus, Unit
from app.exports.histories.loads import REDEMPTIONS
from app.models.distributors import Distributor
from app.models.prepaid import Card, Redemption, TopUp
from app.models.programs import Program
from app.services.by_hand import merging
from app.services.tracing.balances import balance_of
from prepaid import gathering
from prepaid.cards import cards
from prepaid.conversions import ordering, sending
from prepaid.errors import BlockedMeanwhile
from prepaid.issuers.batch_provider import BatchFileProvider
from prepaid.loads import settling
from prepaid.redeeming import quoting
from tests.prepaid.conftest import NOW, World
from tests.prepaid.conversions.test_compensating import PL_GOODS, PRIVATE, RewardKind, _deliver


def send(world: World, run_id: int) -> None:
    sending.send(world.registry, world.settings, world.provider, run_id, actor="ben", now=NOW)


def ask(world: World, code: str, points: int) -> None:
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        who = balance_of(session, program.id, code, Unit.POINTS).distributor_id
        gathering.ask_and_go(session, program, who, points, key=str(uuid.uuid4()), actor="eve", now=NOW)


def test_a_card_holds_what_is_on_its_way_to_it_as_well(world: World) -> None:
    world.load(prepaid="{limits: {PL: {on_card: 150}}}")
    world.add("D1", 200)
    first = world.preview()
    world.give("D1", 200)
    second = world.preview()
    assert [one["code"] for one in second.exceptions] == ["over_card_limit"]
    assert "100.00 are there already" in second.exceptions[0]["message"]
    world.approve(first)
    send(world, first.id)
    third = world.preview()
    assert [one["code"] for one in third.exceptions] == ["over_card_limit"], (
        "it arrived, and no balance tells of it yet"
    )
    with transaction(world.registry) as session:
        of_program = Card.program_id == world.program_id
        session.execute(update(Card).where(of_program).values(balance_minor=0, balance_at=NOW))
    assert world.preview().accounts == 1, "the issuer says that it was spent"


def test_a_redemption_finds_no_room_where_another_one_waits(world: World) -> None:
    world.load(prepaid="{limits: {PL: {on_card: 150}}, redemptions: {offered: true, approval: always}}")
    world.add("D1", 1000)
    ask(world, "D1", 200)
    with pytest.raises(quoting.RedemptionRefused):
        ask(world, "D1", 200)


def test_who_was_blocked_gets_no_compensation_that_is_ordered_again(world: World) -> None:
    world.load(tax="{pack: PL}")
    world.add("D1", 10_000, TaxStatus.PRIVATE_PERSON)
    run = world.preview()
    world.refuse[("D1", "compensation")] = "no"
    world.approve(run)
    send(world, run.id)
    world.refuse.clear()
    with transaction(world.registry) as session:
        of_program = Distributor.program_id == world.program_id
        session.execute(update(Distributor).where(of_program).values(blocked=True))
    with pytest.raises(BlockedMeanwhile, match="D1"), transaction(world.registry) as session:
        ordering.reorder_failed(session, world.settings, run.id, actor="ben", now=NOW)
    with transaction(world.registry) as session:
        session.execute(update(Distributor).where(of_program).values(blocked=False))
        ordering.reorder_failed(session, world.settings, run.id, actor="ben", now=NOW)
    send(world, run.id)
    assert world.top_ups(run)["D1", "compensation"] is TopUpStatus.LOADED


def test_a_file_that_is_written_anew_and_our_books_name_the_same_cards(world: World) -> None:
    template = yaml.safe_dump(DELIMITED.model_dump(mode="json"), default_flow_style=True, width=10**6).strip()
    world.load(
        prepaid=f"{{provider: batch_file, cards: registered, batch_file: {template}, compensation: {{paid: by_run}}}}"
    )
    world.provider = BatchFileProvider()
    for code in ("A", "B"):
        world.add(code, 10_000, TaxStatus.PRIVATE_PERSON)
        with transaction(world.registry) as session:
            program = session.get_one(Program, world.program_id)
            token = f"proxy-{world.code}-{code}"
            cards.register(session, program, code, token=token, last4="1234", actor="x", now=NOW)

    def answer(run_id: int, text: str) -> None:
        path = world.respond(text)
        with transaction(world.registry) as session:
            settling.settle_file(session, world.settings, run_id, path, name=path.name, actor="ben", now=NOW)

    run = world.preview()
    world.approve(run)
    lines, whole = DELIMITED.answers.lines, DELIMITED.answers.file
    said = "".join(f"{reference};{lines.loaded[0]}\n" for reference in world.references(run).values())
    answer(run.id, f"{lines.reference};{lines.result}\n{said}")
    paying = world.compensate()
    ordered = world.approve(paying)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        of_program = session.scalars(select(Distributor).where(Distributor.program_id == program.id))
        ids = {one.code: one.id for one in of_program}
        asked = merging.request(session, program, ids["A"], ids["B"], note="one", choices={}, actor="ann", now=NOW)
        merging.approve(session, program, asked, actor="ben", now=NOW)
    answer(paying.id, f"{whole.file};{whole.column}\n{ordered.file.name};{whole.refused[0]}\n")
    with transaction(world.registry) as session:
        (anew,) = ordering.order_refused(session, world.settings, paying.id, actor="ben", now=NOW)
        query = (
            select(TopUp.reference, Card.token).join(Card, Card.id == TopUp.card_id).where(TopUp.run_id == paying.id)
        )
        written = anew.file.read_text().splitlines()
        for reference, token in session.execute(query):
            assert token in next(line for line in written if reference in line)
            assert token.endswith("-B"), "A has no card any more"


def test_goods_in_the_history_are_no_loads(world: World) -> None:
    world.load(tax=PL_GOODS).add("D1", 10_000, PRIVATE)
    _deliver(world, "D1", {"tv": (RewardKind.GOODS, 450_000)})
    paying = world.compensate()

    def seen() -> list[tuple[str, int]]:
        with transaction(world.registry) as session:
            columns = (REDEMPTIONS.one(name).value for name in ("status", "loaded"))
            query = REDEMPTIONS.query().add_columns(*columns).where(Redemption.program_id == world.program_id)
            return [tuple(row) for row in session.execute(query)]

    assert seen() == [("goods", 0)]
    world.approve(paying)
    send(world, paying.id)
    assert seen() == [("goods", paying.compensation_minor)]
