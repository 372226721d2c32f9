"""Files of finance's histories with what was asked and their hashes, plans to make them anew, and mails that bring one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

GUARDS = (
    "create trigger refuse_delete before delete on export for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on export for each statement execute function refuse_change('other rows refer to its rows')",
)
READ_AS_A_WHOLE = "(rows is null) = (read_at is null) and (rows is null) = (kept_sha256 is null)"
MADE_AS_A_WHOLE = "(made_at is null) = (sha256 is null) and (made_at is null) = (bytes is null)"


def upgrade() -> None:
    op.create_table(
        "export_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("shape", JSONB(), nullable=False, comment="app.domain.export_wish.Shape"),
        sa.Column("span", sa.String(length=24), nullable=False, comment="which days, by the day it is made on"),
        sa.Column("rhythm", sa.String(length=24), nullable=False),
        sa.Column("day", sa.SmallInteger(), nullable=False, comment="weekday (Monday 1) or day of the month"),
        sa.Column("next_on", sa.Date(), nullable=True, comment="in the programme's time zone"),
        sa.Column("way", sa.String(length=24), nullable=False),
        sa.Column("target", sa.Text(), nullable=True, comment="a folder's name, or addresses"),
        sa.Column("changed_by", sa.Text(), nullable=False, comment="in whose name it is made"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(rhythm = 'never') = (next_on is null)", name=op.f("ck_export_plan_due")),
        sa.CheckConstraint(
            "rhythm not in ('weekly', 'monthly') or day between 1 and case rhythm when 'weekly' then 7 else 31 end",
            name=op.f("ck_export_plan_day"),
        ),
        sa.CheckConstraint("(way = 'none') = (target is null)", name=op.f("ck_export_plan_target")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_export_plan_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_plan")),
        sa.UniqueConstraint("program_id", "name", name=op.f("uq_export_plan_program_id_name")),
    )
    op.create_index(
        "ix_export_plan_due", "export_plan", ["next_on"], unique=False, postgresql_where=sa.text("next_on is not null")
    )
    op.create_table(
        "export",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "program_id", sa.BigInteger(), nullable=True, comment="whose pages have it; none: made of all by a command"
        ),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("form", sa.String(length=24), nullable=False),
        sa.Column("wish", JSONB(), nullable=False, comment="app.domain.export_wish.Wish"),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True, comment="of which moment its rows are"),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("sums", JSONB(), nullable=False, comment="by what its history sums by"),
        sa.Column("kept_sha256", sa.LargeBinary(), nullable=True, comment="of the rows as they were read"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("cut_texts", sa.Integer(), nullable=False, comment="too long for a cell"),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True, comment="when it was made again last"),
        sa.Column("again_by", sa.Text(), nullable=True),
        sa.Column("again_same", sa.Boolean(), nullable=True, comment="whether it was the same, byte for byte"),
        sa.Column("sent_to", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_sent", sa.Text(), nullable=True, comment="why it did not get where its plan says"),
        sa.CheckConstraint(READ_AS_A_WHOLE, name=op.f("ck_export_read_as_a_whole")),
        sa.CheckConstraint(MADE_AS_A_WHOLE, name=op.f("ck_export_made_as_a_whole")),
        sa.CheckConstraint("(state = 'made') = (made_at is not null)", name=op.f("ck_export_made")),
        sa.CheckConstraint("(state = 'failed') = (failure is not null)", name=op.f("ck_export_failed")),
        sa.CheckConstraint("(again_at is null) = (again_same is null)", name=op.f("ck_export_again_as_a_whole")),
        sa.CheckConstraint("(sent_to is null) = (sent_at is null)", name=op.f("ck_export_sent_as_a_whole")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_export_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["export_plan.id"], name=op.f("fk_export_plan_id_export_plan"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    op.create_index("ix_export_program_id_id", "export", ["program_id", "id"], unique=False)
    op.create_index("ix_export_plan_id", "export", ["plan_id"], unique=False)
    op.add_column(
        "message",
        sa.Column("attachment", sa.Text(), nullable=True, comment="a file that goes with it, below the files"),
    )
    op.add_column("message", sa.Column("attachment_name", sa.Text(), nullable=True, comment="as its reader sees it"))
    op.create_check_constraint(
        op.f("ck_message_attached_as_a_whole"), "message", "(attachment is null) = (attachment_name is null)"
    )
    for guard in GUARDS:
        op.execute(guard)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_message_attached_as_a_whole"), "message", type_="check")
    op.drop_column("message", "attachment_name")
    op.drop_column("message", "attachment")
    op.drop_table("export")
    op.drop_table("export_plan")
