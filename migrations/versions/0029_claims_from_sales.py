"""Sales that people claim, serial numbers of what was sold, what a device and a PDF tell of a claim."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

GUARDS = [
    "create trigger refuse_update_delete before update or delete on sold_serial for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on sold_serial for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
]


def upgrade() -> None:
    op.add_column(
        "product",
        sa.Column(
            "has_serials",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="each unit has a number, and counts once",
        ),
    )
    op.add_column(
        "claim",
        sa.Column(
            "device_sha256",
            sa.LargeBinary(),
            nullable=True,
            comment="of the device it was sent from, where somebody of the distributor itself sent it",
        ),
    )
    op.create_index(
        "ix_claim_device",
        "claim",
        ["program_id", "device_sha256"],
        postgresql_where=sa.text("device_sha256 IS NOT NULL"),
    )
    op.add_column(
        "attachment",
        sa.Column("pdf_maker", sa.Text(), nullable=True, comment="the program that a PDF names as its maker"),
    )
    op.add_column(
        "attachment",
        sa.Column("pdf_made_at", sa.DateTime(timezone=True), nullable=True, comment="as a PDF says of itself"),
    )
    op.add_column("attachment", sa.Column("pdf_changed_at", sa.DateTime(timezone=True), nullable=True))
    _claimed_sales()
    _serials()
    for guard in GUARDS:
        op.execute(guard)


def _claimed_sales() -> None:
    op.create_table(
        "sale_claim",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False, comment="of the sale: rules.md 9"),
        sa.Column("person", sa.Text(), nullable=False, comment="the name by which documents know them"),
        sa.Column("person_key", sa.Text(), nullable=False, comment="the name as it is compared: trimmed, without case"),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_sale_claim_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_claim")),
        sa.UniqueConstraint(
            "program_id", "document_key", "person_key", name=op.f("uq_sale_claim_program_id_document_key_person_key")
        ),
    )


def _serials() -> None:
    op.create_table(
        "sold_serial",
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("serial_key", sa.Text(), nullable=False, comment="as it is compared"),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False, comment="as it was typed"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["sales_document.id"],
            name=op.f("fk_sold_serial_document_id_sales_document"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_sold_serial_product_id_product"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("document_id", "line_number", "serial_key", name=op.f("pk_sold_serial")),
    )
    op.create_index("ix_sold_serial_product_id_serial_key", "sold_serial", ["product_id", "serial_key"], unique=False)


def downgrade() -> None:
    op.drop_table("sold_serial")
    op.drop_table("sale_claim")
    for column in ("pdf_changed_at", "pdf_made_at", "pdf_maker"):
        op.drop_column("attachment", column)
    op.drop_index("ix_claim_device", table_name="claim", postgresql_where=sa.text("device_sha256 IS NOT NULL"))
    op.drop_column("claim", "device_sha256")
    op.drop_column("product", "has_serials")
