"""An invoice was claimed, and the sponsor's own report brings it as well: it counts once, and stays whose it was."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.models.claims import Attachment, Claim, SoldSerial
from app.models.messages import Notice
from app.services.goods import catalogue
from app.services.persons import opening
from tests.support.desk import CORRECTING, CREDIT, Desk, Opening
from tests.support.programs import NOW
from verification.claiming import claims
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine
from verification.claiming.claims import NotReady
from verification.deciding import decisions

EWA = "Ewa Kos"
DAY = dt.date(2026, 11, 20)


def claim(desk: Desk, number: str, *units: str, person: str | None = EWA, what: str = "P", who: str = "D1") -> int:
    """Claim ten pieces for 100.00; they earn ten points."""
    line = ClaimedLine(product_id=desk.goods[what], quantity_milli=10_000, net_minor=100_00, serials=units)
    given = ClaimedInvoice(number, DAY, lines=(line,))
    by = {"person": person, "actor": "ewa", "now": NOW}
    draft = claims.keep(desk.session, desk.program, desk.people[who], f"claim {number}", given, **by)
    return claims.send(desk.session, desk.program, draft, actor="ewa", now=NOW)


def report(desk: Desk, number: str, points: int, **more: object) -> tuple[int, bool, bool]:
    """Bring it by a report that may correct: its status, and whether it was here or contradicts what is here."""
    found = desk.invoice(number, points, issued_on=DAY.isoformat(), source=CORRECTING, **more)
    return int(found.status[0]), bool(found.duplicate[0]), bool(found.conflict[0])


def with_accounts(open_desk: Opening) -> Desk:
    desk = open_desk(program={"accounts": {"shares": {"to": "person"}}})
    desk.people["D1:P1"] = opening.open_account(
        desk.session, desk.program, desk.people["D1"], EWA, actor="ann", now=NOW
    )
    return desk


def test_a_report_that_names_nobody_says_the_same(open_desk: Opening) -> None:
    desk = with_accounts(open_desk)
    claim(desk, "1")
    assert report(desk, "1", 10) == (0, True, False)
    assert report(desk, "1", 10, person=EWA) == (0, True, False)
    assert desk.points("D1:P1").available == 10


def test_what_a_report_corrects_stays_whose_it_was(open_desk: Opening) -> None:
    desk = with_accounts(open_desk)
    claim(desk, "1")
    assert report(desk, "1", 7) == (1, False, False)
    assert (desk.document("1").person, desk.points("D1:P1").available, desk.points("D1").available) == (EWA, 7, 0)
    assert report(desk, "1", 7) == (0, True, False), "the same file once more"
    assert report(desk, "1", 8, person="Tom Lis") == (1, False, False)
    assert (desk.document("1").person, desk.points("D1:P1").available, desk.points("D1").available) == ("Tom Lis", 0, 8)


@pytest.mark.parametrize("person", [None, EWA])
def test_whoever_registered_an_invoice_is_told_once_that_a_report_corrected_it(desk: Desk, person: str | None) -> None:
    claim(desk, "1", person=person)
    report(desk, "1", 10)
    assert desk.rows(Notice, program_id=desk.program.id) == [], "it says the same"
    report(desk, "1", 7, person="Tom Lis")
    report(desk, "1", 7, person="Tom Lis")
    report(desk, "2", 7)
    report(desk, "2", 8)
    (told,) = desk.rows(Notice, program_id=desk.program.id)
    named = {"number": "1"} | ({"person": person} if person else {})
    assert (told.kind, told.distributor_id, told.parts) == ("document_corrected", desk.people["D1"], named)
    assert told.address == f"/programs/{desk.program.code}/documents/{desk.document('1').id}"


def test_claim_and_proofs_go_along_with_what_a_report_corrects(desk: Desk) -> None:
    was = claim(desk, "1")
    stored = {"place": 1, "file_name": "photo.jpg", "media_type": "image/jpeg", "file_bytes": 9, "pages": 1}
    desk.session.add(
        Attachment(
            **stored,
            program_id=desk.program.id,
            document_id=was,
            file_sha256=b"f" * 32,
            added_by="ewa",
            added_at=NOW,
        )
    )
    desk.session.flush()
    report(desk, "1", 7)
    since = desk.document("1").id
    desk.session.expire_all()
    assert [one.document_id for one in desk.rows(Claim, program_id=desk.program.id)] == [since]
    assert [one.document_id for one in desk.rows(Attachment, program_id=desk.program.id)] == [since]


def test_units_count_once_after_a_report_corrected_their_claim(desk: Desk) -> None:
    catalogue.number_units(desk.session, desk.program, desk.goods["Q"], has_serials=True, actor="ann", now=NOW)
    claim(desk, "1", *(f"SN{at}" for at in range(10)), what="Q")
    lines = [
        desk.line("1", 0, what="P", quantity=1, net_minor=5_00, issued_on=DAY.isoformat()),
        desk.line("1", 0, what="Q", quantity=7, net_minor=70_00, issued_on=DAY.isoformat()),
        desk.line("1", 0, what="Q", quantity=2, net_minor=20_00, issued_on=DAY.isoformat()),
    ]
    desk.sell(*lines, source=CORRECTING)
    of_lines = select(SoldSerial.line_number, SoldSerial.serial).where(SoldSerial.document_id == desk.document("1").id)
    assert desk.session.execute(of_lines.order_by(SoldSerial.serial)).all() == [
        *((2, f"SN{at}") for at in range(7)),
        *((3, f"SN{at}") for at in (7, 8)),
    ]
    with pytest.raises(NotReady) as found:
        claim(desk, "2", *(f"SN{at}" for at in range(8, 18)), what="Q", who="D2")
    assert [one.code for one in found.value.problems] == ["serial_here"]
    claim(desk, "3", *(f"SN{at}" for at in range(9, 19)), what="Q", who="D2")


def test_what_a_person_refused_of_a_corrected_claim_stays_refused(desk: Desk) -> None:
    claim(desk, "1")
    report(desk, "1", 7)
    desk.refuse("1")
    assert report(desk, "1", 7) == (0, True, False)
    assert desk.points().available == 0


@pytest.mark.parametrize("person", [None, EWA])
def test_what_was_claimed_does_not_wait_to_be_claimed_once_a_report_corrects_it(
    open_desk: Opening, person: str | None
) -> None:
    desk = open_desk(program={"verification": {"people_per_sale": 2, "loaded_sales_count": "when_claimed"}})
    claim(desk, "1", person=person)
    assert report(desk, "1", 7) == (1, False, False)
    assert desk.points().available == 7
    assert report(desk, "1", 6) == (1, False, False)
    assert desk.points().available == 6
    assert report(desk, "2", 9) == (1, False, False)
    assert desk.points().available == 6, "nobody claimed that one"


def test_a_claim_that_was_refused_says_nothing_of_a_report(desk: Desk) -> None:
    claim(desk, "1")
    desk.refuse("1")
    assert report(desk, "1", 10) == (1, False, False)
    assert (desk.document("1").person, desk.points().available) == (None, 10)


def test_what_is_accepted_in_part_of_a_corrected_claim_keeps_its_name(desk: Desk) -> None:
    claim(desk, "1")
    report(desk, "1", 7)
    now_is = decisions.reopen(desk.session, desk.program, desk.document("1").id, reason="look", actor="ann", now=NOW)
    how = {"reason": "four of them", "actor": "bob", "now": NOW}
    decisions.accept_in_part(desk.session, desk.program, now_is, {1: 4_000}, **how)
    assert (desk.document("1").person, desk.points().available) == (EWA, 4)
    assert report(desk, "1", 7) == (0, True, False), "the rest of it was refused"
    desk.credit("K1", 4, corrects="1", issued_on=DAY.isoformat())
    assert (desk.document("K1", CREDIT).person, desk.points().available) == (None, 0)
