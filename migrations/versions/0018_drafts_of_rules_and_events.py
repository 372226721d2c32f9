"""Rules before they are published, and events that earn."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

GUARDS = [
    "create trigger refuse_update_delete before update or delete on happened_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on happened_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_update_delete before update or delete on event_award for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on event_award for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_delete before delete on referral for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on referral for each statement execute function refuse_change('other rows refer to its rows')",
]


def upgrade() -> None:
    op.create_table(
        "rule_draft",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column(
            "code",
            sa.String(length=64),
            nullable=False,
            comment="of the rule or the matrix; of stacks and named days none",
        ),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what is to be, as the programme file has it",
        ),
        sa.Column(
            "base_version", sa.Integer(), nullable=False, comment="the version it was made of; 0: the rule is new"
        ),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=True, comment="who wants it published: another person does it"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True, comment="why it was sent back"),
        sa.CheckConstraint("state <> 'waiting' or asked_by is not null", name=op.f("ck_rule_draft_asked")),
        sa.CheckConstraint(
            "(state in ('published', 'dropped')) = (decided_by is not null)", name=op.f("ck_rule_draft_decided")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_rule_draft_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_draft")),
    )
    op.create_index("ix_rule_draft_program_id_state_id", "rule_draft", ["program_id", "state", "id"], unique=False)
    op.create_index(
        "uq_rule_draft_open",
        "rule_draft",
        ["program_id", "code"],
        unique=True,
        postgresql_where=sa.text("state in ('draft', 'waiting')"),
    )
    op.create_table(
        "happened_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="of whoever tells it: the same key is the same happening"),
        sa.Column(
            "about",
            sa.String(length=64),
            nullable=True,
            comment="which training, survey, tier; which event of one's own",
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=True, comment="a person's sign-in name; none: the machine"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_happened_event_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "distributor_id"],
            ["distributor.program_id", "distributor.id"],
            name=op.f("fk_happened_event_program_id_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_happened_event")),
        sa.UniqueConstraint("distributor_id", "event", "key", name=op.f("uq_happened_event_distributor_id_event_key")),
    )
    op.create_index(
        "ix_happened_event_program_id_happened_on_id",
        "happened_event",
        ["program_id", "happened_on", "id"],
        unique=False,
    )
    op.create_table(
        "event_award",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_version_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="given, after stacks and caps"),
        sa.Column("uncut", sa.BigInteger(), nullable=False, comment="what it would be without caps"),
        sa.Column("cut_by", sa.SmallInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount between 0 and uncut", name=op.f("ck_event_award_amount")),
        sa.CheckConstraint("(amount = 0) = (transaction_id is null)", name=op.f("ck_event_award_posted")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["happened_event.id"],
            name=op.f("fk_event_award_event_id_happened_event"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["rule_version_id"],
            ["earning_rule_version.id"],
            name=op.f("fk_event_award_rule_version_id_earning_rule_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transaction.id"],
            name=op.f("fk_event_award_transaction_id_ledger_transaction"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("event_id", "rule_version_id", name=op.f("pk_event_award")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_event_award_transaction_id")),
    )
    op.create_index("ix_event_award_rule_version_id", "event_award", ["rule_version_id"], unique=False)
    op.create_table(
        "referral",
        sa.Column("distributor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("referrer_id", sa.BigInteger(), nullable=False),
        sa.Column("named_by", sa.Text(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rewarded_on", sa.Date(), nullable=True, comment="day of the first accepted sale, once it was told"),
        sa.CheckConstraint("referrer_id <> distributor_id", name=op.f("ck_referral_not_itself")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_referral_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "distributor_id"],
            ["distributor.program_id", "distributor.id"],
            name=op.f("fk_referral_program_id_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "referrer_id"],
            ["distributor.program_id", "distributor.id"],
            name=op.f("fk_referral_program_id_referrer_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("distributor_id", name=op.f("pk_referral")),
    )
    op.create_index("ix_referral_referrer_id", "referral", ["referrer_id"], unique=False)
    op.create_table(
        "rule_month",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month"),
        sa.Column("rule_version_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_rule_month_program_id_program"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rule_version_id"],
            ["earning_rule_version.id"],
            name=op.f("fk_rule_month_rule_version_id_earning_rule_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("program_id", "month_on", "rule_version_id", "unit", name=op.f("pk_rule_month")),
    )
    # the sums are made anew with those of the rules
    op.execute("insert into touched_month (program_id, month_on) select distinct program_id, month_on from sales_month")
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("rule_month", "referral", "event_award", "happened_event", "rule_draft"):
        op.drop_table(table)
