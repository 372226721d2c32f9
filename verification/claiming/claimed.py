"""An invoice as a distributor gives it: what is wrong with it, in words, and what of it goes to the gate."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from app.domain.documents.document_keys import document_key
from app.domain.documents.numbering import number_key
from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Lines, Sales
from app.domain.documents.seller_keys import own_key, seller_key
from app.domain.program_file.registration import tax_id_key
from app.domain.saying.wording import Say, marked, plain
from app.domain.states import DocumentKind
from verification.claiming.sellers import Sellers
from verification.einvoices import ksef
from verification.einvoices.invoice import Party
from verification.incoming import Incoming

MOST_LINES = 200
"""Lines of one claim: whoever sells more in one invoice has a report to import."""
LONGEST_NUMBER = 64
LARGEST_AMOUNT = 10**14
"""Minor units and thousandths of a piece: beyond this nobody means what they typed."""
LARGEST_PRICE = 10**12
"""Minor units for one: a price is kept in millionths of them, and more would not fit."""

_MICRO = 1_000_000
_MILLI = 1_000

_ = marked
SENTENCES: Mapping[str, str] = {
    "number_missing": _("Write the number of the invoice."),
    "number_too_long": _("A number has at most %(most)s characters."),
    "here_already": _("An invoice with this number is in the programme already: it counts once."),
    "refused_before": _("This invoice was refused before, as it stands here. Correct it, or appeal on its page."),
    "date_missing": _("Write the day on which the invoice was issued."),
    "date_later": _("This day has not come yet."),
    "date_before_program": _("The programme counts invoices from %(day)s on."),
    "date_after_program": _("The programme counted invoices up to %(day)s."),
    "date_too_long_ago": _("Invoices are registered within %(days)s days: this one had to come by %(day)s."),
    "seller_length": _(
        "A tax id has more or fewer figures than this. Copy it from the invoice; that of another country begins with "
        "its two letters, such as DE."
    ),
    "seller_form": _(
        "Tax ids are not written like this. Copy it from the invoice; that of another country begins with its two "
        "letters, such as DE."
    ),
    "seller_check_digits": _("There is no such tax id: its check digits are wrong. Compare it with the invoice."),
    "no_lines": _("Write at least one product of the invoice."),
    "product_missing": _("Choose the product of this line."),
    "product_unknown": _("No product here is called %(found)s. Type a part of its name or its code, and choose it."),
    "product_unclear": _("Several products are called %(found)s: %(among)s. Write the code of one."),
    "product_left_out": _("%(found)s does not take part in this programme. Remove this line."),
    "quantity_missing": _("Write how many."),
    "quantity_not_positive": _("Write a quantity above zero."),
    "unit_not_exact": _("This is no whole number of the programme's own units; ask the programme."),
    "amount_missing": _("Write the net amount, or the net price of one."),
    "amount_zero": _("Write an amount above zero."),
    "nothing_left": _("Discounts come to as much as the goods, or more; an invoice comes to more than zero."),
    "amount_contradicts": _("The quantity times the price is %(expected)s; correct one of the three."),
    "gross_missing": _("Write the gross amount: this programme counts with it."),
    "gross_below_net": _("The gross amount is the net amount with tax: not less, and with the same sign."),
    "too_large": _("This is more than any invoice says."),
    "ksef_number_wrong": _("This is no KSeF number; copy all of its 35 characters."),
    "ksef_link_wrong": _("This does not lead to an invoice in KSeF; copy what the QR code says."),
    "serials_missing": _("Each unit has a serial number: write %(expected)s of them, you wrote %(found)s."),
    "serial_twice": _("The serial number %(found)s stands here twice."),
    "serial_here": _("The unit with the serial number %(found)s is in the programme already: it counts once."),
}
"""What is said of a claim that cannot be sent as it stands; the page writes days and amounts."""


@dataclass(frozen=True)
class Problem:
    """Something that keeps a claim from being sent: of the header, or of a line (counted from 0)."""

    field: str
    code: str
    line: int | None = None
    values: Mapping[str, Any] | None = None

    def sentence(self, say: Say = plain) -> str:
        """Say it; ``values`` are texts by then."""
        return say(SENTENCES[self.code]) % (self.values or {})


@dataclass(frozen=True)
class ClaimedLine:
    """A line as it was given. ``said`` is what the invoice, or whoever typed it, calls the product.

    ``position`` is its place in an e-invoice: there the file says how many and how much, and nobody else. ``may_be``
    are products that are called alike, the likeliest first; ``serials`` the numbers of its units. ``takes_off`` marks a
    line that was typed as a discount: its amounts are below zero.

    ``file_milli`` is how many an e-invoice says in its own unit; ``matched_id`` the product that its words told, of
    which these are ``matched_milli``. Of another product, or of none, it is as many as the file says.
    """

    said: str = ""
    product_id: int | None = None
    quantity_milli: int | None = None
    price_minor: int | None = None
    net_minor: int | None = None
    gross_minor: int | None = None
    position: int | None = None
    may_be: tuple[int, ...] = ()
    serials: tuple[str, ...] = ()
    takes_off: bool = False
    file_milli: int | None = None
    matched_id: int | None = None
    matched_milli: int | None = None

    def __bool__(self) -> bool:
        """Tell whether anything was given at all."""
        return self != ClaimedLine()

    @property
    def product_of_both(self) -> int | None:
        """Multiply the quantity by the price, rounded half up; None where one of them is missing."""
        if self.quantity_milli is None or self.price_minor is None:
            return None
        return (2 * self.quantity_milli * self.price_minor + _MILLI) // (2 * _MILLI)

    def of_product(self, product_id: int | None) -> "ClaimedLine":
        """Say which product it is: of one that an e-invoice's own words told, there are as many as those mean."""
        if self.file_milli is None:
            return replace(self, product_id=product_id)
        told = product_id is not None and product_id == self.matched_id
        return replace(self, product_id=product_id, quantity_milli=self.matched_milli if told else self.file_milli)

    @property
    def amount_minor(self) -> int | None:
        """Give the net amount: as it was given, else the quantity times the price."""
        return self.product_of_both if self.net_minor is None else self.net_minor


