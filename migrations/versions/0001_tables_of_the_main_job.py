"""The tables of the main job: programme, sales, ledger, imports, jobs, people, prepaid."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "award",
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule_version_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="given, after stacks and caps"),
        sa.Column("uncut", sa.BigInteger(), nullable=False, comment="what it would be without caps"),
        sa.Column(
            "set_amount",
            sa.BigInteger(),
            nullable=False,
            comment="what the rule gave the whole set of lines that shares it",
        ),
        sa.Column(
            "basis",
            sa.BigInteger(),
            nullable=False,
            comment="what it was computed from: sum in minor units, count of lines, base points",
        ),
        sa.Column(
            "cell", sa.Integer(), nullable=False, comment="row of the matrix's rate list; -1: the rule is not a matrix"
        ),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("cut_by", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "line_number", "rule_version_id", name=op.f("pk_award")),
        info={"append_only": True},
    )
    op.create_table(
        "award_reversal",
        sa.Column("return_document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("return_line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sale_document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sale_line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule_version_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="taken back by this return; never negative"),
        sa.PrimaryKeyConstraint(
            "return_document_id",
            "return_line_number",
            "sale_document_id",
            "sale_line_number",
            "rule_version_id",
            name=op.f("pk_award_reversal"),
        ),
        info={"append_only": True},
    )
    op.create_index("ix_award_reversal_sale_document_id", "award_reversal", ["sale_document_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("was", sa.SmallInteger(), nullable=False),
        sa.Column("becomes", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        info={"append_only": True},
    )
    op.create_index("ix_decision_document_id", "decision", ["document_id"], unique=False)
    op.create_table(
        "import_problem",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "row_number",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="as a spreadsheet counts: the header is row 1",
        ),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="each a code and what fills its sentence",
        ),
        sa.PrimaryKeyConstraint("batch_id", "row_number", name=op.f("pk_import_problem")),
        info={"append_only": True},
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False, comment="names the function: app/jobs/registry.py"),
        sa.Column("key", sa.Text(), nullable=False, comment="what makes it the same job when asked for twice"),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lane", sa.Text(), nullable=True, comment="jobs of one lane run one after the other"),
        sa.Column("position", sa.Integer(), nullable=False, comment="order within the lane"),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False, comment="rises with every claim: the fence"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="times its function raised"),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_unfinished",
        "job",
        ["lane", "position", "id"],
        unique=False,
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_index("uq_job_key", "job", ["key"], unique=True)
    op.create_table(
        "ledger_block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "last_transaction_id",
            sa.BigInteger(),
            nullable=False,
            comment="covers ids up to here that earlier blocks do not",
        ),
        sa.Column(
            "late_ids",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="ids at or below the previous block's last that were not committed when it was sealed",
        ),
        sa.Column(
            "open_ranges",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="[first, last, until] of ids not seen yet: writers numbered below until may still bring them",
        ),
        sa.Column("transactions", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the previous hash and the rows' text"),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_block")),
        info={"append_only": True},
    )
    op.create_table(
        "ledger_entry",
        sa.Column("transaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entry_amount")),
        sa.PrimaryKeyConstraint("transaction_id", "position", name=op.f("pk_ledger_entry")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_ledger_entry_account_id_transaction_id", "ledger_entry", ["account_id", "transaction_id"], unique=False
    )
    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="made from where it came from, e.g. award:8841"),
        sa.Column("effective_on", sa.Date(), nullable=False, comment="the day it belongs to: an award's is the sale's"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True, comment="a person's sign-in name; none: the machine"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transaction")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_ledger_transaction_document_id",
        "ledger_transaction",
        ["document_id"],
        unique=False,
        postgresql_where=sa.text("document_id is not null"),
    )
    op.create_index("uq_ledger_transaction_key", "ledger_transaction", ["key"], unique=True)
    op.create_table(
        "lot",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column(
            "earned_on", sa.Date(), nullable=False, comment="the sale's date: what a conversion of a period goes by"
        ),
        sa.Column("expires_on", sa.Date(), nullable=True, comment="last day on which it can be spent"),
        sa.Column(
            "unit_value_micro",
            sa.BigInteger(),
            nullable=False,
            comment="worth of a point when earned, millionths of a minor unit",
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "remaining",
            sa.BigInteger(),
            nullable=False,
            comment="what the entries of this lot leave as pending or available",
        ),
        sa.CheckConstraint("(state = 3) = (remaining = 0)", name=op.f("ck_lot_closed")),
        sa.CheckConstraint("remaining >= 0 and remaining <= amount", name=op.f("ck_lot_remaining")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        info={"kept": ("state", "remaining", "expires_on")},
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_lot_spendable",
        "lot",
        ["account_id", "expires_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 2"),
    )
    op.create_table(
        "program",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sponsor", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False, comment="ISO 4217"),
        sa.Column(
            "currency_decimals",
            sa.SmallInteger(),
            nullable=False,
            comment="digits of a minor unit: 2 for PLN, 0 for JPY",
        ),
        sa.Column("country", sa.String(length=2), nullable=False, comment="ISO 3166-1 alpha-2; chooses the tax rules"),
        sa.Column(
            "time_zone",
            sa.String(length=64),
            nullable=False,
            comment="IANA name; every date of the programme is a date there",
        ),
        sa.Column("locale", sa.String(length=64), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("point_decimals", sa.SmallInteger(), nullable=False),
        sa.Column(
            "point_value_micro",
            sa.BigInteger(),
            nullable=False,
            comment="worth of the smallest unit of a point, in millionths of a minor unit",
        ),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the whole `program` part of its file",
        ),
        sa.Column("tax", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the `tax` part of its file"),
        sa.Column(
            "prepaid", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the `prepaid` part of its file"
        ),
        sa.Column(
            "import_profiles",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the `import_profiles` part of its file",
        ),
        sa.Column(
            "stacks",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="policy of each stack, and the named days",
        ),
        sa.Column(
            "rules_stamp", sa.BigInteger(), nullable=False, comment="changes whenever rules, groups or products change"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program")),
        sa.UniqueConstraint("code", name=op.f("uq_program_code")),
    )
    op.create_table(
        "return_match",
        sa.Column("return_document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("return_line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sale_document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sale_line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_return_match_positive")),
        sa.PrimaryKeyConstraint(
            "return_document_id",
            "return_line_number",
            "sale_document_id",
            "sale_line_number",
            name=op.f("pk_return_match"),
        ),
        info={"append_only": True},
    )
    op.create_index("ix_return_match_sale_document_id", "return_match", ["sale_document_id"], unique=False)
    op.create_table(
        "sales_document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="as the source writes it"),
        sa.Column("number_key", sa.Text(), nullable=False, comment="normalised: rules.md 9"),
        sa.Column(
            "document_key",
            sa.Text(),
            nullable=False,
            comment="rules.md 9: kind, seller (tax id or distributor) and normalised number",
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column(
            "issued_minute", sa.SmallInteger(), nullable=True, comment="minute of the day, where the source says"
        ),
        sa.Column("net_minor", sa.BigInteger(), nullable=False, comment="sum of the lines"),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False, comment="of the lines, in any order"),
        sa.Column("source", sa.String(length=64), nullable=False, comment="import, portal, api"),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="codes and values; none: plainly accepted",
        ),
        sa.Column("corrects_number", sa.Text(), nullable=True, comment="the document that a credit note names"),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("outlet", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("supersedes_id", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("release_on", sa.Date(), nullable=True, comment="cooling-off: accepted points become available then"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_document")),
        info={"kept": ("status", "reasons", "release_on")},
    )
    op.create_index(
        "ix_sales_document_distributor_id_issued_on", "sales_document", ["distributor_id", "issued_on"], unique=False
    )
    op.create_index(
        "ix_sales_document_refused",
        "sales_document",
        ["program_id", "document_key"],
        unique=False,
        postgresql_where=sa.text("status = 3"),
    )
    op.create_index(
        "ix_sales_document_review",
        "sales_document",
        ["program_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 2"),
    )
    op.create_index(
        "uq_sales_document_key",
        "sales_document",
        ["program_id", "document_key"],
        unique=True,
        postgresql_where=sa.text("status in (1, 2)"),
    )
    op.create_table(
        "sales_line",
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_micro", sa.BigInteger(), nullable=True, comment="millionths of a minor unit"),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=True),
        sa.Column("discounted", sa.Boolean(), nullable=True),
        sa.Column(
            "source_row", sa.Integer(), nullable=True, comment="row of the file, counted as a spreadsheet counts"
        ),
        sa.PrimaryKeyConstraint("document_id", "line_number", name=op.f("pk_sales_line")),
        info={"append_only": True},
    )
    op.create_table(
        "sandbox_card",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False, comment="of the customer's order for the card"),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sandbox_card")),
        sa.UniqueConstraint("reference", name=op.f("uq_sandbox_card_reference")),
    )
    op.create_table(
        "sandbox_load",
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.String(length=64), nullable=False, comment="loaded, or the code of the failure"),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_sandbox_load")),
    )
    op.create_index("ix_sandbox_load_token", "sandbox_load", ["token"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="e-mail address, lower case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="argon2id; none: cannot sign in"),
        sa.Column("platform_owner", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_audit_event_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        info={"append_only": True},
    )
    op.create_index("ix_audit_event_program_id_id", "audit_event", ["program_id", "id"], unique=False)
    op.create_table(
        "conversion_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "key", sa.String(length=64), nullable=False, comment="begins every reference of the run; never used again"
        ),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column(
            "terms",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="point value, limits, cards and tax rules as they were",
        ),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="rewards to load"),
        sa.Column("compensation_minor", sa.BigInteger(), nullable=False, comment="compensations to load"),
        sa.Column(
            "withheld_minor", sa.BigInteger(), nullable=False, comment="kept back from rewards for the tax office"
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "exceptions",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="accounts left out, each with a code",
        ),
        sa.Column("previewed_by", sa.Text(), nullable=False),
        sa.Column("previewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True, comment="settled or cancelled"),
        sa.CheckConstraint(
            "approved_by is not null or status in ('preview', 'empty', 'cancelled')",
            name=op.f("ck_conversion_run_approved_before_ordered"),
        ),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_at is null)", name=op.f("ck_conversion_run_approved_as_a_whole")
        ),
        sa.CheckConstraint(
            "approved_by is null or lower(trim(approved_by)) <> lower(trim(previewed_by))",
            name=op.f("ck_conversion_run_four_eyes"),
        ),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_conversion_run_period")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_conversion_run_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_run")),
        sa.UniqueConstraint("key", name=op.f("uq_conversion_run_key")),
    )
    op.create_index(op.f("ix_conversion_run_program_id"), "conversion_run", ["program_id"], unique=False)
    op.create_table(
        "distributor_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False, comment="the code as it is compared: trimmed, without case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["distributor_group.id"],
            name=op.f("fk_distributor_group_parent_id_distributor_group"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_distributor_group_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distributor_group")),
        sa.UniqueConstraint("program_id", "code_key", name=op.f("uq_distributor_group_program_id_code_key")),
    )
    op.create_table(
        "earning_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="taken out of the programme file: earns no more",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_earning_rule_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earning_rule")),
        sa.UniqueConstraint("program_id", "code", name=op.f("uq_earning_rule_program_id_code")),
        info={"kept": ("retired_at",)},
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False, comment="sales, distributors, products"),
        sa.Column("profile_name", sa.String(length=64), nullable=False),
        sa.Column(
            "profile",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="as it was when the import began",
        ),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False, comment="as the person named it; never a path on our disk"),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("message", sa.Text(), nullable=True, comment="why it failed"),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="rows and outcomes found by reading and matching; shards carry their own",
        ),
        sa.Column("problems_file", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_import_batch_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        info={"kept": ("status", "message", "counts", "problems_file", "finished_at")},
    )
    op.create_index(op.f("ix_import_batch_program_id"), "import_batch", ["program_id"], unique=False)
    op.create_table(
        "product_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False, comment="the code as it is compared: trimmed, without case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["product_group.id"],
            name=op.f("fk_product_group_parent_id_product_group"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_product_group_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_group")),
        sa.UniqueConstraint("program_id", "code_key", name=op.f("uq_product_group_program_id_code_key")),
    )
    op.create_table(
        "program_revision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_program_revision_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program_revision")),
        sa.UniqueConstraint("program_id", "number", name=op.f("uq_program_revision_program_id_number")),
        info={"append_only": True},
    )
    op.create_table(
        "cap_usage",
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("span", sa.SmallInteger(), nullable=False),
        sa.Column(
            "distributor_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="0: a budget, for all together",
        ),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False, comment="app.domain.calendar.period_of"),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["earning_rule.id"], name=op.f("fk_cap_usage_rule_id_earning_rule"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("rule_id", "span", "distributor_id", "period", name=op.f("pk_cap_usage")),
    )
    op.create_table(
        "distributor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False, comment="the code as it is compared: trimmed, without case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "sort_key",
            sa.Text(collation="C"),
            nullable=False,
            comment="the name in the order of the programme's language",
        ),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("tier", sa.String(length=64), nullable=True),
        sa.Column("tax_id", sa.String(length=64), nullable=True),
        sa.Column("tax_status", sa.String(24), nullable=False),
        sa.Column("country", sa.String(length=64), nullable=True, comment="as the source writes it"),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("blocked", sa.Boolean(), nullable=False, comment="may neither earn nor redeem"),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["distributor_group.id"],
            name=op.f("fk_distributor_group_id_distributor_group"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_distributor_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distributor")),
        sa.UniqueConstraint("program_id", "code_key", name=op.f("uq_distributor_program_id_code_key")),
        info={
            "kept": (
                "name",
                "sort_key",
                "group_id",
                "tier",
                "tax_id",
                "tax_status",
                "country",
                "region",
                "city",
                "blocked",
            )
        },
    )
    op.create_index(op.f("ix_distributor_group_id"), "distributor", ["group_id"], unique=False)
    op.create_index("ix_distributor_program_id_sort_key", "distributor", ["program_id", "sort_key"], unique=False)
    op.create_table(
        "earning_rule_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="first issue date it judges; none: all"),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["earning_rule.id"],
            name=op.f("fk_earning_rule_version_rule_id_earning_rule"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earning_rule_version")),
        sa.UniqueConstraint("rule_id", "version", name=op.f("uq_earning_rule_version_rule_id_version")),
        info={"append_only": True},
    )
    op.create_table(
        "import_shard",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="its columns, beside the batch's file"),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what became of its lines; none: not yet done",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_shard_batch_id_import_batch"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_shard")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_import_shard_batch_id_position")),
    )
    op.create_table(
        "load_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="below the folder of files"),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "sent_at", sa.DateTime(timezone=True), nullable=True, comment="when the provider had it and answered"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_load_batch_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["conversion_run.id"], name=op.f("fk_load_batch_run_id_conversion_run"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_batch")),
    )
    op.create_index(op.f("ix_load_batch_run_id"), "load_batch", ["run_id"], unique=False)
    op.create_table(
        "load_response",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="below the folder of files"),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "problems",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="rows that could not be taken as they are",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["conversion_run.id"], name=op.f("fk_load_response_run_id_conversion_run"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_response")),
        sa.UniqueConstraint("run_id", "file_sha256", name=op.f("uq_load_response_run_id_file_sha256")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False, comment="the code as it is compared: trimmed, without case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "sort_key",
            sa.Text(collation="C"),
            nullable=False,
            comment="the name in the order of the programme's language",
        ),
        sa.Column("ean", sa.String(length=64), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["product_group.id"], name=op.f("fk_product_group_id_product_group"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_product_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("program_id", "code_key", name=op.f("uq_product_program_id_code_key")),
        info={"kept": ("name", "sort_key", "ean", "group_id")},
    )
    op.create_index(op.f("ix_product_group_id"), "product", ["group_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True, comment="none: the programme's own account"),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "available", sa.BigInteger(), server_default="0", nullable=False, comment="below zero: the account owes"
        ),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "earned", sa.BigInteger(), server_default="0", nullable=False, comment="awards less reversals and voids"
        ),
        sa.Column("spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expired", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("adjusted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("may_owe", sa.Boolean(), nullable=False, comment="rules.md 6: the policy `negative`"),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("available >= 0 or may_owe", name=op.f("ck_account_available")),
        sa.CheckConstraint(
            "pending + available + reserved = earned - spent - expired + adjusted", name=op.f("ck_account_identity")
        ),
        sa.CheckConstraint("pending >= 0", name=op.f("ck_account_pending")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_account_reserved")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_account_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_account_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        info={
            "kept": ("pending", "available", "reserved", "earned", "spent", "expired", "adjusted", "may_owe", "version")
        },
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(op.f("ix_account_distributor_id"), "account", ["distributor_id"], unique=False)
    op.create_index(
        "uq_account_owner",
        "account",
        ["program_id", "distributor_id", "unit"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "card",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column(
            "reference", sa.String(length=64), nullable=False, comment="ours; the provider knows the order by it"
        ),
        sa.Column(
            "token", sa.String(length=64), nullable=True, comment="the provider's; none: ordered, not yet issued"
        ),
        sa.Column("last4", sa.String(length=4), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False, comment="the one that is loaded"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("last4 ~ '^[0-9]{4}$'", name=op.f("ck_card_last4")),
        sa.CheckConstraint(
            "(token is null) = (last4 is null) and (token is null) = (issued_at is null)",
            name=op.f("ck_card_issued_as_a_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributor.id"], name=op.f("fk_card_distributor_id_distributor"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_card_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("provider", "token", name=op.f("uq_card_provider_token")),
        sa.UniqueConstraint("reference", name=op.f("uq_card_reference")),
    )
    op.create_index("ix_card_distributor_id", "card", ["distributor_id"], unique=False)
    op.create_index(
        "uq_card_active", "card", ["distributor_id", "provider"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "role",
            sa.String(length=64),
            nullable=False,
            comment="administrator, verifier, finance, approver, viewer, distributor",
        ),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_membership_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_membership_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "user_id",
            "program_id",
            "role",
            "distributor_id",
            name=op.f("uq_membership_user_id_program_id_role_distributor_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_membership_user_id"), "membership", ["user_id"], unique=False)
    op.create_table(
        "redemption",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "redeemed_on", sa.Date(), nullable=False, comment="in the programme's time zone; its year is the tax year"
        ),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("point_value_micro", sa.BigInteger(), nullable=False, comment="millionths of a minor unit"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="loaded as the reward"),
        sa.Column(
            "compensation_minor", sa.BigInteger(), nullable=False, comment="the extra top-up that pays the tax back"
        ),
        sa.Column(
            "withheld_minor", sa.BigInteger(), nullable=False, comment="kept back from the reward for the tax office"
        ),
        sa.Column(
            "counted_minor",
            sa.BigInteger(),
            nullable=False,
            comment="what counts towards the recipient's total of the year",
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_rule", sa.Text(), nullable=False, comment="code and version: PL-PREMIUM-SALE v1"),
        sa.Column(
            "tax_trace",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="every figure of the computation",
        ),
        sa.Column("reserve_transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "compensation_minor >= 0 and withheld_minor >= 0 and counted_minor >= 0",
            name=op.f("ck_redemption_tax_amounts"),
        ),
        sa.CheckConstraint("points > 0 and amount_minor > 0", name=op.f("ck_redemption_amounts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_redemption_account_id_account"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_redemption_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["conversion_run.id"], name=op.f("fk_redemption_run_id_conversion_run"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemption")),
        sa.UniqueConstraint("run_id", "account_id", name=op.f("uq_redemption_run_id_account_id")),
    )
    op.create_index("ix_redemption_account_id", "redemption", ["account_id", "redeemed_on"], unique=False)
    op.create_table(
        "top_up",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("redemption_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False, comment="how many times it was ordered"),
        sa.Column("card_id", sa.BigInteger(), nullable=True, comment="none: a card will be issued when it is ordered"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column(
            "reference",
            sa.String(length=64),
            nullable=False,
            comment="ours; the provider keeps it: the idempotency key",
        ),
        sa.Column("failure", sa.Text(), nullable=True, comment="the provider's code and words"),
        sa.Column("load_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True, comment="loaded, failed or cancelled"),
        sa.CheckConstraint(
            "(settled_at is not null) = (status in ('loaded', 'failed', 'cancelled'))", name=op.f("ck_top_up_settled")
        ),
        sa.CheckConstraint(
            "status in ('reserved', 'cancelled') or (card_id is not null and load_batch_id is not null)",
            name=op.f("ck_top_up_ordered"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_top_up_amount")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_top_up_card_id_card"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["load_batch_id"], ["load_batch.id"], name=op.f("fk_top_up_load_batch_id_load_batch"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemption.id"], name=op.f("fk_top_up_redemption_id_redemption"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_up")),
        sa.UniqueConstraint("redemption_id", "kind", "attempt", name=op.f("uq_top_up_redemption_id_kind_attempt")),
        sa.UniqueConstraint("reference", name=op.f("uq_top_up_reference")),
    )
    op.create_index("ix_top_up_card_id", "top_up", ["card_id"], unique=False)
    op.create_index("ix_top_up_load_batch_id", "top_up", ["load_batch_id"], unique=False)
    op.create_index(
        "uq_top_up_live",
        "top_up",
        ["redemption_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status not in ('failed', 'cancelled')"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_top_up_live", table_name="top_up", postgresql_where=sa.text("status not in ('failed', 'cancelled')")
    )
    op.drop_index("ix_top_up_load_batch_id", table_name="top_up")
    op.drop_index("ix_top_up_card_id", table_name="top_up")
    op.drop_table("top_up")
    op.drop_index("ix_redemption_account_id", table_name="redemption")
    op.drop_table("redemption")
    op.drop_index(op.f("ix_membership_user_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index("uq_card_active", table_name="card", postgresql_where=sa.text("active"))
    op.drop_index("ix_card_distributor_id", table_name="card")
    op.drop_table("card")
    op.drop_index("uq_account_owner", table_name="account", postgresql_nulls_not_distinct=True)
    op.drop_index(op.f("ix_account_distributor_id"), table_name="account")
    op.drop_table("account")
    op.drop_index(op.f("ix_product_group_id"), table_name="product")
    op.drop_table("product")
    op.drop_table("load_response")
    op.drop_index(op.f("ix_load_batch_run_id"), table_name="load_batch")
    op.drop_table("load_batch")
    op.drop_table("import_shard")
    op.drop_table("earning_rule_version")
    op.drop_index("ix_distributor_program_id_sort_key", table_name="distributor")
    op.drop_index(op.f("ix_distributor_group_id"), table_name="distributor")
    op.drop_table("distributor")
    op.drop_table("cap_usage")
    op.drop_table("program_revision")
    op.drop_table("product_group")
    op.drop_index(op.f("ix_import_batch_program_id"), table_name="import_batch")
    op.drop_table("import_batch")
    op.drop_table("earning_rule")
    op.drop_table("distributor_group")
    op.drop_index(op.f("ix_conversion_run_program_id"), table_name="conversion_run")
    op.drop_table("conversion_run")
    op.drop_index("ix_audit_event_program_id_id", table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("user_account")
    op.drop_index("ix_sandbox_load_token", table_name="sandbox_load")
    op.drop_table("sandbox_load")
    op.drop_table("sandbox_card")
    op.drop_table("sales_line")
    op.drop_index("uq_sales_document_key", table_name="sales_document", postgresql_where=sa.text("status in (1, 2)"))
    op.drop_index("ix_sales_document_review", table_name="sales_document", postgresql_where=sa.text("status = 2"))
    op.drop_index("ix_sales_document_refused", table_name="sales_document", postgresql_where=sa.text("status = 3"))
    op.drop_index("ix_sales_document_distributor_id_issued_on", table_name="sales_document")
    op.drop_table("sales_document")
    op.drop_index("ix_return_match_sale_document_id", table_name="return_match")
    op.drop_table("return_match")
    op.drop_table("program")
    op.drop_index("ix_lot_spendable", table_name="lot", postgresql_where=sa.text("state = 2"))
    op.drop_table("lot")
    op.drop_index("uq_ledger_transaction_key", table_name="ledger_transaction")
    op.drop_index(
        "ix_ledger_transaction_document_id",
        table_name="ledger_transaction",
        postgresql_where=sa.text("document_id is not null"),
    )
    op.drop_table("ledger_transaction")
    op.drop_index("ix_ledger_entry_account_id_transaction_id", table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_block")
    op.drop_index("uq_job_key", table_name="job")
    op.drop_index("ix_job_unfinished", table_name="job", postgresql_where=sa.text("state <> 'done'"))
    op.drop_table("job")
    op.drop_table("import_problem")
    op.drop_index("ix_decision_document_id", table_name="decision")
    op.drop_table("decision")
    op.drop_index("ix_award_reversal_sale_document_id", table_name="award_reversal")
    op.drop_table("award_reversal")
    op.drop_table("award")
