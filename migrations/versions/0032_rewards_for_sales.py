"""Rewards that sales bring at once, and the purchases that discounts were used for."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

GUARDS = (
    "create trigger refuse_delete before delete on instant_reward for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on instant_reward for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_delete before delete on instant_grant for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on instant_grant for each statement execute function refuse_change('other rows refer to its rows')",
)


def upgrade() -> None:
    op.create_table(
        "instant_reward",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "least",
            sa.BigInteger(),
            nullable=False,
            comment="points that the rule gives to a document, in their smallest unit",
        ),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False, comment="first issue date"),
        sa.Column("last_on", sa.Date(), nullable=True, comment="last issue date; none: until it is stopped"),
        sa.Column(
            "per_distributor", sa.Integer(), nullable=True, comment="for so many documents of one distributor at most"
        ),
        sa.Column("budget", sa.Integer(), nullable=True, comment="for so many documents of all together at most"),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(stopped_at IS NULL) = (stopped_by IS NULL)", name=op.f("ck_instant_reward_stopped_as_a_whole")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_instant_reward_begins_before_it_ends")),
        sa.CheckConstraint(
            "least > 0 AND pieces > 0 AND per_distributor > 0 AND budget > 0",
            name=op.f("ck_instant_reward_figures_make_sense"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_instant_reward_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_instant_reward_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["earning_rule.id"], name=op.f("fk_instant_reward_rule_id_earning_rule"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instant_reward")),
    )
    op.create_index(op.f("ix_instant_reward_program_id"), "instant_reward", ["program_id"], unique=False)
    op.create_index("ix_instant_reward_reward_id", "instant_reward", ["reward_id"], unique=False)
    op.create_table(
        "instant_grant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("instant_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False, comment="of the sale: rules.md 9"),
        sa.Column("number", sa.Text(), nullable=False, comment="of the document, as it is written"),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False, comment="what the reward cost when it was given"),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_instant_grant_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["instant_id"],
            ["instant_reward.id"],
            name=op.f("fk_instant_grant_instant_id_instant_reward"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["reward_order.id"], name=op.f("fk_instant_grant_order_id_reward_order"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instant_grant")),
    )
    op.create_index(op.f("ix_instant_grant_distributor_id"), "instant_grant", ["distributor_id"], unique=False)
    op.create_index("ix_instant_grant_order_id", "instant_grant", ["order_id"], unique=False)
    op.create_index(
        "uq_instant_grant_instant_id_document_key",
        "instant_grant",
        ["instant_id", "document_key"],
        unique=True,
        postgresql_where=sa.text("state <> 'taken_back'"),
    )
    op.create_table(
        "instant_touched",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("instant_id", sa.BigInteger(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instant_id"],
            ["instant_reward.id"],
            name=op.f("fk_instant_touched_instant_id_instant_reward"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instant_touched")),
    )
    op.create_index("ix_instant_touched_instant_id_id", "instant_touched", ["instant_id", "id"], unique=False)
    op.add_column("voucher_code", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "voucher_code",
        sa.Column(
            "used_for", sa.Text(), nullable=True, comment="of a discount: the number of the purchase that had it"
        ),
    )
    op.create_check_constraint(
        op.f("ck_voucher_code_used_as_a_whole"),
        "voucher_code",
        "(used_at IS NULL) = (used_for IS NULL) AND (used_at IS NULL OR given_at IS NOT NULL)",
    )
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_voucher_code_used_as_a_whole"), "voucher_code", type_="check")
    op.drop_column("voucher_code", "used_for")
    op.drop_column("voucher_code", "used_at")
    op.drop_table("instant_touched")
    op.drop_table("instant_grant")
    op.drop_table("instant_reward")
