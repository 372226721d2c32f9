"""What the sponsor delivered to distributors."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="as the sponsor writes it"),
        sa.Column("number_key", sa.Text(), nullable=False, comment="normalised: rules.md 9"),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False, comment="below zero: it came back"),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False, comment="of the file that said so last"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_delivery_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_delivery_product_id_product"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_delivery_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "distributor_id", "product_id", "number_key", name=op.f("uq_delivery_distributor_id_product_id_number_key")
        ),
    )
    op.create_index(op.f("ix_delivery_product_id"), "delivery", ["product_id"], unique=False)
    op.create_index(
        "ix_delivery_program_id_delivered_on_id", "delivery", ["program_id", "delivered_on", "id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("delivery")
