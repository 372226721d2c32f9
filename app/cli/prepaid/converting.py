"""`kontor convert`: points become top-ups of prepaid cards."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.orm import Session

from app.cli.options import BY, DAY, LIMIT, PROGRAM, UNIT, chosen_program
from app.cli.output import (
    FOUND_WRONG,
    NOT_FOUND,
    UNAVAILABLE,
    Failure,
    failing,
    figure,
    json_option,
    print_json,
    print_table,
)
from app.cli.prepaid.preparing import wait_until_prepared
from app.cli.prepaid.showing_runs import document, print_run, report, show_run
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.measures.money import amount_name
from app.domain.saying.load_failures import failure
from app.domain.states import RunKind, Unit
from app.extensions import db

if TYPE_CHECKING:
    from app.models.prepaid import ConversionRun
    from prepaid.loads.settling import Settled
    from prepaid.providers import CardProvider

RUN = click.argument("run_id", metavar="RUN", type=int)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what this room's use cases raise into failures of the command."""
    from importers.errors import ImportRefused
    from prepaid.errors import NoSuchRun, PrepaidError
    from prepaid.providers import OrderRefused, ProviderError

    try:
        with failing(NoSuchRun, code=NOT_FOUND), failing(PrepaidError, ImportRefused, OrderRefused):
            yield
    except ProviderError as error:
        raise Failure(f"The card provider: {error} Do it again to ask once more.", UNAVAILABLE) from None


def _provider(session: Session, run_id: int) -> "CardProvider":
    from prepaid.issuers.connections import connect
    from prepaid.loads.moves import run_of

    return connect(run_of(session, run_id).provider, db.engine)


def require_something(session: Session, made: "ConversionRun") -> None:
    """Refuse a run in which nothing waits: it is not kept, and the command ends with the code of what is not there.

    Raises:
        Failure: It took nothing, left nothing out and judged no goods.
    """
    from prepaid.conversions import runs

    if not runs.says_nothing(session, made):
        return
    of_what = "is to be compensated falls" if made.kind is RunKind.COMPENSATIONS else "may be converted was earned"
    raise Failure(f"Nothing that {of_what} from {made.from_on} to {made.to_on}; no run is kept.", NOT_FOUND)


@click.group(invoke_without_command=True)
@click.option("--program", "program_code", help="Code of the programme.")
@click.option("--from", "from_on", type=DAY, help="First day on which the points were earned: the sale's date.")
@click.option("--to", "to_on", type=DAY, help="Last day.")
@UNIT
@click.option("--group", "groups", multiple=True, help="Code of a group of distributors; those below it as well.")
@click.option("--tier", "tiers", multiple=True, help="Code of a tier: only who is in one of those named.")
@click.option("--at-least", type=click.IntRange(min=0), default=0, help="Only accounts with so much, smallest unit.")
@BY
@json_option
@click.pass_context
def convert(
    context: click.Context,
    program_code: str | None,
    from_on: dt.date | None,
    to_on: dt.date | None,
    unit_name: str,
    groups: tuple[str, ...],
    tiers: tuple[str, ...],
    at_least: int,
    by: str | None,
    as_json: bool,
) -> None:
    """Convert all points of a period into top-ups of prepaid cards.

    \b
    kontor convert --program CODE --from 2025-11-01 --to 2026-10-31   freezes the points and shows the totals
    kontor convert approve RUN --by SOMEBODY-ELSE                     a second person approves; writes the order file
    kontor convert send RUN                                           sends it to the card provider, settles the answer

    The preview reserves the points: what is ordered later is what it says, to the last minor unit. Accounts that cannot
    be converted are listed, each with the reason. `kontor convert cancel RUN` gives every point back. Loads that fail
    give their points back to the lots they came from. Where nobody has anything of the period, no run is kept, and the
    command ends with 4.

    Amounts of --json are whole numbers of the smallest unit (points without decimals, grosze, cents).
    """  # noqa: D301  # click reads the backspace
    if context.invoked_subcommand is not None:
        return
    from prepaid.conversions import preparing
    from prepaid.conversions.segments import Segment

    if program_code is None or from_on is None or to_on is None:
        raise click.UsageError("Say --program, --from and --to, or one of the commands below; see --help.")
    with runtime() as run:
        with refusing(), transaction(run.registry) as session:
            made = preparing.preview(
                session,
                chosen_program(session, program_code),
                from_on=from_on,
                to_on=to_on,
                unit=Unit[unit_name.upper()],
                segment=Segment(groups, tiers),
                minimum_points=at_least,
                actor=by or operator(),
                now=run.now(),
            )
            require_something(session, made)
            run_id = made.id
        wait_until_prepared(run, run_id)
        show_run(run, run_id, as_json)


