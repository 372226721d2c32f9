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
    AskedState,
    CardState,
    ClaimState,
    CreditState,
    DisputeState,
    DocumentKind,
    DocumentStatus,
    DocumentWord,
    Event,
    Identity,
    LotState,
    NamedThing,
    PromotionState,
    ReviewState,
    RewardKind,
    RuleDraftState,
    RulesOf,
    RunKind,
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
        "conversion_run": {"key": own, "status": RunStatus.PREVIEW, "previewed_by": "ada", "kind": RunKind.PERIOD},
        "redemption": {"run_id": None, "key": own, "asked_by": "ada"},
        "card": {"reference": own, "active": False, "replaces_id": None, "identity": Identity.UNKNOWN},
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


def test_a_lot_ends_in_one_way_and_an_extension_moves_something(world: World) -> None:
    day = NOW.date()
    assert world.change_refused(Lot, expires_on=day, idle_months=3) == "ck_lot_ends_in_one_way"
    same = {"before_on": day, "after_on": day, "before_idle_months": None}
    assert world.refused("lot_extension", **same) == "ck_lot_extension_moves"
    world.insert("lot_extension", **same | {"before_on": None, "after_on": None, "before_idle_months": 3})


def test_a_month_is_closed_once_and_opened_only_where_somebody_asked(world: World) -> None:
    march = {"month_on": dt.date(2026, 3, 1)}
    world.insert("period_closing", **march)
    assert world.refused("period_closing", **march) == "uq_period_closing_standing"
    assert world.refused("period_closing", month_on=dt.date(2026, 4, 2)) == "ck_period_closing_a_month"
    april = {"month_on": dt.date(2026, 4, 1)}
    assert world.refused("period_closing", **april, asked_by="ann") == "ck_period_closing_asked"
    opened = {"reopened_by": "bea", "reopened_at": NOW}
    assert world.refused("period_closing", **april, **opened) == "ck_period_closing_reopened"
    asked = {"asked_by": "ann", "asked_at": NOW, "asked_why": "a mistake"}
    world.insert("period_closing", **april, **asked, **opened)
    world.insert("period_closing", **april)


def test_a_rule_has_one_open_draft_which_says_who_asked_and_who_decided(world: World) -> None:
    draft = {"document": {}, "state": RuleDraftState.DRAFT, "code": "drills"}
    world.insert("rule_draft", **draft)
    assert world.refused("rule_draft", **draft) == "uq_rule_draft_open"
    other = draft | {"code": "saws"}
    assert world.refused("rule_draft", **other | {"state": RuleDraftState.WAITING}) == "ck_rule_draft_asked"
    assert world.refused("rule_draft", **other | {"state": RuleDraftState.PUBLISHED}) == "ck_rule_draft_decided"
    world.insert("rule_draft", **draft | {"state": RuleDraftState.DROPPED, "decided_by": "ann"})


def test_an_event_is_told_once_and_its_award_is_posted_where_it_gives_something(world: World) -> None:
    event = world.insert("happened_event", key="once", event=Event.TRAINING)
    assert (
        world.refused("happened_event", key="once", event=Event.TRAINING)
        == "uq_happened_event_distributor_id_event_key"
    )
    version = world.insert("earning_rule_version", version=7)
    award = {"event_id": event, "rule_version_id": version, "amount": 5, "uncut": 5}
    assert (
        world.refused("event_award", **award | {"amount": 6}, transaction_id=world.ids["ledger_transaction"])
        == "ck_event_award_amount"
    )
    assert world.refused("event_award", **award, transaction_id=None) == "ck_event_award_posted"
    world.insert("event_award", **award | {"amount": 0}, transaction_id=None)


def test_nobody_brought_themselves(world: World) -> None:
    assert world.refused("referral", referrer_id=world.ids["distributor"]) == "ck_referral_not_itself"


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


