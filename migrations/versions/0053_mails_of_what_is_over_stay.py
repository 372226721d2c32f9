"""A message says what its link or its code opens, so that it does not go out once that is over."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for it; messages that are here already go out as they were written."""
    said = "hash of the link or the code in it"
    op.add_column("message", sa.Column("opens", sa.LargeBinary(), nullable=True, comment=said))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("message", "opens")
