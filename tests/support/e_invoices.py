"""E-invoices of our own making, in the formats that are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

SELLER_NIP, BUYER_NIP = "5265877635", "6808208874"


@dataclass(frozen=True)
class Item:
    """One line, sold at a rate of VAT in percent."""

    name: str
    quantity: str
    price: str
    code: str | None = None
    gtin: str | None = None
    rate: str = "23"

    @property
    def net(self) -> Decimal:
        return (Decimal(self.quantity) * Decimal(self.price)).quantize(Decimal("0.01"))


ITEMS = (
    Item("Mountain bike, 48", "1", "2024.99", code="MB-48", gtin="5901234123457"),
    Item("Racing socks, L", "3", "5.39", code="RS-L"),
)


def net_of(items: Sequence[Item]) -> Decimal:
    return sum((item.net for item in items), Decimal(0))


def vat_of(items: Sequence[Item]) -> Decimal:
    return (net_of(items) * Decimal("0.23")).quantize(Decimal("0.01"))


def fa(
    items: Sequence[Item] = ITEMS,
    *,
    variant: int = 3,
    number: str = "FV/0001/08/2026",
    issued_on: str = "2026-08-19",
    seller: str = SELLER_NIP,
    buyer: str = BUYER_NIP,
    currency: str = "PLN",
    sort: str = "VAT",
    net: str | None = None,
    vat: str | None = None,
    gross: str | None = None,
    self_billed: bool = False,
    corrects: str | None = None,
    rows: str | None = None,
    head: str = '<?xml version="1.0" encoding="utf-8"?>',
) -> bytes:
    """Make an invoice of KSeF; ``rows`` stand in place of the lines made from the items."""
    namespace = {2: "2023/06/29/12648", 3: "2025/06/25/13775"}[variant]
    lines = rows if rows is not None else "".join(_fa_row(at, item) for at, item in enumerate(items, start=1))
    net = net or str(net_of(items))
    vat = vat or str(vat_of(items))
    gross = gross or str(Decimal(net) + Decimal(vat))
    corrected = f"<DaneFaKorygowanej><NrFaKorygowanej>{corrects}</NrFaKorygowanej></DaneFaKorygowanej>"
    return f"""{head}
<Faktura xmlns="http://crd.gov.pl/wzor/{namespace}/">
<Naglowek><KodFormularza kodSystemowy="FA ({variant})" wersjaSchemy="1-0E">FA</KodFormularza>
<WariantFormularza>{variant}</WariantFormularza><DataWytworzeniaFa>{issued_on}T09:30:00Z</DataWytworzeniaFa></Naglowek>
<Podmiot1><DaneIdentyfikacyjne><NIP>{seller}</NIP><Nazwa>Sprzedawca Sp. z o.o.</Nazwa></DaneIdentyfikacyjne></Podmiot1>
<Podmiot2><DaneIdentyfikacyjne><NIP>{buyer}</NIP><Nazwa>Nabywca S.A.</Nazwa></DaneIdentyfikacyjne></Podmiot2>
<Fa><KodWaluty>{currency}</KodWaluty><P_1>{issued_on}</P_1><P_2>{number}</P_2><P_6>{issued_on}</P_6>
<P_13_1>{net}</P_13_1><P_14_1>{vat}</P_14_1><P_15>{gross}</P_15>
<Adnotacje><P_17>{1 if self_billed else 2}</P_17></Adnotacje><RodzajFaktury>{sort}</RodzajFaktury>
{corrected if corrects else ""}{lines}</Fa></Faktura>""".encode()


def _fa_row(at: int, item: Item) -> str:
    gtin = f"<GTIN>{item.gtin}</GTIN>" if item.gtin else ""
    code = f"<Indeks>{item.code}</Indeks>" if item.code else ""
    return (
        f"<FaWiersz><NrWierszaFa>{at}</NrWierszaFa><P_7>{escape(item.name)}</P_7>{code}{gtin}<P_8A>szt.</P_8A>"
        f"<P_8B>{item.quantity}</P_8B><P_9A>{item.price}</P_9A><P_11>{item.net}</P_11><P_12>{item.rate}</P_12></FaWiersz>"
    )
