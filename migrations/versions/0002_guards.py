"""The guards: what the database refuses, whoever asks (written from app/db/guards.py)."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARDS = [
    """create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: %', tg_op, tg_table_name, tg_argv[0] using errcode = 'KG001';
end $$""",
    "create trigger refuse_update_delete before update or delete on award for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on award for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_award() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'award.document_id: no sales_document has the id', n.document_id
            from (select distinct document_id from new_rows) n
            where not exists (select from sales_document p where p.id = n.document_id)
        union all
        select 'KG002', 'award.rule_version_id: no earning_rule_version has the id', n.rule_version_id
            from (select distinct rule_version_id from new_rows) n
            where not exists (select from earning_rule_version p where p.id = n.rule_version_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_award after insert on award referencing new table as new_rows for each statement execute function check_award()",
    "create trigger refuse_update_delete before update or delete on award_reversal for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on award_reversal for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_award_reversal() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'award_reversal.return_document_id: no sales_document has the id', n.return_document_id
            from (select distinct return_document_id from new_rows) n
            where not exists (select from sales_document p where p.id = n.return_document_id)
        union all
        select 'KG002', 'award_reversal.sale_document_id: no sales_document has the id', n.sale_document_id
            from (select distinct sale_document_id from new_rows) n
            where not exists (select from sales_document p where p.id = n.sale_document_id)
        union all
        select 'KG002', 'award_reversal.rule_version_id: no earning_rule_version has the id', n.rule_version_id
            from (select distinct rule_version_id from new_rows) n
            where not exists (select from earning_rule_version p where p.id = n.rule_version_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_award_reversal after insert on award_reversal referencing new table as new_rows for each statement execute function check_award_reversal()",
    "create trigger refuse_update_delete before update or delete on decision for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on decision for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_decision() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'decision.document_id: no sales_document has the id', n.document_id
            from (select distinct document_id from new_rows) n
            where not exists (select from sales_document p where p.id = n.document_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_decision after insert on decision referencing new table as new_rows for each statement execute function check_decision()",
    "create trigger refuse_update_delete before update or delete on import_problem for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on import_problem for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_import_problem() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'import_problem.batch_id: no import_batch has the id', n.batch_id
            from (select distinct batch_id from new_rows) n
            where not exists (select from import_batch p where p.id = n.batch_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_import_problem after insert on import_problem referencing new table as new_rows for each statement execute function check_import_problem()",
    "create trigger refuse_update_delete before update or delete on ledger_block for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on ledger_block for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_update_delete before update or delete on ledger_entry for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on ledger_entry for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_ledger_entry() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint; program bigint; plain boolean; known boolean;
begin
    if current_user <> session_user and has_table_privilege(tg_relid, 'truncate') then
        return null;
    end if;
    select min(a.program_id), min(a.program_id) = max(a.program_id) and min(a.unit) = max(a.unit),
            count(a.id) = count(*)
        into program, plain, known
        from (select distinct account_id from new_rows) n left join account a on a.id = n.account_id;
    if not known then
        raise exception 'ledger_entry.account_id: there is no such account' using errcode = 'KG002';
    end if;
    select x.* into code, wrong, bad from (
        select 'KG003', 'entries do not sum to zero, or do not come all at once: transaction', n.transaction_id
            from new_rows n group by n.transaction_id
            having sum(n.amount) <> 0 or min(n.position) <> 1 or max(n.position) <> count(*)
        union all
        select 'KG002', 'ledger_entry.transaction_id: not there, or of another programme: transaction', n.transaction_id
            from (select distinct transaction_id from new_rows) n
            left join ledger_transaction t on t.id = n.transaction_id
            where t.id is null or (plain and t.program_id <> program)
        union all
        select 'KG002', 'ledger_entry.lot_id: no lot has the id', n.lot_id
            from (select distinct lot_id from new_rows where lot_id is not null) n
            where not exists (select from lot p where p.id = n.lot_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    if not plain then
        select n.transaction_id into bad from new_rows n
            join ledger_transaction t on t.id = n.transaction_id join account a on a.id = n.account_id
            group by n.transaction_id, a.unit
            having sum(n.amount) <> 0 or bool_or(a.program_id <> t.program_id) limit 1;
        if found then
            raise exception 'entries do not sum to zero within one programme and unit: transaction %', bad
                using errcode = 'KG003';
        end if;
    end if;
    return null;
end $$""",
    "create trigger check_ledger_entry after insert on ledger_entry referencing new table as new_rows for each statement execute function check_ledger_entry()",
    "create trigger refuse_update_delete before update or delete on ledger_transaction for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on ledger_transaction for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_ledger_transaction() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    if current_user <> session_user and has_table_privilege(tg_relid, 'truncate') then
        return null;
    end if;
    select x.* into code, wrong, bad from (
        select 'KG002', 'ledger_transaction.program_id: no program has the id', n.program_id
            from (select distinct program_id from new_rows) n
            where not exists (select from program p where p.id = n.program_id)
        union all
        select 'KG002', 'ledger_transaction.document_id: no sales_document has the id', n.document_id
            from (select distinct document_id from new_rows where document_id is not null) n
            where not exists (select from sales_document p where p.id = n.document_id)
        union all
        select 'KG002', 'ledger_transaction.reverses_id: no ledger_transaction has the id', n.reverses_id
            from (select distinct reverses_id from new_rows where reverses_id is not null) n
            where not exists (select from ledger_transaction p where p.id = n.reverses_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_ledger_transaction after insert on ledger_transaction referencing new table as new_rows for each statement execute function check_ledger_transaction()",
    "create trigger refuse_delete before delete on lot for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on lot for each statement execute function refuse_change('other rows refer to its rows')",
    """create function check_lot() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'lot.id: no ledger_transaction has the id', n.id
            from (select distinct id from new_rows) n
            where not exists (select from ledger_transaction p where p.id = n.id)
        union all
        select 'KG002', 'lot.account_id: no account has the id', n.account_id
            from (select distinct account_id from new_rows) n
            where not exists (select from account p where p.id = n.account_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_lot after insert on lot referencing new table as new_rows for each statement execute function check_lot()",
    "create trigger refuse_update_delete before update or delete on return_match for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on return_match for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_return_match() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'return_match.return_document_id: no sales_document has the id', n.return_document_id
            from (select distinct return_document_id from new_rows) n
            where not exists (select from sales_document p where p.id = n.return_document_id)
        union all
        select 'KG002', 'return_match.sale_document_id: no sales_document has the id', n.sale_document_id
            from (select distinct sale_document_id from new_rows) n
            where not exists (select from sales_document p where p.id = n.sale_document_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_return_match after insert on return_match referencing new table as new_rows for each statement execute function check_return_match()",
    "create trigger refuse_delete before delete on sales_document for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on sales_document for each statement execute function refuse_change('other rows refer to its rows')",
    """create function check_sales_document() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'sales_document.program_id: no program has the id', n.program_id
            from (select distinct program_id from new_rows) n
            where not exists (select from program p where p.id = n.program_id)
        union all
        select 'KG002', 'sales_document.distributor_id: no distributor has the id', n.distributor_id
            from (select distinct distributor_id from new_rows) n
            where not exists (select from distributor p where p.id = n.distributor_id)
        union all
        select 'KG002', 'sales_document.batch_id: no import_batch has the id', n.batch_id
            from (select distinct batch_id from new_rows where batch_id is not null) n
            where not exists (select from import_batch p where p.id = n.batch_id)
        union all
        select 'KG002', 'sales_document.supersedes_id: no sales_document has the id', n.supersedes_id
            from (select distinct supersedes_id from new_rows where supersedes_id is not null) n
            where not exists (select from sales_document p where p.id = n.supersedes_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_sales_document after insert on sales_document referencing new table as new_rows for each statement execute function check_sales_document()",
    "create trigger refuse_update_delete before update or delete on sales_line for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on sales_line for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_sales_line() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'sales_line.document_id: no sales_document has the id', n.document_id
            from (select distinct document_id from new_rows) n
            where not exists (select from sales_document p where p.id = n.document_id)
        union all
        select 'KG002', 'sales_line.product_id: no product has the id', n.product_id
            from (select distinct product_id from new_rows) n
            where not exists (select from product p where p.id = n.product_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_sales_line after insert on sales_line referencing new table as new_rows for each statement execute function check_sales_line()",
    "create trigger refuse_update_delete before update or delete on audit_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on audit_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_delete before delete on earning_rule for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on earning_rule for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_delete before delete on import_batch for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on import_batch for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_update_delete before update or delete on program_revision for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on program_revision for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_delete before delete on distributor for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on distributor for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_update_delete before update or delete on earning_rule_version for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on earning_rule_version for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_delete before delete on product for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on product for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_delete before delete on account for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on account for each statement execute function refuse_change('other rows refer to its rows')",
]


def upgrade() -> None:
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop function refuse_change() cascade")
    op.execute("drop function check_award() cascade")
    op.execute("drop function check_award_reversal() cascade")
    op.execute("drop function check_decision() cascade")
    op.execute("drop function check_import_problem() cascade")
    op.execute("drop function check_ledger_entry() cascade")
    op.execute("drop function check_ledger_transaction() cascade")
    op.execute("drop function check_lot() cascade")
    op.execute("drop function check_return_match() cascade")
    op.execute("drop function check_sales_document() cascade")
    op.execute("drop function check_sales_line() cascade")
