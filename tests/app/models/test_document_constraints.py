"""What the tables of documents, claims, proofs and names refuse by themselves, whoever writes to them."""

import uuid
from typing import Any

import pytest

from app.domain.states import (
    ClaimState,
    DocumentKind,
    DocumentStatus,
    DocumentWord,
    NamedThing,
    ReviewState,
    UnknownState,
)
from tests.app.models.whole_rows import World
from tests.support.programs import NOW


def test_a_document_counts_once_and_leaves_its_key_when_it_is_refused_or_corrected(world: World) -> None:
    key = {"document_key": "invoice:7:1", "kind": DocumentKind.INVOICE}
    for status in (DocumentStatus.REFUSED, DocumentStatus.SUPERSEDED, DocumentStatus.REFUSED):
        world.insert("sales_document", **key, status=status)
    world.insert("sales_document", **key, status=DocumentStatus.REVIEW)
    for status in (DocumentStatus.REVIEW, DocumentStatus.ACCEPTED):
        assert world.refused("sales_document", **key, status=status) == "uq_sales_document_key"


def _document(world: World) -> int:
    return world.insert("sales_document", document_key=uuid.uuid4().hex, status=DocumentStatus.REVIEW)


def test_an_invoice_that_was_sent_has_its_document_and_no_other_claim_has_it(world: World) -> None:
    document = _document(world)
    sent = {"state": ClaimState.SENT, "document_id": document, "sent_at": NOW}
    assert world.refused("claim", **{**sent, "document_id": None}) == "ck_claim_sent_has_a_document"
    assert world.refused("claim", **{**sent, "sent_at": None}) == "ck_claim_sent_has_a_moment"
    assert world.refused("claim", **{**sent, "state": ClaimState.DRAFT, "sent_at": None}) == (
        "ck_claim_sent_has_a_document"
    )
    world.insert("claim", **sent, key="once")
    assert world.refused("claim", **sent, key="twice") == "ix_claim_document_id"
    assert world.refused("claim", key="once") == "uq_claim_distributor_id_key"


def test_a_proof_is_of_something_and_has_a_size(world: World) -> None:
    assert world.refused("attachment") == "ck_attachment_belongs_to_something"
    claim = world.insert("claim")
    for values in ({"file_bytes": 0}, {"pages": -1}):
        assert world.refused("attachment", claim_id=claim, **values) == "ck_attachment_sizes_make_sense"
    world.insert("attachment", claim_id=claim)
    world.insert("attachment", document_id=_document(world))


def test_a_document_is_appealed_against_once(world: World) -> None:
    document = _document(world)
    for _ in range(2):
        world.insert("document_message", document_id=document, kind=DocumentWord.NOTE)
    world.insert("document_message", document_id=document, kind=DocumentWord.APPEALED)
    again = world.refused("document_message", document_id=document, kind=DocumentWord.APPEALED)
    assert again == "uq_document_message_appeal"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"risk": -1}, "risk"),
        ({"risk": 1001}, "risk"),
        ({"state": ReviewState.CLOSED}, "closed_has_a_moment"),
        ({"closed_at": NOW}, "closed_has_a_moment"),
        ({"leased_by": "ada"}, "a_lease_ends"),
        ({"leased_until": NOW}, "a_lease_ends"),
        ({"state": ReviewState.SECOND}, "a_second_follows_a_first"),
        ({"first_by": "ada"}, "a_second_follows_a_first"),
    ],
)
def test_a_place_in_the_queue_agrees_with_itself(world: World, values: dict[str, Any], why: str) -> None:
    assert world.refused("review", document_id=_document(world), **values) == f"ck_review_{why}"
    second = {"state": ReviewState.SECOND, "first_by": "ada", "first_reason": "seen"}
    world.insert("review", document_id=_document(world), **second)


def test_a_return_is_of_something(world: World) -> None:
    document = world.insert("sales_document", document_key="credit note", status=DocumentStatus.ACCEPTED)
    values = {"return_document_id": document, "sale_document_id": document}
    for quantity in (0, -1):
        assert world.refused("return_match", **values, quantity_milli=quantity) == "ck_return_match_positive"
    world.insert("return_match", **values, quantity_milli=1)


def test_an_alias_is_of_one_source_and_its_units_are_some(world: World) -> None:
    alias = {"alias": "drill", "alias_key": "drill", "unit_milli": 1000}
    assert world.refused("product_alias", **{**alias, "unit_milli": 0}) == "ck_product_alias_unit"
    both = {"profile_name": "sales", "source_distributor_id": world.ids["distributor"]}
    assert world.refused("product_alias", **alias, **both) == "ck_product_alias_one_source"


@pytest.mark.parametrize("score", [-1, 101])
def test_likeness_is_of_a_hundred(world: World, score: int) -> None:
    named = {"what": NamedThing.PRODUCT, "state": UnknownState.OPEN, "score": score}
    assert world.refused("unknown_name", **named) == "ck_unknown_name_score"
