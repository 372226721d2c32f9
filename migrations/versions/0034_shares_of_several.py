"""What a document earns may be shared among several people: a row for each, with its weight. Claims know whether a sale waited."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_person_share_share"), "person_share")
    op.drop_constraint(op.f("pk_person_share"), "person_share")
    op.alter_column("person_share", "share_bp", new_column_name="weight", comment="of the person's part")
    for name, whole, comment in (
        ("place", sa.Integer(), "from 1, in the order in which they claimed it"),
        ("of_weight", sa.BigInteger(), "of all that was given"),
        ("once_weight", sa.BigInteger(), "of what the rules gave"),
    ):
        # what was shared until now had one person, and its shares were of ten thousand
        stands = "1" if name == "place" else "10000"
        op.add_column("person_share", sa.Column(name, whole, server_default=stands, nullable=False, comment=comment))
        op.alter_column("person_share", name, server_default=None)
    op.create_primary_key(op.f("pk_person_share"), "person_share", ["document_id", "place"])
    op.create_check_constraint(
        op.f("ck_person_share_part_of_all"), "person_share", "weight > 0 and weight <= of_weight"
    )
    op.create_check_constraint(
        op.f("ck_person_share_at_least_once"), "person_share", "once_weight > 0 and once_weight <= of_weight"
    )
    _key_of_reversals("person_id")
    # no sale waited to be claimed until now
    comment = "whether the sale earned nothing before anybody claimed it"
    waited = sa.Column("waited", sa.Boolean(), server_default=sa.false(), nullable=False, comment=comment)
    op.add_column("sale_claim", waited)
    op.alter_column("sale_claim", "waited", server_default=None)


def _key_of_reversals(*more: str) -> None:
    op.drop_constraint(op.f("pk_person_reversal"), "person_reversal")
    key = ["return_document_id", "sale_document_id", "unit", "terms", *more]
    op.create_primary_key(op.f("pk_person_reversal"), "person_reversal", key)


def downgrade() -> None:
    op.drop_column("sale_claim", "waited")
    # fails where something was shared among several: the older schema cannot say it
    _key_of_reversals()
    for name in ("ck_person_share_at_least_once", "ck_person_share_part_of_all", "pk_person_share"):
        op.drop_constraint(op.f(name), "person_share")
    op.execute("alter table person_share alter weight type bigint using greatest(1, weight * 10000 / of_weight)")
    for name in ("once_weight", "of_weight", "place"):
        op.drop_column("person_share", name)
    op.alter_column(
        "person_share",
        "weight",
        new_column_name="share_bp",
        comment="the person's share in basis points; the company has the rest",
    )
    op.create_primary_key(op.f("pk_person_share"), "person_share", ["document_id"])
    op.create_check_constraint(op.f("ck_person_share_share"), "person_share", "share_bp > 0 and share_bp <= 10000")