@dataclass(frozen=True)
class ClaimedInvoice:
    """An invoice as it was given: complete or not.

    ``seller_tax_id`` is of whoever issued it, where that is not the distributor; ``total_minor`` the net total that the
    invoice itself states; ``proposed`` the fields that a machine read and nobody has looked at. An e-invoice says as
    well who bought, and reading it may have found something; ``file_sha256`` is of its file, in hex. The number under
    which KSeF has it, and what its QR code says, may stand beside a photo as well.
    """

    number: str = ""
    issued_on: dt.date | None = None
    seller_tax_id: str = ""
    total_minor: int | None = None
    lines: tuple[ClaimedLine, ...] = ()
    proposed: tuple[str, ...] = ()
    buyer_tax_id: str = ""
    noted: tuple[dict[str, Any], ...] = ()
    ksef_number: str = ""
    ksef_link: str = ""
    file_sha256: str = ""

    @property
    def net_minor(self) -> int:
        """Sum the lines, as far as they are known."""
        return sum(line.amount_minor or 0 for line in self.lines)

    @property
    def from_a_file(self) -> bool:
        """Tell whether an e-invoice says what it says."""
        return any(line.position is not None for line in self.lines)

    def without_empty_lines(self) -> "ClaimedInvoice":
        """Leave out the lines in which nothing was written."""
        return replace(self, lines=tuple(line for line in self.lines if line))

    def as_the_file_says(self, kept: "ClaimedInvoice") -> "ClaimedInvoice":
        """Keep to the e-invoice that filled a draft: only products are chosen, and lines left out.

        Each of its lines stands there once, in its order, whatever was sent. The total of the file goes down with the
        goods that are left out, and not with what took off from them.
        """
        chosen: dict[int | None, ClaimedLine] = {}
        for line in self.lines:
            chosen.setdefault(line.position, line)
        lines = tuple(
            replace(
                line.of_product(chosen[line.position].product_id),
                said=chosen[line.position].said or line.said,
                serials=chosen[line.position].serials,
            )
            for line in kept.lines
            if line.position is not None and line.position in chosen
        )
        left_out = [line for line in kept.lines if line.position not in chosen]
        return replace(
            kept,
            lines=lines,
            total_minor=_total_without(kept, left_out),
            ksef_number=self.ksef_number,
            ksef_link=self.ksef_link,
        )

    def kept(self) -> dict[str, Any]:
        """Give what a claim's row keeps."""
        return {
            "number": self.number,
            "issued_on": None if self.issued_on is None else self.issued_on.isoformat(),
            "seller_tax_id": self.seller_tax_id,
            "total_minor": self.total_minor,
            "proposed": list(self.proposed),
            "buyer_tax_id": self.buyer_tax_id,
            "noted": list(self.noted),
            "ksef_number": self.ksef_number,
            "ksef_link": self.ksef_link,
            "file_sha256": self.file_sha256,
            "lines": [{one.name: getattr(line, one.name) for one in fields(line)} for line in self.lines],
        }

    @staticmethod
    def of(kept: Mapping[str, Any]) -> "ClaimedInvoice":
        """Read back what a claim's row keeps."""
        day = kept.get("issued_on")
        return ClaimedInvoice(
            number=kept.get("number", ""),
            issued_on=None if day is None else dt.date.fromisoformat(day),
            seller_tax_id=kept.get("seller_tax_id", ""),
            total_minor=kept.get("total_minor"),
            proposed=tuple(kept.get("proposed", ())),
            buyer_tax_id=kept.get("buyer_tax_id", ""),
            noted=tuple(kept.get("noted", ())),
            ksef_number=kept.get("ksef_number", ""),
            ksef_link=kept.get("ksef_link", ""),
            file_sha256=kept.get("file_sha256", ""),
            lines=tuple(_line_of(line) for line in kept.get("lines", ())),
        )


