"""What a table itself refuses, whoever writes to it: figures that contradict each other, a second of what is once."""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.states import (
    ClaimState,
    DocumentKind,
    DocumentStatus,
    DocumentWord,
    LotState,
    NamedThing,
    ReviewState,
    RewardKind,
    RunStatus,
    TopUpKind,
    TopUpStatus,
    Unit,
    UnknownState,
)
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, Lot
from app.models.programs import Program
from app.models.registry import metadata
from tests.support import programs
from tests.support.databases import sessions_of
from tests.support.programs import NOW
from tests.support.rows import row_of
from tests.support.sales import Sold, sell

LATER = NOW + dt.timedelta(hours=1)


@dataclass
class World:
    """A programme with a sale that counted, and a row of everything that comes before a top-up."""

    session: Session
    program: Program
    ids: dict[str, int]

    def insert(self, table: str, **values: Any) -> int:
        """Insert a whole row and give its first key."""
        of = metadata.tables[table]
        key = next(iter(of.primary_key.columns))
        values = row_of(of, self.ids, **values)
        return int(self.session.execute(insert(of).values(values).returning(key)).scalar_one())

    def refused(self, table: str, **values: Any) -> str:
        """Insert what must be refused, and name the constraint that did it."""
        with pytest.raises(IntegrityError) as refused, self.session.begin_nested():
            self.insert(table, **values)
        return _constraint(refused.value)

    def change(self, model: Any, **values: Any) -> None:
        """Change the one row there is of the world's own."""
        with self.session.begin_nested():
            self.session.execute(update(model).where(model.id == self.ids[model.__tablename__]).values(**values))

    def change_refused(self, model: Any, **values: Any) -> str:
        """Change it to what must be refused, and name the constraint that did it."""
        with pytest.raises(IntegrityError) as refused:
            self.change(model, **values)
        return _constraint(refused.value)


def _constraint(error: IntegrityError) -> str:
    cause: Any = error.orig
    return str(cause.diag.constraint_name)


@pytest.fixture(scope="module")
def laid_out(addresses: Addresses) -> Iterator[World]:
    with sessions_of(addresses.database_url) as (_, registry):
        session: Session = registry()
        program = programs.load(session, programs.document(f"p-{uuid.uuid4().hex[:12]}"))
        who, what = programs.people(session, program, ["D1"]), programs.goods(session, program, {"A": "tools"})
        sell(session, program, [Sold("1/2026", who["D1"], what["A"], 1, 1000_00)])
        mine = (Account.distributor_id == who["D1"], Account.unit == Unit.POINTS)
        account = session.scalars(select(Account.id).where(*mine)).one()
        lot = session.scalars(select(Lot.id).where(Lot.account_id == account)).one()
        ids = {"program": program.id, "distributor": who["D1"], "product": what["A"], "account": account, "lot": lot}
        world = World(session, program, {**ids, "ledger_transaction": lot})
        for table in ("conversion_run", "card", "redemption", "load_batch", "user_account", "earning_rule"):
            world.ids[table] = world.insert(table, **_plain(table))
        yield world
        session.rollback()


@pytest.fixture
def world(laid_out: World) -> Iterator[World]:
    """The world as it was laid out: what a test adds is taken back."""
    saved = laid_out.session.begin_nested()
    yield laid_out
    saved.rollback()


def _plain(table: str) -> dict[str, Any]:
    """Give what a row needs beyond its types: names of its own, and figures that agree."""
    own = uuid.uuid4().hex
    return {
        "conversion_run": {"key": own, "status": RunStatus.PREVIEW, "previewed_by": "ada"},
        "card": {"reference": own, "active": False},
        "user_account": {"login": own},
        "earning_rule": {"code": own},
        "top_up": {"reference": own, "status": TopUpStatus.RESERVED, "card_id": None, "load_batch_id": None},
    }.get(table, {})


def _top_up(**values: Any) -> dict[str, Any]:
    return {**_plain("top_up"), **values}


def test_the_figures_of_an_account_agree(world: World) -> None:
    """Pending, available and reserved are what was earned less what went."""
    assert world.change_refused(Account, available=Account.available + 1) == "ck_account_identity"
    assert world.change_refused(Account, earned=Account.earned + 1) == "ck_account_identity"
    world.change(Account, available=Account.available - 10, reserved=Account.reserved + 10)
    world.change(Account, reserved=Account.reserved - 10, spent=Account.spent + 10)
    world.change(Account, available=Account.available - 10, expired=Account.expired + 10)
    world.change(Account, pending=Account.pending + 10, adjusted=Account.adjusted + 10)


