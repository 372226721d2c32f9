"""Columns that were written and read by nobody go, and indexes that are the beginning of another one."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_conversion_run_program_id": ("conversion_run", "program_id"),
    "ix_import_batch_program_id": ("import_batch", "program_id"),
    "ix_membership_user_id": ("membership", "user_id"),
}


def upgrade() -> None:
    """Let them go: a payment's note stands in its order's history, and points in scope are added up when they count."""
    op.drop_column("promotion_standing", "scope_points")
    op.drop_column("promotion_standing", "scope_quantity_milli")
    op.drop_column("promotion", "brought_up_at")
    op.drop_column("reward_order", "paid_note")
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    """Add them again; what stood there is gone, and nobody asks for it."""
    for name, (table, column) in _INDEXES.items():
        op.create_index(name, table, [column], unique=False)
    op.add_column("reward_order", sa.Column("paid_note", sa.Text(), nullable=True))
    op.add_column(
        "promotion",
        sa.Column(
            "brought_up_at", sa.DateTime(timezone=True), nullable=True, comment="when its standings were last made"
        ),
    )
    for name, comment in {
        "scope_quantity_milli": None,
        "scope_points": "points that the sales in scope earned",
    }.items():
        op.add_column(
            "promotion_standing",
            sa.Column(name, sa.BigInteger(), server_default="0", nullable=False, comment=comment),
        )
        op.alter_column("promotion_standing", name, server_default=None)
