"""What the sponsor delivered to its distributors, from a file of its own."""

from app.domain.documents.numbering import number_key
from app.domain.states import Outcome
from app.domain.typed.codes import code_key
from app.services.goods import deliveries
from app.services.goods.deliveries import DeliveryRow
from app.services.imported import aliases
from app.services.imported.aliases import SAME_UNIT
from app.services.participants import distributors
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import days_until, quantities_of
from importers.kinds.rows import ThingRows
from importers.kinds.whole_documents import hold_whole
from importers.problems.problems import Problems

_ON_THE_WAY = 7
"""Days by which the day of a delivery may lie ahead: goods leave before they arrive. One further away is a slip, and
what it brought would count as never delivered."""


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Take deliveries in: what one document brings of a product in several rows is one delivery.

    What nobody knows holds its row, and a day further ahead than goods are on their way refuses it. A document of which
    a row has a problem is held whole. One that comes again with another quantity replaces what it said before.
    """
    owners = distributors.company_ids(desk.session, desk.program.id)
    names = aliases.product_names(desk.session, desk.program.id, "")
    quantities = quantities_of(desk, rows, "quantity", problems)
    days = days_until(desk, rows, "issued_on", problems, days_ahead=_ON_THE_WAY)
    read: dict[int, tuple[int, int, int]] = {}
    for row, cells in rows:
        code, product = str(cells["distributor"]), str(cells["product"])
        owner = owners.get(code_key(code))
        if owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(code))
        meaning = names.own(product) or names.aliases.get(code_key(product))
        if meaning is None or meaning.id is None:
            problems.add(row, Outcome.HELD, "unknown_product", found=repr(product))
        if row in problems.outcome or owner is None or meaning is None or meaning.id is None:
            continue
        quantity, rest = divmod(quantities[row] * meaning.unit_milli, SAME_UNIT)
        if rest:
            written = cells["quantity"]
            problems.add(row, Outcome.REFUSED, "unit_not_exact", field=rows.columns["quantity"], found=written)
            continue
        read[row] = (owner, meaning.id, quantity)
    hold_whole(rows, days, owners, desk.table.broken, problems)
    found: dict[tuple[int, int, str], DeliveryRow] = {}
    for row, cells in rows:
        if row in problems.outcome:
            continue
        owner, product_id, quantity = read[row]
        number = str(cells["document_number"])
        key = number_key(number, days[row].year)
        before = found.get((owner, product_id, key))
        together = quantity + (before.quantity_milli if before else 0)
        found[owner, product_id, key] = DeliveryRow(
            owner, product_id, before.number if before else number, key, days[row], together
        )
    made = deliveries.put(desk.session, desk.program.id, list(found.values()), file_sha256=desk.file, now=desk.now)
    return Loaded(*made)
