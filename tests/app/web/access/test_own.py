"""What is whose: the name that came with a role counts, and not what people call themselves."""

from app.domain.roles import Person, Role, Seat
from app.web.access.own import is_own, own_names

ELSEWHERE = Seat(1, Role.REP, 6, "Ewa Kos")
REP = Person(7, "jan@sales.example", "Beata Gil", False, (Seat(1, Role.REP, 5, "Jan Żuk"), ELSEWHERE))


def test_a_rep_is_known_by_sign_in_name_and_by_the_name_that_came_with_the_role() -> None:
    assert is_own(REP, 5, " jan ŻUK ")
    assert is_own(REP, 5, "JAN@sales.example")
    assert own_names(REP, 1, 5) == ["jan@sales.example", "jan żuk"]


def test_a_name_that_somebody_took_in_their_profile_opens_nothing_of_a_colleagues() -> None:
    assert not is_own(REP, 5, "Beata Gil")
    assert not is_own(REP, 5, None)


def test_a_name_at_one_distributor_opens_nothing_at_another() -> None:
    assert not is_own(REP, 5, "Ewa Kos")
    assert is_own(REP, 6, "Ewa Kos")


def test_an_owner_sees_whatever_name_it_bears() -> None:
    assert own_names(Person(8, "o@sales.example", "O", False, (Seat(1, Role.OWNER, 5, "O"),)), 1, 5) is None
