"""Groups of products or of distributors as a tree, as the rules look at them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.documents.catalogue import GroupTree
from app.models.catalogue import ProductGroup
from app.models.distributors import DistributorGroup


def tree_of(
    session: Session, model: type[ProductGroup] | type[DistributorGroup], program_id: int
) -> tuple[GroupTree, dict[int, int]]:
    """Load the groups of a programme, and the position of each by id."""
    rows = session.execute(
        select(model.id, model.code, model.name, model.aliases, model.parent_id)
        .where(model.program_id == program_id)
        .order_by(model.id)
    ).all()
    position = {row.id: at for at, row in enumerate(rows)}
    tree = GroupTree(
        code=[row.code for row in rows],
        name=[row.name for row in rows],
        aliases=[row.aliases for row in rows],
        parent=[-1 if row.parent_id is None else position[row.parent_id] for row in rows],
    )
    return tree, position
