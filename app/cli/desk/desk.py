"""What a programme's desk does by hand: look at documents, decide, adjust, and the chores of every night."""

import uuid

import click

from app.cli.desk import e_invoices
from app.cli.options import PROGRAM, UNIT, at_most, by, chosen_program, decimals_of
from app.cli.output import NOT_FOUND, REFUSED, Failure, failing, figure, json_option, print_json, print_table
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.saying.decision_codes import SENTENCES
from app.domain.states import DocumentStatus, Unit

MOST = 10**15
"""Most points given by hand at once: many such sums still fit the ledger's integers."""

BY = by("decides")


@click.group(invoke_without_command=True)
@PROGRAM
@click.option(
    "--status",
    "status_name",
    type=click.Choice([one.name.lower() for one in DocumentStatus]),
    default="review",
    show_default=True,
    help="What was decided about them.",
)
@at_most(100, "oldest first")
@json_option
@click.pass_context
def documents(context: click.Context, program_code: str | None, status_name: str, limit: int, as_json: bool) -> None:
    """List documents by what was decided about them: what waits for review, what was refused, and why."""
    from verification.deciding import decisions

    if context.invoked_subcommand is not None:
        return
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals, currency = program.currency_decimals, program.currency
        found = decisions.documents(session, program.id, DocumentStatus[status_name.upper()], limit=limit)
    if as_json:
        print_json(
            {
                "documents": [
                    {
                        "id": one.id,
                        "number": one.number,
                        "kind": one.kind.name.lower(),
                        "issued_on": one.issued_on.isoformat(),
                        "distributor": one.distributor_code,
                        "net_minor": one.net_minor,
                        "status": one.status.name.lower(),
                        "reasons": one.reasons,
                    }
                    for one in found
                ]
            }
        )
        return
    rows = [
        [
            str(one.id),
            one.number,
            str(one.issued_on),
            one.distributor_name,
            figure(one.net_minor, decimals),
            one.reasons,
        ]
        for one in found
    ]
    headers = ["Id", "Number", "Issued", "Distributor", f"Net ({currency})", "Why"]
    print_table(f"Documents: {status_name}", headers, rows, frozenset({4}))


documents.add_command(e_invoices.read)


@click.command()
@click.argument("document_id", type=int)
@click.argument("verdict", type=click.Choice(["accept", "refuse"]))
@PROGRAM
@click.option("--reason", default="", help="Why, in words; kept with the decision.")
@click.option("--code", type=click.Choice([*SENTENCES]), help="Why, as it is counted; with it words may be left out.")
@BY
@json_option
def decide(
    document_id: int,
    verdict: str,
    program_code: str | None,
    reason: str,
    code: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Accept or refuse the document with DOCUMENT_ID (see `kontor documents`); its points follow."""
    from verification.deciding import decisions, errors

    becomes = DocumentStatus.ACCEPTED if verdict == "accept" else DocumentStatus.REFUSED
    with (
        runtime() as run,
        failing(errors.CannotDecide),
        failing(errors.NoSuchDocument, code=NOT_FOUND),
        transaction(run.registry) as session,
    ):
        program = chosen_program(session, program_code)
        is_now = decisions.decide(
            session, program, document_id, becomes, reason=reason, code=code, actor=by or operator(), now=run.now()
        )
    if as_json:
        print_json({"document": document_id, "status": is_now.name.lower()})
    elif is_now is DocumentStatus.REVIEW:
        click.echo(f"Document {document_id} is accepted by one person; it takes a second one.")
    else:
        click.echo(f"Document {document_id} is {is_now.name.lower()}.")


@click.command()
@click.argument("distributor")
@click.argument("amount", type=click.IntRange(-MOST, MOST))
@PROGRAM
@UNIT
@click.option("--reason", required=True, help="Why; shown on the statement.")
@click.option("--key", help="Makes the adjustment happen once, however often it is asked for.")
@BY
@json_option
def adjust(
    distributor: str,
    amount: int,
    program_code: str | None,
    unit_name: str,
    reason: str,
    key: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Give DISTRIBUTOR (its code) AMOUNT points by hand, or take them: write -- before a negative AMOUNT.

    AMOUNT is a whole number of the smallest unit.
    """
    from sqlalchemy.exc import IntegrityError

    from app.services import audit
    from app.services.ledger import ledger
    from app.services.rulebooks import rules_of
    from app.services.tracing import balances

    unit = Unit[unit_name.upper()]
    with runtime() as run:
        try:
            with transaction(run.registry) as session:
                program = chosen_program(session, program_code)
                decimals = decimals_of(program, unit)
                with failing(balances.NoSuchDistributor, code=NOT_FOUND):
                    found = balances.balance_of(session, program.id, distributor, unit)
                with failing(ledger.LedgerError):
                    moved = ledger.adjust(
                        session,
                        rules_of(session, program.id),
                        ledger.wallet_of(session, found.distributor_id, unit),
                        amount,
                        key=key or str(uuid.uuid4()),
                        now=run.now(),
                        actor=by or operator(),
                        reason=reason,
                    )
                audit.note(
                    session,
                    by or operator(),
                    "ledger.adjust",
                    found.code,
                    now=run.now(),
                    program_id=program.id,
                    after={"unit": unit_name, "amount": moved},
                    reason=reason,
                )
        except IntegrityError:
            raise Failure(f"An adjustment with the key {key!r} was made before.", REFUSED) from None
    if as_json:
        print_json({"distributor": found.code, "unit": unit_name, "adjusted": moved})
    else:
        click.echo(f"{found.name}: {figure(moved, decimals)} {unit_name}.")


@click.command()
@PROGRAM
@json_option
def tick(program_code: str | None, as_json: bool) -> None:
    """Do the chores that time brings: release cooled-off points, write off expired ones, tell of those that soon will.

    It seals the ledger as well, makes the sums by month anew, brings groups and tiers up to date, and gives the rewards
    that sales bring at once.

    `kontor up` does them by itself.
    """
    from app.config import secret_key
    from app.services import chores
    from app.services.access.keys import Keys
    from app.services.instants.due import run_due

    with runtime() as run:
        if program_code is not None:
            with transaction(run.registry) as session:
                chosen_program(session, program_code)
        done = chores.run(run.registry, run.now(), program_code)
        brought = run_due(run.registry, Keys(secret_key(run.settings)), run.now(), program_code)
    if as_json:
        print_json(
            {
                "released_documents": done.released,
                "expired": done.expired,
                "reminded_distributors": done.reminded,
                "sealed_transactions": done.sealed,
                "changed_tiers": done.tiers,
                "rewards_for_sales": brought.given,
                "rewards_taken_back": brought.taken,
                "rewards_waiting": brought.waiting,
            }
        )
    else:
        click.echo(
            f"{figure(done.released)} documents released, {figure(done.expired)} points expired, "
            f"{figure(done.reminded)} distributors reminded of points that expire soon, "
            f"{figure(done.sealed)} transactions sealed, {figure(done.tiers)} distributors in another tier, "
            f"{figure(brought.given)} rewards given for sales, {figure(brought.taken)} taken back."
        )
