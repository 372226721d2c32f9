"""What of a wallet's points counts as spent of a tier's share: no gifts, and what was spent of points before they came."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_COLUMNS = {
    "gifts": "of what was earned, points that came with a reward for a sale, for it alone",
    "carried": "spent elsewhere of points that came from other wallets; below zero: here, of points that went",
}


def upgrade() -> None:
    """Add what is told apart: gifts are counted from the ledger, and what was spent goes along with who was merged."""
    for name, comment in _COLUMNS.items():
        op.add_column("account", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False, comment=comment))
    op.execute(
        """
        update account a set gifts = given.points
        from (
            select e.account_id, sum(e.amount) points
            from ledger_entry e join ledger_transaction t on t.id = e.transaction_id
            where t.kind = 14 and e.bucket <= 3 group by e.account_id
        ) given
        where given.account_id = a.id
        """
    )
    op.execute(
        """
        with went as (
            select own.id, coalesce(there.leads_to_id, there.id) there_id, own.spent - own.gifts points
            from account own
            join distributor d on d.id = own.distributor_id and d.merged_into_id is not null
            join account there on there.distributor_id = d.merged_into_id and there.unit = own.unit
            where own.spent <> own.gifts
        ), moved as (
            select id, -points points from went union all select there_id, points from went
        )
        update account a set carried = m.points
        from (select id, sum(points) points from moved group by id) m
        where m.id = a.id
        """
    )


def downgrade() -> None:
    """Take it away."""
    for name in _COLUMNS:
        op.drop_column("account", name)
