"""Of what was ordered, how many pieces had been delivered and came back."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_CHECKS = {
    "returned_are_cancelled": "returned >= 0 AND returned <= cancelled",
    "returned_had_come": "returned = 0 OR delivered_on IS NOT NULL",
}


def upgrade() -> None:
    """Nothing came back so far: nobody could say so."""
    said = "of those, so many had come and went back"
    op.add_column("order_line", sa.Column("returned", sa.Integer(), server_default="0", nullable=False, comment=said))
    for name, check in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_order_line_{name}"), "order_line", check)


def downgrade() -> None:
    """What came back stays cancelled."""
    for name in reversed(_CHECKS):
        op.drop_constraint(op.f(f"ck_order_line_{name}"), "order_line")
    op.drop_column("order_line", "returned")
