"""Files for card operators, written as a programme's template says: CSV, a workbook, or fields of fixed width."""

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from app.domain.program_file.batch_file import BatchFile, Column, Mark
from app.domain.saying.wording import Said, marked
from app.domain.states import TopUpKind
from app.exports import tables
from app.exports.cells import text_column
from app.exports.csvfile import Dialect, dump_records, write_records
from app.exports.files import Written
from app.exports.workbook import Sheet, write_workbook
from prepaid.errors import BatchFileUnfit
from prepaid.files import fixed_width
from prepaid.files.order_files import OrderLines, refuse_card_numbers

_ = marked

Texts: TypeAlias = Sequence[str | None]

_LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}


@dataclass(frozen=True)
class Batch:
    """What a file is beyond its loads."""

    number: int
    run: int
    program: str
    on: dt.date
    currency: str
    decimals: int


def batch_file_name(template: BatchFile, batch: Batch) -> str:
    """Name a file as its operator wants it; the number of the batch makes each name one of its own."""
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in batch.program)
    return template.name.format(
        program=plain.strip("-").lower()[:40] or "program",
        run=f"{batch.run:06d}",
        batch=f"{batch.number:06d}",
        date=f"{batch.on:%Y%m%d}",
    )


def write_batch(path: Path, template: BatchFile, batch: Batch, lines: OrderLines) -> Written:
    """Write the file of a batch; it appears whole or not at all.

    Raises:
        CardNumberFound: A name or a code looks like the number of a payment card.
        BatchFileUnfit: A text is too long for its field, or has a character that the encoding lacks.
    """
    refuse_card_numbers(path.name, lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    if template.format == "xlsx":
        return write_workbook(path, [_sheet(template, batch, lines)])
    parts = _parts(template, batch, lines, path.name)
    if template.format == "fixed_width":
        return fixed_width.write(path, parts, template.encoding, _LINE_ENDS[template.line_end])
    return write_records(path, parts, _dialect(template))


def shown(template: BatchFile, batch: Batch, lines: OrderLines) -> str:
    """Give what a file would look like, as text; a workbook's cells stand apart by bars.

    Raises:
        CardNumberFound, BatchFileUnfit: As for the file itself.
    """
    name = batch_file_name(template, batch)
    refuse_card_numbers(name, lines)
    parts = _parts(template, batch, lines, name)
    out = io.StringIO(newline="")
    if template.format == "fixed_width":
        fixed_width.dump(out, parts, "\n")
    else:
        between = "|" if template.format == "xlsx" else template.delimiter
        dump_records(out, parts, Dialect(between, line_end="\n", quoted=template.quoted))
    return out.getvalue()


def _dialect(template: BatchFile) -> Dialect:
    return Dialect(
        delimiter=template.delimiter,
        line_end=_LINE_ENDS[template.line_end],
        encoding=template.encoding,
        quoted=template.quoted,
    )


def _parts(template: BatchFile, batch: Batch, lines: OrderLines, name: str) -> list[list[Texts]]:
    """Give the records of a file as columns of text: titles, what stands before, the loads, what stands after."""
    total = sum(lines.amount_minor.tolist())
    of_file = {
        "count": str(len(lines.reference)),
        "sum": _amounts(template, batch, [total])[0],
        **_same(template, batch),
    }
    loads = _loads(template, batch, lines)
    parts: list[list[Texts]] = []
    fixed = template.format == "fixed_width"
    if template.titles and not fixed:
        parts.append([[one.title or ""] for one in template.columns])
    before, after = ([_mark(one, of_file) for one in marks] for marks in (template.before, template.after))
    body = [loads[one.holds] if one.holds else [one.text] * len(lines.reference) for one in template.columns]
    for shapes, columns in ((template.before, before), (template.columns, body), (template.after, after)):
        if columns:
            both = zip(shapes, columns, strict=True)
            parts.append([fixed_width.fit(name, shape, column, fill=fixed) for shape, column in both])
    for column, texts in zip(template.columns, body, strict=True):
        _refuse_unwritable(name, template.encoding, column, texts)
    return parts


def _same(template: BatchFile, batch: Batch) -> dict[str, str]:
    """Give what is the same on every line."""
    return {
        "currency": batch.currency,
        "batch": str(batch.number),
        "date": batch.on.strftime(template.dates),
        "program": batch.program,
    }


def _loads(template: BatchFile, batch: Batch, lines: OrderLines) -> Mapping[str, Texts]:
    count = len(lines.reference)
    return {
        "reference": lines.reference,
        "requires": lines.requires,
        "token": lines.token,
        "last4": lines.last4,
        "amount": _amounts(template, batch, lines.amount_minor),
        "kind": [one.value for one in lines.kind],
        "code": lines.distributor_code,
        "holder": lines.holder,
        "line": [str(number) for number in range(1, count + 1)],
        **{key: [text] * count for key, text in _same(template, batch).items()},
    }


def _amounts(template: BatchFile, batch: Batch, minor: Any) -> list[str]:
    decimals = 0 if template.amounts == "minor" else batch.decimals
    texts: list[str] = tables.decimal_texts(pa.array(np.asarray(minor, dtype=np.int64)), decimals).to_pylist()
    return [text.replace(".", ",") for text in texts] if template.decimal == "," else texts


def _mark(mark: Mark, of_file: Mapping[str, str]) -> Texts:
    return [of_file[mark.holds] if mark.holds else mark.text]


def _refuse_unwritable(name: str, encoding: str, column: Column, texts: Texts) -> None:
    try:
        "".join(one or "" for one in texts).encode(encoding)
    except UnicodeEncodeError:
        at = next(at for at, one in enumerate(texts) if _unwritable(one or "", encoding))
        what = f"{column.title or column.holds or 'a text'}"
        why = Said(_("has a character that %(encoding)s does not have"), {"encoding": encoding})
        raise BatchFileUnfit(name, at + 1, what, why) from None


def _unwritable(text: str, encoding: str) -> bool:
    return bool(text) and text.encode(encoding, "ignore").decode(encoding) != text


def _sheet(template: BatchFile, batch: Batch, lines: OrderLines) -> Sheet:
    """Describe the workbook: amounts and counts are numbers, all else is text."""
    loads = _loads(template, batch, lines)
    columns, rows = [], {}
    for at, one in enumerate(template.columns):
        key, title = f"c{at}", one.title or ""
        if one.holds == "amount":
            decimals = 0 if template.amounts == "minor" else batch.decimals
            columns.append(tables.Column(key, title, tables.Kind.MONEY, decimals=decimals))
            rows[key] = lines.amount_minor
        else:
            columns.append(tables.Column(key, title))
            texts = loads[one.holds] if one.holds else [one.text] * len(lines.reference)
            rows[key] = text_column(texts)
    return Sheet("Loads", tables.Layout(tuple(columns)), rows)


def example(currency: str, decimals: int) -> tuple[Batch, OrderLines]:
    """Give three loads that show a template at work: an amount with decimals, a compensation, a long name."""
    lines = OrderLines(
        reference=["KABC-1R1", "KABC-1C1", "KABC-2R1"],
        requires=[None, "KABC-1R1", None],
        token=["tok-aleph", "tok-aleph", "tok-bet"],
        last4=["0417", "0417", "2208"],
        amount_minor=np.asarray([500_000, 55_600, 12_345], dtype=np.int64),
        kind=[TopUpKind.REWARD, TopUpKind.COMPENSATION, TopUpKind.REWARD],
        distributor_code=["D-1", "D-1", "D-2"],
        holder=["Anna Żak", "Anna Żak", "Przedsiębiorstwo Handlowo-Usługowe Kowalski i Wspólnicy"],
    )
    return Batch(7, 12, "club", dt.date(2026, 11, 26), currency, decimals), lines
