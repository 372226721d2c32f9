"""An adjustment that a file asks for is asked for once, however often the file comes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "adjustment_request",
        sa.Column("key", sa.Text(), nullable=True, comment="of whoever asked by a file: asks once; none: by hand"),
    )
    op.create_unique_constraint(
        op.f("uq_adjustment_request_program_id_key"), "adjustment_request", ["program_id", "key"]
    )


def downgrade() -> None:
    op.drop_constraint(op.f("uq_adjustment_request_program_id_key"), "adjustment_request", type_="unique")
    op.drop_column("adjustment_request", "key")
