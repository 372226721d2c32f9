"""The table of routes has every one and asks where its address says. What that comes to: test_authorisation."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import GRANTS, MONEY_ROLES, OF_A_DISTRIBUTOR, Permission, Role
from app.factory import create_app
from app.web.access.permissions import ROUTES, Reach
from app.web.extensions import csrf
from tests.app.web.world import World

NAMED = {
    Reach.PROGRAM: {"program_code"},
    Reach.DISTRIBUTOR: {"program_code", "distributor_id"},
    Reach.DOCUMENT: {"program_code", "document_id"},
    Reach.CLAIM: {"program_code", "distributor_id", "claim_id"},
    Reach.IMPORT: {"program_code", "batch_id"},
    Reach.DRAFT: {"program_code", "draft_id"},
    Reach.PROFILE: {"program_code", "profile_name"},
    Reach.UNKNOWN_NAME: {"program_code", "unknown_id"},
    Reach.PRODUCT_NAME: {"program_code", "product_name_id"},
    Reach.DISTRIBUTOR_NAME: {"program_code", "distributor_name_id"},
    Reach.RUN: {"program_code", "run_id"},
    Reach.REDEMPTION: {"program_code", "redemption_id"},
    Reach.OWN_REDEMPTION: {"program_code", "distributor_id", "redemption_id"},
    Reach.CARD: {"program_code", "card_id"},
    Reach.EXPORT: {"program_code", "export_id"},
    Reach.EXPORT_PLAN: {"program_code", "export_plan_id"},
    Reach.TAX_CHANGE: {"program_code", "tax_change_id"},
    Reach.TAX_PAPERS: {"program_code", "tax_papers_id"},
    Reach.PROVIDER_STATEMENT: {"program_code", "provider_statement_id"},
    Reach.DIFFERENCE: {"program_code", "finding_id"},
    Reach.TRANSACTION: {"program_code", "transaction_id"},
    Reach.ADJUSTMENT: {"program_code", "adjustment_id"},
    Reach.TRANSFER: {"program_code", "transfer_id"},
    Reach.POOL: {"program_code", "pool_id"},
    Reach.MERGE: {"program_code", "merge_id"},
    Reach.RULE: {"program_code", "rule_id"},
    Reach.RULE_DRAFT: {"program_code", "rule_draft_id"},
    Reach.PROMOTION: {"program_code", "promotion_id"},
    Reach.SCENARIO: {"program_code", "scenario_id"},
    Reach.TOP_UP: {"program_code", "top_up_id"},
    Reach.DISPUTE: {"program_code", "dispute_id"},
    Reach.REWARD: {"program_code", "reward_id"},
    Reach.OFFER: {"program_code", "distributor_id", "reward_id"},
    Reach.ORDER: {"program_code", "reward_order_id"},
    Reach.OWN_ORDER: {"program_code", "distributor_id", "reward_order_id"},
    Reach.SUPPLIER_FILE: {"program_code", "supplier_file_id"},
    Reach.TEXT: {"program_code", "key"},
    Reach.MEMBER: {"program_code", "membership_id"},
    Reach.APPLICATION: {"program_code", "application_id"},
    Reach.MESSAGE: {"program_code", "message_id"},
}
SIGNED = re.compile(r'value="[\w-]+\.[\w-]+\.[\w-]+"')
NONCE = re.compile(r'nonce="[^"]*"')
FURTHER = {
    "pools.leave": {"distributor_id"},
    "chain.lot": {"lot_id"},
    "chain.movement": {"movement_id"},
    "portal_disputes.ask_of_movement": {"movement_id"},
    "portal_claims.page": {"proof_id", "page"},
    "proofs.page": {"proof_id", "page"},
    "proofs.file": {"proof_id"},
    "cards_life.change": {"what"},
    "differences.decide": {"what"},
    "runs.order_file": {"file_id"},
    "runs.response_file": {"file_id"},
}
"""Pages whose address names something of the named thing as well; they ask for both together."""

# what somebody does who has not signed in yet
OPEN = {
    "auth.sign_in",
    "ways.link",
    "ways.open_link",
    "ways.code",
    "ways.enter_code",
    "resets.ask",
    "resets.choose",
    "passkeys.options",
    "passkeys.show",
    "invited.accept",
    "join.form",
    "preferences.theme",
    "preferences.language",
    "cards_told.stripe",
}


def test_every_route_has_a_permission_and_every_entry_a_route(pages: Flask) -> None:
    assert {rule.endpoint for rule in pages.url_map.iter_rules()} == set(ROUTES)


def test_every_rule_is_asked_where_its_address_says(pages: Flask) -> None:
    for route in pages.url_map.iter_rules():
        rule = ROUTES[route.endpoint]
        if rule.reach in NAMED:
            assert rule.permission is not None, route
            assert route.arguments - FURTHER.get(route.endpoint, set()) == NAMED[rule.reach], route
        else:
            assert rule.permission is None, route


def test_nothing_that_changes_anything_is_open_or_without_a_token(pages: Flask) -> None:
    changing = {r.endpoint for r in pages.url_map.iter_rules() if r.methods & {"POST", "PUT", "PATCH", "DELETE"}}
    assert {one for one in changing if ROUTES[one].reach in (Reach.ANYBODY, Reach.FORM)} == OPEN
    assert not csrf._exempt_views
    assert {one.name for one in csrf._exempt_blueprints} == {"cards_told"}, "signed; see test_card_pages"


def test_a_route_that_the_table_forgot_is_refused(world: World) -> None:
    made = world.app.extensions["kontor"]
    fresh = create_app(made["settings"], made["addresses"], web=True)
    fresh.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = fresh.test_client().get("/forgotten")
    assert answer.status_code == 404
    assert "secret" not in answer.text
    fresh.extensions["kontor"]["attempts"].close()


def test_every_role_grants_something_and_people_of_a_distributor_see_nothing_of_the_programme() -> None:
    assert set(GRANTS) == set(Role)
    for role in Role:
        sees = Permission.SEE_PROGRAM in GRANTS[role]
        assert sees == (role not in OF_A_DISTRIBUTOR | {Role.ASSISTANT}), role
    assert GRANTS[Role.REP] < GRANTS[Role.OWNER]


def test_whoever_prepares_a_run_does_not_approve_it_and_money_needs_a_second_factor() -> None:
    for role in Role:
        assert not GRANTS[role] >= {Permission.PREPARE_RUN, Permission.APPROVE_RUN}, role
        if GRANTS[role] & {Permission.PREPARE_RUN, Permission.APPROVE_RUN, Permission.DECIDE_ADJUSTMENT}:
            assert role in MONEY_ROLES, role


def test_what_is_not_there_and_what_is_not_theirs_look_the_same(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    client = as_("stranger")
    theirs = client.get(f"/programs/{world.a}/")
    nothing = client.get("/programs/there-is-none/")
    assert theirs.status_code == nothing.status_code

    def without_signs(page: str) -> str:
        return SIGNED.sub("", NONCE.sub("", page))  # what is signed tells the second

    assert without_signs(theirs.text).replace(world.a, "there-is-none") == without_signs(nothing.text)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("viewer", "/programs/web-a-"),
        ("stranger", "/programs/web-b-"),
        ("distributor", "/portal/web-a-"),
        ("rep", "/portal/web-a-"),
    ],
)
def test_everybody_begins_where_they_belong(as_: Callable[[str], FlaskClient], name: str, begins: str) -> None:
    answer = as_(name).get("/")
    assert answer.status_code == 303
    assert answer.location.startswith(begins)
    assert as_(name).get(answer.location, follow_redirects=True).status_code == 200


def test_somebody_without_a_role_is_told_so(as_: Callable[[str], FlaskClient]) -> None:
    answer = as_("nobody").get("/")
    assert answer.status_code == 200
    assert "nobody has given you a role" in answer.text


def test_whoever_asks_for_data_without_being_signed_in_gets_no_page(world: World, visitor: FlaskClient) -> None:
    address = f"/programs/{world.a}/imports/{world.batch}/progress"
    assert visitor.get(address, headers={"Accept": "application/json"}).status_code == 401
