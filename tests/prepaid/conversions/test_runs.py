import datetime as dt
import threading

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.states import CardState, RunStatus, TaxStatus, TopUpStatus, Unit
from app.models.distributors import Distributor
from app.models.ledger import LedgerTransaction
from app.models.people import AuditEvent
from app.models.prepaid import Card, ConversionRun, Redemption
from app.models.programs import Program
from prepaid.cards import cards
from prepaid.conversions import runs
from prepaid.errors import (
    BlockedMeanwhile,
    NoSuchRun,
    NotAllowedNow,
    PrepaidError,
    SamePerson,
    TermsInvalid,
)
from prepaid.loads.moves import RUN_MOVES, TOP_UP_MOVES
from tests.prepaid.conftest import FROM, NOW, TO, World


def redemptions(world: World, run: ConversionRun) -> dict[str, Redemption]:
    from app.models.ledger import Account

    with transaction(world.registry) as session:
        rows = session.execute(
            select(Distributor.code, Redemption)
            .join(Account, Account.id == Redemption.account_id)
            .join(Distributor, Distributor.id == Account.distributor_id)
            .where(Redemption.run_id == run.id)
        ).all()
        found = {row[0]: row[1] for row in rows}
        session.expunge_all()
    return found


def test_a_preview_freezes_what_it_shows(world: World) -> None:
    world.load().add("A", 1001).add("B", 7)
    run = world.preview()
    assert (run.status, run.accounts, run.points) == (RunStatus.PREVIEW, 2, 1008)
    assert (run.amount_minor, run.compensation_minor, run.currency) == (50_400, 0, "PLN")
    assert run.exceptions == []
    assert world.wallet("A") == (0, 1001, 0)
    assert world.wallet("B") == (0, 7, 0)
    assert world.top_ups(run) == {("A", "reward"): TopUpStatus.RESERVED, ("B", "reward"): TopUpStatus.RESERVED}
    again = world.preview()
    assert (again.status, again.accounts, again.exceptions) == (RunStatus.EMPTY, 0, [])


def test_points_that_make_no_full_grosz_stay(world: World) -> None:
    world.load(value="0.003").add("A", 10).add("B", 3)
    run = world.preview()
    assert (run.points, run.amount_minor) == (10, 3)  # 10 x 0.3 groszy are 3, and 9 points would make 2
    assert [(one["distributor"], one["code"], one["points"]) for one in run.exceptions] == [("B", "nothing_whole", 3)]
    assert world.wallet("A") == (0, 10, 0)
    world.give("B", 2)
    run = world.preview()
    assert (run.points, run.amount_minor) == (4, 1)
    assert world.wallet("B") == (1, 4, 0)


def test_the_lots_that_expire_first_go_first_and_the_rest_stays_in_the_last(world: World) -> None:
    world.load(value="0.003").add("A", 3, at=NOW - dt.timedelta(days=3)).give("A", 5, at=NOW - dt.timedelta(days=1))
    world.give("A", 3)
    run = world.preview()
    assert (run.points, run.amount_minor) == (10, 3)  # of 11 points
    assert [left for _, left in world.lots()] == [0, 0, 1]


def test_what_expires_first_goes_first_though_it_came_later(world: World) -> None:
    world.load(value="0.003").add("A", 5)
    world.give("A", 6, at=NOW - dt.timedelta(days=10))
    run = world.preview()
    assert (run.points, run.amount_minor) == (10, 3)
    assert [left for _, left in world.lots()] == [1, 0]  # in the order in which they came


def test_only_the_period_counts_and_nothing_that_has_expired(world: World) -> None:
    october = dt.datetime(2026, 10, 31, 22, 59, tzinfo=dt.UTC)  # before midnight in Warsaw
    november = dt.datetime(2026, 10, 31, 23, 0, tzinfo=dt.UTC)
    world.load().add("A", 100, at=october).give("A", 20, at=november)
    assert world.preview().points == 20
    old = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)  # expired on 2026-01-01
    world.add("B", 50, at=old)
    run = world.preview(from_on=dt.date(2024, 1, 1), to_on=TO)
    assert run.points == 100
    assert world.wallet("B") == (50, 0, 0)


