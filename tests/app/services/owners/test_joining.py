"""Distributors that become one: what both were paid counts once, and nobody gives back what their sales still earn."""

import random
from typing import Any

import pytest
from sqlalchemy import select

from app.models.promotions import PromotionGift, PromotionStanding
from app.services.persons import opening
from app.services.promotions import gifts
from app.services.promotions.showing import progress_of
from app.services.rewarding.rewards import RewardRow, put_rewards
from tests.app.services.owners.conftest import Meeting
from tests.app.services.promotions.running import Running
from tests.support.desk import TODAY, Desk, Standing
from tests.support.programs import NOW

OF_PEOPLE = {"participants": "persons", "target": {"default": 1_000}}
TO_PEOPLE = {"shares": {"to": "person"}}


def account(desk: Desk, company: str, code: str, name: str = "Ewa Kos") -> None:
    given = (desk.session, desk.program, desk.people[company], name)
    desk.people[code] = opening.open_account(*given, actor="ann", now=NOW)


def spend(desk: Desk, who: str, amount: int) -> None:
    desk.settle(desk.reserve(amount, who=who))


@pytest.mark.parametrize("returns", ["negative", "clamp"])
def test_people_of_one_name_keep_what_either_was_paid(open_owners: Meeting, returns: str) -> None:
    desk, owners = open_owners(accounts=TO_PEOPLE, returns=returns)
    for company in ("D1", "D2"):
        account(desk, company, f"{company}:P1")
    running = Running(desk, **OF_PEOPLE)
    for number, who in enumerate(("D1", "D2")):
        desk.invoice(f"{number}", 90, who=who, person="Ewa Kos")
    running.bring_up()
    assert [desk.points(one).available for one in ("D1:P1", "D2:P1")] == [90 + 400, 90 + 400]
    spend(desk, "D2:P1", 490)
    owners.merge("D2", "D1")
    running.bring_up()
    assert desk.points("D2:P1") == Standing(0, 0), "what it was paid is spent, and earned still"
    assert desk.points("D1:P1") == Standing(0, 90 + 1_500 - 400), "180 % of the target are 1,500 in all"
    assert running.was_paid(person="ewa kos") == 1_100
    desk.credit("R", 90, corrects="1", who="D1")
    running.bring_up()
    taken = 90 if returns == "negative" else 0
    assert desk.points("D2:P1") == Standing(0, -taken), "the sale that came back was its own; the promotion takes none"
    assert desk.points("D1:P1") == Standing(0, 90), "900 are 80 % and more: 400 in all, and the other has those"
    desk.credit("S", 90, corrects="0", who="D1")
    running.bring_up()
    assert desk.points("D2:P1") == Standing(0, -taken - 400 if returns == "negative" else 0)
    assert desk.points("D1:P1") == Standing(0, 0)


def test_a_company_is_not_paid_twice_for_what_was_spent(open_owners: Meeting) -> None:
    desk, owners = open_owners(returns="clamp")
    running = Running(desk)
    desk.invoice("1", 5_000, who="D2")
    running.bring_up()
    spend(desk, "D2", 6_000)
    owners.merge("D2", "D1")
    running.bring_up()
    assert desk.points("D1") == Standing(0, 0)
    owners.merge("D1", "D3")
    running.bring_up()
    assert desk.points("D3") == Standing(0, 0)
    desk.invoice("2", 1_000, who="D3")
    running.bring_up()
    assert desk.points("D3") == Standing(0, 1_000 + 500)
    (shown,) = progress_of(desk.session, desk.rules, desk.people["D3"], None, TODAY)
    assert (shown.earned, shown.paid) == (1_500, 1_500)


def test_what_became_another_company_takes_no_part_in_what_begins_later(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 500, who="D2")
    owners.merge("D2", "D1")
    running = Running(desk)
    running.bring_up()
    taking_part = desk.session.scalars(select(PromotionStanding.distributor_id)).all()
    assert desk.people["D2"] not in taking_part
    assert {desk.people["D1"], desk.people["D3"]} <= set(taking_part)
    assert running.standing("D1").value > 0


def test_rewards_of_the_catalogue_go_over_once(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    put_rewards(desk.session, desk.program, [RewardRow("mug", "Mug", 10)], actor="ann", now=NOW)
    running = Running(desk, target={"default": 100}, steps=[{"reach": 10_000, "reward": {"reward": "mug"}}])
    for number, who in enumerate(("D1", "D2", "D3")):
        desk.invoice(f"{number}", 10, who=who)
    running.bring_up()
    gifts.hand_over(desk.session, running.row, running.standing("D2").id, "mug", actor="ann", now=NOW)
    desk.session.flush()
    owners.merge("D2", "D1")
    running.bring_up()
    rows = desk.session.execute(
        select(PromotionStanding.distributor_id, PromotionGift.handed_by)
        .join(PromotionGift, PromotionGift.standing_id == PromotionStanding.id)
        .order_by(PromotionStanding.distributor_id)
    ).all()
    assert [tuple(row) for row in rows] == [(desk.people["D1"], "ann"), (desk.people["D3"], None)]


@pytest.mark.parametrize("seed", range(3))
def test_after_merges_all_have_what_one_who_always_was_one_has(open_owners: Meeting, seed: int) -> None:
    """Whatever was sold, brought up and merged in between: in all, what the documents earn was paid."""
    dice = random.Random(seed)
    desk, owners = open_owners()
    running = [Running(desk, code="all"), Running(desk, code="people", **OF_PEOPLE)]
    names, left, sold = ["Ewa", "Jan", "Ola"], ["D1", "D2", "D3"], dict[str, tuple[str, int, str]]()

    def naive(target: int, value: int) -> int:
        reached = [points for share, points in ((80, 400), (100, 1_000), (120, 1_500)) if value * 100 >= share * target]
        return max(reached, default=0)

    for number in range(24):
        act = dice.random()
        if act < 0.6:
            who, name, points = dice.choice(left), dice.choice(names), dice.randint(10, 3_000)
            desk.invoice(f"{number}", points, who=who, person=name)
            sold[f"{number}"] = who, points, name
        elif act < 0.75 and sold:
            back = dice.choice(list(sold))
            who, points, _ = sold.pop(back)
            desk.credit(f"{number}", points, who=who, corrects=back)
        elif act < 0.85 and len(left) > 1 and number > 8:
            gone, stays = dice.sample(left, 2)
            owners.merge(gone, stays)
            left.remove(gone)
            sold = {one: (stays if who == gone else who, *rest) for one, (who, *rest) in sold.items()}  # type: ignore[misc]
        if dice.random() < 0.5:
            for one in running:
                one.bring_up()
    for one in running:
        one.bring_up()
    for who in left:
        mine = [(points, name) for owner, points, name in sold.values() if owner == who]
        assert total(running[0], who, "") == naive(5_000_000, sum(points for points, _ in mine) * 1_000)
        for name in names:
            value = sum(points for points, named in mine if named == name) * 1_000
            assert total(running[1], who, name.lower()) == naive(100_000, value)


def total(running: Running, who: str, person: str) -> int:
    """Sum what somebody was paid, with those who were merged into it."""
    own = select(PromotionStanding.id).where(
        PromotionStanding.promotion_id == running.row.id,
        PromotionStanding.distributor_id == running.desk.people[who],
        PromotionStanding.person == person,
    )
    rows: Any = running.desk.session.scalars(
        select(PromotionStanding.paid).where(
            PromotionStanding.id.in_(own) | PromotionStanding.into_id.in_(own),
        )
    )
    return sum(rows)
