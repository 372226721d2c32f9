"""What a document's page says it is linked to by goods that came back."""

from app.domain.states import DocumentKind
from app.web.admin.documents.links import MOST_SHOWN, links_of
from tests.support.desk import CREDIT, Desk


def test_only_returns_that_count_stand_with_a_sale(desk: Desk) -> None:
    desk.invoice("1", 10)
    sale = desk.document("1").id
    desk.credit("K1", 3, corrects="1")
    desk.refuse("K1", CREDIT)
    assert links_of(desk.session, sale).returns == []
    desk.credit("K2", 4, corrects="1")
    assert [(one.number, one.points) for one in links_of(desk.session, sale).returns] == [("K2", 4)]
    of_return = links_of(desk.session, desk.document("K2", DocumentKind.CREDIT_NOTE).id)
    assert [(one.number, one.points) for one in of_return.sales] == [("1", 4)]


def test_documents_that_are_not_shown_are_counted(desk: Desk) -> None:
    sold = MOST_SHOWN + 2
    desk.sell(*(desk.line(f"S{number}", 1) for number in range(sold)))
    desk.credit("YEAR", sold)
    sales = links_of(desk.session, desk.document("YEAR", DocumentKind.CREDIT_NOTE).id).sales
    assert (len(sales), sales.more) == (MOST_SHOWN, 2)
