"""`kontor redemptions`: what distributors ask for one by one, approved, called off, gathered for an order file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.options import BY, PROGRAM, at_most, chosen_program
from app.cli.output import NOT_FOUND, UNAVAILABLE, Failure, failing, figure, json_option, print_json, print_table
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.extensions import db
from app.models.prepaid import Redemption

REDEMPTION = click.argument("redemption_id", metavar="REDEMPTION", type=int)


@contextmanager
def _failing() -> Iterator[None]:
    """Turn what this room's use cases raise into failures of the command."""
    from prepaid.errors import PrepaidError
    from prepaid.providers import OrderRefused, ProviderError

    try:
        with failing(PrepaidError, OrderRefused):
            yield
    except ProviderError as error:
        raise Failure(f"The card provider: {error} Do it again to ask once more.", UNAVAILABLE) from None


def _of_program(session: Session, program_code: str | None, redemption_id: int) -> Redemption:
    """Find a redemption of a programme.

    Raises:
        Failure: It has none of this number.
    """
    program = chosen_program(session, program_code)
    found = session.get(Redemption, redemption_id)
    if found is None or found.program_id != program.id or found.order_line_id is not None:
        raise Failure(f"{program.code} has no redemption {redemption_id}; see `kontor redemptions`.", NOT_FOUND)
    return found


def _wake(run: Runtime, run_id: int | None) -> None:
    """Wake a worker for what goes at once."""
    from app.jobs import messenger

    if run_id is not None:
        messenger.wake(run.addresses.redis_url, 1)


def _document(session: Session, redemption_id: int) -> dict[str, Any]:
    """Give a redemption as --json does."""
    from prepaid.redeeming.redemption_stories import story

    found = story(session, redemption_id)
    of = found.redemption
    return {
        "redemption": of.id,
        "distributor": found.distributor_name,
        "state": found.state.value,
        "points": of.points,
        "amount_minor": of.amount_minor,
        "compensation_minor": of.compensation_minor,
        "withheld_minor": of.withheld_minor,
        "currency": of.currency,
        "tax_rule": of.tax_rule,
        "asked_by": of.asked_by,
        "approved_by": of.approved_by,
        "run": of.run_id,
        "moments": [{"word": one.word.value, "at": one.at.isoformat(), "who": one.who} for one in found.moments],
    }


def _show(session: Session, redemption_id: int, as_json: bool) -> None:
    said = _document(session, redemption_id)
    if as_json:
        print_json(said)
        return
    click.echo(f"Redemption {said['redemption']} of {said['distributor']}: {said['state']}")
    for one in said["moments"]:
        click.echo(f"  {one['at'][:16]}  {one['word']}{' by ' + one['who'] if one['who'] else ''}")


@click.group(invoke_without_command=True)
@PROGRAM
@at_most(50)
@json_option
@click.pass_context
def redemptions(context: click.Context, program_code: str | None, limit: int, as_json: bool) -> None:
    """List redemptions that distributors asked for one by one, the newest first.

    \b
    kontor redemptions ask DISTRIBUTOR POINTS --key KEY   in the name of a distributor; the same key is the same one
    kontor redemptions approve REDEMPTION --by SOMEBODY    a second person lets it go
    kontor redemptions order                               gathers what is approved, and writes its order file
    """  # noqa: D301  # click reads the backspace
    from prepaid.redeeming.redemption_stories import newest

    if context.invoked_subcommand is not None:
        return
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals, money = program.point_decimals, program.currency_decimals
        found = newest(session, program.id, limit)
    if as_json:
        print_json({"redemptions": [one._asdict() | {"created_at": one.created_at.isoformat()} for one in found]})
        return
    rows = [
        [str(one.id), one.distributor, figure(one.points, decimals), figure(one.amount_minor, money), one.state]
        for one in found
    ]
    print_table("Redemptions", ["Number", "Distributor", "Points", "Amount", "State"], rows, frozenset({2, 3}))