def test_nothing_pending_or_reserved_is_below_zero(world: World) -> None:
    assert world.change_refused(Account, pending=-1, available=Account.available + 1) == "ck_account_pending"
    assert world.change_refused(Account, reserved=-1, available=Account.available + 1) == "ck_account_reserved"


def test_an_account_owes_only_where_the_programme_lets_it(world: World) -> None:
    owing = {"available": -1, "spent": Account.spent + Account.available + 1}
    world.change(Account, may_owe=False)
    assert world.change_refused(Account, **owing) == "ck_account_available"
    world.change(Account, may_owe=True)
    world.change(Account, **owing)


def test_an_owner_has_one_account_in_a_unit(world: World) -> None:
    """The programme itself is an owner as well, though no distributor."""
    for distributor in (world.ids["distributor"], None):
        for unit in Unit:
            values = {"distributor_id": distributor, "unit": unit, **dict.fromkeys(_FIGURES, 0)}
            assert world.refused("account", **values) == "uq_account_owner"


_FIGURES = ("pending", "available", "reserved", "earned", "spent", "expired", "adjusted", "version")


def test_a_lot_holds_at_most_what_it_brought_and_is_closed_when_nothing_is_left(world: World) -> None:
    assert world.change_refused(Lot, remaining=-1) == "ck_lot_remaining"
    assert world.change_refused(Lot, remaining=Lot.amount + 1) == "ck_lot_remaining"
    assert world.change_refused(Lot, remaining=0) == "ck_lot_closed"
    assert world.change_refused(Lot, state=LotState.CLOSED) == "ck_lot_closed"
    world.change(Lot, remaining=0, state=LotState.CLOSED)


def test_a_transaction_is_recorded_once(world: World) -> None:
    world.insert("ledger_transaction", key="once")
    assert world.refused("ledger_transaction", key="once") == "uq_ledger_transaction_key"


def test_a_document_counts_once_and_leaves_its_key_when_it_is_refused_or_corrected(world: World) -> None:
    key = {"document_key": "invoice:7:1", "kind": DocumentKind.INVOICE}
    for status in (DocumentStatus.REFUSED, DocumentStatus.SUPERSEDED, DocumentStatus.REFUSED):
        world.insert("sales_document", **key, status=status)
    world.insert("sales_document", **key, status=DocumentStatus.REVIEW)
    for status in (DocumentStatus.REVIEW, DocumentStatus.ACCEPTED):
        assert world.refused("sales_document", **key, status=status) == "uq_sales_document_key"


@pytest.mark.parametrize("approver", ["ada", "ADA", "  Ada "])
def test_nobody_approves_what_they_previewed(world: World, approver: str) -> None:
    values = {**_plain("conversion_run"), "status": RunStatus.APPROVED, "approved_at": LATER}
    assert world.refused("conversion_run", **values, approved_by=approver) == "ck_conversion_run_four_eyes"
    world.insert("conversion_run", **values, approved_by="bea")


def test_an_approval_has_a_person_and_a_time(world: World) -> None:
    for values in ({"approved_by": "bea"}, {"approved_at": LATER}):
        assert world.refused("conversion_run", **_plain("conversion_run"), **values) == (
            "ck_conversion_run_approved_as_a_whole"
        )


@pytest.mark.parametrize("status", RunStatus)
def test_nothing_is_ordered_that_nobody_approved(world: World, status: RunStatus) -> None:
    values = {**_plain("conversion_run"), "status": status}
    if status in (RunStatus.PREVIEW, RunStatus.EMPTY, RunStatus.CANCELLED):
        world.insert("conversion_run", **values)
    else:
        assert world.refused("conversion_run", **values) == "ck_conversion_run_approved_before_ordered"


def test_a_period_does_not_end_before_it_begins(world: World) -> None:
    backwards = {"from_on": dt.date(2026, 2, 2), "to_on": dt.date(2026, 2, 1)}
    assert world.refused("conversion_run", **_plain("conversion_run"), **backwards) == "ck_conversion_run_period"


