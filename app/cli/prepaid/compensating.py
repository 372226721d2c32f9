"""`kontor compensate`: the tax on what was given in a period is paid back, by a run of its own."""

import datetime as dt

import click

from app.cli.options import BY, DAY, LIMIT, PROGRAM, chosen_program
from app.cli.output import figure, json_option, print_json, print_table
from app.cli.prepaid import converting as prepaid
from app.cli.prepaid.showing_runs import show_run
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.states import RunKind


@click.group(invoke_without_command=True)
@click.option("--program", "program_code", help="Code of the programme.")
@click.option("--from", "from_on", type=DAY, help="First day on which a load arrived, or goods were delivered.")
@click.option("--to", "to_on", type=DAY, help="Last day.")
@BY
@json_option
@click.pass_context
def compensate(
    context: click.Context,
    program_code: str | None,
    from_on: dt.date | None,
    to_on: dt.date | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Pay the tax on the rewards of a period back, by extra loads of the same cards.

    \b
    kontor compensate --program CODE --from 2026-10-01 --to 2026-10-31   freezes what is owed and shows the totals
    kontor compensate approve RUN --by SOMEBODY-ELSE                     a second person approves; writes the order file
    kontor compensate send RUN                                           sends it, and settles the answer

    A load is taken with the compensation that was frozen with it, goods and vouchers with what the rules of the day
    of their delivery say. Each is compensated once; what cannot be loaded now is listed with the reason, and a
    later run takes it. Where nothing waits, no run is kept, and the command ends with 4. Whether loads are
    compensated at once or by such runs, the programme says (prepaid.compensation).
    """  # noqa: D301  # click reads the backspace
    if context.invoked_subcommand is not None:
        return
    from prepaid.conversions import compensating

    if program_code is None or from_on is None or to_on is None:
        raise click.UsageError("Say --program, --from and --to, or one of the commands below; see --help.")
    with runtime() as run:
        with prepaid.refusing(), transaction(run.registry) as session:
            made = compensating.preview(
                session,
                chosen_program(session, program_code),
                from_on=from_on,
                to_on=to_on,
                actor=by or operator(),
                now=run.now(),
            )
            prepaid.require_something(session, made)
            run_id = made.id
        show_run(run, run_id, as_json)


@compensate.command("waiting")
@PROGRAM
@json_option
def waiting(program_code: str | None, as_json: bool) -> None:
    """Tell what arrived and is not compensated, of whatever period."""
    from prepaid.taxing import owed

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        found = owed.waiting(session, program)
        code, decimals, currency = program.code, program.currency_decimals, program.currency
    if as_json:
        print_json(
            {
                "program": code,
                "rewards": found.rewards,
                "amount_minor": found.amount_minor,
                "first_on": found.first_on.isoformat() if found.first_on else None,
                "currency": currency,
            }
        )
        return
    since = f", the oldest since {found.first_on}" if found.first_on else ""
    amount = f"{figure(found.amount_minor, decimals)} {currency}"
    click.echo(f"{code}: {figure(found.rewards)} rewards wait, {amount} to pay back{since}.")


@compensate.command("list")
@PROGRAM
@LIMIT
@json_option
def list_(program_code: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs of compensations."""
    from prepaid.conversions import runs

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals = program.currency_decimals
        found = [
            {
                "run": one.id,
                "status": one.status.value,
                "from": one.from_on.isoformat(),
                "to": one.to_on.isoformat(),
                "accounts": one.accounts,
                "loads": one.terms["loads"],
                "goods": one.terms["goods"],
                "compensation_minor": one.compensation_minor,
                "currency": one.currency,
            }
            for one in runs.newest(session, program.id, limit, RunKind.COMPENSATIONS)
        ]
    if as_json:
        print_json({"runs": found})
        return
    rows = [
        [
            str(one["run"]),
            f"{one['from']} – {one['to']}",
            str(one["status"]),
            figure(int(one["accounts"])),
            f"{figure(int(one['compensation_minor']), decimals)} {one['currency']}",
        ]
        for one in found
    ]
    headers = ["Run", "Period", "Status", "Accounts", "Compensation"]
    print_table("Compensation runs", headers, rows, frozenset({3, 4}))


for _command in ("approve", "cancel", "send", "settle", "reorder", "show"):
    compensate.add_command(prepaid.convert.commands[_command], _command)
