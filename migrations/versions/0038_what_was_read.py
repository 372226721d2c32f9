"""What the text of a proof surely says is kept with the proof."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SAID = "as its text surely says"


def upgrade() -> None:
    """Add what was read."""
    op.add_column("attachment", sa.Column("read_number", sa.Text(), nullable=True, comment=SAID))
    op.add_column("attachment", sa.Column("read_issued_on", sa.Date(), nullable=True, comment=SAID))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("attachment", "read_issued_on")
    op.drop_column("attachment", "read_number")
