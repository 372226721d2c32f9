"""Where the table of a file stands, as somebody says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "import_draft",
        sa.Column(
            "said",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="where somebody said that its table stands: sheet, row, rows of the header",
        ),
    )


def downgrade() -> None:
    op.drop_column("import_draft", "said")
