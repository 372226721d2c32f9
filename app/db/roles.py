"""What the application's role may do. It is never the owner: the owner alone migrates, and could lift the guards.

Rights follow from the tables themselves: append-only tables can be read and added to; of kept tables the named
columns can be changed and nothing is deleted; the rest is ordinary.
"""

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.schema import MetaData, Table

from app.db.marks import APPEND_ONLY, KEPT


class OwnerIsApplication(RuntimeError):
    """The application would connect as somebody who can lift the guards."""

    def __init__(self, role: str) -> None:
        """Say as whom, and what to do."""
        super().__init__(
            f"The application would connect to the database as {role or 'nobody in particular'!r}, who has the rights "
            "of the schema's owner. Give DATABASE_URL a role of its own and DATABASE_OWNER_URL the owner's: the guards "
            "of the ledger hold only for a role that cannot lift them."
        )


_LIFTS_GUARDS = text(
    "select current_user, coalesce(bool_or(pg_has_role(relowner, 'member')), false) from pg_class "
    "where relnamespace = 'public'::regnamespace and relkind = 'r'"
)


def refuse_owner(connection: Connection) -> None:
    """Make sure that whoever is connected is neither the owner of the schema, nor one of its roles, nor a superuser.

    Raises:
        OwnerIsApplication: They are.
    """
    role, lifts = connection.execute(_LIFTS_GUARDS).one()
    if lifts:
        raise OwnerIsApplication(role)


def rights(table: Table) -> str:
    """Name the rights of the application's role on a table."""
    if table.info.get(APPEND_ONLY):
        return "select, insert"
    if table.info.get(KEPT):
        return f"select, insert, update ({', '.join(table.info[KEPT])})"
    return "select, insert, update, delete"


def grant(connection: Connection, metadata: MetaData, role: str) -> None:
    """Give the application's role exactly its rights on every table, sequence and function. The caller commits."""
    owner = connection.exec_driver_sql("select current_user").scalar_one()
    if not role or role == owner:
        raise OwnerIsApplication(role)
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.exec_driver_sql(f"grant usage on schema public to {quoted}")
    for table in metadata.sorted_tables:
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.exec_driver_sql(f"revoke all on {name} from {quoted}")
        connection.exec_driver_sql(f"grant {rights(table)} on {name} to {quoted}")
    connection.exec_driver_sql(f"grant usage, select on all sequences in schema public to {quoted}")
    connection.exec_driver_sql(f"grant execute on all functions in schema public to {quoted}")
    connection.exec_driver_sql(f"grant select on alembic_version to {quoted}")