def test_only_a_tier_that_was_given_by_hand_ends_on_a_day(world: World) -> None:
    until = NOW.date()
    assert world.refused("tier_standing", given=False, given_until_on=until) == (
        "ck_tier_standing_only_what_is_given_ends"
    )
    world.insert("tier_standing", given=True, given_until_on=until)


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
    if status in (RunStatus.PREPARING, RunStatus.PREVIEW, RunStatus.EMPTY, RunStatus.CANCELLED):
        world.insert("conversion_run", **values)
    else:
        assert world.refused("conversion_run", **values) == "ck_conversion_run_approved_before_ordered"


def test_one_run_of_a_programme_is_prepared_at_a_time(world: World) -> None:
    preparing = {"status": RunStatus.PREPARING}
    world.insert("conversion_run", **_plain("conversion_run") | preparing)
    assert world.refused("conversion_run", **_plain("conversion_run") | preparing) == "uq_conversion_run_preparing"


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


def test_what_was_asked_for_by_itself_is_asked_once_approved_by_somebody_else_and_gathered_after_that(
    world: World,
) -> None:
    run = world.insert("conversion_run", **_plain("conversion_run"))
    asked = {"run_id": None, "key": uuid.uuid4().hex, "asked_by": "ada"}
    for values in ({"run_id": None}, {**asked, "asked_by": None}, {"run_id": run, "asked_by": "ada"}):
        assert world.refused("redemption", **values) == "ck_redemption_asked"
    for values in ({"approved_by": "bea"}, {"approved_by": " Ada", "approved_at": LATER}):
        assert world.refused("redemption", **{**asked, **values}) == "ck_redemption_approved"
    assert world.refused("redemption", **{**asked, "run_id": run}) == "ck_redemption_gathered"
    for values in ({"ended_at": LATER}, {"ended_by": "ada"}):
        assert world.refused("redemption", **{**asked, **values}) == "ck_redemption_ended_as_a_whole"
    for values in ({**asked, "withdrawn": True}, {"run_id": run, "withdrawn": True}):
        assert world.refused("redemption", **values) == "ck_redemption_withdrawn_is_ended"
    gathered = {"run_id": run, "approved_at": LATER}
    world.insert("redemption", **{**asked, **gathered})
    assert world.refused("redemption", **asked) == "uq_redemption_account_id_key"
    world.insert("redemption", **{**asked, **gathered, "key": "another"})  # an account may have asked twice


def test_a_schedule_makes_one_run_a_month_and_a_run_that_gathers_has_no_approval_of_its_own(world: World) -> None:
    month = {"scheduled_on": dt.date(2026, 2, 1)}
    world.insert("conversion_run", **_plain("conversion_run"), **month)
    again = world.refused("conversion_run", **_plain("conversion_run"), **month)
    assert again == "uq_conversion_run_program_id_scheduled_on"
    values = {**_plain("conversion_run"), "status": RunStatus.SETTLED, "kind": RunKind.REDEMPTIONS}
    world.insert("conversion_run", **values)


def test_a_card_is_issued_as_a_whole_and_shows_four_digits(world: World) -> None:
    card = {**_plain("card"), "state": CardState.ACTIVE}
    issued = {"token": "t", "last4": "1234", "issued_at": NOW}
    for missing in issued:
        values = {**card, **issued, missing: None}
        assert world.refused("card", **values) == "ck_card_issued_as_a_whole"
    for digits in ("12a4", "123", "١٢٣٤", "    "):
        assert world.refused("card", **{**card, **issued, "last4": digits}) == "ck_card_last4"
    world.insert("card", **card, **issued)
    assert world.refused("card", **card, **issued) == "uq_card_provider_token"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"state": CardState.ACTIVE}, "issued_state"),
        ({"token": "tok", "last4": "0001", "issued_at": NOW, "state": CardState.ORDERED}, "ordered_state"),
        ({"active": True, "state": CardState.CLOSED}, "ended_state"),
        ({"carried_minor": -1}, "carried"),
        ({"balance_minor": 1}, "balance_as_a_whole"),
    ],
)
def test_a_card_is_as_far_as_its_state_says(world: World, values: dict[str, Any], why: str) -> None:
    assert world.refused("card", **{**_plain("card"), **values}) == f"ck_card_{why}"


