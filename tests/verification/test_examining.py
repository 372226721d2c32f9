"""Claims at the gate: compared with what is here, with trust and chance, on the real database."""

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.db.driver import Answer
from app.domain.states import DocumentStatus, ReviewState
from app.models.claims import Attachment
from app.models.distributors import Distributor
from app.models.reviews import Review
from app.models.sales import SalesDocument
from app.services.goods import deliveries
from app.services.goods.deliveries import DeliveryRow
from app.services.ledger import figures
from app.services.rulebooks import rules_of
from tests.support.desk import CORRECTING, Desk, Opening
from tests.support.programs import NOW
from tests.support.sales import Sold, incoming
from verification import history
from verification.checks.facts import Proofs
from verification.gate import Admission, admit
from verification.incoming import Source

ACCEPTED, REVIEW, REFUSED, *_ = DocumentStatus
CLAIM = Source(name="portal", policy="accept", may_correct=False, actor="bea")
QUIET = {"program": {"verification": {"sample_share": 0}}}


@pytest.fixture
def claims(open_desk: Opening) -> Desk:
    return open_desk(**QUIET)


def codes(admission: Admission, at: int = 0) -> list[str]:
    return [one["code"] for one in admission.reasons.get(at, ())]


def claim(desk: Desk, *lines: Sold, now: dt.datetime = NOW, **more: Any) -> Admission:
    came = dataclasses.replace(incoming(lines), **more)
    return admit(desk.session, rules_of(desk.session, desk.program.id), came, CLAIM, now=now)


def goods(desk: Desk, number: str, *, who: str = "D1", day: str = "2026-03-01", more: int = 0) -> list[Sold]:
    return [
        desk.line(number, 10, who=who, issued_on=day, net_minor=123_45),
        desk.line(number, 3 + more, who=who, what="Q", issued_on=day, net_minor=17_80 + more),
    ]


def test_a_claim_of_which_nothing_is_known_counts_at_once(claims: Desk) -> None:
    admission = claim(claims, *goods(claims, "FV/7/03/2026"))
    assert (admission.status.tolist(), admission.reasons) == ([ACCEPTED], {})
    assert admission.ids.tolist() == [claims.document("FV/7/03/2026").id]
    assert not claims.rows(Review, program_id=claims.program.id)


def test_a_twin_waits_with_its_risk_and_says_what_it_is_like(claims: Desk) -> None:
    claims.sell(*goods(claims, "FV/7/03/2026"))
    first = claims.document("FV/7/03/2026").id
    admission = claim(claims, *goods(claims, "FV/7A/03/2026"))
    assert (admission.status.tolist(), codes(admission)) == ([REVIEW], ["number_alike", "twin_own"])
    (place,) = claims.rows(Review, program_id=claims.program.id)
    assert (place.document_id, place.state, place.risk) == (admission.ids[0], ReviewState.WAITING, 800)
    assert place.opened_at == NOW
    why = claims.document("FV/7A/03/2026").reasons
    assert why is not None
    assert why[1] == {
        "code": "twin_own",
        "severity": "review",
        "number": "FV/7/03/2026",
        "issued_on": "2026-03-01",
        "document": first,
    }


@pytest.mark.parametrize(("first", "second"), [("tax:5260001246", None), (None, "tax:5260001246")])
def test_a_sellers_tax_id_that_is_typed_makes_no_second_invoice(
    claims: Desk, first: str | None, second: str | None
) -> None:
    def said(seller: str | None) -> dict[str, Any]:
        return {} if seller is None else {"seller_key": np.asarray([seller, None], dtype=object)[:-1]}

    claim(claims, *goods(claims, "FS/777/11"), **said(first))
    before = claims.document("FS/777/11").id
    admission = claim(claims, *goods(claims, "fs 777/11"), **said(second))
    assert (admission.status.tolist(), codes(admission)) == ([REVIEW], ["same_number"])
    assert admission.reasons[0][0]["document"] == before
    (place,) = claims.rows(Review, program_id=claims.program.id)
    assert (place.document_id, place.risk) == (admission.ids[0], 500)


@pytest.mark.parametrize("source", [CLAIM, CORRECTING], ids=["claimed", "reported"])
@pytest.mark.parametrize(("first", "second"), [("tax:5260001246", None), (None, "tax:5260001246")])
def test_a_report_of_what_was_claimed_is_looked_at_where_one_of_them_names_the_seller(
    claims: Desk, source: Source, first: str | None, second: str | None
) -> None:
    def come(source: Source, seller: str | None) -> Admission:
        sellers = {} if seller is None else {"seller_key": np.asarray([seller, None], dtype=object)[:-1]}
        came = dataclasses.replace(incoming(goods(claims, "FS/778/11")), **sellers)
        return admit(claims.session, rules_of(claims.session, claims.program.id), came, source, now=NOW)

    assert come(source, first).status.tolist() == [ACCEPTED]
    again = come(CORRECTING, second)
    assert (again.status.tolist(), codes(again)) == ([REVIEW], ["same_number"])


