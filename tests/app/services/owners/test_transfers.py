"""Points that one participant gives to another."""

import datetime as dt

import pytest

from app.domain.states import Bucket, LotState, TransactionKind
from app.models.ledger import Lot
from app.services.owners import transfers
from app.services.owners.errors import NotWaiting, OwnersError, SamePerson
from tests.app.services.owners.conftest import Meeting
from tests.support.desk import LotSeen, Standing
from tests.support.programs import NOW


def test_what_expires_first_is_given_and_stays_what_it_was(open_owners: Meeting) -> None:
    desk, owners = open_owners(expiry={"months_after_award": 3})
    desk.invoice("1", 5, now=NOW - dt.timedelta(days=40))
    desk.invoice("2", 4)
    first, second = desk.lots()
    made = owners.give("D1", "D2", 7)
    assert (desk.points("D1"), desk.points("D2")) == (Standing(0, 2), Standing(0, 7))
    old, new = desk.lots()[first], desk.lots()[second]
    assert list(desk.lots("D2").values()) == [
        LotSeen(LotState.OPEN, 5, old.expires_on),
        LotSeen(LotState.OPEN, 2, new.expires_on),
    ]
    origin, moved = (desk.rows(Lot, account_id=desk.account(who))[0] for who in ("D1", "D2"))
    assert (moved.earned_on, moved.unit_value_micro) == (origin.earned_on, origin.unit_value_micro)
    done = desk.transactions(TransactionKind.TRANSFER)
    assert [one.key for one in done] == [f"transfer:{made}:{first}", f"transfer:{made}:{second}"]
    assert desk.entries(done[0].id) == [("D1", Bucket.AVAILABLE, -5), ("D2", Bucket.AVAILABLE, 5)]
    assert (desk.balance("D1").adjusted, desk.balance("D2").adjusted) == (-7, 7)


def test_what_is_given_pays_first_what_the_receiver_owes(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    desk.adjust(-3, who="D2")
    owners.give("D1", "D2", 4)
    assert (desk.points("D1"), desk.points("D2"), desk.left("D2")) == (Standing(0, 1), Standing(0, 1), [1])


def test_what_is_asked_twice_is_one_transfer_and_is_decided_once(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    asked = owners.ask("D1", "D2", 3, key="a")
    assert owners.ask("D1", "D2", 3, key="a") == asked
    with pytest.raises(OwnersError, match="under this key"):
        owners.ask("D1", "D2", 4, key="a")
    with pytest.raises(SamePerson):
        owners.approve(asked, actor="Ann")
    with pytest.raises(OwnersError, match="lets others approve"):
        owners.approve(asked, roles=("viewer",))
    owners.approve(asked)
    with pytest.raises(NotWaiting):
        owners.approve(asked)
    assert desk.points("D2") == Standing(0, 3)


@pytest.mark.parametrize(
    ("rules", "asked", "code"),
    [
        ({"asked_by": "nobody"}, {}, "not_allowed"),
        ({"asked_by": "administrators"}, {"by_participant": True}, "not_allowed"),
        ({"least": 4}, {}, "too_few"),
        ({"most_a_month": 4}, {"amount": 5}, "too_many"),
        ({}, {"amount": 11}, "uncovered"),
        ({}, {"receiver": "D1"}, "no_participants"),
        ({}, {"note": " "}, "note"),
        ({}, {"note": "card 4111 1111 1111 1111"}, "note"),
    ],
)
def test_the_programme_says_what_may_be_given(
    open_owners: Meeting, rules: dict[str, object], asked: dict[str, object], code: str
) -> None:
    desk, owners = open_owners(transfers=rules)
    desk.invoice("1", 10)
    given = {"giver": "D1", "receiver": "D2", "amount": 3} | asked
    with pytest.raises(OwnersError) as refused:
        owners.ask(**given)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_what_was_asked_in_a_month_counts_until_it_is_refused(open_owners: Meeting) -> None:
    desk, owners = open_owners(transfers={"most_a_month": 5})
    desk.invoice("1", 10)
    first = owners.ask("D1", "D2", 3)
    with pytest.raises(OwnersError) as refused:
        owners.ask("D1", "D3", 3)
    assert refused.value.figures == {"left": 2}
    transfers.refuse(desk.session, desk.program, first, note="no", actor="ben", now=NOW)
    owners.give("D1", "D3", 5)
    december = NOW + dt.timedelta(days=20)
    assert transfers.left_this_month(desk.session, desk.program, desk.people["D1"], december) == 5


def test_points_that_are_gone_meanwhile_are_not_given(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    asked = owners.ask("D1", "D2", 4)
    desk.reserve(3)
    with pytest.raises(OwnersError, match="does not have so many"):
        owners.approve(asked)
