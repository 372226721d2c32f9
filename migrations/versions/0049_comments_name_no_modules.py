"""Comments of columns say what stands in them, and name no module: whoever moves one changes no table."""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

COMMENTS = {
    ("account", "active_on"): (
        "when it last earned or spent: app.domain.expiry",
        "when it last earned or spent (rules.md 8)",
    ),
    ("cap_usage", "period"): (
        "app.domain.calendar.period_of",
        "number of the span: of days, months, quarters or years since 1970",
    ),
    ("period_closing", "sha256"): ("of the rows' text, as app.db.proofs writes them", "of the rows' text"),
    ("export", "wish"): ("app.domain.export_wish.Wish", "what was asked for"),
    ("export_plan", "shape"): ("app.domain.export_wish.Shape", "what is asked for, but for its days"),
    ("job", "kind"): ("names the function: app/jobs/registry.py", "names the function that does it"),
    ("membership", "role"): ("a `Role` of app.domain.roles", "what the person is in the programme"),
    ("tier_standing", "seen"): (
        "tells whether anything was earned since: see app.services.tier_judging",
        "tells whether anything was earned since it was judged",
    ),
    ("unknown_name", "why"): ("what is alike: app/domain/likeness.py", "what is alike"),
}
"""By table and column: what was said, and what is."""


def upgrade() -> None:
    """Say what stands there."""
    for (table, column), (before, now) in COMMENTS.items():
        op.alter_column(table, column, existing_comment=before, comment=now)


def downgrade() -> None:
    """Say where the code was that knows."""
    for (table, column), (before, now) in COMMENTS.items():
        op.alter_column(table, column, existing_comment=now, comment=before)
