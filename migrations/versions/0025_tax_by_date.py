"""What participants are to the tax office by day, changes of tax rules before they hold, and papers of a year."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

GUARDS = [
    "create trigger refuse_update_delete before update or delete on tax_status_change for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on tax_status_change for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
]


FROZEN = {
    f"tax_{name}_minor": f"(tax_trace ->> '{name}_minor'::text)::bigint"
    for name in ("value", "gross", "base", "levied", "withheld", "remitted", "declared")
}
WORDS = {"tax_form": "tax_trace #>> '{forms,0}'::text[]", "taxed_as": "tax_trace ->> 'participant'::text"}


def upgrade() -> None:
    for name, of in FROZEN.items():
        op.add_column("redemption", sa.Column(name, sa.BigInteger(), sa.Computed(of, persisted=True), nullable=True))
    for name, of in WORDS.items():
        op.add_column("redemption", sa.Column(name, sa.Text(), sa.Computed(of, persisted=True), nullable=True))
    # the register and a year are read by programme and days
    op.create_index("ix_redemption_program_id", "redemption", ["program_id", "redeemed_on", "id"], unique=False)
    _statuses()
    _changes()
    _papers()
    for guard in GUARDS:
        op.execute(guard)


def _statuses() -> None:
    op.create_table(
        "tax_status_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True, comment="none: from the beginning"),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why, and what shows it, in somebody's words"),
        sa.Column("proof_sha256", sa.LargeBinary(), nullable=True, comment="of the file that shows it"),
        sa.Column("proof_name", sa.Text(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=True, comment="a person's sign-in name; none: a file or the machine"),
        sa.CheckConstraint(
            "(proof_sha256 is null) = (proof_name is null)", name=op.f("ck_tax_status_change_proof_as_a_whole")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_tax_status_change_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_tax_status_change_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_status_change")),
    )
    op.create_index(
        "ix_tax_status_change_distributor_id", "tax_status_change", ["distributor_id", "from_on", "id"], unique=False
    )
    op.create_index("ix_tax_status_change_program_id", "tax_status_change", ["program_id", "from_on"], unique=False)


def _changes() -> None:
    op.create_table(
        "tax_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False, comment="of the rule; of the pack none"),
        sa.Column(
            "document",
            sa.dialects.postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what is to be, as the programme file has it",
        ),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=True, comment="who wants it published: another person does it"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True, comment="why it was sent back"),
        sa.CheckConstraint("state <> 'waiting' or asked_by is not null", name=op.f("ck_tax_change_asked")),
        sa.CheckConstraint(
            "(state in ('published', 'dropped')) = (decided_by is not null)", name=op.f("ck_tax_change_decided")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_tax_change_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_change")),
    )
    op.create_index("ix_tax_change_program_id_state_id", "tax_change", ["program_id", "state", "id"], unique=False)
    op.create_index(
        "uq_tax_change_open",
        "tax_change",
        ["program_id", "kind", "code"],
        unique=True,
        postgresql_where=sa.text("state in ('draft', 'waiting')"),
    )


def _papers() -> None:
    op.create_table(
        "tax_papers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statements", sa.BigInteger(), nullable=False, comment="that there are to be"),
        sa.Column("written", sa.BigInteger(), nullable=False, comment="so far"),
        sa.Column("file", sa.Text(), nullable=True, comment="below the folder of files"),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(done_at is null) = (file is null) and (file is null) = (file_sha256 is null)",
            name=op.f("ck_tax_papers_done_as_a_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_tax_papers_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_papers")),
    )
    op.create_index("ix_tax_papers_program_id_year", "tax_papers", ["program_id", "year"], unique=False)


def downgrade() -> None:
    for table in ("tax_papers", "tax_change", "tax_status_change"):
        op.drop_table(table)
    op.drop_index("ix_redemption_program_id", table_name="redemption")
    for name in (*WORDS, *FROZEN):
        op.drop_column("redemption", name)
