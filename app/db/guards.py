"""What the database itself refuses, whoever asks: changed history, rows that point nowhere, unbalanced transactions.

The guards are triggers; the migrations hold their text, written from `statements()` below, and a contract test compares
what a migrated database has with what the models ask for.

References are checked once per statement over the rows it added. A shard's documents have keys that follow one another:
where a column's keys lie so close together that there can be no more of them than rows, and the parent has every key
from the least to the largest, all are there, and nothing more is looked at. Else each distinct key is looked up.

Hash and merge joins are switched off inside the functions: a plan is kept for the life of a session, and one made for
30,000 rows would read the whole parent table when a single row comes (measured: a spend took three times as long). An
index probe a row is right for both.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import MetaData, Table

from app.db.marks import APPEND_ONLY, FROZEN, KEPT, LET_GO, MOVES, REFERENCE

_PLAN = """set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off"""

_REFUSE = """create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: %', tg_op, tg_table_name, tg_argv[0] using errcode = 'KG001';
end $$"""

_ENTRIES = """
    select min(a.program_id), min(a.program_id) = max(a.program_id) and min(a.unit) = max(a.unit),
            count(a.id) = count(*)
        into program, plain, known
        from (select distinct account_id from new_rows) n left join account a on a.id = n.account_id;
    if not known then
        raise exception 'ledger_entry.account_id: there is no such account' using errcode = 'KG002';
    end if;
    select x.* into code, wrong, bad
    from (select %s from new_rows) s
    cross join lateral (
        select 'KG003', 'entries do not sum to zero, or do not come all at once: transaction', n.transaction_id
            from new_rows n group by n.transaction_id
            having sum(n.amount) <> 0 or min(n.position) <> 1 or max(n.position) <> count(*)
        union all
        select 'KG002', 'ledger_entry.transaction_id: not there, or of another programme: transaction', n.transaction_id
            from (select distinct transaction_id from new_rows where not plain or %s) n
            left join ledger_transaction t on t.id = n.transaction_id
            where t.id is null or (plain and t.program_id <> program)
        union all
        %s
    ) x limit 1;
    if found then
        raise exception '%% %%', wrong, bad using errcode = code;
    end if;
    if not plain then
        select n.transaction_id into bad from new_rows n
            join ledger_transaction t on t.id = n.transaction_id join account a on a.id = n.account_id
            group by n.transaction_id, a.unit
            having sum(n.amount) <> 0 or bool_or(a.program_id <> t.program_id) limit 1;
        if found then
            raise exception 'entries do not sum to zero within one programme and unit: transaction %%', bad
                using errcode = 'KG003';
        end if;
    end if;"""
"""Entries of one programme and unit, which is what comes, need one look at the accounts and one at the rest."""

_TRUSTED = """
    if current_user <> session_user and has_table_privilege(tg_relid, 'truncate') then
        return null;
    end if;"""
"""A function that lends the owner's rights is writing: `ledger_reserve`, whose rows are right as it makes them.

Looking at them once more took a third of a spend's time. The application's role cannot make such a function; its own
statements are looked at, and the owner's too.
"""

_WRITTEN_BY_FUNCTION = ("ledger_transaction", "ledger_entry")

_UNLESS_LENT = "when (current_user = session_user)"
"""Whoever deletes by a statement of their own, the owner too; a function that lends the owner's rights has looked."""

_REFERENCES = """
    select x.* into code, wrong, bad
    from (select %s from new_rows) s
    cross join lateral (
        %s
    ) x limit 1;
    if found then
        raise exception '%% %%', wrong, bad using errcode = code;
    end if;"""


