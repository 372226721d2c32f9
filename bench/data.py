"""Make the files of the import benchmark: distributors, products, sales as csv and as xlsx, and the programme.

The same size and seed give the same bytes; the two sales files hold the same lines. Everything is made in columns.
`python -m bench.data FOLDER --lines 100000` writes them and prints what is in them.
"""

import argparse
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from app.demo.identifiers import ean13, nips

MOST_DISTRIBUTORS, DISTRIBUTOR_GROUPS = 5_000, 25
MOST_PRODUCTS, PRODUCT_GROUPS, PARENT_GROUPS = 20_000, 60, 8
LINES_PER_DISTRIBUTOR, LINES_PER_PRODUCT = 200, 50
"""A file of less than a million lines has fewer of both, down to what its rules name."""
LINES_PER_DOCUMENT = 5
FIRST_DAY, DAYS = np.datetime64("2025-01-01"), 365
EXCEL_EPOCH = np.datetime64("1899-12-30")

HEADER = (
    "invoice_no",
    "invoice_date",
    "distributor_code",
    "distributor_name",
    "sku",
    "ean",
    "product_name",
    "qty",
    "unit_price",
    "net_amount",
    "currency",
)
NUMERIC = ("invoice_date", "qty", "unit_price", "net_amount")
_TEXT_COLUMNS = len(HEADER) - len(NUMERIC)
BAD_NUMBERS = ("n/a", "12x", "1.2.3", "two", "?")
BAD_DATES = ("2025-13-45", "31.02.2025", "yesterday", "2025/xx/01")

Ints = npt.NDArray[np.int64]
Text = Any  # a pyarrow string array; pyarrow ships no types


@dataclass(frozen=True)
class BenchFiles:
    """Where the files were written, and what an import of the sales must make of them.

    A bad line holds its document, but for one of an unknown distributor: that is a line of another document, which
    nobody can place. So ``counted_*`` belong to the documents without any other bad line, and ``refused_lines`` are the
    lines whose numbers and dates cannot be read. All the rest is held.
    """

    folder: Path
    lines: int
    documents: int
    bad_rows: dict[str, int]
    refused_lines: int
    counted_documents: int
    counted_lines: int
    counted_net_minor: int


@dataclass(frozen=True)
class Sales:
    """The sales as columns: text, and what a spreadsheet needs to write dates and numbers as such."""

    columns: dict[str, Text]
    date_serial: Ints
    date_is_text: npt.NDArray[np.bool_]
    qty_is_text: npt.NDArray[np.bool_]


