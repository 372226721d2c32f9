"""Redemptions that are asked for one by one, runs that gather them, and runs that a schedule makes."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BEFORE_ORDERED = "approved_by is not null or status in ('preview', 'empty', 'cancelled')"
GATHERED_BEFORE_ORDERED = (
    "approved_by is not null or kind = 'redemptions' or status in ('preview', 'empty', 'cancelled')"
)
CHECKS = {
    "asked": "(key is null) = (asked_by is null) and (key is not null or run_id is not null)",
    "approved": "approved_by is null or (approved_at is not null and lower(trim(approved_by)) <> lower(trim(asked_by)))",
    "gathered": "run_id is null or key is null or approved_at is not null",
    "ended_as_a_whole": "(ended_at is null) = (ended_by is null)",
}


def upgrade() -> None:
    _runs()
    _redemptions()
    op.add_column(
        "top_up",
        sa.Column(
            "unknown_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when nobody knew its answer, last; it stays there after",
        ),
    )


def _runs() -> None:
    op.add_column("conversion_run", sa.Column("kind", sa.String(length=24), server_default="period", nullable=False))
    op.alter_column("conversion_run", "kind", server_default=None)
    op.add_column(
        "conversion_run",
        sa.Column(
            "scheduled_on",
            sa.Date(),
            nullable=True,
            comment="first day of the month whose schedule made it; none: a person did",
        ),
    )
    op.create_unique_constraint(
        op.f("uq_conversion_run_program_id_scheduled_on"), "conversion_run", ["program_id", "scheduled_on"]
    )
    op.drop_constraint(op.f("ck_conversion_run_approved_before_ordered"), "conversion_run")
    op.create_check_constraint(
        op.f("ck_conversion_run_approved_before_ordered"), "conversion_run", GATHERED_BEFORE_ORDERED
    )


def _redemptions() -> None:
    op.add_column(
        "redemption",
        sa.Column(
            "key",
            sa.String(length=64),
            nullable=True,
            comment="made with the form that asked for it; none: a run took it",
        ),
    )
    op.add_column("redemption", sa.Column("asked_by", sa.Text(), nullable=True))
    op.add_column(
        "redemption",
        sa.Column("approved_by", sa.Text(), nullable=True, comment="none: the programme wants nobody's approval"),
    )
    op.add_column("redemption", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "redemption",
        sa.Column("ended_by", sa.Text(), nullable=True, comment="who called it off, before a provider was asked"),
    )
    op.add_column("redemption", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("redemption", sa.Column("ended_why", sa.Text(), nullable=True))
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_redemption_{name}"), "redemption", condition)
    op.drop_constraint(op.f("uq_redemption_run_id_account_id"), "redemption")
    op.create_index(
        "uq_redemption_run_id_account_id",
        "redemption",
        ["run_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("key is null"),
    )
    op.create_index("ix_redemption_run_id", "redemption", ["run_id"], unique=False)
    op.create_unique_constraint(op.f("uq_redemption_account_id_key"), "redemption", ["account_id", "key"])
    op.create_index(
        "ix_redemption_waiting",
        "redemption",
        ["program_id"],
        unique=False,
        postgresql_where=sa.text("run_id is null and ended_at is null"),
    )


def downgrade() -> None:
    op.drop_column("top_up", "unknown_at")
    op.drop_index("ix_redemption_waiting", table_name="redemption")
    op.drop_constraint(op.f("uq_redemption_account_id_key"), "redemption")
    op.drop_index("ix_redemption_run_id", table_name="redemption")
    op.drop_index("uq_redemption_run_id_account_id", table_name="redemption")
    op.create_unique_constraint(op.f("uq_redemption_run_id_account_id"), "redemption", ["run_id", "account_id"])
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_redemption_{name}"), "redemption")
    for name in ("key", "asked_by", "approved_by", "approved_at", "ended_by", "ended_at", "ended_why"):
        op.drop_column("redemption", name)
    op.drop_constraint(op.f("ck_conversion_run_approved_before_ordered"), "conversion_run")
    op.create_check_constraint(op.f("ck_conversion_run_approved_before_ordered"), "conversion_run", BEFORE_ORDERED)
    op.drop_constraint(op.f("uq_conversion_run_program_id_scheduled_on"), "conversion_run")
    for name in ("scheduled_on", "kind"):
        op.drop_column("conversion_run", name)
