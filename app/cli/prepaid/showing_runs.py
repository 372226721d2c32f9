"""Runs as commands show them: for people, or as one document, whether of conversions or of compensations."""

from typing import TYPE_CHECKING, Any

import click

from app.cli.options import decimals_of
from app.cli.output import figure, print_json, print_table
from app.cli.running.runtime import Runtime
from app.db.transaction import transaction
from app.domain.measures.money import amount_name
from app.domain.states import RunKind, TopUpStatus, Unit

if TYPE_CHECKING:
    from prepaid.conversions.runs import Report

SHOWN = 20
"""Exceptions of a run, where nobody asks for all."""


def report(run: Runtime, run_id: int) -> "Report":
    """Read how a run stands."""
    from prepaid.conversions import runs

    with transaction(run.registry) as session:
        found = runs.report(session, run_id)
        session.expunge_all()
    return found


def document(run: Runtime, found: "Report") -> dict[str, Any]:
    """Give a run as --json does: the same keys for every command, but that amounts are named by the run's unit."""
    from prepaid.conversions.runs import exception_counts

    of = found.run
    return {
        "run": of.id,
        "program": found.program.code,
        "kind": of.kind.value,
        "status": of.status.value,
        "unit": of.unit.name.lower(),
        "from": of.from_on.isoformat(),
        "to": of.to_on.isoformat(),
        "accounts": of.accounts,
        amount_name(of.unit): of.points,
        "amount_minor": of.amount_minor,
        "compensation_minor": of.compensation_minor,
        "deferred_minor": of.deferred_minor,
        "withheld_minor": of.withheld_minor,
        "currency": of.currency,
        "previewed_by": of.previewed_by,
        "approved_by": of.approved_by,
        "tax": of.terms["tax"],
        "order_file": str(run.settings.files / found.order_files[-1]) if found.order_files else None,
        "response_file": str(run.settings.files / found.responses[-1].file) if found.responses else None,
        "loaded": found.count(TopUpStatus.LOADED),
        "loaded_minor": found.amount_minor(TopUpStatus.LOADED),
        "failed": found.count(TopUpStatus.FAILED),
        "unknown": found.count(TopUpStatus.UNKNOWN),
        "cancelled": found.count(TopUpStatus.CANCELLED),
        "top_ups": [
            {
                "kind": one.kind.value,
                "status": one.status.value,
                "top_ups": one.top_ups,
                "amount_minor": one.amount_minor,
            }
            for one in found.totals
        ],
        "exception_counts": exception_counts(of.exceptions),
        "exceptions": [
            {amount_name(of.unit) if name == "points" else name: value for name, value in one.items()}
            for one in of.exceptions
        ],
        "cannot_be_loaded_now": [
            {
                "distributor": one.distributor,
                "name": one.name,
                "code": one.why.code,
                "message": one.why.message,
                amount_name(of.unit): one.points,
                "amount_minor": one.amount_minor,
            }
            for one in found.obstacles
        ],
    }


def print_run(run: Runtime, found: "Report", *, exceptions: bool = False) -> None:
    """Print a run for people."""
    from prepaid.conversions.runs import exception_counts

    of = found.run
    decimals, point_decimals = found.program.currency_decimals, decimals_of(found.program, of.unit)
    of_what = "Compensation" if of.kind is RunKind.COMPENSATIONS else "Conversion"
    click.echo(f"{of_what} run {of.id} of {found.program.code}: {of.status.value}")
    lines = [
        ("period", f"{of.from_on} to {of.to_on}, {of.unit.name.lower()}"),
        ("accounts", figure(of.accounts)),
        ("points" if of.unit is Unit.POINTS else "money", figure(of.points, point_decimals)),
        ("rewards", f"{figure(of.amount_minor, decimals)} {of.currency}"),
        ("compensations", f"{figure(of.compensation_minor, decimals)} {of.currency}"),
    ]
    if of.deferred_minor:
        lines.append(("by later runs", f"{figure(of.deferred_minor, decimals)} {of.currency}"))
    if of.withheld_minor:
        lines.append(("withheld", f"{figure(of.withheld_minor, decimals)} {of.currency}"))
    lines += [("previewed by", of.previewed_by), ("approved by", of.approved_by or "nobody yet")]
    for title, text in lines:
        click.echo(f"  {title:<16}{text:>24}")
    click.echo(f"  {of.terms['tax']} What the sponsor configured is computed; this is no tax advice.")
    for file in found.order_files:
        click.echo(f"  order file: {run.settings.files / file}")
    for response in found.responses:
        click.echo(f"  response file: {run.settings.files / response.file}")
    if found.totals:
        rows = [
            [one.kind.value, one.status.value, figure(one.top_ups), figure(one.amount_minor, decimals)]
            for one in found.totals
        ]
        print_table("Top-ups", ["Kind", "Status", "Top-ups", f"Amount ({of.currency})"], rows, frozenset({2, 3}))
    if found.obstacles:
        rows = [
            [one.distributor, one.name, figure(one.points, point_decimals), one.why.message] for one in found.obstacles
        ]
        print_table("Cannot be loaded now", ["Code", "Name", of.unit.name.capitalize(), "Why"], rows, frozenset({2}))
    if of.exceptions:
        counts = ", ".join(f"{figure(count)} {code}" for code, count in exception_counts(of.exceptions).items())
        click.echo(f"Not converted: {counts}")
        shown = of.exceptions if exceptions else of.exceptions[:SHOWN]
        rows = [
            [one["distributor"], one["name"], figure(one["points"], point_decimals), one["message"]] for one in shown
        ]
        print_table("Exceptions", ["Code", "Name", of.unit.name.capitalize(), "Why"], rows, frozenset({2}))
        if len(shown) < len(of.exceptions):
            click.echo(f"... and {figure(len(of.exceptions) - len(shown))} more: `kontor convert show {of.id} --all`.")


def show_run(run: Runtime, run_id: int, as_json: bool, **extra: Any) -> None:
    """Show how a run stands, for people or as JSON."""
    found = report(run, run_id)
    if as_json:
        print_json(document(run, found) | extra)
    else:
        print_run(run, found)
