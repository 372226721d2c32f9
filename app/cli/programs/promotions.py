"""`kontor promotions`: list them, see where everybody stands, bring them up to date, close them."""

import click

from app.cli.options import PROGRAM, chosen_program
from app.cli.output import NOT_FOUND, REFUSED, failing, figure, json_option, print_json, print_table
from app.cli.running.runtime import operator, runtime
from app.db.transaction import transaction


@click.group()
def promotions() -> None:
    """Promotions with targets: where everybody stands, and what they were paid."""


@promotions.command("list")
@PROGRAM
@json_option
def listed(program_code: str | None, as_json: bool) -> None:
    """List the promotions of a programme: their days, how many take part, and what was paid."""
    from app.services.promotions import reading, showing
    from app.services.rulebooks import rules_of

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        named, scale = program.code, reading.scale_of(rules_of(session, program.id))
        rows = []
        for one in reading.promotions_of(session, program.id):
            definition = reading.definition_of(session, one)
            summary = showing.summary_of(session, one, definition, scale)
            rows.append(
                {
                    "code": one.code,
                    "state": str(one.state),
                    "from": str(definition.from_),
                    "until": str(definition.until),
                    "participants": summary.participants,
                    "paid": summary.paid,
                    "budget_left": summary.left,
                }
            )
    if as_json:
        print_json({"promotions": rows})
    else:
        print_table(
            f"Promotions of {named}",
            ["code", "state", "from", "until", "participants", "paid", "budget left"],
            [[*(str(value if value is not None else "-") for value in row.values())] for row in rows],
        )


@promotions.command("show")
@PROGRAM
@click.argument("code")
@json_option
def show(code: str, program_code: str | None, as_json: bool) -> None:
    """Show where everybody stands in the promotion CODE: sold, target, share, steps, earned and paid."""
    from sqlalchemy import select

    from app.models.distributors import Distributor
    from app.models.promotions import PromotionStanding
    from app.services.promotions import reading

    with runtime() as run, failing(reading.NoSuchPromotion, code=NOT_FOUND), transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        promotion = reading.promotion_by_code(session, program.id, code)
        names = ("person", "value", "target", "share_bp", "step", "earned", "paid", "place")
        found = session.execute(
            select(Distributor.code, *(getattr(PromotionStanding, name) for name in names))
            .join(Distributor, Distributor.id == PromotionStanding.distributor_id)
            .where(PromotionStanding.promotion_id == promotion.id)
            .order_by(PromotionStanding.share_bp.desc(), PromotionStanding.value.desc(), Distributor.code)
        ).all()
    if as_json:
        print_json({"standings": [dict(zip(("distributor", *names), row, strict=True)) for row in found]})
    else:
        print_table(code, ["distributor", *names], [[str(value) for value in row] for row in found])


@promotions.command("bring-up")
@PROGRAM
@json_option
def bring_up(program_code: str | None, as_json: bool) -> None:
    """Bring the promotions of a programme up to date now, and close those whose day has come.

    The sweeper and every import do the same by themselves.
    """
    from app.services.promotions import running

    with runtime() as run:
        with transaction(run.registry) as session:
            program_id = chosen_program(session, program_code).id
        done = running.run_due(run.registry, run.now(), [program_id])
    if as_json:
        print_json({"steps": done})
    else:
        click.echo("Everything is up to date." if not done else f"{figure(done)} steps done.")


@promotions.command("close")
@PROGRAM
@click.argument("code")
@json_option
def close(code: str, program_code: str | None, as_json: bool) -> None:
    """Close the promotion CODE: what is due at its end is paid, and what was paid stays."""
    from app.services.promotions import closing, reading

    with (
        runtime() as run,
        failing(reading.NoSuchPromotion, code=NOT_FOUND),
        failing(closing.CannotClose, code=REFUSED),
        transaction(run.registry) as session,
    ):
        program = chosen_program(session, program_code)
        promotion = reading.promotion_by_code(session, program.id, code)
        done = closing.close(session, promotion.id, actor=operator(), now=run.now())
    if as_json:
        print_json({"code": code, "given": done.given, "taken": done.taken})
    else:
        click.echo(f"{code} is closed: {figure(done.given)} points given, {figure(done.taken)} taken back.")