def _total_without(kept: ClaimedInvoice, left_out: Sequence[ClaimedLine]) -> int | None:
    """Give what an e-invoice states of the lines that are left; None where it states nothing.

    Whoever leaves a discount out tells of more than was sold: the total, which stays, says so to whoever looks at it.
    """
    amounts = [line.amount_minor or 0 for line in left_out]
    total = kept.net_minor if kept.total_minor is None and min(amounts, default=0) < 0 else kept.total_minor
    return None if total is None else total - sum(one for one in amounts if one > 0)


def _line_of(kept: Mapping[str, Any]) -> ClaimedLine:
    several = {name: tuple(kept.get(name, ())) for name in ("may_be", "serials")}
    return ClaimedLine(**{**kept, **several})


@dataclass(frozen=True)
class Window:
    """When an invoice may have been issued to be registered today."""

    today: dt.date
    starts_on: dt.date | None
    ends_on: dt.date | None
    within_days: int | None


def problems_of(invoice: ClaimedInvoice, window: Window, sellers: Sellers, *, gross: bool) -> list[Problem]:
    """Say what keeps an invoice from being sent, in the order of its fields."""
    found = [*_of_header(invoice, window), *_of_seller(invoice, sellers), *_of_ksef(invoice)]
    if not invoice.lines:
        found.append(Problem("lines", "no_lines"))
    elif _all_taken_off(invoice):
        found.append(Problem("lines", "nothing_left"))
    for at, line in enumerate(invoice.lines):
        found += _of_line(at, line, gross=gross)
    return found


