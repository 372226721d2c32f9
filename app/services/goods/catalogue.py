"""Products and their groups: created by imports and programme files, found by code."""

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.saying.sorting import sort_key
from app.domain.typed.codes import by_every_name, code_key, ean_key, slug
from app.models.catalogue import Product, ProductGroup
from app.models.programs import Program
from app.services import audit
from app.services.placing import placements
from app.services.placing.placements import Moving


@dataclass(frozen=True)
class ProductRow:
    """A product as a file or a programme gives it; ``group_id`` is known already.

    ``group_from`` is the day from which on it is in that group; none said: see `put_products`.
    """

    code: str
    name: str
    group_id: int | None = None
    ean: str | None = None
    group_from: dt.date | None = None


def mark_changed(session: Session, program_id: int) -> None:
    """Make every process load the programme's rules, groups, products and distributors anew.

    The stamp is drawn, not counted: a counted one could come again after a rollback, for something else.
    """
    session.execute(
        update(Program)
        .where(Program.id == program_id)
        .values(rules_stamp=secrets.randbits(62))
        .execution_options(synchronize_session=False)
    )


def begin_change(session: Session, program_id: int) -> None:
    """Wait for the programme's row: whoever creates or changes what belongs to it does this before all else.

    Otherwise two that create the same things would wait for each other for ever.
    """
    session.execute(select(Program.id).where(Program.id == program_id).with_for_update(key_share=True))


def product_ids(session: Session, program_id: int) -> dict[str, int]:
    """Give the id of every product by code key."""
    rows = session.execute(select(Product.code_key, Product.id).where(Product.program_id == program_id))
    return dict(rows.all())


def product_ids_by_ean(session: Session, program_id: int) -> dict[str, int]:
    """Give the id of every product by its EAN as it compares; what two products share tells neither."""
    rows = session.execute(
        select(Product.ean, Product.id).where(Product.program_id == program_id, Product.ean.is_not(None))
    )
    found: dict[str, set[int]] = {}
    for ean, id_ in rows:
        if ean is not None and (key := ean_key(ean)) is not None:
            found.setdefault(key, set()).add(id_)
    return {key: ids.pop() for key, ids in found.items() if len(ids) == 1}


def put_products(
    session: Session,
    program_id: int,
    locale: str,
    rows: Sequence[ProductRow],
    *,
    moving: Moving | None = None,
) -> tuple[int, int]:
    """Create products, and change those that are here with other content. Returns (created, changed).

    A group or an EAN that the row does not give stays as it is. A product that was in no group is in its new one from
    the beginning; one that moves is in it from the day of ``moving`` on, unless its row says another day. Without
    ``moving`` it always was there. The caller commits.
    """
    begin_change(session, program_id)
    here = {
        row.code_key: row
        for row in session.execute(
            select(Product.id, Product.code_key, Product.name, Product.group_id, Product.ean).where(
                Product.program_id == program_id
            )
        )
    }
    fresh: list[dict[str, object]] = []
    changed: list[dict[str, object]] = []
    moves = placements.FileMoves(moving)
    for row in rows:
        known = here.get(code_key(row.code))
        if known is None:
            fresh.append(_as_new(program_id, locale, row))
            continue
        group_id = moves.note(known.id, known.group_id, row.group_id or known.group_id, row.group_from)
        ean = row.ean or known.ean
        if (row.name, group_id, ean) != (known.name, known.group_id, known.ean):
            changed.append(
                {
                    "id": known.id,
                    "name": row.name,
                    "sort_key": sort_key(row.name, locale),
                    "group_id": group_id,
                    "ean": ean,
                }
            )
    if fresh:
        session.execute(insert(Product).on_conflict_do_nothing(), fresh)
    if changed:
        session.execute(update(Product), changed)
    moves.write(session, placements.PRODUCTS, program_id)
    if fresh or changed or moves.moved:
        mark_changed(session, program_id)
    return len(fresh), len({one["id"] for one in changed} | moves.moved)


def _as_new(program_id: int, locale: str, row: ProductRow) -> dict[str, object]:
    """Give the columns of a product that is not here yet."""
    return {
        "program_id": program_id,
        "code": row.code,
        "code_key": code_key(row.code),
        "name": row.name,
        "sort_key": sort_key(row.name, locale),
        "group_id": row.group_id,
        "ean": row.ean,
    }


class CodeTaken(ValueError):
    """A product of the programme has this code."""


class EanTaken(ValueError):
    """A product of the programme has this EAN: what two share tells neither."""


