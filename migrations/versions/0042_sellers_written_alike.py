"""A seller's tax id is one however it is written: keys of documents say it without marks and country (rules.md 9)."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_NAMED = "strpos(document_key, '|tax:') > 0"
_SPACES = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_COUNTRY = re.compile(
    "(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)([0-9]+)"
)

# A key is kind, seller and number; the seller's new writing takes the place of the old one. Where another key is
# written so already, or would be, the earliest has it and the others stay: their documents count as it is, and later
# ones are compared with the one that has it.
_RENEWED = """
create temporary table renewed on commit drop as
select * from (
    select d.program_id, d.document_key as was, n.becomes,
        row_number() over (partition by d.program_id, n.becomes order by min(d.id)) as place
    from sales_document d
    join written_alike w on w.was = split_part(d.document_key, '|', 2)
    cross join lateral (
        select overlay(d.document_key placing w.becomes from strpos(d.document_key, '|') + 1 for length(w.was))
    ) n (becomes)
    where strpos(d.document_key, '|tax:') > 0
    group by d.program_id, d.document_key, n.becomes
) one
where place = 1 and not exists (
    select from sales_document there where there.program_id = one.program_id and there.document_key = one.becomes
)"""
_OF_PROGRAM = "from renewed r where it.program_id = r.program_id and it.document_key = r.was"
_OF_INSTANT = """from renewed r, instant_reward i
where i.id = it.instant_id and i.program_id = r.program_id and it.document_key = r.was"""


def upgrade() -> None:
    op.create_index(
        "ix_sales_document_seller_named",
        "sales_document",
        ["program_id", "number_key"],
        postgresql_where=sa.text(_NAMED),
    )
    connection = op.get_bind()
    sellers = f"select distinct split_part(document_key, '|', 2) from sales_document where {_NAMED}"
    alike = {was: _alike(was) for was in connection.scalars(sa.text(sellers))}
    changed = [{"was": was, "becomes": becomes} for was, becomes in alike.items() if was != becomes]
    if not changed:
        return
    op.execute("create temporary table written_alike (was text, becomes text) on commit drop")
    connection.execute(sa.text("insert into written_alike values (:was, :becomes)"), changed)
    op.execute(_RENEWED)
    for table, where in (
        *(("sales_document", _OF_PROGRAM), ("sale_claim", _OF_PROGRAM)),
        *(("instant_grant", _OF_INSTANT), ("instant_touched", _OF_INSTANT)),
    ):
        op.execute(f"update {table} it set document_key = r.becomes {where}")


def _alike(seller: str) -> str:
    """Write a seller as keys do from now on (app/domain/seller_keys.py as it was on this day)."""
    written = unicodedata.normalize("NFKC", seller.removeprefix("tax:")).upper()
    plain = re.sub(r"[\W_]+", "", written)
    if len(re.findall("[0-9]", plain)) < 7:
        return "tax:" + _SPACES.sub("", written)
    country = _COUNTRY.fullmatch(plain)
    return "tax:" + (country[1] if country else plain)


def downgrade() -> None:
    # keys stay as they are: to the older version they are tax ids that were written so
    op.drop_index("ix_sales_document_seller_named", "sales_document")
