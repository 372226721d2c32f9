"""The claims of the demonstration: made once, waiting for somebody, each with what proves it."""

from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.demo import claims
from app.demo.products import demo_products
from app.demo.scans import Row, photo
from app.domain.states import ClaimState, DocumentStatus
from app.models.claims import Attachment, Claim
from app.models.sales import SalesDocument
from app.services.goods.catalogue import ProductRow, put_products
from tests.support.programs import NOW, document, load, people


def test_claims_are_registered_once_with_their_proofs(session: Session, code: str, tmp_path: Path) -> None:
    program = load(session, document(code, program={"verification": {"portal": "review"}}))
    whose = people(session, program, ("D-1", "D-1008"))
    rows = [ProductRow(code=one.code, name=one.name) for one in demo_products()]
    put_products(session, program.id, "pl", rows)
    for _twice in range(2):
        claims.register(session, Settings(home=tmp_path), program, whose["D-1"], now=NOW)
    states = select(Claim.state, func.count()).where(Claim.program_id == program.id).group_by(Claim.state)
    assert dict(session.execute(states).all()) == {ClaimState.SENT: 4, ClaimState.DRAFT: 1}
    waiting = select(func.count()).where(
        SalesDocument.program_id == program.id, SalesDocument.status == DocumentStatus.REVIEW
    )
    assert session.scalar(waiting) == 4
    kinds = select(Attachment.media_type).where(Attachment.program_id == program.id).order_by(Attachment.id)
    assert session.scalars(kinds).all() == ["application/pdf", *["image/jpeg"] * 3]


def test_a_photo_is_the_same_every_time() -> None:
    rows = [Row("Wiertarka", "1 szt.", "149.00")]
    one, other = (photo("FS/1", "2026-11-01", "Hurt Łąki", rows, "149.00", seed=7) for _twice in range(2))
    assert one == other
    assert one != photo("FS/1", "2026-11-01", "Hurt Łąki", rows, "149.00", seed=8)
