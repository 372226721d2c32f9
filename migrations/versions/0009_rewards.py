"""Rewards: what can be had for points."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GUARDS = [
    "create trigger refuse_delete before delete on reward for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on reward for each statement execute function refuse_change('other rows refer to its rows')",
]


def upgrade() -> None:
    op.create_table(
        "reward",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False, comment="the code as it is compared: trimmed, without case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "sort_key",
            sa.Text(collation="C"),
            nullable=False,
            comment="the name in the order of the programme's language",
        ),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False, comment="regular price, in the programme's smallest unit"),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True, comment="what one costs the sponsor"),
        sa.Column("stock", sa.Integer(), nullable=True, comment="how many there are; none: as many as are wanted"),
        sa.Column(
            "per_person", sa.Integer(), nullable=True, comment="the most that one participant gets; none: no limit"
        ),
        sa.Column(
            "from_on", sa.Date(), nullable=True, comment="first day on which it can be had; none: from the beginning"
        ),
        sa.Column("until_on", sa.Date(), nullable=True, comment="last day; none: to the end"),
        sa.Column("season_points", sa.BigInteger(), nullable=True, comment="its price in its season"),
        sa.Column("season_from_on", sa.Date(), nullable=True),
        sa.Column("season_until_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(season_points IS NULL) = (season_from_on IS NULL) AND (season_points IS NULL) = (season_until_on IS NULL) AND season_points > 0 AND season_from_on <= season_until_on",
            name=op.f("ck_reward_a_season_is_whole"),
        ),
        sa.CheckConstraint(
            "cost_minor >= 0 AND stock >= 0 AND per_person > 0", name=op.f("ck_reward_figures_make_sense")
        ),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_reward_begins_before_it_ends")),
        sa.CheckConstraint("points > 0", name=op.f("ck_reward_points_above_zero")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_reward_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward")),
        sa.UniqueConstraint("program_id", "code_key", name=op.f("uq_reward_program_id_code_key")),
    )
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("reward")
