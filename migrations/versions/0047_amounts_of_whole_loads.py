"""What differs of a load's amount is told once, by what all its bookings leave of it, and not booking by booking."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

ANSWERED = """
update statement_finding f set theirs_minor = -abs(f.theirs_minor)
from statement_line l
where l.id = f.line_id and l.kind = 'reversal' and f.kind = 'amount_differs' and f.answer is not null
"""
"""A part that was booked back, and of which points were given, stays what it was: told by itself, below zero."""

OPEN = """
with open as (
    select id, top_up_id, row_number() over (partition by top_up_id order by line_id desc, id desc) place
    from statement_finding where kind = 'amount_differs' and answer is null
), booked as (
    select top_up_id, sum(amount_minor) filter (where kind = 'load') loaded,
        coalesce(sum(amount_minor) filter (where kind = 'reversal'), 0) taken_back
    from statement_line where top_up_id in (select top_up_id from open) group by top_up_id
), corrected as (
    select f.top_up_id,
        sum(case when f.theirs_minor < 0 then f.theirs_minor else f.theirs_minor - f.ours_minor end) more
    from statement_finding f join adjustment_request a on a.id = f.adjustment_id
    where f.kind = 'amount_differs' and a.state in ('approved', 'waiting')
    group by f.top_up_id
), whole as (
    select o.id, o.place, t.status, t.amount_minor + coalesce(c.more, 0) stands_at,
        coalesce(b.loaded, t.amount_minor) - b.taken_back remains
    from open o
    join top_up t on t.id = o.top_up_id
    join booked b on b.top_up_id = o.top_up_id
    left join corrected c on c.top_up_id = o.top_up_id
)
update statement_finding f set ours = w.status, theirs = w.remains::text, ours_minor = w.stands_at,
    theirs_minor = w.remains,
    answer = case when w.none then 'solved' end,
    closed_by = case when w.none then 'kontor' end,
    closed_at = case when w.none then now() end
from (select *, place > 1 or remains <= 0 or remains = stands_at as none from whole) w
where w.id = f.id
"""
"""Of several open differences of a load the last one stays, and says what is left; none, where nothing differs."""

BY_ITSELF = """
update statement_finding f set theirs_minor = f.theirs_minor - f.ours_minor
from statement_line l
where l.id = f.line_id and l.kind = 'reversal' and f.kind = 'amount_differs' and f.adjustment_id is not null
    and f.theirs_minor between 0 and f.ours_minor
"""
"""What was corrected because of a part that was booked back is read as that part before; and after, below zero."""


def upgrade() -> None:
    """Tell them so."""
    op.execute(ANSWERED)
    op.execute(OPEN)


def downgrade() -> None:
    """Tell of what was corrected as it was read before; what is open is true as it is, and is judged anew."""
    op.execute(BY_ITSELF)