def statements(metadata: MetaData) -> Iterator[str]:
    """Write the SQL of every guard that the models ask for."""
    yield _REFUSE
    for table in metadata.sorted_tables:
        if table.info.get(APPEND_ONLY):
            yield _refuse(table, "update or delete", "its rows are facts; a correction is a new row")
            yield _refuse(table, "truncate", "its rows are facts; a correction is a new row")
        elif table.info.get(KEPT):
            lent = f" {_UNLESS_LENT}" if table.info.get(LET_GO) else ""
            yield _refuse(table, "delete", "other rows refer to its rows", lent)
            yield _refuse(table, "truncate", "other rows refer to its rows")
        if FROZEN in table.info:
            yield _frozen(table, *table.info[FROZEN])
        if references(table):
            yield from _checked(table, "insert", f"check_{table.name}", references(table))
        if moving := {name: of for name, of in references(table).items() if MOVES in table.c[name].info}:
            yield from _checked(table, "update", f"check_{table.name}_moved", moving)


def references(table: Table) -> dict[str, str]:
    """Name the columns of a table that are checked set-wise, and the table each must point into."""
    return {column.name: column.info[REFERENCE] for column in table.columns if REFERENCE in column.info}


def _refuse(table: Table, operations: str, why: str, when: str = "") -> str:
    name = "refuse_" + operations.replace(" or ", "_")
    return (
        f"create trigger {name} before {operations} on {table.name} "
        f"for each statement{when} execute function refuse_change('{why}')"
    )


def _frozen(table: Table, once: str, columns: Sequence[str]) -> str:
    was, becomes = (", ".join(f"{row}.{column}" for column in columns) for row in ("old", "new"))
    return (
        f"create trigger refuse_thaw before update on {table.name} for each row "
        f"when (old.{once} and ({was}) is distinct from ({becomes})) "
        "execute function refuse_change('its figures are frozen')"
    )


def _checked(table: Table, operation: str, name: str, columns: dict[str, str]) -> Iterator[str]:
    yield _check_function(table, name, columns)
    yield (
        f"create trigger {name} after {operation} on {table.name} referencing new table as new_rows "
        f"for each statement execute function {name}()"
    )


def _check_function(table: Table, name: str, columns: dict[str, str]) -> str:
    """Write the function that checks what a statement wrote. One query where it can be: each costs 15 µs to begin."""
    bounds, missing, declare = ["count(*) as rows"], [], "code text; wrong text; bad bigint;"
    for column, parent in columns.items():
        if table.name == "ledger_entry" and parent == "account":
            continue  # the check of the entries looks at them anyway
        bounds.append(f"min({column}) as {column}_min, max({column}) as {column}_max")
        if table.name == "ledger_entry" and parent == "ledger_transaction":
            continue
        given = f"{column} is not null and " if table.c[column].nullable else ""
        missing.append(
            f"select 'KG002', '{table.name}.{column}: no {parent} has the id', n.{column}\n"  # noqa: S608  # models' names
            f"            from (select distinct {column} from new_rows where {given}{_gaps(column, parent)}) n\n"
            f"            where not exists (select from {parent} p where p.id = n.{column})"
        )
    seen, checks = ",\n        ".join(bounds), "\n        union all\n        ".join(missing)
    body = _REFERENCES % (seen, checks)
    if table.name == "ledger_entry":
        body = _ENTRIES % (seen, _gaps("transaction_id", "ledger_transaction", " and p.program_id = program"), checks)
        declare += " program bigint; plain boolean; known boolean;"
    if table.name in _WRITTEN_BY_FUNCTION:
        body = _TRUSTED + body
    return (
        f"create function {name}() returns trigger language plpgsql\n{_PLAN} as $$\n"
        f"declare {declare}\nbegin{body}\n    return null;\nend $$"
    )


def _gaps(column: str, parent: str, of: str = "") -> str:
    """Say that a parent may lack one of the keys between a column's least and largest: look them up one by one."""
    least, most = f"s.{column}_min", f"s.{column}_max"
    return (
        f"case when {most} - {least} < s.rows\n"  # noqa: S608  # the models' names
        f"                then (select count(*) from {parent} p where p.id between {least} and {most}{of})\n"
        f"                else 0 end <= {most} - {least}"
    )