def test_money_converts_one_to_one(world: World) -> None:
    world.load(prepaid="{minimum_points: 1000000}").add("A", 12_345, unit=Unit.MONEY).add("A", 5)
    run = world.preview(unit=Unit.MONEY)
    assert (run.unit, run.points, run.amount_minor) == (Unit.MONEY, 12_345, 12_345)
    assert world.wallet("A", Unit.MONEY) == (0, 12_345, 0)
    assert world.wallet("A") == (5, 0, 0)


def test_everything_that_cannot_be_converted_is_an_exception_with_words(world: World) -> None:
    world.load(prepaid='{cards: registered, minimum_points: 10, maximum_amount: "100.00"}')
    world.add("5900000000022", 7, name="A shop")  # a GLN may check as the number of a card does
    for code in ("CARD", "LESS", "MORE", "BLOCKED", "OWES", "4111111111111111", "FRIEND"):
        world.add(code, 200, TaxStatus.BUSINESS_FRIEND if code == "FRIEND" else TaxStatus.COMPANY)
    world.add("LEAST", 10).add("FEW", 9).add("NOTHING")
    world.give("MORE", 1)
    world.give("OWES", -250)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        for code in ("LEAST", "FEW", "MORE", "LESS", "BLOCKED", "FRIEND", "NOTHING", "OWES"):
            cards.register(session, program, code, token=f"tok-{world.code}-{code}", last4="1234", actor="x", now=NOW)
        session.execute(
            update(Distributor)
            .where(Distributor.program_id == world.program_id, Distributor.code == "BLOCKED")
            .values(blocked=True)
        )
    run = world.preview()
    assert set(world.top_ups(run)) == {("LESS", "reward"), ("LEAST", "reward")}
    assert (run.points, run.amount_minor) == (210, 10_500)
    found = {one["distributor"]: (one["code"], one["message"]) for one in run.exceptions}
    assert found["CARD"] == ("no_card", "No card is registered; see `kontor cards register`.")
    assert found["FEW"] == ("below_minimum", "The programme converts points from 10 on.")
    assert found["MORE"] == ("over_limit", "The amount is 100.50; a top-up has at most 100.00 PLN.")
    assert found["OWES"] == ("owes", "The account owes 50 points; new awards pay that off first.")
    assert found["BLOCKED"][0] == "blocked"
    assert found["FRIEND"][0] == "no_tax_rule"
    assert "the redemption is blocked" in found["FRIEND"][1]
    assert found["(hidden: looks like a card number)"][0] == "card_number"
    assert found["5900000000022"][0] == "no_card"
    assert len(found) == 8
    assert runs.exception_counts(run.exceptions)["owes"] == 1
    assert sum(world.wallet(code)[1] for code in found if not code.startswith("(")) == 0


def test_the_least_and_the_most_are_themselves_converted(world: World) -> None:
    world.load(prepaid='{minimum_points: 10, maximum_amount: "100.00"}').add("FEW", 10).add("MANY", 200)
    run = world.preview()
    assert (run.exceptions, run.points, run.amount_minor) == ([], 210, 105_00)


def test_a_private_person_gets_the_tax_back_on_top(world: World) -> None:
    """rules.md 10: net 5,000.00, 10 %, whole zloty: 556.00."""
    world.load().add("P", 10_000, TaxStatus.PRIVATE_PERSON).add("Q", 4_000, TaxStatus.PRIVATE_PERSON)
    world.add("C", 10_000)
    run = world.preview()
    assert (run.amount_minor, run.compensation_minor) == (1_200_000, 55_600)
    found = redemptions(world, run)
    assert (found["P"].compensation_minor, found["P"].tax_rule) == (55_600, "PL-PREMIUM-SALE v1")
    assert found["P"].tax_trace["tax_minor"] == 55_600
    assert found["P"].tax_trace["net_minor"] == 500_000
    assert found["P"].tax_trace["steps"]
    assert found["Q"].compensation_minor == 0  # 2,000.00 are exempt
    assert (found["C"].compensation_minor, found["C"].tax_rule) == (0, "PL-BUSINESS v1")
    assert ("P", "compensation") in world.top_ups(run)
    assert ("Q", "compensation") not in world.top_ups(run)


