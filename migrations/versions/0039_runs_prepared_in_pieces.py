"""A large conversion run is prepared in pieces; what it comes to is frozen with the last of them.

So is the hash of an order file, which is written while its loads are marked.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

BEFORE = "approved_by is not null or kind = 'redemptions' or status in ('preview', 'empty', 'cancelled')"
AFTER = "approved_by is not null or kind = 'redemptions' or status in ('preparing', 'preview', 'empty', 'cancelled')"
FIGURES = (
    "accounts",
    "points",
    "amount_minor",
    "compensation_minor",
    "deferred_minor",
    "withheld_minor",
    "exceptions",
    "scheduled_on",
)


def upgrade() -> None:
    op.create_table(
        "conversion_piece",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "account_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="in the order of the preview"
        ),
        sa.Column(
            "redemption_ids",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="drawn for them, rising with the run",
        ),
        sa.Column(
            "first_number",
            sa.Integer(),
            nullable=False,
            comment="of the first account within the run: references begin with it",
        ),
        sa.Column(
            "outcome",
            postgresql.JSONB(none_as_null=True),
            nullable=True,
            comment="what it adds to the run, its exceptions among that; none: not yet frozen",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["conversion_run.id"],
            name=op.f("fk_conversion_piece_run_id_conversion_run"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_conversion_piece")),
    )
    _recheck(AFTER)
    op.create_index(
        "uq_conversion_run_preparing",
        "conversion_run",
        ["program_id"],
        unique=True,
        postgresql_where=sa.text("status = 'preparing'"),
    )
    was, becomes = (", ".join(f"{row}.{column}" for column in FIGURES) for row in ("old", "new"))
    op.execute(
        "create trigger refuse_thaw before update on conversion_run for each row "
        f"when (old.status <> 'preparing' and ({was}) is distinct from ({becomes})) "
        "execute function refuse_change('its figures are frozen')"
    )
    op.alter_column("load_batch", "file_sha256", comment="empty while it is written")
    op.execute(
        "create trigger refuse_thaw before update on load_batch for each row "
        "when (old.file_sha256 <> '' and (old.file_sha256) is distinct from (new.file_sha256)) "
        "execute function refuse_change('its figures are frozen')"
    )


def downgrade() -> None:
    op.execute("drop trigger refuse_thaw on load_batch")
    op.alter_column("load_batch", "file_sha256", comment=None)
    op.execute("drop trigger refuse_thaw on conversion_run")
    op.drop_index("uq_conversion_run_preparing", table_name="conversion_run")
    _recheck(BEFORE)
    op.drop_table("conversion_piece")


def _recheck(condition: str) -> None:
    name = op.f("ck_conversion_run_approved_before_ordered")
    op.drop_constraint(name, "conversion_run", type_="check")
    op.create_check_constraint(name, "conversion_run", condition)
