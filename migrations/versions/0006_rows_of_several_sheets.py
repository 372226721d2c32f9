"""An import may have rows of several sheets, and be warned of what stops nothing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "import_batch",
        sa.Column(
            "stretches",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="which sheets and months the rows are of, one beneath the other; none: one sheet",
        ),
    )
    op.add_column(
        "import_batch",
        sa.Column(
            "warnings",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what was noticed and stops nothing: each a code and what fills its sentence",
        ),
    )


def downgrade() -> None:
    op.drop_column("import_batch", "warnings")
    op.drop_column("import_batch", "stretches")
