"""What roles let people do."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.roles import GRANTS, OF_A_DISTRIBUTOR, Permission, Person, Role, Seat, may

seats = st.builds(
    Seat,
    program_id=st.integers(1, 3),
    role=st.sampled_from(Role),
    distributor_id=st.none() | st.integers(1, 3),
)
somebodies = st.builds(
    Person,
    id=st.just(1),
    login=st.just("a@b"),
    name=st.just("A"),
    platform_owner=st.just(value=False),
    seats=st.lists(seats, max_size=4).map(tuple),
)


@given(somebodies, st.sampled_from(Permission), st.integers(1, 3), st.none() | st.integers(1, 3))
def test_nobody_may_anything_without_a_seat_that_says_so(
    somebody: Person, permission: Permission, program_id: int, distributor_id: int | None
) -> None:
    here = [seat for seat in somebody.seats if seat.program_id == program_id and permission in GRANTS[seat.role]]
    staff = any(seat.role not in OF_A_DISTRIBUTOR for seat in here)
    theirs = distributor_id is not None and any(seat.distributor_id == distributor_id for seat in here)
    assert may(somebody, permission, program_id, distributor_id) == (staff or theirs)
    assert not may(somebody, permission), "outside of a programme only the owner of the platform may anything"


def test_the_owner_of_the_platform_may_everything() -> None:
    owner = Person(1, "a@b", "A", platform_owner=True, seats=())
    assert all(may(owner, permission, 1, 1) and may(owner, permission) for permission in Permission)
