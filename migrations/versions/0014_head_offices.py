"""Distributors that are branches name their head office."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "distributor",
        sa.Column(
            "head_office_id", sa.BigInteger(), nullable=True, comment="whose branch it is; a branch has no branches"
        ),
    )
    op.create_unique_constraint(op.f("uq_distributor_program_id_id"), "distributor", ["program_id", "id"])
    op.create_foreign_key(
        op.f("fk_distributor_program_id_head_office_id_distributor"),
        "distributor",
        "distributor",
        ["program_id", "head_office_id"],
        ["program_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_check_constraint(op.f("ck_distributor_not_its_own_head_office"), "distributor", "head_office_id <> id")
    op.create_index(op.f("ix_distributor_head_office_id"), "distributor", ["head_office_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_distributor_head_office_id"), table_name="distributor")
    op.drop_constraint(op.f("ck_distributor_not_its_own_head_office"), "distributor", type_="check")
    op.drop_constraint(op.f("fk_distributor_program_id_head_office_id_distributor"), "distributor", type_="foreignkey")
    op.drop_constraint(op.f("uq_distributor_program_id_id"), "distributor", type_="unique")
    op.drop_column("distributor", "head_office_id")
