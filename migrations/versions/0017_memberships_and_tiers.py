"""Who belonged to which group and tier, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "product_placement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True, comment="first issue date; none: from the beginning"),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=True, comment="a person's sign-in name; none: a file or the machine"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["product_group.id"],
            name=op.f("fk_product_placement_group_id_product_group"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_placement_product_id_product"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_product_placement_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_placement")),
        sa.UniqueConstraint(
            "product_id",
            "from_on",
            name=op.f("uq_product_placement_product_id_from_on"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_product_placement_program_id_from_on", "product_placement", ["program_id", "from_on"], unique=False
    )
    op.create_table(
        "distributor_placement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True, comment="first issue date; none: from the beginning"),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=True, comment="a person's sign-in name; none: a file or the machine"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_distributor_placement_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["distributor_group.id"],
            name=op.f("fk_distributor_placement_group_id_distributor_group"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["program.id"],
            name=op.f("fk_distributor_placement_program_id_program"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distributor_placement")),
        sa.UniqueConstraint(
            "distributor_id",
            "from_on",
            name=op.f("uq_distributor_placement_distributor_id_from_on"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_distributor_placement_program_id_from_on", "distributor_placement", ["program_id", "from_on"], unique=False
    )
    op.create_table(
        "tier_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True, comment="first issue date; none: from the beginning"),
        sa.Column("tier", sa.String(length=64), nullable=True, comment="its code; none: no tier"),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("metric", sa.BigInteger(), nullable=True, comment="what was counted, in its smallest unit"),
        sa.Column("threshold", sa.BigInteger(), nullable=True, comment="what that tier took"),
        sa.Column("until_on", sa.Date(), nullable=True, comment="given by hand: the last day"),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=True, comment="a person's sign-in name; none: a file or the machine"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_tier_change_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_tier_change_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_change")),
    )
    op.create_index("ix_tier_change_distributor_id", "tier_change", ["distributor_id", "id"], unique=False)
    op.create_index("ix_tier_change_program_id", "tier_change", ["program_id", "id"], unique=False)
    op.create_table(
        "tier_standing",
        sa.Column("distributor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "earned_tier", sa.String(length=64), nullable=True, comment="what the rules say, whatever a person gave"
        ),
        sa.Column("since_on", sa.Date(), nullable=False, comment="since when the present tier is held"),
        sa.Column(
            "review_on",
            sa.Date(),
            nullable=True,
            comment="on this day it may fall; none: never, or there is nothing to lose",
        ),
        sa.Column("metric", sa.BigInteger(), nullable=False, comment="in the span that runs, in its smallest unit"),
        sa.Column(
            "keeping", sa.BigInteger(), nullable=False, comment="so far in the span that the next review looks at"
        ),
        sa.Column(
            "given", sa.Boolean(), nullable=False, comment="a person gave the present tier; it stays until they say"
        ),
        sa.Column("given_tier", sa.String(length=64), nullable=True),
        sa.Column("given_until_on", sa.Date(), nullable=True, comment="last day; none: until somebody takes it back"),
        sa.Column(
            "seen",
            sa.BigInteger(),
            nullable=False,
            comment="tells whether anything was earned since: see app.services.tier_judging",
        ),
        sa.Column("judged_on", sa.Date(), nullable=False),
        sa.CheckConstraint("given_until_on IS NULL OR given", name=op.f("ck_tier_standing_only_what_is_given_ends")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_tier_standing_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_tier_standing_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("distributor_id", name=op.f("pk_tier_standing")),
    )
    op.create_index("ix_tier_standing_program_id_review_on", "tier_standing", ["program_id", "review_on"], unique=False)


def downgrade() -> None:
    op.drop_table("tier_standing")
    op.drop_table("tier_change")
    op.drop_table("distributor_placement")
    op.drop_table("product_placement")
