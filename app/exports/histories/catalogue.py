"""Every history, by its subject."""

from collections.abc import Mapping

from app.domain.states import ExportSubject
from app.exports.histories.describing import History
from app.exports.histories.invoice import INVOICE
from app.exports.histories.ledger import LEDGER
from app.exports.histories.loads import COMPENSATIONS, REDEMPTIONS, TOP_UPS

HISTORIES: Mapping[ExportSubject, History] = {
    one.subject: one for one in (TOP_UPS, REDEMPTIONS, COMPENSATIONS, LEDGER, INVOICE)
}
