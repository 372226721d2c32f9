"""What the books of a programme say, in the words of its files and without any number of ours: to be compared."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import text

from app.db.transaction import transaction
from app.services.ledger import ledger_check
from tests.faults.house import Site

_OF = """join sales_document s on s.id = {of} join program o on o.id = s.program_id and o.code = :code
    join distributor d on d.id = s.distributor_id"""
_WALLET = """join account a on a.id = {of} join program o on o.id = a.program_id and o.code = :code
    left join distributor d on d.id = a.distributor_id"""

_TABLES = {
    "documents": """select d.code, s.kind, s.number, s.number_key, s.issued_on, s.issued_minute, s.net_minor,
        s.line_count, s.source, s.status, s.reasons::text, s.corrects_number, s.person, s.outlet, s.channel
        from sales_document s join program o on o.id = s.program_id and o.code = :code
        join distributor d on d.id = s.distributor_id""",
    "lines": f"""select d.code, s.kind, s.number, x.line_number, p.code, x.quantity_milli, x.unit_price_micro,
        x.net_minor, x.gross_minor, x.discounted, x.source_row, x.corrects_number, x.outlet, x.channel
        from sales_line x {_OF.format(of="x.document_id")} join product p on p.id = x.product_id""",
    "awards": f"""select d.code, s.kind, s.number, x.line_number, r.code, v.version, x.unit, x.amount, x.uncut,
        x.set_amount, x.basis, x.cell, x.cut_by
        from award x {_OF.format(of="x.document_id")}
        join earning_rule_version v on v.id = x.rule_version_id join earning_rule r on r.id = v.rule_id""",
    "returns": f"""select d.code, s.number, x.return_line_number, sold.number, x.sale_line_number, x.quantity_milli
        from return_match x {_OF.format(of="x.return_document_id")}
        join sales_document sold on sold.id = x.sale_document_id""",
    "reversals": f"""select d.code, s.number, x.return_line_number, sold.number, x.sale_line_number, r.code, x.unit,
        x.amount
        from award_reversal x {_OF.format(of="x.return_document_id")}
        join sales_document sold on sold.id = x.sale_document_id
        join earning_rule_version v on v.id = x.rule_version_id join earning_rule r on r.id = v.rule_id""",
    "transactions": """select t.kind, s.number, d.code, t.effective_on, t.actor, t.reason,
        (select string_agg(concat_ws(':', a.distributor_id is null, a.unit, e.bucket, e.amount), ' '
            order by e.bucket, e.amount)
            from ledger_entry e join account a on a.id = e.account_id where e.transaction_id = t.id)
        from ledger_transaction t join program o on o.id = t.program_id and o.code = :code
        left join sales_document s on s.id = t.document_id left join distributor d on d.id = s.distributor_id""",
    "lots": f"""select d.code, a.unit, x.state, x.earned_on, x.expires_on, x.unit_value_micro, x.amount, x.remaining
        from lot x {_WALLET.format(of="x.account_id")}""",
    "wallets": f"""select d.code, x.unit, x.pending, x.available, x.reserved, x.earned, x.spent, x.expired, x.adjusted
        from account x {_WALLET.format(of="x.id")}""",
    "caps": """select r.code, x.span, x.period, x.used, d.code
        from cap_usage x join earning_rule r on r.id = x.rule_id
        join program o on o.id = r.program_id and o.code = :code left join distributor d on d.id = x.distributor_id""",
    "problems": "select row_number, outcome, reasons::text from import_problem where batch_id = :batch",
}


@dataclass(frozen=True)
class Books:
    """The rows of every table, each as often as it is there; the problems workbook is one of the tables."""

    tables: dict[str, Counter[tuple[Any, ...]]]
    counts: dict[str, int]

    def lost_against(self, whole: "Books") -> dict[str, list[Any]]:
        """Give what the other books have and these have not, by table."""
        return _less(whole, self)

    def doubled_against(self, whole: "Books") -> dict[str, list[Any]]:
        """Give what these books have and the other ones have not, or have fewer times, by table."""
        return _less(self, whole)

    def size(self, table: str) -> int:
        """Count the rows of a table."""
        return self.tables[table].total()


def _less(more: Books, fewer: Books) -> dict[str, list[Any]]:
    left = {name: rows - fewer.tables[name] for name, rows in more.tables.items()}
    return {name: sorted(rows.elements(), key=str) for name, rows in left.items() if rows}


def books_of(site: Site, code: str, batch: int) -> Books:
    """Read what an import left in the books of its programme."""
    progress = site.progress(batch)
    with transaction(site.registry) as session:
        tables = {
            name: Counter(tuple(row) for row in session.execute(text(query), {"code": code, "batch": batch}))
            for name, query in _TABLES.items()
        }
    handed_back = _workbook(Path(progress.problems_file)) if progress.problems_file else Counter()
    return Books({**tables, "workbook": handed_back}, dict(progress.counts))


def _workbook(path: Path) -> Counter[tuple[Any, ...]]:
    """Read a workbook by another reader than our own."""
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return Counter(enumerate(book.worksheets[0].iter_rows(values_only=True)))
    finally:
        book.close()


def prove(site: Site, code: str, batch: int, whole: Books) -> Books:
    """Prove that an import is in order, and like one of the same file that nobody disturbed. Returns its books."""
    found = books_of(site, code, batch)
    counts = found.counts
    parts = ("lines_accepted", "lines_held", "lines_refused", "duplicates")
    lost, doubled = found.lost_against(whole), found.doubled_against(whole)
    assert not lost, f"lost: {_shown(lost)}; doubled: {_shown(doubled)}"
    assert not doubled, f"doubled: {_shown(doubled)}"
    assert counts == whole.counts, f"{counts} is not {whole.counts}"
    assert sum(counts[name] for name in parts) == counts["rows_read"]
    with transaction(site.registry) as session:
        wrong = ledger_check.check(session).problems
        assert not wrong, wrong
        assert session.execute(text("select coalesce(sum(amount), 0) from ledger_entry")).scalar_one() == 0
    return found


def _shown(rows: dict[str, list[Any]]) -> str:
    return "; ".join(f"{len(found)} {name}, among them {found[:2]}" for name, found in rows.items())
