"""Whether a redemption that was called off was withdrawn by its own distributor's people."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "redemption",
        sa.Column(
            "withdrawn",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="called off by its own distributor's people",
        ),
    )
    op.execute(
        "update redemption set withdrawn = true "
        "where key is not null and ended_at is not null and lower(trim(ended_by)) = lower(trim(asked_by))"
    )
    op.create_check_constraint(
        op.f("ck_redemption_withdrawn_is_ended"),
        "redemption",
        "not withdrawn or (ended_at is not null and key is not null)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_redemption_withdrawn_is_ended"), "redemption", type_="check")
    op.drop_column("redemption", "withdrawn")
