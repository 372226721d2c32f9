"""What the lines of an e-invoice are: told by EAN, code or alias, or proposed."""

import pytest

from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.imported import aliases
from app.services.imported.aliases import Meaning
from tests.support.e_invoices import Item, fa, ubl
from tests.support.programs import NOW, document, load, people
from verification.einvoices.matching import match_lines
from verification.einvoices.reading import read

DRILL_EAN, HAMMER_EAN, STRANGE_EAN = "5901234123457", "5909876543210", "4006381333931"


@pytest.fixture
def shop(session, code):
    program = load(session, document(code))
    catalogue.put_products(
        session,
        program.id,
        "pl",
        [
            ProductRow(code="D-12", name="Drill 12 V", ean=DRILL_EAN),
            ProductRow(code="D-18", name="Drill 18 V"),
            ProductRow(code="H-1", name="Claw hammer", ean=HAMMER_EAN),
        ],
    )
    ids = catalogue.product_ids(session, program.id)
    return program, {key.upper(): id_ for key, id_ in ids.items()}, people(session, program)


def _matched(session, shop, *items, **more):
    return match_lines(session, shop[0].id, read(fa(items), "i.xml").lines, **more)


def test_an_ean_tells_the_product_whatever_the_seller_calls_it(session, shop):
    _, ids, _ = shop
    (found,) = _matched(session, shop, Item("Wiertarka", "2", "10", code="H-1", gtin=f"0{DRILL_EAN}"))
    assert (found.product_id, found.found_by, found.written) == (ids["D-12"], "ean", f"0{DRILL_EAN}")
    assert (found.quantity_milli, found.proposals, found.problem) == (2_000, (), None)


def test_our_code_tells_the_product(session, shop):
    _, ids, _ = shop
    found = _matched(
        session, shop, Item("x", "1", "10", code=" d-18 "), Item("x", "1", "10", code="D-18", gtin=STRANGE_EAN)
    )
    assert [(one.product_id, one.found_by) for one in found] == [(ids["D-18"], "code")] * 2


def test_a_code_that_the_ean_contradicts_is_a_proposal(session, shop):
    _, ids, _ = shop
    (found,) = _matched(session, shop, Item("x", "1", "10", code="H-1", gtin=STRANGE_EAN))
    assert (found.product_id, found.found_by) == (None, None)
    assert [(one.id, one.why) for one in found.proposals] == [(ids["H-1"], "code")]


def test_a_sellers_code_is_told_by_its_alias_in_its_unit(session, shop):
    program, ids, distributors = shop
    given = {"actor": "ann", "now": NOW}
    aliases.put_product_alias(session, program, "BOX-12", Meaning(ids["D-12"], 12_000), **given)
    aliases.put_product_alias(
        session, program, "BOX-12", Meaning(ids["D-18"], 500), source_distributor_id=distributors["D1"], **given
    )
    line = Item("Box of drills", "3", "10", code="box-12")
    (of_all,) = _matched(session, shop, line, distributor_id=distributors["D2"])
    assert (of_all.product_id, of_all.quantity_milli, of_all.found_by) == (ids["D-12"], 36_000, "alias")
    (of_theirs,) = _matched(session, shop, line, distributor_id=distributors["D1"])
    assert (of_theirs.product_id, of_theirs.quantity_milli) == (ids["D-18"], 1_500)


def test_what_does_not_count_here_and_what_no_unit_divides_say_so(session, shop):
    program, ids, _ = shop
    given = {"actor": "ann", "now": NOW}
    aliases.put_product_alias(session, program, "OUT", Meaning(None, reason="not ours"), **given)
    aliases.put_product_alias(session, program, "THIRD", Meaning(ids["D-12"], 333), **given)
    ignored, inexact = _matched(session, shop, Item("x", "1", "10", code="OUT"), Item("y", "0.5", "10", code="THIRD"))
    assert (ignored.product_id, ignored.problem["code"], ignored.problem["because"]) == (
        None,
        "ignored_product",
        "not ours",
    )
    assert (inexact.product_id, inexact.problem["code"], inexact.quantity_milli) == (None, "unit_not_exact", 500)
    assert [one.id for one in inexact.proposals] == [ids["D-12"]]


def test_a_name_is_an_alias_or_else_only_a_proposal(session, shop):
    program, ids, _ = shop
    line = Item("DRILL, 12 V (blue)", "1", "10", code="777")
    (alike,) = _matched(session, shop, line)
    assert (alike.product_id, alike.found_by) == (None, None)
    assert alike.proposals[0].id == ids["D-12"]
    assert alike.proposals[0].why == "name"
    aliases.put_product_alias(session, program, "drill, 12 v (Blue)", Meaning(ids["D-12"]), actor="ann", now=NOW)
    (told,) = _matched(session, shop, line)
    assert (told.product_id, told.found_by, told.written) == (ids["D-12"], "alias", "DRILL, 12 V (blue)")


def test_what_another_source_calls_a_product_is_a_proposal(session, shop):
    program, ids, distributors = shop
    aliases.put_product_alias(
        session, program, "Q7", Meaning(ids["H-1"]), source_distributor_id=distributors["D1"], actor="ann", now=NOW
    )
    (found,) = _matched(session, shop, Item("something", "1", "10", code="Q7"), distributor_id=distributors["D2"])
    assert (found.product_id, [(one.id, one.why) for one in found.proposals]) == (None, [(ids["H-1"], "elsewhere")])


def test_what_nothing_is_like_has_no_proposal(session, shop):
    (found,) = _matched(session, shop, Item("Zupełnie co innego", "1", "10", code="0815"))
    assert (found.product_id, found.proposals) == (None, ())


def test_lines_of_other_formats_are_matched_alike(session, shop):
    _, ids, _ = shop
    lines = read(ubl([Item("x", "1", "10", code="H-1"), Item("y", "1", "10", gtin=HAMMER_EAN)]), "i.xml").lines
    assert [one.product_id for one in match_lines(session, shop[0].id, lines)] == [ids["H-1"]] * 2
