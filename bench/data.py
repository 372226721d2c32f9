"""Make the files of the import benchmark: distributors, products, sales as csv and as xlsx, and the programme.

The same size and seed give the same bytes; all files of sales hold the same lines. Everything is made in columns.
`python -m bench.data FOLDER --lines 100000` writes them and prints what is in them.
"""

import argparse
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.demo.identifiers import ean13, nips
from bench.binary_workbook import write_xlsb
from bench.programme import DISTRIBUTOR_GROUPS, PRODUCT_GROUPS, group, programme_text, reseller
from bench.writing import Ints, Sales, Text, digits, join, write_csv, write_xlsx

MOST_DISTRIBUTORS, MOST_PRODUCTS = 5_000, 20_000
LINES_PER_DISTRIBUTOR, LINES_PER_PRODUCT = 200, 50
"""A file of less than a million lines has fewer of both, down to what its rules name."""
LINES_PER_DOCUMENT = 5
FIRST_DAY, DAYS = np.datetime64("2025-01-01"), 365
EXCEL_EPOCH = np.datetime64("1899-12-30")

WORKBOOKS = {"xlsx": write_xlsx, "xlsb": write_xlsb}

BAD_NUMBERS = ("n/a", "12x", "1.2.3", "two", "?")
BAD_DATES = ("2025-13-45", "31.02.2025", "yesterday", "2025/xx/01")


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


def write_bench(
    folder: Path, lines: int = 1_000_000, seed: int = 7, *, forms: Collection[str] = ("xlsx",)
) -> BenchFiles:
    """Write distributors.csv, products.csv, programme.yaml, and the sales as csv and in these forms of workbooks.

    One line in a hundred is bad: an unknown product (40 %), an unknown distributor, a quantity that is no number or a
    date that is none (20 % each).
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    distributors = _distributors(min(max(lines // LINES_PER_DISTRIBUTOR, 100), MOST_DISTRIBUTORS), rng)
    products, list_price = _products(min(max(lines // LINES_PER_PRODUCT, 400), MOST_PRODUCTS), rng)
    sales, files = _sales(folder, lines, distributors, products, list_price, rng)
    (folder / "programme.yaml").write_text(programme_text(products["sku"].to_pylist()), encoding="utf-8")
    write_csv(folder / "distributors.csv", distributors)
    write_csv(folder / "products.csv", products)
    write_csv(folder / "sales.csv", sales.columns)
    for form in forms:
        WORKBOOKS[form](folder / f"sales.{form}", sales)
    return files


# --- who and what -----------------------------------------------------------------------------------------------------


def _distributors(count: int, rng: np.random.Generator) -> dict[str, Text]:
    legal = ("Sp. z o.o.", "S.A.", "& Co", "Sp. j.", "i Syn")
    return {
        "code": pa.array([f"D{10_001 + n}" for n in range(count)]),
        "name": pa.array([f"Distributor {n + 1} {legal[n % len(legal)]}" for n in range(count)]),
        "tax_id": pa.array(nips(count)),
        "group": pa.array([reseller(n) for n in rng.integers(0, DISTRIBUTOR_GROUPS, count).tolist()]),
    }


def _products(count: int, rng: np.random.Generator) -> tuple[dict[str, Text], Ints]:
    kinds = ("drill", "paint", "cable", "filter", "valve", "hinge", 'pipe 1/2"', "żarówka")
    products = {
        "sku": pa.array([f"SKU-{n:06d}" for n in range(count)]),
        "ean": pa.array([ean13(590_000_000_000 + 37 * n) for n in range(count)]),
        "name": pa.array([f"Product {n}, {kinds[n % len(kinds)]} {n % 97}x{n % 53} mm" for n in range(count)]),
        "group": pa.array([group(n) for n in rng.integers(0, PRODUCT_GROUPS, count).tolist()]),
    }
    return products, np.maximum(rng.lognormal(8.1, 1.0, count).astype(np.int64), 49)


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
        "qty": join(digits(quarters // 4), pa.array(["", ".25", ".5", ".75"]).take(quarters % 4)),
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
    return join(before, digits(1_000_001 + np.arange(len(distributor_of))), after)


def _iso_dates() -> Text:
    return pa.array((FIRST_DAY + np.arange(DAYS).astype("timedelta64[D]")).astype(str).tolist())


def _money(minor: Ints) -> Text:
    return join(digits(minor // 100), pa.array([f".{cents:02d}" for cents in range(100)]).take(minor % 100))


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