def test_a_report_is_not_held_for_what_was_refused_and_a_claim_is(claims: Desk) -> None:
    claim(claims, *goods(claims, "FS/781/11"), seller_key=np.asarray(["tax:5260001246", None], dtype=object)[:-1])
    first = update(SalesDocument).where(SalesDocument.id == claims.document("FS/781/11").id)
    claims.session.execute(first.values(status=REFUSED))
    claimed = claim(claims, *goods(claims, "FS/781/11", more=1), seller_key=np.asarray(["tax:7777777777", None])[:-1])
    assert "number_of_two_sellers" in codes(claimed)
    claims.session.execute(update(SalesDocument).where(SalesDocument.id == claimed.ids[0]).values(status=REFUSED))
    assert claims.sell(*goods(claims, "FS/781/11")).status.tolist() == [ACCEPTED]


def test_a_report_is_looked_up_by_numbers_only_where_somebody_names_a_seller(
    claims: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    ask = history._ask_numbered

    def counting(session: Session, asked: history.Asked, *, refused: bool) -> Answer:
        looked_up.extend(asked.mine.number.tolist())
        return ask(session, asked, refused=refused)

    monkeypatch.setattr(history, "_ask_numbered", counting)
    claims.sell(*goods(claims, "FS/779/11"))
    assert not looked_up
    claim(claims, *goods(claims, "FS/1/12"), seller_key=np.asarray(["tax:5260001246", None], dtype=object)[:-1])
    claims.sell(*goods(claims, "FS/780/11", day="2026-03-09", more=1))
    assert looked_up == ["FS/1/12", "FS/780/11"]


def test_another_distributor_with_the_same_invoice_waits(claims: Desk) -> None:
    claims.sell(*goods(claims, "FV/7/03/2026"))
    assert codes(claim(claims, *goods(claims, "R/99", who="D2"))) == ["twin_other"]
    assert codes(claim(claims, *goods(claims, "R/98", who="D3", day="2026-03-02"))) == []


def test_more_of_the_same_goods_under_an_edited_number_waits(claims: Desk) -> None:
    claims.sell(*goods(claims, "FV/7/03/2026"))
    assert codes(claim(claims, *goods(claims, "FV/8/03/2026", more=4))) == ["number_alike"]


def test_what_was_refused_is_compared_as_well_and_what_was_corrected_is_not(claims: Desk) -> None:
    claims.sell(*goods(claims, "FV/7/03/2026"))
    claims.refuse("FV/7/03/2026")
    assert "twin_own" in codes(claim(claims, *goods(claims, "R/1")))
    claims.sell(*goods(claims, "FV/20/03/2026", who="D2"))
    claims.sell(*goods(claims, "FV/20/03/2026", who="D2", more=9), source=CORRECTING)
    assert "twin_own" not in codes(claim(claims, *goods(claims, "R/2", who="D2")))


def test_a_correction_is_no_twin_of_what_it_corrects(open_desk: Opening) -> None:
    strict = {"import": {"twin_own": {"severity": "review"}, "number_alike": {"severity": "review"}}}
    desk = open_desk(program={"verification": {"checks": strict}})
    desk.sell(*goods(desk, "FV/7/03/2026"))
    lines = goods(desk, "FV/7/03/2026")
    admission = desk.sell(dataclasses.replace(lines[0], outlet="Centre"), lines[1], source=CORRECTING)
    assert (admission.status.tolist(), admission.corrected, admission.reasons) == ([ACCEPTED], 1, {})


def test_what_is_told_by_the_voided_leaves_the_queue(claims: Desk) -> None:
    claims.sell(*goods(claims, "FV/7/03/2026"))
    claim(claims, *goods(claims, "FV/7A/03/2026"))
    claims.refuse("FV/7A/03/2026")
    claims.session.expire_all()
    (place,) = claims.rows(Review, program_id=claims.program.id)
    assert (place.state, place.closed_at) == (ReviewState.CLOSED, NOW)


def test_a_proof_is_of_one_document(claims: Desk) -> None:
    claims.sell(*goods(claims, "FV/7/03/2026"))
    document = claims.document("FV/7/03/2026").id
    stored = {
        "program_id": claims.program.id,
        "document_id": document,
        "place": 1,
        "file_name": "photo.jpg",
        "media_type": "image/jpeg",
        "file_sha256": b"f" * 32,
        "file_bytes": 9,
        "picture_look": -1,
        "pages": 1,
        "added_by": "bea",
        "added_at": NOW,
    }
    written = {"file_sha256": b"p" * 32, "media_type": "application/pdf", "picture_look": 0, "place": 2}
    claims.session.execute(insert(Attachment), [stored, stored | written])

    def proof(file: bytes, look: int) -> Proofs:
        files = np.asarray([file, None], dtype=object)[:-1]
        return Proofs(np.zeros(1, dtype=np.int64), files, np.asarray([look]), np.ones(1, dtype=bool))

    same = claim(claims, claims.line("R/1", 3), proofs=proof(b"f" * 32, -1))
    assert [(one["code"], one["document"]) for one in same.reasons[0]] == [("same_file", document)]
    near = claim(claims, claims.line("R/2", 4), proofs=proof(b"g" * 32, -2))
    assert [(one["code"], one["bits"]) for one in near.reasons[0]] == [("same_picture", 1)]
    assert not claim(claims, claims.line("R/3", 5), proofs=proof(b"h" * 32, 0)).reasons


def test_prices_and_quantities_are_held_against_the_sums_of_the_months(claims: Desk) -> None:
    claims.sell(*(claims.line(f"N{at}", 5, who="D2", issued_on=f"2026-02-{at + 1:02}") for at in range(6)))
    figures.refresh(claims.session, claims.program.id, NOW)
    dear = claim(claims, claims.line("R/1", 5, net_minor=777_77))
    assert codes(dear) == ["price_unusual"]
    assert {"found": "155.55", "expected": "10.00"}.items() <= dear.reasons[0][0].items()
    many = claim(claims, claims.line("R/2", 60, who="D3", net_minor=600_01))
    assert codes(many) == ["quantity_unusual"]
    own = claim(claims, claims.line("S/77/X", 60, who="D2", net_minor=600_02))
    assert codes(own) == ["quantity_unusual", "quantity_unlike_own"]


def test_no_more_is_sold_on_than_was_delivered(claims: Desk) -> None:
    who = claims.people["D1"]

    def came(product: str, quantity: int) -> DeliveryRow:
        day = dt.date(2026, 1, 15)
        return DeliveryRow(who, claims.goods[product], "WZ/1", "WZ1", day, quantity * 1_000)

    deliveries.put(claims.session, claims.program.id, [came("P", 30)], file_sha256=b"f" * 32, now=NOW)
    claims.sell(claims.line("N/1", 20, net_minor=199_99))
    assert codes(claim(claims, claims.line("N/22", 10, net_minor=99_98))) == []
    beyond = claim(claims, claims.line("N/333", 1, net_minor=9_97))
    assert codes(beyond) == ["more_than_delivered"]
    assert {"found": "31", "expected": "30", "line": 1}.items() <= beyond.reasons[0][0].items()
    assert codes(claim(claims, claims.line("N/4444", 1, what="Q", net_minor=9_96))) == ["more_than_delivered"]
    assert codes(claim(claims, claims.line("N/5", 90, who="D2", net_minor=899_95))) == []


def test_another_programme_has_the_invoice_of_the_same_company(open_desk: Opening) -> None:
    one, other = open_desk(**QUIET), open_desk(**QUIET)
    for desk in (one, other):
        desk.session.execute(
            update(Distributor).where(Distributor.id == desk.people["D1"]).values(tax_id=f"PL{one.program.id:010}")
        )
    one.sell(*goods(one, "FV/7/03/2026"))
    assert codes(claim(other, *goods(other, "fv 7/03/26"))) == ["claimed_elsewhere"]
    assert codes(claim(other, *goods(other, "FV/9/03/2026", who="D2", more=5))) == []


def test_trust_moves_what_is_reviewed(open_desk: Opening) -> None:
    desk = open_desk(
        program={"verification": {"sample_share": 0, "trust": {"clean_claims": 2}, "claim_within_days": 3000}}
    )
    desk.sell(*(desk.line(f"N{at}", 5, who="D2", issued_on=f"2026-02-{at + 1:02}") for at in range(6)))
    figures.refresh(desk.session, desk.program.id, NOW)

    def dear(number: str, who: str) -> list[int]:
        return claim(desk, desk.line(number, 5, who=who, net_minor=777_77 + len(number))).status.tolist()

    assert dear("R/1", "D1") == [REVIEW]
    for at, day in enumerate(("2026-01-05", "2026-02-05")):
        claim(desk, desk.line(f"OK/{at}", 5, who="D3", net_minor=51_11 + at, issued_on=day))
    assert dear("R/22", "D3") == [ACCEPTED]
    desk.refuse("OK/0")
    assert dear("R/333", "D3") == [REVIEW]


def test_chance_draws_claims_and_no_imports(open_desk: Opening) -> None:
    desk = open_desk(program={"verification": {"sample_share": 10_000}})
    assert codes(claim(desk, *goods(desk, "FV/7/03/2026"))) == ["drawn"]
    assert desk.sell(*goods(desk, "FV/99/04/2026", day="2026-04-07", more=1)).reasons == {}


def test_nothing_of_the_history_is_read_for_a_report(claims: Desk) -> None:
    before = claims.session.scalars(select(SalesDocument.id).where(SalesDocument.program_id == claims.program.id)).all()
    assert before == []
    twice = claims.sell(*goods(claims, "FV/7/03/2026"), *goods(claims, "FV/7A/03/2026"))
    assert (twice.status.tolist(), twice.reasons) == ([ACCEPTED, ACCEPTED], {})
