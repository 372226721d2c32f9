"""Scenarios that were simulated, and awards that are disputed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "scenario",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rules_of", sa.String(24), nullable=False),
        sa.Column(
            "rules",
            _JSON,
            nullable=False,
            comment="definitions with the day each begins to judge, stacks and named days, as they were",
        ),
        sa.Column("from_on", sa.Date(), nullable=False, comment="first issue date that is replayed"),
        sa.Column("to_on", sa.Date(), nullable=False, comment="last one"),
        sa.Column(
            "codes",
            _JSON,
            nullable=False,
            comment="of its rules and of those that really gave: sums name them by position",
        ),
        sa.Column("forecast", _JSON, nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_scenario_period")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_scenario_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario")),
    )
    op.create_index("ix_scenario_program_id_id", "scenario", ["program_id", "id"])
    op.create_table(
        "scenario_piece",
        sa.Column("scenario_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stretch", _JSON, nullable=False, comment="where it begins and ends"),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column(
            "cap_usage",
            sa.LargeBinary(),
            nullable=True,
            comment="what its awards used of caps, for the pieces after it; none: not yet done",
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"],
            ["scenario.id"],
            name=op.f("fk_scenario_piece_scenario_id_scenario"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("scenario_id", "position", name=op.f("pk_scenario_piece")),
    )
    op.create_table(
        "scenario_sum",
        sa.Column("scenario_id", sa.BigInteger(), nullable=False),
        sa.Column("piece", sa.Integer(), autoincrement=False, nullable=False, comment="-1: of all pieces together"),
        sa.Column("about", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "other", sa.BigInteger(), autoincrement=False, nullable=False, comment="the second of a pair; else 0"
        ),
        sa.Column("unit", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "drafted", sa.BigInteger(), nullable=False, comment="points or minor units, less what returns take back"
        ),
        sa.Column("given", sa.BigInteger(), nullable=False, comment="likewise, really"),
        sa.Column("lines", sa.BigInteger(), nullable=False, comment="that sell; of a rule or a pair: that it pays"),
        sa.Column("net_minor", sa.BigInteger(), nullable=False, comment="of those lines"),
        sa.Column("unpaid_lines", sa.BigInteger(), nullable=False, comment="that sell and that no rule pays"),
        sa.Column("unpaid_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_id"],
            ["scenario.id"],
            name=op.f("fk_scenario_sum_scenario_id_scenario"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("scenario_id", "piece", "about", "key", "other", "unit", name=op.f("pk_scenario_sum")),
    )
    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("line_number", sa.Integer(), nullable=True),
        sa.Column("rule_version_id", sa.BigInteger(), nullable=True),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="what had been given when it was disputed"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adjustment_id", sa.BigInteger(), nullable=True, comment="asked for when it was granted"),
        sa.CheckConstraint("num_nonnulls(document_id, transaction_id) = 1", name=op.f("ck_dispute_about_one_thing")),
        sa.CheckConstraint(
            "line_number is null or document_id is not null", name=op.f("ck_dispute_a_line_has_a_document")
        ),
        sa.CheckConstraint(
            "rule_version_id is null or line_number is not null", name=op.f("ck_dispute_an_award_has_a_line")
        ),
        sa.CheckConstraint("(state = 'open') = (answered_at is null)", name=op.f("ck_dispute_answered")),
        sa.CheckConstraint("(state = 'granted') = (adjustment_id is not null)", name=op.f("ck_dispute_granted")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_dispute_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in (
                ("program_id", "program"),
                ("distributor_id", "distributor"),
                ("document_id", "sales_document"),
                ("rule_version_id", "earning_rule_version"),
                ("transaction_id", "ledger_transaction"),
                ("adjustment_id", "adjustment_request"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
    )
    op.create_index(
        "uq_dispute_open",
        "dispute",
        ["document_id", "line_number", "rule_version_id", "transaction_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_dispute_program_id_state_id", "dispute", ["program_id", "state", "id"])
    op.create_index("ix_dispute_distributor_id", "dispute", ["distributor_id", "id"])


def downgrade() -> None:
    for table in ("dispute", "scenario_sum", "scenario_piece", "scenario"):
        op.drop_table(table)
