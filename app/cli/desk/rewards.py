"""Rewards and their orders, without a browser: the sheet of the catalogue, orders, and files for suppliers."""

from pathlib import Path

import click

from app.cli.options import BY, PROGRAM, at_most, chosen_program
from app.cli.output import (
    NOT_FOUND,
    REFUSED,
    Failure,
    failing,
    figure,
    json_option,
    print_json,
    print_table,
    writing,
)
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction
from app.domain.states import OrderState


@click.group()
def rewards() -> None:
    """Rewards: their sheet, and their prices."""


@rewards.command("sheet")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@PROGRAM
@json_option
def sheet(file: Path, program_code: str | None, as_json: bool) -> None:
    """Write all rewards into a workbook, FILE, that can be changed and imported again."""
    from app.exports.reward_sheet import write_rewards

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        with writing(file):
            written = write_rewards(file, session, program)
    if as_json:
        print_json({"file": str(file), "rewards": written.rows, "sha256": written.sha256.hex()})
        return
    click.echo(f"{written.rows} rewards are in {file}.")


@rewards.command("price")
@PROGRAM
@BY
@json_option
def price(program_code: str | None, by: str | None, as_json: bool) -> None:
    """Compute the prices that are not set by hand anew, of cost, margin and tax."""
    from app.services.rewarding.rewards import price_anew

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        changed = price_anew(session, program, actor=by or operator(), now=run.now())
    if as_json:
        print_json({"changed": changed})
        return
    click.echo(f"{changed} prices changed.")


@click.group(invoke_without_command=True)
@PROGRAM
@click.option(
    "--state",
    "state_name",
    type=click.Choice([state.value for state in OrderState]),
    help="Only those that have come so far.",
)
@at_most(100)
@json_option
@click.pass_context
def orders(context: click.Context, program_code: str | None, state_name: str | None, limit: int, as_json: bool) -> None:
    """List orders of rewards, the newest first."""
    from app.services.orders.reading import newest

    if context.invoked_subcommand is not None:
        return
    state = OrderState(state_name) if state_name else None
    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals = program.point_decimals
        found = newest(session, program.id, state, limit)
    if as_json:
        print_json(
            {
                "orders": [
                    {
                        "id": one.id,
                        "distributor": one.distributor,
                        "placed_at": one.placed_at.isoformat(),
                        "points": one.points,
                        "state": one.state.value,
                        "came_back": one.came_back,
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
            f"{one.placed_at:%Y-%m-%d}",
            figure(one.points, decimals),
            "came back" if one.came_back else one.state.value,
        ]
        for one in found
    ]
    print_table("Orders", ["Order", "Distributor", "Placed", "Points", "State"], rows, frozenset({3}))


@orders.command("supplier-file")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--supplier", help="Whose lines; by default those that the sponsor sends by itself.")
@PROGRAM
@BY
@json_option
def supplier_file(folder: Path, supplier: str | None, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Order what is approved at a supplier: write its file into FOLDER."""
    from app.exports import supplier_orders

    with failing(supplier_orders.NothingToOrder), runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        made = supplier_orders.write(session, program, supplier, actor=by or operator(), now=run.now())
        number, lines, content = made.id, made.lines, made.content
    path = folder / f"order-{number}.xlsx"
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise Failure(
            f"{lines} lines are ordered, but {path} cannot be written ({problem}). Take file {number} from the page of "
            "suppliers' files.",
            REFUSED,
        ) from None
    if as_json:
        print_json({"file": str(path), "number": number, "lines": lines})
        return
    click.echo(f"{lines} lines are ordered; send {path} to the supplier.")


@orders.command("cancel")
@click.argument("order_id", type=int)
@click.option("--reason", required=True, help="Why, in words; whoever ordered reads it.")
@PROGRAM
@BY
@json_option
def cancel(order_id: int, reason: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Cancel all of ORDER_ID that is not delivered: its points go back to their lots."""
    from app.services.orders import cancelling
    from app.services.orders.holding import NotNow

    with failing(NotNow), runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        try:
            points = cancelling.cancel(
                session, program, order_id, None, reason=reason, actor=by or operator(), now=run.now()
            )
        except LookupError:
            raise Failure(f"{program.code} has no order {order_id}.", NOT_FOUND) from None
        decimals = program.point_decimals
    if as_json:
        print_json({"order": order_id, "points": points})
        return
    click.echo(f"Order {order_id} is cancelled; {figure(points, decimals)} points are back.")


@orders.command("take-back")
@click.argument("order_id", type=int)
@click.option("--reason", required=True, help="Why, in words; whoever ordered reads it.")
@click.option(
    "--line",
    "chosen",
    type=click.IntRange(1),
    multiple=True,
    help="The line that came back, counted from the top of the order; once for each. By default all that may.",
)
@click.option("--pieces", type=click.IntRange(1), help="So many of the one line; by default what is left of each.")
@click.option("--into-stock", is_flag=True, help="The goods can be given out again.")
@PROGRAM
@BY
@json_option
def take_back(
    order_id: int,
    reason: str,
    chosen: tuple[int, ...],
    pieces: int | None,
    into_stock: bool,
    program_code: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Note that what was delivered with ORDER_ID came back: its points go back to their lots."""
    from app.services.orders import returning
    from app.services.orders.holding import OrderError

    if pieces is not None and len(chosen) != 1:
        raise click.UsageError("--pieces counts the pieces of one line: name it with --line.")
    with failing(OrderError), runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        try:
            left = returning.pieces_that_may(session, program.id, order_id, chosen)
            points = returning.take_back(
                session,
                program,
                order_id,
                {line: pieces or count for line, count in left.items()},
                into_stock=into_stock,
                reason=reason,
                actor=by or operator(),
                now=run.now(),
            )
        except LookupError:
            raise Failure(f"{program.code} has no order {order_id}, or it has no such line.", NOT_FOUND) from None
        decimals = program.point_decimals
    if as_json:
        print_json({"order": order_id, "points": points})
        return
    click.echo(f"It is noted for order {order_id}; {figure(points, decimals)} points are back.")


@orders.command("paid")
@click.argument("order_id", type=int)
@click.option("--note", default="", help="For example the number of the transfer.")
@PROGRAM
@BY
@json_option
def paid(order_id: int, note: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Note that the money of ORDER_ID came in: it goes on, or waits for approval."""
    from app.config import secret_key
    from app.services.access.keys import Keys
    from app.services.orders import money
    from app.services.orders.holding import OrderError

    with failing(OrderError), runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        keys = Keys(secret_key(run.settings))
        try:
            amount = money.paid(session, keys, program, order_id, note=note, actor=by or operator(), now=run.now())
        except LookupError:
            raise Failure(f"{program.code} has no order {order_id}.", NOT_FOUND) from None
        written = f"{figure(amount, program.currency_decimals)} {program.currency}"
    if as_json:
        print_json({"order": order_id, "paid_minor": amount})
        return
    click.echo(f"{written} came in for order {order_id}.")
