"""Rates of a matrix and adjustments by hand come from files: what is right is taken, what is not says why."""

from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import Unit
from app.domain.typed.fields import KINDS, problems_of_columns
from app.models.desk import AdjustmentRequest
from app.models.programs import Program
from app.services.by_hand import adjustments, merging
from app.services.setup import programs
from app.services.setup.program_files import ProgramFileInvalid
from app.services.tracing import balances
from tests.importers.driver import Desk

MATRIX = {
    "code": "rates",
    "name": "Points a piece",
    "kind": "per_unit",
    "rates": {"tools": {"gold": "2", "silver": "1"}},
}
RATES = {"columns": {"product_group": "group", "distributor_group": "for", "points": "points"}}
ADJUSTMENTS = {"columns": {"distributor": "code", "credit": "give", "debit": "take", "note": "why", "reference": "ref"}}


def rates_of(desk: Desk) -> Any:
    with transaction(desk.registry) as session:
        return programs.export(session, desk.code)["matrices"][0]["rates"]


def asked(desk: Desk) -> list[tuple[int, str, str]]:
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(AdjustmentRequest.amount, AdjustmentRequest.note, AdjustmentRequest.state)
            .where(AdjustmentRequest.program_id == desk.program_id)
            .order_by(AdjustmentRequest.id)
        ).all()
    return [(amount, note, state) for amount, note, state in rows]


def test_rates_change_the_matrix_and_make_a_version(desk: Desk) -> None:
    desk.load(matrices=[MATRIX], import_profiles={"rates": RATES})
    rows = [
        ("tools", "Gold", "3"),
        ("drills", "gold", "5"),
        ("saws", "gold", "5"),
        ("drills", "silver", "many"),
        ("drills", "silver", "-1"),
    ]
    file = desk.csv(*rows, header=("group", "for", "points"))
    found = desk.run(file, "rates")
    assert (found.counts["created"], found.counts["changed"], found.counts["lines_accepted"]) == (1, 1, 2)
    assert desk.codes(found) == {
        4: ("held", "unknown_group"),
        5: ("refused", "not_a_number"),
        6: ("refused", "repeated_code"),
    }
    assert rates_of(desk) == {"tools": {"gold": "3", "silver": "1"}, "drills": {"gold": "5"}}
    again = desk.run(file, "rates")
    assert (again.counts["created"], again.counts["changed"]) == (0, 0)


def test_a_second_rate_of_one_group_under_another_name_is_refused_and_names_the_first(desk: Desk) -> None:
    profile = {"columns": {**RATES["columns"], "matrix": "matrix"}}
    aliased = [{"code": "gold", "name": "Best"}, {"code": "silver", "name": "Silver"}]
    desk.load(matrices=[MATRIX], import_profiles={"rates": profile}, distributor_groups=aliased)
    rows = [
        ("tools", "gold", "3", None),
        ("tools", "Best", "4", None),
        ("Tools", "gold", "5", "rates"),
        ("tools", "Best", "3.0", "rates"),
    ]
    found = desk.run(desk.csv(*rows, header=("group", "for", "points", "matrix")), "rates")
    assert desk.codes(found) == dict.fromkeys((3, 4), ("refused", "said_otherwise"))
    told = desk.problems(found.batch_id)[3][1]
    assert told == [
        {"code": "said_otherwise", "field": "points", "found": "'4'", "expected": "'3'", "because": 2},
    ]
    assert (found.counts["changed"], found.counts["duplicates"]) == (1, 1)
    assert rates_of(desk) == {"tools": {"gold": "3", "silver": "1"}}


def test_rates_of_a_matrix_that_nobody_knows_are_held(desk: Desk) -> None:
    profile = {"columns": {**RATES["columns"], "matrix": "matrix"}}
    desk.load(matrices=[MATRIX], import_profiles={"rates": profile})
    header = ("matrix", "group", "for", "points")
    found = desk.run(
        desk.csv(("others", "tools", "gold", "9"), ("rates", "tools", "gold", "-2"), header=header), "rates"
    )
    assert desk.codes(found) == {2: ("held", "no_such_value"), 3: ("refused", "no_such_value")}
    assert rates_of(desk) == MATRIX["rates"]