def test_a_card_is_asked_for_one_load_at_a_time(world: World) -> None:
    load = {"state": AskedState.ASKED, "amount_minor": 5, "limit_minor": 5}
    assert world.refused("card_load", **{**load, "limit_minor": 4}) == "ck_card_load_amounts"
    assert world.refused("card_load", **load, ended_at=NOW) == "ck_card_load_ended"
    world.insert("card_load", **load, reference="first")
    assert world.refused("card_load", **load, reference="second") == "uq_card_load_asked"
    world.insert("card_load", **{**load, "state": AskedState.LOADED}, ended_at=NOW, reference="second")
    assert world.refused("card_load", **load, reference="first") == "uq_card_load_reference"


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
    for table, company in (("distributor", {"person_of_id": None}), ("product", {})):
        taken = _code_key(world, table)
        assert world.refused(table, code_key=taken, **company) == f"uq_{table}_program_id_code_key"


def _code_key(world: World, table: str) -> str:
    of = metadata.tables[table]
    return str(world.session.execute(select(of.c.code_key).where(of.c.id == world.ids[table])).scalar_one())


def test_a_promotion_agrees_with_itself(world: World) -> None:
    day = NOW.date()
    running = {"state": PromotionState.PUBLISHED, "first_on": day, "last_on": day, "closed_at": None}
    for wrong, why in (
        ({"state": PromotionState.DRAFT}, "published_has_days"),
        ({"last_on": None}, "days_are_two"),
        ({"base_first_on": day}, "base_days_are_two"),
        ({"state": PromotionState.CLOSED}, "closed_has_a_moment"),
        ({"asked_by": "ann"}, "asked_as_a_whole"),
    ):
        assert world.refused("promotion", **running | wrong) == f"ck_promotion_{why}"
    promotion = world.insert("promotion", **running, code_key="autumn")
    assert world.refused("promotion", **running, code_key="autumn") == "uq_promotion_program_id_code_key"
    assert world.refused("promotion_target", promotion_id=promotion, value=0) == "ck_promotion_target_value"
    for figure in ("earned", "paid", "forgiven"):
        wrong_figure = world.refused("promotion_standing", promotion_id=promotion, gates=[], **{figure: -1})
        assert wrong_figure == "ck_promotion_standing_figures_make_sense"
    standing = world.insert("promotion_standing", promotion_id=promotion, gates=[])
    nothing = {"transaction_id": world.ids["ledger_transaction"], "standing_id": standing, "amount": 0}
    assert world.refused("promotion_payment", **nothing) == "ck_promotion_payment_amount"


def test_a_head_office_is_another_distributor_of_the_same_programme(world: World) -> None:
    one = world.ids["distributor"]
    assert world.change_refused(Distributor, head_office_id=one) == "ck_distributor_not_its_own_head_office"
    elsewhere = programs.load(world.session, programs.document(f"p-{uuid.uuid4().hex[:12]}"))
    foreign = programs.people(world.session, elsewhere, ["D1"])["D1"]
    constraint = "fk_distributor_program_id_head_office_id_distributor"
    assert world.change_refused(Distributor, head_office_id=foreign) == constraint
    office = programs.people(world.session, world.program, ["HQ"])["HQ"]
    world.change(Distributor, head_office_id=office)


def test_an_account_of_a_person_says_whose_and_has_no_head_office(world: World) -> None:
    assert world.change_refused(Distributor, person_key="ewa kos") == "ck_distributor_a_person_has_a_name"
    company = world.insert("distributor", person_of_id=None, head_office_id=None, merged_into_id=None)
    world.change(Distributor, person_of_id=company, person_key="ewa kos")
    again = {"code_key": "d1-p2", "person_of_id": company, "person_key": "ewa kos", "head_office_id": None}
    assert world.refused("distributor", **again) == "uq_distributor_person"
    refused = world.change_refused(Distributor, head_office_id=company)
    assert refused == "ck_distributor_a_person_is_no_branch"


def test_shares_of_people_are_some_of_it(world: World) -> None:
    for wrong in (0, 10_001):
        shares = {"weight": wrong, "of_weight": 10_000, "once_weight": 10_000}
        assert world.refused("person_share", **shares) == "ck_person_share_part_of_all"
        given = {"weight": 1, "of_weight": 10_000, "once_weight": wrong}
        assert world.refused("person_share", **given) == "ck_person_share_at_least_once"
    assert world.refused("person_reversal", amount=0) == "ck_person_reversal_amount"


