"""What points are for and who pays for them, when they end; months whose books are closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CHECK_LOT = """create or replace function check_lot() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'lot.id: no ledger_transaction has the id', n.id
            from (select distinct id from new_rows) n
            where not exists (select from ledger_transaction p where p.id = n.id)
        union all
        select 'KG002', 'lot.account_id: no account has the id', n.account_id
            from (select distinct account_id from new_rows) n
            where not exists (select from account p where p.id = n.account_id)
        union all
        select 'KG002', 'lot.terms_id: no lot_terms has the id', n.terms_id
            from (select distinct terms_id from new_rows where terms_id is not null) n
            where not exists (select from lot_terms p where p.id = n.terms_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$"""

CHECK_LOT_BEFORE = """create or replace function check_lot() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'lot.id: no ledger_transaction has the id', n.id
            from (select distinct id from new_rows) n
            where not exists (select from ledger_transaction p where p.id = n.id)
        union all
        select 'KG002', 'lot.account_id: no account has the id', n.account_id
            from (select distinct account_id from new_rows) n
            where not exists (select from account p where p.id = n.account_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$"""

GUARDS = [
    "create trigger refuse_update_delete before update or delete on lot_extension for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on lot_extension for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    """create function check_lot_extension() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'lot_extension.lot_id: no lot has the id', n.lot_id
            from (select distinct lot_id from new_rows) n
            where not exists (select from lot p where p.id = n.lot_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$""",
    "create trigger check_lot_extension after insert on lot_extension referencing new table as new_rows for each statement execute function check_lot_extension()",
    "create trigger refuse_update_delete before update or delete on lot_terms for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on lot_terms for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_delete before delete on period_closing for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on period_closing for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_update_delete before update or delete on period_total for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on period_total for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
]

# The first day that may still be booked on; none: every month is open. Whoever closes a month holds the lock alone, so
# that nobody books into it meanwhile: what is read after the lock is what the last closing left.
OPEN_FROM = """
create function ledger_open_from(p_program bigint) returns date language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(hashtext('period:' || p_program));
    return (
        select (max(month_on) + interval '1 month')::date from period_closing
            where program_id = p_program and reopened_at is null
    );
end $$
"""

# As in 0003; besides, only of lots whose terms allow it (p_terms; none: all) and that have not ended because the account
# was idle. What the month of the day is closed to is booked in the first open one.
RESERVE = """
create function ledger_reserve(
    p_account bigint, p_amount bigint, p_key text, p_on date, p_actor text, p_reason text, p_terms bigint[] default null
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_transaction bigint;
    v_active date;
    v_left bigint := p_amount;
    v_lot record;
    v_first bigint;
    v_take bigint;
    v_lots bigint[] := '{}';
    v_takes bigint[] := '{}';
begin
    if p_amount <= 0 then
        raise exception 'a reservation is above zero, not %', p_amount using errcode = 'KL003';
    end if;
    insert into ledger_transaction (program_id, kind, key, effective_on, booked_on, actor, reason)
        select a.program_id, 5, p_key, p_on, case when p_on < o then o end, p_actor, p_reason
            from account a cross join lateral ledger_open_from(a.program_id) o
            where a.id = p_account and a.distributor_id is not null and a.available >= p_amount
        returning id into v_transaction;
    if not found then
        raise exception 'account % does not have % available', p_account, p_amount using errcode = 'KL001';
    end if;
    update account set available = available - p_amount, reserved = reserved + p_amount, version = version + 1
        where id = p_account and available >= p_amount
        returning active_on into v_active;
    if not found then
        raise exception 'account % does not have % available', p_account, p_amount using errcode = 'KL001';
    end if;
    update lot set remaining = remaining - p_amount, state = case when remaining = p_amount then 3 else state end
        where remaining >= p_amount and id = (
            select id from lot
                where account_id = p_account and state = 2 and (expires_on is null or expires_on >= p_on)
                    and (idle_months is null
                        or greatest(v_active, earned_on) + make_interval(months => idle_months) >= p_on)
                    and (p_terms is null or terms_id is null or terms_id = any(p_terms))
                order by expires_on nulls last, id limit 1
        )
        returning id into v_first;
    if found then
        insert into ledger_entry (transaction_id, position, account_id, bucket, amount, lot_id) values
            (v_transaction, 1, p_account, 2, -p_amount, v_first), (v_transaction, 2, p_account, 3, p_amount, v_first);
    else
        for v_lot in
            select id, remaining from lot
                where account_id = p_account and state = 2 and (expires_on is null or expires_on >= p_on)
                    and (idle_months is null
                        or greatest(v_active, earned_on) + make_interval(months => idle_months) >= p_on)
                    and (p_terms is null or terms_id is null or terms_id = any(p_terms))
                order by expires_on nulls last, id
        loop
            v_take := least(v_lot.remaining, v_left);
            update lot set remaining = remaining - v_take, state = case when remaining = v_take then 3 else state end
                where id = v_lot.id;
            v_lots := v_lots || v_lot.id;
            v_takes := v_takes || v_take;
            v_left := v_left - v_take;
            exit when v_left = 0;
        end loop;
        if v_left > 0 and exists (
            select from lot
                where account_id = p_account and state = 2
                    and (p_terms is null or terms_id is null or terms_id = any(p_terms))
                    and (expires_on < p_on
                        or greatest(v_active, earned_on) + make_interval(months => idle_months) < p_on)
        ) then
            raise exception 'account % has expired points that wait to be written off', p_account
                using errcode = 'KL002';
        elsif v_left > 0 then
            raise exception 'account % does not have % available for this', p_account, p_amount using errcode = 'KL001';
        end if;
        insert into ledger_entry (transaction_id, position, account_id, bucket, amount, lot_id)
            select v_transaction, 2 * o - 1, p_account, 2, -t, l from unnest(v_lots, v_takes) with ordinality x(l, t, o)
            union all
            select v_transaction, 2 * o, p_account, 3, t, l from unnest(v_lots, v_takes) with ordinality x(l, t, o);
    end if;
    if v_active is distinct from p_on then
        -- what ended because the account was idle must not come to life again because it is idle no more
        if exists (
            select from lot where account_id = p_account and state = 2 and idle_months is not null
                and greatest(v_active, earned_on) + make_interval(months => idle_months) < p_on
        ) then
            raise exception 'account % has expired points that wait to be written off', p_account
                using errcode = 'KL002';
        end if;
        update account set active_on = greatest(active_on, p_on) where id = p_account;
    end if;
    return v_transaction;
end $$
"""

RESERVE_BEFORE = """
create function ledger_reserve(
    p_account bigint, p_amount bigint, p_key text, p_on date, p_actor text, p_reason text
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_transaction bigint;
    v_left bigint := p_amount;
    v_lot record;
    v_first bigint;
    v_take bigint;
    v_lots bigint[] := '{}';
    v_takes bigint[] := '{}';
begin
    if p_amount <= 0 then
        raise exception 'a reservation is above zero, not %', p_amount using errcode = 'KL003';
    end if;
    insert into ledger_transaction (program_id, kind, key, effective_on, actor, reason)
        select program_id, 5, p_key, p_on, p_actor, p_reason from account
            where id = p_account and distributor_id is not null and available >= p_amount
        returning id into v_transaction;
    if not found then
        raise exception 'account % does not have % available', p_account, p_amount using errcode = 'KL001';
    end if;
    update account set available = available - p_amount, reserved = reserved + p_amount, version = version + 1
        where id = p_account and available >= p_amount;
    if not found then
        raise exception 'account % does not have % available', p_account, p_amount using errcode = 'KL001';
    end if;
    update lot set remaining = remaining - p_amount, state = case when remaining = p_amount then 3 else state end
        where remaining >= p_amount and id = (
            select id from lot
                where account_id = p_account and state = 2 and (expires_on is null or expires_on >= p_on)
                order by expires_on nulls last, id limit 1
        )
        returning id into v_first;
    if found then
        insert into ledger_entry (transaction_id, position, account_id, bucket, amount, lot_id) values
            (v_transaction, 1, p_account, 2, -p_amount, v_first), (v_transaction, 2, p_account, 3, p_amount, v_first);
        return v_transaction;
    end if;
    for v_lot in
        select id, remaining from lot
            where account_id = p_account and state = 2 and (expires_on is null or expires_on >= p_on)
            order by expires_on nulls last, id
    loop
        v_take := least(v_lot.remaining, v_left);
        update lot set remaining = remaining - v_take, state = case when remaining = v_take then 3 else state end
            where id = v_lot.id;
        v_lots := v_lots || v_lot.id;
        v_takes := v_takes || v_take;
        v_left := v_left - v_take;
        exit when v_left = 0;
    end loop;
    if v_left > 0 then
        raise exception 'account % has expired points that wait to be written off', p_account using errcode = 'KL002';
    end if;
    insert into ledger_entry (transaction_id, position, account_id, bucket, amount, lot_id)
        select v_transaction, 2 * o - 1, p_account, 2, -t, l from unnest(v_lots, v_takes) with ordinality x(l, t, o)
        union all
        select v_transaction, 2 * o, p_account, 3, t, l from unnest(v_lots, v_takes) with ordinality x(l, t, o);
    return v_transaction;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "lot_terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "sha256", sa.LargeBinary(), nullable=False, comment="of the definition: the same terms are kept once"
        ),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "funded_by", sa.String(length=64), nullable=True, comment="code of a funding source; none: the sponsor"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_lot_terms_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_terms")),
        sa.UniqueConstraint("program_id", "sha256", name=op.f("uq_lot_terms_program_id_sha256")),
    )
    op.add_column(
        "earning_rule_version",
        sa.Column(
            "terms_id",
            sa.BigInteger(),
            nullable=True,
            comment="what its points are for; none: as all the programme's",
        ),
    )
    op.create_foreign_key(
        op.f("fk_earning_rule_version_terms_id_lot_terms"),
        "earning_rule_version",
        "lot_terms",
        ["terms_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.add_column("lot", sa.Column("terms_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "lot",
        sa.Column(
            "idle_months",
            sa.SmallInteger(),
            nullable=True,
            comment="ends so long after the account's last activity; none: by its last day, or never",
        ),
    )
    op.create_check_constraint(op.f("ck_lot_ends_in_one_way"), "lot", "expires_on is null or idle_months is null")
    op.create_index(
        "ix_lot_idle", "lot", ["account_id"], postgresql_where=sa.text("state = 2 and idle_months is not null")
    )
    op.add_column(
        "account",
        sa.Column("active_on", sa.Date(), nullable=True, comment="when it last earned or spent: app.domain.expiry"),
    )
    op.add_column(
        "ledger_transaction",
        sa.Column(
            "booked_on",
            sa.Date(),
            nullable=True,
            comment="first day of the month whose books have it, where its own month was closed; none: its own",
        ),
    )
    op.create_index(
        "ix_ledger_transaction_booked_on",
        "ledger_transaction",
        ["program_id", "booked_on"],
        postgresql_where=sa.text("booked_on is not null"),
    )
    op.create_table(
        "lot_extension",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "before_on", sa.Date(), nullable=True, comment="its last day until then; none: it had none of its own"
        ),
        sa.Column("before_idle_months", sa.SmallInteger(), nullable=True, comment="or the idleness that ended it"),
        sa.Column("after_on", sa.Date(), nullable=True, comment="its last day from then on; none: never"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True, comment="a person's sign-in name; none: the programme's grace"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "before_on is distinct from after_on or before_idle_months is not null", name=op.f("ck_lot_extension_moves")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_extension")),
    )
    op.create_index("ix_lot_extension_lot_id", "lot_extension", ["lot_id"], unique=False)
    op.create_table(
        "period_closing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False, comment="first day of the month"),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transactions", sa.BigInteger(), nullable=False),
        sa.Column(
            "rows",
            sa.BigInteger(),
            nullable=False,
            comment="what the hash covers: one row an account, kind and bucket",
        ),
        sa.Column(
            "sha256", sa.LargeBinary(), nullable=False, comment="of the rows' text, as app.db.proofs writes them"
        ),
        sa.Column("asked_by", sa.Text(), nullable=True, comment="who wants it opened again"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_why", sa.Text(), nullable=True),
        sa.Column("reopened_by", sa.Text(), nullable=True, comment="who agreed: another person"),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("date_trunc('month', month_on)::date = month_on", name=op.f("ck_period_closing_a_month")),
        sa.CheckConstraint(
            "(asked_at is null) = (asked_by is null) and (asked_at is null) = (asked_why is null)",
            name=op.f("ck_period_closing_asked"),
        ),
        sa.CheckConstraint(
            "(reopened_at is null) = (reopened_by is null) and (reopened_at is null or asked_at is not null)",
            name=op.f("ck_period_closing_reopened"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_period_closing_program_id_program"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_closing")),
    )
    op.create_index(
        "uq_period_closing_standing",
        "period_closing",
        ["program_id", "month_on"],
        unique=True,
        postgresql_where=sa.text("reopened_at is null"),
    )
    op.create_table(
        "period_total",
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("transactions", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closing_id"],
            ["period_closing.id"],
            name=op.f("fk_period_total_closing_id_period_closing"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("closing_id", "unit", "kind", name=op.f("pk_period_total")),
    )
    op.execute(CHECK_LOT)
    for statement in GUARDS:
        op.execute(statement)
    op.execute("drop function ledger_reserve(bigint, bigint, text, date, text, text)")
    op.execute(OPEN_FROM)
    op.execute("revoke execute on function ledger_open_from(bigint) from public")
    op.execute(RESERVE)
    op.execute(
        "revoke execute on function ledger_reserve(bigint, bigint, text, date, text, text, bigint[]) from public"
    )


def downgrade() -> None:
    op.execute("drop function ledger_reserve(bigint, bigint, text, date, text, text, bigint[])")
    op.execute("drop function ledger_open_from(bigint)")
    op.execute(RESERVE_BEFORE)
    op.execute("revoke execute on function ledger_reserve(bigint, bigint, text, date, text, text) from public")
    op.execute(CHECK_LOT_BEFORE)
    op.drop_table("period_total")
    op.drop_table("period_closing")
    op.drop_table("lot_extension")
    op.execute("drop function check_lot_extension()")
    op.drop_column("ledger_transaction", "booked_on")
    op.drop_column("account", "active_on")
    op.drop_index("ix_lot_idle", table_name="lot")
    op.drop_column("lot", "idle_months")
    op.drop_column("lot", "terms_id")
    op.drop_constraint(op.f("fk_earning_rule_version_terms_id_lot_terms"), "earning_rule_version", type_="foreignkey")
    op.drop_column("earning_rule_version", "terms_id")
    op.drop_table("lot_terms")
