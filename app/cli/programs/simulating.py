"""`kontor simulate`: a past period of real sales under other rules, beside what was really given."""

import datetime as dt
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from app.cli.options import DAY, PROGRAM, chosen_program
from app.cli.output import FOUND_WRONG, REFUSED, USAGE, Failure, failing, figure, json_option, print_json, print_table
from app.cli.running.helping import POLL_SECONDS, hands
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.states import RulesOf


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--drafts", is_flag=True, help="Replay the published rules with today's drafts in their places.")
@click.option("--published", is_flag=True, help="Replay the published rules as they are.")
@PROGRAM
@click.option("--from", "from_on", type=DAY, help="First issue date; by default the first there is.")
@click.option("--to", "to_on", type=DAY, help="Last issue date; by default the last there is.")
@click.option("--name", default="", help="A name to find the scenario by.")
@json_option
def simulate(
    file: Path | None,
    drafts: bool,
    published: bool,
    program_code: str | None,
    from_on: dt.date | None,
    to_on: dt.date | None,
    name: str,
    as_json: bool,
) -> None:
    """Replay a past period of real sales under the rules of FILE (a programme file); tell what they would have given.

    Rules of a file and drafts are reckoned as if they had held all the period; those that begin later are named with
    their day. Nothing is written to any account. The scenario is kept, and stands on the pages of the programme.
    """
    if sum((file is not None, drafts, published)) != 1:
        raise Failure("Name a programme file, or --drafts, or --published.", USAGE)
    with runtime() as run:
        scenario_id = _ask(run, file, drafts=drafts, period=(from_on, to_on), program_code=program_code, name=name)
        _follow(run, scenario_id)
        told = _told(run, scenario_id)
    if as_json:
        print_json(told)
    else:
        _show(told)


def _ask(
    run: Runtime,
    file: Path | None,
    *,
    drafts: bool,
    period: tuple[dt.date | None, dt.date | None],
    program_code: str | None,
    name: str,
) -> int:
    from app.jobs import messenger, simulating
    from app.services import rulebooks
    from app.services.rules import rule_drafts
    from app.services.scenarios import asking
    from app.services.setup import program_files

    with transaction(run.registry) as session, failing(program_files.ProgramFileInvalid, asking.CannotReplay):
        program = chosen_program(session, program_code)
        parsed = None
        if file is not None:
            parsed = program_files.parse(file.read_text(encoding="utf-8"))
            proposal = asking.of_file(session, program, parsed)
        elif drafts:
            proposal = asking.with_drafts(session, program, rule_drafts.proposed(session, program.id))
        else:
            proposal = rulebooks.published(session, program.id)
        whole = asking.whole_period(session, program.id)
        if whole is None:
            raise Failure("The programme has no sales to replay.", REFUSED)
        days = tuple(asked or known for asked, known in zip(period, whole, strict=True))
        rules_of = RulesOf.FILE if file is not None else RulesOf.DRAFTS if drafts else RulesOf.PUBLISHED
        asked_for = (session, program, rules_of, proposal, (days[0], days[1]))
        made = asking.create(*asked_for, name=name, actor=operator(), now=run.now(), file=parsed)
        simulating.begin(session, made)
    messenger.wake(run.addresses.redis_url, 1)
    return made


def _follow(run: Runtime, scenario_id: int) -> None:
    """Show how far it is until it ends, doing the work here where no worker lives."""
    from app.jobs import simulating
    from app.models.scenarios import Scenario

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("replaying"), BarColumn(), console=console, transient=True, disable=not console.is_terminal
    )
    with hands(run) as working, bar:
        task = bar.add_task("", total=10_000)
        while True:
            working.see_to_it()
            with transaction(run.registry) as session:
                standing = simulating.standing_of(session, session.get_one(Scenario, scenario_id), run.now())
            run.registry.remove()
            bar.update(task, completed=standing.share_bp)
            if standing.failed:
                raise Failure(f"Scenario {scenario_id} was given up; the log of the workers says why.", FOUND_WRONG)
            if standing.ended:
                return
            time.sleep(POLL_SECONDS)


