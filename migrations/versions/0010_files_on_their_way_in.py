"""Files on their way in: brought by somebody, looked at, not imported yet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_draft",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=True, comment="none: nobody said, and the file does not tell"),
        sa.Column(
            "kind_said", sa.Boolean(), nullable=False, comment="whether somebody said the kind; else it is a guess"
        ),
        sa.Column(
            "profile_name",
            sa.String(length=64),
            nullable=True,
            comment="reads the file; while somebody is asked, it seems to",
        ),
        sa.Column("recognised", sa.Boolean(), nullable=False, comment="whether the profile was found, not named"),
        sa.Column("file_name", sa.Text(), nullable=False, comment="as the person named it; never a path on our disk"),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False, comment="how often it was asked to be looked at"),
        sa.Column("seen", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="what a look at it saw"),
        sa.Column("message", sa.Text(), nullable=True, comment="why it cannot be used, or not by the profile"),
        sa.Column("check_id", sa.BigInteger(), nullable=True, comment="the dry run of it"),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["import_batch.id"],
            name=op.f("fk_import_draft_check_id_import_batch"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_import_draft_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_draft")),
    )
    op.create_index(op.f("ix_import_draft_check_id"), "import_draft", ["check_id"])
    op.create_index(op.f("ix_import_draft_program_id"), "import_draft", ["program_id"])


def downgrade() -> None:
    op.drop_table("import_draft")
