"""A revision of a programme's document tells whether a file was loaded: pages make revisions as well."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Note it of what comes; of what was before it is not known, and it stays among the files."""
    op.add_column(
        "program_revision",
        sa.Column(
            "of_file",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="a file was loaded; otherwise a page published a part of it",
        ),
    )
    op.alter_column("program_revision", "of_file", server_default=None)


def downgrade() -> None:
    """Take it away."""
    op.drop_column("program_revision", "of_file")
