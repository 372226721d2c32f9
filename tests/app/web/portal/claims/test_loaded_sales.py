"""Sales that are loaded are ticked and claimed, by a sales rep or an owner for them, and taken back; pages say how."""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.extensions import db
from app.models.claims import SaleClaim
from app.models.programs import Program
from app.models.sales import SalesDocument
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def page(world: World, code: str = "D-5") -> str:
    return f"/portal/{world.a}/{world.distributors[code]}/sales/"


def send(client: FlaskClient, index: str, *ids: int, **more: str) -> Any:
    data = {"csrf_token": token_of(client, index), "ids": [str(one) for one in ids], **more}
    return client.post(f"{index}claim", data=data)


def names(world: World, *documents: int) -> list[str | None]:
    with world.app.app_context(), transaction(db.session) as session:
        query = select(SalesDocument.person).where(SalesDocument.id.in_(documents)).order_by(SalesDocument.id)
        return list(session.scalars(query))


def test_sales_are_ticked_and_claimed(world: World, as_: As) -> None:
    rep, owner, index = as_("rep"), as_("distributor"), page(world)
    ours, theirs = [world.documents[f"FV/{at}"] for at in (5, 6)], world.documents["KOR/1"]
    shown = rep.get(f"{index}?q=FV/5").text
    assert "Sales to claim" in shown
    assert "FV/5" in shown
    assert rep.get(f"/programs/{world.a}/documents/{ours[0]}").status_code == 404, "nobody's sale is not theirs"
    look = send(rep, index, *ours, theirs, world.document_of_b)
    assert sorted(re.findall(r'name="ids" value="(\d+)"', look.text)) == sorted(map(str, ours))
    done = send(rep, index, *ours, sure="yes", person="rep")
    assert done.status_code == 303
    assert "2 sales are claimed." in rep.get(index).text
    assert names(world, *ours) == ["rep"] * 2
    assert rep.get(f"/programs/{world.a}/documents/{ours[0]}").status_code == 200
    # it is offered to others still, but to nobody twice; an owner claims for a sales rep, who has it already
    again = send(owner, index, ours[0], sure="yes", person="rep")
    assert again.status_code == 303
    assert "bears this name already" in owner.get(index).text
    assert send(owner, index, ours[0], sure="yes", person="distributor").status_code == 303
    refused = send(rep, index, ours[0], sure="yes", person="rep")
    assert refused.status_code == 303
    assert f">{ours[0]}<" not in rep.get(index).text
    assert names(world, ours[0]) == ["rep"]
    assert "Claimed by" in owner.get(f"/programs/{world.a}/documents/{ours[0]}").text


def claims_of(world: World, document: int) -> list[int]:
    with world.app.app_context(), transaction(db.session) as session:
        query = select(SaleClaim.id).join(SalesDocument, SaleClaim.document_key == SalesDocument.document_key)
        return list(session.scalars(query.where(SalesDocument.id == document).order_by(SaleClaim.id)))


def test_what_was_claimed_is_taken_back(world: World, as_: As) -> None:
    rep, owner, index = as_("rep"), as_("distributor"), page(world)
    one, listed = world.documents["FV/8"], f"{page(world)}claimed"
    send(owner, index, one, sure="yes", person="distributor")
    send(rep, index, one, sure="yes", person="rep")
    first, second = claims_of(world, one)
    assert "FV/8" in rep.get(listed).text

    def back(client: FlaskClient, *ids: int, **more: str) -> Any:
        data = {"csrf_token": token_of(client, index), "ids": [str(number) for number in ids], **more}
        return client.post(f"{listed}/taken-back", data=data)

    assert 'name="ids"' not in back(rep, first).text, "of others' claims a sales rep sees nothing"
    assert f'name="ids" value="{second}"' in back(rep, first, second).text
    assert back(rep, second, sure="yes").status_code == 303
    assert "1 claim is taken back." in rep.get(listed).text
    assert (claims_of(world, one), names(world, one)) == ([first], ["distributor"])
    assert "FV/8" in rep.get(f"{index}?q=FV/8").text, "it may be claimed again"
    assert back(owner, first, sure="yes").status_code == 303
    assert (claims_of(world, one), names(world, one)) == ([], [None])
    told = owner.get(f"/programs/{world.a}/documents/{one}").text
    assert told.count("Claim taken back") == 2
    assert "Claim taken back" in as_("verifier").get(f"/programs/{world.a}/documents/{one}").text
    for stranger in ("other", "verifier"):
        assert as_(stranger).get(listed).status_code == 404


def test_a_programme_says_on_its_page_what_comes_of_loaded_sales(world: World, as_: As) -> None:
    administrator, index = as_("administrator"), f"/programs/{world.a}/settings"
    shown = administrator.get(index).text
    assert re.search(r'name="people_per_sale"[^>]* value="2"', shown)

    def save(**said: str) -> Any:
        plain = {"claim_within_days": "", "loaded_sales_count": "at_once", "each_claimant_gets": "equal"}
        data = plain | said | {"csrf_token": token_of(administrator, index)}
        return administrator.post(f"{index}/claiming", data=data)

    assert save(people_per_sale="", loaded_sales_count="when_claimed").status_code == 400
    assert save(people_per_sale="21").status_code == 400
    said = {"loaded_sales_count": "when_claimed", "each_claimant_gets": "whole"}
    assert save(people_per_sale="3", **said).status_code == 303
    told = as_("rep").get(page(world)).text
    assert all(text in told for text in ("Up to 3 people", "Each of them gets the whole", "once it is claimed"))
    assert save(people_per_sale="2").status_code == 303
    assert "in equal parts" in as_("rep").get(page(world)).text


def test_nobody_claims_elsewhere_or_in_a_strangers_name(world: World, as_: As) -> None:
    rep, index = as_("rep"), page(world)
    one = world.documents["FV/7"]
    assert send(rep, index, one, sure="yes", person="somebody else").status_code == 400
    assert names(world, one) == [None]
    assert as_("other").get(index).status_code == 404
    assert as_("verifier").get(index).status_code == 404


def test_a_programme_that_an_older_kontor_stored_lets_nobody_claim(world: World, as_: As) -> None:
    """Settings that came since are in no row: they are what they are where a file does not say them."""
    owner, portal = as_("distributor"), f"/portal/{world.a}/{world.distributors['D-5']}"
    of_a = Program.code == world.a
    with world.app.app_context(), transaction(db.session) as session:
        stored = session.scalars(select(Program.settings).where(of_a)).one()
        older = {name: stored[name] for name in stored if name != "verification"}
        session.execute(update(Program).where(of_a).values(settings=older))
    try:
        for page_ in ("documents", "claims/"):
            shown = owner.get(f"{portal}/{page_}")
            assert shown.status_code == 200
            assert f"{portal}/sales/" not in shown.text
        assert owner.get(page(world)).status_code == 404
    finally:
        with world.app.app_context(), transaction(db.session) as session:
            session.execute(update(Program).where(of_a).values(settings=stored))
