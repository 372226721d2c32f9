"""Shares of people: nothing is lost, and what comes back comes from where it went."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.measures.sharing import parts_of
from app.domain.program_file.point_shares import Each, Shares, Taken, division, grown
from tests.app.domain.profiles import searching
from tests.reference.shares import Book, equal_parts, part_of_person

SHARE = st.integers(1, 10_000)
ACCOUNTS = st.lists(st.integers(0, 5), min_size=1, max_size=6)


def parts(total: int, share_bp: int) -> list[int]:
    """Divide with one person, who has an account."""
    return divided(total, share_bp, [1])


def divided(total: int, share_bp: int, accounts: list[int], each: Each = "equal") -> list[int]:
    found = division(share_bp, accounts, each)
    if found is None:
        return [total]
    (given,) = grown(*(np.asarray([one], dtype=np.int64) for one in (total, found.all, found.once))).tolist()
    return parts_of(given, [found.company, *found.people.values()])


@searching(250)
@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_parts_are_those_of_the_largest_remainder(total: int, share: int) -> None:
    person = part_of_person(total, share)
    assert parts(total, share) == ([total - person, person] if share else [total])


@searching(250)
@given(st.integers(0, 10**9), st.integers(0, 10_000), ACCOUNTS)
def test_several_get_equal_parts_and_whoever_has_no_account_leaves_theirs_with_the_company(
    total: int, share: int, accounts: list[int]
) -> None:
    found = divided(total, share, accounts)
    assert found == equal_parts(total, share, accounts)
    assert sum(found) == total


@searching(250)
@given(st.integers(0, 10**6), SHARE, st.lists(st.integers(0, 5), min_size=1, max_size=6, unique=True))
def test_each_gets_the_whole(total: int, share: int, accounts: list[int]) -> None:
    having = [one for one in accounts if one]
    company, *people = divided(total, share, accounts, "whole")
    assert len(people) == len(having)
    once = parts(total, share)[1]
    assert all(abs(one - once) <= 1 for one in people), "what one alone would get"
    if share == 10_000 and having:
        assert (company, people) == (0, [total] * len(having))


@searching(250)
@given(st.integers(1, 500), SHARE, st.lists(st.integers(1, 60), max_size=30))
def test_what_comes_back_in_pieces_leaves_neither_with_more_than_its_part(
    total: int, share_bp: int, pieces: list[int]
) -> None:
    part = part_of_person(total, share_bp)
    taken, left = Taken([total - part, part]), total
    for wanted in [*pieces, total]:
        amount = min(wanted, left)
        if not amount:
            break
        before = taken.back[1]
        company, mine = taken.take(amount)
        left -= amount
        assert 0 <= mine <= amount == company + mine
        assert taken.back[1] == before + mine <= part
        assert taken.back[0] <= total - part
        assert sum(taken.back) == total - left
    exact = Fraction(part * (total - left), total)
    assert abs(taken.back[1] - exact) <= Fraction(1, 2), "in proportion to what each was given"


@searching(250)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=6), st.lists(st.integers(1, 40), max_size=20))
def test_what_comes_back_of_several_leaves_nothing_when_all_is_back(shares: list[int], pieces: list[int]) -> None:
    taken, left = Taken(list(shares)), sum(shares)
    for wanted in [*pieces, left]:
        amount = min(wanted, left)
        before, found = list(taken.back), taken.take(amount)
        left -= amount
        assert sum(found) == amount
        assert min(found) >= 0
        assert taken.back == [was + part for was, part in zip(before, found, strict=True)]
        assert all(back <= had for back, had in zip(taken.back, shares, strict=True))
        exact = [Fraction(had * sum(taken.back), sum(shares) or 1) for had in shares]
        assert all(abs(back - one) < len(shares) for back, one in zip(taken.back, exact, strict=True))
    taken.take(left)
    assert taken.back == shares


@searching(250)
@given(st.integers(1, 200), SHARE, st.data())
def test_returns_that_are_refused_afterwards_give_back_what_they_took(
    total: int, share_bp: int, data: st.DataObject
) -> None:
    part = part_of_person(total, share_bp)
    standing: list[tuple[int, int]] = []
    for _ in range(data.draw(st.integers(1, 12))):
        if standing and data.draw(st.booleans()):
            standing.pop(data.draw(st.integers(0, len(standing) - 1)))
            continue
        company, person = (sum(one[at] for one in standing) for at in (0, 1))
        left = total - company - person
        if not left:
            continue
        amount = data.draw(st.integers(1, left))
        mine = Taken([total - part, part], [company, person]).take(amount)[1]
        standing.append((amount - mine, mine))
        assert company + amount - mine <= total - part
        assert person + mine <= part


DOCUMENTS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10_000)), min_size=1, max_size=4)
RETURNS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 15)), max_size=12)


@searching(250)
@given(DOCUMENTS, RETURNS)
def test_a_sequence_of_sales_and_returns_is_the_references(
    documents: list[tuple[int, int]], returns: list[tuple[int, int]]
) -> None:
    book, standing = Book(), []
    for total, share_bp in documents:
        book.sell(total, share_bp)
        company, *person = parts(total, share_bp)
        standing.append(Taken([company, sum(person)]))
    for at, wanted in returns:
        which = at % len(documents)
        one = standing[which]
        amount = min(wanted, sum(one.given) - sum(one.back))
        if amount:
            one.take(amount)
            book.give_back(which, amount)
    company, person = (sum(one.given[at] - one.back[at] for one in standing) for at in (0, 1))
    assert (company, person) == book.left()


def test_shares_say_how_much_and_nothing_else_does() -> None:
    assert [Shares().of_person, Shares(to="person").of_person] == [0, 10_000]
    assert Shares(to="shares", person_bp=7_000).of_person == 7_000
    for wrong in ({"to": "shares"}, {"person_bp": 5_000}, {"to": "shares", "person_bp": 10_000}):
        with pytest.raises(ValidationError):
            Shares.model_validate(wrong)
