"""Transfers between participants, pools with one balance, and distributors that were merged."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("points_transfer", "pool", "pool_member", "on_behalf", "distributor_merge", "merged_document")

GUARDS = (
    "create trigger refuse_update_delete before update or delete on merged_document for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on merged_document for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create function check_merged_document() returns trigger language plpgsql\nset search_path = public, pg_temp\nset enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$\ndeclare code text; wrong text; bad bigint;\nbegin\n    select x.* into code, wrong, bad from (\n        select 'KG002', 'merged_document.document_id: no sales_document has the id', n.document_id\n            from (select distinct document_id from new_rows) n\n            where not exists (select from sales_document p where p.id = n.document_id)\n    ) x limit 1;\n    if found then\n        raise exception '% %', wrong, bad using errcode = code;\n    end if;\n    return null;\nend $$",
    "create trigger check_merged_document after insert on merged_document referencing new table as new_rows for each statement execute function check_merged_document()",
    "create trigger refuse_update_delete before update or delete on on_behalf for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on on_behalf for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
)


def upgrade() -> None:
    op.add_column(
        "account",
        sa.Column(
            "leads_to_id",
            sa.BigInteger(),
            nullable=True,
            comment="where its distributor's points stand: with its pool, or whoever it was merged into; none: here",
        ),
    )
    op.create_foreign_key(
        op.f("fk_account_leads_to_id_account"), "account", "account", ["leads_to_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_check_constraint(
        op.f("ck_account_empty_where_it_leads_away"),
        "account",
        "leads_to_id is null or (pending = 0 and available = 0 and reserved = 0)",
    )
    op.create_check_constraint(op.f("ck_account_leads_elsewhere"), "account", "leads_to_id <> id")
    op.create_index(op.f("ix_account_leads_to_id"), "account", ["leads_to_id"], unique=False)
    op.create_index(
        "ix_account_leading",
        "account",
        ["distributor_id"],
        unique=False,
        postgresql_where=sa.text("leads_to_id is not null"),
    )
    op.add_column(
        "distributor",
        sa.Column("merged_into_id", sa.BigInteger(), nullable=True, comment="closed: all of it is that one's now"),
    )
    op.create_foreign_key(
        op.f("fk_distributor_merged_into_id_distributor"),
        "distributor",
        "distributor",
        ["merged_into_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_check_constraint(op.f("ck_distributor_merged_into_another"), "distributor", "merged_into_id <> id")
    op.create_index(op.f("ix_distributor_merged_into_id"), "distributor", ["merged_into_id"], unique=False)
    op.create_table(
        "points_transfer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("giver_id", sa.BigInteger(), nullable=False),
        sa.Column("receiver_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "key", sa.Text(), nullable=False, comment="made where it is asked for: what is sent twice is asked once"
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False, comment="waiting, approved, refused, withdrawn"),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_by is null)", name=op.f("ck_points_transfer_decided_as_a_whole")
        ),
        sa.CheckConstraint(
            "state <> 'approved' or lower(decided_by) <> lower(requested_by)", name=op.f("ck_points_transfer_four_eyes")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_points_transfer_amount")),
        sa.CheckConstraint("giver_id <> receiver_id", name=op.f("ck_points_transfer_two_participants")),
        sa.ForeignKeyConstraint(
            ["giver_id"], ["distributor.id"], name=op.f("fk_points_transfer_giver_id_distributor"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_points_transfer_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["receiver_id"],
            ["distributor.id"],
            name=op.f("fk_points_transfer_receiver_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_transfer")),
        sa.UniqueConstraint("program_id", "key", name=op.f("uq_points_transfer_program_id_key")),
    )
    op.create_index("ix_points_transfer_giver_id", "points_transfer", ["giver_id", "requested_at"], unique=False)
    op.create_index(
        "ix_points_transfer_program_id_state_id", "points_transfer", ["program_id", "state", "id"], unique=False
    )
    op.create_index("ix_points_transfer_receiver_id", "points_transfer", ["receiver_id"], unique=False)
    op.create_table(
        "pool",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False, comment="whose account has the points of all"),
        sa.Column("spending", sa.String(length=64), nullable=False, comment="who may spend: holder, members"),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["distributor.id"], name=op.f("fk_pool_holder_id_distributor"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_pool_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
        sa.UniqueConstraint("program_id", "name", name=op.f("uq_pool_program_id_name")),
    )
    op.create_index("uq_pool_holder", "pool", ["holder_id"], unique=True, postgresql_where=sa.text("closed_on is null"))
    op.create_table(
        "pool_member",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("joined_by", sa.Text(), nullable=False),
        sa.Column(
            "brought",
            sa.BigInteger(),
            nullable=False,
            comment="points that moved to the pool when it joined; below zero: a debt",
        ),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_by", sa.Text(), nullable=True),
        sa.Column(
            "took",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="points that moved with it when it left",
        ),
        sa.CheckConstraint("(left_on is null) = (left_by is null)", name=op.f("ck_pool_member_left_as_a_whole")),
        sa.CheckConstraint("left_on >= joined_on", name=op.f("ck_pool_member_days")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_pool_member_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["pool.id"], name=op.f("fk_pool_member_pool_id_pool"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_member")),
    )
    op.create_index("ix_pool_member_pool_id", "pool_member", ["pool_id"], unique=False)
    op.create_index(
        "uq_pool_member_now",
        "pool_member",
        ["distributor_id"],
        unique=True,
        postgresql_where=sa.text("left_on is null"),
    )
    op.create_table(
        "on_behalf",
        sa.Column("transaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_on_behalf_account_id_account"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_on_behalf_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transaction.id"],
            name=op.f("fk_on_behalf_transaction_id_ledger_transaction"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("transaction_id", "account_id", name=op.f("pk_on_behalf")),
    )
    op.create_index("ix_on_behalf_distributor_id", "on_behalf", ["distributor_id"], unique=False)
    op.create_table(
        "distributor_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("survivor_id", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "choices",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="of documents that both have with other content: number of the merged one's -> whose counts",
        ),
        sa.Column("state", sa.String(length=64), nullable=False, comment="waiting, done, refused, withdrawn"),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="how much of each kind has moved"
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_by is null)", name=op.f("ck_distributor_merge_decided_as_a_whole")
        ),
        sa.CheckConstraint(
            "state <> 'done' or lower(decided_by) <> lower(requested_by)", name=op.f("ck_distributor_merge_four_eyes")
        ),
        sa.CheckConstraint("merged_id <> survivor_id", name=op.f("ck_distributor_merge_two_distributors")),
        sa.ForeignKeyConstraint(
            ["merged_id"],
            ["distributor.id"],
            name=op.f("fk_distributor_merge_merged_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_distributor_merge_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["survivor_id"],
            ["distributor.id"],
            name=op.f("fk_distributor_merge_survivor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distributor_merge")),
    )
    op.create_index("ix_distributor_merge_program_id_id", "distributor_merge", ["program_id", "id"], unique=False)
    op.create_index("ix_distributor_merge_survivor_id", "distributor_merge", ["survivor_id"], unique=False)
    op.create_index(
        "uq_distributor_merge_merged",
        "distributor_merge",
        ["merged_id"],
        unique=True,
        postgresql_where=sa.text("state in ('waiting', 'done')"),
    )
    op.create_table(
        "merged_document",
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"],
            ["distributor_merge.id"],
            name=op.f("fk_merged_document_merge_id_distributor_merge"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("document_id", "merge_id", name=op.f("pk_merged_document")),
    )

    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("drop function check_merged_document()")
    op.drop_index(op.f("ix_distributor_merged_into_id"), table_name="distributor")
    op.drop_constraint(op.f("ck_distributor_merged_into_another"), "distributor", type_="check")
    op.drop_constraint(op.f("fk_distributor_merged_into_id_distributor"), "distributor", type_="foreignkey")
    op.drop_column("distributor", "merged_into_id")
    op.drop_index("ix_account_leading", table_name="account")
    op.drop_index(op.f("ix_account_leads_to_id"), table_name="account")
    op.drop_constraint(op.f("ck_account_leads_elsewhere"), "account", type_="check")
    op.drop_constraint(op.f("ck_account_empty_where_it_leads_away"), "account", type_="check")
    op.drop_constraint(op.f("fk_account_leads_to_id_account"), "account", type_="foreignkey")
    op.drop_column("account", "leads_to_id")
