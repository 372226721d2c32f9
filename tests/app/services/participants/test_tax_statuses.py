"""What a participant is to the tax office, by day: said ahead, said late, said again, and brought by a file."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from app.domain.states import TaxStatus
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services.participants import distributor_changes, distributor_rows, tax_proofs, tax_statuses
from app.services.participants.distributor_rows import DistributorRow
from app.services.participants.tax_statuses import Proof
from app.services.placing.placements import Moving
from tests.support import programs
from tests.support.programs import NOW

TODAY = NOW.date()


@pytest.fixture
def one(session: Session, program: Program) -> int:
    """A distributor, which is a company."""
    return programs.people(session, program, ["D1"])["D1"]


def put(session: Session, program: Program, one: int, status: TaxStatus, day: dt.date, **more: Proof) -> bool:
    said = {"reason": "its letter", "actor": "ann", "now": NOW}
    return tax_statuses.put(session, program, one, status, day, **said, **more)


def present(session: Session, one: int) -> TaxStatus:
    session.expire_all()
    return session.get_one(Distributor, one).tax_status


def test_a_status_holds_from_its_day_on_and_what_it_was_stays_known(
    session: Session, program: Program, one: int
) -> None:
    ahead, late = TODAY + dt.timedelta(days=10), TODAY - dt.timedelta(days=300)
    assert put(session, program, one, TaxStatus.PRIVATE_PERSON, ahead, proof=Proof(b"1", "letter.pdf"))
    assert present(session, one) is TaxStatus.COMPANY
    assert put(session, program, one, TaxStatus.SOLE_TRADER, late)
    assert present(session, one) is TaxStatus.SOLE_TRADER
    told = tax_statuses.history(session, one)
    assert [(stay.from_on, stay.status, stay.until_on) for stay in told] == [
        (ahead, TaxStatus.PRIVATE_PERSON, None),
        (late, TaxStatus.SOLE_TRADER, ahead - dt.timedelta(days=1)),
        (None, TaxStatus.COMPANY, late - dt.timedelta(days=1)),
    ]
    days = [late - dt.timedelta(days=1), late, TODAY, ahead]
    assert [tax_statuses.status_on(told, TaxStatus.COMPANY, day) for day in days] == [
        TaxStatus.COMPANY,
        TaxStatus.SOLE_TRADER,
        TaxStatus.SOLE_TRADER,
        TaxStatus.PRIVATE_PERSON,
    ]
    assert tax_statuses.settle(session, program.id, ahead) == 1
    assert present(session, one) is TaxStatus.PRIVATE_PERSON
    found = tax_statuses.proof_of(session, one, told[0].id)
    assert found == Proof(b"1", "letter.pdf")
    assert tax_statuses.proof_of(session, one, told[1].id) is None


def test_of_two_on_one_day_the_later_one_holds_and_the_same_again_is_nothing(
    session: Session, program: Program, one: int
) -> None:
    put(session, program, one, TaxStatus.SOLE_TRADER, TODAY)
    assert put(session, program, one, TaxStatus.PRIVATE_PERSON, TODAY)
    assert not put(session, program, one, TaxStatus.PRIVATE_PERSON, TODAY)
    assert present(session, one) is TaxStatus.PRIVATE_PERSON
    assert [stay.overruled for stay in tax_statuses.history(session, one)] == [False, True, False]
    with pytest.raises(LookupError):
        put(session, program, one + 1_000, TaxStatus.COMPANY, TODAY)


def test_files_and_the_edited_record_write_the_history_as_well(session: Session, program: Program, one: int) -> None:
    rows = [DistributorRow(code="D1", name="D1", tax_status=TaxStatus.SOLE_TRADER)]
    moving = Moving(TODAY, NOW, None)
    distributor_rows.put_distributors(session, program.id, "pl", rows, enrolled_on=TODAY, may_owe=False, moving=moving)
    tomorrow = NOW + dt.timedelta(days=1)
    values = {"tax_status": TaxStatus.PRIVATE_PERSON}
    distributor_changes.change(session, program, one, values, actor="ann", now=tomorrow, reason="asked")
    told = [(stay.status, stay.noted_by, stay.reason) for stay in tax_statuses.history(session, one)]
    assert told == [
        (TaxStatus.PRIVATE_PERSON, "ann", "asked"),
        (TaxStatus.SOLE_TRADER, None, None),
        (TaxStatus.COMPANY, None, None),
    ]


def test_a_proof_is_kept_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = tmp_path_factory.mktemp("files")
    digest = tax_proofs.keep(files, b"%PDF-1.7 a letter")
    assert tax_proofs.keep(files, b"%PDF-1.7 a letter") == digest
    assert tax_proofs.path_of(files, digest).read_bytes() == b"%PDF-1.7 a letter"
    assert len(list(tax_proofs.path_of(files, digest).parent.iterdir())) == 1