def test_a_scenario_ends_after_it_begins(world: World) -> None:
    backwards = {"from_on": dt.date(2026, 3, 2), "to_on": dt.date(2026, 3, 1), "rules_of": RulesOf.FILE}
    assert world.refused("scenario", **backwards, codes=[], rules={}) == "ck_scenario_period"


def test_a_dispute_is_about_one_thing_and_answered_as_a_whole(world: World) -> None:
    moved = world.ids["ledger_transaction"]
    nothing = dict.fromkeys(("document_id", "line_number", "rule_version_id", "answered_at", "adjustment_id"))
    plain = {**nothing, "transaction_id": moved, "state": DisputeState.OPEN}
    for why, wrong in (
        ("about_one_thing", {"transaction_id": None}),
        ("a_line_has_a_document", {"line_number": 1}),
        ("an_award_has_a_line", {"rule_version_id": 1}),
        ("answered", {"state": DisputeState.DECLINED}),
        ("answered", {"answered_at": NOW}),
        ("granted", {"state": DisputeState.GRANTED, "answered_at": NOW}),
    ):
        assert world.refused("dispute", **{**plain, **wrong}) == f"ck_dispute_{why}"
    assert world.insert("dispute", **plain)
    assert world.refused("dispute", **plain) == "uq_dispute_open"
    world.insert("dispute", **{**plain, "state": DisputeState.WITHDRAWN, "answered_at": NOW})


def test_a_purchase_credit_is_used_for_something_or_over(world: World) -> None:
    plain = {"state": CreditState.OPEN, "amount": 2, "worth_minor": 2}
    plain |= {"document": None, "purchase_minor": None, "ended_at": None, "ended_by": None}
    used = {"state": CreditState.USED, "document": "1", "purchase_minor": 2, "ended_at": NOW}
    for why, wrong in (
        ("amounts", {"amount": 0}),
        ("amounts", {"worth_minor": 0}),
        ("ended_as_a_whole", {"ended_at": NOW}),
        ("ended_as_a_whole", {"state": CreditState.ENDED}),
        ("used_for_something", {**used, "document": None}),
        ("used_for_something", {"state": CreditState.ENDED, "ended_at": NOW, "purchase_minor": 5}),
        ("no_more_than_the_purchase", {**used, "purchase_minor": 1}),
    ):
        assert world.refused("purchase_credit", **{**plain, **wrong}) == f"ck_purchase_credit_{why}"
    world.insert("purchase_credit", **{**plain, **used})
    world.insert("purchase_credit", **plain, key="another", code_hash=b"another")


