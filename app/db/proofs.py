"""The ledger's proofs in SQL: what contradicts a promise, and the text of a row that a seal covers."""

from sqlalchemy import text

PROOFS = {
    "transaction {0} sums to {1} in unit {2}, not to zero": """
        select e.transaction_id, sum(e.amount), a.unit
        from ledger_entry e join account a on a.id = e.account_id
        group by e.transaction_id, a.unit having sum(e.amount) <> 0""",
    "transaction {0} has no entries": """
        select t.id from ledger_transaction t
        where not exists (select from ledger_entry e where e.transaction_id = t.id)""",
    "account {0}: {1} is {2}, its entries say {3}": """
        select a.id, x.name, x.cached, x.replayed from account a
        left join (
            select e.account_id,
                sum(e.amount) filter (where e.bucket = 1) pending,
                sum(e.amount) filter (where e.bucket = 2) available,
                sum(e.amount) filter (where e.bucket = 3) reserved,
                sum(e.amount) filter (where t.kind in (1, 2, 3, 11, 12, 14)) earned,
                -sum(e.amount) filter (where t.kind in (6, 15)) spent,
                -sum(e.amount) filter (where t.kind in (8, 9)) expired,
                sum(e.amount) filter (where t.kind in (10, 13)) adjusted,
                sum(e.amount) filter (where t.kind = 14) gifts
            from ledger_entry e join ledger_transaction t on t.id = e.transaction_id
            where e.bucket <= 3 group by e.account_id
        ) r on r.account_id = a.id
        cross join lateral (values
            ('pending', a.pending, coalesce(r.pending, 0)), ('available', a.available, coalesce(r.available, 0)),
            ('reserved', a.reserved, coalesce(r.reserved, 0)), ('earned', a.earned, coalesce(r.earned, 0)),
            ('spent', a.spent, coalesce(r.spent, 0)), ('expired', a.expired, coalesce(r.expired, 0)),
            ('adjusted', a.adjusted, coalesce(r.adjusted, 0)), ('gifts', a.gifts, coalesce(r.gifts, 0))
        ) x(name, cached, replayed)
        where x.cached <> x.replayed""",
    "programme {0}: what wallets carried of what others spent sums to {1} in unit {2}, not to zero": """
        select program_id, sum(carried), unit from account group by program_id, unit having sum(carried) <> 0""",
    "lot {0} has {1} left, its entries leave {2}": """
        select l.id, l.remaining, coalesce(r.left_, 0) from lot l
        left join (
            select lot_id, sum(amount) left_ from ledger_entry
            where lot_id is not null and bucket in (1, 2) group by lot_id
        ) r on r.lot_id = l.id
        where l.remaining <> coalesce(r.left_, 0)""",
    "account {0}: its lots hold {1}, it says {2} pending and {3} available": """
        select a.id, coalesce(l.held, 0), a.pending, a.available from account a
        left join (select account_id, sum(remaining) held from lot group by account_id) l on l.account_id = a.id
        where a.distributor_id is not null and coalesce(l.held, 0) <> a.pending + greatest(a.available, 0)""",
    "document {0}: its awards are {1}, {2} were posted in unit {3}": """
        select coalesce(w.document_id, p.document_id), coalesce(w.given, 0), coalesce(p.posted, 0),
               coalesce(w.unit, p.unit)
        from (
            select w.document_id, w.unit, coalesce(v.terms_id, 0) terms_id, sum(w.amount) given
            from award w left join earning_rule_version v on v.id = w.rule_version_id
            group by w.document_id, w.unit, coalesce(v.terms_id, 0)
        ) w
        full join (
            select t.document_id, a.unit, coalesce(l.terms_id, 0) terms_id, -sum(e.amount) posted
            from ledger_transaction t
            join ledger_entry e on e.transaction_id = t.id
            join account a on a.id = e.account_id
            left join lot l on l.id = t.id
            where t.kind = 1 and e.bucket = 11 group by t.document_id, a.unit, coalesce(l.terms_id, 0)
        ) p on p.document_id = w.document_id and p.unit = w.unit and p.terms_id = w.terms_id
        where coalesce(w.given, 0) <> coalesce(p.posted, 0)""",
    "return {0}: it takes {1} back, {2} were posted in unit {3}": """
        select coalesce(w.document_id, p.document_id), coalesce(w.taken, 0), coalesce(p.posted, 0),
               coalesce(w.unit, p.unit)
        from (
            select return_document_id document_id, unit, sum(amount) taken
            from award_reversal group by return_document_id, unit
        ) w
        full join (
            select t.document_id, a.unit, sum(e.amount) posted
            from ledger_transaction t
            join ledger_entry e on e.transaction_id = t.id
            join account a on a.id = e.account_id
            where t.kind = 2 and e.bucket = 11 group by t.document_id, a.unit
        ) p on p.document_id = w.document_id and p.unit = w.unit
        left join sales_document d on d.id = w.document_id
        -- where nobody may owe, what a wallet does not have is let go, and stays so where they may later
        left join (
            select id from program where settings ->> 'returns' = 'clamp'
            union select program_id from program_revision where document -> 'program' ->> 'returns' = 'clamp'
        ) c on c.id = d.program_id
        where case when c.id is not null then coalesce(p.posted, 0) > coalesce(w.taken, 0)
              else coalesce(p.posted, 0) <> coalesce(w.taken, 0) end""",
    "standing {0} of a promotion says that {1} were paid, {2} were posted": """
        select coalesce(s.id, p.standing_id), coalesce(s.paid, 0), coalesce(p.posted, 0)
        from promotion_standing s
        full join (
            select y.standing_id, -sum(e.amount) posted
            from promotion_payment y join ledger_entry e on e.transaction_id = y.transaction_id and e.bucket = 11
            group by y.standing_id
        ) p on p.standing_id = s.id
        where coalesce(s.paid, 0) <> coalesce(p.posted, 0)""",
    "transaction {0} is of a promotion, and none of its standings caused it": """
        select t.id from ledger_transaction t
        where t.kind = 11 and not exists (select from promotion_payment y where y.transaction_id = t.id)""",
    "transaction {0} is of a reward for a sale, and nothing says which": """
        select t.id from ledger_transaction t
        where t.kind = 14 and not exists (
            select from instant_grant g where 'instant:' || g.id = split_part(t.key, '-back-', 1)
        )""",
    "event {0}: its award is {1}, {2} were posted": """
        select w.event_id, w.amount, coalesce(p.posted, 0)
        from event_award w left join (
            select e.transaction_id, -sum(e.amount) posted from ledger_entry e
            join ledger_transaction t on t.id = e.transaction_id
            where t.kind = 12 and e.bucket = 11 group by e.transaction_id
        ) p on p.transaction_id = w.transaction_id
        where w.amount <> coalesce(p.posted, 0)""",
    "entry {1} of transaction {0} is of an account or a lot that is not there": """
        select e.transaction_id, e.position from ledger_entry e
        left join account a on a.id = e.account_id left join lot l on l.id = e.lot_id
        where a.id is null or (e.lot_id is not null and l.id is null)""",
    "line {1} of document {0} is of a document or a product that is not there": """
        select s.document_id, s.line_number from sales_line s
        left join sales_document d on d.id = s.document_id left join product p on p.id = s.product_id
        where d.id is null or p.id is null""",
}
"""Each finds what contradicts one promise: the sentence, and the query that fills it. Empty answers prove it."""

