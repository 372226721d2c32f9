"""Products from a file, and the groups that they name."""

from collections.abc import Iterable, Iterator

from app.domain.typed.codes import code_key, is_ean
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from importers.kinds.desk import Desk, Loaded, moving_of
from importers.kinds.figures import days_of
from importers.kinds.lost_zeros import lost_zeros
from importers.kinds.named_rows import noticed
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Create and change products, and create the groups that they name.

    A product that moves is in its new group from the day that its row says, else from today on. A new code that another
    one has but for zeros in front is noticed, and so is an EAN that cannot be: files name no goods by a mistyped one.
    """
    program, session = desk.program, desk.session
    since = days_of(desk, rows, "group_from", problems)
    good = {row: cells for row, cells in rows if row not in problems.outcome}
    named = [(cells.get("group"), cells.get("parent_group")) for cells in good.values()]
    groups = catalogue.put_groups(
        session, program.id, _from_the_top((group, parent) for group, parent in named if group is not None)
    )
    products = [
        ProductRow(
            code=str(cells["code"]),
            name=str(cells["name"]),
            group_id=groups[code_key(str(cells["group"]))] if cells.get("group") else None,
            ean=cells.get("ean"),
            group_from=since.get(row),
        )
        for row, cells in good.items()
    ]
    zeros = lost_zeros(
        {row: str(cells["code"]) for row, cells in good.items()}, catalogue.product_ids(session, program.id)
    )
    made = catalogue.put_products(session, program.id, program.locale, products, moving=moving_of(desk))
    wrong = {row: ean for row, cells in good.items() if (ean := cells.get("ean")) and not is_ean(ean)}
    return Loaded(*made, noticed=[*noticed("eans_cannot_be", wrong), *zeros])


def _from_the_top(named: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str | None]]:
    """Order groups so that one comes after the group above it, and with it wherever one row at least names it."""
    names: dict[str, str] = {}
    above: dict[str, str] = {}
    for group, parent in named:
        names.setdefault(code_key(group), group)
        if parent is not None:
            names.setdefault(code_key(parent), parent)
            above.setdefault(code_key(group), code_key(parent))
    done: set[str] = set()
    for key in sorted(names):
        path = [key]
        while (parent_key := above.get(path[-1])) is not None and parent_key not in (*path, *done):
            path.append(parent_key)
        for one in reversed(path):
            if one not in done:
                done.add(one)
                yield names[one], names[above[one]] if one in above else None
