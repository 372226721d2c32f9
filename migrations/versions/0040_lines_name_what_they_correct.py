"""A line of a credit note may name another document than the note does."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

SAID = "the document that the line names, where its own document names another"


def upgrade() -> None:
    """Add what lines name."""
    op.add_column("sales_line", sa.Column("corrects_number", sa.Text(), nullable=True, comment=SAID))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("sales_line", "corrects_number")