PERIOD_ROWS = """
    select t.program_id, date_trunc('month', coalesce(t.booked_on, t.effective_on))::date month_on,
        a.unit, e.account_id, t.kind, e.bucket, count(*) entries, sum(e.amount) amount,
        count(distinct t.id) transactions
    from ledger_transaction t
    join ledger_entry e on e.transaction_id = t.id
    join account a on a.id = e.account_id
    where {which}
    group by t.program_id, month_on, a.unit, e.account_id, t.kind, e.bucket"""
"""The canonical rows of months of the books: what each account's entries of a kind change in a bucket."""

PERIOD_HASH = """sha256(convert_to(coalesce(string_agg(
        r.unit || '|' || r.account_id || '|' || r.kind || '|' || r.bucket || '|' || r.entries || '|' || r.amount,
        E'\\n' order by r.unit, r.account_id, r.kind, r.bucket), ''), 'UTF8'))"""
"""The hash over the rows ``r`` of one month."""

_CLOSED = PERIOD_ROWS.format(
    which="""(t.program_id, date_trunc('month', coalesce(t.booked_on, t.effective_on))::date) in
        (select program_id, month_on from period_closing where reopened_at is null)"""
)

PROOFS |= {
    "programme {0}: {1} is closed, and its books were changed: {2} rows then, {3} now": f"""
        with r as ({_CLOSED})
        select c.program_id, to_char(c.month_on, 'YYYY-MM'), c.rows, coalesce(h.rows, 0)
        from period_closing c left join (
            select r.program_id, r.month_on, count(*) rows, {PERIOD_HASH} sha256
            from r group by r.program_id, r.month_on
        ) h on h.program_id = c.program_id and h.month_on = c.month_on
        where c.reopened_at is null and coalesce(h.sha256, sha256('')) <> c.sha256""",  # noqa: S608  # our own words
    "programme {0}: the totals of {1} are stored as {2} for kind {3}, its books say {4}": f"""
        with r as ({_CLOSED}), s as (
            select c.id, r.unit, r.kind, sum(r.amount) amount
            from r join period_closing c
                on c.program_id = r.program_id and c.month_on = r.month_on and c.reopened_at is null
            where r.bucket <= 3 group by c.id, r.unit, r.kind
        ), p as (
            select t.* from period_total t join period_closing c on c.id = t.closing_id and c.reopened_at is null
        )
        select c.program_id, to_char(c.month_on, 'YYYY-MM'), coalesce(p.amount, 0), coalesce(p.kind, s.kind),
            coalesce(s.amount, 0)
        from s full join p on p.closing_id = s.id and p.unit = s.unit and p.kind = s.kind
        join period_closing c on c.id = coalesce(p.closing_id, s.id)
        where coalesce(p.amount, 0) <> coalesce(s.amount, 0)""",  # noqa: S608  # our own words
}

SEALED_ROWS = text(
    """
    select t.id,
        t.id || '|' || t.program_id || '|' || t.kind || '|' || t.key || '|'
            || to_char(t.effective_on, 'YYYY-MM-DD') || '|'
            || extract(epoch from t.recorded_at) || '|' || coalesce(t.document_id::text, '') || '|'
            || coalesce(t.reverses_id::text, '') || '|' || coalesce(t.actor, '') || '|' || coalesce(t.reason, '') || '|'
            || coalesce('booked ' || to_char(t.booked_on, 'YYYY-MM-DD') || '|', '')
            || coalesce((
                select string_agg(e.position || ':' || e.account_id || ':' || e.bucket || ':' || e.amount || ':'
                    || coalesce(e.lot_id::text, ''), ',' order by e.position)
                from ledger_entry e where e.transaction_id = t.id), ''),
        (select count(*) from ledger_entry e where e.transaction_id = t.id)
    from ledger_transaction t
    where (t.id > :after and t.id <= :last) or t.id = any(:late)
    order by t.id"""
)
"""A block's transactions with their text: bind ``after``, ``last``, ``late``. Gives id, text, number of entries."""
