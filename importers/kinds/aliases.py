"""What sources call products, from a file: their names and codes, and how much of ours one of their units is."""

from collections import Counter
from collections.abc import Mapping

from app.domain.states import Outcome
from app.domain.typed.codes import code_key, ean_key
from app.services.goods import catalogue
from app.services.imported import aliases, unmatched
from app.services.imported.aliases import SAME_UNIT, AliasRefused, Change, Meaning
from app.services.participants import distributors
from app.services.setup import import_profiles
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import quantities_of
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Write down what a source, a distributor, or without either everybody, calls products by code or EAN.

    Where a row says no unit, one that the name has for the same product stays; a new name's is ours. What nobody knows
    holds its row. Rows of sales that wait for such a name stay in the queue, with what it now means
    proposed.
    """
    session, program = desk.session, desk.program
    codes, eans = catalogue.product_ids(session, program.id), catalogue.product_ids_by_ean(session, program.id)
    owners, sources = distributors.distributor_ids(session, program.id), import_profiles.profiles_of(program)
    units = quantities_of(desk, rows, "unit", problems)
    here = aliases.written_down(session, program.id)
    changes: Counter[Change] = Counter()
    for row, cells in rows:
        product = _product(str(cells["product"]), codes, eans)
        if product is None:
            problems.add(row, Outcome.HELD, "unknown_product", found=repr(cells["product"]))
        source, code = cells.get("source"), cells.get("distributor")
        owner = None if code is None else owners.get(code_key(code))
        if code is not None and owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(code))
        if source is not None and source not in sources:
            field, expected = rows.columns["source"], ", ".join(sorted(sources)) or "-"
            problems.add(row, Outcome.HELD, "no_such_value", field=field, found=repr(source), expected=expected)
        if source is not None and code is not None:
            problems.add(row, Outcome.REFUSED, "two_sources")
        if row in problems.outcome or product is None:
            continue
        unit = units.get(row)
        if unit is None:
            was = here.get((source, owner, code_key(str(cells["alias"]))))
            unit = was.unit_milli if was is not None and was.id == product else SAME_UNIT
        try:
            changes[
                aliases.put_product_alias(
                    session,
                    program,
                    str(cells["alias"]),
                    Meaning(product, unit),
                    profile_name=source,
                    source_distributor_id=owner,
                    actor=desk.actor,
                    now=desk.now,
                )
            ] += 1
        except AliasRefused as refused:
            problems.add(row, Outcome.REFUSED, "no_alias", why=refused.said.kept())
    if changes[Change.NEW] or changes[Change.CHANGED]:
        unmatched.propose(session, program.id)
    return Loaded(changes[Change.NEW], changes[Change.CHANGED], changes[Change.SAME])


def _product(name: str, codes: Mapping[str, int], eans: Mapping[str, int]) -> int | None:
    ean = ean_key(name)
    return codes.get(code_key(name)) or (None if ean is None else eans.get(ean))
