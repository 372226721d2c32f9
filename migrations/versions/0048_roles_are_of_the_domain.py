"""Roles are a rule of the domain: the column says where they are defined."""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

BEFORE = "a `Role` of app.services.people"
NOW = "a `Role` of app.domain.roles"


def upgrade() -> None:
    """Say where they are now."""
    op.alter_column("membership", "role", existing_comment=BEFORE, comment=NOW)


def downgrade() -> None:
    """Say where they were."""
    op.alter_column("membership", "role", existing_comment=NOW, comment=BEFORE)
