"""Spending in one statement: the condition, the lots and the entries together, while the account's row is held."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The transaction's row is written before the account is locked: on a hot account everything after the lock is what
# others wait for. Lots are read after the lock, in a statement of their own, which sees what the last spender left.
# Nearly always the first lot has enough: one statement finds it and takes from it.
#
# The function has the owner's rights, so that the guards know its rows and do not look at them again (0002); it takes
# nothing from its caller but who, how much and why.
RESERVE = """
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
    op.execute(RESERVE)
    op.execute("revoke execute on function ledger_reserve(bigint, bigint, text, date, text, text) from public")


def downgrade() -> None:
    op.execute("drop function ledger_reserve(bigint, bigint, text, date, text, text)")
