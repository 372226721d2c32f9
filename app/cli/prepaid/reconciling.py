"""`kontor reconcile`: statements of the card provider, what differs from our books, and what is done about it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.orm import Session

from app.cli.options import BY, DAY, LIMIT, PROGRAM, chosen_program
from app.cli.output import (
    FOUND_WRONG,
    NOT_FOUND,
    failing,
    figure,
    json_option,
    print_json,
    print_table,
)
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.states import FindingAnswer
from app.models.programs import Program

if TYPE_CHECKING:
    from app.models.reconciling import ProviderStatement, StatementFinding
    from prepaid.reconciling.reading import Summary

WHY = click.option("--why", required=True, help="The reason, kept with it.")
STATEMENT = click.argument("statement_id", metavar="STATEMENT", type=int)
_WAYS = {
    "settle": FindingAnswer.SETTLED,
    "give-back": FindingAnswer.RETURNED,
    "adjust": FindingAnswer.ADJUSTED,
    "note": FindingAnswer.NOTED,
}


@contextmanager
def _at_work(program_code: str | None) -> Iterator[tuple[Session, Program, Runtime]]:
    """Open a programme to work in; what cannot be done there is a failure of the command."""
    from app.services.by_hand.adjustments import AdjustmentError
    from prepaid.errors import PrepaidError
    from prepaid.reconciling.answering import NoSuchDifference, NoSuchStatement

    refused, missing = (
        failing(PrepaidError, AdjustmentError),
        failing(NoSuchStatement, NoSuchDifference, code=NOT_FOUND),
    )
    with runtime() as run, refused, missing, transaction(run.registry) as session:
        yield session, chosen_program(session, program_code), run


@click.group()
def reconcile() -> None:
    """Hold the card provider's statements against our books; `kontor import statements` brings them in."""


@reconcile.command("list")
@PROGRAM
@LIMIT
@json_option
def list_(program_code: str | None, limit: int, as_json: bool) -> None:
    """List the newest statements."""
    from prepaid.reconciling import reading

    with _at_work(program_code) as (session, program, _run):
        found = [
            _listed(statement) | {"open": open_, "closed": closed}
            for statement, open_, closed in reading.newest(session, program.id, limit)
        ]
        code = program.code
    if as_json:
        print_json({"program": code, "statements": found})
        return
    rows = [
        [
            str(one["statement"]),
            one["provider"],
            f"{one['from']} – {one['to']}",
            figure(one["lines"]),
            figure(one["open"]),
            one["state"],
        ]
        for one in found
    ]
    headers = ["Statement", "Provider", "Covers", "Bookings", "Open", "State"]
    print_table(f"Statements of {code}", headers, rows, frozenset({3, 4}))


def _listed(statement: "ProviderStatement") -> dict[str, Any]:
    return {
        "statement": statement.id,
        "provider": statement.provider,
        "from": statement.from_on.isoformat(),
        "to": statement.to_on.isoformat(),
        "lines": statement.lines,
        "state": "open" if statement.closed_at is None else "closed",
    }


@reconcile.command("show")
@STATEMENT
@PROGRAM
@json_option
def show(statement_id: int, program_code: str | None, as_json: bool) -> None:
    """Show what STATEMENT (its number) comes to; ends with 1 where differences are open."""
    from prepaid.reconciling import answering, reading

    with _at_work(program_code) as (session, program, _run):
        found = reading.summary(session, program, answering.statement_of(session, program, statement_id))
        document, decimals = _summary(found), program.currency_decimals
    if as_json:
        print_json(document)
    else:
        _print(document, decimals)
    if document["open"]:
        raise click.exceptions.Exit(FOUND_WRONG)


def _summary(found: "Summary") -> dict[str, Any]:
    return _listed(found.statement) | {
        "matched": found.matched,
        "waiting": found.waiting,
        "covered": [one.isoformat() for one in found.covered],
        "booked": {
            kind.value: {"count": one.count, "amount_minor": one.amount_minor} for kind, one in found.booked.items()
        },
        "open": found.open,
        "differences": [
            {
                "kind": one.kind.value,
                "open": one.open,
                "closed": one.closed,
                "ours_minor": one.ours_minor,
                "theirs_minor": one.theirs_minor,
            }
            for one in found.differing
        ],
    }


def _print(found: dict[str, Any], decimals: int) -> None:
    click.echo(f"Statement {found['statement']} of {found['provider']}, {found['from']} – {found['to']}")
    for kind, one in found["booked"].items():
        click.echo(f"  {kind:<12}{figure(one['count']):>10}{figure(one['amount_minor'], decimals):>20}")
    click.echo(f"  {figure(found['matched'])} loads agree; {figure(found['waiting'])} are judged with the next.")
    rows = [
        [
            one["kind"],
            figure(one["open"]),
            figure(one["closed"]),
            figure(one["ours_minor"], decimals),
            figure(one["theirs_minor"], decimals),
        ]
        for one in found["differences"]
    ]
    headers = ["Difference", "Open", "Closed", "Our books", "Statement"]
    print_table("Differences", headers, rows, frozenset({1, 2, 3, 4}))


