"""What a database consists of, in its own words: every object by name with its definition."""

from sqlalchemy import Connection

_COLUMNS = """
    select 'column ' || c.relname || '.' || a.attname,
        format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
            || case a.attidentity when '' then '' else ' identity ' || a.attidentity::text end
            || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
            || coalesce(' -- ' || col_description(c.oid, a.attnum), '')
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and c.relnamespace = 'public'::regnamespace"""

_TABLES = """
    select 'table ' || relname, coalesce(array_to_string(reloptions, ', '), '') from pg_class
    where relkind in ('r', 'p', 'v', 'm') and relnamespace = 'public'::regnamespace"""

_SEQUENCES = """
    select 'sequence ' || sequencename, data_type || ' from ' || start_value || ' by ' || increment_by
        || ' cache ' || cache_size || case when cycle then ' cycle' else '' end
    from pg_sequences where schemaname = 'public'"""

# NOT NULL is a constraint with a name since PostgreSQL 18; the columns say it already
_CONSTRAINTS = """
    select 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) from pg_constraint
    where contype <> 'n' and connamespace = 'public'::regnamespace"""

_INDEXES = "select 'index ' || indexname, indexdef from pg_indexes where schemaname = 'public'"

_FUNCTIONS = """
    select 'function ' || p.oid::regprocedure, pg_get_functiondef(p.oid) from pg_proc p
    where pronamespace = 'public'::regnamespace and prokind in ('f', 'p')"""

_TRIGGERS = """
    select 'trigger ' || tgrelid::regclass || '.' || tgname, pg_get_triggerdef(t.oid) || ' ' || tgenabled::text
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where not tgisinternal and c.relnamespace = 'public'::regnamespace"""

_TYPES = """
    select 'type ' || t.typname, t.typtype::text from pg_type t left join pg_class c on c.oid = t.typrelid
    where t.typnamespace = 'public'::regnamespace and t.typelem = 0 and (c.oid is null or c.relkind = 'c')"""


def schema_of(connection: Connection) -> dict[str, str]:
    """Name every object of the schema with its definition; without Alembic's own table."""
    found: dict[str, str] = {}
    for query in (_TABLES, _COLUMNS, _SEQUENCES, _CONSTRAINTS, _INDEXES, _FUNCTIONS, _TRIGGERS, _TYPES):
        found.update((name, definition) for name, definition in connection.exec_driver_sql(query))
    return {name: definition for name, definition in found.items() if "alembic_version" not in name}
