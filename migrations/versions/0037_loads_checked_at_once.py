"""What thousands of loads of a run refer to is checked once a statement, and stays."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

CHECK_REDEMPTION = """create or replace function check_redemption() returns trigger language plpgsql
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
        select 'KG002', 'redemption.run_id: no conversion_run has the id', n.run_id
            from (select distinct run_id from new_rows where run_id is not null) n
            where not exists (select from conversion_run p where p.id = n.run_id)
        union all
        select 'KG002', 'redemption.reserve_transaction_id: no ledger_transaction has the id', n.reserve_transaction_id
            from (select distinct reserve_transaction_id from new_rows) n
            where not exists (select from ledger_transaction p where p.id = n.reserve_transaction_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$"""

CHECK_REDEMPTION_BEFORE = """create or replace function check_redemption() returns trigger language plpgsql
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
end $$"""

GUARDS = (
    """create function check_redemption_moved() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'redemption.run_id: no conversion_run has the id', n.run_id
            from (select distinct run_id from new_rows where run_id is not null) n
            where not exists (select from conversion_run p where p.id = n.run_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_redemption_moved after update on redemption referencing new table as new_rows for each statement execute function check_redemption_moved()",
    """create function check_top_up() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'top_up.redemption_id: no redemption has the id', n.redemption_id
            from (select distinct redemption_id from new_rows) n
            where not exists (select from redemption p where p.id = n.redemption_id)
        union all
        select 'KG002', 'top_up.run_id: no conversion_run has the id', n.run_id
            from (select distinct run_id from new_rows where run_id is not null) n
            where not exists (select from conversion_run p where p.id = n.run_id)
        union all
        select 'KG002', 'top_up.card_id: no card has the id', n.card_id
            from (select distinct card_id from new_rows where card_id is not null) n
            where not exists (select from card p where p.id = n.card_id)
        union all
        select 'KG002', 'top_up.load_batch_id: no load_batch has the id', n.load_batch_id
            from (select distinct load_batch_id from new_rows where load_batch_id is not null) n
            where not exists (select from load_batch p where p.id = n.load_batch_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_top_up after insert on top_up referencing new table as new_rows for each statement execute function check_top_up()",
    """create function check_top_up_moved() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'top_up.run_id: no conversion_run has the id', n.run_id
            from (select distinct run_id from new_rows where run_id is not null) n
            where not exists (select from conversion_run p where p.id = n.run_id)
        union all
        select 'KG002', 'top_up.card_id: no card has the id', n.card_id
            from (select distinct card_id from new_rows where card_id is not null) n
            where not exists (select from card p where p.id = n.card_id)
        union all
        select 'KG002', 'top_up.load_batch_id: no load_batch has the id', n.load_batch_id
            from (select distinct load_batch_id from new_rows where load_batch_id is not null) n
            where not exists (select from load_batch p where p.id = n.load_batch_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_top_up_moved after update on top_up referencing new table as new_rows for each statement execute function check_top_up_moved()",
)

CHECKED_AT_ONCE = (
    ("redemption", "run_id", "conversion_run"),
    ("top_up", "redemption_id", "redemption"),
    ("top_up", "run_id", "conversion_run"),
    ("top_up", "card_id", "card"),
    ("top_up", "load_batch_id", "load_batch"),
)
STAYS = ("card", "conversion_run", "load_batch", "redemption")


def upgrade() -> None:
    for table, column, parent in CHECKED_AT_ONCE:
        op.drop_constraint(op.f(f"fk_{table}_{column}_{parent}"), table, type_="foreignkey")
    op.execute(CHECK_REDEMPTION)
    for guard in GUARDS:
        op.execute(guard)
    for table in STAYS:
        for operation in ("delete", "truncate"):
            op.execute(
                f"create trigger refuse_{operation} before {operation} on {table} "
                "for each statement execute function refuse_change('other rows refer to its rows')"
            )


def downgrade() -> None:
    for table in STAYS:
        for operation in ("delete", "truncate"):
            op.execute(f"drop trigger refuse_{operation} on {table}")
    op.execute("drop function check_top_up_moved() cascade")
    op.execute("drop function check_top_up() cascade")
    op.execute("drop function check_redemption_moved() cascade")
    op.execute(CHECK_REDEMPTION_BEFORE)
    for table, column, parent in CHECKED_AT_ONCE:
        name = op.f(f"fk_{table}_{column}_{parent}")
        op.create_foreign_key(name, table, parent, [column], ["id"], ondelete="RESTRICT")
