"""`kontor tiers`: who is in which tier, why, by hand, and bringing all of it up to date."""

import datetime as dt
from typing import TYPE_CHECKING

import click
from sqlalchemy.orm import Session

from app.cli.options import DAY, PROGRAM, by, chosen_program
from app.cli.output import NOT_FOUND, REFUSED, Failure, failing, figure, json_option, print_json, print_table
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction

if TYPE_CHECKING:
    from app.models.programs import Program

BY = by("gives it")
REASON = click.option("--reason", required=True, help="Why; kept in the history.")


@click.group()
def tiers() -> None:
    """Tiers: what they take, who is in which, and why."""


@tiers.command("list")
@PROGRAM
@json_option
def list_(program_code: str | None, as_json: bool) -> None:
    """List the tiers of a programme: what each takes, what may be redeemed in it, and how many are in it."""
    from app.domain.typed.codes import code_key
    from app.services.placing.tiers import decimals_of, settings_of
    from app.services.tiering import tier_reading

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        settings = settings_of(program)
        decimals = decimals_of(program, settings.metric)
        spread = dict(tier_reading.distribution(session, program.id))
    levels = [
        (one, takes, spread.pop(code_key(one.code), 0))
        for one, takes in zip(settings.levels, settings.thresholds(decimals), strict=True)
    ]
    others = sum(spread.values())
    if as_json:
        print_json(
            {
                "metric": settings.metric.value,
                "window": settings.window.value,
                "tiers": [
                    {"code": one.code, "from": takes, "redeemable_bp": one.redeemable_bp, "members": members}
                    for one, takes, members in levels
                ],
                "without_a_tier": others,
            }
        )
        return
    rows = [
        [one.name, one.code, figure(takes, decimals), f"{one.redeemable_bp / 100:g} %", figure(members)]
        for one, takes, members in reversed(levels)
    ]
    rows.append(["No tier", "", "", "", figure(others)])
    title = f"Tiers by {settings.metric.value}, {settings.window.value.replace('_', ' ')}"
    print_table(title, ["Tier", "Code", "From", "May redeem", "Members"], rows, frozenset({2, 3, 4}))


@tiers.command()
@click.argument("distributor")
@PROGRAM
@json_option
def history(distributor: str, program_code: str | None, as_json: bool) -> None:
    """Show the tiers that the distributor with the code DISTRIBUTOR was in, newest first, and why."""
    from app.services.placing.tiers import decimals_of, settings_of
    from app.services.tiering import tier_reading

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals = decimals_of(program, settings_of(program).metric)
        told = tier_reading.history(session, _id_of(session, program, distributor))
    if as_json:
        print_json(
            {
                "history": [
                    {
                        "from": one.from_on.isoformat() if one.from_on else None,
                        "tier": one.tier,
                        "why": one.why.value,
                        "counted": one.metric,
                        "takes": one.threshold,
                        "until": one.until_on.isoformat() if one.until_on else None,
                        "by": one.noted_by,
                        "reason": one.reason,
                    }
                    for one in told
                ],
                "left_out": told.more,
            }
        )
        return
    rows = [
        [
            str(one.from_on or "the beginning"),
            one.tier or "no tier",
            one.why.value,
            "" if one.metric is None else figure(one.metric, decimals),
            one.reason or "",
        ]
        for one in told
    ]
    print_table(f"Tiers of {distributor}", ["From", "Tier", "Why", "Counted", "Reason"], rows, frozenset({3}))
    if told.more:
        click.echo(f"and {figure(told.more)} more")


@tiers.command()
@PROGRAM
@json_option
def judge(program_code: str | None, as_json: bool) -> None:
    """Bring the tiers of a programme up to date now; `kontor up` does so by itself."""
    from app.services.tiering import tier_judging

    with runtime() as run, transaction(run.registry) as session:
        changed = tier_judging.judge(session, chosen_program(session, program_code), now=run.now())
    if as_json:
        print_json({"changed": changed})
    else:
        click.echo(f"{figure(changed)} distributors are in another tier now.")


@tiers.command()
@click.argument("distributor")
@click.argument("tier")
@PROGRAM
@REASON
@click.option("--until", type=DAY, help="Its last day; by default until it is taken back.")
@BY
@json_option
def give(
    distributor: str,
    tier: str,
    program_code: str | None,
    reason: str,
    until: dt.date | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Put the distributor with the code DISTRIBUTOR into TIER by hand; it stays, whatever is earned."""
    from app.services.tiering import tier_giving

    with (
        runtime() as run,
        failing(tier_giving.NoSuchTier, code=NOT_FOUND),
        transaction(run.registry) as session,
    ):
        program = chosen_program(session, program_code)
        owner = _id_of(session, program, distributor)
        try:
            given = tier_giving.give(
                session, program, owner, tier, until, reason=reason, actor=by or operator(), now=run.now()
            )
        except tier_giving.EndsBeforeToday:
            raise Failure(f"{until} is over: a tier is given until a day that is still to come.", REFUSED) from None
    if as_json:
        print_json({"given": given})
    else:
        click.echo("It is given." if given else "It is so already.")


@tiers.command("take-back")
@click.argument("distributor")
@PROGRAM
@REASON
@BY
@json_option
def take_back(distributor: str, program_code: str | None, reason: str, by: str | None, as_json: bool) -> None:
    """Let the rules alone say again in which tier the distributor with the code DISTRIBUTOR is."""
    from app.services.tiering import tier_giving

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        owner = _id_of(session, program, distributor)
        done = tier_giving.take_back(session, program, owner, reason=reason, actor=by or operator(), now=run.now())
    if as_json:
        print_json({"taken_back": done})
    else:
        click.echo("It is taken back." if done else "No tier was given by hand.")


def _id_of(session: Session, program: "Program", code: str) -> int:
    from app.services.participants import distributors

    found = distributors.id_of_code(session, program.id, code)
    if found is None:
        raise Failure(f"No distributor has the code {code!r}.", NOT_FOUND)
    return found
