"""What a table itself refuses, whoever writes to it: figures that contradict each other, a second of what is once."""

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, select

from app.domain.states import (
    CreditState,
    DisputeState,
    Event,
    LotState,
    PromotionState,
    RewardKind,
    RuleDraftState,
    RulesOf,
    Unit,
)
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, Lot
from app.models.registry import metadata
from tests.app.models.whole_rows import World
from tests.support import programs
from tests.support.programs import NOW


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


def test_only_a_tier_that_was_given_by_hand_ends_on_a_day(world: World) -> None:
    until = NOW.date()
    assert world.refused("tier_standing", given=False, given_until_on=until) == (
        "ck_tier_standing_only_what_is_given_ends"
    )
    world.insert("tier_standing", given=True, given_until_on=until)


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
    # in tests/app/models/test_prepaid_constraints.py, as those of top-ups
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
    "order_line": {
        *("quantity", "cancelled_as_a_whole", "points_above_zero", "money_makes_sense"),
        *("returned_are_cancelled", "returned_had_come"),
    },
    "voucher_code": {"given_as_a_whole", "used_as_a_whole"},
    "instant_reward": {"begins_before_it_ends", "figures_make_sense", "stopped_as_a_whole"},
    "draw": {"prizes", "drawn_as_a_whole"},
    "draw_ticket": {"numbers"},
    # in tests/app/models/test_document_constraints.py
    "product_alias": {"one_source", "unit"},
    "unknown_name": {"score"},
    "claim": {"sent_has_a_document", "sent_has_a_moment"},
    "attachment": {"belongs_to_something", "sizes_make_sense"},
    "review": {"risk", "closed_has_a_moment", "a_lease_ends", "a_second_follows_a_first"},
}


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


def test_every_check_of_a_table_is_tried_here() -> None:
    checks = {
        table.name: {str(one.name).removeprefix(f"ck_{table.name}_") for one in table.constraints if _is_check(one)}
        for table in metadata.sorted_tables
    }
    assert {name: found for name, found in checks.items() if found} == TRIED, "a new check is tried above"


def _is_check(constraint: object) -> bool:
    return isinstance(constraint, CheckConstraint)
