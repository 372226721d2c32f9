"""Whoever has points is written to before they expire, unless they say that they want no such mails."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let people say so; nobody has yet."""
    said = "gets a mail before points expire"
    op.add_column(
        "user_account", sa.Column("reminded", sa.Boolean(), server_default="true", nullable=False, comment=said)
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_column("user_account", "reminded")
