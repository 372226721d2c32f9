"""What a document's page says it is linked to by goods that came back."""

from app.domain.states import DocumentKind
from app.web.admin.documents.links import links_of
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