def test_a_redemption_is_of_something_and_nobody_is_redeemed_twice_in_a_run(world: World) -> None:
    run = world.insert("conversion_run", **_plain("conversion_run"))
    for values in ({"points": 0}, {"points": -1}, {"amount_minor": 0}):
        assert world.refused("redemption", run_id=run, **values) == "ck_redemption_amounts"
    for values in ({"compensation_minor": -1}, {"withheld_minor": -1}, {"counted_minor": -1}):
        assert world.refused("redemption", run_id=run, **values) == "ck_redemption_tax_amounts"
    world.insert("redemption", run_id=run)
    assert world.refused("redemption", run_id=run) == "uq_redemption_run_id_account_id"


def test_a_card_is_issued_as_a_whole_and_shows_four_digits(world: World) -> None:
    issued = {"token": "t", "last4": "1234", "issued_at": NOW}
    for missing in issued:
        values = {**_plain("card"), **issued, missing: None}
        assert world.refused("card", **values) == "ck_card_issued_as_a_whole"
    for digits in ("12a4", "123", "١٢٣٤", "    "):
        assert world.refused("card", **_plain("card"), **{**issued, "last4": digits}) == "ck_card_last4"
    world.insert("card", **_plain("card"), **issued)
    assert world.refused("card", **_plain("card"), **issued) == "uq_card_provider_token"


def test_a_distributor_has_one_card_that_is_loaded(world: World) -> None:
    world.insert("card", **{**_plain("card"), "active": True})
    assert world.refused("card", **{**_plain("card"), "active": True}) == "uq_card_active"
    world.insert("card", **{**_plain("card"), "active": True, "provider": "another"})


def test_a_top_up_is_ordered_with_its_card_and_its_file(world: World) -> None:
    for status in (TopUpStatus.ORDERED, TopUpStatus.SENDING, TopUpStatus.UNKNOWN):
        for missing in ({"card_id": None}, {"load_batch_id": None}):
            ids = {"card_id": world.ids["card"], "load_batch_id": world.ids["load_batch"], **missing}
            assert world.refused("top_up", **_top_up(status=status, **ids)) == "ck_top_up_ordered"


@pytest.mark.parametrize("status", TopUpStatus)
def test_a_top_up_has_a_time_of_its_end_when_it_has_ended(world: World, status: TopUpStatus) -> None:
    ended = status in (TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED)
    ids = {"card_id": world.ids["card"], "load_batch_id": world.ids["load_batch"]}
    wrong = world.refused("top_up", **_top_up(status=status, settled_at=None if ended else NOW, **ids))
    assert wrong == "ck_top_up_settled"
    world.insert("top_up", **_top_up(status=status, settled_at=NOW if ended else None, **ids))


def test_a_redemption_is_loaded_once(world: World) -> None:
    """A further attempt comes after one that failed; two that could both load do not stand side by side."""
    ids = {"card_id": world.ids["card"], "load_batch_id": world.ids["load_batch"]}
    failed = {"status": TopUpStatus.FAILED, "settled_at": NOW, **ids}
    world.insert("top_up", **_top_up(attempt=1, **failed))
    assert world.refused("top_up", **_top_up(attempt=1)) == "uq_top_up_redemption_id_kind_attempt"
    world.insert("top_up", **_top_up(attempt=2))
    assert world.refused("top_up", **_top_up(attempt=3)) == "uq_top_up_live"
    world.insert("top_up", **_top_up(attempt=1, kind=TopUpKind.COMPENSATION))


def test_a_top_up_is_of_something_and_has_a_reference_of_its_own(world: World) -> None:
    for amount in (0, -1):
        assert world.refused("top_up", **_top_up(amount_minor=amount)) == "ck_top_up_amount"
    world.insert("top_up", **_top_up(reference="ours"))
    again = _top_up(reference="ours", kind=TopUpKind.COMPENSATION)
    assert world.refused("top_up", **again) == "uq_top_up_reference"


def test_a_person_has_a_role_once(world: World) -> None:
    """In the programme, and for a distributor: where there is none, none is like none."""
    for distributor in (None, world.ids["distributor"]):
        values = {"user_id": world.ids["user_account"], "role": "finance", "distributor_id": distributor}
        world.insert("membership", **values)
        assert world.refused("membership", **values).startswith("uq_membership")


def test_a_version_of_a_rule_is_published_once(world: World) -> None:
    world.insert("earning_rule_version", rule_id=world.ids["earning_rule"], version=1)
    again = world.refused("earning_rule_version", rule_id=world.ids["earning_rule"], version=1)
    assert again == "uq_earning_rule_version_rule_id_version"


def test_codes_of_a_programme_are_its_own(world: World) -> None:
    for table in ("distributor", "product"):
        assert world.refused(table, code_key=_code_key(world, table)) == f"uq_{table}_program_id_code_key"


