"""Statements of card providers, their lines, and where they differ from our books."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False, comment="what it covers: its first day, or what somebody said"),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("brought_by", sa.Text(), nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_note", sa.Text(), nullable=True),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_provider_statement_period")),
        sa.CheckConstraint("lines > 0", name=op.f("ck_provider_statement_has_lines")),
        sa.CheckConstraint(
            "(closed_by is null) = (closed_at is null)", name=op.f("ck_provider_statement_closed_as_a_whole")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_provider_statement_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_statement")),
    )
    op.create_index(
        "ix_provider_statement_program_id", "provider_statement", ["program_id", "provider", "from_on"], unique=False
    )
    _lines()
    _findings()


def _lines() -> None:
    op.create_table(
        "statement_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True, comment="ours, as the provider gives it back"),
        sa.Column("booking", sa.String(length=64), nullable=True, comment="the provider's own name of the booking"),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("last4", sa.String(length=4), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="without a sign: kind says which way"),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("top_up_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount_minor > 0 or kind in ('other', 'failed')", name=op.f("ck_statement_line_amount")),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["provider_statement.id"],
            name=op.f("fk_statement_line_statement_id_provider_statement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["top_up_id"], ["top_up.id"], name=op.f("fk_statement_line_top_up_id_top_up"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
    )
    op.create_index("ix_statement_line_statement_id", "statement_line", ["statement_id", "id"], unique=False)
    op.create_index("ix_statement_line_top_up_id", "statement_line", ["top_up_id"], unique=False)


def _findings() -> None:
    op.create_table(
        "statement_finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("top_up_id", sa.BigInteger(), nullable=True),
        sa.Column("ours", sa.Text(), nullable=True, comment="what our books say"),
        sa.Column("theirs", sa.Text(), nullable=True, comment="what the statement says"),
        sa.Column("ours_minor", sa.BigInteger(), nullable=True),
        sa.Column("theirs_minor", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=24), nullable=True, comment="none: it is open"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adjustment_id", sa.BigInteger(), nullable=True, comment="asked for when it was answered"),
        sa.CheckConstraint("num_nonnulls(line_id, top_up_id) > 0", name=op.f("ck_statement_finding_about_something")),
        sa.CheckConstraint(
            "(answer is null) = (closed_at is null) and (answer is null) = (closed_by is null)",
            name=op.f("ck_statement_finding_closed_as_a_whole"),
        ),
        sa.CheckConstraint("adjustment_id is null or answer = 'adjusted'", name=op.f("ck_statement_finding_adjusted")),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["adjustment_request.id"],
            name=op.f("fk_statement_finding_adjustment_id_adjustment_request"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["statement_line.id"],
            name=op.f("fk_statement_finding_line_id_statement_line"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["provider_statement.id"],
            name=op.f("fk_statement_finding_statement_id_provider_statement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["top_up_id"], ["top_up.id"], name=op.f("fk_statement_finding_top_up_id_top_up"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_finding")),
    )
    op.create_index(
        "uq_statement_finding_once",
        "statement_finding",
        ["statement_id", "kind", "line_id", "top_up_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_statement_finding_open",
        "statement_finding",
        ["statement_id"],
        unique=False,
        postgresql_where=sa.text("answer is null"),
    )
    for column in ("top_up_id", "line_id"):
        op.create_index(f"ix_statement_finding_{column}", "statement_finding", [column], unique=False)


def downgrade() -> None:
    for table in ("statement_finding", "statement_line", "provider_statement"):
        op.drop_table(table)
