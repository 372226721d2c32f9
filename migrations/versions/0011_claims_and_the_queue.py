"""Invoices that distributors register, their proofs, and the queue of those who decide."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

GUARDS = [
    "create function check_review() returns trigger language plpgsql\nset search_path = public, pg_temp\nset enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$\ndeclare code text; wrong text; bad bigint;\nbegin\n    select x.* into code, wrong, bad from (\n        select 'KG002', 'review.document_id: no sales_document has the id', n.document_id\n            from (select distinct document_id from new_rows) n\n            where not exists (select from sales_document p where p.id = n.document_id)\n        union all\n        select 'KG002', 'review.program_id: no program has the id', n.program_id\n            from (select distinct program_id from new_rows) n\n            where not exists (select from program p where p.id = n.program_id)\n    ) x limit 1;\n    if found then\n        raise exception '% %', wrong, bad using errcode = code;\n    end if;\n    return null;\nend $$",
    "create trigger check_review after insert on review referencing new table as new_rows for each statement execute function check_review()",
    "create trigger refuse_update_delete before update or delete on document_message for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on document_message for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
]


def upgrade() -> None:
    op.add_column(
        "program",
        sa.Column(
            "sample_key",
            sa.LargeBinary(),
            server_default=sa.text("uuid_send(gen_random_uuid())"),
            nullable=False,
            comment="tells which claims are drawn",
        ),
    )
    op.add_column(
        "product_month",
        sa.Column(
            "lines",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="that sold it; those of returns are not counted",
        ),
    )
    op.alter_column("product_month", "lines", server_default=None)
    # the sums are made anew with the lines counted
    op.execute(
        "insert into touched_month (program_id, month_on) select distinct program_id, month_on from product_month"
    )
    op.create_index(
        "ix_sales_document_sum",
        "sales_document",
        ["program_id", "net_minor", "issued_on", "distributor_id"],
        unique=False,
    )
    op.create_index(
        "ix_sales_document_claims",
        "sales_document",
        ["distributor_id", "counted_at"],
        unique=False,
        postgresql_where=sa.text("source <> 'import'"),
    )
    op.add_column(
        "decision",
        sa.Column(
            "reason_code",
            sa.String(length=64),
            nullable=True,
            comment="of the reasons that are counted; none: words alone",
        ),
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "key",
            sa.String(length=64),
            nullable=False,
            comment="made where it is typed: what is sent twice is one claim",
        ),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("way", sa.String(length=24), nullable=False),
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="header and lines as they were given",
        ),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False, comment="login of whoever registers it"),
        sa.Column("person", sa.Text(), nullable=True, comment="the sales rep it is for; none: the company"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'sent') = (document_id IS NOT NULL)", name=op.f("ck_claim_sent_has_a_document")),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_claim_sent_has_a_moment")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_claim_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["sales_document.id"],
            name=op.f("fk_claim_document_id_sales_document"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_claim_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("distributor_id", "key", name=op.f("uq_claim_distributor_id_key")),
    )
    op.create_index(
        "ix_claim_document_id",
        "claim",
        ["document_id"],
        unique=True,
        postgresql_where=sa.text("document_id IS NOT NULL"),
    )
    op.create_index("ix_claim_program_id_changed_at", "claim", ["program_id", "changed_at"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False, comment="order among the proofs of a claim, from 1"),
        sa.Column("file_name", sa.Text(), nullable=False, comment="as the person named it; never a path on our disk"),
        sa.Column("media_type", sa.String(length=64), nullable=False, comment="told by its bytes, not by its name"),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "picture_look",
            sa.BigInteger(),
            nullable=True,
            comment="64 bits of how it looks, of its first page, as signed",
        ),
        sa.Column("pages", sa.Integer(), nullable=False, comment="0: it has none to show"),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("file_bytes > 0 AND pages >= 0", name=op.f("ck_attachment_sizes_make_sense")),
        sa.CheckConstraint("num_nonnulls(claim_id, document_id) >= 1", name=op.f("ck_attachment_belongs_to_something")),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_attachment_claim_id_claim"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["sales_document.id"],
            name=op.f("fk_attachment_document_id_sales_document"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_attachment_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(
        "ix_attachment_claim_id",
        "attachment",
        ["claim_id"],
        unique=False,
        postgresql_where=sa.text("claim_id IS NOT NULL"),
    )
    op.create_index(
        "ix_attachment_document_id",
        "attachment",
        ["document_id"],
        unique=False,
        postgresql_where=sa.text("document_id IS NOT NULL"),
    )
    op.create_index("ix_attachment_program_id_file_sha256", "attachment", ["program_id", "file_sha256"], unique=False)
    op.create_table(
        "document_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False, comment="says who may read it"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["sales_document.id"],
            name=op.f("fk_document_message_document_id_sales_document"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_message")),
    )
    op.create_index("ix_document_message_document_id", "document_message", ["document_id"], unique=False)
    op.create_index(
        "uq_document_message_appeal",
        "document_message",
        ["document_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'appealed'"),
    )
    op.create_table(
        "review",
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column(
            "risk", sa.Integer(), nullable=False, comment="what the checks found, in thousandths: 1000 is the most"
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_by", sa.Text(), nullable=True, comment="who has it before them"),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_to", sa.Text(), nullable=True, comment="login of whoever it was handed over to"),
        sa.Column("first_by", sa.Text(), nullable=True, comment="who accepted it first, where two people must"),
        sa.Column("first_reason", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(first_by IS NULL) = (first_reason IS NULL) AND (state <> 'second' OR first_by IS NOT NULL)",
            name=op.f("ck_review_a_second_follows_a_first"),
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_review_closed_has_a_moment")),
        sa.CheckConstraint("(leased_by IS NULL) = (leased_until IS NULL)", name=op.f("ck_review_a_lease_ends")),
        sa.CheckConstraint("risk BETWEEN 0 AND 1000", name=op.f("ck_review_risk")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_program_id_closed_at", "review", ["program_id", "closed_at"], unique=False)
    op.create_index(
        "ix_review_program_id_open",
        "review",
        ["program_id", "risk"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("review", "document_message", "attachment", "claim"):
        op.drop_table(table)
    op.execute("drop function check_review()")
    op.drop_index("ix_sales_document_claims", table_name="sales_document")
    op.drop_index("ix_sales_document_sum", table_name="sales_document")
    op.drop_column("product_month", "lines")
    op.drop_column("program", "sample_key")
    op.drop_column("decision", "reason_code")