def _of_header(invoice: ClaimedInvoice, window: Window) -> Iterator[Problem]:
    if not invoice.number:
        yield Problem("number", "number_missing")
    elif len(invoice.number) > LONGEST_NUMBER:
        yield Problem("number", "number_too_long", values={"most": LONGEST_NUMBER})
    day, days = invoice.issued_on, window.within_days
    if day is None:
        yield Problem("issued_on", "date_missing")
    elif day > window.today:
        yield Problem("issued_on", "date_later")
    elif window.starts_on is not None and day < window.starts_on:
        yield Problem("issued_on", "date_before_program", values={"day": window.starts_on})
    elif window.ends_on is not None and day > window.ends_on:
        yield Problem("issued_on", "date_after_program", values={"day": window.ends_on})
    elif days is not None and day + dt.timedelta(days=days) < window.today:
        values = {"days": days, "day": day + dt.timedelta(days=days)}
        yield Problem("issued_on", "date_too_long_ago", values=values)


def _of_seller(invoice: ClaimedInvoice, sellers: Sellers) -> Iterator[Problem]:
    """Judge the tax id that was typed; what a file says of its seller nobody can mend here, the gate is told of it."""
    if not invoice.seller_tax_id or invoice.from_a_file:
        return
    if (fault := sellers.fault_of(invoice.seller_tax_id)) is not None:
        yield Problem("seller_tax_id", f"seller_{fault}")


def _of_ksef(invoice: ClaimedInvoice) -> Iterator[Problem]:
    number = ksef.number_of(invoice.ksef_number) if invoice.ksef_number else None
    if invoice.ksef_number and (number is None or not number.sound):
        yield Problem("ksef_number", "ksef_number_wrong")
    if invoice.ksef_link and ksef.link_of(invoice.ksef_link) is None:
        yield Problem("ksef_link", "ksef_link_wrong")


def _all_taken_off(invoice: ClaimedInvoice) -> bool:
    """Tell whether discounts that were typed leave nothing of the goods; what a file says is not for us to doubt."""
    amounts = [line.amount_minor for line in invoice.lines if line.amount_minor is not None]
    return not invoice.from_a_file and min(amounts, default=0) < 0 and sum(amounts) <= 0


def _of_line(at: int, line: ClaimedLine, *, gross: bool) -> Iterator[Problem]:
    """Judge a line: an amount below zero is a discount.

    An invoice that is a file may have lines that give goods away or take some back as well: nobody can write them
    otherwise, and leaving them out would tell of more than was sold.
    """
    if line.product_id is None and not line.said:
        yield Problem("product", "product_missing", at)
    quantity, amount, typed = line.quantity_milli, line.amount_minor, line.position is None
    if quantity is None:
        yield Problem("quantity", "quantity_missing", at)
    elif quantity <= 0 and typed:
        yield Problem("quantity", "quantity_not_positive", at)
    elif abs(quantity) > LARGEST_AMOUNT:
        yield Problem("quantity", "too_large", at)
    if line.price_minor is not None and abs(line.price_minor) > LARGEST_PRICE:
        yield Problem("price", "too_large", at)
    if amount is None:
        if quantity is not None or line.price_minor is None:
            yield Problem("net", "amount_missing", at)
    elif amount == 0 and typed:
        yield Problem("net", "amount_zero", at)
    elif abs(amount) > LARGEST_AMOUNT:
        yield Problem("net", "too_large", at)
    elif line.product_of_both is not None and abs(line.product_of_both - amount) > 1:
        yield Problem("net", "amount_contradicts", at, {"expected": line.product_of_both})
    if gross:
        yield from _of_gross(at, line)


def _of_gross(at: int, line: ClaimedLine) -> Iterator[Problem]:
    gross, amount = line.gross_minor, line.amount_minor
    if gross is None:
        yield Problem("gross", "gross_missing", at)
    elif abs(gross) > LARGEST_AMOUNT:
        yield Problem("gross", "too_large", at)
    elif amount is not None and (abs(gross) < abs(amount) or gross * amount < 0):
        yield Problem("gross", "gross_below_net", at)


@dataclass(frozen=True)
class Claimant:
    """For whom an invoice is registered: the distributor, and the sales rep whose sale it was."""

    distributor_id: int
    tax_id: str | None
    person: str | None


