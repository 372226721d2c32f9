"""The register of what was levied, the lists of a year's forms, statements as papers, and rules tried beforehand."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import Engine, select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import TaxStatus
from app.domain.taxes.tax import NoTaxRule
from app.domain.taxes.tax_rules import RewardKind
from app.jobs.board import Work, claim
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services.participants import tax_statuses
from app.services.setup import tax_changes
from prepaid.conversions import sending
from prepaid.redeeming import quoting
from prepaid.taxing import bench, papers, register, statements, year
from prepaid.taxing.bench import Case
from tests.prepaid.conftest import NOW, World

TODAY = NOW.date()
REPORTED = (
    "{pack: PL, rules: [{code: OTHER, version: 1, title: Reported, applies_to: [sole_trader], reward_kinds: [prepaid],"
    " rate_bp: 0, borne_by: participant, form: '1099', legal: none,"
    " report: {mode: at_or_above, by_year: {2025: '100.00', 2026: '50.00'}}}]}"
)


@pytest.fixture(scope="module")
def sent(house: tuple[Settings, Addresses], engine: Engine) -> Iterator[World]:
    """Rewards of persons, a company, salespeople and traders; B's could not be loaded."""
    world = World(*house[:1], engine)
    world.refuse = {("B", "reward"): "card_blocked"}
    world.load(tax=REPORTED).add("P", 10_000, TaxStatus.PRIVATE_PERSON, name="Żółw <b>& Syn</b>")
    world.add("B", 31).add("Q", 4_000, TaxStatus.PRIVATE_PERSON).add("S", 2_000, TaxStatus.DISTRIBUTOR_EMPLOYEE)
    for code, points in (("T1", 100), ("T2", 80), ("T3", 10)):
        world.add(code, points, TaxStatus.SOLE_TRADER)
    run = world.preview()
    world.approve(run)
    sending.send(world.registry, world.settings, world.provider, run.id, actor="cleo", now=NOW)
    yield world
    world.registry.remove()


def of(world: World, what: Any, *args: Any, **more: Any) -> Any:
    with transaction(world.registry) as session:
        return what(session, *args, **more)


def ids(world: World) -> dict[str, int]:
    query = select(Distributor.code, Distributor.id).where(Distributor.program_id == world.program_id)
    return of(world, lambda session: dict(session.execute(query).all()))


def test_the_register_sums_what_stands_and_leaves_out_what_was_not_loaded(sent: World) -> None:
    found = of(sent, register.totals, sent.program_id, TODAY, TODAY)
    assert (found.rewards, found.recipients) == (6, 6), "B's was not loaded"
    assert found.value_minor == 500_000 + 200_000 + 100_000 + 5_000 + 4_000 + 500
    assert found.compensation_minor == 55_600 + 13_636
    assert (found.withheld_minor, found.declared_minor) == (55_600, 13_636)
    assert found.remitted_minor == 55_600
    none = of(sent, register.totals, sent.program_id, TODAY + dt.timedelta(days=1), TODAY + dt.timedelta(days=1))
    assert none == register.Totals()


def test_a_year_has_its_forms_with_months_and_a_working_list_each(sent: World) -> None:
    assert of(sent, year.years, sent.program_id) == [2026]
    sums = of(sent, year.by_rule, sent.program_id, 2026)
    with transaction(sent.registry) as session:
        forms = {one.name: one for one in year.forms(session.get_one(Program, sent.program_id), 2026, sums)}
    assert set(forms) == {"PIT-8AR", "PIT-11", "1099"}
    assert forms["PIT-8AR"].pay_by == "20th of the next month"
    (month,) = of(sent, year.months, sent.program_id, 2026, forms["PIT-8AR"])
    assert (month.month_on, month.sums.rewards, month.sums.base_minor) == (TODAY.replace(day=1), 1, 555_600)
    assert forms["1099"].threshold_minor == 5_000
    listed = year.recipients(sent.program_id, 2026, forms["1099"])
    rows = of(sent, lambda session: session.execute(select(listed).order_by(listed.c.code)).all())
    assert [(row.code, row.state, row.counted, row.lacks_id) for row in rows] == [
        ("T1", "reached", 5_000, True),
        ("T2", "near", 4_000, True),
        ("T3", "below", 500, True),
    ]
    assert of(sent, year.gaps, sent.program_id, 2026, forms["1099"]) == year.Gaps(3, 1, 1, 1)
    (salesperson,) = of(
        sent, lambda session: session.execute(select(year.recipients(sent.program_id, 2026, forms["PIT-11"]))).all()
    )
    assert (salesperson.code, salesperson.gross, salesperson.state) == ("S", 113_636, "due")


