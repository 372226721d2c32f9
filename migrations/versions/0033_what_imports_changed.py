"""What an import of products or distributors created and changed, and rows that may go while nothing refers to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

CHECK = """create function check_import_change() returns trigger language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare code text; wrong text; bad bigint;
begin
    select x.* into code, wrong, bad from (
        select 'KG002', 'import_change.batch_id: no import_batch has the id', n.batch_id
            from (select distinct batch_id from new_rows) n
            where not exists (select from import_batch p where p.id = n.batch_id)
    ) x limit 1;
    if found then
        raise exception '% %', wrong, bad using errcode = code;
    end if;
    return null;
end $$"""

GUARDS = [
    "create trigger refuse_delete before delete on import_change for each statement execute function refuse_change('other rows refer to its rows')",
    "create trigger refuse_truncate before truncate on import_change for each statement execute function refuse_change('other rows refer to its rows')",
    CHECK,
    "create trigger check_import_change after insert on import_change referencing new table as new_rows for each statement execute function check_import_change()",
]

LET_GO = ("product", "distributor", "account", "promotion_standing")

PRODUCTS = """create function let_go_products(p_ids bigint[]) returns setof bigint
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- whoever is writing lines ends first, and those that come wait: what is looked at stays as it is
    lock table sales_line in share mode;
    return query
        delete from product p
        where p.id = any(p_ids) and not exists (select from sales_line x where x.product_id = p.id)
        returning p.id;
end $$"""

DISTRIBUTORS = """create function let_go_distributors(p_ids bigint[]) returns setof bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_free bigint[];
begin
    lock table sales_document, person_share, person_reversal, ledger_entry, lot, redemption, promotion_payment,
        promotion_gift in share mode;
    select coalesce(array_agg(d.id), '{}') into v_free
        from distributor d
        where d.id = any(p_ids)
        and not exists (select from sales_document x where x.distributor_id = d.id)
        and not exists (select from person_share x where x.person_id = d.id)
        and not exists (select from person_reversal x where x.person_id = d.id)
        and not exists (
            select from promotion_standing s
            where s.distributor_id = d.id
            and (
                exists (select from promotion_payment x where x.standing_id = s.id)
                or exists (select from promotion_gift x where x.standing_id = s.id)
            )
        )
        and not exists (
            select from account a
            where a.distributor_id = d.id
            and (
                exists (select from ledger_entry x where x.account_id = a.id)
                or exists (select from lot x where x.account_id = a.id)
                or exists (select from redemption x where x.account_id = a.id)
            )
        );
    -- made anew from documents, of which there are none
    delete from promotion_touched where distributor_id = any(v_free);
    delete from promotion_standing where distributor_id = any(v_free);
    delete from promotion_month where distributor_id = any(v_free);
    delete from account where distributor_id = any(v_free);
    return query delete from distributor d where d.id = any(v_free) returning d.id;
end $$"""


def upgrade() -> None:
    op.create_table(
        "import_change",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("thing", sa.String(length=24), nullable=False),
        sa.Column(
            "thing_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="it may be gone, where its creation was undone",
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "was",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what it was before, and its days; none: the import created it",
        ),
        sa.Column("became", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False, comment="nothing was counted by it before"),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "thing", "thing_id", name=op.f("pk_import_change")),
    )
    op.create_index(
        "ix_import_change_thing",
        "import_change",
        ["thing", "thing_id"],
        postgresql_where=sa.text("undone_at is null"),
    )
    for guard in GUARDS:
        op.execute(guard)
    for table in LET_GO:
        op.execute(f"drop trigger refuse_delete on {table}")
        op.execute(_refuse_delete(table, " when (current_user = session_user)"))
    op.execute(PRODUCTS)
    op.execute(DISTRIBUTORS)


def _refuse_delete(table: str, when: str) -> str:
    return (
        f"create trigger refuse_delete before delete on {table} for each statement{when} "
        "execute function refuse_change('other rows refer to its rows')"
    )


def downgrade() -> None:
    op.execute("drop function let_go_distributors(bigint[])")
    op.execute("drop function let_go_products(bigint[])")
    for table in LET_GO:
        op.execute(f"drop trigger refuse_delete on {table}")
        op.execute(_refuse_delete(table, ""))
    op.drop_table("import_change")
    op.execute("drop function check_import_change()")
