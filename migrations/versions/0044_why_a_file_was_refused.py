"""Why a file was refused is kept so that it can be told in any language."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

TABLES = ("import_batch", "import_draft")


def upgrade() -> None:
    """Keep the sentence beside its English words; what was refused before has these alone."""
    for table in TABLES:
        op.add_column(
            table,
            sa.Column(
                "message_said",
                postgresql.JSONB(astext_type=sa.Text()),
                nullable=True,
                comment="the message as it is told in other languages: its text, and what fills it",
            ),
        )


def downgrade() -> None:
    """Take it away."""
    for table in TABLES:
        op.drop_column(table, "message_said")
