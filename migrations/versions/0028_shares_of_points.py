"""People's accounts and their shares of what documents earn; drafts of promotions that wait; kinds of ordered lines."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

GUARDS = (
    "create trigger refuse_update_delete before update or delete on person_reversal for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on person_reversal for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create function check_person_reversal() returns trigger language plpgsql\nset search_path = public, pg_temp\nset enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$\ndeclare code text; wrong text; bad bigint;\nbegin\n    select x.* into code, wrong, bad from (\n        select 'KG002', 'person_reversal.return_document_id: no sales_document has the id', n.return_document_id\n            from (select distinct return_document_id from new_rows) n\n            where not exists (select from sales_document p where p.id = n.return_document_id)\n        union all\n        select 'KG002', 'person_reversal.sale_document_id: no sales_document has the id', n.sale_document_id\n            from (select distinct sale_document_id from new_rows) n\n            where not exists (select from sales_document p where p.id = n.sale_document_id)\n        union all\n        select 'KG002', 'person_reversal.person_id: no distributor has the id', n.person_id\n            from (select distinct person_id from new_rows) n\n            where not exists (select from distributor p where p.id = n.person_id)\n    ) x limit 1;\n    if found then\n        raise exception '% %', wrong, bad using errcode = code;\n    end if;\n    return null;\nend $$",
    "create trigger check_person_reversal after insert on person_reversal referencing new table as new_rows for each statement execute function check_person_reversal()",
    "create trigger refuse_update_delete before update or delete on person_share for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create trigger refuse_truncate before truncate on person_share for each statement execute function refuse_change('its rows are facts; a correction is a new row')",
    "create function check_person_share() returns trigger language plpgsql\nset search_path = public, pg_temp\nset enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$\ndeclare code text; wrong text; bad bigint;\nbegin\n    select x.* into code, wrong, bad from (\n        select 'KG002', 'person_share.document_id: no sales_document has the id', n.document_id\n            from (select distinct document_id from new_rows) n\n            where not exists (select from sales_document p where p.id = n.document_id)\n        union all\n        select 'KG002', 'person_share.person_id: no distributor has the id', n.person_id\n            from (select distinct person_id from new_rows) n\n            where not exists (select from distributor p where p.id = n.person_id)\n    ) x limit 1;\n    if found then\n        raise exception '% %', wrong, bad using errcode = code;\n    end if;\n    return null;\nend $$",
    "create trigger check_person_share after insert on person_share referencing new table as new_rows for each statement execute function check_person_share()",
)


def upgrade() -> None:
    _people()
    op.create_table(
        "person_share",
        sa.Column("document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "share_bp",
            sa.BigInteger(),
            nullable=False,
            comment="the person's share in basis points; the company has the rest",
        ),
        sa.CheckConstraint("share_bp > 0 and share_bp <= 10000", name=op.f("ck_person_share_share")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_person_share")),
    )
    op.create_index("ix_person_share_person_id", "person_share", ["person_id"], unique=False)
    op.create_table(
        "person_reversal",
        sa.Column("return_document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sale_document_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "terms",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="number of the lots' terms; 0: the programme's own",
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_person_reversal_amount")),
        sa.PrimaryKeyConstraint(
            "return_document_id", "sale_document_id", "unit", "terms", name=op.f("pk_person_reversal")
        ),
    )
    op.create_index("ix_person_reversal_sale_document_id", "person_reversal", ["sale_document_id"], unique=False)
    for statement in GUARDS:
        op.execute(statement)
    _promotions()
    op.add_column(
        "order_line",
        sa.Column("kind", sa.String(length=24), nullable=True, comment="what it was, whatever it became since"),
    )
    op.execute("update order_line set kind = reward.kind from reward where reward.id = order_line.reward_id")
    op.alter_column("order_line", "kind", nullable=False)


def _people() -> None:
    op.add_column(
        "distributor",
        sa.Column(
            "person_of_id",
            sa.BigInteger(),
            nullable=True,
            comment="a person's account beside this company's; none: it is a company",
        ),
    )
    op.add_column(
        "distributor",
        sa.Column(
            "person_key",
            sa.Text(),
            nullable=True,
            comment="the person's name in the company's documents, trimmed and in lower case",
        ),
    )
    op.add_column(
        "distributor",
        sa.Column("birthday_on", sa.Date(), nullable=True, comment="of its owner: day and month count"),
    )
    op.create_foreign_key(
        op.f("fk_distributor_program_id_person_of_id_distributor"),
        "distributor",
        "distributor",
        ["program_id", "person_of_id"],
        ["program_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_check_constraint(
        op.f("ck_distributor_a_person_has_a_name"), "distributor", "(person_of_id is null) = (person_key is null)"
    )
    op.create_check_constraint(
        op.f("ck_distributor_a_person_is_no_branch"), "distributor", "person_of_id is null or head_office_id is null"
    )
    op.create_index("uq_distributor_person", "distributor", ["person_of_id", "person_key"], unique=True)


_DRAFTS = (
    ("drafted_by", sa.Text(), "who changed the draft last"),
    ("asked_by", sa.Text(), "who asked for the draft to be published"),
    ("asked_at", sa.DateTime(timezone=True), "it waits for a second person; none: it does not"),
    ("note", sa.Text(), "why the draft was sent back"),
)


def _promotions() -> None:
    for name, kind, comment in _DRAFTS:
        op.add_column("promotion", sa.Column(name, kind, nullable=True, comment=comment))
    op.create_check_constraint(
        op.f("ck_promotion_asked_as_a_whole"), "promotion", "(asked_by IS NULL) = (asked_at IS NULL)"
    )
    op.add_column(
        "promotion_standing",
        sa.Column(
            "paid_to_id",
            sa.BigInteger(),
            nullable=True,
            comment="whose points its payments are, since the first: a person's account; none: the distributor's",
        ),
    )
    op.create_foreign_key(
        op.f("fk_promotion_standing_paid_to_id_distributor"),
        "promotion_standing",
        "distributor",
        ["paid_to_id"],
        ["id"],
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    op.drop_column("order_line", "kind")
    op.drop_constraint(op.f("fk_promotion_standing_paid_to_id_distributor"), "promotion_standing", type_="foreignkey")
    op.drop_column("promotion_standing", "paid_to_id")
    op.drop_constraint(op.f("ck_promotion_asked_as_a_whole"), "promotion", type_="check")
    for name, _, _ in reversed(_DRAFTS):
        op.drop_column("promotion", name)
    for table in ("person_reversal", "person_share"):
        op.drop_table(table)
        op.execute(f"drop function check_{table}()")
    op.drop_index("uq_distributor_person", table_name="distributor")
    op.drop_constraint(op.f("ck_distributor_a_person_is_no_branch"), "distributor", type_="check")
    op.drop_constraint(op.f("ck_distributor_a_person_has_a_name"), "distributor", type_="check")
    op.drop_constraint(op.f("fk_distributor_program_id_person_of_id_distributor"), "distributor", type_="foreignkey")
    for name in ("birthday_on", "person_key", "person_of_id"):
        op.drop_column("distributor", name)
