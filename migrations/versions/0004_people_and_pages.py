"""People and pages: signing in, joining, messages, saved views, adjustments by two, sums by month."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GUARDS = [
    "create trigger refuse_update_delete before update or delete on terms_version for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on terms_version for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_update_delete before update or delete on terms_acceptance for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on terms_acceptance for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
]


def upgrade() -> None:
    op.create_table(
        "figures_state",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_figures_state_program_id_program"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_figures_state")),
    )
    op.create_table(
        "touched_month",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_touched_month_program_id_program"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched_month")),
    )
    op.create_index("ix_touched_month_program_id_month_on", "touched_month", ["program_id", "month_on"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=False, comment="mail or sms"),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=64), nullable=False),
        sa.Column(
            "kind", sa.String(length=64), nullable=False, comment="what it is about: sign_in, invitation, reset, ..."
        ),
        sa.Column(
            "state", sa.String(length=64), nullable=False, comment="waiting, sent, failed, held (no gateway is set up)"
        ),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_message_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_program_id_id", "message", ["program_id", "id"], unique=False)
    op.create_index(
        "ix_message_waiting", "message", ["id"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "notice_seen",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False, comment="the newest notice that was shown"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_notice_seen_program_id_program"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_seen_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "program_id", name=op.f("pk_notice_seen")),
    )
    op.create_table(
        "one_time_secret",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False, comment="sign_in, reset, email, phone, challenge"),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, comment="wrong guesses of a short code"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_one_time_secret_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_secret")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_one_time_secret_secret_hash")),
    )
    op.create_index(
        "ix_one_time_secret_expires_at",
        "one_time_secret",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("used_at is null"),
    )
    op.create_index("ix_one_time_secret_user_id_purpose", "one_time_secret", ["user_id", "purpose"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_passkey_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_user_id"), "passkey", ["user_id"], unique=False)
    op.create_table(
        "points_month",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month"),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_points_month_program_id_program"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "month_on", "unit", "kind", name=op.f("pk_points_month")),
    )
    op.create_table(
        "program_logo",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False, comment="image/png, image/jpeg or image/webp"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_program_logo_program_id_program"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_program_logo")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "registration_form",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "fields",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="in order: key, kind, label by language, required, choices",
        ),
        sa.Column(
            "intro", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="text above the form by language"
        ),
        sa.Column("published", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "employer_consent",
            sa.Boolean(),
            server_default="true",
            nullable=False,
            comment="sales reps name an employer who must agree",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_registration_form_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_registration_form")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("listing", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("query", sa.Text(), nullable=False, comment="the query string of the list's address"),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_saved_view_program_id_program"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_saved_view_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "user_id", "program_id", "listing", "name", name=op.f("uq_saved_view_user_id_program_id_listing_name")
        ),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False, comment="password, passkey, link, sms, invitation"),
        sa.Column(
            "second_factor", sa.String(length=64), nullable=True, comment="totp, passkey, recovery; none: not shown yet"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "proved_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when they last proved who they are here",
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True, comment="what the browser says of itself"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sign_in_session_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_sign_in_session_key_hash")),
    )
    op.create_index(op.f("ix_sign_in_session_user_id"), "sign_in_session", ["user_id"], unique=False)
    op.create_table(
        "terms_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="language -> text"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_terms_version_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_version")),
        sa.UniqueConstraint("program_id", "number", name=op.f("uq_terms_version_program_id_number")),
        info={"append_only": True},
    )
    op.create_table(
        "text_override",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_text_override_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_override")),
        sa.UniqueConstraint("program_id", "key", "locale", name=op.f("uq_text_override_program_id_key_locale")),
    )
    op.create_table(
        "terms_acceptance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["terms_id"],
            ["terms_version.id"],
            name=op.f("fk_terms_acceptance_terms_id_terms_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_terms_acceptance_user_id_user_account"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_acceptance")),
        sa.UniqueConstraint("terms_id", "user_id", name=op.f("uq_terms_acceptance_terms_id_user_id")),
        info={"append_only": True},
    )
    op.create_table(
        "adjustment_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="above zero: given; below: taken"),
        sa.Column("reason_code", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False, comment="waiting, approved, refused, withdrawn"),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True, comment="the ledger's transaction, once approved"),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_adjustment_request_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_adjustment_request_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment_request")),
    )
    op.create_index(
        "ix_adjustment_request_program_id_state_id", "adjustment_request", ["program_id", "state", "id"], unique=False
    )
    op.create_table(
        "application",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False, comment="company or rep"),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.String(length=64), nullable=True),
        sa.Column("phone", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(length=64), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.String(length=64),
            nullable=False,
            comment="new, consent (waits for the employer), accepted, refused",
        ),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("consent_by", sa.Text(), nullable=True),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_application_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_application_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
    )
    op.create_index("ix_application_program_id_state_id", "application", ["program_id", "state", "id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_invitation_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_invitation_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invitation_secret_hash")),
    )
    op.create_index("ix_invitation_distributor_id", "invitation", ["distributor_id"], unique=False)
    op.create_index("ix_invitation_program_id_id", "invitation", ["program_id", "id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column(
            "parts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="figures and names that its sentence is made with",
        ),
        sa.Column("address", sa.Text(), nullable=True, comment="path of the page it is about"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_notice_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_notice_program_id_program"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_distributor_id_id", "notice", ["distributor_id", "id"], unique=False)
    op.create_index("ix_notice_user_id_id", "notice", ["user_id", "id"], unique=False)
    op.create_table(
        "product_month",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month"),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_month_product_id_product"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_product_month_program_id_program"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "month_on", "product_id", name=op.f("pk_product_month")),
    )
    op.create_table(
        "sales_month",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month"),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_sales_month_distributor_id_distributor"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_sales_month_program_id_program"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "month_on", "distributor_id", name=op.f("pk_sales_month")),
    )
    op.create_index(
        "ix_sales_month_program_id_distributor_id", "sales_month", ["program_id", "distributor_id"], unique=False
    )
    op.alter_column(
        "membership",
        "role",
        existing_type=sa.VARCHAR(length=64),
        comment="a `Role` of app.services.people",
        existing_comment="administrator, verifier, finance, approver, viewer, distributor",
        existing_nullable=False,
    )
    op.create_index(op.f("ix_membership_distributor_id"), "membership", ["distributor_id"], unique=False)
    op.add_column(
        "user_account",
        sa.Column(
            "locale", sa.String(length=64), nullable=True, comment="language of pages and messages; none: the browser's"
        ),
    )
    op.add_column(
        "user_account",
        sa.Column("theme", sa.String(length=64), nullable=True, comment="light or dark; none: the device's"),
    )
    op.add_column(
        "user_account",
        sa.Column("phone", sa.String(length=64), nullable=True, comment="E.164; codes go to a proven one alone"),
    )
    op.add_column(
        "membership",
        sa.Column(
            "known_as",
            sa.Text(),
            nullable=True,
            comment="the name in the distributor's documents, as whoever gave the role wrote it",
        ),
    )
    op.add_column("user_account", sa.Column("phone_proven_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "user_account", sa.Column("totp_secret", sa.Text(), nullable=True, comment="sealed with the installation's key")
    )
    op.add_column(
        "user_account",
        sa.Column(
            "totp_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a first code proved it; none: not in use",
        ),
    )
    op.add_column(
        "user_account",
        sa.Column(
            "totp_last_step", sa.Integer(), nullable=True, comment="step of the last code used: none counts twice"
        ),
    )
    op.create_index(
        "ix_sales_document_program_id_issued_on_id", "sales_document", ["program_id", "issued_on", "id"], unique=False
    )
    op.create_index(
        "ix_sales_document_number",
        "sales_document",
        ["program_id", "number_key"],
        unique=False,
        postgresql_ops={"number_key": "text_pattern_ops"},
    )
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_touched_month_program_id_month_on", table_name="touched_month")
    op.drop_table("touched_month")
    op.drop_index("ix_sales_document_number", table_name="sales_document")
    op.drop_index("ix_sales_document_program_id_issued_on_id", table_name="sales_document")
    op.drop_column("membership", "known_as")
    op.drop_column("user_account", "totp_last_step")
    op.drop_column("user_account", "totp_since")
    op.drop_column("user_account", "totp_secret")
    op.drop_column("user_account", "phone_proven_at")
    op.drop_column("user_account", "phone")
    op.drop_column("user_account", "theme")
    op.drop_column("user_account", "locale")
    op.drop_index(op.f("ix_membership_distributor_id"), table_name="membership")
    op.alter_column(
        "membership",
        "role",
        existing_type=sa.VARCHAR(length=64),
        comment="administrator, verifier, finance, approver, viewer, distributor",
        existing_comment="a `Role` of app.services.people",
        existing_nullable=False,
    )
    op.drop_index("ix_sales_month_program_id_distributor_id", table_name="sales_month")
    op.drop_table("sales_month")
    op.drop_table("product_month")
    op.drop_index("ix_notice_user_id_id", table_name="notice")
    op.drop_index("ix_notice_distributor_id_id", table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_invitation_program_id_id", table_name="invitation")
    op.drop_index("ix_invitation_distributor_id", table_name="invitation")
    op.drop_table("invitation")
    op.drop_index("ix_application_program_id_state_id", table_name="application")
    op.drop_table("application")
    op.drop_index("ix_adjustment_request_program_id_state_id", table_name="adjustment_request")
    op.drop_table("adjustment_request")
    op.drop_table("terms_acceptance")
    op.drop_table("text_override")
    op.drop_table("terms_version")
    op.drop_index(op.f("ix_sign_in_session_user_id"), table_name="sign_in_session")
    op.drop_table("sign_in_session")
    op.drop_table("saved_view")
    op.drop_table("registration_form")
    op.drop_index(op.f("ix_recovery_code_user_id"), table_name="recovery_code")
    op.drop_table("recovery_code")
    op.drop_table("program_logo")
    op.drop_table("points_month")
    op.drop_index(op.f("ix_passkey_user_id"), table_name="passkey")
    op.drop_table("passkey")
    op.drop_index("ix_one_time_secret_user_id_purpose", table_name="one_time_secret")
    op.drop_index(
        "ix_one_time_secret_expires_at", table_name="one_time_secret", postgresql_where=sa.text("used_at is null")
    )
    op.drop_table("one_time_secret")
    op.drop_table("notice_seen")
    op.drop_index("ix_message_waiting", table_name="message", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index("ix_message_program_id_id", table_name="message")
    op.drop_table("message")
    op.drop_table("figures_state")
