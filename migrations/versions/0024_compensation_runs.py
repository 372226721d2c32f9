"""Runs of compensations: which run a top-up goes out with, and goods whose tax is compensated."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

GUARDS = [
    """create function check_redemption() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'redemption.program_id: no program has the id', n.program_id
            from (select distinct program_id from new_rows) n
            where not exists (select from program p where p.id = n.program_id)
        union all
        select 'KG002', 'redemption.account_id: no account has the id', n.account_id
            from (select distinct account_id from new_rows) n
            where not exists (select from account p where p.id = n.account_id)
        union all
        select 'KG002', 'redemption.reserve_transaction_id: no ledger_transaction has the id', n.reserve_transaction_id
            from (select distinct reserve_transaction_id from new_rows) n
            where not exists (select from ledger_transaction p where p.id = n.reserve_transaction_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_redemption after insert on redemption referencing new table as new_rows for each statement execute function check_redemption()",
]
CHECKED_AT_ONCE = {
    "program_id": "program",
    "account_id": "account",
    "reserve_transaction_id": "ledger_transaction",
}


def upgrade() -> None:
    op.add_column(
        "conversion_run",
        sa.Column(
            "deferred_minor",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="compensations that a run of their own loads later",
        ),
    )
    op.alter_column("conversion_run", "deferred_minor", server_default=None)
    _goods()
    _where_it_goes_out()
    _checked_at_once()


def _checked_at_once() -> None:
    """Check once a statement what thousands of redemptions of a run refer to."""
    for column, parent in CHECKED_AT_ONCE.items():
        op.drop_constraint(op.f(f"fk_redemption_{column}_{parent}"), "redemption", type_="foreignkey")
    for guard in GUARDS:
        op.execute(guard)


def _goods() -> None:
    op.add_column(
        "redemption",
        sa.Column("order_line_id", sa.BigInteger(), nullable=True, comment="the goods; none: money on a card"),
    )
    op.create_foreign_key(
        op.f("fk_redemption_order_line_id_order_line"),
        "redemption",
        "order_line",
        ["order_line_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    _once_a_run("key is null and order_line_id is null")
    op.create_index(
        "uq_redemption_order_line",
        "redemption",
        ["order_line_id"],
        unique=True,
        postgresql_where=sa.text("order_line_id is not null and ended_at is null"),
    )


def _once_a_run(those: str) -> None:
    """Say which rows of an account a run has once."""
    op.drop_index("uq_redemption_run_id_account_id", table_name="redemption")
    op.create_index(
        "uq_redemption_run_id_account_id",
        "redemption",
        ["run_id", "account_id"],
        unique=True,
        postgresql_where=sa.text(those),
    )


def _where_it_goes_out() -> None:
    op.add_column(
        "top_up",
        sa.Column(
            "run_id",
            sa.BigInteger(),
            nullable=True,
            comment="the run that it goes out with: the redemption's, or one of compensations",
        ),
    )
    op.execute("update top_up set run_id = redemption.run_id from redemption where redemption.id = redemption_id")
    op.create_foreign_key(
        op.f("fk_top_up_run_id_conversion_run"), "top_up", "conversion_run", ["run_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_index("ix_top_up_run_id", "top_up", ["run_id"], unique=False)


def downgrade() -> None:
    op.execute("drop trigger check_redemption on redemption")
    op.execute("drop function check_redemption()")
    for column, parent in CHECKED_AT_ONCE.items():
        name = op.f(f"fk_redemption_{column}_{parent}")
        op.create_foreign_key(name, "redemption", parent, [column], ["id"], ondelete="RESTRICT")
    op.drop_index("ix_top_up_run_id", table_name="top_up")
    op.drop_constraint(op.f("fk_top_up_run_id_conversion_run"), "top_up", type_="foreignkey")
    op.drop_column("top_up", "run_id")
    op.drop_index("uq_redemption_order_line", table_name="redemption")
    _once_a_run("key is null")
    op.drop_constraint(op.f("fk_redemption_order_line_id_order_line"), "redemption", type_="foreignkey")
    op.drop_column("redemption", "order_line_id")
    op.drop_column("conversion_run", "deferred_minor")
