"""The engine against a naive reference that somebody else wrote from the rules alone, over random programmes."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.documents.sales import Flags
from tests.app.domain.profiles import searching
from tests.app.domain.random_worlds import CONDITIONS, KINDS, worlds
from tests.app.domain.worlds import Engine, Shown, World, counted, expected
from tests.reference.programme import CAP_ORDER


def totals(told: Shown) -> dict[tuple[str, str], int]:
    """Sum by distributor and unit."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for label, (unit, amount, _, _) in told.items():
        found[label.split(" of ")[1].split(",")[0], unit] += amount
    return dict(found)


def note(met: Counter[str], world: World, told: Shown) -> None:
    """Count what a world met, so that a search that hardly ever awards is noticed."""
    rules = {label.rsplit(", ", 1)[1] for label in told}
    met["worlds"] += 1
    met["with awards"] += bool(told)
    met["several rules"] += len(rules) > 1
    things = [*world.file["products"], *world.file["distributors"]]
    met["moved"] += any(one.get("moves") or one.get("tiers") for one in things)
    met["money"] += any(unit == "money" for unit, _, _, _ in told.values())
    met.update({f"cut by {cut}" for _, _, _, cut in told.values() if cut})
    for rule in [*world.file["earning_rules"], *world.file["matrices"]]:
        if rule["code"] in rules:
            met["matrix" if "rates" in rule else rule["kind"]] += 1
            met.update(f"scope {condition}" for condition in rule.get("scope", {}))


def agree(world: World, met: Counter[str]) -> None:
    """Let the engine and the reference count a world, compare every award, and note what was met."""
    engine = Engine.of(world)
    result = counted(world)
    assert [paper.label for paper in engine.papers] == [
        f"{document.kind} {document.number} of {document.distributor}" for document in result.documents
    ]
    told = engine.told()
    assert told == expected(result)
    sums = totals(told)
    for unit in ("points", "money"):
        for distributor, total in result.per_distributor(unit).items():
            assert sums.get((distributor, unit), 0) == total.awarded
    note(met, world, told)


def test_every_award_is_the_references() -> None:
    met: Counter[str] = Counter()

    @searching(500)
    @given(worlds())
    def compare(world: World) -> None:
        agree(world, met)

    compare()
    assert met["with awards"] > met["worlds"] / 2
    assert met["several rules"] > met["worlds"] / 5
    assert met["moved"] > met["worlds"] / 5
    assert {what for what in (*KINDS, "matrix", "money") if not met[what]} == set()


@pytest.mark.parametrize("about", [*CONDITIONS, *CAP_ORDER])
def test_every_award_of_rules_with_a_condition_or_a_cap_is_the_references(about: str) -> None:
    met: Counter[str] = Counter()

    @searching(40)
    @given(worlds(about=about))
    def compare(world: World) -> None:
        agree(world, met)

    compare()
    assert met[f"scope {about}" if about in CONDITIONS else f"cut by {about}"]


def parts_of(marks: list[int], count: int) -> list[Flags]:
    """Part documents in counting order at these places."""
    edges = [0, *sorted(mark % (count + 1) for mark in marks), count]
    places = np.arange(count)
    return [(places >= low) & (places < high) for low, high in itertools.pairwise(edges)]


@searching(250)
@given(worlds(), st.lists(st.integers(0, 8), min_size=1, max_size=4))
def test_awards_in_several_batches_and_one_by_one_are_those_of_one_batch(world: World, marks: list[int]) -> None:
    engine = Engine.of(world)
    told = engine.told()
    assert engine.told_in_parts(parts_of(marks, len(engine.papers))) == told
    assert engine.told_in_parts(list(np.eye(len(engine.papers), dtype=bool))) == told


@searching(100)
@given(worlds())
def test_shards_of_distributors_earn_what_all_do_unless_a_budget_is_shared(world: World) -> None:
    engine = Engine.of(world)
    assume(not engine.book.budgeted)
    who = engine.sales.documents.distributor_id
    shards = [who == one for one in np.unique(who)[::-1]]
    assert engine.told_in_parts(shards) == engine.told()


@searching(100)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_documents_in_a_file_changes_nothing(world: World, dice: object) -> None:
    numbers = {(paper.issued_on, paper.kind, paper.number) for paper in world.papers}
    assume(len(numbers) == len(world.papers))  # of two equal ones the first of the file counts first
    papers = list(world.papers)
    dice.shuffle(papers)  # type: ignore[attr-defined]
    assert Engine.of(World(world.file, tuple(papers))).told() == Engine.of(world).told()
