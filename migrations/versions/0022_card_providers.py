"""Cards' lives, files of card operators, and what a provider's interface needs to be asked once."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

GUARDS = [
    "create trigger refuse_update_delete before update or delete on card_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on card_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
]
CHECKS = {
    "issued_state": "token is not null or state in ('ordered', 'replaced', 'closed')",
    "ordered_state": "token is null or state <> 'ordered'",
    "ended_state": "not active or state not in ('replaced', 'closed')",
    "carried": "carried_minor >= 0",
    "balance_as_a_whole": "(balance_minor is null) = (balance_at is null)",
}


def upgrade() -> None:
    op.add_column("card", sa.Column("state", sa.String(length=24), nullable=True))
    op.execute(
        "update card set state = case when not active then 'replaced' when token is null then 'ordered'"
        " else 'active' end"
    )
    op.alter_column("card", "state", nullable=False)
    op.add_column("card", sa.Column("identity", sa.String(length=24), server_default="unknown", nullable=False))
    op.alter_column("card", "identity", server_default=None)
    op.add_column(
        "card",
        sa.Column(
            "holder_token", sa.String(length=64), nullable=True, comment="the provider's, of whoever holds the card"
        ),
    )
    op.add_column(
        "card",
        sa.Column("replaces_id", sa.BigInteger(), nullable=True, comment="whose balance and history it goes on with"),
    )
    op.create_foreign_key(
        op.f("fk_card_replaces_id_card"), "card", "card", ["replaces_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_index(op.f("ix_card_replaces_id"), "card", ["replaces_id"], unique=False)
    op.add_column(
        "card",
        sa.Column(
            "carried_minor",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="moved over from the card that it replaces",
        ),
    )
    op.alter_column("card", "carried_minor", server_default=None)
    op.add_column(
        "card",
        sa.Column(
            "balance_minor",
            sa.BigInteger(),
            nullable=True,
            comment="as the provider said last; below zero: overdrawn",
        ),
    )
    op.add_column("card", sa.Column("balance_at", sa.DateTime(timezone=True), nullable=True))
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_card_{name}"), "card", condition)
    op.add_column(
        "load_batch",
        sa.Column(
            "accepted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the provider took the file as a whole",
        ),
    )
    op.add_column(
        "load_batch",
        sa.Column(
            "refused_at", sa.DateTime(timezone=True), nullable=True, comment="when it refused the file as a whole"
        ),
    )
    op.add_column("load_batch", sa.Column("refusal", sa.Text(), nullable=True, comment="its words"))
    op.add_column(
        "sandbox_card",
        sa.Column(
            "state",
            sa.String(length=64),
            server_default="active",
            nullable=False,
            comment="active, blocked or closed",
        ),
    )
    op.alter_column("sandbox_card", "state", server_default=None)
    _lives()
    _asking()
    for guard in GUARDS:
        op.execute(guard)


def _lives() -> None:
    op.create_table(
        "card_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=True, comment="why, in somebody's words"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_card_event_card_id_card"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_event")),
    )
    op.create_index("ix_card_event_card_id", "card_event", ["card_id", "id"], unique=False)
    op.create_table(
        "card_movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False, comment="the provider's name of it"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="below zero: spent"),
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card.id"], name=op.f("fk_card_movement_card_id_card"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_movement")),
        sa.UniqueConstraint("card_id", "token", name=op.f("uq_card_movement_card_id_token")),
    )
    op.create_index("ix_card_movement_card_id", "card_movement", ["card_id", "happened_at"], unique=False)


def _asking() -> None:
    op.create_table(
        "card_load",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False, comment="of the top-up"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False, comment="of the card, with this load"),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True, comment="the provider's code and words"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="the first time"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0 and limit_minor >= amount_minor", name=op.f("ck_card_load_amounts")),
        sa.CheckConstraint("(state = 'asked') = (ended_at is null)", name=op.f("ck_card_load_ended")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_card_load_card_id_card"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_load")),
        sa.UniqueConstraint("reference", name=op.f("uq_card_load_reference")),
    )
    op.create_index(
        "uq_card_load_asked", "card_load", ["card_id"], unique=True, postgresql_where=sa.text("state = 'asked'")
    )
    op.create_index("ix_card_load_card_id", "card_load", ["card_id"], unique=False)
    op.create_table(
        "provider_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False, comment="what is asked for, and our reference of it"),
        sa.Column("attempt", sa.SmallInteger(), nullable=False, comment="part of the key"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="the first time"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_key")),
        sa.UniqueConstraint("provider", "about", name=op.f("uq_provider_key_provider_about")),
    )
    op.create_table(
        "provider_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column(
            "token",
            sa.String(length=64),
            nullable=False,
            comment="the provider's name of it; what comes again is known by it",
        ),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column(
            "about",
            sa.String(length=64),
            nullable=True,
            comment="the provider's name of the card or of its holder",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_event")),
        sa.UniqueConstraint("provider", "token", name=op.f("uq_provider_event_provider_token")),
    )
    op.create_index(
        "ix_provider_event_waiting", "provider_event", ["id"], unique=False, postgresql_where=sa.text("done_at is null")
    )


def downgrade() -> None:
    for table in ("provider_event", "provider_key", "card_load", "card_movement", "card_event"):
        op.drop_table(table)
    op.drop_column("sandbox_card", "state")
    for column in ("refusal", "refused_at", "accepted_at"):
        op.drop_column("load_batch", column)
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_card_{name}"), "card", type_="check")
    op.drop_index(op.f("ix_card_replaces_id"), table_name="card")
    op.drop_constraint(op.f("fk_card_replaces_id_card"), "card", type_="foreignkey")
    for column in ("balance_at", "balance_minor", "carried_minor", "replaces_id", "holder_token", "identity", "state"):
        op.drop_column("card", column)
