"""A line may be sold in another outlet, or by another channel, than its document's."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

SAID = "of the line, where its document has another"


def upgrade() -> None:
    """Add what lines say for themselves."""
    for name in ("outlet", "channel"):
        op.add_column("sales_line", sa.Column(name, sa.Text(), nullable=True, comment=SAID))


def downgrade() -> None:
    """Take it away."""
    for name in ("channel", "outlet"):
        op.drop_column("sales_line", name)
