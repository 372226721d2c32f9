"""`kontor balances`, `statement`, `ledger check`: what stands on accounts, and that it is proved."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import DAY, PROGRAM, UNIT, chosen_program, decimals_of
from app.cli.output import (
    FOUND_WRONG,
    NOT_FOUND,
    REFUSED,
    Failure,
    failing,
    figure,
    json_option,
    print_json,
    print_table,
)
from app.cli.running.runtime import runtime
from app.db.transaction import transaction
from app.domain.states import Unit

if TYPE_CHECKING:
    from app.services.tracing.balances import StatementLine


@click.command()
@PROGRAM
@UNIT
@json_option
def balances(program_code: str | None, unit_name: str, as_json: bool) -> None:
    """List what stands on every distributor's account.

    Amounts of --json are whole numbers of the smallest unit (points without decimals, grosze, cents).
    """
    from app.services.tracing import balances as service

    unit = Unit[unit_name.upper()]
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        code, name, decimals = program.code, program.name, decimals_of(program, unit)
        rows = service.balances(session, program.id, unit)
    columns = ("pending", "available", "reserved", "earned", "spent", "expired", "adjusted")
    if as_json:
        accounts = [
            {
                "distributor": row.code,
                "name": row.name,
                "head_office": row.head_office,
                **{column: getattr(row, column) for column in columns},
            }
            for row in rows
        ]
        print_json({"program": code, "unit": unit_name, "accounts": accounts})
        return
    cells = [[row.code, row.name, *(figure(getattr(row, column), decimals) for column in columns)] for row in rows]
    cells.append(["", "Total", *(figure(sum(getattr(row, column) for row in rows), decimals) for column in columns)])
    headers = ["Code", "Name", *(column.capitalize() for column in columns)]
    print_table(f"{name}: {unit_name}", headers, cells, frozenset(range(2, 9)))


@click.command()
@click.argument("distributor")
@PROGRAM
@UNIT
@click.option("--from", "from_on", type=DAY, help="First day, by the date of the sale.")
@click.option("--to", "to_on", type=DAY, help="Last day.")
@json_option
def statement(
    distributor: str,
    program_code: str | None,
    unit_name: str,
    from_on: dt.date | None,
    to_on: dt.date | None,
    as_json: bool,
) -> None:
    """Show every movement of DISTRIBUTOR's account (its code), newest first.

    On an account that the distributors of a pool share, each says whose it is.
    """
    from app.services.tracing import balances as service

    if from_on is not None and to_on is not None and to_on < from_on:
        raise Failure(f"The period ends on {to_on:%Y-%m-%d}, before it begins on {from_on:%Y-%m-%d}.", REFUSED)
    unit = Unit[unit_name.upper()]
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals = decimals_of(program, unit)
        with failing(service.NoSuchDistributor, code=NOT_FOUND):
            balance = service.balance_of(session, program.id, distributor, unit)
        lines = service.statement(
            session,
            balance.distributor_id,
            unit,
            from_on=from_on,
            to_on=to_on,
        )
    if as_json:
        print_json(
            {
                "distributor": balance.code,
                "name": balance.name,
                "unit": unit_name,
                "pending": balance.pending,
                "available": balance.available,
                "reserved": balance.reserved,
                "movements": [_movement(line) for line in lines],
            }
        )
        return
    shared = any(line.whose for line in lines)
    cells = [
        [
            str(line.effective_on),
            line.kind.name.capitalize(),
            line.document_number or line.reason or "",
            *([line.whose or balance.name] if shared else []),
            *(figure(amount, decimals) if amount else "" for amount in (line.pending, line.available, line.reserved)),
        ]
        for line in lines
    ]
    title = f"{balance.name} ({balance.code}): {figure(balance.available, decimals)} {unit_name} available"
    said = ["Date", "Movement", "Document", *(["Whose"] if shared else [])]
    figures = frozenset(range(len(said), len(said) + 3))
    print_table(title, [*said, "Pending", "Available", "Reserved"], cells, figures)


def _movement(line: "StatementLine") -> dict[str, Any]:
    """Give a movement as --json does."""
    return {
        "transaction": line.transaction_id,
        "effective_on": line.effective_on.isoformat(),
        "recorded_at": line.recorded_at.isoformat(),
        "kind": line.kind.name.lower(),
        "document": line.document_number,
        "pending": line.pending,
        "available": line.available,
        "reserved": line.reserved,
        "reason": line.reason,
        "actor": line.actor,
        "whose": line.whose,
    }


@click.group()
def ledger() -> None:
    """The ledger: prove it."""


@ledger.command("check")
@json_option
def check(as_json: bool) -> None:
    """Prove the ledger: sums are zero, balances are what the entries say, lots too, seals are unbroken.

    Exits with 1 when something is wrong.
    """
    from app.services.ledger import ledger_check

    with runtime() as run, transaction(run.registry) as session:
        found = ledger_check.check(session)
    if as_json:
        print_json(
            {
                "ok": found.ok,
                "transactions": found.transactions,
                "entries": found.entries,
                "accounts": found.accounts,
                "blocks": found.blocks,
                "unsealed": found.unsealed,
                "head": found.head,
                "problems": found.problems,
            }
        )
    else:
        click.echo(
            f"{'In order' if found.ok else 'NOT IN ORDER'}: {figure(found.transactions)} transactions, "
            f"{figure(found.entries)} entries, {figure(found.accounts)} accounts, {found.blocks} sealed blocks"
        )
        for problem in found.problems:
            click.echo(f"  {problem}")
        if found.head:
            click.echo(f"  head of the seal: {found.head}")
        if found.unsealed:
            click.echo(f"  newer than the seal: {figure(found.unsealed)} transactions")
    if not found.ok:
        raise SystemExit(FOUND_WRONG)