def test_a_form_has_the_threshold_of_the_version_that_held_last_in_its_year() -> None:
    """The programme's own version goes before the pack's; one that begins next year does not hold yet."""
    own = {"code": "US-1099", "title": "t", "applies_to": ["private_person"], "reward_kinds": ["prepaid"], "rate_bp": 0}
    own |= {"borne_by": "participant", "form": "1099-MISC", "legal": "none"}
    rules = [
        own | {"version": version, "valid_from": day, "report": {"mode": "at_or_above", "by_year": {2025: amount}}}
        for version, day, amount in ((3, "2027-01-01", "50.00"), (2, "2026-01-01", "1000.00"))
    ]
    program = Program(country="US", currency="USD", currency_decimals=2, tax={"pack": "US", "rules": rules})
    for asked, threshold in ((2026, 100_000), (2027, 5_000)):
        (form,) = year.forms(program, asked, [year.ByRule("US-1099 v2", "1099-MISC", register.Totals())])
        assert (form.codes, form.threshold_minor) == (("US-1099",), threshold)


def test_a_statement_shows_the_tax_that_the_sponsor_pays_out_of_its_own_pocket(sent: World) -> None:
    line = statements.Line(TODAY, "goods", 10_000, 0, 12_500, 4_375, 4_375, 0, "UK-TAS v1", None, "HMRC", None)
    with transaction(sent.registry) as session:
        found = statements.Statement(2026, 1, "P", "P", None, [line])
        paper = papers.paper(session.get_one(Program, sent.program_id), found, "en")
    grid = paper.sections[1].grid
    assert grid is not None
    assert grid.rows[0][-3:] == ["43.75", "43.75", "0.00"], "the tax, paid by the sponsor, declared by you"


def test_what_was_computed_under_another_status_is_told(sent: World) -> None:
    one = ids(sent)["Q"]
    before = TODAY - dt.timedelta(days=30)
    with transaction(sent.registry) as session:
        program = session.get_one(Program, sent.program_id)
        assert register.computed_otherwise(session, one) == []
        said = {"reason": "its register entry", "actor": "ann", "now": NOW}
        tax_statuses.put(session, program, one, TaxStatus.SOLE_TRADER, before, **said)
        (found,) = register.computed_otherwise(session, one)
        tax_statuses.put(session, program, one, TaxStatus.PRIVATE_PERSON, before, **said)
        assert register.computed_otherwise(session, one) == []
    assert (found.computed_as, found.was, found.redeemed_on) == (
        TaxStatus.PRIVATE_PERSON,
        TaxStatus.SOLE_TRADER,
        TODAY,
    )


def test_a_statement_says_every_reward_and_is_a_paper_in_each_language(sent: World) -> None:
    here = ids(sent)
    with transaction(sent.registry) as session:
        program = session.get_one(Program, sent.program_id)
        assert statements.statement(session, program, 2026, here["B"]) is None
        assert statements.statement(session, program, 2025, here["P"]) is None
        found = statements.statement(session, program, 2026, here["P"])
        assert statements.years_of(session, program.id, here["P"]) == [(2026, 500_000, 55_600)]
        assert found is not None
        papers_of = {language: papers.paper(program, found, language) for language in ("en", "pl")}
    assert (found.total("gross_minor"), found.forms, found.participants) == (
        555_600,
        ["PIT-8AR"],
        [TaxStatus.PRIVATE_PERSON],
    )
    (line,) = found.lines
    assert (line.state, line.rule) == ("loaded", "PL-PREMIUM-SALE v1")
    assert (line.levied_minor, line.remitted_minor, line.declared_minor) == (55_600, 55_600, 0)
    text = text_of(papers.drawn(papers_of["en"]))
    for word in (
        "Żółw <b>& Syn</b>",
        "5,556.00",
        "556.00",
        "PIT-8AR",
        "Private person",
        "art. 30(1)(2)",
        "no tax advice",
    ):
        assert word in text, word
    assert "5 556,00" in text_of(papers.drawn(papers_of["pl"])).replace("\N{NARROW NO-BREAK SPACE}", " ").replace(
        "\N{NO-BREAK SPACE}", " "
    )


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    texts = []
    for page in document:
        held = page.get_textpage()
        texts.append(held.get_text_bounded())
        held.close()
        page.close()
    document.close()
    return "\n".join(texts)


