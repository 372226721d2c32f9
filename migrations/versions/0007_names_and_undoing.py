"""What sources call products and distributors, what nobody knows yet, and imports that are continued or undone."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "import_batch",
        sa.Column(
            "continues_id",
            sa.BigInteger(),
            nullable=True,
            comment="the import of which this one takes rows in that were held",
        ),
    )
    op.add_column(
        "import_batch",
        sa.Column("waiting_file", sa.Text(), nullable=True, comment="typed rows that wait for names to be known"),
    )
    op.add_column("import_batch", sa.Column("undo_reason", sa.Text(), nullable=True))
    op.add_column("import_batch", sa.Column("undone_by", sa.Text(), nullable=True, comment="who asked for it"))
    op.add_column("import_batch", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_import_batch_continues_id_import_batch"),
        "import_batch",
        "import_batch",
        ["continues_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_index(op.f("ix_import_batch_continues_id"), "import_batch", ["continues_id"])
    op.create_index("ix_import_batch_program_id_file_sha256", "import_batch", ["program_id", "file_sha256"])
    op.create_index(
        "ix_sales_document_superseded",
        "sales_document",
        ["program_id", "document_key"],
        postgresql_where=sa.text("status = 4"),
    )
    _names()


def _names() -> None:
    op.create_table(
        "product_alias",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("profile_name", sa.String(length=64), nullable=True, comment="files read by this profile"),
        sa.Column(
            "source_distributor_id",
            sa.BigInteger(),
            nullable=True,
            comment="rows of this distributor, in whatever file",
        ),
        sa.Column("alias", sa.Text(), nullable=False, comment="as the source writes it"),
        sa.Column("alias_key", sa.Text(), nullable=False, comment="as it is compared: trimmed, without case"),
        sa.Column("product_id", sa.BigInteger(), nullable=True, comment="none: documents that name it do not count"),
        sa.Column(
            "unit_milli",
            sa.BigInteger(),
            nullable=False,
            comment="how much of ours one unit of the source's is: a box of 12 is 12000",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="why documents that name it do not count"),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "profile_name is null or source_distributor_id is null", name=op.f("ck_product_alias_one_source")
        ),
        sa.CheckConstraint("unit_milli > 0", name=op.f("ck_product_alias_unit")),
        _key("product_alias", "program_id", "program"),
        _key("product_alias", "source_distributor_id", "distributor"),
        _key("product_alias", "product_id", "product"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_alias")),
    )
    op.create_index(
        "uq_product_alias_source",
        "product_alias",
        ["program_id", "profile_name", "source_distributor_id", "alias_key"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_product_alias_product_id", "product_alias", ["product_id"])
    op.create_table(
        "distributor_alias",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("profile_name", sa.String(length=64), nullable=True, comment="files read by this profile"),
        sa.Column("alias", sa.Text(), nullable=False, comment="as the source writes it"),
        sa.Column("alias_key", sa.Text(), nullable=False, comment="as it is compared: trimmed, without case"),
        sa.Column(
            "distributor_id", sa.BigInteger(), nullable=True, comment="none: documents that name it do not count"
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="why documents that name it do not count"),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _key("distributor_alias", "program_id", "program"),
        _key("distributor_alias", "distributor_id", "distributor"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distributor_alias")),
    )
    op.create_index(
        "uq_distributor_alias_source",
        "distributor_alias",
        ["program_id", "profile_name", "alias_key"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_distributor_alias_distributor_id", "distributor_alias", ["distributor_id"])
    op.create_table(
        "unknown_name",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("profile_name", sa.String(length=64), nullable=False),
        sa.Column("written", sa.Text(), nullable=False, comment="as the source writes it"),
        sa.Column("name_key", sa.Text(), nullable=False, comment="as it is compared: trimmed, without case"),
        sa.Column("called", sa.Text(), nullable=True, comment="the name that stands beside the code in the file"),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True, comment="the product that it most likely is"),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True, comment="the distributor that it most likely is"),
        sa.Column("score", sa.SmallInteger(), nullable=False, comment="how likely, of 100; 0: nothing is like it"),
        sa.Column("why", sa.String(length=64), nullable=True, comment="what is alike: app/domain/likeness.py"),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score between 0 and 100", name=op.f("ck_unknown_name_score")),
        _key("unknown_name", "program_id", "program"),
        _key("unknown_name", "product_id", "product"),
        _key("unknown_name", "distributor_id", "distributor"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unknown_name")),
        sa.UniqueConstraint("program_id", "what", "profile_name", "name_key", name="uq_unknown_name_source"),
    )
    op.create_table(
        "unknown_in_batch",
        sa.Column("unknown_name_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="net, of the lines that bear the name"),
        sa.Column("first_row", sa.Integer(), nullable=False, comment="as a spreadsheet counts"),
        sa.ForeignKeyConstraint(
            ["unknown_name_id"],
            ["unknown_name.id"],
            name=op.f("fk_unknown_in_batch_unknown_name_id_unknown_name"),
            ondelete="CASCADE",
        ),
        _key("unknown_in_batch", "batch_id", "import_batch"),
        sa.PrimaryKeyConstraint("unknown_name_id", "batch_id", name=op.f("pk_unknown_in_batch")),
    )
    op.create_index(op.f("ix_unknown_in_batch_batch_id"), "unknown_in_batch", ["batch_id"])


def _key(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"), ondelete="RESTRICT"
    )


def downgrade() -> None:
    for table in ("unknown_in_batch", "unknown_name", "distributor_alias", "product_alias"):
        op.drop_table(table)
    op.drop_index("ix_sales_document_superseded", table_name="sales_document")
    op.drop_index("ix_import_batch_program_id_file_sha256", table_name="import_batch")
    for column in ("undone_at", "undone_by", "undo_reason", "waiting_file", "continues_id"):
        op.drop_column("import_batch", column)
