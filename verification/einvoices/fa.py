"""FA(2) and FA(3): the invoices of KSeF, the national system of Poland."""

from collections.abc import Iterable
from fractions import Fraction

from lxml import etree

from app.domain.states import DocumentKind
from verification.einvoices.figures import Figures, day, decimal, rate_bp
from verification.einvoices.invoice import (
    BadEInvoice,
    EInvoice,
    Format,
    Line,
    Party,
    Totals,
    VatPart,
    reason,
)
from verification.einvoices.tree import element, elements, needed, text, texts

FA_2 = "http://crd.gov.pl/wzor/2023/06/29/12648/"
FA_3 = "http://crd.gov.pl/wzor/2025/06/25/13775/"

_CORRECTIONS = frozenset({"KOR", "KOR_ZAL", "KOR_ROZ"})
_ADVANCES = frozenset({"ZAL", "KOR_ZAL"})
_FINAL = frozenset({"ROZ", "KOR_ROZ"})

_PARTS = {
    "1": "S",
    "2": "S",
    "3": "S",
    "4": "S",
    "5": None,
    "6_1": "Z",
    "6_2": "K",
    "6_3": "G",
    "7": "E",
    "8": "O",
    "9": "O",
    "10": "AE",
    "11": None,
}
"""What P_13_n sums, by UNCL5305: the rates from the highest, special procedures, nothing, none, reversed, margins."""
_RATES = {"1": (2300, 2200), "2": (800, 700), "3": (500,), "4": (400, 300)}
_WORDS = {
    "0": "Z",
    "0 KR": "Z",
    "0 WDT": "K",
    "0 EX": "G",
    "zw": "E",
    "oo": "AE",
    "np": "O",
    "np I": "O",
    "np II": "O",
}


def read(root: etree._Element) -> EInvoice:
    """Give what an invoice of KSeF says.

    Raises:
        BadEInvoice: It lacks what every invoice has, or a figure is none.
    """
    body = element(root, "Fa")
    if body is None:
        raise BadEInvoice([reason("e_invoice_lacks", "block", field="Fa")])
    figures = Figures(needed(body, "KodWaluty"), "KodWaluty")
    lines = tuple(_lines(body, figures))
    rates = {line.vat_rate_bp for line in lines}
    vat = tuple(_vat(body, figures, rates))
    sort = text(body, "RodzajFaktury") or "VAT"
    gross = figures.minor(needed(body, "P_15"), "P_15")
    sold_on = text(body, "P_6") or max(texts(body, "FaWiersz/P_6A"), default=None) or text(body, "OkresFa/P_6_Do")
    if sort in _ADVANCES:
        figures.notes.append(reason("advance_invoice", "review"))
    net = sum(part.base_minor for part in vat) if vat else None
    advances = None if net is None else _not_on_lines(sort, body, lines, net)
    # what else is settled with it, and what is left to be paid then
    added, off = (figures.minor(text(body, f"Rozliczenie/{one}"), one) for one in ("SumaObciazen", "SumaOdliczen"))
    taken_off = None if added is None and off is None else (off or 0) - (added or 0)
    payable = figures.minor(text(body, "Rozliczenie/DoZaplaty"), "DoZaplaty")
    return EInvoice(
        format=Format.FA_3 if etree.QName(root).namespace == FA_3 else Format.FA_2,
        kind=_kind(sort, lines, gross),
        number=needed(body, "P_2"),
        issued_on=day(needed(body, "P_1"), "P_1"),
        currency=figures.currency,
        decimals=figures.decimals,
        seller=_party(root, "Podmiot1"),
        buyer=_party(root, "Podmiot2"),
        lines=lines,
        totals=Totals(
            gross_minor=gross,
            net_minor=net,
            allowances_minor=advances,
            vat_minor=sum(part.vat_minor for part in vat) if vat else None,
            prepaid_minor=taken_off,
            payable_minor=gross if payable is None else payable,
        ),
        vat=vat,
        sold_on=None if sold_on is None else day(sold_on, "P_6"),
        corrects=tuple(texts(body, "DaneFaKorygowanej/NrFaKorygowanej")),
        self_billed=text(body, "Adnotacje/P_17") == "1",
        problems=tuple(figures.notes),
    )


def _not_on_lines(sort: str, body: etree._Element, lines: tuple[Line, ...], net: int) -> int | None:
    """Give by how much the lines come to more than the invoice: what was invoiced in advance is off the final one.

    The rest of a sale is no more than the whole; where it is, nothing is given, and the sums differ. The lines of a
    simplified invoice may state no amounts (art. 106e (5) of the VAT act).
    """
    more = sum(line.net_minor for line in lines) - net
    if sort in _FINAL:
        return None if sort == "ROZ" and more < 0 else more
    priced = any(text(row, "P_11", "P_11A", "P_9A") is not None for row in elements(body, "FaWiersz"))
    return more if sort == "UPR" and not priced else None


