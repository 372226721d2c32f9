"""What promotions measured of a scenario's piece, and the standing that another one was merged into."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "scenario_piece",
        sa.Column(
            "measured",
            sa.LargeBinary(),
            nullable=True,
            comment="what promotions measured of it, until all of it is put together",
        ),
    )
    op.add_column(
        "promotion_standing",
        sa.Column(
            "into_id",
            sa.BigInteger(),
            nullable=True,
            comment="the standing to which its payments count since a merge; none: to itself",
        ),
    )
    op.create_foreign_key(
        op.f("fk_promotion_standing_into_id_promotion_standing"),
        "promotion_standing",
        "promotion_standing",
        ["into_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_index(
        "ix_promotion_standing_into_id",
        "promotion_standing",
        ["into_id"],
        postgresql_where=sa.text("into_id is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_promotion_standing_into_id", table_name="promotion_standing")
    op.drop_constraint(
        op.f("fk_promotion_standing_into_id_promotion_standing"), "promotion_standing", type_="foreignkey"
    )
    op.drop_column("promotion_standing", "into_id")
    op.drop_column("scenario_piece", "measured")