def test_where_the_participant_bears_a_withheld_tax_the_rest_is_loaded(world: World) -> None:
    rule = (
        "{rules: [{code: OWN, version: 3, title: Own, applies_to: [company], reward_kinds: [prepaid], rate_bp: 1900, "
        "borne_by: participant, withholding: true, legal: none}]}"
    )
    world.load(tax=rule).add("A", 200)
    run = world.preview()
    assert (run.amount_minor, run.withheld_minor, run.compensation_minor) == (8_100, 1_900, 0)
    found = redemptions(world, run)["A"]
    assert (found.amount_minor, found.withheld_minor, found.tax_rule) == (8_100, 1_900, "OWN v3")
    assert run.terms["tax"] == "Tax by 1 rule of the programme's own."


def test_a_rule_that_looks_at_the_year_sees_what_the_year_had(world: World) -> None:
    rule = (
        "{rules: [{code: YEAR, version: 1, title: Year, applies_to: [company], reward_kinds: [prepaid], rate_bp: 1000, "
        'exemption: {limit: "100.00", basis: calendar_year, mode: slice}, borne_by: sponsor_compensates, legal: none}]}'
    )
    world.load(tax=rule).add("A", 160)
    first = world.preview()
    assert first.compensation_minor == 0  # 80.00 of 100.00
    world.give("A", 160)
    second = world.preview()
    assert second.compensation_minor == 667  # 60.00 + T exceed it: 10 % of 66.67
    with transaction(world.registry) as session:
        runs.cancel(session, second.id, actor="ann", now=NOW)
    third = world.preview()
    assert third.compensation_minor == 667  # what was called off does not count
    with transaction(world.registry) as session:
        runs.cancel(session, third.id, actor="ann", now=NOW)
        runs.cancel(session, first.id, actor="ann", now=NOW)
    assert world.preview(now=NOW + dt.timedelta(days=60)).compensation_minor == 667  # both at once, in January
    world.give("A", 160, at=NOW)
    assert world.preview(now=NOW).compensation_minor == 0  # the other is of next year


def test_the_tax_of_a_year_is_levied_once_where_an_earlier_reward_is_called_off(world: World) -> None:
    rule = (
        "{rules: [{code: YEAR, version: 1, title: Year, applies_to: [company], reward_kinds: [prepaid], rate_bp: 1000, "
        'exemption: {limit: "100.00", basis: calendar_year, mode: MODE}, borne_by: participant, legal: none}]}'
    )
    for code, mode, levied in (("A", "slice", 600), ("B", "cliff", 1_600)):
        world.load(tax=rule.replace("MODE", mode)).add(code, 160)
        first = world.preview()
        world.give(code, 160)
        second = world.preview()
        assert redemptions(world, second)[code].tax_levied_minor == levied
        with transaction(world.registry) as session:
            runs.cancel(session, first.id, actor="ann", now=NOW)
        again = world.preview()
        assert redemptions(world, again)[code].tax_levied_minor == 0, "of 160.00 the tax is levied with the second"
        with transaction(world.registry) as session:
            for run in (second, again):
                runs.cancel(session, run.id, actor="ann", now=NOW)


def test_what_was_given_before_new_year_is_none_of_the_year(world: World) -> None:
    rule = (
        "{rules: [{code: YEAR, version: 1, title: Year, applies_to: [company], reward_kinds: [prepaid], rate_bp: 1000, "
        'exemption: {limit: "100.00", basis: calendar_year, mode: slice}, borne_by: sponsor_compensates, legal: none}]}'
    )
    world.load(tax=rule).add("A", 160)
    assert world.preview(now=dt.datetime(2026, 12, 31, 22, 59, 59, tzinfo=dt.UTC)).compensation_minor == 0
    world.give("A", 160)
    first_of_january = world.preview(now=dt.datetime(2026, 12, 31, 23, 0, tzinfo=dt.UTC))  # midnight in Warsaw
    assert first_of_january.compensation_minor == 0
    world.give("A", 160)
    assert world.preview(now=dt.datetime(2026, 12, 31, 22, 59, 59, tzinfo=dt.UTC)).compensation_minor == 667


def test_a_tax_rule_that_may_not_be_used_makes_exceptions_and_no_crash(world: World) -> None:
    rule = (
        "{rules: [{code: GIFTS, version: 1, title: Gifts, applies_to: [company], reward_kinds: [prepaid], rate_bp: 0, "
        "borne_by: sponsor, legal: none, blocks: [{purposes: [own_sales_points], reason: not for points}]}]}"
    )
    world.load(tax=rule).add("A", 200)
    run = world.preview()
    assert run.status is RunStatus.EMPTY
    assert [(one["code"], one["message"]) for one in run.exceptions] == [
        ("tax_refused", "Rule GIFTS may not be used here: not for points. The redemption is blocked.")
    ]