@reconcile.command("differences")
@STATEMENT
@PROGRAM
@click.option("--all", "show_all", is_flag=True, help="With those that are closed.")
@json_option
def differences(statement_id: int, program_code: str | None, show_all: bool, as_json: bool) -> None:
    """List the differences of STATEMENT (its number)."""
    from prepaid.reconciling import answering, reading

    with _at_work(program_code) as (session, program, _run):
        answering.statement_of(session, program, statement_id)
        found = [
            _difference(finding, reference, name)
            for finding, reference, name in reading.differences(session, statement_id, closed=show_all)
        ]
        decimals = program.currency_decimals
    if as_json:
        print_json({"statement": statement_id, "differences": found})
        return
    rows = [
        [
            str(one["difference"]),
            one["kind"],
            one["reference"] or "",
            one["distributor"] or "",
            "" if one["ours_minor"] is None else figure(one["ours_minor"], decimals),
            "" if one["theirs_minor"] is None else figure(one["theirs_minor"], decimals),
            one["answer"] or "open",
        ]
        for one in found
    ]
    headers = ["Number", "Difference", "Reference", "Distributor", "Our books", "Statement", "State"]
    print_table(f"Differences of statement {statement_id}", headers, rows, frozenset({4, 5}))


def _difference(found: "StatementFinding", reference: str | None, name: str | None) -> dict[str, Any]:
    return {
        "difference": found.id,
        "kind": found.kind.value,
        "reference": reference,
        "distributor": name,
        "ours": found.ours,
        "theirs": found.theirs,
        "ours_minor": found.ours_minor,
        "theirs_minor": found.theirs_minor,
        "answer": found.answer.value if found.answer else None,
        "reason": found.reason,
    }


@reconcile.command("answer")
@click.argument("finding_id", metavar="DIFFERENCE", type=int)
@click.argument("how", type=click.Choice(list(_WAYS)))
@PROGRAM
@click.option(
    "--points",
    type=int,
    help="With adjust: points (money, where the load was of it) to give, below zero to take, in the smallest unit.",
)
@WHY
@BY
@json_option
def answer(
    finding_id: int, how: str, program_code: str | None, points: int | None, why: str, by: str | None, as_json: bool
) -> None:
    """Answer DIFFERENCE (its number): settle the load, give its points back, ask for an adjustment, or note why."""
    from prepaid.reconciling import answering

    with _at_work(program_code) as (session, program, run):
        done = answering.answer(
            session,
            program,
            finding_id,
            _WAYS[how],
            reason=why,
            points=points,
            actor=by or operator(),
            now=run.now(),
        )
        document = {"difference": done.id, "answer": _WAYS[how].value, "adjustment": done.adjustment_id}
    _say(document, f"Difference {finding_id} is {_WAYS[how].value}.", as_json)


@reconcile.command("period")
@STATEMENT
@click.option("--from", "from_on", type=DAY, required=True, help="First day that it covers.")
@click.option("--to", "to_on", type=DAY, required=True, help="Last day that it covers.")
@PROGRAM
@BY
@json_option
def period(
    statement_id: int,
    from_on: dt.date,
    to_on: dt.date,
    program_code: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Say which days STATEMENT (its number) covers, where its file begins later or ends earlier."""
    from prepaid.reconciling import answering, reading

    with _at_work(program_code) as (session, program, run):
        days = (from_on, to_on)
        answering.set_period(session, program, statement_id, *days, actor=by or operator(), now=run.now())
        statement = answering.statement_of(session, program, statement_id)
        document = _summary(reading.summary(session, program, statement))
    _say(document, f"Statement {statement_id} covers {days[0]} – {days[1]}.", as_json)


@reconcile.command("look")
@STATEMENT
@PROGRAM
@json_option
def look(statement_id: int, program_code: str | None, as_json: bool) -> None:
    """Hold STATEMENT (its number) against our books as they are now."""
    from prepaid.reconciling import answering, reading

    with _at_work(program_code) as (session, program, run):
        answering.look_again(session, program, statement_id, now=run.now())
        statement = answering.statement_of(session, program, statement_id)
        document = _summary(reading.summary(session, program, statement))
    _say(document, f"Statement {statement_id}: {figure(document['open'])} open differences.", as_json)


@reconcile.command("close")
@STATEMENT
@PROGRAM
@WHY
@BY
@json_option
def close(statement_id: int, program_code: str | None, why: str, by: str | None, as_json: bool) -> None:
    """Close STATEMENT (its number), once its differences are answered."""
    from prepaid.reconciling import answering

    with _at_work(program_code) as (session, program, run):
        answering.close(session, program, statement_id, note=why, actor=by or operator(), now=run.now())
    _say({"statement": statement_id, "state": "closed"}, f"Statement {statement_id} is closed.", as_json)


@reconcile.command("take-back")
@STATEMENT
@PROGRAM
@WHY
@BY
@json_option
def take_back(statement_id: int, program_code: str | None, why: str, by: str | None, as_json: bool) -> None:
    """Take STATEMENT (its number) out again that should not have come in."""
    from prepaid.reconciling import answering

    with _at_work(program_code) as (session, program, run):
        answering.take_back(session, program, statement_id, reason=why, actor=by or operator(), now=run.now())
    _say({"statement": statement_id, "state": "taken_back"}, f"Statement {statement_id} is out again.", as_json)


def _say(document: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(sentence)
