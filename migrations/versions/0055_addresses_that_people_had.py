"""Which sign-in names somebody had before is looked up whenever a second person decides: changes of them have an index."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There are few of them among all that is written down."""
    changes = sa.text("action = 'user.email'")
    op.create_index("ix_audit_event_addresses", "audit_event", ["subject", "id"], postgresql_where=changes)


def downgrade() -> None:
    """They are found by reading all."""
    op.drop_index("ix_audit_event_addresses", table_name="audit_event")
