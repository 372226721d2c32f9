"""Purchases that balances pay for, without a browser: credits are listed, taken and given back."""

from typing import Any

import click

from app.cli.options import BY, PROGRAM, at_most, chosen_program
from app.cli.output import NOT_FOUND, Failure, failing, figure, json_option, print_json, print_table
from app.cli.prepaid.cards import minor_of
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.states import CreditState


@click.group(invoke_without_command=True)
@PROGRAM
@click.option(
    "--state",
    "state_name",
    type=click.Choice([state.value for state in CreditState]),
    help="Only those of which this has become.",
)
@at_most(100)
@json_option
@click.pass_context
def purchases(
    context: click.Context, program_code: str | None, state_name: str | None, limit: int, as_json: bool
) -> None:
    """List what participants set aside of their balances for purchases, the newest first."""
    from app.services.orders.purchase_credits import newest

    if context.invoked_subcommand is not None:
        return
    state = CreditState(state_name) if state_name else None
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals = program.currency_decimals
        found = newest(session, program.id, state, limit)
    if as_json:
        print_json(
            {
                "credits": [
                    {
                        "id": one.id,
                        "distributor": one.distributor,
                        "worth_minor": one.worth_minor,
                        "document": one.document,
                        "last_on": one.last_on.isoformat(),
                        "state": one.state.value,
                    }
                    for one in found
                ]
            }
        )
        return
    rows = [
        [
            str(one.id),
            one.distributor,
            figure(one.worth_minor, decimals),
            one.document or "",
            f"{one.last_on}",
            one.state.value,
        ]
        for one in found
    ]
    titles = ["Credit", "Distributor", "Off the purchase", "Purchase", "Usable until", "State"]
    print_table("Purchase credits", titles, rows, frozenset({2}))


@purchases.command("take")
@click.argument("code")
@click.option("--document", required=True, help="Number of the purchase that it pays for.")
@click.option("--amount", required=True, help="What the whole purchase costs.")
@PROGRAM
@BY
@json_option
def take(code: str, document: str, amount: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Take the credit of CODE for a purchase: what it set aside is spent."""
    from app.config import secret_key
    from app.services.access.keys import Keys
    from app.services.orders.purchase_credits import CreditError
    from app.services.orders.purchase_credits import take as take_credit

    with failing(CreditError), runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        worth = take_credit(
            *(session, Keys(secret_key(run.settings)), program, code),
            document=document,
            purchase_minor=minor_of(amount, program),
            actor=by or operator(),
            now=run.now(),
        ).worth_minor
        written = f"{figure(worth, program.currency_decimals)} {program.currency}"
    if as_json:
        print_json({"document": document, "worth_minor": worth})
        return
    click.echo(f"Taken: {written} off purchase {document}.")


@purchases.command("give-back")
@click.argument("credit_id", type=int)
@click.option("--reason", required=True, help="Why, in words.")
@PROGRAM
@BY
@json_option
def give_back(credit_id: int, reason: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Give CREDIT_ID back, which nobody has taken: what it set aside goes back to its lots."""
    from app.services.orders import purchase_credits

    with failing(purchase_credits.CreditError), runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        said: dict[str, Any] = {"actor": by or operator(), "now": run.now(), "reason": reason}
        try:
            purchase_credits.give_back(session, program, credit_id, **said)
        except LookupError:
            raise Failure(f"{program.code} has no purchase credit {credit_id}.", NOT_FOUND) from None
    if as_json:
        print_json({"credit": credit_id})
        return
    click.echo(f"Credit {credit_id} is given back.")
