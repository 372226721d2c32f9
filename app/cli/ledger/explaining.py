"""`kontor explain`: why these points, from a document's number, a balance, a lot, a movement or a top-up."""

from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.options import PROGRAM, chosen_program
from app.cli.output import NOT_FOUND, USAGE, Failure, failing, figure, json_option, print_json
from app.cli.running.runtime import runtime
from app.db.transaction import transaction
from app.domain.states import DocumentStatus, Unit
from app.models.programs import Program


@click.command()
@click.argument("document", required=False)
@click.option(
    "--balance", "of_balance", metavar="DISTRIBUTOR", help="What stands on the account of this code, lot by lot."
)
@click.option(
    "--lot", "of_lot", metavar="DISTRIBUTOR NUMBER", nargs=2, help="What brought a lot, and what became of it."
)
@click.option("--movement", "of_movement", metavar="DISTRIBUTOR NUMBER", nargs=2, help="Which points a movement moved.")
@click.option("--top-up", "of_top_up", metavar="REFERENCE", help="Which sales paid for a top-up.")
@PROGRAM
@json_option
def explain(
    document: str | None,
    of_balance: str | None,
    of_lot: tuple[str, str] | None,
    of_movement: tuple[str, str] | None,
    of_top_up: str | None,
    program_code: str | None,
    as_json: bool,
) -> None:
    """Tell line by line why DOCUMENT (its number) earned what it did; or what another number is made of."""
    if sum(one is not None for one in (document, of_balance, of_lot, of_movement, of_top_up)) != 1:
        raise Failure("Name one thing: a document, or one of --balance, --lot, --movement, --top-up.", USAGE)
    if document is not None:
        _document(document, program_code, as_json)
        return
    from app.services.tracing import chain
    from app.services.tracing.balances import NoSuchDistributor

    with runtime() as run, transaction(run.registry) as session, failing(NoSuchDistributor, code=NOT_FOUND):
        program = chosen_program(session, program_code)
        try:
            if of_balance is not None:
                told = _balance(session, program, of_balance)
            elif of_lot is not None:
                told = _lot(session, program, *of_lot)
            elif of_movement is not None:
                told = _movement(session, program, *of_movement)
            else:
                told = _top_up(session, program, str(of_top_up))
        except chain.NotTheirs:
            raise Failure("There is no such thing in this programme.", NOT_FOUND) from None
    if as_json:
        print_json(told)
        return
    click.echo(told["what"])
    for part in told["parts"]:
        click.echo(f"  {part['says']}")
        for line in part.get("lines", []):
            click.echo(f"    {line}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Failure(f"{text!r} is no number.", USAGE)
    return int(text)


def _says(program: Program, movement: Any, amount: int, unit: Unit = Unit.POINTS) -> str:
    from app.domain.points import chain as words
    from app.domain.rules.rule_sentences import EVENT_WORDS

    written = _amount(program, abs(amount), unit)
    cause = words.Cause(
        movement.kind,
        written,
        str(movement.effective_on),
        movement.document_number or "",
        movement.name or (EVENT_WORDS[movement.event] if movement.event else ""),
        movement.reason or movement.kind.name.lower(),
    )
    return words.took(cause) if amount < 0 else words.brought(cause)


def _amount(program: Program, amount: int, unit: Unit) -> str:
    """Write an amount of points, or of money."""
    decimals = program.point_decimals if unit is Unit.POINTS else program.currency_decimals
    return figure(amount, decimals) + (" points" if unit is Unit.POINTS else f" {program.currency}")


def _part(session: Session, program: Program, lot: Any, amount: int, unit: Unit = Unit.POINTS) -> dict[str, Any]:
    """Tell of a lot what brought it, with the lines of its document, their formulas, file and rows."""
    from app.services.tracing import explanations

    source, lines = lot.source, []
    if source.document_id is not None:
        found = explanations.explain_document(session, program, source.document_id)
        for line in found.lines:
            where = f" (row {line.source_row} of {found.file_name})" if line.source_row and found.file_name else ""
            for award in line.awards:
                if award.unit is unit:
                    lines.append(
                        f"line {line.line_number}, {line.product_name}{where}: "
                        f"{award.rule} v{award.version}: {award.formula}"
                    )
    return {
        "lot": lot.id,
        "amount": amount,
        "of": lot.amount,
        "left": lot.remaining,
        "document": source.document_number,
        "file": source.file_name,
        "says": f"lot {lot.id}: {_says(program, source, amount, unit)}",
        "lines": lines,
    }


def _of(session: Session, program: Program, code: str) -> Any:
    from app.services.tracing import balances

    return balances.balance_of(session, program.id, code, Unit.POINTS)


def _balance(session: Session, program: Program, code: str) -> dict[str, Any]:
    from app.services.tracing import chain

    found = _of(session, program, code)
    lots = chain.lots_left(session, found.distributor_id, Unit.POINTS)
    decimals = program.point_decimals
    what = (
        f"{found.name} ({found.code}): {figure(found.earned, decimals)} earned, {figure(found.adjusted, decimals)} by "
        f"hand, {figure(found.spent, decimals)} spent, {figure(found.expired, decimals)} expired: "
        f"{figure(found.available, decimals)} available, {figure(found.pending, decimals)} pending, "
        f"{figure(found.reserved, decimals)} reserved"
    )
    return {"what": what, "parts": [_part(session, program, lot, lot.remaining) for lot in lots]}


def _lot(session: Session, program: Program, code: str, number: str) -> dict[str, Any]:
    from app.services.tracing import chain

    seen, uses = chain.lot(session, _of(session, program, code).distributor_id, _number(number))
    parts = [{"movement": use.movement.id, "says": _says(program, use.movement, use.amount)} for use in uses]
    first = _part(session, program, seen, seen.amount)
    return {"what": f"Lot {seen.id}: {figure(seen.remaining, program.point_decimals)} left", "parts": [first, *parts]}


def _movement(session: Session, program: Program, code: str, number: str) -> dict[str, Any]:
    from app.services.tracing import chain

    found, unit, parts = chain.movement(session, _of(session, program, code).distributor_id, _number(number))
    changed = sum(part.changed for part in parts) or sum(part.available for part in parts)
    told = [
        _part(session, program, part.lot, part.lot.amount, unit) if part.lot else {"says": "what the account owes"}
        for part in parts
    ]
    return {"what": f"Movement {found.id}: {_says(program, found, changed, unit)}", "parts": told}


def _top_up(session: Session, program: Program, reference: str) -> dict[str, Any]:
    from app.services.tracing import chain

    spent = chain.top_up_named(session, program.id, reference)
    what = (
        f"Top-up {spent.reference} of {spent.redeemed_on}: {_amount(program, spent.points, spent.unit)}, "
        f"{figure(spent.amount_minor, program.currency_decimals)} {program.currency}"
    )
    return {"what": what, "parts": [_part(session, program, lot, amount, spent.unit) for lot, amount in spent.lots]}


def _document(document: str, program_code: str | None, as_json: bool) -> None:
    from app.services.tracing import explanations

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        decimals = program.point_decimals
        with failing(explanations.NoSuchDocument, code=NOT_FOUND):
            found = explanations.explain_number(session, program, document)
    if as_json:
        print_json(_explained_json(found))
        return
    for one in found:
        status = "" if one.status is DocumentStatus.ACCEPTED else f", {one.status.name.lower()}"
        click.echo(
            f"{one.kind.name.replace('_', ' ').capitalize()} {one.number} of {one.issued_on}, {one.distributor_name} "
            f"({one.distributor_code}){status}: {figure(one.total(Unit.POINTS), decimals)} points"
        )
        if one.file_name:
            click.echo(f"  from {one.file_name}, import {one.batch_id}")
        if one.reasons:
            click.echo(f"  {one.reasons}")
        for line in one.lines:
            quantity = figure(line.quantity_milli, 3).rstrip("0").rstrip(".")
            where = f", row {line.source_row}" if line.source_row else ""
            click.echo(f"  line {line.line_number}: {quantity} × {line.product_name} ({line.product_code}){where}")
            for award in line.awards:
                back = f"; {figure(award.reversed, decimals)} taken back by returns" if award.reversed else ""
                click.echo(f"    {award.rule} v{award.version} ({award.rule_name}): {award.formula}{back}")
            for taken in line.taken_back:
                click.echo(
                    f"    takes back {figure(taken.amount, decimals)} of {taken.rule} v{taken.version}, "
                    f"given to line {taken.sale_line} of {taken.sale_number}"
                )
            if not line.awards and not line.taken_back:
                click.echo("    nothing")


def _explained_json(found: list) -> dict:  # type: ignore[type-arg]  # lists of a service's own kind
    def document(one) -> dict:  # type: ignore[no-untyped-def,type-arg]
        return {
            "document": one.number,
            "kind": one.kind.name.lower(),
            "distributor": one.distributor_code,
            "issued_on": one.issued_on.isoformat(),
            "status": one.status.name.lower(),
            "reasons": one.reasons,
            "lines": [
                {
                    "line": line.line_number,
                    "product": line.product_code,
                    "quantity_milli": line.quantity_milli,
                    "row": line.source_row,
                    "awards": [
                        {
                            "rule": award.rule,
                            "version": award.version,
                            "unit": award.unit.name.lower(),
                            "points": award.amount,
                            "formula": award.formula,
                            "cut_by": award.cut_by,
                            "reversed": award.reversed,
                        }
                        for award in line.awards
                    ],
                    "taken_back": [
                        {
                            "rule": taken.rule,
                            "version": taken.version,
                            "points": taken.amount,
                            "sale": taken.sale_number,
                            "sale_line": taken.sale_line,
                        }
                        for taken in line.taken_back
                    ],
                }
                for line in one.lines
            ],
            "points": one.total(Unit.POINTS),
        }

    documents = [document(one) for one in found]
    return documents[0] | ({"others": documents[1:]} if len(documents) > 1 else {})