@redemptions.command("ask")
@click.argument("distributor")
@click.argument("points", type=click.IntRange(min=1))
@click.option("--key", required=True, help="Yours; asking again under the same key finds the same redemption.")
@PROGRAM
@BY
@json_option
def ask(distributor: str, points: int, key: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Redeem POINTS (in the smallest unit) of DISTRIBUTOR, by its code. They are reserved now.

    Where the programme wants somebody's approval it waits for that; else it goes out with the next order file, or at
    once where the provider takes orders by its interface.
    """
    from app.domain.states import Unit
    from app.services.tracing.balances import NoSuchDistributor, balance_of
    from prepaid import gathering

    with runtime() as run, _failing():
        with transaction(run.registry) as session:
            program = chosen_program(session, program_code)
            with failing(NoSuchDistributor, code=NOT_FOUND):
                owner = balance_of(session, program.id, distributor, Unit.POINTS).distributor_id
            made = gathering.ask_and_go(session, program, owner, points, key=key, actor=by or operator(), now=run.now())
            _show(session, made.redemption_id, as_json)
        _wake(run, made.run_id)


@redemptions.command("show")
@REDEMPTION
@PROGRAM
@json_option
def show(redemption_id: int, program_code: str | None, as_json: bool) -> None:
    """Show REDEMPTION: its state, its money, and what happened to it."""
    with runtime() as run, transaction(run.registry) as session:
        _show(session, _of_program(session, program_code, redemption_id).id, as_json)


@redemptions.command("approve")
@REDEMPTION
@PROGRAM
@BY
@json_option
def approve(redemption_id: int, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Approve REDEMPTION as somebody who did not ask for it.

    It goes out with the next order file, or at once where the provider takes orders by its interface.
    """
    from prepaid import gathering

    with runtime() as run, _failing():
        with transaction(run.registry) as session:
            _of_program(session, program_code, redemption_id)
            goes = gathering.approve_and_go(session, redemption_id, actor=by or operator(), now=run.now())
            _show(session, redemption_id, as_json)
        _wake(run, goes)


@redemptions.command("call-off")
@REDEMPTION
@click.option("--reason", required=True, help="Why, in words; whoever asked reads it.")
@PROGRAM
@BY
@json_option
def call_off(redemption_id: int, reason: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Call REDEMPTION off that is not on its way yet: its points go back to the lots they came from."""
    from prepaid.redeeming import redemptions as asking

    with runtime() as run, _failing(), transaction(run.registry) as session:
        _of_program(session, program_code, redemption_id)
        asking.call_off(session, redemption_id, actor=by or operator(), now=run.now(), reason=reason)
        _show(session, redemption_id, as_json)


@redemptions.command("order")
@PROGRAM
@BY
@json_option
def order(program_code: str | None, by: str | None, as_json: bool) -> None:
    """Gather what is approved into a run and write its order file; then `kontor convert send` goes on with it."""
    from prepaid import gathering
    from prepaid.conversions import ordering
    from prepaid.issuers.connections import connect
    from prepaid.loads.moves import run_of

    with runtime() as run, _failing():
        with transaction(run.registry) as session:
            program = chosen_program(session, program_code)
            run_id = gathering.gather(session, program, actor=by or operator(), now=run.now())
            provider = None if run_id is None else connect(run_of(session, run_id).provider, db.engine)
        if run_id is None or provider is None:
            if as_json:
                print_json({"run": None, "lines": 0})
            else:
                click.echo("Nothing can go out: nothing is approved, or it is of who is blocked or has no card.")
            return
        made = ordering.order(run.registry, run.settings, provider, run_id, actor=by or operator(), now=run.now())
    if as_json:
        print_json({"run": run_id, "lines": made.lines, "file": str(made.file), "amount_minor": made.amount_minor})
        return
    click.echo(f"{made.lines} loads of run {run_id} are in {made.file}.")
