"""The gate: what is here already, what changed, what is decided, and that each document counts once (rules.md 5, 9)."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.domain.documents.numbering import number_key
from app.domain.program_file.tier_settings import Metric
from app.domain.states import DocumentKind, DocumentStatus, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.sales import SalesDocument, SalesLine
from app.services.reporting.tier_metrics import Question, counted
from app.services.rulebooks import rules_of
from tests.support import programs
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Desk, Opening, Standing
from tests.support.programs import NOW
from tests.support.sales import Sold, incoming
from verification.gate import Admission, admit
from verification.incoming import Source, document_keys
from verification.recognising import content_hashes

ACCEPTED, REVIEW, REFUSED, SUPERSEDED, _UNDONE = DocumentStatus


def codes(admission: Admission, at: int = 0) -> list[str]:
    return [reason["code"] for reason in admission.reasons.get(at, [])]


def stored(desk: Desk) -> list[tuple[str, DocumentStatus]]:
    desk.session.expire_all()
    return [(one.number, one.status) for one in desk.rows(SalesDocument, program_id=desk.program.id)]


# accepted, review, refused


def test_a_document_that_passes_every_check_is_stored_as_it_came(desk: Desk) -> None:
    sold = desk.line("FV 1/2026", 10, issued_on="2026-03-09", minute=615, outlet="Centre", channel="shop")
    batch = Source(name="import", policy="accept", may_correct=False, actor="ann")
    admission = desk.sell(sold, source=batch)
    assert admission.status.tolist() == [ACCEPTED]
    assert not admission.duplicate.any()
    assert not admission.conflict.any()
    assert (admission.reasons, admission.corrected) == ({}, 0)
    one = desk.document("FV 1/2026")
    assert (one.status, one.kind, one.source, one.reasons) == (ACCEPTED, DocumentKind.INVOICE, "import", None)
    assert (one.number, one.number_key) == ("FV 1/2026", number_key("FV 1/2026", 2026))
    assert one.issued_on == dt.date(2026, 3, 9)
    assert (one.issued_minute, one.outlet, one.channel) == (615, "Centre", "shop")
    assert (one.distributor_id, one.net_minor, one.line_count) == (desk.people["D1"], 100_00, 1)
    (line,) = desk.rows(SalesLine, document_id=one.id)
    assert (line.line_number, line.product_id, line.quantity_milli) == (1, desk.goods["P"], 10_000)
    assert (line.net_minor, line.gross_minor, line.unit_price_micro, line.discounted) == (100_00, None, None, None)


@pytest.mark.parametrize(("quantity_sign", "amount_sign"), [(-1, -1), (1, -1), (-1, 1), (1, 1)])
def test_a_credit_note_gives_back_whatever_sign_its_source_writes(
    desk: Desk, quantity_sign: int, amount_sign: int
) -> None:
    desk.sell(desk.line("1", 100), desk.line("1", quantity=100, net_minor=-20_00))
    whole = [(4, 40_00), (1, 10_00)]
    lines = [
        desk.line(
            "K1", quantity=one * quantity_sign, net_minor=net * amount_sign, gross_minor=net * amount_sign, kind=CREDIT
        )
        for one, net in whole
    ]
    lines.append(desk.line("K1", quantity=quantity_sign, net_minor=-5_00 * amount_sign, kind=CREDIT))
    admission = desk.sell(*lines, totals={"K1": 45_00 * amount_sign})
    assert (admission.status.tolist(), admission.unmatched_lines) == ([ACCEPTED], [])
    note = desk.document("K1", CREDIT)
    stored = [(one.quantity_milli, one.net_minor, one.gross_minor) for one in desk.rows(SalesLine, document_id=note.id)]
    assert stored == [(-4_000, -40_00, -40_00), (-1_000, -10_00, -10_00), (-1_000, 5_00, None)]
    assert note.net_minor == -45_00
    sold = counted(desk.session, Metric.AMOUNT, [Question(desk.people["D1"], (None, None))])
    assert sold.tolist() == [1_000_00 - 20_00 - 45_00]
    assert desk.points().available == 98 - 5
    assert desk.sell(*lines).duplicate.tolist() == [True]


def test_a_source_whose_documents_are_reviewed_gets_them_reviewed(desk: Desk) -> None:
    admission = desk.invoice("1", 10, source=IN_REVIEW)
    assert admission.status.tolist() == [REVIEW]
    assert codes(admission) == ["review_by_policy"]
    assert desk.document("1").reasons == [{"code": "review_by_policy", "severity": "review"}]
    assert desk.points() == Standing(pending=10, available=0)


def test_outside_the_programmes_dates_nothing_counts(desk: Desk) -> None:
    days = ["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"]
    admission = desk.sell(*[desk.line(str(n), 10, issued_on=day) for n, day in enumerate(days)])
    assert admission.status.tolist() == [REFUSED, ACCEPTED, ACCEPTED, REFUSED]
    assert desk.points() == Standing(0, 20)


def test_a_blocked_distributors_documents_are_refused(desk: Desk) -> None:
    desk.session.get_one(Distributor, desk.people["D2"]).blocked = True
    admission = desk.sell(desk.line("1", 10), desk.line("2", 10, who="D2"))
    assert admission.status.tolist() == [ACCEPTED, REFUSED]
    assert codes(admission, 1) == ["distributor_blocked"]


def test_a_stated_total_that_the_lines_do_not_make_is_reviewed(desk: Desk) -> None:
    admission = desk.sell(desk.line("1", 10), desk.line("2", 10), totals={"1": 100_00, "2": 100_01})
    assert admission.status.tolist() == [ACCEPTED, REVIEW]
    assert admission.reasons == {
        1: [{"code": "total_differs", "severity": "review", "found": "100.00", "expected": "100.01"}]
    }


def test_the_gravest_verdict_counts_and_every_reason_is_kept(desk: Desk) -> None:
    desk.session.get_one(Distributor, desk.people["D1"]).blocked = True
    admission = desk.sell(desk.line("1", 10, issued_on="2025-12-31"), source=IN_REVIEW, totals={"1": 1})
    assert admission.status.tolist() == [REFUSED]
    assert codes(admission) == ["outside_program", "distributor_blocked", "total_differs"]


def test_nothing_comes_in_and_nothing_happens(desk: Desk) -> None:
    assert desk.sell().status.tolist() == []


# here already


def test_the_same_document_again_changes_nothing(desk: Desk) -> None:
    desk.invoice("1", 10)
    before = (stored(desk), desk.newest().id, desk.points())
    for source in (None, CORRECTING, IN_REVIEW):
        admission = desk.invoice("1", 10, source=source)
        assert admission.duplicate.tolist() == [True]
        assert admission.status.tolist() == [0]
        assert (admission.awarded[Unit.POINTS], admission.reasons) == (0, {})
        assert (stored(desk), desk.newest().id, desk.points()) == before


@pytest.mark.parametrize("written", ["fv 7/03/2026", "FV/007/03/2026", "7-03-26", "FV 7/O3/2O26", "fv\u200b 7/03/2026"])
def test_a_number_written_in_another_way_is_the_same_document(desk: Desk, written: str) -> None:
    desk.invoice("FV 7/03/2026", 10)
    assert desk.invoice(written, 10).duplicate.tolist() == [True]
    assert desk.points() == Standing(0, 10)


def test_lines_in_another_order_are_the_same_document(desk: Desk) -> None:
    lines = [desk.line("1", 3), desk.line("1", 4, what="Q"), desk.line("1", 3)]
    desk.sell(*lines)
    assert desk.sell(*lines[::-1]).duplicate.tolist() == [True]


def test_two_equal_lines_are_two_sales_and_not_one(desk: Desk) -> None:
    desk.sell(desk.line("1", 3), desk.line("1", 3))
    assert desk.points() == Standing(0, 6)
    assert desk.sell(desk.line("1", 3)).conflict.tolist() == [True]


def test_an_invoice_and_a_credit_note_of_one_number_are_two_documents(desk: Desk) -> None:
    desk.invoice("1", 10)
    admission = desk.credit("1", 4)
    assert (admission.duplicate.tolist(), admission.conflict.tolist()) == ([False], [False])
    assert desk.points() == Standing(0, 6)


def test_one_number_of_two_distributors_is_two_documents_where_each_is_a_seller(desk: Desk) -> None:
    admission = desk.sell(desk.line("1", 10), desk.line("1", 7, who="D2"))
    assert admission.status.tolist() == [ACCEPTED, ACCEPTED]
    assert (desk.points("D1"), desk.points("D2")) == (Standing(0, 10), Standing(0, 7))


def test_documents_of_another_programme_are_others(open_desk: Opening) -> None:
    one, other = open_desk(), open_desk()
    one.invoice("1", 10)
    assert other.invoice("1", 7).status.tolist() == [ACCEPTED]


def admit_of_a_seller(desk: Desk, sold: Sold, seller: str, source: Source) -> Admission:
    came = dataclasses.replace(incoming([sold]), seller_key=np.asarray([seller], dtype=object))
    return admit(desk.session, rules_of(desk.session, desk.program.id), came, source, now=NOW)


@pytest.mark.parametrize("source", [CORRECTING, IN_REVIEW], ids=["correcting", "reviewed"])
@pytest.mark.parametrize("points", [10, 7], ids=["same", "other"])
def test_nobodys_file_takes_another_distributors_document_over(desk: Desk, source: Source, points: int) -> None:
    admit_of_a_seller(desk, desk.line("1", 10), "tax:5260001246", CORRECTING)
    admission = admit_of_a_seller(desk, desk.line("1", points, who="D2"), "tax:5260001246", source)
    assert (admission.conflict.tolist(), admission.duplicate.tolist()) == ([True], [False])
    assert codes(admission) == ["changed_document"]
    assert (desk.points("D1"), desk.points("D2")) == (Standing(0, 10), Standing(0, 0))
    assert len(stored(desk)) == 1


# the same number, other content

CHANGES = {
    "amount": {"net_minor": 90_00},
    "quantity": {"quantity": 11},
    "product": {"what": "Q"},
    "date": {"issued_on": "2026-03-02"},
    "gross": {"gross_minor": 123_00},
    "discount": {"discounted": 1},
    "outlet": {"outlet": "Centre"},
    "channel": {"channel": "shop"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_document_is_a_conflict_where_the_source_may_not_correct_it(
    desk: Desk, change: dict[str, object]
) -> None:
    desk.invoice("1", 10)
    admission = desk.sell(desk.line("1", 10, **change))
    assert (admission.conflict.tolist(), admission.status.tolist()) == ([True], [0])
    assert admission.reasons == {0: [{"code": "changed_document", "number": "1"}]}
    assert (stored(desk), desk.points()) == ([("1", ACCEPTED)], Standing(0, 10))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_document_is_a_correction_where_the_source_may_make_it(desk: Desk, change: dict[str, object]) -> None:
    desk.invoice("1", 10)
    admission = desk.sell(desk.line("1", 10, **change), source=CORRECTING)
    assert (admission.corrected, admission.status.tolist()) == (1, [ACCEPTED])
    assert stored(desk) == [("1", SUPERSEDED), ("1", ACCEPTED)]


def test_the_time_of_day_changes_nothing(desk: Desk) -> None:
    desk.invoice("1", 10)
    assert desk.invoice("1", 10, minute=615).duplicate.tolist() == [True]


def test_a_correction_takes_back_the_old_awards_and_makes_new_ones_in_one_transaction(desk: Desk) -> None:
    desk.invoice("1", 10)
    old, award = desk.document("1"), desk.newest()
    admission = desk.invoice("1", 25, source=CORRECTING)
    assert admission.awarded[Unit.POINTS] == 25
    assert stored(desk) == [("1", SUPERSEDED), ("1", ACCEPTED)]
    assert desk.document("1").supersedes_id == old.id
    (void,) = desk.transactions(TransactionKind.VOID)
    assert (void.reverses_id, void.key, void.document_id) == (award.id, f"void:{award.id}", old.id)
    assert desk.points() == Standing(0, 25)
    assert desk.balance().earned == 25
    assert desk.left() == [0, 25]
    desk.session.rollback()
    everything = desk.session.scalars(select(SalesDocument.id)).all()
    assert everything == [], "all of it is the caller's to commit or not"


def test_a_correction_of_a_correction(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.invoice("1", 25, source=CORRECTING)
    desk.invoice("1", 10, source=CORRECTING)
    assert stored(desk) == [("1", SUPERSEDED), ("1", SUPERSEDED), ("1", ACCEPTED)]
    assert desk.points() == Standing(0, 10)


def test_a_correction_that_gives_less_than_was_spent_leaves_a_debt(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.reserve(10)
    desk.invoice("1", 4, source=CORRECTING)
    assert desk.points() == Standing(0, available=-6, reserved=10)


def test_a_document_in_review_is_corrected_as_well(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.invoice("1", 25, source=CORRECTING)
    assert desk.points() == Standing(pending=0, available=25)


def test_a_credit_note_is_corrected_too(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 4)
    desk.credit("K1", 7, source=CORRECTING)
    assert desk.points() == Standing(0, 3)
    assert desk.left() == [3]


def test_a_document_of_which_goods_came_back_meanwhile_is_corrected_by_hand(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 4)
    admission = desk.invoice("1", 25, source=CORRECTING)
    assert codes(admission) == ["changed_with_returns"]
    assert admission.conflict.tolist() == [True]
    assert desk.points() == Standing(0, 6)


def test_once_the_return_is_refused_the_document_can_be_corrected(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 4)
    desk.refuse("K1", CREDIT)
    assert desk.invoice("1", 25, source=CORRECTING).corrected == 1
    assert desk.points() == Standing(0, 25)


def test_a_correction_that_would_be_refused_corrects_nothing(desk: Desk) -> None:
    desk.invoice("1", 10)
    admission = desk.invoice("1", 25, source=CORRECTING, issued_on="2025-12-31")
    assert (admission.corrected, admission.conflict.tolist()) == (0, [True])
    assert desk.points() == Standing(0, 10)


def test_a_correction_may_have_to_be_reviewed_and_takes_the_old_points_back_at_once(desk: Desk) -> None:
    desk.invoice("1", 10)
    admission = desk.sell(desk.line("1", 25), source=CORRECTING, totals={"1": 1})
    assert admission.status.tolist() == [REVIEW]
    assert desk.points() == Standing(pending=25, available=0)


# refused before


def test_what_a_check_refused_is_here_already_while_it_is_refused(desk: Desk) -> None:
    assert desk.invoice("1", 10, issued_on="2025-12-31").status.tolist() == [REFUSED]
    assert desk.invoice("1", 10, issued_on="2025-12-31").duplicate.tolist() == [True]
    assert desk.invoice("1", 11, issued_on="2025-12-31").status.tolist() == [REFUSED]
    assert len(stored(desk)) == 2


def test_what_a_check_refused_counts_once_it_passes(desk: Desk) -> None:
    desk.invoice("1", 10, issued_on="2025-12-31")
    longer = programs.document(desk.program.code, program={"starts_on": "2025-01-01"})
    programs.load(desk.session, longer)
    assert desk.invoice("1", 10, issued_on="2025-12-31").status.tolist() == [ACCEPTED]
    assert desk.points() == Standing(0, 10)


def test_what_a_person_refused_stays_refused_however_often_it_comes(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.refuse("1")
    for source in (None, CORRECTING, IN_REVIEW):
        assert desk.invoice("1", 10, source=source).duplicate.tolist() == [True]
    assert (stored(desk), desk.points()) == ([("1", REFUSED)], Standing(0, 0))


def test_a_refused_document_that_comes_with_other_content_is_a_new_one(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.refuse("1")
    admission = desk.invoice("1", 12)
    assert (admission.status.tolist(), admission.corrected) == ([ACCEPTED], 0)
    assert desk.points() == Standing(0, 12)


# keys and hashes


def test_the_database_itself_takes_a_document_once(desk: Desk) -> None:
    """Whoever comes at the same moment, past the look at what is here: one unique index over what counts."""
    desk.invoice("1", 10)
    one = desk.document("1")
    values = {column.key: getattr(one, column.key) for column in SalesDocument.__table__.columns if column.key != "id"}
    with pytest.raises(IntegrityError), desk.session.begin_nested():
        desk.session.execute(insert(SalesDocument).values(values))
    for status in (REFUSED, SUPERSEDED):
        desk.session.execute(insert(SalesDocument).values(values | {"status": status}))
    assert [status for _, status in stored(desk)] == [ACCEPTED, REFUSED, SUPERSEDED]


def test_a_documents_key_is_its_kind_its_seller_and_its_number() -> None:
    came = incoming([Sold("FV 07/2026", 7, 1, 1, 1), Sold("FV 07/2026", 7, 1, -1, -1, kind=CREDIT)])
    first, second = document_keys(came)
    assert first.split("|")[1:] == second.split("|")[1:] == ["distributor:7", came.number_key[0]]
    assert first.split("|")[0] != second.split("|")[0]


def test_a_hash_does_not_depend_on_the_documents_that_stand_around() -> None:
    def line(number: str, amount: int) -> Sold:
        return Sold(number, 1, 1, 1, amount)

    alone = content_hashes(incoming([line("2", 5), line("2", 7)]).sales)
    among = content_hashes(incoming([line("1", 3), line("2", 7), line("2", 5), line("3", 9)]).sales)
    assert among[1:2] == alone
    assert len(set(among)) == 3