def incoming(invoice: ClaimedInvoice, claimant: Claimant) -> Incoming:
    """Lay out an invoice in which nothing is missing as the gate takes it."""
    assert invoice.issued_on is not None, "what has no date is not sent"
    lines = invoice.lines
    year = invoice.issued_on.year

    def column(values: list[int | None], missing: int) -> np.ndarray:
        return np.asarray([missing if one is None else one for one in values], dtype=np.int64)

    prices = [None if line.price_minor is None else line.price_minor * _MICRO for line in lines]
    documents = Documents(
        distributor_id=np.asarray([claimant.distributor_id], dtype=np.int64),
        kind=np.asarray([DocumentKind.INVOICE], dtype=np.int8),
        number=_texts(invoice.number),
        issued_on=np.asarray([invoice.issued_on], dtype="datetime64[D]"),
        minute=np.asarray([UNKNOWN], dtype=np.int16),
        corrects=_texts(None),
        outlet=_texts(None),
        channel=_texts(None),
        person=_texts(claimant.person),
    )
    laid = Lines(
        document=np.zeros(len(lines), dtype=np.int64),
        line_number=np.arange(1, len(lines) + 1, dtype=np.int32),
        product_id=column([line.product_id for line in lines], UNKNOWN),
        quantity_milli=column([line.quantity_milli for line in lines], UNKNOWN),
        unit_price_micro=column(prices, NO_PRICE),
        net_minor=column([line.amount_minor for line in lines], NO_AMOUNT),
        gross_minor=column([line.gross_minor for line in lines], NO_AMOUNT),
        discounted=np.full(len(lines), UNKNOWN, dtype=np.int8),
        source_row=np.full(len(lines), UNKNOWN, dtype=np.int32),
    )
    return Incoming(
        sales=Sales(documents, laid),
        number_key=_texts(number_key(invoice.number, year)),
        seller_key=_texts(_seller(invoice, claimant)),
        total_minor=column([invoice.total_minor], NO_AMOUNT),
        buyer_tax_id=_texts(invoice.buyer_tax_id or None),
        noted=_noted(invoice, claimant),
    )


def key_of(invoice: ClaimedInvoice, claimant: Claimant) -> str:
    """Give the key of the document that an invoice with a number and a day becomes, whatever its lines say."""
    assert invoice.issued_on is not None, "what has no date has no key"
    number = number_key(invoice.number, invoice.issued_on.year)
    return document_key(DocumentKind.INVOICE, _seller(invoice, claimant), number)


def _seller(invoice: ClaimedInvoice, claimant: Claimant) -> str:
    """Tell invoices of one number apart by who issued them, as imports do: the distributor, or another tax id."""
    stated = invoice.seller_tax_id
    if not stated or (claimant.tax_id and tax_id_key(stated) == tax_id_key(claimant.tax_id)):
        return own_key(claimant.distributor_id)
    return seller_key(stated)


@dataclass(frozen=True)
class _Typed:
    """What was typed of an invoice, for KSeF's number and link to be held against."""

    seller: Party
    issued_on: dt.date
    sha256: bytes


def _noted(invoice: ClaimedInvoice, claimant: Claimant) -> np.ndarray:
    """Give what was found of an e-invoice, and what KSeF's number and link contradict; nobody is asked."""
    assert invoice.issued_on is not None, "what has no date is not sent"
    seller = Party(None, invoice.seller_tax_id or claimant.tax_id)
    typed = _Typed(seller, invoice.issued_on, bytes.fromhex(invoice.file_sha256))
    found = list(invoice.noted)
    if invoice.ksef_number:  # a file that is called by its number was held against it when it was read
        found += [one for one in ksef.number_findings(invoice.ksef_number, typed) if one not in found]
    if invoice.ksef_link:
        found += ksef.link_findings(invoice.ksef_link, typed)
    return np.asarray([tuple(found), None], dtype=object)[:-1]


def _texts(one: str | None) -> np.ndarray:
    return np.asarray([one, None], dtype=object)[:-1]
