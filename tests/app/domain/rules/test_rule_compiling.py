"""Rules made ready to run: which version judges a day, how amounts become integers, how a matrix falls back."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.documents.catalogue import Catalogue, GroupTree
from app.domain.measures.scale import Scale
from app.domain.program_file.definition import Matrix, PerLine, PerUnit
from app.domain.rules.rule_compiling import check_amounts, compile_rules
from app.domain.rules.rulebook import RuleBook, RuleVersion
from app.domain.states import Unit
from tests.app.domain.profiles import searching

NOBODY = GroupTree((), (), (), ())
NONE = np.zeros(0, dtype=np.int64)
EMPTY = Catalogue(NONE, (), NONE, NOBODY, NONE, (), NONE, (), NOBODY)
FIRST = dt.date(2025, 1, 1)


def book_of(versions: list[RuleVersion], catalogue: Catalogue = EMPTY) -> RuleBook:
    return compile_rules(
        versions,
        catalogue,
        scale=Scale(0, 2),
        stacks={},
        named_days={},
        starts_on=FIRST,
        ends_on=None,
    )


def version(number: int, valid_from: dt.date | None, code: str = "r") -> RuleVersion:
    rule = PerLine(kind="per_line", code=code, name="Rule", points=Decimal(number))
    return RuleVersion(number, 1, number, valid_from, rule)


@searching(300)
@given(st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_newest_version_that_a_day_has_reached_judges_it(starts: list[int | None], dice: object) -> None:
    versions = [
        version(number, None if start is None else FIRST + dt.timedelta(start))
        for number, start in enumerate(starts, start=1)
    ]
    shuffled = list(versions)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    book = book_of(shuffled)
    for day in (FIRST + dt.timedelta(at) for at in range(-1, 8)):
        reached = [one for one in versions if one.valid_from is None or one.valid_from <= day]
        at = np.datetime64(day, "D")
        judging = [
            rule.version.version
            for rule in book.rules
            if (rule.judges_from is None or at >= rule.judges_from)
            and (rule.judges_until is None or at < rule.judges_until)
        ]
        assert judging == ([reached[-1].version] if reached else [])


def test_rules_stand_in_the_order_of_their_codes() -> None:
    versions = [RuleVersion(at, at, 1, None, version(1, None, code).definition) for at, code in enumerate("bCaB")]
    assert [rule.code for rule in book_of(versions).rules] == ["B", "C", "a", "b"]


@pytest.mark.parametrize(
    ("unit", "written", "smallest"),
    [
        (Unit.POINTS, "1", 10),
        (Unit.POINTS, "0.1", 1),
        (Unit.MONEY, "0.10", 10),
        (Unit.MONEY, "123456789012.34", 12345678901234),
        (Unit.POINTS, "0", 0),
    ],
)
def test_amounts_become_integers(unit: Unit, written: str, smallest: int) -> None:
    assert Scale(1, 2).amount(unit, Decimal(written)) == smallest


@pytest.mark.parametrize(("unit", "written"), [(Unit.POINTS, "0.01"), (Unit.MONEY, "0.001")])
def test_amounts_finer_than_the_unit_are_refused(unit: Unit, written: str) -> None:
    with pytest.raises(ValueError, match="more decimals"):
        Scale(1, 2).amount(unit, Decimal(written))


def test_a_rate_per_piece_may_have_six_decimals_more() -> None:
    assert Scale(0, 2).rate_micro(Unit.POINTS, Decimal("0.000001")) == 1
    assert Scale(0, 2).rate_micro(Unit.MONEY, Decimal("0.00000001")) == 1
    with pytest.raises(ValueError, match="more than 6 decimals"):
        Scale(0, 2).rate_micro(Unit.POINTS, Decimal("0.0000001"))
    check_amounts(PerUnit(kind="per_unit", code="r", name="R", points=Decimal("0.000001")), Scale(0, 2))


def test_a_circle_of_groups_is_walked_once() -> None:
    tree = GroupTree(("a", "b", "c"), ("A", "B", "C"), ([], [], []), (1, 0, 1))
    assert tree.path(0) == [0, 1]
    assert tree.path(2) == [2, 1, 0]
    assert tree.with_descendants([1]).tolist() == [True, True, True]
    assert tree.with_descendants([2]).tolist() == [False, False, True]


def grid(**more: object) -> Matrix:
    told = {"kind": "per_unit", "code": "grid", "name": "Grid", **more}
    return Matrix.model_validate(told)


def rate(catalogue: Catalogue, matrix: Matrix, product: int, distributor: int) -> int | None:
    (rule,) = book_of([RuleVersion(1, 1, 1, None, matrix)], catalogue).rules
    assert rule.matrix is not None
    cell = int(rule.matrix.cell_of[product, catalogue.distributor_group[distributor] + 1])
    return None if cell < 0 else int(rule.matrix.rates[cell]) // 10**6


def test_a_missing_cell_falls_back_to_the_parent_group_then_to_the_default() -> None:
    catalogue = Catalogue(
        product_ids=np.asarray([1, 2, 3]),
        product_keys=("bike", "race", "loose"),
        product_group=np.asarray([0, 2, -1]),
        product_groups=GroupTree(("bikes", "road", "race"), ("Bikes", "Road", "Race"), ([], [], []), (-1, 0, 1)),
        distributor_ids=np.asarray([1, 2]),
        distributor_keys=("a", "b"),
        distributor_group=np.asarray([0, -1]),
        distributor_tier=(None, None),
        distributor_groups=GroupTree(("gold",), ("Gold",), (["Au"],), (-1,)),
    )
    rates = {"Bikes": {"gold": 1}, "ROAD": {"au": 2}, "unknown": {"gold": 9}}
    with_default = grid(rates=rates, default=5)
    assert [rate(catalogue, with_default, product, 0) for product in (0, 1, 2)] == [1, 2, 5]
    assert [rate(catalogue, with_default, product, 1) for product in (0, 1, 2)] == [5, 5, 5]
    without = grid(rates=rates)
    assert [rate(catalogue, without, product, 0) for product in (0, 1, 2)] == [1, 2, None]
    assert rate(catalogue, grid(rates={**rates, "race": {"gold": 0}}, default=5), 1, 0) == 0
