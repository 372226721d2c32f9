"""`kontor tax`: rules and what they would levy, statuses by day, the register, forms of a year, statements."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy.orm import Session

from app.cli.options import DAY, PROGRAM, by, chosen_program
from app.cli.output import NOT_FOUND, REFUSED, Failure, figure, json_option, print_json, print_table, writing
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.states import TaxStatus
from app.domain.taxes.tax_rules import RewardKind
from app.services.telling.languages import LANGUAGES

if TYPE_CHECKING:
    from app.domain.taxes.tax_rules import TaxRule
    from app.models.programs import Program

STATUS = click.Choice([one.value for one in TaxStatus])
YEAR = click.option("--year", type=click.IntRange(1970, 9998), required=True, help="The calendar year.")


@click.group()
def tax() -> None:
    """Tax on rewards: computed as the sponsor configured it. No tax advice."""


@tax.command()
@PROGRAM
@json_option
def rules(program_code: str | None, as_json: bool) -> None:
    """List the tax rules of a programme, its own before the pack's, and who agreed with them."""
    from app.domain.measures.calendar import local_date
    from app.domain.program_file.definition import TaxPart
    from prepaid.taxing.tax import ProgramTax

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        found = ProgramTax.of(program, local_date(run.now(), program.time_zone))
        part = TaxPart.model_validate(program.tax)
        agreed = {(one.rule, one.version): one.by for one in part.confirmed}
    if as_json:
        listed = [
            one.model_dump(mode="json")
            | {"confirmed_by": agreed.get((one.code, one.version))}
            | {"choice": part.choice_of(one).model_dump(mode="json", include={"rate_bp", "borne_by"})}
            for one in found.rules
        ]
        print_json({"source": found.source, "rules": listed})
        return
    rows = [
        [
            f"{one.code} v{one.version}",
            ", ".join(status.value for status in one.applies_to),
            _rates(one, part.choice_of(one).rate_bp),
            one.form or "",
            str(one.valid_from or ""),
            agreed.get((one.code, one.version), "to be confirmed"),
        ]
        for one in found.rules
    ]
    print_table(found.source, ["Rule", "For", "Rate", "Form", "From", "Confirmed by"], rows)


def _rates(rule: "TaxRule", chosen: int | None) -> str:
    """Write the rate that the sponsor chose, else all that the rule offers."""
    return " / ".join(f"{rate / 100:g} %" for rate in (rule.rates_bp if chosen is None else (chosen,)))


@tax.command("try")
@click.argument("amount")
@click.argument("status", type=STATUS)
@PROGRAM
@click.option("--on", type=DAY, help="The day of the reward; by default today.")
@click.option(
    "--kind",
    type=click.Choice([one.value for one in RewardKind]),
    default=RewardKind.PREPAID.value,
    show_default=True,
    help="What the reward is.",
)
@click.option("--before", default="0", help="What the recipient had earlier in the year.")
@json_option
def try_(
    amount: str, status: str, program_code: str | None, on: dt.date | None, kind: str, before: str, as_json: bool
) -> None:
    """Compute the tax on a reward of AMOUNT for a participant of STATUS, step by step. Nothing is written down."""
    from app.domain.measures.calendar import local_date
    from app.domain.taxes.tax import NoTaxRule
    from app.domain.taxes.tax_rules import minor_from_text
    from prepaid.taxing.bench import Case, tried

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals = program.currency_decimals
        try:
            minor, earlier = (minor_from_text(one, decimals) for one in (amount, before))
        except ValueError as wrong:
            raise Failure(str(wrong), REFUSED, as_json=as_json) from None
        day = on or local_date(run.now(), program.time_zone)
        trial = tried(program, Case(minor, TaxStatus(status), RewardKind(kind), day, earlier))
    if trial.result is None:
        blocked = trial.blocked
        raise Failure(blocked.message if isinstance(blocked, NoTaxRule) else str(blocked), REFUSED, as_json=as_json)
    if as_json:
        print_json(trial.result.as_json())
        return
    result = trial.result
    for step in result.steps:
        click.echo(f"  {step.text}")
    click.echo(
        f"{result.rule_code} v{result.rule_version}: reward {figure(result.value_minor, decimals)}, "
        f"tax paid back {figure(result.compensation_minor, decimals)}, "
        f"the sponsor pays the tax office {figure(result.remitted_minor, decimals)}, "
        f"the participant declares {figure(result.declared_minor, decimals)}."
    )
    click.echo(f"{result.legal}. {result.note}")


