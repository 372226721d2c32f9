"""References of a statement's rows are looked up one by one only where keys are missing between the least and largest."""

from collections.abc import Mapping

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

CHECKED = (
    # the function, its table, and what the columns refer to; a question mark: it may be null
    ("check_award", "award", {"document_id": "sales_document", "rule_version_id": "earning_rule_version"}),
    (
        "check_award_reversal",
        "award_reversal",
        {
            "return_document_id": "sales_document",
            "sale_document_id": "sales_document",
            "rule_version_id": "earning_rule_version",
        },
    ),
    ("check_decision", "decision", {"document_id": "sales_document"}),
    ("check_import_change", "import_change", {"batch_id": "import_batch"}),
    ("check_import_problem", "import_problem", {"batch_id": "import_batch"}),
    (
        "check_ledger_entry",
        "ledger_entry",
        {"transaction_id": "ledger_transaction", "account_id": "account", "lot_id?": "lot"},
    ),
    (
        "check_ledger_transaction",
        "ledger_transaction",
        {"program_id": "program", "document_id?": "sales_document", "reverses_id?": "ledger_transaction"},
    ),
    ("check_lot", "lot", {"id": "ledger_transaction", "account_id": "account", "terms_id?": "lot_terms"}),
    ("check_lot_extension", "lot_extension", {"lot_id": "lot"}),
    (
        "check_person_reversal",
        "person_reversal",
        {"return_document_id": "sales_document", "sale_document_id": "sales_document", "person_id": "distributor"},
    ),
    ("check_person_share", "person_share", {"document_id": "sales_document", "person_id": "distributor"}),
    ("check_promotion_month", "promotion_month", {"promotion_id": "promotion", "distributor_id": "distributor"}),
    (
        "check_promotion_payment",
        "promotion_payment",
        {"transaction_id": "ledger_transaction", "standing_id": "promotion_standing"},
    ),
    ("check_promotion_touched", "promotion_touched", {"promotion_id": "promotion", "distributor_id": "distributor"}),
    (
        "check_return_match",
        "return_match",
        {"return_document_id": "sales_document", "sale_document_id": "sales_document"},
    ),
    ("check_review", "review", {"document_id": "sales_document", "program_id": "program"}),
    (
        "check_sales_document",
        "sales_document",
        {
            "program_id": "program",
            "distributor_id": "distributor",
            "batch_id?": "import_batch",
            "supersedes_id?": "sales_document",
        },
    ),
    ("check_sales_line", "sales_line", {"document_id": "sales_document", "product_id": "product"}),
    (
        "check_top_up",
        "top_up",
        {
            "redemption_id": "redemption",
            "run_id?": "conversion_run",
            "card_id?": "card",
            "load_batch_id?": "load_batch",
        },
    ),
    ("check_top_up_moved", "top_up", {"run_id?": "conversion_run", "card_id?": "card", "load_batch_id?": "load_batch"}),
    ("check_purchase_credit", "purchase_credit", {"reservation_id": "ledger_transaction"}),
    ("check_merged_document", "merged_document", {"document_id": "sales_document"}),
    ("check_order_line", "order_line", {"reservation_id": "ledger_transaction"}),
    (
        "check_redemption",
        "redemption",
        {
            "program_id": "program",
            "account_id": "account",
            "run_id?": "conversion_run",
            "reserve_transaction_id": "ledger_transaction",
        },
    ),
    ("check_redemption_moved", "redemption", {"run_id?": "conversion_run"}),
)

FUNCTION = """create or replace function {name}() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;{declared}
begin{before}
    select x.* into code, wrong, bad{bounds}
        {checks}
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;{after}
    return null;
end $$"""

TRUSTED = """
    if current_user <> session_user and has_table_privilege(tg_relid, 'truncate') then
        return null;
    end if;"""

ACCOUNTS = """
    select min(a.program_id), min(a.program_id) = max(a.program_id) and min(a.unit) = max(a.unit),
            count(a.id) = count(*)
        into program, plain, known
        from (select distinct account_id from new_rows) n left join account a on a.id = n.account_id;
    if not known then
        raise exception 'ledger_entry.account_id: there is no such account' using errcode = 'KG002';
    end if;"""

BALANCED = """select 'KG003', 'entries do not sum to zero, or do not come all at once: transaction', n.transaction_id
            from new_rows n group by n.transaction_id
            having sum(n.amount) <> 0 or min(n.position) <> 1 or max(n.position) <> count(*)
        union all
        select 'KG002', 'ledger_entry.transaction_id: not there, or of another programme: transaction', n.transaction_id
            from (select distinct transaction_id from new_rows{where}) n
            left join ledger_transaction t on t.id = n.transaction_id
            where t.id is null or (plain and t.program_id <> program)"""

SEVERAL = """
    if not plain then
        select n.transaction_id into bad from new_rows n
            join ledger_transaction t on t.id = n.transaction_id join account a on a.id = n.account_id
            group by n.transaction_id, a.unit
            having sum(n.amount) <> 0 or bool_or(a.program_id <> t.program_id) limit 1;
        if found then
            raise exception 'entries do not sum to zero within one programme and unit: transaction %', bad
                using errcode = 'KG003';
        end if;
    end if;"""


def upgrade() -> None:
    """Count what the parent has between the least and the largest key first."""
    for name, table, columns in CHECKED:
        op.execute(_function(name, table, columns, by_bounds=True))


def downgrade() -> None:
    """Look up each distinct key."""
    for name, table, columns in CHECKED:
        op.execute(_function(name, table, columns, by_bounds=False))


def _function(name: str, table: str, columns: Mapping[str, str], *, by_bounds: bool) -> str:
    whole = {"before": TRUSTED if table in ("ledger_transaction", "ledger_entry") else "", "declared": "", "after": ""}
    referring = {column: of for column, of in columns.items() if (table, of) != ("ledger_entry", "account")}
    bounds = _bounds([column.removesuffix("?") for column in referring]) if by_bounds else " from ("
    checks = []
    if table == "ledger_entry":
        of = referring.pop("transaction_id")
        gaps = f" where not plain or {_gaps('transaction_id', of, ' and p.program_id = program')}" if by_bounds else ""
        checks = [BALANCED.replace("{where}", gaps)]
        whole = {
            "before": TRUSTED + ACCOUNTS,
            "declared": " program bigint; plain boolean; known boolean;",
            "after": SEVERAL,
        }
    for marked, of in referring.items():
        column = marked.removesuffix("?")
        conditions = [f"{column} is not null"] if column != marked else []
        if by_bounds:
            conditions.append(_gaps(column, of))
        where = f" where {' and '.join(conditions)}" if conditions else ""
        checks.append(
            f"select 'KG002', '{table}.{column}: no {of} has the id', n.{column}\n"
            f"            from (select distinct {column} from new_rows{where}) n\n"
            f"            where not exists (select from {of} p where p.id = n.{column})"
        )
    return FUNCTION.format(name=name, bounds=bounds, checks="\n        union all\n        ".join(checks), **whole)


def _bounds(columns: list[str]) -> str:
    of_each = [f"min({column}) as {column}_min, max({column}) as {column}_max" for column in columns]
    listed = ",\n        ".join(["count(*) as rows", *of_each])
    return f"\n    from (select {listed} from new_rows) s\n    cross join lateral ("


def _gaps(column: str, parent: str, of: str = "") -> str:
    least, most = f"s.{column}_min", f"s.{column}_max"
    return (
        f"case when {most} - {least} < s.rows\n"
        f"                then (select count(*) from {parent} p where p.id between {least} and {most}{of})\n"
        f"                else 0 end <= {most} - {least}"
    )
