"""People of distributors and their cards come from files: invited once, registered once, by token alone."""

from sqlalchemy import select

from app.db.transaction import transaction
from app.models.joining import Invitation
from app.models.prepaid import Card
from tests.importers.driver import Desk

PEOPLE = {"columns": {"distributor": "code", "email": "mail", "name": "name", "role": "role"}}
CARDS = {"columns": {"distributor": "code", "token": "token", "last4": "last4"}}


def invited(desk: Desk) -> list[tuple[str, str, str]]:
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(Invitation.login, Invitation.name, Invitation.role)
            .where(Invitation.program_id == desk.program_id)
            .order_by(Invitation.id)
        ).all()
    return [(login, name, str(role)) for login, name, role in rows]


def test_people_are_invited_once(desk: Desk) -> None:
    desk.load(import_profiles={"people": PEOPLE})
    desk.people("D1", "D2")
    rows = [
        ("D1", "ola@one.example", "Ola", None),
        ("D1", "rep@one.example", "Rafał", "Rep"),
        ("D2", "jan@two.example", "Jan", "Właściciel"),
        ("D2", "iga@two.example", "Iga", "przedstawiciel handlowy"),
        ("D2", "no address", "Nobody", None),
        ("D2", "ewa@two.example", "Ewa", "boss"),
        ("D9", "ala@nine.example", "Ala", None),
    ]
    file = desk.csv(*rows, header=("code", "mail", "name", "role"))
    found = desk.run(file, "people")
    assert found.counts["created"] == 4
    assert desk.codes(found) == {
        6: ("refused", "no_such_value"),
        7: ("refused", "no_such_value"),
        8: ("held", "unknown_distributor"),
    }
    assert invited(desk) == [
        ("ola@one.example", "Ola", "owner"),
        ("rep@one.example", "Rafał", "rep"),
        ("jan@two.example", "Jan", "owner"),
        ("iga@two.example", "Iga", "rep"),
    ]
    again = desk.run(file, "people")
    assert (again.counts["created"], again.counts["duplicates"], len(invited(desk))) == (0, 4, 4)


def test_cards_are_registered_by_token(desk: Desk) -> None:
    desk.load(import_profiles={"cards": CARDS})
    owners = desk.people("D1", "D2", "D3")
    one, two = f"{desk.code}:one", f"{desk.code}:two"
    header = ("code", "token", "last4")
    rows = [
        ("D1", one, "1234"),
        ("D2", one, "1234"),
        ("D3", "x", "12"),
        ("D9", "tok", "1"),
    ]
    found = desk.run(desk.csv(*rows, header=header), "cards")
    assert desk.codes(found) == {
        3: ("refused", "no_card"),
        4: ("refused", "no_card"),
        5: ("held", "unknown_distributor"),
    }
    replaced = desk.run(desk.csv(("D1", two, "5678"), header=header), "cards")
    assert replaced.counts["created"] == 1
    assert desk.run(desk.csv(("D1", two, "5678"), header=header), "cards").counts["duplicates"] == 1
    with transaction(desk.registry) as session:
        cards = session.execute(select(Card.token, Card.active).where(Card.distributor_id == owners["D1"])).all()
    assert sorted(tuple(one) for one in cards) == [(one, False), (two, True)]


def test_an_older_file_brings_no_card_back_that_was_replaced(desk: Desk) -> None:
    desk.load(import_profiles={"cards": CARDS})
    owners = desk.people("D1", "D2")
    one, two, other = (f"{desk.code}:{name}" for name in ("one", "two", "other"))
    header = ("code", "token", "last4")
    older = desk.csv(("D1", one, "1234"), ("D2", other, "4321"), header=header)
    assert desk.run(older, "cards").counts["created"] == 2
    desk.run(desk.csv(("D1", two, "5678"), header=header), "cards")
    again = desk.run(older, "cards")
    assert desk.codes(again) == {2: ("refused", "no_card")}
    assert (again.counts["created"], again.counts["duplicates"]) == (0, 1)
    with transaction(desk.registry) as session:
        active = session.execute(select(Card.token).where(Card.distributor_id == owners["D1"], Card.active)).all()
    assert [tuple(each) for each in active] == [(two,)]


def test_last_digits_are_read_as_statements_read_them(desk: Desk) -> None:
    desk.load(import_profiles={"cards": CARDS})
    owners = desk.people("D1", "D2", "D3", "D4", "D5", "D6", "D7")
    header = ("code", "token", "last4")
    cells = [42, "**** 0042", "XXXX-XXXX-XXXX-0042", "12345", "none", "4111 1111 1111 1112", "**** **** 42"]
    rows = [(f"D{at}", f"{desk.code}:{at}", cell) for at, cell in enumerate(cells, 1)]
    file = desk.xlsx(*rows, header=header)
    found = desk.run(file, "cards")
    assert desk.codes(found) == {
        5: ("refused", "no_such_value"),
        6: ("refused", "no_such_value"),
        7: ("refused", "no_card"),
        8: ("refused", "no_such_value"),
    }
    told = desk.problems(found.batch_id)
    assert told[5][1] == [
        {"code": "no_such_value", "field": "last4", "found": "'12345'", "expected": "0042, **** 0042"}
    ]
    assert "4111" not in repr(told[7])
    with transaction(desk.registry) as session:
        mine = select(Card.last4).where(Card.distributor_id.in_(owners.values()))
        assert session.scalars(mine).all() == ["0042"] * 3
    assert desk.run(file, "cards").counts["duplicates"] == 3


def test_the_number_of_a_card_refuses_the_file(desk: Desk) -> None:
    desk.load(import_profiles={"cards": CARDS})
    desk.people("D1")
    message = desk.refused(desk.csv(("D1", "4111111111111111", "1111"), header=("code", "token", "last4")), "cards")
    assert "payment card" in message
    assert "4111" not in message


def test_a_file_that_is_named_after_a_card_keeps_the_last_four_digits_of_its_name(desk: Desk) -> None:
    desk.load(import_profiles={"cards": CARDS})
    desk.people("D1")
    file = desk.csv(("D1", f"{desk.code}:one", "1111"), header=("code", "token", "last4"))
    found = desk.run(file, "cards", name="karta 4111 1111 1111 1111.csv")
    assert found.file_name == "karta •••• •••• •••• 1111.csv"