def _kind(sort: str, lines: tuple[Line, ...], gross: int) -> DocumentKind:
    """Tell a correction that only gives back from one that sells as well: its lines are signed."""
    if sort not in _CORRECTIONS or gross > 0 or any(line.quantity_milli > 0 for line in lines):
        return DocumentKind.INVOICE
    return DocumentKind.CREDIT_NOTE


def _party(root: etree._Element, path: str) -> Party:
    who = element(root, path)
    said = None if who is None else element(who, "DaneIdentyfikacyjne")
    country, number = text(said, "KodUE"), text(said, "NrVatUE")
    tax_id = text(said, "NIP") or (f"{country or ''}{number}" if number else None)
    others = [("other", text(said, "NrID")), ("customer", text(who, "NrKlienta"))]
    return Party(
        name=text(said, "Nazwa"),
        tax_id=tax_id,
        country="PL" if text(said, "NIP") else country or text(said, "KodKraju") or text(who, "Adres/KodKraju"),
        other_ids=tuple((scheme, one) for scheme, one in others if one is not None),
    )


def _lines(body: etree._Element, figures: Figures) -> Iterable[Line]:
    for position, row in enumerate(elements(body, "FaWiersz"), start=1):
        yield _line(row, position, figures)


def _line(row: etree._Element, position: int, figures: Figures) -> Line:
    # a correction may state a line as it was before, with its figures as they stood: what it gives back
    sign = -1 if text(row, "StanPrzed") == "1" else 1
    rate, category = _rate(text(row, "P_12"))
    abroad = text(row, "P_12_XII")  # sold to a consumer in another country, by its rate
    if abroad is not None:
        rate, category = _rate_abroad(abroad), "S"
    gross = figures.minor(text(row, "P_11A"), "P_11A")
    quantity = text(row, "P_8B")
    return Line(
        position=position,
        number=text(row, "NrWierszaFa"),
        name=text(row, "P_7"),
        quantity_milli=sign * figures.milli(quantity, "P_8B"),
        quantity_rounded=figures.is_rounded(quantity, "P_8B"),
        net_minor=sign * _net(row, rate, figures),
        unit=text(row, "P_8A"),
        gtin=text(row, "GTIN"),
        seller_code=text(row, "Indeks"),
        unit_price_micro=figures.price(text(row, "P_9A"), "P_9A"),
        adjustments_minor=-sign * (figures.minor(text(row, "P_10"), "P_10") or 0),
        gross_minor=None if gross is None else sign * gross,
        gross_price_micro=None if quantity is None else figures.price(text(row, "P_9B"), "P_9B"),
        vat_rate_bp=rate,
        vat_category=category,
    )


def _net(row: etree._Element, rate: int | None, figures: Figures) -> int:
    """Give the net amount of a line: stated, left of the gross by its rate, or what quantity and price come to."""
    stated, gross, price = text(row, "P_11"), text(row, "P_11A"), text(row, "P_9A")
    if stated is not None:
        return figures.minor(stated, "P_11")
    if gross is not None:
        return figures.share(Fraction(decimal(gross, "P_11A")) * Fraction(10_000, 10_000 + (rate or 0)), "P_11A")
    quantity = decimal(text(row, "P_8B") or "0", "P_8B")
    return figures.share(Fraction(decimal(price or "0", "P_9A")) * Fraction(quantity), "P_9A")


def _rate_abroad(said: str) -> int | None:
    rate = rate_bp(said, "P_12_XII")
    if rate is not None and rate < 0:
        raise BadEInvoice([reason("not_a_number", "block", field="P_12_XII", found=repr(said[:40]), example="23")])
    return rate


def _rate(said: str | None) -> tuple[int | None, str | None]:
    if said is None:
        return None, None
    if said.isascii() and said.isdigit() and said != "0":
        return int(said[:4]) * 100, "S"
    category = _WORDS.get(said)
    return (0, category) if category in ("Z", "K", "G") else (None, category)


def _vat(body: etree._Element, figures: Figures, rates: set[int | None]) -> Iterable[VatPart]:
    """Give what the invoice states for each rate; which of two rates a sum is of, its lines tell."""
    for name, category in _PARTS.items():
        base = figures.minor(text(body, f"P_13_{name}"), f"P_13_{name}")
        if base is None:
            continue
        possible = _RATES.get(name, ())
        rate = next((one for one in possible if one in rates), possible[0] if possible else None)
        yield VatPart(
            category=category,
            rate_bp=0 if category in ("Z", "K", "G") else rate,
            base_minor=base,
            vat_minor=figures.minor(text(body, f"P_14_{name}"), f"P_14_{name}") or 0,
        )
