"""Rewards that are one thing in several sizes, colours or amounts say which family they are of."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

COLUMNS = {
    "family": "what the catalogue shows once; none: it stands alone",
    "variant": "of a family: its size, its colour …",
}
WHOLE = "ck_reward_family_as_a_whole"


def upgrade() -> None:
    """Let rewards say so."""
    for name, said in COLUMNS.items():
        op.add_column("reward", sa.Column(name, sa.String(length=64), nullable=True, comment=said))
    op.create_check_constraint(op.f(WHOLE), "reward", "(family IS NULL) = (variant IS NULL)")


def downgrade() -> None:
    """Let each stand alone."""
    op.drop_constraint(op.f(WHOLE), "reward")
    for name in COLUMNS:
        op.drop_column("reward", name)
