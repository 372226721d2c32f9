"""A sales report's rows, typed: numbers, dates and the distinct codes that are still to be matched."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow.compute as pc

from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Texts
from app.domain.measures.exact import Ints, floor_product
from app.domain.program_file.import_profile import ImportProfile
from app.domain.saying.wording import marked
from app.domain.states import DocumentKind, Outcome
from app.domain.typed.codes import code_key
from importers.errors import FileRefused
from importers.layout.tables.table import TextTable
from importers.layout.written.settling import OF_LINES
from importers.problems.problems import Problems
from importers.typed import parsing
from importers.typed.bare_numbers import bare_numbers
from importers.typed.document_totals import refuse_document_totals
from importers.typed.no_sales import NoSales
from importers.typed.parsing import Column
from importers.typed.swapped_days import all_perhaps_swapped, perhaps_swapped

_ = marked
_PRICE_TIMES_QUANTITY = 1_000_000 * 1_000
_EARLIEST = np.datetime64("1990-01-01", "D")
"""No report is of an earlier day."""
_LATEST_AHEAD = np.timedelta64(366, "D")
"""An invoice may be dated ahead, and the month of a report may still run; what is later than a year is a slip."""
_MOST = 0.9
_OF_AN_AMOUNT, _OF_A_PRICE = 0.5, 0.25
"""So far from quantity times price an amount may be by a discount: with the other sign its sign is wrong.