def test_all_papers_of_a_year_are_one_archive_and_the_same_again(sent: World) -> None:
    kept = []
    for _ in range(2):
        with transaction(sent.registry) as session:
            made = papers.ask(session, session.get_one(Program, sent.program_id), 2026, actor="ann", now=NOW)
            assert made is not None
            assert made.statements == 6
        while (held := claim(sent.registry, 60)) is not None and held.kind != papers.JOB:
            pass  # what other tests have left stands before it
        assert held is not None
        papers.do(Work(sent.registry, held, 60), sent.settings, lambda: NOW)
        with transaction(sent.registry) as session:
            ((done, stopped), *_) = papers.of_program(session, sent.program_id, 2026)
            assert (done.written, done.done_at, stopped) == (6, NOW, None)
            assert done.file is not None
            kept.append((done.file_sha256, sent.settings.files / done.file))
    assert kept[0][0] == kept[1][0]
    with zipfile.ZipFile(io.BytesIO(kept[0][1].read_bytes())) as archive:
        assert len(archive.namelist()) == 6
        assert "Żółw" in "".join(text_of(archive.read(name)) for name in archive.namelist() if "-P-" in name)
    with transaction(sent.registry) as session:
        assert papers.ask(session, session.get_one(Program, sent.program_id), 2020, actor="ann", now=NOW) is None


def test_a_status_that_begins_today_taxes_todays_run_before_any_chore(world: World) -> None:
    world.load().add("P", 10_000, TaxStatus.PRIVATE_PERSON)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        (one,) = session.scalars(select(Distributor.id).where(Distributor.program_id == program.id))
        yesterday = NOW - dt.timedelta(days=1)
        said = {"reason": "its letter", "actor": "ann", "now": yesterday}
        tax_statuses.put(session, program, one, TaxStatus.COMPANY, TODAY, **said)
        session.expire_all()
        assert session.get_one(Distributor, one).tax_status is TaxStatus.PRIVATE_PERSON
        program = session.get_one(Program, world.program_id)
        assert quoting.quote(session, program, one, 10_000, now=NOW).levied.compensation_minor == 0  # a look as well
    assert world.preview().compensation_minor == 0


def test_rules_are_tried_before_anybody_has_a_reward(sent: World) -> None:
    with transaction(sent.registry) as session:
        program = session.get_one(Program, sent.program_id)
        case = Case(500_000, TaxStatus.PRIVATE_PERSON, RewardKind.PREPAID, TODAY)
        found = bench.tried(program, case)
        assert found.result is not None
        assert found.result.compensation_minor == 55_600
        none = bench.tried(program, Case(1, TaxStatus.OWN_EMPLOYEE, RewardKind.PREPAID, TODAY))
        assert isinstance(none.blocked, NoTaxRule)
        assert "No tax rule for country PL" in none.blocked.message
        rule = {"title": "t", "applies_to": ["private_person"], "reward_kinds": ["prepaid"], "rate_bp": 2000}
        rule |= {"code": "DRAFT", "borne_by": "sponsor_compensates", "legal": "none"}
        change = tax_changes.put(session, program, tax_changes.TaxChangeKind.RULE, "DRAFT", rule, actor="ann", now=NOW)
        drafted = bench.tried(program, case, tax_changes.laid_in(session, program, change, now=NOW)["tax"])
        assert drafted.rule is not None
        assert (drafted.rule.code, bench.tried(program, case).rule != drafted.rule) == ("DRAFT", True)
        tax_changes.drop(session, program, change.id, actor="ann", now=NOW)