def test_adjustments_are_asked_for_once_and_wait_for_a_second_person(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": ADJUSTMENTS})
    desk.people("D1", "D2")
    header = ("code", "give", "take", "why", "ref")
    rows = [
        ("D1", "120", None, "Fair in May", "F-1"),
        ("D2", None, "5", "Counted twice", None),
        ("D9", "7", None, "Nobody", None),
        ("D1", "0", None, "Nothing", None),
        ("D1", "1,5", None, "Half", None),
        ("D1", None, None, "Empty", None),
        ("D1", "3", "3", "Both", None),
        ("D1", None, "-3", "A sign", None),
        ("D1", "-3", None, "A sign", None),
        ("D1", "4", None, None, None),
    ]
    file = desk.csv(*rows, header=header)
    tried = desk.run(file, "adjustments", dry_run=True)
    assert (tried.counts["created"], asked(desk)) == (2, [])
    found = desk.run(file, "adjustments")
    assert desk.codes(found) == {
        4: ("held", "unknown_distributor"),
        5: ("refused", "nothing_to_adjust"),
        6: ("refused", "not_a_number"),
        7: ("refused", "credit_or_debit"),
        8: ("refused", "credit_or_debit"),
        9: ("refused", "sign_in_a_column"),
        10: ("refused", "sign_in_a_column"),
        11: ("refused", "missing"),
    }
    assert asked(desk) == [(120, "Fair in May", "waiting"), (-5, "Counted twice", "waiting")]
    again = desk.run(desk.csv(rows[0], ("D2", "3", None, "New", None), header=header), "adjustments")
    assert (again.counts["created"], again.counts["duplicates"]) == (1, 1)
    assert desk.run(file, "adjustments").counts["duplicates"] == 2
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        first = session.scalars(
            select(AdjustmentRequest.id).where(
                AdjustmentRequest.program_id == program.id, AdjustmentRequest.amount == 120
            )
        ).one()
        adjustments.approve(session, program, first, actor="boss", now=desk.clock())
    assert desk.balance("D1") == (0, 120)
    desk.check()


def test_a_profile_of_one_signed_column_is_refused_and_told_how_it_is_written(desk: Desk) -> None:
    signed = {"columns": {"distributor": "code", "points": "points", "note": "why"}}
    with pytest.raises(ProgramFileInvalid, match="map credit to what is given and debit to what is taken"):
        desk.load(import_profiles={"adjustments": signed})


def test_adjustments_have_the_reasons_that_the_programme_names(desk: Desk) -> None:
    profile = {"columns": ADJUSTMENTS["columns"] | {"reason": "reason"}}
    reasons = [{"code": "fair", "name": "A fair"}, {"code": "Mistake", "name": "A mistake of ours"}]
    desk.load(import_profiles={"adjustments": profile}, program={"accounts": {"adjustment_reasons": reasons}})
    desk.people("D1")
    header = ("code", "give", "take", "why", "ref", "reason")
    rows = [("D1", str(n), None, "why", None, reason) for n, reason in enumerate(("MISTAKE", None, "goodwill"), 1)]
    found = desk.run(desk.csv(*rows, header=header), "adjustments")
    assert desk.codes(found) == {4: ("refused", "no_such_value")}
    with transaction(desk.registry) as session:
        query = select(AdjustmentRequest.reason_code).where(AdjustmentRequest.program_id == desk.program_id)
        assert session.scalars(query.order_by(AdjustmentRequest.id)).all() == ["Mistake", "Mistake"]


NUMBERED = ("code", "give", "take", "why", "ref")


def test_a_reference_that_asked_for_something_else_is_refused_and_says_what_it_asked_for(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": ADJUSTMENTS})
    desk.people("D1", "D2")
    march = desk.csv(("D1", "100", None, "Fair", "1"), ("D2", "50", None, "Fair", "2"), header=NUMBERED)
    desk.run(march, "adjustments")
    april = desk.csv(("D1", "777", None, "Fair", "1"), ("D2", None, "30", "Fair", "2"), header=NUMBERED)
    found = desk.run(april, "adjustments")
    assert (found.counts["created"], found.counts["duplicates"]) == (0, 0)
    assert desk.codes(found) == dict.fromkeys((2, 3), ("refused", "reference_asked_before"))
    (told,) = desk.problems(found.batch_id)[2][1]
    assert told == {
        "code": "reference_asked_before",
        "field": "ref",
        "found": "'1'",
        "points": "100 points",
        "distributor": "D1",
        "note": "Fair",
    }
    assert [amount for amount, _, _ in asked(desk)] == [100, 50]


def test_one_reference_asks_for_many_distributors_once_for_each(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": ADJUSTMENTS})
    desk.people("D1", "D2", "D3")
    rows = [(code, str(points), None, "Autumn", "AKCJA-3") for points, code in enumerate(("D1", "D2", "D3"), 10)]
    file = desk.csv(*rows, ("D3", "99", None, "Autumn", "AKCJA-3"), header=NUMBERED)
    found = desk.run(file, "adjustments")
    assert (found.counts["created"], found.counts["duplicates"]) == (3, 0)
    assert desk.codes(found) == {5: ("refused", "reference_asked_before")}
    again = desk.run(desk.csv(*rows, header=NUMBERED), "adjustments")
    assert (again.counts["created"], again.counts["duplicates"]) == (0, 3)
    assert [amount for amount, _, _ in asked(desk)] == [10, 11, 12]


def test_a_file_asks_once_whatever_became_of_its_distributors(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": ADJUSTMENTS})
    people = desk.people("D1", "D2")
    file = desk.csv(("D1", "7", None, "Fair", "F"), ("D2", "8", None, "Fair", "F"), header=NUMBERED)
    desk.run(file, "adjustments")

    def said(actor: str) -> dict[str, Any]:
        return {"actor": actor, "now": desk.clock()}

    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        merge = merging.request(session, program, people["D2"], people["D1"], note="one", choices={}, **said("ann"))
        merging.approve(session, program, merge, **said("ben"))
    again = desk.run(file, "adjustments")
    assert (again.counts["created"], again.counts["duplicates"], desk.codes(again)) == (0, 2, {})


def test_a_row_without_a_reference_that_is_read_otherwise_now_is_refused(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": ADJUSTMENTS})
    desk.people("D1")
    file = desk.csv(("D1", "7", None, "Fair", None), header=NUMBERED)
    desk.run(file, "adjustments")
    turned = {"credit": "take", "debit": "give"}
    desk.profile("adjustments", columns=turned)
    again = desk.run(file, "adjustments")
    assert desk.codes(again) == {2: ("refused", "row_asked_before")}


MONEY_RULE = {"code": "bonus", "name": "A bonus", "kind": "per_unit", "points": "0.50", "unit": "money"}
EITHER = {"columns": {**ADJUSTMENTS["columns"], "money_credit": "money", "money_debit": "money back"}}


def test_money_is_asked_for_in_columns_of_its_own(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": EITHER}, earning_rules=[MONEY_RULE])
    desk.people("D1")
    header = (*NUMBERED, "money", "money back")
    rows = [
        ("D1", None, None, "Fair", "F-1", "12.50", None),
        ("D1", None, None, "Twice", "F-2", None, "2.5"),
        ("D1", "3", None, "Both", "F-3", "3", None),
        ("D1", None, None, "A sign", "F-4", None, "-3"),
        ("D1", None, None, "Fair", "F-1", "99", None),
        ("D1", "1250", None, "Fair", "F-1", None, None),
    ]
    found = desk.run(desk.csv(*rows, header=header), "adjustments")
    assert desk.codes(found) == {
        4: ("refused", "credit_or_debit"),
        5: ("refused", "sign_in_a_column"),
        6: ("refused", "reference_asked_before"),
        7: ("refused", "reference_asked_before"),
    }
    assert desk.problems(found.batch_id)[6][1][0]["points"] == "12.50 PLN"
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        of_program = AdjustmentRequest.program_id == program.id
        made = session.scalars(select(AdjustmentRequest).where(of_program).order_by(AdjustmentRequest.id)).all()
        assert [(one.unit, one.amount) for one in made] == [(Unit.MONEY, 12_50), (Unit.MONEY, -2_50)]
        for one in made:
            adjustments.approve(session, program, one.id, actor="boss", now=desk.clock())
        stands = balances.balance_of(session, program.id, "D1", Unit.MONEY)
        assert (stands.available, stands.adjusted) == (10_00, 10_00)
    assert desk.balance("D1") == (0, 0)
    desk.check()


def test_money_is_not_given_where_no_rule_gives_any(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": EITHER})
    desk.people("D1")
    header = (*NUMBERED, "money", "money back")
    found = desk.run(desk.csv(("D1", None, None, "Fair", "F-1", "12.50", None), header=header), "adjustments")
    assert desk.codes(found) == {2: ("refused", "no_money_here")}
    assert asked(desk) == []


def test_a_file_of_money_alone_needs_no_columns_of_points(desk: Desk) -> None:
    columns = {"distributor": "code", "money_credit": "money", "money_debit": "money back", "note": "why"}
    desk.load(import_profiles={"adjustments": {"columns": columns}}, earning_rules=[MONEY_RULE])
    desk.people("D1")
    rows = [("D1", "12.50", None, "Fair"), ("D1", None, "2.5", "Lost"), ("D1", None, None, "None")]
    found = desk.run(desk.csv(*rows, header=("code", "money", "money back", "why")), "adjustments")
    assert desk.codes(found) == {4: ("refused", "credit_or_debit")}
    with transaction(desk.registry) as session:
        of_program = AdjustmentRequest.program_id == desk.program_id
        made = session.scalars(select(AdjustmentRequest).where(of_program).order_by(AdjustmentRequest.id)).all()
        assert [(one.unit, one.amount) for one in made] == [(Unit.MONEY, 12_50), (Unit.MONEY, -2_50)]


@pytest.mark.parametrize(
    ("columns", "lacks"),
    [
        ({"credit", "debit"}, set()),
        ({"money_credit", "money_debit"}, set()),
        ({"money_credit", "money_debit", "credit"}, set()),
        ({"credit"}, {"debit"}),
        ({"money_debit"}, {"money_credit"}),
        (set(), {"credit", "debit"}),
    ],
)
def test_of_two_units_a_file_says_one_as_a_whole(columns: set[str], lacks: set[str]) -> None:
    there = columns | {"distributor", "note"}
    assert KINDS["adjustments"].needed(there) - there == lacks
    told = problems_of_columns("adjustments", there)
    assert [str(one) for one in told] == (
        [f"does not say which columns hold {', '.join(sorted(lacks))}"] if lacks else []
    )


def test_rows_that_ask_once_more_are_noticed_where_no_reference_tells(desk: Desk) -> None:
    desk.load(import_profiles={"adjustments": ADJUSTMENTS})
    desk.people("D1", "D2", "D3")
    header = ("code", "give", "take", "why", "ref")
    rows = [("D1", "100", None, "Opening", None), ("D2", "50", None, "Opening", None), ("D3", "9", None, "x", "R-1")]
    first = desk.run(desk.csv(*rows, header=header), "adjustments")
    assert (first.counts["created"], list(first.warnings)) == (3, [])
    saved_anew = desk.csv(
        *rows, ("D2", "60", None, "Opening", None), ("D2", "60", None, "Opening", None), header=header
    )
    again = desk.run(saved_anew, "adjustments")
    assert list(again.warnings) == [{"code": "asked_once_more", "count": 3, "found": "2, 3, 6"}]
    assert (again.counts["created"], again.counts["duplicates"]) == (4, 1)
