"""`kontor events`: what happened beside sales, told by command and listed."""

import datetime as dt

import click

from app.cli.options import DAY, PROGRAM, at_most, by, chosen_program
from app.cli.output import NOT_FOUND, REFUSED, Failure, figure, json_option, print_json, print_table
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.rules.happening import BY_HAND
from app.domain.states import Event, Unit

BY = by("tells it")


@click.group()
def events() -> None:
    """Events that rules reward: trainings, surveys, reviews, birthdays, referrals, and those of your own."""


@events.command()
@click.argument("distributor")
@click.argument("event", type=click.Choice([one.value for one in BY_HAND]))
@PROGRAM
@click.option("--on", "day", type=DAY, help="The day it happened; by default today.")
@click.option("--about", help="Which training, survey or event of your own, by its code.")
@click.option("--key", help="Tells the event once, however often it is told; by default what it is about, and the day.")
@BY
@json_option
def tell(
    distributor: str,
    event: str,
    program_code: str | None,
    day: dt.date | None,
    about: str | None,
    key: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Tell what happened to the distributor with the code DISTRIBUTOR; its points follow."""
    from app.domain.measures.calendar import local_date
    from app.services.occasions import events as service
    from app.services.participants import distributors

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        owner = distributors.id_of_code(session, program.id, distributor)
        if owner is None:
            raise Failure(f"No distributor has the code {distributor!r}.", NOT_FOUND)
        today = local_date(run.now(), program.time_zone)
        on = day or today
        if on > today:
            raise Failure(f"{on} is still to come: tell what happened on that day or later.", REFUSED)
        what = Event(event)
        told = service.Told(owner, what, key or service.key_by_hand(what, about, on), on, about)
        done = service.record(session, program.id, [told], actor=by or operator(), now=run.now())
        decimals = {Unit.POINTS: program.point_decimals, Unit.MONEY: program.currency_decimals}
    if as_json:
        print_json({"new": done.new, **{unit.name.lower(): done.given[unit] for unit in Unit}})
    elif not done.new:
        click.echo("It was told before; nothing is given twice.")
    else:
        given = [f"{figure(done.given[unit], decimals[unit])} {unit.name.lower()}" for unit in Unit if done.given[unit]]
        click.echo(f"Told. It gave {' and '.join(given) or 'nothing: no rule rewards it'}.")


@events.command("list")
@PROGRAM
@at_most(100)
@json_option
def list_(program_code: str | None, limit: int, as_json: bool) -> None:
    """List what happened, newest first, with the points it gave."""
    from app.services.occasions import events as service

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals, found = program.point_decimals, service.newest(session, program.id, limit)
    if as_json:
        print_json(
            {
                "events": [
                    {
                        "distributor": one.distributor,
                        "event": one.event.value,
                        "about": one.about,
                        "on": one.on.isoformat(),
                        "points": one.points,
                    }
                    for one in found
                ]
            }
        )
        return
    rows = [
        [str(one.on), one.distributor, one.event.value, one.about or "", figure(one.points, decimals)] for one in found
    ]
    print_table("Events", ["Day", "Distributor", "Event", "About", "Points"], rows, frozenset({4}))
