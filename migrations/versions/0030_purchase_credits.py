"""Purchase credits: what participants set aside of their balances for purchases."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

GUARDS = (
    "create trigger refuse_delete before delete on purchase_credit for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on purchase_credit for each statement execute function refuse_change('other rows refer to its rows')",
    "create function check_purchase_credit() returns trigger language plpgsql\nset search_path = public, pg_temp\nset enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$\ndeclare code text; wrong text; bad bigint;\nbegin\n    select x.* into code, wrong, bad from (\n        select 'KG002', 'purchase_credit.reservation_id: no ledger_transaction has the id', n.reservation_id\n            from (select distinct reservation_id from new_rows) n\n            where not exists (select from ledger_transaction p where p.id = n.reservation_id)\n    ) x limit 1;\n    if found then\n        raise exception '% %', wrong, bad using errcode = code;\n    end if;\n    return null;\nend $$",
    "create trigger check_purchase_credit after insert on purchase_credit referencing new table as new_rows for each statement execute function check_purchase_credit()",
)


def upgrade() -> None:
    op.create_table(
        "purchase_credit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "key", sa.String(length=64), nullable=False, comment="of the page that sent it: who presses twice asks once"
        ),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="what is reserved, in the unit's smallest"),
        sa.Column("worth_minor", sa.BigInteger(), nullable=False, comment="what is taken off the purchase for it"),
        sa.Column("sealed", sa.Text(), nullable=False, comment="the code, for its owner's eyes"),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column(
            "last_on", sa.Date(), nullable=False, comment="last day; after it the points come back by themselves"
        ),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=True, comment="number of what was paid with it"),
        sa.Column("purchase_minor", sa.BigInteger(), nullable=True, comment="what the whole purchase cost"),
        sa.Column("ended_by", sa.Text(), nullable=True, comment="none: its days were over"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_purchase_credit_ended_as_a_whole")),
        sa.CheckConstraint(
            "(state = 'used') = (document IS NOT NULL) AND (state = 'used') = (purchase_minor IS NOT NULL)",
            name=op.f("ck_purchase_credit_used_for_something"),
        ),
        sa.CheckConstraint("amount > 0 AND worth_minor > 0", name=op.f("ck_purchase_credit_amounts")),
        sa.CheckConstraint("purchase_minor >= worth_minor", name=op.f("ck_purchase_credit_no_more_than_the_purchase")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_purchase_credit_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_purchase_credit_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_credit")),
        sa.UniqueConstraint("distributor_id", "key", name=op.f("uq_purchase_credit_distributor_id_key")),
        sa.UniqueConstraint("program_id", "code_hash", name=op.f("uq_purchase_credit_program_id_code_hash")),
    )
    op.create_index(
        "ix_purchase_credit_open",
        "purchase_credit",
        ["program_id", "last_on"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_purchase_credit_program_id_asked_at_id", "purchase_credit", ["program_id", "asked_at", "id"], unique=False
    )
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("purchase_credit")
    op.execute("drop function check_purchase_credit()")