def create(session: Session, program: Program, row: ProductRow, *, actor: str, now: dt.datetime) -> None:
    """Create one product that nobody knew, in its group from the beginning. The caller commits.

    Raises:
        CodeTaken: A product has this code.
        EanTaken: A product has this EAN.
    """
    begin_change(session, program.id)
    if code_key(row.code) in product_ids(session, program.id):
        raise CodeTaken(row.code)
    if row.ean is not None:
        taken = session.scalars(select(Product.ean).where(Product.program_id == program.id, Product.ean.is_not(None)))
        if ean_key(row.ean) in {ean_key(ean) for ean in taken if ean is not None}:
            raise EanTaken(row.ean)
    put_products(session, program.id, program.locale, [row])
    after = {"name": row.name, "ean": row.ean, "group_id": row.group_id}
    audit.note(session, actor, "product.create", row.code, now=now, program_id=program.id, after=after)


def create_products(
    session: Session, program_id: int, locale: str, codes: Iterable[str], names: Mapping[str, str]
) -> dict[str, int]:
    """Create the products that a sales report names and nobody knew. Gives ids by code key. The caller commits.

    One that somebody else created meanwhile stays as they did.
    """
    begin_change(session, program_id)
    known = product_ids(session, program_id)
    rows = [ProductRow(code=code, name=names.get(code, code)) for code in codes if code_key(code) not in known]
    put_products(session, program_id, locale, rows)
    return product_ids(session, program_id)


def groups_of(session: Session, program_id: int) -> list[tuple[int, str]]:
    """Give the product groups of a programme by name: (id, name)."""
    rows = session.execute(
        select(ProductGroup.id, ProductGroup.name)
        .where(ProductGroup.program_id == program_id)
        .order_by(ProductGroup.name, ProductGroup.id)
    )
    return [(id_, name) for id_, name in rows]


def move(
    session: Session,
    program: Program,
    product_id: int,
    group_id: int | None,
    from_on: dt.date | None,
    *,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Move a product to another group, or to none, from a day on; False where it is there already.

    No day: it always was there (see `placements.move`). The caller commits.

    Raises:
        LookupError: The programme has no such product, or no such group.
    """
    begin_change(session, program.id)
    names: dict[int | None, str | None] = {None: None, **dict(groups_of(session, program.id))}
    found = session.execute(
        select(Product.code, Product.group_id).where(Product.id == product_id, Product.program_id == program.id)
    ).one_or_none()
    if found is None or group_id not in names:
        raise LookupError(product_id, group_id)
    code, was = found
    if not placements.move(
        session, placements.PRODUCTS, program, {product_id: group_id}, from_on, now=now, by=actor, reason=reason
    ):
        return False
    mark_changed(session, program.id)
    audit.note(
        session,
        actor,
        "product.move",
        code,
        now=now,
        program_id=program.id,
        before={"group": names[was]},
        after={"group": names[group_id], **placements.day_noted(from_on)},
        reason=reason,
    )
    return True


def group_ids(session: Session, program_id: int) -> Mapping[str, int]:
    """Give product groups by everything they are called, as it compares."""
    rows = session.execute(
        select(ProductGroup.id, ProductGroup.code, ProductGroup.name, ProductGroup.aliases).where(
            ProductGroup.program_id == program_id
        )
    )
    return by_every_name(row for row in rows)


def put_groups(session: Session, program_id: int, wanted: Iterable[tuple[str, str | None]]) -> Mapping[str, int]:
    """Create the product groups that an import names: (name, name of the group above or None).

    Groups that are here are left where they stand. Gives every group by everything it is called. The caller commits.
    """
    begin_change(session, program_id)
    known = dict(group_ids(session, program_id))
    for name, parent in wanted:
        for one, above in ((parent, None), (name, parent)):
            if one is None or code_key(one) in known:
                continue
            made = session.execute(
                insert(ProductGroup)
                .values(
                    program_id=program_id,
                    code=slug(one),
                    code_key=code_key(slug(one)),
                    name=one,
                    aliases=[],
                    parent_id=known.get(code_key(above)) if above else None,
                )
                .on_conflict_do_nothing()
                .returning(ProductGroup.id)
            ).scalar_one_or_none()
            if made is None:
                made = session.execute(
                    select(ProductGroup.id).where(
                        ProductGroup.program_id == program_id, ProductGroup.code_key == code_key(slug(one))
                    )
                ).scalar_one()
            known[code_key(one)] = made
            known.setdefault(code_key(slug(one)), made)
            mark_changed(session, program_id)
    return known


def number_units(
    session: Session, program: Program, product_id: int, *, has_serials: bool, actor: str, now: dt.datetime
) -> bool:
    """Say whether each unit of a product has a serial number, and counts once; False where it is so already.

    What was sold before stays as it is. The caller commits.
    """
    changed = session.execute(
        update(Product)
        .where(Product.id == product_id, Product.program_id == program.id, Product.has_serials.is_not(has_serials))
        .values(has_serials=has_serials)
        .returning(Product.code)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if changed is None:
        return False
    audit.note(
        session,
        actor,
        "product.serials",
        changed.code,
        now=now,
        program_id=program.id,
        before={"has_serials": not has_serials},
        after={"has_serials": has_serials},
    )
    return True
