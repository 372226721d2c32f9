"""What people reach in a promotion of people is theirs where the programme shares, and stays theirs."""

from app.models.promotions import PromotionStanding
from app.services.persons import opening
from tests.app.services.promotions.running import Running
from tests.support import programs
from tests.support.desk import Opening, Standing
from tests.support.programs import NOW

OF_PEOPLE = {"participants": "persons", "target": {"default": 1_000}}


def test_a_step_is_paid_to_the_person_who_reached_it_and_taken_back_from_there(open_desk: Opening) -> None:
    desk = open_desk(program={"accounts": {"shares": {"to": "person"}}})
    desk.people["D1:P1"] = opening.open_account(
        desk.session, desk.program, desk.people["D1"], "Ewa Kos", actor="ann", now=NOW
    )
    running = Running(desk, **OF_PEOPLE)
    desk.invoice("1", 100, person="Ewa Kos")
    desk.invoice("2", 100, person="Jan Żuk")
    assert running.paid(person="ewa kos") == running.paid(person="jan żuk") == 1_000
    assert desk.points("D1:P1") == Standing(0, 100 + 1_000)
    assert desk.points("D1") == Standing(0, 100 + 1_000), "Jan has no account: what he reached is the company's"
    programs.load(
        desk.session, programs.document(desk.program.code, program={"accounts": {"shares": {"to": "company"}}})
    )
    opening.open_account(desk.session, desk.program, desk.people["D1"], "Jan Żuk", actor="ann", now=NOW)
    for number in ("1", "2"):
        desk.credit(f"R{number}", 30, corrects=number)
    assert running.paid(person="ewa kos") == running.paid(person="jan żuk") == 0
    assert desk.points("D1:P1") == Standing(0, 70)
    assert desk.points("D1") == Standing(0, 70)


def test_accounts_of_people_take_no_part_in_a_promotion_of_companies(open_desk: Opening) -> None:
    desk = open_desk(program={"accounts": {"shares": {"to": "person"}}})
    opening.open_account(desk.session, desk.program, desk.people["D1"], "Ewa Kos", actor="ann", now=NOW)
    running = Running(desk)
    running.bring_up()
    standings = desk.rows(PromotionStanding, promotion_id=running.row.id)
    assert {one.distributor_id for one in standings} == set(desk.people.values())