Nearer than that it is where the price is that of other lines."""
_CODES = ("document_number", "distributor", "product", "corrects")
_FORMULA = r"^=.*[(].*[)]\s*$"
_NAMES = ("document_number", "distributor", "product", "corrects", "seller_tax_id", "person", "outlet", "channel")


@dataclass(frozen=True)
class Codes:
    """A column of codes: ``code[row]`` is a position in ``written`` and in ``keys`` (as compared), or -1."""

    code: Ints
    written: list[str]
    keys: list[str]

    @staticmethod
    def of(column: Column) -> "Codes":
        """Join the spellings that compare as one code."""
        position: dict[str, int] = {}
        written: list[str] = []
        onto = np.empty(len(column.values), dtype=np.int64)
        for at, text in enumerate(column.values.to_pylist()):
            key = code_key(text)
            if key not in position:
                position[key] = len(written)
                written.append(text)
            onto[at] = position[key]
        return Codes(np.append(onto, -1)[column.code], written, list(position))


@dataclass(frozen=True)
class SalesRows:
    """Typed rows of a sales report, in the file's order. Rows with a problem are in it too: ``good`` marks the others.

    Columns of equal length; amounts in minor units, ``NO_AMOUNT`` where the file has none; ``number`` and ``kind`` by
    the file; texts None where empty.
    """

    row_number: np.ndarray
    number: Codes
    kind: np.ndarray
    issued_on: np.ndarray
    minute: np.ndarray
    distributor: Codes
    product: Codes
    quantity_milli: Ints
    unit_price_micro: Ints
    net_minor: Ints
    gross_minor: Ints
    total_minor: Ints
    discounted: np.ndarray
    line_number: np.ndarray | None
    seller: Column | None
    corrects: Column | None
    person: Column | None
    outlet: Column | None
    channel: Column | None
    distributor_name: Texts | None
    product_name: Texts | None
    country: Texts | None


def type_rows(
    table: TextTable,
    columns: dict[str, str],
    profile: ImportProfile,
    decimals: int,
    *,
    gross: bool,
    time_zone: str,
    problems: Problems,
    currency: str | None = None,
    today: dt.date | None = None,
) -> SalesRows:
    """Turn the rows of a sales report into numbers, dates and codes.

    Args:
        table: the file as text.
        columns: our field -> the file's column.
        profile: how the source writes dates, decimals and credit notes; nothing in it is still to be found.
        decimals: digits of a minor unit of the programme's currency.
        gross: whether the programme earns on gross amounts, which then must be there.
        time_zone: the programme's.
        problems: takes what cannot be read.
        currency: the programme's; amounts in another one wait.
        today: the day of the import; what is dated far behind it is a slip.

    Raises:
        FileRefused: All amounts of a workbook are 0, as formulas are that nobody computed; or all have the other sign
            than the quantities beside them.
        QuestionOpen: The file says of rows that they are cancelled, or came back, and the profile does not say so;
            or its days are in another order than the profile says.
    """
    report = _Report(_read(table, columns), table.row_number, decimals, problems)
    number, issued = report.needed("document_number"), report.needed("issued_on")
    distributor, product = report.needed("distributor"), report.needed("product")
    rows = report.rows
    for named in (report.read[name] for name in _NAMES if name in report.read):
        parsing.require_short(named, rows, problems)
        parsing.require_digits(named, rows, problems)
        parsing.refuse_days(named, rows, problems)
        parsing.refuse_errors(named, rows, problems)
    _refuse_formulas(number, rows, problems)
    report.take_signs(table, profile, currency)
    issued_on, minute = parsing.dates(issued, rows, problems, profile.dates, time_zone)
    _refuse_far(issued, issued_on, today, rows, problems)
    table.warnings += perhaps_swapped(issued, issued_on)
    if table.proved.dates is None:
        called = columns.get("issued_on", issued.name)
        table.warnings += all_perhaps_swapped(called, issued, profile.dates, table.around, today)
    asking = NoSales(table, profile, report.read, set(columns.values()))
    asking.refuse_cancelled(problems)
    asking.refuse_others(problems)
    kind = asking.kinds()
    worth = _worth(report, kind, columns, typed=table.typed, gross=gross)
    worth = _turned(worth, asking.taken_back(worth.quantity_milli))
    kind = asking.signed(kind, worth.quantity_milli)
    asking.ask((worth.quantity_milli > 0) & (kind == DocumentKind.INVOICE))
    marked = report.column("discounted")
    return SalesRows(
        row_number=rows,
        number=_numbers(number),
        kind=kind,
        issued_on=issued_on,
        minute=minute,
        distributor=Codes.of(distributor),
        product=Codes.of(product),
        quantity_milli=worth.quantity_milli,
        unit_price_micro=worth.unit_price_micro,
        net_minor=worth.net_minor,
        gross_minor=worth.gross_minor,
        total_minor=report.amounts("document_total"),
        discounted=np.full(len(rows), UNKNOWN, np.int8) if marked is None else parsing.flags(marked, rows, problems),
        line_number=_line_numbers(report.column("line_number"), rows, problems),
        seller=report.column("seller_tax_id"),
        corrects=report.column("corrects"),
        person=report.column("person"),
        outlet=report.column("outlet"),
        channel=report.column("channel"),
        distributor_name=_texts(report.column("distributor_name")),
        product_name=_texts(report.column("product_name")),
        country=_texts(report.column("country")),
    )


def _read(table: TextTable, columns: dict[str, str]) -> dict[str, Column]:
    """Take the columns that the profile maps, and what it gives itself, by our fields."""
    with ThreadPoolExecutor(max_workers=4) as pool:  # Arrow works outside Python's lock
        read = dict(
            zip(columns, pool.map(lambda name: Column.of(name, table.column(name)), columns.values()), strict=True)
        )
    read |= {field: parsing.codes_of_floats(read[field]) for field in _CODES if field in read}
    return read | {field: Column.of(field, texts) for field, texts in table.given.items()}


@dataclass
class _Report:
    """The columns of a report by our fields, the decimal signs of those that are numbers, and who takes problems."""

    read: dict[str, Column]
    rows: np.ndarray
    decimals: int
    problems: Problems
    signs: dict[str, str] = field(default_factory=dict)

    def take_signs(self, table: TextTable, profile: ImportProfile, currency: str | None) -> None:
        """Learn how numbers are written, and take away what only accompanies them."""
        self.signs = {name: table.signs(profile.signs_of(name)[0]) for name in OF_LINES}
        for name in OF_LINES:
            if name in self.read:
                told = profile.signs_of(name)[1]
                self.read[name] = bare_numbers(self.read[name], table, told, currency, self.problems)

    def column(self, name: str) -> Column | None:
        """Give the column of a field, where the file has one."""
        return self.read.get(name)

    def needed(self, name: str) -> Column:
        """Give the column of a field that every row must have."""
        found = self.column(name)
        assert found is not None, "the profile was checked: it maps this field"
        parsing.require(found, self.rows, self.problems)
        return found

    def amounts(self, name: str) -> Ints:
        """Read amounts in minor units."""
        found = self.column(name)
        if found is None:
            return np.full(len(self.rows), NO_AMOUNT)
        return parsing.money(found, self.rows, self.problems, self.signs[name], self.decimals, NO_AMOUNT)

    def prices(self) -> Ints:
        """Read prices of one piece in millionths of a minor unit."""
        found = self.column("unit_price")
        if found is None:
            return np.full(len(self.rows), NO_PRICE)
        return parsing.price(found, self.rows, self.problems, self.signs["unit_price"], self.decimals, NO_PRICE)


@dataclass(frozen=True)
class _Worth:
    """How many, at what price, for how much: columns of `SalesRows`."""

    quantity_milli: Ints
    unit_price_micro: Ints
    net_minor: Ints
    gross_minor: Ints


def _worth(report: _Report, kind: np.ndarray, columns: dict[str, str], *, typed: bool, gross: bool) -> _Worth:
    """Read quantities, prices and amounts, and hold them against each other."""
    rows, problems = report.rows, report.problems
    quantity = parsing.quantity(report.needed("quantity"), rows, problems, report.signs["quantity"])
    unit_price = report.prices()
    net, gross_minor = report.amounts("net_amount"), report.amounts("gross_amount")
    if "unit_price" in report.read and (paid := report.column("net_amount")) is not None:
        if typed:
            _refuse_uncomputed(paid.name, quantity, unit_price, net)
        _refuse_contradictions(paid, quantity, unit_price, net, kind, rows, problems)
    if (paid := report.column("net_amount")) is not None:
        sold, unpriced = kind == DocumentKind.INVOICE, unit_price == NO_PRICE
        turned = unpriced & (sold | (quantity < 0))  # a credit note may have pieces above zero, and amounts below
        _refuse_turned(paid.name, quantity[turned], net[turned])
        refuse_document_totals(paid, report.read["document_number"], quantity, net)
    net = _net_from_price(net, quantity, unit_price, report.decimals, rows, problems, columns)
    if (paid := report.column("net_amount") or report.column("unit_price")) is not None:
        doubtful = (kind == DocumentKind.INVOICE) & ((unit_price == NO_PRICE) | (unit_price < 0))
        _refuse_other_signs(paid, report.read["product"], quantity, net, doubtful, rows, problems)
    if gross:
        lacking = (gross_minor == NO_AMOUNT) & ~_has_problem(rows, problems)
        name = columns.get("gross_amount", "gross_amount")
        problems.add_all(rows[lacking].tolist(), Outcome.REFUSED, "missing", field=name)
    return _Worth(quantity, unit_price, net, gross_minor)


def _turned(worth: _Worth, rows: np.ndarray) -> _Worth:
    """Give some rows the other sign: what they say was sold before, and is taken back."""
    if not rows.any():
        return worth

    def turned(amounts: Ints) -> Ints:
        return np.where(rows & (amounts != NO_AMOUNT), -amounts, amounts)

    return replace(
        worth,
        quantity_milli=np.where(rows, -worth.quantity_milli, worth.quantity_milli),
        net_minor=turned(worth.net_minor),
        gross_minor=turned(worth.gross_minor),
    )


def _refuse_formulas(column: Column, rows: np.ndarray, problems: Problems) -> None:
    """Refuse document numbers that are formulas: text that a program wrote instead of what it comes to."""
    formulas = np.asarray(pc.match_substring_regex(column.values, _FORMULA), dtype=bool)
    if formulas.any():
        for at in np.flatnonzero(column.spread(formulas, False)).tolist():  # noqa: FBT003
            problems.add(rows[at], Outcome.REFUSED, "formula", field=column.name, found=column.shown(at))


def _refuse_far(
    column: Column, issued_on: np.ndarray, today: dt.date | None, rows: np.ndarray, problems: Problems
) -> None:
    """Refuse days on which nothing was sold: a time of day without its day is one of 1899 in a workbook."""
    for at in np.flatnonzero(issued_on < _EARLIEST).tolist():
        problems.add(
            rows[at],
            Outcome.REFUSED,
            "not_a_date",
            field=column.name,
            found=column.shown(at),
            example=dt.date(2025, 12, 31).isoformat(),
        )
    if today is None:
        return
    latest = np.datetime64(today, "D") + _LATEST_AHEAD
    for at in np.flatnonzero(issued_on > latest).tolist():
        problems.add(
            rows[at], Outcome.REFUSED, "issued_later", field=column.name, found=column.shown(at), latest=str(latest)
        )


def _refuse_uncomputed(name: str, quantity: Ints, price: Ints, net: Ints) -> None:
    """Refuse a workbook all of whose amounts are nothing, though goods were sold at a price.

    Programs that write formulas without computing them leave a 0 as their value, until somebody opens the file.

    Raises:
        FileRefused: It is such a one.
    """
    sold = (price != NO_PRICE) & (price != 0) & (quantity != 0) & (net != NO_AMOUNT)
    if sold.sum() > 1 and not net[sold].any():
        words = _(
            "Column %(column)s: found 0 in all %(rows)s rows with a quantity and a price, expected amounts; its "
            "formulas were perhaps never computed: open the workbook in a spreadsheet program, save it there, and "
            "import it again."
        )
        raise FileRefused(words, column=repr(name), rows=int(sold.sum()))


def _refuse_turned(name: str, quantity: Ints, net: Ints) -> None:
    """Refuse a file that writes what was sold with a quantity and an amount of two signs: of a store, or of an account.

    What leaves a store has a quantity below zero there, and what is earned an amount below zero. All of it would be
    returns, or discounts.

    Raises:
        FileRefused: It is such a one.
    """
    told = (net != NO_AMOUNT) & (net != 0) & (quantity != 0)
    turned = told & (np.sign(quantity) == -np.sign(net))
    if turned.sum() > 1 and turned.sum() >= _MOST * told.sum():
        words = _(
            "Column %(column)s: found the other sign than that of the quantity in %(found)s of %(rows)s rows, expected "
            "what was sold with both above zero; what left a store, or was booked on an account, is perhaps written "
            "so: export the sales, or turn the sign."
        )
        raise FileRefused(words, column=repr(name), found=int(turned.sum()), rows=int(told.sum()))


def _refuse_contradictions(
    column: Column, quantity: Ints, price: Ints, net: Ints, kind: np.ndarray, rows: np.ndarray, problems: Problems
) -> None:
    """Refuse invoice lines whose amount comes of nothing, of a price below nothing, or has the other sign."""
    told = (price != NO_PRICE) & (price != 0) & (net != NO_AMOUNT) & (net != 0) & (kind == DocumentKind.INVOICE)
    wrong = told & ((quantity == 0) | ((price < 0) & (np.sign(quantity) == np.sign(net))))
    other = np.flatnonzero(told & (price > 0) & (np.sign(quantity) == -np.sign(net)))
    if len(other):
        worth = np.abs(quantity[other].astype(np.float64) * price[other]) / _PRICE_TIMES_QUANTITY
        wrong[other] = np.abs(np.abs(net[other]) / worth - 1) < _OF_AN_AMOUNT
    for at in np.flatnonzero(wrong & ~_has_problem(rows, problems)).tolist():
        problems.add(rows[at], Outcome.REFUSED, "amount_contradicts", field=column.name, found=column.shown(at))


def _refuse_other_signs(
    column: Column, goods: Column, quantity: Ints, net: Ints, asked: np.ndarray, rows: np.ndarray, problems: Problems
) -> None:
    """Refuse lines whose amount has the other sign, with no price above zero, and is what goods cost in other lines.

    Some sources write what came back so, perhaps with the sign at the price as well. A discount has the other sign
    too: it is less than the goods cost, or has a code of its own, by which nothing is sold.
    """
    told = net != NO_AMOUNT
    other = np.flatnonzero(asked & told & (np.sign(quantity) == -np.sign(net)) & (net != 0) & (goods.code >= 0))
    if not len(other):
        return
    sold = told & (quantity > 0) & (net > 0) & (goods.code >= 0)
    pieces, worth = (
        np.bincount(goods.code[sold], weights=values[sold], minlength=len(goods.values)) for values in (quantity, net)
    )
    each = np.divide(worth, pieces, out=np.full(len(worth), np.nan), where=pieces > 0)[goods.code[other]]
    wrong = np.abs(np.abs(net[other]) / (np.abs(quantity[other]) * each) - 1) < _OF_A_PRICE
    for at in other[wrong].tolist():
        problems.add(rows[at], Outcome.REFUSED, "sign_contradicts", field=column.name, found=column.shown(at))


def _texts(column: Column | None) -> Texts | None:
    return None if column is None else column.texts()


def _numbers(column: Column) -> Codes:
    """Take document numbers as they are written: here spellings stay apart."""
    written = column.values.to_pylist()
    return Codes(column.code, written, written)


def _has_problem(rows: np.ndarray, problems: Problems) -> np.ndarray:
    return np.isin(rows, problems.rows())


def _net_from_price(
    net: Ints,
    quantity: Ints,
    price: Ints,
    decimals: int,
    rows: np.ndarray,
    problems: Problems,
    columns: dict[str, str],
) -> Ints:
    """Fill missing net amounts: quantity x unit price, rounded half up once (rules.md 1).

    That is done where prices are what was paid; otherwise the rows lack an amount.
    """
    missing = net == NO_AMOUNT
    if not missing.any():
        return net
    computable = missing & (price != NO_PRICE) & _are_paid(net, quantity, price)
    name = columns.get("unit_price", "unit_price")  # one price may hold for every row
    # near enough to tell what no column of amounts holds
    worth = np.abs(quantity.astype(np.float64)) * np.abs(np.where(computable, price, 0).astype(np.float64))
    large = worth >= float(_PRICE_TIMES_QUANTITY) * 10 ** (parsing.LIMIT_DIGITS + decimals)
    for at in np.flatnonzero(large).tolist():
        found = f"{quantity[at] / 1000:g} x {price[at] / 10 ** (parsing.PRICE_DIGITS + decimals):g}"
        problems.add(rows[at], Outcome.REFUSED, "number_too_large", field=name, found=found)
    computable &= ~large
    net = net.copy()
    pieces, each = quantity[computable], price[computable]
    net[computable] = (
        np.sign(pieces)
        * np.sign(each)
        * floor_product(np.abs(pieces), np.abs(each), _PRICE_TIMES_QUANTITY, add=_PRICE_TIMES_QUANTITY // 2)
    )
    nothing = missing & ~computable & ~_has_problem(rows, problems)
    field = columns.get("net_amount") or name
    problems.add_all(rows[nothing].tolist(), Outcome.REFUSED, "missing", field=field)
    return net


def _are_paid(net: Ints, quantity: Ints, price: Ints) -> bool:
    """Say whether prices come to the amounts of the rows that have both: before a discount they do not."""
    told = (net != NO_AMOUNT) & (price != NO_PRICE) & (quantity != 0) & (net != 0)
    if not told.any():
        return True
    worth = quantity[told].astype(np.float64) * price[told] / _PRICE_TIMES_QUANTITY
    # rounded to a minor unit, and the price of each piece perhaps as well
    alike = np.abs(np.abs(worth) - np.abs(net[told])) <= 1.1 * np.maximum(1, np.abs(quantity[told]) / 1000)
    return bool(alike.mean() >= _MOST)


def _line_numbers(column: Column | None, rows: np.ndarray, problems: Problems) -> np.ndarray | None:
    if column is None:
        return None
    parsing.require(column, rows, problems)
    whole = pc.match_substring_regex(column.values, r"^[1-9]\d{0,8}$")
    good = np.asarray(whole, dtype=bool)
    numbers = np.asarray(
        [int(text) if fine else 0 for text, fine in zip(column.values.to_pylist(), good, strict=True)], np.int32
    )
    for at in np.flatnonzero(~column.spread(good, True)).tolist():  # noqa: FBT003
        problems.add(rows[at], Outcome.REFUSED, "not_a_line_number", field=column.name, found=column.shown(at))
    return column.spread(numbers, 0)
