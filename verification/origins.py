"""What a document came from goes along with whatever takes its place: the claim that registered it, and its proofs."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.models.claims import Attachment, Claim


def bring_along(session: Session, new_of: Mapping[int, int]) -> None:
    """Let claims and proofs belong to what takes the place of their documents, which ``new_of`` names by id."""
    old, new = (np.asarray(list(ids), dtype=np.int64) for ids in (new_of.keys(), new_of.values()))
    ids = rows_of(old_id=old, new_id=new)
    for model in (Claim, Attachment):
        session.execute(
            update(model)
            .where(model.document_id == ids.c.old_id)
            .values(document_id=ids.c.new_id)
            .execution_options(synchronize_session=False)
        )
