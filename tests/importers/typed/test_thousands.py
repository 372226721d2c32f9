"""Text cells of a workbook in which a point parts thousands, with whatever accompanies the number."""

import openpyxl
import pyarrow as pa
import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.models.sales import SalesDocument, SalesLine
from importers.files.cells import may_be_thousand
from tests.importers.driver import HEADER, Desk


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        *((text, True) for text in ("1.234", "-1.234", "+12.000", "1.000 zł", "1.000 szt.", "PLN 1.000", "$1.000")),
        *(
            (text, True)
            for text in ("(2.000)", "3.000-", "\u22121.000", "€ -1.000", "-1.000 zł", "1.000- zł", "(1.000 zł)")
        ),
        *(
            (text, False)
            for text in ("4.000,00 zł", "0.500", "1.0001", "1234.500", "1.234.567", "12.5", "1.000 z 2", "")
        ),
    ],
)
def test_what_may_be_a_thousand_is_told(text: str, may_be: bool) -> None:
    assert may_be_thousand(pa.array([text], pa.large_string())).to_pylist() == [may_be]


def test_a_currency_or_a_unit_behind_a_number_leaves_its_thousands(desk: Desk) -> None:
    desk.people("D1")
    desk.goods(P1=None)
    desk.profile(decimal=",", thousands=".")
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(HEADER)
    for number, quantity, net in (("A", "1.000 szt.", "1.000 zł"), ("B", 2, 12.5), ("C", 1, "4.000,00 zł")):
        page.append((number, "2026-01-05", "D1", "P1", quantity, net))
    book.save(desk.folder / "report.xlsx")
    assert desk.run(desk.folder / "report.xlsx").counts["lines_accepted"] == 3
    with transaction(desk.registry) as session:
        lines = session.execute(
            select(SalesLine.quantity_milli, SalesLine.net_minor)
            .join(SalesDocument, SalesDocument.id == SalesLine.document_id)
            .where(SalesDocument.program_id == desk.program_id)
            .order_by(SalesLine.net_minor)
        )
        assert [tuple(one) for one in lines] == [(2_000, 1_250), (1_000_000, 100_000), (1_000, 400_000)]