@tax.command()
@click.argument("distributor")
@click.argument("new", required=False, type=STATUS)
@PROGRAM
@click.option("--from", "from_on", type=DAY, help="The first day of the new status; by default today.")
@click.option("--reason", help="Why, and what shows it; needed for a new status.")
@by("says so")
@json_option
def status(
    distributor: str,
    new: str | None,
    program_code: str | None,
    from_on: dt.date | None,
    reason: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Show what the distributor with the code DISTRIBUTOR is to the tax office by day, or note a NEW status."""
    from app.domain.measures.calendar import local_date
    from app.services.participants import tax_statuses

    if new is None and (from_on is not None or reason is not None):
        raise click.UsageError("--from and --reason are of a new status: say which.")
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        id_ = _id_of(session, program, distributor, as_json=as_json)
        if new is not None:
            if not (reason or "").strip():
                raise Failure("Say why: --reason.", REFUSED, as_json=as_json)
            day = from_on or local_date(run.now(), program.time_zone)
            who, becomes = by or operator(), TaxStatus(new)
            tax_statuses.put(session, program, id_, becomes, day, reason=str(reason), actor=who, now=run.now())
        told = tax_statuses.history(session, id_)
    if as_json:
        print_json(
            {
                "history": [
                    {
                        "from": one.from_on and one.from_on.isoformat(),
                        "until": one.until_on and one.until_on.isoformat(),
                        "status": one.status.value,
                        "overruled": one.overruled,
                        "reason": one.reason,
                        "by": one.noted_by,
                    }
                    for one in told
                ]
            }
        )
        return
    rows = [
        [str(one.from_on or "the beginning"), str(one.until_on or ""), one.status.value, one.reason or ""]
        for one in told
        if not one.overruled
    ]
    print_table(f"Tax status of {distributor}", ["From", "Until", "Status", "Reason"], rows)


def _id_of(session: Session, program: "Program", code: str, *, as_json: bool) -> int:
    from app.services.participants.distributors import id_of_code

    found = id_of_code(session, program.id, code)
    if found is None:
        raise Failure(f"The programme {program.code} has no distributor {code!r}.", NOT_FOUND, as_json=as_json)
    return found


@tax.command()
@YEAR
@PROGRAM
@json_option
def year(year: int, program_code: str | None, as_json: bool) -> None:
    """Sum a year by rule, and say whom its forms are about."""
    from prepaid.taxing import year as years

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        sums = years.by_rule(session, program.id, year)
        forms = [(form, years.gaps(session, program.id, year, form)) for form in years.forms(program, year, sums)]
        decimals = program.currency_decimals
    if as_json:
        print_json(
            {
                "rules": [
                    {"rule": one.rule, "form": one.form, "recipients": one.sums.recipients, "rewards": one.sums.rewards}
                    | {"gross_minor": one.sums.gross_minor, "tax_minor": one.sums.levied_minor}
                    | {"remitted_minor": one.sums.remitted_minor, "declared_minor": one.sums.declared_minor}
                    for one in sums
                ],
                "forms": [
                    {"form": form.name, "recipients": gaps.recipients, "without_tax_id": gaps.without_id}
                    | {"threshold_minor": form.threshold_minor, "reached": gaps.reached, "near": gaps.near}
                    for form, gaps in forms
                ],
            }
        )
        return
    amounts = ("gross_minor", "levied_minor", "remitted_minor")
    rows = [
        [
            one.rule,
            one.form or "",
            figure(one.sums.recipients),
            *(figure(getattr(one.sums, name), decimals) for name in amounts),
        ]
        for one in sums
    ]
    titles = ["Rule", "Form", "Recipients", "Together", "Tax", "Paid by the sponsor"]
    print_table(f"Tax of {year}", titles, rows, frozenset({2, 3, 4, 5}))
    for form, gaps in forms:
        reached = "" if form.threshold_minor is None else f", {gaps.reached} reached the threshold, {gaps.near} near it"
        click.echo(f"{form.name}: {gaps.recipients} recipients{reached}, {gaps.without_id} without a tax id")


@tax.command()
@click.argument("distributor")
@YEAR
@PROGRAM
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the PDF.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), help="By default the programme's.")
@json_option
def statement(
    distributor: str, year: int, program_code: str | None, out: Path | None, language: str | None, as_json: bool
) -> None:
    """Write the statement of a year of the distributor with the code DISTRIBUTOR, as PDF."""
    from app.exports.paper import write_paper
    from prepaid.taxing import papers, statements

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        id_ = _id_of(session, program, distributor, as_json=as_json)
        found = statements.statement(session, program, year, id_)
        if found is None:
            raise Failure(f"{distributor} had no rewards in {year}.", NOT_FOUND, as_json=as_json)
        paper, name = papers.paper(program, found, language or program.locale), papers.file_name(program, found)
        with writing(out):
            written = write_paper(out or run.settings.files / "exports" / name, paper)
    if as_json:
        print_json({"file": str(written.path), "sha256": written.sha256.hex(), "rewards": written.rows})
        return
    click.echo(f"{written.path} ({len(found.lines)} rewards)")


@tax.command()
@YEAR
@PROGRAM
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where to write the zip.")
@json_option
def papers(year: int, program_code: str | None, out: Path, as_json: bool) -> None:
    """Write the statements of a year for everybody who had a reward, as PDFs in one zip."""
    from prepaid.taxing.papers import write_archive

    with runtime() as run:
        with transaction(run.registry) as session:
            program_id = chosen_program(session, program_code).id
        with writing(out):
            written = write_archive(run.registry, out, program_id, year)
    if as_json:
        print_json({"file": str(written.path), "sha256": written.sha256.hex(), "statements": written.rows})
        return
    click.echo(f"{written.path} ({written.rows} statements)")