def write_bench(folder: Path, lines: int = 1_000_000, seed: int = 7, *, xlsx: bool = True) -> BenchFiles:
    """Write distributors.csv, products.csv, sales.csv, sales.xlsx (unless told not to) and programme.yaml.

    One line in a hundred is bad: an unknown product (40 %), an unknown distributor, a quantity that is no number or a
    date that is none (20 % each).
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    distributors = _distributors(min(max(lines // LINES_PER_DISTRIBUTOR, 100), MOST_DISTRIBUTORS), rng)
    products, list_price = _products(min(max(lines // LINES_PER_PRODUCT, 400), MOST_PRODUCTS), rng)
    sales, files = _sales(folder, lines, distributors, products, list_price, rng)
    (folder / "programme.yaml").write_text(programme_text(products), encoding="utf-8")
    _write_csv(folder / "distributors.csv", distributors)
    _write_csv(folder / "products.csv", products)
    _write_csv(folder / "sales.csv", sales.columns)
    if xlsx:
        _write_xlsx(folder / "sales.xlsx", sales)
    return files


# --- who and what -----------------------------------------------------------------------------------------------------


def _distributors(count: int, rng: np.random.Generator) -> dict[str, Text]:
    legal = ("Sp. z o.o.", "S.A.", "& Co", "Sp. j.", "i Syn")
    return {
        "code": pa.array([f"D{10_001 + n}" for n in range(count)]),
        "name": pa.array([f"Distributor {n + 1} {legal[n % len(legal)]}" for n in range(count)]),
        "tax_id": pa.array(nips(count)),
        "group": pa.array([_reseller(n) for n in rng.integers(0, DISTRIBUTOR_GROUPS, count).tolist()]),
    }


def _products(count: int, rng: np.random.Generator) -> tuple[dict[str, Text], Ints]:
    kinds = ("drill", "paint", "cable", "filter", "valve", "hinge", 'pipe 1/2"', "żarówka")
    products = {
        "sku": pa.array([f"SKU-{n:06d}" for n in range(count)]),
        "ean": pa.array([ean13(590_000_000_000 + 37 * n) for n in range(count)]),
        "name": pa.array([f"Product {n}, {kinds[n % len(kinds)]} {n % 97}x{n % 53} mm" for n in range(count)]),
        "group": pa.array([_group(n) for n in rng.integers(0, PRODUCT_GROUPS, count).tolist()]),
    }
    return products, np.maximum(rng.lognormal(8.1, 1.0, count).astype(np.int64), 49)


def _group(place: int) -> str:
    return f"g{place + 1:02d}"


def _parent(place: int) -> str:
    return f"p{place % PARENT_GROUPS + 1}"


def _reseller(place: int) -> str:
    return f"r{place + 1:02d}"


# --- sales ------------------------------------------------------------------------------------------------------------


def _sales(
    folder: Path,
    lines: int,
    distributors: dict[str, Text],
    products: dict[str, Text],
    list_price: Ints,
    rng: np.random.Generator,
) -> tuple[Sales, BenchFiles]:
    documents = max(lines // LINES_PER_DOCUMENT, 1)
    document = _document_of_lines(lines, documents, rng)
    distributor_of = _skewed(len(distributors["code"]), documents, 20, rng)
    distributor = distributor_of[document]
    day = np.sort(rng.integers(0, DAYS, documents))[document]
    product = _skewed(len(list_price), lines, 50, rng)

    quarters = rng.integers(1, 200, lines) * 4  # one line in twenty sells a part of a piece
    quarters -= np.where(rng.random(lines) < 0.05, rng.integers(1, 4, lines), 0)
    price_minor = list_price[product] * rng.integers(80, 121, lines) // 100
    net_minor = (quarters * price_minor + 2) // 4  # half up

    columns = {
        "invoice_no": _invoice_numbers(distributor_of).take(document),
        "invoice_date": _iso_dates().take(day),
        "distributor_code": distributors["code"].take(distributor),
        "distributor_name": distributors["name"].take(distributor),
        "sku": products["sku"].take(product),
        "ean": products["ean"].take(product),
        "product_name": products["name"].take(product),
        "qty": _join(_digits(quarters // 4), pa.array(["", ".25", ".5", ".75"]).take(quarters % 4)),
        "unit_price": _money(price_minor),
        "net_amount": _money(net_minor),
        "currency": pa.array(["PLN"]).take(np.zeros(lines, dtype=np.int64)),
    }
    bad = _bad_lines(lines, rng)
    _spoil(columns, bad)
    holds = np.concatenate([bad[kind] for kind in ("unknown_product", "bad_number", "bad_date")])
    counted = ~np.isin(document, document[holds]) & ~_marks(lines, bad["unknown_distributor"])
    files = BenchFiles(
        folder=folder,
        lines=lines,
        documents=documents,
        bad_rows={kind: len(places) for kind, places in bad.items()},
        refused_lines=len(bad["bad_number"]) + len(bad["bad_date"]),
        counted_documents=len(np.unique(document[counted])),
        counted_lines=int(counted.sum()),
        counted_net_minor=int(net_minor[counted].sum()),
    )
    serial = day + int((FIRST_DAY - EXCEL_EPOCH).astype(np.int64))
    return Sales(columns, serial, _marks(lines, bad["bad_date"]), _marks(lines, bad["bad_number"])), files


def _document_of_lines(lines: int, documents: int, rng: np.random.Generator) -> Ints:
    """Cut the lines into documents, each of one line at least."""
    starts = np.zeros(lines, dtype=np.int64)
    starts[1 + rng.choice(lines - 1, documents - 1, replace=False)] = 1
    return np.cumsum(starts)


def _skewed(kinds: int, count: int, flatness: int, rng: np.random.Generator) -> Ints:
    """Draw so that a few kinds come often and most rarely."""
    weights = 1.0 / (np.arange(kinds) + flatness)
    return rng.permutation(kinds)[rng.choice(kinds, count, p=weights / weights.sum())]


def _invoice_numbers(distributor_of: Ints) -> Text:
    """Number the documents; a distributor always writes numbers in the same way."""
    before = pa.array(["FV/", "FS ", "INV-2025-", ""]).take(distributor_of % 4)
    after = pa.array(["/2025", "/25", "", "/01/2025"]).take(distributor_of % 4)
    return _join(before, _digits(1_000_001 + np.arange(len(distributor_of))), after)


def _iso_dates() -> Text:
    return pa.array((FIRST_DAY + np.arange(DAYS).astype("timedelta64[D]")).astype(str).tolist())


def _money(minor: Ints) -> Text:
    return _join(_digits(minor // 100), pa.array([f".{cents:02d}" for cents in range(100)]).take(minor % 100))


def _digits(numbers: Ints) -> Text:
    return pa.array(numbers).cast(pa.string())


def _join(*parts: Text) -> Text:
    return pc.binary_join_element_wise(*parts, "")


def _bad_lines(lines: int, rng: np.random.Generator) -> dict[str, Ints]:
    """Choose the bad lines; each is bad for one reason."""
    places = rng.choice(lines, lines // 100, replace=False)
    kinds = ("unknown_product", "unknown_distributor", "bad_number", "bad_date")
    cuts = [len(places) * share // 10 for share in (4, 6, 8)]
    return {kind: np.sort(part) for kind, part in zip(kinds, np.split(places, cuts), strict=True)}


def _spoil(columns: dict[str, Text], bad: dict[str, Ints]) -> None:
    strangers = tuple(f"SKU-X{n:05d}" for n in range(50))
    _replace(columns, "sku", bad["unknown_product"], strangers)
    _replace(columns, "distributor_code", bad["unknown_distributor"], ("D99001", "D99002", "D99003"))
    _replace(columns, "qty", bad["bad_number"], BAD_NUMBERS)
    _replace(columns, "invoice_date", bad["bad_date"], BAD_DATES)


def _replace(columns: dict[str, Text], name: str, places: Ints, values: tuple[str, ...]) -> None:
    """Put these values, by turns, at these places."""
    mask = _marks(len(columns[name]), places)
    turns = pa.array(values).take(np.arange(len(places)) % len(values))
    columns[name] = pc.replace_with_mask(columns[name], pa.array(mask), turns)


def _marks(lines: int, places: Ints) -> npt.NDArray[np.bool_]:
    marks = np.zeros(lines, dtype=bool)
    marks[places] = True
    return marks


# --- files ------------------------------------------------------------------------------------------------------------


def _write_csv(path: Path, columns: dict[str, Text], step: int = 50_000) -> None:
    """Write text columns, with quotes only where they are needed; pyarrow's own writer quotes every text."""
    quoted = [_quoted(texts) for texts in columns.values()]
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        for start in range(0, len(quoted[0]), step):
            parts: list[Text] = []
            for texts in quoted:
                parts += [",", texts.slice(start, step)]
            file.write(_joined(_join(*parts[1:], "\n")))


