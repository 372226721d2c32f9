"""What others refer to stays: programmes are never deleted, and the ledger's transactions that are named are there."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GUARDS = [
    "create trigger refuse_delete before delete on program for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on program for each statement execute function refuse_change('other rows refer to its rows')",
]
KEYS = [
    ("fk_redemption_reserve_transaction_id_ledger_transaction", "redemption", "reserve_transaction_id"),
    ("fk_adjustment_request_transaction_id_ledger_transaction", "adjustment_request", "transaction_id"),
]


def upgrade() -> None:
    for statement in GUARDS:
        op.execute(statement)
    for name, table, column in KEYS:
        op.create_foreign_key(name, table, "ledger_transaction", [column], ["id"], ondelete="RESTRICT")


def downgrade() -> None:
    for name, table, _ in KEYS:
        op.drop_constraint(name, table, type_="foreignkey")
    for trigger in ("refuse_delete", "refuse_truncate"):
        op.execute(f"drop trigger {trigger} on program")
