"""Head offices and branches: what is said of all at once leaves one level, in whatever order it is said."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.documents.hierarchy import Misplaced, misplaced

HERE: dict[str, str | None] = {"hq": None, "b1": "hq", "b2": "hq", "solo": None}


def test_a_branch_stands_below_a_head_office_and_moves_to_another() -> None:
    assert misplaced(HERE, {"solo": "hq"}) == {}
    assert misplaced(HERE, {"b1": "solo", "b2": "solo", "hq": "solo"}) == {}, "all of them at once"


def test_each_reason_is_told() -> None:
    assert misplaced(HERE, {"solo": "nobody"}) == {"solo": Misplaced.UNKNOWN}
    assert misplaced(HERE, {"solo": "solo"}) == {"solo": Misplaced.ITSELF}
    assert misplaced(HERE, {"solo": "b1"}) == {"solo": Misplaced.A_BRANCH}
    assert misplaced(HERE, {"hq": "solo"}) == {"hq": Misplaced.HAS_BRANCHES}


def test_a_circle_and_a_chain_are_refused_wherever_they_begin() -> None:
    circle = misplaced(HERE, {"solo": "hq", "hq": "solo"})
    assert circle == {"solo": Misplaced.A_BRANCH, "hq": Misplaced.A_BRANCH}
    chain = misplaced(HERE | {"x": None}, {"x": "solo", "solo": "hq"})
    assert chain == {"x": Misplaced.A_BRANCH, "solo": Misplaced.HAS_BRANCHES}


NAMES = st.sampled_from([f"d{number}" for number in range(6)])


@st.composite
def forests(draw: st.DrawFn) -> dict[str, str | None]:
    """Draw distributors of one level."""
    offices = draw(st.sets(NAMES, min_size=1))
    rest = {f"d{number}" for number in range(6)} - offices
    choice = st.one_of(st.none(), st.sampled_from(sorted(offices)))
    return dict.fromkeys(offices) | {one: draw(choice) for one in sorted(rest)}


@given(here=forests(), said=st.dictionaries(NAMES, st.one_of(NAMES, st.just("nobody"))))
def test_what_is_left_is_one_level_whatever_comes_first(here: dict[str, str | None], said: dict[str, str]) -> None:
    assert misplaced(here, said) == misplaced(here, dict(reversed(said.items())))
    while wrong := misplaced(here, said):
        said = {one: office for one, office in said.items() if one not in wrong}
    above = {**here, **said}
    assert all(office is None or above[office] is None for office in above.values())