def _told(run: Runtime, scenario_id: int) -> dict[str, Any]:
    from app.models.programs import Program
    from app.models.scenarios import Scenario
    from app.services.scenarios import results

    with transaction(run.registry) as session:
        scenario = session.get_one(Scenario, scenario_id)
        program = session.get_one(Program, scenario.program_id)
        names = results.names_of(scenario, {})
        total = results.total(session, program, scenario)

        twice = results.pairs(session, scenario, names)

        def rows(found: list[results.Row]) -> list[dict[str, Any]]:
            return [vars(row) | {"unit": row.unit.name.lower()} for row in found]

        return {
            "scenario": scenario_id,
            "program": program.code,
            "point_decimals": program.point_decimals,
            "currency_decimals": program.currency_decimals,
            "from": scenario.from_on.isoformat(),
            "to": scenario.to_on.isoformat(),
            "throughout": [
                vars(one) | {"valid_from": one.valid_from.isoformat()} for one in results.throughout(scenario)
            ],
            "total": dict(vars(total)),
            "rules": rows(results.rules(session, scenario, names)),
            "product_groups": rows(results.product_groups(session, scenario)),
            "distributor_groups": rows(results.distributor_groups(session, scenario)),
            "paid_twice": [vars(pair) | {"unit": pair.unit.name.lower()} for pair in twice],
            "paid_twice_left_out": twice.more,
            "promotions": [dict(vars(row)) for row in results.promotions(session, program, scenario)],
            "tiers": [dict(vars(row)) for row in results.tiers(session, scenario)],
            "forecast": scenario.forecast,
        }


def _show(told: dict[str, Any]) -> None:
    points, money, total = told["point_decimals"], told["currency_decimals"], told["total"]
    click.echo(f"Scenario {told['scenario']}: sales from {told['from']} to {told['to']}. No point moved.")
    for one in told["throughout"]:
        click.echo(f"  {one['name']}: as if it had held all the period; it holds from {one['valid_from']}")
    click.echo(f"  would give {figure(total['drafted'], points)} points, gave {figure(total['given'], points)}")
    click.echo(f"  would cost {figure(total['drafted_cost'], money)}, cost {figure(total['given_cost'], money)}")
    click.echo(f"  {figure(total['winners'])} distributors have more, {figure(total['losers'])} less")
    click.echo(f"  {figure(total['unpaid_lines'])} of {figure(total['lines'])} lines that sell earn nothing")
    for title, name in (
        ("Rule", "rules"),
        ("Product group", "product_groups"),
        ("Distributor group", "distributor_groups"),
    ):
        cells = [
            [
                row["name"] or "–",
                *(
                    figure(amount, points if row["unit"] == "points" else money)
                    for amount in (row["drafted"], row["given"], row["drafted"] - row["given"])
                ),
            ]
            for row in told[name]
        ]
        print_table("", [title, "Would give", "Gave", "Change"], cells, frozenset({1, 2, 3}))
    for pair in told["paid_twice"]:
        click.echo(f"  paid twice: {figure(pair['lines'])} lines by {pair['one']} and {pair['other']}")
    if told["paid_twice_left_out"]:
        click.echo(f"  and {figure(told['paid_twice_left_out'])} more")
    if told["promotions"]:
        cells = [
            [
                row["name"],
                *(figure(amount, points) for amount in (row["drafted"], row["given"], row["drafted"] - row["given"])),
                *(figure(row[name], money) for name in ("drafted_cost", "given_cost")),
                f"{figure(row['rewarded'])} of {figure(row['participants'])}",
            ]
            for row in told["promotions"]
        ]
        titles = ["Promotion", "Would give", "Gave", "Change", "Would cost", "Cost", "Rewarded"]
        print_table("", titles, cells, frozenset(range(1, 7)))
    if told["tiers"]:
        cells = [[row["name"] or "none", figure(row["drafted"]), figure(row["given"])] for row in told["tiers"]]
        print_table("", ["Tier", "Would be in it", "Are in it"], cells, frozenset({1, 2}))
    if told["forecast"] is not None:
        year = told["forecast"]["total"]
        low, high = (figure(year[part], points) for part in ("low", "high"))
        click.echo(f"  in twelve months: {low} to {high} points (drawn from history; a range, not a promise)")