def _quoted(texts: Text) -> Text:
    needed = pc.match_substring_regex(texts, '[",\n]')
    return pc.if_else(needed, _join('"', pc.replace_substring(texts, '"', '""'), '"'), texts)


def _write_xlsx(path: Path, sales: Sales) -> None:
    """Write a workbook as Excel does: shared strings, a reference in every cell, dates as styled numbers."""
    shared, cells = _shared_strings(sales)
    lines = len(sales.date_serial)
    with zipfile.ZipFile(path, "w") as book:
        for name, text in _FIXED_PARTS.items():
            book.writestr(_entry(name), text)
        with book.open(_entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            sheet.write((_SHEET_START % (lines + 1)).encode())
            sheet.write(_header_row().encode())
            for part in _sheet_rows(cells, lines):
                sheet.write(part)
            sheet.write(_SHEET_END.encode())
        with book.open(_entry("xl/sharedStrings.xml"), "w") as strings:
            texts = lines * _TEXT_COLUMNS + int(sales.date_is_text.sum() + sales.qty_is_text.sum())
            counts = (len(HEADER) + texts, len(shared))
            strings.write((_STRINGS_START % counts).encode())
            strings.write(_joined(_join("<si><t>", _escaped(shared), "</t></si>")))
            strings.write(b"</sst>")


def _entry(name: str) -> zipfile.ZipInfo:
    """Name a part of the workbook without the time of its making, so that the same rows are the same bytes."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _shared_strings(sales: Sales) -> tuple[Text, list[Text]]:
    """Give the table of strings, and every column as the end of its cells, after the reference."""
    tables: list[Text] = [pa.array(HEADER)]
    known = len(HEADER)
    cells = []
    for name in HEADER:
        text = sales.columns[name]
        marks = {"invoice_date": sales.date_is_text, "qty": sales.qty_is_text}.get(name)
        shown = _digits(sales.date_serial) if name == "invoice_date" else text
        style = '" s="1"><v>' if name == "invoice_date" else '"><v>'
        if name in NUMERIC and marks is None:
            cells.append(_join(style, shown, "</v></c>"))
            continue
        strings = text if marks is None else text.filter(pa.array(marks))
        coded = strings.dictionary_encode()
        ends = _join('" t="s"><v>', _digits(coded.indices.to_numpy(zero_copy_only=False) + known), "</v></c>")
        tables.append(coded.dictionary)
        known += len(coded.dictionary)
        if marks is not None:
            ends = pc.replace_with_mask(_join(style, shown, "</v></c>"), pa.array(marks), ends)
        cells.append(ends)
    return pa.concat_arrays(tables), cells


def _sheet_rows(cells: list[Text], lines: int, step: int = 50_000) -> Iterator[memoryview]:
    """Join cells to rows, some thousands at a time."""
    for start in range(0, lines, step):
        number = _digits(np.arange(start + 2, min(start + step, lines) + 2))
        parts: list[Text] = ['<row r="', number, '" spans="1:11">']
        for letter, ends in zip("ABCDEFGHIJK", cells, strict=True):
            parts += [f'<c r="{letter}', number, ends.slice(start, step)]
        yield _joined(_join(*parts, "</row>"))


def _joined(texts: Text) -> memoryview:
    """Give the bytes of a string array without a copy: they stand one after the other."""
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(content)[ends[texts.offset] : ends[texts.offset + len(texts)]]


def _escaped(texts: Text) -> Text:
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        texts = pc.replace_substring(texts, sign, entity)
    return texts


def _header_row() -> str:
    cells = "".join(f'<c r="{letter}1" t="s"><v>{at}</v></c>' for at, letter in enumerate("ABCDEFGHIJK"))
    return f'<row r="1" spans="1:11">{cells}</row>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FIXED_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEETML}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEETML}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SHEETML}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_SHEETML}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Sales" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/styles.xml": f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_SHEET_START = (
    f'{_XML}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><dimension ref="A1:K%d"/>'
    '<sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><sheetData>'
)
_SHEET_END = (
    '</sheetData><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>'
)
_STRINGS_START = f'{_XML}<sst xmlns="{_MAIN}" count="%d" uniqueCount="%d">'


# --- the programme ----------------------------------------------------------------------------------------------------


def programme_text(products: dict[str, Text]) -> str:
    """Describe a programme of twenty rules of all kinds: the matrix, two multipliers and a monthly cap among them."""
    document = {
        "schema": "kontor/1",
        "program": {
            "code": "bench",
            "name": "Benchmark",
            "sponsor": "Benchmark",
            "currency": "PLN",
            "country": "PL",
            "time_zone": "Europe/Warsaw",
            "locale": "pl",
            "starts_on": "2025-01-01",
            "ends_on": "2025-12-31",
            "point": {"value": "0.10"},
            "expiry": {"months_after_award": 24},
            "verification": {"import": "accept", "portal": "review"},
        },
        "distributor_groups": [{"code": _reseller(n), "name": f"Resellers {n + 1}"} for n in range(DISTRIBUTOR_GROUPS)],
        "product_groups": [
            *({"code": _parent(n), "name": f"Family {n + 1}"} for n in range(PARENT_GROUPS)),
            *({"code": _group(n), "name": f"Group {n + 1}", "parent": _parent(n)} for n in range(PRODUCT_GROUPS)),
        ],
        "stacks": {"base": "sum", "pieces": "best", "choice": "first", "booster": "best"},
        "earning_rules": _rules(products["sku"][:200:10].to_pylist()),
        "matrices": [_matrix()],
        "import_profiles": {
            "distributors": {"columns": {"code": "code", "name": "name", "tax_id": "tax_id", "group": "group"}},
            "products": {"columns": {"code": "sku", "ean": "ean", "name": "name", "group": "group"}},
            "sales": {
                "columns": {
                    "document_number": "invoice_no",
                    "issued_on": "invoice_date",
                    "distributor": "distributor_code",
                    "product": "sku",
                    "product_name": "product_name",
                    "quantity": "qty",
                    "unit_price": "unit_price",
                    "net_amount": "net_amount",
                },
                "dates": "%Y-%m-%d",
                "decimal": ".",
                "unknown_distributor": "hold",
                "unknown_product": "hold",
                "line_number": "position",
            },
        },
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def _rules(skus: list[str]) -> list[dict[str, Any]]:
    few = [_reseller(n) for n in range(5)]
    online = [_reseller(n) for n in range(20, 25)]
    spring, autumn = {"from": "2025-03-01", "until": "2025-05-31"}, {"from": "2025-09-01", "until": "2025-11-30"}
    rules: list[dict[str, Any]] = [
        {"code": "base", "kind": "per_amount", "points": 1, "step": "100.00", "of": "document"},
        {"code": "by-line", "kind": "per_amount", "points": 2, "step": "250.00", "of": "line", **_in(groups=["p2"])},
        {"code": "autumn", "kind": "per_amount", "points": 1, "step": "200.00", "scope": autumn},
        {"code": "piece", "kind": "per_unit", "points": 2, "stack": "pieces", **_in(groups=["p1"])},
        {"code": "heroes", "kind": "per_unit", "points": 5, "stack": "pieces", **_in(products=skus)},
        {"code": "few", "kind": "per_unit", "points": 3, "stack": "pieces", **_in(groups=["p5"], resellers=few)},
        {
            "code": "capped",
            "kind": "per_unit",
            "points": 1,
            **_in(groups=["p8"]),
            "caps": {"per_distributor": {"month": 500}},
        },
        {"code": "line", "kind": "per_line", "points": 1, **_in(groups=["p3"], exclude_product_groups=["g11"])},
        {"code": "friday", "kind": "per_line", "points": 2, **_in(groups=["p4"], weekdays=["mon", "fri"])},
        {"code": "document", "kind": "per_document", "points": 5, "least_amount": "500.00"},
        {"code": "few-documents", "kind": "per_document", "points": 3, **_in(resellers=few)},
        {
            "code": "size",
            "kind": "amount_bands",
            "bands": [{"from": f"{n}000.00", "points": 10 * n} for n in (1, 5, 20, 80)],
        },
        {
            "code": "size-p6",
            "kind": "amount_bands",
            "bands": [{"from": "500.00", "points": 4}, {"from": "5000.00", "points": 60}],
            **_in(groups=["p6"]),
        },
        {"code": "width", "kind": "line_count_bands", "bands": [{"from": 5, "points": 5}, {"from": 15, "points": 25}]},
        {"code": "width-p7", "kind": "line_count_bands", "bands": [{"from": 2, "points": 3}], **_in(groups=["p7"])},
        {"code": "either", "kind": "per_line", "points": 2, "stack": "choice", "priority": 10, **_in(groups=["g20"])},
        {
            "code": "or",
            "kind": "per_amount",
            "points": 1,
            "step": "50.00",
            "of": "line",
            "stack": "choice",
            "priority": 20,
        }
        | _in(groups=["p4"]),
        {
            "code": "double",
            "kind": "multiplier",
            "factor": 20000,
            "stack": "booster",
            "scope": {"product_groups": ["p1"], **spring},
        },
        {"code": "half-more", "kind": "multiplier", "factor": 15000, "stack": "booster", **_in(resellers=online)},
    ]
    return [{"name": f"Rule {rule['code']}", **rule} for rule in rules]


def _in(groups: list[str] | None = None, resellers: list[str] | None = None, **others: Any) -> dict[str, Any]:
    named = {"product_groups": groups, "distributor_groups": resellers}
    return {"scope": {name: value for name, value in named.items() if value is not None} | others}


def _matrix() -> dict[str, Any]:
    """Rate two groups of three for most distributor groups; the others fall back to their family or to the default."""
    rates = {
        _group(n): {_reseller(m): (n * 7 + m * 3) % 5 + 1 for m in range(DISTRIBUTOR_GROUPS) if (n + m) % 6}
        for n in range(PRODUCT_GROUPS)
        if n % 3
    }
    rates |= {_parent(n): {_reseller(m): 2 for m in range(0, DISTRIBUTOR_GROUPS, 2)} for n in range(PARENT_GROUPS)}
    return {"code": "grid", "name": "The grid", "kind": "per_unit", "stack": "pieces", "default": 1, "rates": rates}


def main() -> None:
    """Write the files and say what is in them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    start = time.perf_counter()
    files = write_bench(given.folder, given.lines, given.seed)
    for name, value in asdict(files).items():
        print(f"{name}: {value}")
    for path in sorted(given.folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    print(f"written in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