def test_a_rule_of_another_currency_makes_exceptions_of_those_it_is_for(world: World) -> None:
    world.load(currency="EUR").add("A", 200).add("P", 200, TaxStatus.PRIVATE_PERSON)
    run = world.preview()
    assert (run.accounts, run.currency) == (1, "EUR")
    assert [(one["distributor"], one["code"]) for one in run.exceptions] == [("P", "tax_refused")]


def test_the_country_s_pack_is_taken_where_the_programme_says_nothing(world: World) -> None:
    world.load(tax="{}").add("A", 200)
    run = world.preview()
    assert run.accounts == 1
    assert "the pack PL of the programme's country" in run.terms["tax"]


def test_without_any_rules_everybody_is_blocked(world: World) -> None:
    world.load(tax="{}", country="CZ").add("A", 200)
    run = world.preview()
    assert run.terms["tax"] == "No tax rules."
    assert [one["code"] for one in run.exceptions] == ["no_tax_rule"]


@pytest.mark.parametrize(
    ("tax", "prepaid", "words"),
    [
        ({"pack": "XX"}, {}, "no tax pack for 'XX'"),
        ({"rules": [{"code": "A"}]}, {}, "title"),
        ({"pack": "PL"}, {"maximum_amount": "1.001"}, "more than 2 decimals"),
    ],
)
def test_terms_that_an_older_version_let_pass_stop_the_preview(
    world: World, tax: dict[str, object], prepaid: dict[str, object], words: str
) -> None:
    world.load().add("A", 200)
    with transaction(world.registry) as session:
        session.execute(update(Program).where(Program.id == world.program_id).values(tax=tax, prepaid=prepaid))
    with pytest.raises(TermsInvalid, match=words):
        world.preview()
    assert world.wallet("A") == (200, 0, 0)


def test_a_period_that_ends_before_it_begins_is_refused(world: World) -> None:
    world.load()
    with pytest.raises(PrepaidError, match="before it begins"):
        world.preview(from_on=TO, to_on=FROM)


def test_two_previews_at_once_never_take_the_same_points(world: World) -> None:
    world.load()
    for number in range(20):
        world.add(f"D{number}", 100)
    made: list[ConversionRun] = []

    def convert() -> None:
        made.append(world.preview())
        world.registry.remove()

    threads = [threading.Thread(target=convert) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.accounts for one in made) == [0, 0, 0, 20]
    assert sum(one.points for one in made) == 2_000


@pytest.mark.parametrize("who", ["ann", " Ann ", "ANN"])
def test_whoever_previewed_cannot_approve(world: World, who: str) -> None:
    world.load().add("A", 200)
    run = world.preview(actor="ann")
    with pytest.raises(SamePerson, match="second person"):
        world.approve(run, actor=who)
    assert world.status(run) is RunStatus.PREVIEW
    with Session(world.engine) as session, pytest.raises(IntegrityError, match="four_eyes"):
        session.execute(
            update(ConversionRun)
            .where(ConversionRun.id == run.id)
            .values(approved_by=who, approved_at=NOW, status=RunStatus.APPROVED)
        )


def test_nothing_is_ordered_in_the_database_without_an_approval(world: World) -> None:
    world.load().add("A", 200)
    run = world.preview()
    with Session(world.engine) as session, pytest.raises(IntegrityError, match="approved_before_ordered"):
        session.execute(update(ConversionRun).where(ConversionRun.id == run.id).values(status=RunStatus.ORDERED))


def test_a_run_of_which_somebody_was_blocked_meanwhile_is_not_approved(world: World) -> None:
    world.load().add("A", 200).add("B", 200)
    run = world.preview()
    with transaction(world.registry) as session:
        session.execute(
            update(Distributor)
            .where(Distributor.program_id == world.program_id, Distributor.code == "B")
            .values(blocked=True)
        )
    with pytest.raises(BlockedMeanwhile, match="B blocked since"):
        world.approve(run)