@convert.command("prepare")
@RUN
@json_option
def prepare(run_id: int, as_json: bool) -> None:
    """Go on with the preparation of RUN until its totals stand; what was stopped or given up is taken up again."""
    with runtime() as run, refusing():
        wait_until_prepared(run, run_id)
        show_run(run, run_id, as_json)


@convert.command("scheduled")
@PROGRAM
@json_option
def scheduled_(program_code: str | None, as_json: bool) -> None:
    """Prepare this month's run if the programme's schedule asks for it and its day has come; tell finance by mail.

    `kontor up` does it by itself. It stops at the preview: somebody approves it with `kontor convert approve`.
    """
    from prepaid import scheduled

    with runtime() as run:
        with refusing(), transaction(run.registry) as session:
            program = chosen_program(session, program_code)
            made = scheduled.prepare_due(session, program, now=run.now(), address=run.settings.address)
            run_id = None if made is None else made.id
        if run_id is not None:
            wait_until_prepared(run, run_id)
            show_run(run, run_id, as_json)
        elif as_json:
            print_json({"run": None})
        else:
            click.echo("No run is due: there is no schedule, its day has not come, or this month's run is prepared.")


@convert.command("approve")
@RUN
@BY
@json_option
def approve(run_id: int, by: str | None, as_json: bool) -> None:
    """Approve RUN as a second person, and write its order file.

    Whoever previewed the run cannot approve it. Where the programme wants it, cards are issued first. The file can be
    sent with the command `send`, or handed to the provider by hand.
    """
    from prepaid.conversions import ordering

    with runtime() as run, refusing():
        with transaction(run.registry) as session:
            provider = _provider(session, run_id)
        ordered = ordering.approve_and_order(
            run.registry, run.settings, provider, run_id, actor=by or operator(), now=run.now()
        )
        show_run(run, run_id, as_json, order_lines=ordered.lines, order_sha256=ordered.sha256.hex())


@convert.command("cancel")
@RUN
@click.option("--reason", help="Why; kept with the run.")
@click.option("--order-file-not-sent", is_flag=True, help="Say that nobody has handed the order file to the provider.")
@BY
@json_option
def cancel(run_id: int, reason: str | None, order_file_not_sent: bool, by: str | None, as_json: bool) -> None:
    """Call RUN off: every point goes back to the lot it came from, and what is compensated waits again."""
    from prepaid.conversions import runs

    with runtime() as run:
        with refusing(), transaction(run.registry) as session:
            runs.cancel(
                session,
                run_id,
                actor=by or operator(),
                now=run.now(),
                order_file_not_sent=order_file_not_sent,
                reason=reason,
            )
        show_run(run, run_id, as_json)


@convert.command("send")
@RUN
@BY
@json_option
def send(run_id: int, by: str | None, as_json: bool) -> None:
    """Send RUN to its card provider, bring the response file in, and settle it.

    Safe to do again, whatever stopped it: the provider is asked by our references what became of each load, and only
    what it never saw is handed in again.
    """
    from prepaid.conversions import sending

    with runtime() as run, refusing():
        with transaction(run.registry) as session:
            provider = _provider(session, run_id)
        sent = sending.send(
            *(run.registry, run.settings, provider, run_id), actor=by or operator(), now=run.now(), clock=run.now
        )
        unit = report(run, run_id).run.unit
        counts = {amount_name(unit, what): sent.total(what) for what in ("redeemed", "returned")}
        still_open = sent.settlements[-1].still_open if sent.settlements else 0
        show_run(run, run_id, as_json, **counts, still_open=still_open, problems=sent.problems)
        _problems(sent.problems, as_json)


@convert.command("settle")
@RUN
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@BY
@json_option
def settle(run_id: int, file: Path, by: str | None, as_json: bool) -> None:
    """Settle RUN by a response FILE that was brought by hand (.csv in UTF-8 or .xlsx).

    The header names reference and result (loaded, failed or unknown), and where there are any code, message and amount.
    The same file twice changes nothing. Rows that cannot be taken as they are come out as problems, and then the
    command ends with 1.
    """
    from prepaid.loads import settling

    with runtime() as run:
        with refusing(), transaction(run.registry) as session:
            settled = settling.settle_file(
                session, run.settings, run_id, file, name=file.name, actor=by or operator(), now=run.now()
            )
        show_run(run, run_id, as_json, settled=settled.counts(), problems=settled.problems)
        if not as_json:
            _settled(settled)
        _problems(settled.problems, as_json)


