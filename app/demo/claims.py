"""Invoices that the sample people registered: some wait for a decision, with a photo or a PDF; one is a draft still."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.demo.products import demo_products
from app.demo.scans import Row, pdf, photo
from app.domain.measures.calendar import local_date
from app.domain.measures.money import decimal_text
from app.models.claims import Claim
from app.models.distributors import Distributor
from app.models.programs import Program
from app.web.auth.samples import SAMPLES
from verification.claiming import claims, proofs
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine

OWNER, REP, ASSISTANT = "distributor@demo.example", "rep@demo.example", "assistant@demo.example"
_NAMED = {one.login: one.name for one in SAMPLES}
"""By their names sales reps stand in documents, as the form of an invoice has it."""


@dataclass(frozen=True)
class _Wanted:
    """A claim: whose, so many days ago, what was sold (place in the list of products, pieces), and what proves it."""

    author: str
    number: str
    days_ago: int
    sold: Sequence[tuple[int, int]]
    proof: Literal["photo", "pdf"] | None
    sent: bool = True
    distributor: str | None = None


WANTED = (
    _Wanted(OWNER, "FS/311/11", 12, ((0, 2), (40, 6)), "pdf"),
    _Wanted(OWNER, "FS/324/11", 6, ((9, 1), (77, 10), (120, 4)), "photo"),
    _Wanted(REP, "FS/330/11", 4, ((3, 3),), "photo"),
    _Wanted(ASSISTANT, "2026/11/0087", 9, ((15, 5), (61, 12)), "photo", distributor="D-1008"),
    _Wanted(REP, "FS/335/11", 1, ((22, 1),), None, sent=False),
)


def register(session: Session, settings: Settings, program: Program, distributor_id: int, *, now: dt.datetime) -> None:
    """Register the invoices, once. ``distributor_id`` is whom the sample people belong to. The caller commits."""
    if session.scalar(select(exists().where(Claim.program_id == program.id))):
        return
    goods = demo_products()
    last = min(local_date(now, program.time_zone), dt.date.fromisoformat(program.settings["ends_on"]))
    for at, one in enumerate(WANTED):
        issued_on = last - dt.timedelta(days=one.days_ago)
        owner = select(Distributor).where(
            Distributor.program_id == program.id,
            Distributor.id == distributor_id if one.distributor is None else Distributor.code == one.distributor,
        )
        distributor = session.scalars(owner).one()
        sold = [(goods[place], pieces, pieces * goods[place].price_minor) for place, pieces in one.sold]
        lines = tuple(
            ClaimedLine(said=tool.code, quantity_milli=count * 1_000, net_minor=net) for tool, count, net in sold
        )
        invoice = ClaimedInvoice(one.number, issued_on, lines=lines)
        person = _NAMED[REP] if one.author == REP else None
        claim = claims.keep(
            session, program, distributor.id, f"demo-{at}", invoice, person=person, actor=one.author, now=now
        )
        if one.proof is not None:
            rows = [Row(tool.name, f"{count} szt.", decimal_text(net, 2)) for tool, count, net in sold]
            said = (one.number, str(issued_on), distributor.name, rows, decimal_text(invoice.net_minor, 2))
            content = pdf(*said) if one.proof == "pdf" else photo(*said, seed=at)
            name = "faktura.pdf" if one.proof == "pdf" else f"IMG_{4100 + at}.jpg"
            proofs.take(session, settings, claim, content, name, actor=one.author, now=now)
        if one.sent:
            claims.send(session, program, claim, actor=one.author, now=now)