def _code_key(world: World, table: str) -> str:
    of = metadata.tables[table]
    return str(world.session.execute(select(of.c.code_key).where(of.c.id == world.ids[table])).scalar_one())


def test_a_head_office_is_another_distributor_of_the_same_programme(world: World) -> None:
    one = world.ids["distributor"]
    assert world.change_refused(Distributor, head_office_id=one) == "ck_distributor_not_its_own_head_office"
    elsewhere = programs.load(world.session, programs.document(f"p-{uuid.uuid4().hex[:12]}"))
    foreign = programs.people(world.session, elsewhere, ["D1"])["D1"]
    constraint = "fk_distributor_program_id_head_office_id_distributor"
    assert world.change_refused(Distributor, head_office_id=foreign) == constraint
    office = programs.people(world.session, world.program, ["HQ"])["HQ"]
    world.change(Distributor, head_office_id=office)


TRIED = {
    "distributor": {"not_its_own_head_office"},
    "account": {"pending", "reserved", "available", "identity"},
    "lot": {"remaining", "closed"},
    "conversion_run": {"four_eyes", "approved_as_a_whole", "approved_before_ordered", "period"},
    "redemption": {"amounts", "tax_amounts"},
    "card": {"last4", "issued_as_a_whole"},
    "top_up": {"amount", "ordered", "settled"},
    LedgerEntry.__tablename__: {"amount"},  # with the guards, in tests/app/db/test_guards.py
    "return_match": {"positive"},
    "reward": {"points_above_zero", "figures_make_sense", "begins_before_it_ends", "a_season_is_whole"},
    "product_alias": {"one_source", "unit"},
    "unknown_name": {"score"},
    "claim": {"sent_has_a_document", "sent_has_a_moment"},
    "attachment": {"belongs_to_something", "sizes_make_sense"},
    "review": {"risk", "closed_has_a_moment", "a_lease_ends", "a_second_follows_a_first"},
}


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


def _reward(**values: Any) -> dict[str, Any]:
    own = uuid.uuid4().hex
    return {"code": own, "code_key": own, "kind": RewardKind.GOODS, "points": 1, **values}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"points": 0}, "points_above_zero"),
        ({"cost_minor": -1}, "figures_make_sense"),
        ({"stock": -1}, "figures_make_sense"),
        ({"per_person": 0}, "figures_make_sense"),
        ({"from_on": NOW.date(), "until_on": NOW.date() - dt.timedelta(days=1)}, "begins_before_it_ends"),
        ({"season_points": 1}, "a_season_is_whole"),
        ({"season_points": 1, "season_from_on": NOW.date()}, "a_season_is_whole"),
        ({"season_points": 0, "season_from_on": NOW.date(), "season_until_on": NOW.date()}, "a_season_is_whole"),
    ],
)
def test_a_reward_makes_sense(world: World, values: dict[str, Any], why: str) -> None:
    assert world.refused("reward", **_reward(**values)) == f"ck_reward_{why}"
    season = {"season_points": 1, "season_from_on": NOW.date(), "season_until_on": NOW.date()}
    world.insert("reward", **_reward(stock=0, cost_minor=0, per_person=1, **season))


def test_an_alias_is_of_one_source_and_its_units_are_some(world: World) -> None:
    alias = {"alias": "drill", "alias_key": "drill", "unit_milli": 1000}
    assert world.refused("product_alias", **{**alias, "unit_milli": 0}) == "ck_product_alias_unit"
    both = {"profile_name": "sales", "source_distributor_id": world.ids["distributor"]}
    assert world.refused("product_alias", **alias, **both) == "ck_product_alias_one_source"


@pytest.mark.parametrize("score", [-1, 101])
def test_likeness_is_of_a_hundred(world: World, score: int) -> None:
    named = {"what": NamedThing.PRODUCT, "state": UnknownState.OPEN, "score": score}
    assert world.refused("unknown_name", **named) == "ck_unknown_name_score"


def test_every_check_of_a_table_is_tried_here() -> None:
    checks = {
        table.name: {str(one.name).removeprefix(f"ck_{table.name}_") for one in table.constraints if _is_check(one)}
        for table in metadata.sorted_tables
    }
    assert {name: found for name, found in checks.items() if found} == TRIED, "a new check is tried above"


def _is_check(constraint: object) -> bool:
    return isinstance(constraint, CheckConstraint)
