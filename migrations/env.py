"""Alembic's entry: runs migrations over the connection that `app.db.migrate` hands in, as the owner of the schema."""

from alembic import context

from app.db.types import Coded, Named


def render(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as plain ones: a migration must not change when the application does."""
    if kind == "type" and isinstance(item, Coded):
        return "sa.SmallInteger()"
    if kind == "type" and isinstance(item, Named):
        return "sa.String(24)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    compare_type=True,
    render_item=render,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
