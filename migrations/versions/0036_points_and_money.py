"""Prices of rewards in points and money, and the money of orders."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

COLUMNS = {
    "reward": (
        sa.Column(
            "cash_points", sa.BigInteger(), nullable=True, comment="the other price: so many points, and money besides"
        ),
        sa.Column("cash_minor", sa.BigInteger(), nullable=True, comment="the money of that price"),
    ),
    "basket_item": (
        sa.Column(
            "with_cash",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="at the price of points and money",
        ),
    ),
    "order_line": (
        sa.Column(
            "unit_cash_minor",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="the money that one cost besides",
        ),
    ),
    "reward_order": (
        sa.Column(
            "cash_minor", sa.BigInteger(), server_default="0", nullable=False, comment="the money that it cost besides"
        ),
        sa.Column(
            "paid_minor", sa.BigInteger(), nullable=True, comment="the money that came in; none: it has not come"
        ),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_by", sa.Text(), nullable=True, comment="who noted that it came"),
        sa.Column("paid_note", sa.Text(), nullable=True),
        sa.Column(
            "repaid_minor", sa.BigInteger(), server_default="0", nullable=False, comment="of it, what was given back"
        ),
        sa.Column("address_by", sa.Text(), nullable=True, comment="who said where they go"),
    ),
}
CHECKS = (
    (
        "reward",
        "cash_as_a_whole",
        "(cash_points IS NULL) = (cash_minor IS NULL) AND cash_points > 0 AND cash_minor > 0",
    ),
    ("order_line", "money_makes_sense", "unit_cash_minor >= 0"),
    (
        "reward_order",
        "paid_as_a_whole",
        "(paid_at IS NULL) = (paid_minor IS NULL) AND (paid_at IS NULL) = (paid_by IS NULL)",
    ),
    ("reward_order", "paid_before_it_goes", "approved_at IS NULL OR cash_minor = 0 OR paid_at IS NOT NULL"),
    (
        "reward_order",
        "money_makes_sense",
        "cash_minor >= 0 AND paid_minor >= 0 AND repaid_minor >= 0 AND repaid_minor <= coalesce(paid_minor, 0)",
    ),
)


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.create_index(
        "ix_reward_order_of_the_erased",
        "reward_order",
        ["id"],
        postgresql_where=sa.text("address_by LIKE 'erased-%@erased.invalid'"),
    )
    op.execute("update reward_order set address_by = placed_by where jsonb_typeof(address) = 'object'")


def downgrade() -> None:
    op.drop_index("ix_reward_order_of_the_erased", table_name="reward_order")
    for table, name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    for table, columns in reversed(COLUMNS.items()):
        for column in reversed(columns):
            op.drop_column(table, column.name)
