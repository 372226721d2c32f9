"""What a document came from goes along with whatever takes its place: the claim that registered it, and its proofs."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.models.claims import Attachment, Claim


def bring_along(session: Session, new_of: Mapping[int, int]) -> dict[int, str | None]:
    """Let claims and proofs belong to what takes the place of their documents, which ``new_of`` names by id.

    Gives for whom what takes their place was registered, by its id; None: for the company.
    """
    old, new = (np.asarray(list(ids), dtype=np.int64) for ids in (new_of.keys(), new_of.values()))
    ids = rows_of(old_id=old, new_id=new)
    claims, proofs = (
        update(model)
        .where(model.document_id == ids.c.old_id)
        .values(document_id=ids.c.new_id)
        .execution_options(synchronize_session=False)
        for model in (Claim, Attachment)
    )
    session.execute(proofs)
    rows = session.execute(claims.returning(Claim.document_id, Claim.person))
    return {document_id: person for document_id, person in rows if document_id is not None}