def _settled(settled: "Settled") -> None:
    click.echo(
        f"Of {figure(settled.rows)} rows: {figure(settled.loaded)} loaded, {figure(settled.failed)} failed, "
        f"{figure(settled.unknown)} unknown, {figure(settled.cancelled)} called off with their rewards, "
        f"{figure(settled.again)} known already; {figure(settled.still_open)} top-ups are still open."
    )


def _problems(problems: list[dict[str, Any]], as_json: bool) -> None:
    """List the answers that could not be taken as they are.

    Raises:
        SystemExit: There are some.
    """
    if not problems:
        return
    if not as_json:
        rows = [[str(one["row"] or ""), one["reference"] or "", one["message"]] for one in problems]
        print_table("Problems", ["Row", "Reference", "What is wrong"], rows, frozenset({0}))
    raise SystemExit(FOUND_WRONG)


@convert.command("reorder")
@RUN
@BY
@json_option
def reorder(run_id: int, by: str | None, as_json: bool) -> None:
    """Order the compensations of RUN again that failed though their rewards were loaded.

    Writes a new order file with new references, for the command `send`.
    """
    from prepaid.conversions import ordering

    with runtime() as run:
        with refusing(), transaction(run.registry) as session:
            ordered = ordering.reorder_failed(session, run.settings, run_id, actor=by or operator(), now=run.now())
        show_run(run, run_id, as_json, order_lines=ordered.lines, order_amount_minor=ordered.amount_minor)


@convert.command("show")
@RUN
@click.option("--all", "show_all", is_flag=True, help="With every exception and every top-up.")
@json_option
def show(run_id: int, show_all: bool, as_json: bool) -> None:
    """Show how RUN stands: totals, states, files, and who was left out and why."""
    from prepaid.conversions import runs

    with runtime() as run, refusing():
        found = report(run, run_id)
        with transaction(run.registry) as session:
            lines = runs.lines(session, run_id) if show_all else []
        if as_json:
            listed = [
                {
                    "distributor": one.distributor_code,
                    "kind": one.kind.value,
                    amount_name(found.run.unit): one.points,
                    "amount_minor": one.amount_minor,
                    "status": one.status.value,
                    "reference": one.reference,
                    "tax_rule": one.tax_rule,
                    "failure": one.failure,
                }
                for one in lines
            ]
            print_json(document(run, found) | ({"lines": listed} if show_all else {}))
            return
        print_run(run, found, exceptions=show_all)
        if show_all:
            rows = [
                [
                    one.distributor_code,
                    one.distributor_name,
                    one.kind.value,
                    figure(one.amount_minor, found.program.currency_decimals),
                    one.status.value,
                    one.tax_rule,
                    str(failure(one.failure)) if one.failure else "",
                ]
                for one in lines
            ]
            headers = ["Code", "Name", "Kind", f"Amount ({found.run.currency})", "Status", "Tax rule", "Failure"]
            print_table("Top-ups", headers, rows, frozenset({3}))


@convert.command("list")
@PROGRAM
@LIMIT
@json_option
def list_(program_code: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs, of conversions and of compensations."""
    from prepaid.conversions import runs

    with runtime() as run:
        with transaction(run.registry) as session:
            program_id = chosen_program(session, program_code).id if program_code else None
            ids = [one.id for one in runs.newest(session, program_id, limit)]
        reports = [report(run, one) for one in ids]
        if as_json:
            left_out = ("exceptions", "top_ups")
            documents = [document(run, one) for one in reports]
            print_json({"runs": [{key: one[key] for key in one if key not in left_out} for one in documents]})
            return
    rows = [
        [
            str(one.run.id),
            one.program.code,
            f"{one.run.from_on} – {one.run.to_on}",
            one.run.status.value,
            figure(one.run.accounts),
            f"{figure(one.run.amount_minor, one.program.currency_decimals)} {one.run.currency}",
        ]
        for one in reports
    ]
    print_table("Runs", ["Run", "Programme", "Period", "Status", "Accounts", "Rewards"], rows, frozenset({4, 5}))
