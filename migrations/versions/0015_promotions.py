"""Promotions with targets, and where each participant stands."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

GUARDS = (
    """create function check_promotion_month() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'promotion_month.promotion_id: no promotion has the id', n.promotion_id
            from (select distinct promotion_id from new_rows) n
            where not exists (select from promotion p where p.id = n.promotion_id)
        union all
        select 'KG002', 'promotion_month.distributor_id: no distributor has the id', n.distributor_id
            from (select distinct distributor_id from new_rows) n
            where not exists (select from distributor p where p.id = n.distributor_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_promotion_month after insert on promotion_month referencing new table as new_rows for each statement execute function check_promotion_month()",
    """create trigger refuse_update_delete before update or delete on promotion_payment for each statement execute function refuse_change('its rows are facts; a correction is a new row')""",
    """create trigger refuse_truncate before truncate on promotion_payment for each statement execute function refuse_change('its rows are facts; a correction is a new row')""",
    """create function check_promotion_payment() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'promotion_payment.transaction_id: no ledger_transaction has the id', n.transaction_id
            from (select distinct transaction_id from new_rows) n
            where not exists (select from ledger_transaction p where p.id = n.transaction_id)
        union all
        select 'KG002', 'promotion_payment.standing_id: no promotion_standing has the id', n.standing_id
            from (select distinct standing_id from new_rows) n
            where not exists (select from promotion_standing p where p.id = n.standing_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_promotion_payment after insert on promotion_payment referencing new table as new_rows for each statement execute function check_promotion_payment()",
    """create function check_promotion_touched() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'promotion_touched.promotion_id: no promotion has the id', n.promotion_id
            from (select distinct promotion_id from new_rows) n
            where not exists (select from promotion p where p.id = n.promotion_id)
        union all
        select 'KG002', 'promotion_touched.distributor_id: no distributor has the id', n.distributor_id
            from (select distinct distributor_id from new_rows) n
            where not exists (select from distributor p where p.id = n.distributor_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_promotion_touched after insert on promotion_touched referencing new table as new_rows for each statement execute function check_promotion_touched()",
    """create trigger refuse_delete before delete on promotion for each statement execute function refuse_change('other rows refer to its rows')""",
    """create trigger refuse_truncate before truncate on promotion for each statement execute function refuse_change('other rows refer to its rows')""",
    """create trigger refuse_update_delete before update or delete on promotion_version for each statement execute function refuse_change('its rows are facts; a correction is a new row')""",
    """create trigger refuse_truncate before truncate on promotion_version for each statement execute function refuse_change('its rows are facts; a correction is a new row')""",
    """create trigger refuse_delete before delete on promotion_standing for each statement execute function refuse_change('other rows refer to its rows')""",
    """create trigger refuse_truncate before truncate on promotion_standing for each statement execute function refuse_change('other rows refer to its rows')""",
)


def upgrade() -> None:
    op.create_table(
        "promotion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False, comment="the code as it is compared: trimmed, without case"),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column(
            "draft",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what is not published yet; none: nothing is",
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="number of the newest published version; 0: none"),
        sa.Column("first_on", sa.Date(), nullable=True, comment="first issue date that the newest version counts"),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column(
            "base_first_on", sa.Date(), nullable=True, comment="first day of the base period, where growth counts"
        ),
        sa.Column("base_last_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True, comment="day on which it is closed by itself"),
        sa.Column("measured", sa.Boolean(), nullable=False, comment="false: all that was sold is to be measured anew"),
        sa.Column(
            "brought_up_at", sa.DateTime(timezone=True), nullable=True, comment="when its standings were last made"
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True, comment="none: it closed by itself"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_promotion_closed_has_a_moment")
        ),
        sa.CheckConstraint("(state = 'draft') = (first_on IS NULL)", name=op.f("ck_promotion_published_has_days")),
        sa.CheckConstraint(
            "(base_first_on IS NULL) = (base_last_on IS NULL)", name=op.f("ck_promotion_base_days_are_two")
        ),
        sa.CheckConstraint("(first_on IS NULL) = (last_on IS NULL)", name=op.f("ck_promotion_days_are_two")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_promotion_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
        sa.UniqueConstraint("program_id", "code_key", name=op.f("uq_promotion_program_id_code_key")),
    )
    op.create_index("ix_promotion_program_id_state", "promotion", ["program_id", "state"], unique=False)
    op.create_table(
        "promotion_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["promotion_id"],
            ["promotion.id"],
            name=op.f("fk_promotion_version_promotion_id_promotion"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_version")),
        sa.UniqueConstraint("promotion_id", "version", name=op.f("uq_promotion_version_promotion_id_version")),
    )
    op.create_table(
        "promotion_target",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "value",
            sa.BigInteger(),
            nullable=False,
            comment="in the promotion's metric: minor units, thousandths, points or ones",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("value > 0", name=op.f("ck_promotion_target_value")),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_promotion_target_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"],
            ["promotion.id"],
            name=op.f("fk_promotion_target_promotion_id_promotion"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("promotion_id", "distributor_id", name=op.f("pk_promotion_target")),
    )
    op.create_table(
        "promotion_month",
        sa.Column("promotion_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month of the sale"),
        sa.Column("person", sa.Text(), nullable=False, comment="in lower case; empty: the distributor"),
        sa.Column(
            "measure",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="0: what counts; then the gates, then the base period",
        ),
        sa.Column(
            "product_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="0: all together; else where products are counted",
        ),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "promotion_id",
            "distributor_id",
            "month_on",
            "person",
            "measure",
            "product_id",
            name=op.f("pk_promotion_month"),
        ),
    )
    op.create_table(
        "promotion_touched",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_touched")),
    )
    op.create_index("ix_promotion_touched_promotion_id", "promotion_touched", ["promotion_id"], unique=False)
    op.create_table(
        "promotion_standing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="in lower case; empty: the distributor"),
        sa.Column("version", sa.Integer(), nullable=False, comment="of the promotion, by which this was reckoned"),
        sa.Column("value", sa.BigInteger(), nullable=False, comment="what was sold, in the promotion's metric"),
        sa.Column("target", sa.BigInteger(), nullable=False, comment="0: there is none"),
        sa.Column("base", sa.BigInteger(), nullable=False, comment="what was sold in the base period"),
        sa.Column("share_bp", sa.BigInteger(), nullable=False, comment="of the target"),
        sa.Column("step", sa.Integer(), nullable=False, comment="how many steps are reached"),
        sa.Column("is_open", sa.Boolean(), nullable=False, comment="every gate is"),
        sa.Column(
            "gates", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="what was sold for each gate"
        ),
        sa.Column("scope_points", sa.BigInteger(), nullable=False, comment="points that the sales in scope earned"),
        sa.Column("scope_quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False, comment="what steps and place give, by now"),
        sa.Column("paid", sa.BigInteger(), nullable=False, comment="what was posted, less what was taken back"),
        sa.Column(
            "forgiven",
            sa.BigInteger(),
            nullable=False,
            comment="paid, not earned any more, and not there to be taken back",
        ),
        sa.Column(
            "payments",
            sa.Integer(),
            nullable=False,
            comment="how many postings there were: each has its number in its key",
        ),
        sa.Column("place", sa.Integer(), nullable=False, comment="in the ranking; 0: none"),
        sa.Column(
            "prize", sa.BigInteger(), nullable=False, comment="what the place would pay, or pays once it is closed"
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "paid >= 0 AND forgiven >= 0 AND earned >= 0", name=op.f("ck_promotion_standing_figures_make_sense")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"],
            ["distributor.id"],
            name=op.f("fk_promotion_standing_distributor_id_distributor"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"],
            ["promotion.id"],
            name=op.f("fk_promotion_standing_promotion_id_promotion"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_standing")),
        sa.UniqueConstraint(
            "promotion_id",
            "distributor_id",
            "person",
            name=op.f("uq_promotion_standing_promotion_id_distributor_id_person"),
        ),
    )
    op.create_index("ix_promotion_standing_distributor_id", "promotion_standing", ["distributor_id"], unique=False)
    op.create_index("ix_promotion_standing_place", "promotion_standing", ["promotion_id", "place"], unique=False)
    op.create_table(
        "promotion_payment",
        sa.Column("transaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("standing_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="of the promotion, by which it was reckoned"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "made",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what made it: value, target, steps, earned and paid",
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_promotion_payment_amount")),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_promotion_payment")),
    )
    op.create_index("ix_promotion_payment_standing_id", "promotion_payment", ["standing_id"], unique=False)
    op.create_table(
        "promotion_gift",
        sa.Column("standing_id", sa.BigInteger(), nullable=False),
        sa.Column("reward_code", sa.String(length=64), nullable=False),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True, comment="when it was given; none: it waits"),
        sa.Column("handed_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["standing_id"],
            ["promotion_standing.id"],
            name=op.f("fk_promotion_gift_standing_id_promotion_standing"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("standing_id", "reward_code", name=op.f("pk_promotion_gift")),
    )
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("promotion_gift")
    op.drop_table("promotion_payment")
    op.drop_table("promotion_standing")
    op.drop_table("promotion_touched")
    op.drop_table("promotion_month")
    op.drop_table("promotion_target")
    op.drop_table("promotion_version")
    op.drop_table("promotion")
    op.execute("drop function check_promotion_month()")
    op.execute("drop function check_promotion_touched()")
    op.execute("drop function check_promotion_payment()")
