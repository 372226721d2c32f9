"""Invoices that distributors register by form: typed, kept, told what they would earn, and sent once."""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import ClaimState, DocumentStatus
from app.extensions import db
from app.models.claims import Claim
from app.models.programs import Program
from app.models.sales import SalesDocument
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def portal(world: World, page: str = "", code: str = "D-5") -> str:
    return f"/portal/{world.a}/{world.distributors[code]}/claims/{page}"


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page) or re.search(
        r'name="csrf_token" type="hidden" value="([^"]+)"', page
    )
    assert found is not None
    return found[1]


def key_of(page: str) -> str:
    found = re.search(r'name="key"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


def typed(page: str, number: str, *lines: tuple[str, str, str], **more: str) -> dict[str, str]:
    """Fill the form in: each line is a product, a quantity, a net amount."""
    data = {"csrf_token": token(page), "key": key_of(page), "number": number, "issued_on": "2026-05-04"}
    for at, (product, quantity, net) in enumerate(lines):
        data |= {f"lines-{at}-product": product, f"lines-{at}-quantity": quantity, f"lines-{at}-net": net}
    return data | {"action": "check"} | more


def sent(client: FlaskClient, answer: Any) -> Any:
    """Follow to the page that shows what is wrong."""
    assert answer.status_code == 303
    check = client.get(answer.location)
    assert check.location.endswith("?wrong=1")
    return client.get(check.location)


def documents(world: World, number: str) -> list[Any]:
    with world.app.app_context(), transaction(db.session) as session:
        query = select(SalesDocument.status, SalesDocument.source, SalesDocument.person, SalesDocument.distributor_id)
        here = select(Program.id).where(Program.code == world.a).scalar_subquery()
        return list(session.execute(query.where(SalesDocument.number == number, SalesDocument.program_id == here)))


def test_an_invoice_is_typed_checked_and_sent_once(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    answer = client.post(portal(world, "new"), data=typed(page, "CLAIM/1", ("P1", "2", "250.00"), ("P2", "1", "30.00")))
    assert answer.status_code == 303, answer.text
    check = client.get(answer.location).text
    assert "1 × (PLN\u202f280.00 / 10, rounded down) = 28 points; 25 points of it for this line" in check
    client.set_cookie("language", "pl")
    polish = client.get(answer.location).text.replace("\xa0", " ")
    assert "1 × (280,00 zł / 10, zaokrąglone w dół) = 28 punktów, z czego 3 punkty za tę pozycję" in polish
    client.delete_cookie("language")
    send = answer.location.replace("/check", "/send")
    sent = client.post(send, data={"csrf_token": token(check)})
    again = client.post(send, data={"csrf_token": token(check)})
    assert sent.status_code == again.status_code == 303
    assert sent.location == again.location
    assert "/documents/" in sent.location
    assert [(one.status, one.source) for one in documents(world, "CLAIM/1")] == [(DocumentStatus.REVIEW, "portal")]
    assert "In review" in client.get(sent.location).text
    # the key makes what comes twice one claim: the form is sent again from a tab that stayed open
    late = client.post(portal(world, "new"), data=typed(page, "CLAIM/1", ("P1", "2", "250.00")))
    assert late.status_code == 303
    assert client.get(late.location).location == sent.location


def test_a_discount_is_ticked_and_needs_neither_a_minus_nor_a_quantity(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    lines = [("P1", "2", "250.00"), ("P1", "", "30.00")]
    data = typed(page, "CLAIM/7", *lines) | {"lines-1-discount": "y"}
    answer = client.post(portal(world, "new"), data=data)
    assert answer.status_code == 303, answer.text
    check = client.get(answer.location).text
    assert "PLN\u202f220.00" in check
    again = client.get(answer.location.replace("/check", "")).text
    first, second = (re.search(rf'<input[^>]*name="lines-{at}-discount"[^>]*>', again) for at in (0, 1))
    assert first
    assert second
    assert ("checked" in first[0], "checked" in second[0]) == (False, True)
    assert re.search(r'name="lines-1-net"[^>]*value="30.00"', again)
    done = client.post(answer.location.replace("/check", "/send"), data={"csrf_token": token(check)})
    assert "\u221230.00" in client.get(done.location).text
    # more than there was to take off of
    data |= {"key": key_of(client.get(portal(world, "new")).text), "number": "CLAIM/8", "lines-1-net": "250.00"}
    answer = client.post(portal(world, "new"), data=data)
    assert "an invoice comes to more than zero" in sent(client, answer).text


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    data = typed(page, "", ("No such thing", "-1", "x"), issued_on="2031-01-01")
    answer = client.post(portal(world, "new"), data=data)
    assert answer.status_code == 400
    assert "This is no number here" in answer.text
    assert "No such thing" in answer.text
    for text in (
        "Write the number of the invoice.",
        "This day has not come yet.",
        "No product here is called No such thing.",
        "Write a quantity above zero.",
    ):
        assert text in answer.text, "what could be read is judged beside what could not"
    assert "Write the net amount" not in answer.text
    answer = sent(client, client.post(portal(world, "new"), data=data | {"lines-0-net": "10.00"}))
    for text in (
        "Write the number of the invoice.",
        "This day has not come yet.",
        "No product here is called No such thing.",
        "Write a quantity above zero.",
    ):
        assert text in answer.text
    with_drafts = client.get(portal(world)).text
    assert "Drafts of invoices" in with_drafts


def test_a_number_that_is_here_is_told_without_saying_whose(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    data = typed(page, "fv 3", ("P1", "1", "100.00"), issued_on="2026-02-01")
    answer = sent(client, client.post(portal(world, "new"), data=data))
    assert "is in the programme already" in answer.text
    assert f"/documents/{world.documents['FV/3']}" in answer.text


def test_a_rep_sees_own_drafts_alone_and_their_documents_bear_their_name(world: World, as_: As) -> None:
    owner, rep = as_("distributor"), as_("rep")
    page = owner.get(portal(world, "new")).text
    kept = owner.post(portal(world, "new"), data=typed(page, "OWNERS/1", ("P1", "1", "10.00"), action="save"))
    assert kept.status_code == 303
    with world.app.app_context(), transaction(db.session) as session:
        claim = session.scalars(select(Claim).where(Claim.key == key_of(page))).one()
        assert claim.state is ClaimState.DRAFT
        claim_id = claim.id
    assert "OWNERS/1" in owner.get(portal(world)).text
    assert "OWNERS/1" not in rep.get(portal(world)).text
    assert rep.get(portal(world, str(claim_id))).status_code == 404
    page = rep.get(portal(world, "new")).text
    answer = rep.post(portal(world, "new"), data=typed(page, "REPS/1", ("P1", "1", "10.00")))
    sent = rep.post(answer.location.replace("/check", "/send"), data={"csrf_token": token(page)})
    assert rep.get(sent.location).status_code == 200
    assert documents(world, "REPS/1")[0].person == "rep"
    assert owner.get(portal(world, f"{claim_id}")).status_code == 200
    gone = owner.post(portal(world, f"{claim_id}/put-away"), data={"csrf_token": token(page)})
    assert gone.status_code in (303, 400)


def test_an_assistant_registers_for_a_customer_and_sees_how_it_stands(world: World, as_: As) -> None:
    client = as_("assistant")
    page = client.get(portal(world, "new")).text
    answer = client.post(portal(world, "new"), data=typed(page, "COUNTER/1", ("P1", "1", "100.00")))
    sent = client.post(answer.location.replace("/check", "/send"), data={"csrf_token": token(page)})
    assert sent.status_code == 303
    assert "In review" in client.get(sent.location).text
    assert documents(world, "COUNTER/1")[0].distributor_id == world.distributors["D-5"]
    assert as_("verifier").get(portal(world, "new")).status_code == 404


def test_lines_come_and_go_without_a_script(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    more = client.post(portal(world, "new"), data=typed(page, "N/1", ("P1", "x", ""), action="add")).text
    assert "lines-1-product" in more
    assert 'value="x"' in more
    data = typed(page, "N/1", ("P1", "1", "5.00"), ("P2", "1", "6.00"), action="remove-0")
    fewer = client.post(portal(world, "new"), data=data).text
    assert 'value="6.00"' in fewer
    assert 'value="5.00"' not in fewer


def test_products_are_proposed_to_whoever_may_register(world: World, as_: As) -> None:
    found = as_("rep").get(portal(world, "products?q=p1")).json
    assert found is not None
    assert [one["code"] for one in found["products"]] == ["P1"]
    assert as_("other").get(portal(world, "products?q=p1")).status_code == 404


def registered(client: FlaskClient, world: World, number: str, net: str = "1051.98", **more: str) -> Any:
    """Type an invoice of one product and send it; gives the answer to the sending."""
    page = client.get(portal(world, "new")).text
    checked = client.post(portal(world, "new"), data=typed(page, number, ("P1", "2", net), **more))
    check = client.get(checked.location).text
    return client.post(checked.location.replace("/check", "/send"), data={"csrf_token": token(check)})


def test_who_decides_sees_the_seller_and_the_invoice_that_has_the_number_already(world: World, as_: As) -> None:
    client, verifier = as_("distributor"), as_("verifier")
    first = registered(client, world, "FS/777/11", seller_tax_id="526-000-12-46")
    second = registered(client, world, "fs 777/11")
    pages = [
        verifier.get(f"/programs/{world.a}/review/{one.location.rsplit('/', 1)[1]}").text for one in (first, second)
    ]
    assert "Tax id of the seller" in pages[0]
    assert "5260001246" in pages[0]
    assert "The number is here already, as FS/777/11" not in pages[0]
    assert "The number is here already, as FS/777/11" in pages[1]
    assert "Tax id of the seller" in pages[1], "of what it resembles"


def test_a_sellers_tax_id_that_cannot_be_is_told_beside_its_field(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    data = typed(page, "NIP/1", ("P1", "2", "250.00"), seller_tax_id="1234567890")
    answer = sent(client, client.post(portal(world, "new"), data=data)).text
    assert re.search(r'id="seller_tax_id-problem"[^>]*>[^<]*(?:<[^>]*>)*[^<]*its check digits are wrong', answer)
    right = client.post(portal(world, "new"), data=data | {"seller_tax_id": "DE136695976"})
    assert "What it would earn" in client.get(right.location).text


def test_what_it_would_earn_is_shown_with_the_invoice_that_is_like_it(world: World, as_: As) -> None:
    client = as_("distributor")
    known = registered(client, world, "RS/5/2026", "77.31", seller_tax_id="5260001246")
    page = client.get(portal(world, "new")).text
    for number, net, like in (("rs 5/26", "77.31", True), ("RS/5/2026", "77.30", False)):
        data = typed(page, number, ("P1", "2", net), key=f"like-{net}")
        check = client.get(client.post(portal(world, "new"), data=data).location).text
        assert "What it would earn" in check
        assert ("An invoice with this number, day and amount is registered already." in check) is like
        assert (f'href="{known.location}"' in check) is like


def test_a_point_parts_decimals_on_a_polish_phone_and_thousands_are_not_guessed(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    client.set_cookie("language", "pl")
    data = typed(page, "POINT/1", ("P1", "1.5", "1051.98"))
    check = client.get(client.post(portal(world, "new"), data=data).location).text
    assert "1\u202f051,98" in check.replace("\xa0", "\u202f")
    refused = client.post(portal(world, "new"), data=data | {"lines-0-net": "1.051"})
    assert refused.status_code == 400
    assert "To nie jest tu poprawna liczba" in refused.text
    client.delete_cookie("language")


def test_what_could_be_read_is_judged_on_its_own_line_and_what_follows_from_the_rest_is_not(
    world: World, as_: As
) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    data = typed(page, "READ/1", ("", "", ""), ("P1", "x", "10.00"), ("P2", "-1", ""), ("\x00", "1", "5.00"))
    more = {"lines-2-price": "y", "seller_tax_id": "1234567890", "issued_on": "31.31.2026"}
    answer = client.post(portal(world, "new"), data=data | more)
    assert answer.status_code == 400
    said = dict(re.findall(r'<p class="field-problem" id="([^"]+)-problem">([^<]*)</p>', answer.text))
    assert {name: text.strip() for name, text in said.items()} == {
        "issued_on": "This is no date. Write it like this: 31/03/2026.",
        "seller_tax_id": "There is no such tax id: its check digits are wrong. Compare it with the invoice.",
        "lines-1-quantity": "This is no number here. Write it like this: 12,480.50.",
        "lines-2-quantity": "Write a quantity above zero.",
        "lines-2-price": "This is no number here. Write it like this: 12,480.50.",
        "lines-3-product": "Remove the characters that cannot be printed.",
    }
    kept = client.post(portal(world, "new"), data=data | more | {"action": "save"})
    assert "Write a quantity above zero." not in kept.text, "a draft may want this and that"


def test_a_price_beyond_all_reason_is_told_and_breaks_nothing(world: World, as_: As) -> None:
    client = as_("distributor")
    page = client.get(portal(world, "new")).text
    data = typed(page, "LARGE/1", ("P1", "1", ""), **{"lines-0-price": "999999999999999.99"})
    assert "This is more than any invoice says." in sent(client, client.post(portal(world, "new"), data=data)).text
