"""What the database itself refuses, whoever asks: changed history, rows that point nowhere, unbalanced transactions.

The guards are triggers; the migrations hold their text, written from `statements()` below, and a contract test compares
what a migrated database has with what the models ask for.

References are checked once per statement over the rows it added. Hash and merge joins are switched off inside the
functions: a plan is kept for the life of a session, and one made for 20,000 rows would read the whole parent table when
a single row comes (measured: a spend took three times as long). An index probe a row is right for both.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, MetaData, Table, text

from app.db.marks import APPEND_ONLY, KEPT, REFERENCE

_PLAN = """set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off"""

_REFUSE = """create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: %', tg_op, tg_table_name, tg_argv[0] using errcode = 'KG001';
end $$"""

_BALANCE = """
    select n.transaction_id into bad from new_rows n group by n.transaction_id having sum(n.amount) <> 0 limit 1;
    if found then
        raise exception 'transaction % does not sum to zero', bad using errcode = 'KG003';
    end if;
    select count(distinct (a.program_id, a.unit)), min(a.program_id), count(a.id) - count(*)
        into kinds, program, bad
        from (select distinct account_id from new_rows) n left join account a on a.id = n.account_id;
    if bad <> 0 then
        raise exception 'ledger_entry.account_id: there is no such account' using errcode = 'KG002';
    end if;
    select n.transaction_id into bad from (select distinct transaction_id from new_rows) n
        left join ledger_transaction t on t.id = n.transaction_id
        where t.id is null or (kinds = 1 and t.program_id <> program) limit 1;
    if found then
        raise exception 'transaction % is not there, or of another programme', bad using errcode = 'KG002';
    end if;
    if kinds > 1 then
        select n.transaction_id into bad from new_rows n
            join ledger_transaction t on t.id = n.transaction_id join account a on a.id = n.account_id
            group by n.transaction_id, a.unit
            having sum(n.amount) <> 0 or bool_or(a.program_id <> t.program_id) limit 1;
        if found then
            raise exception 'transaction % does not sum to zero within one programme and unit', bad
                using errcode = 'KG003';
        end if;
    end if;"""


def statements(metadata: MetaData) -> Iterator[str]:
    """Write the SQL of every guard that the models ask for."""
    yield _REFUSE
    for table in metadata.sorted_tables:
        if table.info.get(APPEND_ONLY):
            yield _refuse(table, "update or delete", "its rows are facts; a correction is a new row")
            yield _refuse(table, "truncate", "its rows are facts; a correction is a new row")
        elif table.info.get(KEPT):
            yield _refuse(table, "delete", "other rows refer to its rows")
            yield _refuse(table, "truncate", "other rows refer to its rows")
        if references(table):
            yield _check_function(table)
            yield (
                f"create trigger check_{table.name} after insert on {table.name} referencing new table as new_rows "
                f"for each statement execute function check_{table.name}()"
            )


def references(table: Table) -> dict[str, str]:
    """Name the columns of a table that are checked set-wise, and the table each must point into."""
    return {column.name: column.info[REFERENCE] for column in table.columns if REFERENCE in column.info}


def installed(connection: Connection) -> set[str]:
    """Name the guards that a database has, as ``table.trigger``."""
    rows = connection.execute(
        text(
            "select c.relname || '.' || t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
            "where not t.tgisinternal"
        )
    )
    return set(rows.scalars())


def _refuse(table: Table, operations: str, why: str) -> str:
    name = "refuse_" + operations.replace(" or ", "_")
    return (
        f"create trigger {name} before {operations} on {table.name} "
        f"for each statement execute function refuse_change('{why}')"
    )


def _check_function(table: Table) -> str:
    body = ""
    for column, parent in references(table).items():
        if table.name == "ledger_entry" and parent in ("ledger_transaction", "account"):
            continue  # the balance check joins both anyway
        given = f"n.{column} is not null and " if table.c[column].nullable else ""
        body += f"""
    select n.{column} into bad from (select distinct {column} from new_rows) n
        where {given}not exists (select from {parent} p where p.id = n.{column}) limit 1;
    if found then
        raise exception '{table.name}.{column}: no {parent} has the id %', bad using errcode = 'KG002';
    end if;"""  # noqa: S608  # the names are the models' own
    more = ""
    if table.name == "ledger_entry":
        body += _BALANCE
        more = " kinds integer; program bigint;"
    return (
        f"create function check_{table.name}() returns trigger language plpgsql\n{_PLAN} as $$\n"
        f"declare bad bigint;{more}\nbegin{body}\n    return null;\nend $$"
    )
