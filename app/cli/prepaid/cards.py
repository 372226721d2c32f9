"""`kontor cards`: the cards of distributors, their lives, and whether their provider is set up and has the money."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import BY, PROGRAM, chosen_program
from app.cli.output import (
    FOUND_WRONG,
    NOT_FOUND,
    USAGE,
    Failure,
    failing,
    figure,
    json_option,
    print_json,
    print_table,
)
from app.cli.prepaid.converting import refusing
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.measures.money import smallest_units
from app.domain.states import CardState, Identity, Unit
from app.extensions import db
from app.models.programs import Program

if TYPE_CHECKING:
    from prepaid.cards.card_lives import Life
    from prepaid.providers import CardProvider

CARD = click.argument("card_id", metavar="CARD", type=int)
WHY = click.option("--why", required=True, help="The reason, kept in the card's life.")


@click.group()
def cards() -> None:
    """Prepaid cards of distributors: tokens and last four digits, never numbers."""


@cards.command("list")
@PROGRAM
@click.option("--all", "show_all", is_flag=True, help="With cards that were replaced.")
@json_option
def cards_list(program_code: str | None, show_all: bool, as_json: bool) -> None:
    """List the cards of a programme."""
    from prepaid.cards import cards as registry

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        code = program.code
        found = registry.cards_of(session, program.id, all_cards=show_all)
    if as_json:
        print_json(
            {
                "program": code,
                "cards": [
                    {
                        "card": one.card_id,
                        "distributor": one.distributor_code,
                        "name": one.distributor_name,
                        "provider": one.provider,
                        "token": one.token,
                        "last4": one.last4,
                        "active": one.active,
                        "issued_at": one.issued_at.isoformat() if one.issued_at else None,
                    }
                    for one in found
                ],
            }
        )
        return
    rows = [
        [
            str(one.card_id),
            one.distributor_code,
            one.distributor_name,
            one.provider,
            f"•••• {one.last4}" if one.last4 else "ordered",
            "" if one.active else "replaced",
            one.issued_at.date().isoformat() if one.issued_at else "",
        ]
        for one in found
    ]
    print_table(f"Cards of {code}", ["Card", "Code", "Name", "Provider", "Number", "", "Issued"], rows)


@cards.command("issue")
@click.option("--program", "program_code", required=True, help="Code of the programme.")
@click.option("--distributor", "distributor_code", help="Code of one distributor; by default all that have no card.")
@click.option("--replace", is_flag=True, help="With --distributor: issue a new card in the place of the one it has.")
@BY
@json_option
def cards_issue(program_code: str, distributor_code: str | None, replace: bool, by: str | None, as_json: bool) -> None:
    """Have the provider issue cards for distributors that have none."""
    from app.services.tracing.balances import NoSuchDistributor, balance_of
    from prepaid.cards import cards as registry
    from prepaid.issuers.connections import connect
    from prepaid.terms import provider_of

    if replace and distributor_code is None:
        raise Failure("--replace needs --distributor.", USAGE)
    with runtime() as run, refusing(), failing(NoSuchDistributor, code=NOT_FOUND):
        with transaction(run.registry) as session:
            program = chosen_program(session, program_code)
            wanted = registry.without_card(session, program)
            if distributor_code is not None:
                one = balance_of(session, program.id, distributor_code, Unit.POINTS).distributor_id
                wanted = [one] if one in wanted else []
            if replace and distributor_code is not None:
                registry.replace(session, program, distributor_code, actor=by or operator(), now=run.now())
            else:
                registry.order_cards(session, program, wanted, actor=by or operator(), now=run.now())
            program_id, provider = program.id, connect(provider_of(program), db.engine)
        issued = registry.issue_ordered(run.registry, provider, program_id, now=run.now())
    if as_json:
        print_json({"program": program_code, "issued": issued})
    else:
        click.echo(f"{figure(issued)} cards issued.")


@cards.command("register")
@click.argument("distributor")
@click.option("--program", "program_code", required=True, help="Code of the programme.")
@click.option("--token", required=True, help="The provider's name for the card. Never the number on it.")
@click.option("--last4", required=True, help="The last four digits of its number.")
@BY
@json_option
def cards_register(distributor: str, program_code: str, token: str, last4: str, by: str | None, as_json: bool) -> None:
    """Register a card that DISTRIBUTOR (its code) has; it is loaded from now on in the place of any other."""
    from app.services.tracing.balances import NoSuchDistributor
    from prepaid.cards import cards as registry

    with runtime() as run, refusing(), failing(NoSuchDistributor, code=NOT_FOUND), transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        registry.register(
            session, program, distributor, token=token, last4=last4, actor=by or operator(), now=run.now()
        )
    if as_json:
        print_json({"program": program_code, "distributor": distributor, "last4": last4})
    else:
        click.echo(f"{distributor}: card •••• {last4} registered.")


def _card(run: Runtime, card_id: int) -> "Life":
    """Find a card with its life."""
    from prepaid.cards import card_lives

    with transaction(run.registry) as session:
        try:
            life = card_lives.life_of(session, card_id)
        except card_lives.NoSuchCard:
            raise Failure(f"No card has the number {card_id}; see `kontor cards list`.", NOT_FOUND) from None
        session.expunge_all()
        return life


def _provider_of(name: str) -> "CardProvider":
    from prepaid.issuers.connections import connect

    return connect(name, db.engine)


@cards.command("show")
@CARD
@json_option
def cards_show(card_id: int, as_json: bool) -> None:
    """Show the life of CARD (its number): what happened, what was loaded and spent, newest first."""
    with runtime() as run, refusing():
        life = _card(run, card_id)
    card = life.card
    document = {
        "card": card.id,
        "distributor": life.distributor_code,
        "provider": card.provider,
        "token": card.token,
        "last4": card.last4,
        "state": card.state.value,
        "identity": card.identity.value,
        "balance_minor": card.balance_minor,
        "loaded_minor": life.loaded_minor,
        "replaces": life.earlier.id if life.earlier else None,
        "replaced_by": life.later.id if life.later else None,
        "moments": [
            {
                "at": one.at.isoformat(),
                "kind": one.kind,
                "what": one.what,
                "text": one.text,
                "actor": one.actor,
                "amount_minor": one.amount_minor,
            }
            for one in life.moments
        ],
    }
    if as_json:
        print_json(document)
        return
    shown = f"•••• {card.last4}" if card.last4 else "not issued yet"
    click.echo(f"Card {card.id}, {shown}, of {life.distributor_code}: {card.state.value}, holder {card.identity.value}")
    rows = [
        [
            f"{one.at:%Y-%m-%d %H:%M}",
            one.what,
            "" if one.amount_minor is None else figure(one.amount_minor, 2),
            one.text or "",
            one.actor or "",
        ]
        for one in life.moments
    ]
    print_table("What happened", ["When (UTC)", "What", "Amount", "Words", "Who"], rows, frozenset({2}))


def _change(card_id: int, to: CardState, why: str, by: str | None, as_json: bool) -> None:
    """Move a card on, here and at its provider."""
    from prepaid.cards import card_lives

    with runtime() as run, refusing():
        provider = _provider_of(_card(run, card_id).card.provider)
        card_lives.change(run.registry, provider, card_id, to, why=why, actor=by or operator(), now=run.now())
    _say({"card": card_id, "state": to.value}, f"Card {card_id} is {to.value}.", as_json)


@cards.command("activate")
@CARD
@WHY
@BY
@json_option
def cards_activate(card_id: int, why: str, by: str | None, as_json: bool) -> None:
    """Activate CARD (its number), which was issued."""
    _change(card_id, CardState.ACTIVE, why, by, as_json)


@cards.command("block")
@CARD
@WHY
@BY
@json_option
def cards_block(card_id: int, why: str, by: str | None, as_json: bool) -> None:
    """Block CARD (its number): nothing is loaded on it, nothing spent from it."""
    _change(card_id, CardState.BLOCKED, why, by, as_json)


@cards.command("unblock")
@CARD
@WHY
@BY
@json_option
def cards_unblock(card_id: int, why: str, by: str | None, as_json: bool) -> None:
    """Lift the block of CARD (its number)."""
    _change(card_id, CardState.ACTIVE, why, by, as_json)


@cards.command("close")
@CARD
@WHY
@BY
@json_option
def cards_close(card_id: int, why: str, by: str | None, as_json: bool) -> None:
    """Close CARD (its number) for good."""
    _change(card_id, CardState.CLOSED, why, by, as_json)


@cards.command("identify")
@CARD
@click.argument("identity", type=click.Choice([one.value for one in Identity]))
@WHY
@BY
@json_option
def cards_identify(card_id: int, identity: str, why: str, by: str | None, as_json: bool) -> None:
    """Write down what is known of who holds CARD (its number)."""
    from prepaid.cards import card_lives

    with runtime() as run, refusing():
        _card(run, card_id)
        with transaction(run.registry) as session:
            known = Identity(identity)
            card_lives.identify(session, card_id, known, why=why, actor=by or operator(), now=run.now())
    _say({"card": card_id, "identity": identity}, f"Card {card_id}: its holder is {identity}.", as_json)


@cards.command("note")
@CARD
@click.argument("text")
@BY
@json_option
def cards_note(card_id: int, text: str, by: str | None, as_json: bool) -> None:
    """Write TEXT into the life of CARD (its number)."""
    from prepaid.cards import card_lives

    with runtime() as run, refusing():
        _card(run, card_id)
        with transaction(run.registry) as session:
            card_lives.remark(session, card_id, text, actor=by or operator(), now=run.now())
    _say({"card": card_id}, f"Card {card_id}: written down.", as_json)


@cards.command("pull")
@PROGRAM
@click.option("--card", "card_id", type=int, help="Number of one card; by default all cards of the provider.")
@json_option
def cards_pull(program_code: str | None, card_id: int | None, as_json: bool) -> None:
    """Read cards at their provider: state, balance, what was spent."""
    from prepaid.cards import healing
    from prepaid.terms import provider_of

    with runtime() as run, refusing():
        if card_id is not None:
            healing.look(run.registry, _provider_of(_card(run, card_id).card.provider), card_id, now=run.now())
            found = healing.Healed(cards=1)
        else:
            with transaction(run.registry) as session:
                name = provider_of(chosen_program(session, program_code))
            found = healing.heal(run.registry, _provider_of(name), now=run.now())
    problems = [str(one) for one in found.problems]
    document = {"cards": found.cards, "movements": found.movements, "problems": problems}
    _say(document, f"{figure(found.cards)} cards read, {figure(found.movements)} movements are new.", as_json)
    if found.problems:
        if not as_json:
            click.echo("\n".join(problems), err=True)
        raise click.exceptions.Exit(FOUND_WRONG)


@cards.command("check")
@PROGRAM
@json_option
def cards_check(program_code: str | None, as_json: bool) -> None:
    """Check that a programme is set up for its card provider; ends with 1 where it is not. Nothing outside is asked."""
    from prepaid.issuers import provider_checks
    from prepaid.terms import provider_of

    with runtime() as run, refusing(), transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        name, code = provider_of(program), program.code
        found = provider_checks.checks(session, run.settings, program)
        accounts = provider_checks.accounts_for(program)
    words = {True: "ok", False: "wrong", None: "look"}
    if as_json:
        listed = [{"check": one.code, "state": words[one.fine], "found": one.found, "why": one.why} for one in found]
        print_json({"program": code, "provider": name, "checks": listed, "stripe_accounts": accounts})
    else:
        rows = [[words[one.fine], one.code, one.found, one.why] for one in found]
        print_table(f"Cards of {code} by {name}", ["", "Check", "Found", "Why"], rows)
        fit = ", ".join(accounts) or "none: choose the provider batch_file"
        click.echo(f"Accounts at Stripe that fit this programme: {fit}.")
    if any(one.fine is False for one in found):
        raise click.exceptions.Exit(FOUND_WRONG)


@cards.command("funding")
@PROGRAM
@click.option("--amount", help="What is to be loaded, such as 1250.00.")
@click.option("--run", "run_id", type=int, help="Number of a run: what it loads, rewards and compensations.")
@json_option
def cards_funding(program_code: str | None, amount: str | None, run_id: int | None, as_json: bool) -> None:
    """Ask the provider whether it could pay for an amount, or for a run; ends with 1 where it could not."""
    from prepaid.loads.moves import run_of
    from prepaid.terms import provider_of

    if (amount is None) == (run_id is None):
        raise Failure("Say either --amount or --run.", USAGE)
    with runtime() as run, refusing():
        with transaction(run.registry) as session:
            if run_id is not None:
                asked = run_of(session, run_id)
                program = session.get_one(Program, asked.program_id)
                name, minor = asked.provider, asked.amount_minor + asked.compensation_minor
            else:
                program = chosen_program(session, program_code)
                name, minor = provider_of(program), minor_of(amount or "", program)
            currency, decimals = program.currency, program.currency_decimals
        why = _provider_of(name).refuse_run(currency, minor)
    document = {"provider": name, "currency": currency, "amount_minor": minor, "refused": str(why) if why else None}
    fine = f"Nothing speaks against {figure(minor, decimals)} {currency} at {name}."
    _say(document, str(why or fine), as_json)
    if why is not None:
        raise click.exceptions.Exit(FOUND_WRONG)


def minor_of(amount: str, program: Program) -> int:
    """Read an amount in a programme's currency."""
    try:
        return smallest_units(Decimal(amount), program.currency_decimals)
    except (InvalidOperation, ValueError):
        raise Failure(f"{amount!r} is no amount in {program.currency}.", USAGE) from None


def _say(document: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(sentence)