@pytest.mark.parametrize("approved", [False, True])
def test_cancelling_gives_every_point_back_to_its_lot(world: World, approved: bool) -> None:
    world.load(value="0.003").add("A", 3, TaxStatus.PRIVATE_PERSON).add("B", 4)
    world.give("A", 4, at=NOW - dt.timedelta(days=2))
    before = world.lots()
    run = world.preview()
    assert world.lots() != before
    with transaction(world.registry) as session:
        if approved:
            runs.approve(session, run.id, actor="ben", now=NOW)
        runs.cancel(session, run.id, actor="ann", now=NOW, reason="wrong period")
    assert world.lots() == before
    assert world.wallet("A") == (7, 0, 0)
    assert world.status(run) is RunStatus.CANCELLED
    assert set(world.top_ups(run).values()) == {TopUpStatus.CANCELLED}
    with transaction(world.registry) as session, pytest.raises(NotAllowedNow, match="is cancelled; only"):
        runs.cancel(session, run.id, actor="ann", now=NOW)


def test_an_ordered_run_is_cancelled_only_if_nobody_has_its_file(world: World) -> None:
    world.load().add("A", 200)
    run = world.preview()
    world.approve(run)
    with pytest.raises(PrepaidError, match="may be with the provider"), transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW)
    with transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW, order_file_not_sent=True)
    assert world.wallet("A") == (200, 0, 0)


def test_what_is_cancelled_can_be_converted_again(world: World) -> None:
    world.load().add("A", 200)
    run = world.preview()
    with transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW)
    assert world.preview().points == 200


def test_what_an_account_owes_meanwhile_is_paid_first_when_points_come_back(world: World) -> None:
    world.load().add("A", 200)
    run = world.preview()
    world.give("A", -50)
    assert world.wallet("A") == (-50, 200, 0)
    with transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW)
    assert world.wallet("A") == (150, 0, 0)


def test_every_move_is_on_record(world: World) -> None:
    world.load().add("A", 200)
    run = world.preview(actor="ann")
    world.approve(run, actor="ben")
    with transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="cleo", now=NOW, order_file_not_sent=True, reason="because")
        events = session.execute(
            select(AuditEvent.action, AuditEvent.actor, AuditEvent.reason)
            .where(AuditEvent.subject == f"conversion run {run.id}")
            .order_by(AuditEvent.id)
        ).all()
    assert [tuple(one) for one in events] == [
        ("conversion.preview", "ann", None),
        ("conversion.approve", "ben", None),
        ("conversion.order", "ben", None),
        ("conversion.cancel", "cleo", "because"),
    ]


def test_a_run_that_is_not_there(world: World) -> None:
    with transaction(world.registry) as session, pytest.raises(NoSuchRun, match="No run has the number"):
        runs.report(session, 10**9)
    with pytest.raises(NoSuchRun):
        world.approve(10**9)


def test_the_tables_of_moves_know_every_state() -> None:
    assert set(RUN_MOVES) == set(RunStatus)
    assert set(TOP_UP_MOVES) == set(TopUpStatus)
    ends = {status for status, targets in RUN_MOVES.items() if not targets}
    assert ends == {RunStatus.CANCELLED}


def test_an_account_has_one_redemption_a_run_and_one_open_card(world: World) -> None:
    world.load().add("A", 200)
    run = world.preview()
    world.approve(run)
    with Session(world.engine) as session:
        one = session.scalars(select(Redemption).where(Redemption.run_id == run.id)).one()
        own = [name for name in Redemption.__table__.columns if name.key != "id" and name.computed is None]
        values = {name.key: getattr(one, name.key) for name in own}
        with pytest.raises(IntegrityError, match="uq_redemption"):
            session.execute(Redemption.__table__.insert().values(**values))
    with Session(world.engine) as session:
        card = session.scalars(select(Card).where(Card.program_id == world.program_id)).one()
        with pytest.raises(IntegrityError, match="uq_card_active"):
            session.execute(
                Card.__table__.insert().values(
                    program_id=card.program_id,
                    distributor_id=card.distributor_id,
                    provider="sandbox",
                    reference="another",
                    active=True,
                    state=CardState.ORDERED,
                    created_at=NOW,
                )
            )


def test_an_empty_run_can_be_nothing_but_looked_at(world: World) -> None:
    world.load().add("A")
    run = world.preview()
    with transaction(world.registry) as session:
        assert runs.report(session, run.id).totals == []
        assert (
            session.scalars(
                select(func.count())
                .select_from(LedgerTransaction)
                .where(LedgerTransaction.program_id == world.program_id)
            ).one()
            == 0
        )
    with pytest.raises(NotAllowedNow, match="is empty"):
        world.approve(run)
