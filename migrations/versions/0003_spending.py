"""Spending in one statement: the condition, the lots and the entries together, while the account's row is held."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The transaction's row is written before the account is locked: on a hot account everything after the lock is what
# others wait for. Lots are read after the lock, in a statement of their own, which sees what the last spender left.
RESERVE = """
create function ledger_reserve(
    p_account bigint, p_amount bigint, p_key text, p_on date, p_actor text, p_reason text
) returns bigint language plpgsql as $$
declare
    v_program bigint;
    v_transaction bigint;
    v_left bigint := p_amount;
    v_lot record;
    v_take bigint;
    v_lots bigint[] := '{}';
    v_takes bigint[] := '{}';
begin
    select program_id into v_program from account where id = p_account and available >= p_amount;
    if not found then
        raise exception 'account % does not have % available', p_account, p_amount using errcode = 'KL001';
    end if;
    insert into ledger_transaction (program_id, kind, key, effective_on, actor, reason)
        values (v_program, 5, p_key, p_on, p_actor, p_reason) returning id into v_transaction;
    update account set available = available - p_amount, reserved = reserved + p_amount, version = version + 1
        where id = p_account and available >= p_amount;
    if not found then
        raise exception 'account % does not have % available', p_account, p_amount using errcode = 'KL001';
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
    op.execute(RESERVE)


def downgrade() -> None:
    op.execute("drop function ledger_reserve(bigint, bigint, text, date, text, text)")
