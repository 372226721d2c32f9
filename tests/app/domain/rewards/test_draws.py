"""A draw can be done over by anybody with the seed and the list, and by nobody before."""

import hashlib
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.domain.rewards.draws import keeps, list_hash, promise, winners

SEED = bytes(range(32))


@given(seed=st.binary(min_size=32, max_size=32), tickets=st.integers(1, 60), prizes=st.integers(1, 10))
def test_the_winners_are_those_whose_hash_is_smallest(seed: bytes, tickets: int, prizes: int) -> None:
    named = [str(one) for one in range(1, tickets + 1)]
    listed = hashlib.sha256("".join(one + "\n" for one in named).encode()).hexdigest()
    assert list_hash(named) == listed
    lots = {one: hashlib.sha256(seed + f"\n{listed}\n{one}\n".encode()).hexdigest() for one in named}
    assert winners(seed, named, prizes) == sorted(named, key=lots.__getitem__)[:prizes]
    assert winners(seed, list(reversed(named)), 0) == []


def test_a_promise_is_kept_by_its_seed_alone() -> None:
    assert keeps(SEED, promise(SEED))
    assert not keeps(SEED[::-1], promise(SEED))


def test_one_ticket_more_makes_it_another_draw() -> None:
    first = [winners(SEED, [str(one) for one in range(1, count + 1)], 1)[0] for count in range(5, 60)]
    assert len(set(first)) > 10


def test_every_ticket_has_the_same_chance() -> None:
    named = [str(one) for one in range(1, 6)]
    won = Counter(winners(hashlib.sha256(str(at).encode()).digest(), named, 1)[0] for at in range(5_000))
    assert all(850 < count < 1_150 for count in won.values())
