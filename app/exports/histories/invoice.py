"""What is to be invoiced, row by row: every confirmed load, what was withheld and the fees, by who pays for it."""

from collections.abc import Mapping

from sqlalchemy import func, select

from app.domain.saying.wording import marked as _
from app.domain.states import ExportSubject
from app.domain.typed.codes import code_key
from app.exports.histories.describing import Field, History
from app.exports.histories.loads import source_name
from app.exports.tables import Kind
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Redemption, TopUp
from app.models.programs import Program
from app.services.loads.invoicing import SPONSOR, shares

ITEMS: Mapping[str, str] = {
    "reward": _("Reward"),
    "compensation": _("Tax compensation"),
    "withheld": _("Withheld tax"),
    "fee": _("Fee"),
}
_SHARE = shares()
_PAYER = source_name(func.nullif(_SHARE.c.source, SPONSOR))

INVOICE = History(
    subject=ExportSubject.INVOICE,
    title=_("To invoice"),
    fields=(
        Field("payer", _("Payer"), _PAYER),
        Field("day", _("Date"), _SHARE.c.settled_at, Kind.DATE, of_instant=True),
        Field("program", _("Programme"), Program.code),
        Field("sponsor", _("Sponsor"), Program.sponsor, usual=False),
        Field("item", _("Item"), _SHARE.c.item, words=ITEMS),
        Field("code", _("Distributor code"), Distributor.code),
        Field("name", _("Distributor"), Distributor.name),
        Field("points", _("Points"), _SHARE.c.points, Kind.POINTS, summed=True),
        Field("amount", _("Amount"), _SHARE.c.amount_minor, Kind.MONEY, summed=True),
        Field("currency", _("Currency"), Redemption.currency),
        Field("reference", _("Reference"), TopUp.reference),
        Field("run", _("Run"), TopUp.run_id, Kind.INTEGER, usual=False),
        Field("batch", _("Batch"), TopUp.load_batch_id, Kind.INTEGER, usual=False),
        Field("tax_rule", _("Tax rule"), Redemption.tax_rule, usual=False),
        Field("id", _("Number"), _SHARE.c.top_up_id, Kind.INTEGER, usual=False),
    ),
    query=lambda: (
        select()
        .select_from(_SHARE)
        .join(TopUp, TopUp.id == _SHARE.c.top_up_id)
        .join(Redemption, Redemption.id == _SHARE.c.redemption_id)
        .join(Program, Program.id == _SHARE.c.program_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
    ),
    moment=_SHARE.c.settled_at,
    order=(
        _PAYER,
        Program.code,
        _SHARE.c.top_up_id,
        _SHARE.c.item.desc(),
        _SHARE.c.settled_at,
        _SHARE.c.cause,
        _SHARE.c.sign,
    ),
    program=_SHARE.c.program_id,
    filters={
        "distributors": lambda codes: Distributor.code_key.in_([code_key(one) for one in codes]),
        "sources": lambda codes: _SHARE.c.source.in_([SPONSOR if one == "-" else one for one in codes]),
        "kinds": lambda items: _SHARE.c.item.in_(items),
        "runs": lambda runs: TopUp.run_id.in_(runs),
        "batches": lambda batches: TopUp.load_batch_id.in_(batches),
    },
    choices={"kinds": ITEMS},
    by=("payer", "item", "currency"),
    measure="amount",
)