TRIED = {
    # in tests/app/models/test_owner_constraints.py: what leads away, and the tables of transfers, pools and merges
    "distributor": {
        *("not_its_own_head_office", "merged_into_another"),
        *("a_person_has_a_name", "a_person_is_no_branch"),
    },
    "person_share": {"part_of_all", "at_least_once"},
    "person_reversal": {"amount"},
    "account": {"pending", "reserved", "available", "identity", "empty_where_it_leads_away", "leads_elsewhere"},
    # in tests/app/models/test_export_constraints.py
    "export_plan": {"due", "day", "target"},
    "export": {"read_as_a_whole", "made_as_a_whole", "made", "failed", "again_as_a_whole", "sent_as_a_whole"},
    "message": {"attached_as_a_whole"},
    # in tests/app/models/test_tax_constraints.py
    "tax_status_change": {"proof_as_a_whole"},
    "tax_change": {"asked", "decided"},
    "tax_papers": {"done_as_a_whole"},
    "points_transfer": {"amount", "two_participants", "four_eyes", "decided_as_a_whole"},
    "pool_member": {"days", "left_as_a_whole"},
    "distributor_merge": {"two_distributors", "four_eyes", "decided_as_a_whole"},
    "lot": {"remaining", "closed", "ends_in_one_way"},
    "lot_extension": {"moves"},
    "period_closing": {"a_month", "asked", "reopened"},
    "conversion_run": {"four_eyes", "approved_as_a_whole", "approved_before_ordered", "period"},
    "redemption": {"amounts", "tax_amounts", "asked", "approved", "gathered", "ended_as_a_whole", "withdrawn_is_ended"},
    "card": {
        "last4",
        "issued_as_a_whole",
        "issued_state",
        "ordered_state",
        "ended_state",
        "carried",
        "balance_as_a_whole",
    },
    "card_load": {"amounts", "ended"},
    # in tests/app/models/test_statement_constraints.py
    "provider_statement": {"period", "has_lines", "closed_as_a_whole"},
    "statement_line": {"amount"},
    "statement_finding": {"about_something", "closed_as_a_whole", "adjusted"},
    "top_up": {"amount", "ordered", "settled"},
    LedgerEntry.__tablename__: {"amount"},  # with the guards, in tests/app/db/test_guards.py
    "return_match": {"positive"},
    "promotion": {
        *("published_has_days", "days_are_two", "base_days_are_two", "closed_has_a_moment"),
        "asked_as_a_whole",
    },
    "promotion_target": {"value"},
    "promotion_standing": {"figures_make_sense"},
    "promotion_payment": {"amount"},
    "rule_draft": {"asked", "decided"},
    "scenario": {"period"},
    "dispute": {"about_one_thing", "a_line_has_a_document", "an_award_has_a_line", "answered", "granted"},
    "event_award": {"amount", "posted"},
    "referral": {"not_itself"},
    "tier_standing": {"only_what_is_given_ends"},
    "reward": {
        "cash_as_a_whole",
        *("points_above_zero", "figures_make_sense", "begins_before_it_ends"),
        *("computed_of_something", "discount_says_how_much", "family_as_a_whole", "discount_is_a_share"),
    },
    # in tests/app/models/test_order_constraints.py
    "reward_season": {"points_above_zero", "begins_before_it_ends", "announced_before_it_begins"},
    "reward_audience": {"one_of_the_two"},
    "basket_item": {"quantity"},
    "supplier_file": {"sent_as_a_whole"},
    "purchase_credit": {"amounts", "ended_as_a_whole", "used_for_something", "no_more_than_the_purchase"},
    "reward_order": {
        *("four_eyes", "approved_before_it_goes", "figures_make_sense"),
        *("paid_as_a_whole", "paid_before_it_goes", "money_makes_sense"),
    },
    "order_line": {"quantity", "cancelled_as_a_whole", "points_above_zero", "money_makes_sense"},
    "voucher_code": {"given_as_a_whole", "used_as_a_whole"},
    "instant_reward": {"begins_before_it_ends", "figures_make_sense", "stopped_as_a_whole"},
    "draw": {"prizes", "drawn_as_a_whole"},
    "draw_ticket": {"numbers"},
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
    return {"code": own, "code_key": own, "kind": RewardKind.GOODS, "points": 1, "price_by_hand": True, **values}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"points": 0}, "points_above_zero"),
        ({"cost_minor": -1}, "figures_make_sense"),
        ({"stock": -1}, "figures_make_sense"),
        ({"per_person": 0}, "figures_make_sense"),
        ({"from_on": NOW.date(), "until_on": NOW.date() - dt.timedelta(days=1)}, "begins_before_it_ends"),
        ({"price_by_hand": False}, "computed_of_something"),
        ({"kind": RewardKind.DISCOUNT}, "discount_says_how_much"),
        ({"discount_bp": 1_000}, "discount_says_how_much"),
        ({"family": "Jacket"}, "family_as_a_whole"),
        ({"variant": "M"}, "family_as_a_whole"),
        ({"kind": RewardKind.DISCOUNT, "discount_bp": 10_001}, "discount_is_a_share"),
    ],
)
def test_a_reward_makes_sense(world: World, values: dict[str, Any], why: str) -> None:
    assert world.refused("reward", **_reward(**values)) == f"ck_reward_{why}"
    world.insert("reward", **_reward(stock=0, cost_minor=0, per_person=1, price_by_hand=False))


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
