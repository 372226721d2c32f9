"""Rewards with pictures, orders, and vouchers that are given once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "reward_season",
    "reward_audience",
    "reward_picture",
    "basket_item",
    "supplier_file",
    "reward_order",
    "order_line",
    "order_event",
    "voucher_code",
    "draw",
    "draw_ticket",
)

CHECK_ORDER_LINE = """
create function check_order_line() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'order_line.reservation_id: no ledger_transaction has the id', n.reservation_id
            from (select distinct reservation_id from new_rows) n
            where not exists (select from ledger_transaction p where p.id = n.reservation_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$
"""

GUARDS = [
    "create trigger refuse_delete before delete on supplier_file for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on supplier_file for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_delete before delete on draw for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on draw for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_delete before delete on reward_order for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on reward_order for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_delete before delete on order_line for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on order_line for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger check_order_line after insert on order_line referencing new table as new_rows for each statement execute function check_order_line()",
    "create trigger refuse_delete before delete on draw_ticket for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on draw_ticket for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_update_delete before update or delete on order_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on order_event for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_delete before delete on voucher_code for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on voucher_code for each statement execute function refuse_change('other rows refer to its rows')",
]

SEASONS = """
insert into reward_season (reward_id, points, from_on, until_on, announced_on)
    select id, season_points, season_from_on, season_until_on, season_from_on from reward
    where season_points is not null
"""


def upgrade() -> None:
    op.add_column(
        "program",
        sa.Column(
            "rewards",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="the `rewards` part of its file",
        ),
    )
    op.create_index(
        "ix_ledger_transaction_cancelled",
        "ledger_transaction",
        ["reverses_id"],
        postgresql_where=sa.text("kind = 7"),
    )
    _rewards()
    _tables()
    op.execute(CHECK_ORDER_LINE)
    for statement in GUARDS:
        op.execute(statement)
    op.execute(SEASONS)
    op.drop_constraint("ck_reward_a_season_is_whole", "reward")
    for name in ("season_points", "season_from_on", "season_until_on"):
        op.drop_column("reward", name)


def _rewards() -> None:
    said = "false: computed of the cost"
    op.add_column(
        "reward", sa.Column("price_by_hand", sa.Boolean(), server_default="true", nullable=False, comment=said)
    )
    said = "false: nobody sees it in the catalogue"
    op.add_column("reward", sa.Column("offered", sa.Boolean(), server_default="true", nullable=False, comment=said))
    said = "who sends it; none: the sponsor"
    op.add_column("reward", sa.Column("supplier", sa.String(length=64), nullable=True, comment=said))
    said = "of a discount: how much of the price of goods"
    op.add_column("reward", sa.Column("discount_bp", sa.BigInteger(), nullable=True, comment=said))
    said = "of a discount: on which goods; none: on all"
    op.add_column("reward", sa.Column("product_group_id", sa.BigInteger(), nullable=True, comment=said))
    op.alter_column("reward", "stock", comment="how many are left; none: as many as are wanted")
    op.create_foreign_key(
        "fk_reward_product_group_id_product_group",
        "reward",
        "product_group",
        ["product_group_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    # a discount of before did not say how much: it is one on goods by hand
    op.execute("update reward set kind = 'goods' where kind = 'discount'")
    for name, condition in (
        ("computed_of_something", "price_by_hand OR cost_minor IS NOT NULL"),
        ("discount_says_how_much", "(kind = 'discount') = (discount_bp IS NOT NULL)"),
        ("discount_is_a_share", "discount_bp > 0 AND discount_bp <= 10000"),
    ):
        op.create_check_constraint(op.f(f"ck_reward_{name}"), "reward", condition)


def _tables() -> None:
    op.create_table(
        "reward_season",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False, comment="first day on which people are told of it"),
        sa.CheckConstraint("announced_on <= from_on", name=op.f("ck_reward_season_announced_before_it_begins")),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_reward_season_begins_before_it_ends")),
        sa.CheckConstraint("points > 0", name=op.f("ck_reward_season_points_above_zero")),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_reward_season_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_season")),
        sa.UniqueConstraint("reward_id", "from_on", name=op.f("uq_reward_season_reward_id_from_on")),
    )
    op.create_table(
        "reward_audience",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_group_id", sa.BigInteger(), nullable=True),
        sa.Column("tier", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(distributor_group_id IS NULL) <> (tier IS NULL)", name=op.f("ck_reward_audience_one_of_the_two")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_group_id"],
            ["distributor_group.id"],
            name=op.f("fk_reward_audience_distributor_group_id_distributor_group"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_reward_audience_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_audience")),
    )
    op.create_index(
        "uq_reward_audience_whom",
        "reward_audience",
        ["reward_id", "distributor_group_id", "tier"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "reward_picture",
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="WebP"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_reward_picture_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("reward_id", name=op.f("pk_reward_picture")),
    )
    op.create_index(op.f("ix_reward_picture_sha256"), "reward_picture", ["sha256"], unique=False)
    op.create_table(
        "basket_item",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_basket_item_quantity")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_basket_item_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_basket_item_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_basket_item_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "distributor_id", "reward_id", name=op.f("pk_basket_item")),
    )
    op.create_table(
        "supplier_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier", sa.String(length=64), nullable=True, comment="none: the sponsor sends by itself"),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="the workbook"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'written') = (sent_at IS NULL)", name=op.f("ck_supplier_file_sent_as_a_whole")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_supplier_file_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_file")),
        info={"kept": ("state", "sent_at")},
    )
    op.create_index(
        "ix_supplier_file_program_id_made_at_id", "supplier_file", ["program_id", "made_at", "id"], unique=False
    )
    op.create_table(
        "reward_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "key",
            sa.String(length=64),
            nullable=False,
            comment="of the page that sent it: who presses twice orders once",
        ),
        sa.Column("state", sa.String(length=24), nullable=False, comment="of the line that is least far"),
        sa.Column("points", sa.BigInteger(), nullable=False, comment="what it cost when it was placed"),
        sa.Column("worth_minor", sa.BigInteger(), nullable=False, comment="what those points were worth then"),
        sa.Column("address", postgresql.JSONB(), nullable=True, comment="where goods go; none: nothing is sent"),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True, comment="none: its value asked for nobody"),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "approved_at IS NOT NULL OR state IN ('waiting', 'cancelled')",
            name=op.f("ck_reward_order_approved_before_it_goes"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR lower(trim(approved_by)) <> lower(trim(placed_by))",
            name=op.f("ck_reward_order_four_eyes"),
        ),
        sa.CheckConstraint("points > 0 AND worth_minor >= 0", name=op.f("ck_reward_order_figures_make_sense")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_reward_order_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_reward_order_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_order")),
        sa.UniqueConstraint("distributor_id", "key", name=op.f("uq_reward_order_distributor_id_key")),
        info={"kept": ("state", "address", "placed_by", "note", "approved_by", "approved_at")},
    )
    op.create_index(
        "ix_reward_order_program_id_placed_at_id", "reward_order", ["program_id", "placed_at", "id"], unique=False
    )
    op.create_index(
        "ix_reward_order_waiting",
        "reward_order",
        ["program_id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "order_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="what the reward was called"),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "cancelled", sa.Integer(), server_default="0", nullable=False, comment="so many of them will not come"
        ),
        sa.Column("unit_points", sa.BigInteger(), nullable=False, comment="what one cost"),
        sa.Column(
            "priced", postgresql.JSONB(), nullable=False, comment="what computed that: regular price, season, cost …"
        ),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("supplier", sa.String(length=64), nullable=True),
        sa.Column("supplier_file_id", sa.BigInteger(), nullable=True),
        sa.Column("carrier", sa.String(length=64), nullable=True),
        sa.Column("tracking", sa.String(length=64), nullable=True),
        sa.Column("shipped_on", sa.Date(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled = quantity)", name=op.f("ck_order_line_cancelled_as_a_whole")
        ),
        sa.CheckConstraint(
            "quantity > 0 AND cancelled >= 0 AND cancelled <= quantity", name=op.f("ck_order_line_quantity")
        ),
        sa.CheckConstraint("unit_points > 0", name=op.f("ck_order_line_points_above_zero")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["reward_order.id"], name=op.f("fk_order_line_order_id_reward_order"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_order_line_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["supplier_file_id"],
            ["supplier_file.id"],
            name=op.f("fk_order_line_supplier_file_id_supplier_file"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
        info={"kept": ("state", "cancelled", "supplier_file_id", "carrier", "tracking", "shipped_on", "delivered_on")},
    )
    op.create_index(
        "ix_order_line_approved",
        "order_line",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_index(op.f("ix_order_line_reward_id"), "order_line", ["reward_id"], unique=False)
    op.create_index(op.f("ix_order_line_supplier_file_id"), "order_line", ["supplier_file_id"], unique=False)
    op.create_table(
        "order_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("word", sa.String(length=24), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True, comment="none: the machine"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_line.id"], name=op.f("fk_order_event_line_id_order_line"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["reward_order.id"], name=op.f("fk_order_event_order_id_reward_order"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_event")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_order_event_order_id"), "order_event", ["order_id"], unique=False)
    op.create_table(
        "voucher_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False, comment="tells whether it is here already"),
        sa.Column("usable_until", sa.Text(), nullable=True, comment="as its issuer says it"),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(line_id IS NULL) = (given_at IS NULL)", name=op.f("ck_voucher_code_given_as_a_whole")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_line.id"], name=op.f("fk_voucher_code_line_id_order_line"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_voucher_code_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_code")),
        sa.UniqueConstraint("reward_id", "code_hash", name=op.f("uq_voucher_code_reward_id_code_hash")),
        info={"kept": ("line_id", "given_at")},
    )
    op.create_index(
        "ix_voucher_code_free",
        "voucher_code",
        ["reward_id", "id"],
        unique=False,
        postgresql_where=sa.text("line_id IS NULL"),
    )
    op.create_index(op.f("ix_voucher_code_line_id"), "voucher_code", ["line_id"], unique=False)
    op.create_table(
        "draw",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("prizes", sa.Integer(), nullable=False),
        sa.Column("promised_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the seed"),
        sa.Column("sealed_seed", sa.Text(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=True, comment="shown once it is drawn"),
        sa.Column("list_hash", sa.LargeBinary(), nullable=True, comment="SHA-256 of the tickets that took part"),
        sa.Column("drawn_by", sa.Text(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL) = (list_hash IS NULL) AND (drawn_at IS NULL) = (drawn_by IS NULL)",
            name=op.f("ck_draw_drawn_as_a_whole"),
        ),
        sa.CheckConstraint("prizes > 0", name=op.f("ck_draw_prizes")),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_draw_reward_id_reward"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("reward_id", name=op.f("uq_draw_reward_id")),
        info={"kept": ("prizes", "seed", "list_hash", "drawn_by", "drawn_at")},
    )
    op.create_table(
        "draw_ticket",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("draw_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True, comment="what it won: 1 is the first prize"),
        sa.CheckConstraint("number > 0 AND place > 0", name=op.f("ck_draw_ticket_numbers")),
        sa.ForeignKeyConstraint(
            ["draw_id"], ["draw.id"], name=op.f("fk_draw_ticket_draw_id_draw"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_line.id"], name=op.f("fk_draw_ticket_line_id_order_line"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_ticket")),
        sa.UniqueConstraint("draw_id", "number", name=op.f("uq_draw_ticket_draw_id_number")),
        sa.UniqueConstraint("draw_id", "place", name=op.f("uq_draw_ticket_draw_id_place")),
        info={"kept": ("place",)},
    )
    op.create_index(op.f("ix_draw_ticket_line_id"), "draw_ticket", ["line_id"], unique=False)


def downgrade() -> None:
    said = {"season_points": "its price in its season"}
    for name, kind in (
        ("season_points", sa.BigInteger()),
        ("season_from_on", sa.Date()),
        ("season_until_on", sa.Date()),
    ):
        op.add_column("reward", sa.Column(name, kind, nullable=True, comment=said.get(name)))
    op.execute(
        "update reward set (season_points, season_from_on, season_until_on) ="
        " (select points, from_on, until_on from reward_season where reward_id = reward.id order by from_on limit 1)"
    )
    op.create_check_constraint(
        op.f("ck_reward_a_season_is_whole"),
        "reward",
        "(season_points IS NULL) = (season_from_on IS NULL) AND (season_points IS NULL) = (season_until_on IS NULL) AND season_points > 0 AND season_from_on <= season_until_on",
    )
    for name in reversed(TABLES):
        op.drop_table(name)
    op.execute("drop function check_order_line()")
    for name in ("computed_of_something", "discount_says_how_much", "discount_is_a_share"):
        op.drop_constraint(f"ck_reward_{name}", "reward")
    op.drop_constraint("fk_reward_product_group_id_product_group", "reward")
    for name in ("price_by_hand", "offered", "supplier", "discount_bp", "product_group_id"):
        op.drop_column("reward", name)
    op.alter_column("reward", "stock", comment="how many there are; none: as many as are wanted")
    op.drop_index("ix_ledger_transaction_cancelled", "ledger_transaction")
    op.drop_column("program", "rewards")
