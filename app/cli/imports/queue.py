"""`kontor imports unmatched`, `match`, `ignore`, `alias`, `names`, `forget`, `undo`: what is decided after a file."""

import dataclasses
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from app.cli.imports.following import follow, result
from app.cli.options import PROGRAM, said_program
from app.cli.output import (
    FOUND_WRONG,
    NOT_FOUND,
    Failure,
    failing,
    figure,
    json_option,
    print_json,
    print_table,
)
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.states import NamedThing

UNIT = click.option(
    "--unit",
    "unit_text",
    default="1",
    show_default=True,
    help="How much of our unit one of the source's is: 12 for a box of twelve, 0.5 for half.",
)
OF = click.option(
    "--of",
    "kind",
    type=click.Choice([what.value for what in NamedThing]),
    default="product",
    show_default=True,
    help="What the name is of.",
)
EVERYWHERE = click.option("--everywhere", is_flag=True, help="Whichever source uses the name.")


@click.command()
@PROGRAM
@click.option(
    "--accept-above",
    "least_score",
    type=click.IntRange(1, 100),
    help="Accept every proposal of at least this score; what waited for the names is taken in.",
)
@json_option
def unmatched(program_code: str | None, least_score: int | None, as_json: bool) -> None:
    """List the names in imported files that nobody knows: what waits for them, and what they may mean."""
    from app.services.imported import unmatched as names
    from app.services.imported.aliases import AliasRefused
    from importers.names import continuing

    with runtime() as run:
        with transaction(run.registry) as session:
            program = said_program(session, program_code)
            names.propose(session, program.id)
        decided: Any = continuing.Decided(0, [])
        if least_score is not None:
            with transaction(run.registry) as session, failing(AliasRefused, continuing.CannotMatch):
                program = said_program(session, program_code)
                matches = [
                    continuing.Match(one.id) for one in names.queue(session, program.id, least_score=least_score)
                ]
                decided = continuing.accept(session, program, matches, actor=operator(), now=run.now())
        taken = _taken_in(run, decided.batches)
        with transaction(run.registry) as session:
            program = said_program(session, program_code)
            queue, decimals, currency = names.queue(session, program.id), program.currency_decimals, program.currency
    if as_json:
        print_json(
            {
                "accepted": decided.names,
                "imports": [result(one) for one in taken],
                "unmatched": [_waiting(one) for one in queue],
            }
        )
        return
    _tell(decided.names, taken)
    rows = [
        [
            str(one.id),
            one.written,
            str(one.what),
            one.profile_name,
            figure(one.lines),
            figure(one.documents),
            figure(one.amount_minor, decimals),
            f"{one.target_code} {one.target_name}" if one.target_code else "",
            f"{one.score} ({one.why})" if one.why else "",
        ]
        for one in queue
    ]
    headers = ["Id", "Name", "What", "Source", "Lines", "Documents", f"Net ({currency})", "May be", "Score"]
    print_table("Names that nobody knows", headers, rows, frozenset({0, 4, 5, 6}))


def _waiting(one: Any) -> dict[str, Any]:
    """Give a name that nobody knows as --json does."""
    return {
        "id": one.id,
        "what": str(one.what),
        "source": one.profile_name,
        "name": one.written,
        "called": one.called,
        "lines": one.lines,
        "documents": one.documents,
        "amount_minor": one.amount_minor,
        "first_seen_at": one.first_seen_at.isoformat(),
        "batches": list(one.batches),
        "proposed": one.target_code,
        "proposed_name": one.target_name,
        "score": one.score,
        "why": one.why,
    }


@click.command()
@click.argument("name_id", type=int)
@click.argument("code", required=False)
@PROGRAM
@click.option("--create", is_flag=True, help="Make a new product or distributor of it; then no CODE is given.")
@UNIT
@EVERYWHERE
@json_option
def match(
    name_id: int,
    code: str | None,
    program_code: str | None,
    create: bool,
    unit_text: str,
    everywhere: bool,
    as_json: bool,
) -> None:
    """Say what the name with NAME_ID (see `kontor imports unmatched`) means.

    CODE is that of the product or the distributor; without it, it is what was proposed. All that waited for the name is
    taken in, and later files are read so.
    """
    from app.services.imported.aliases import AliasRefused
    from importers.names import continuing

    if create and code is not None:
        raise click.UsageError("--create makes something new: give no CODE with it.")
    unit = unit_milli(unit_text)
    with runtime() as run:
        with transaction(run.registry) as session, failing(AliasRefused, continuing.CannotMatch):
            program = said_program(session, program_code)
            what = _what(session, program.id, name_id)
            given: dict[str, Any] = {"actor": operator(), "now": run.now()}
            if create:
                decided = continuing.create(session, program, [name_id], **given)
            else:
                target = None if code is None else _target(session, program, what is NamedThing.PRODUCT, code)
                wanted = continuing.Match(name_id, target, unit, everywhere)
                decided = continuing.accept(session, program, [wanted], **given)
        taken = _taken_in(run, decided.batches)
    _report(decided.names, taken, as_json)


@click.command()
@click.argument("name_id", type=int)
@PROGRAM
@click.option("--reason", required=True, help="Why what it names does not take part; told with every such row.")
@json_option
def ignore(name_id: int, program_code: str | None, reason: str, as_json: bool) -> None:
    """Refuse documents that name what has NAME_ID (see `kontor imports unmatched`): those that wait, and later ones."""
    from app.services.imported.aliases import AliasRefused
    from importers.names import continuing

    with runtime() as run:
        with transaction(run.registry) as session, failing(AliasRefused, continuing.CannotMatch):
            program = said_program(session, program_code)
            _what(session, program.id, name_id)
            decided = continuing.ignore(session, program, [name_id], reason=reason, actor=operator(), now=run.now())
        taken = _taken_in(run, decided.batches)
    _report(decided.names, taken, as_json)


@click.command()
@click.argument("name")
@click.argument("code")
@PROGRAM
@OF
@click.option("--profile", "profile_name", help="Only in files read by this import profile.")
@click.option("--distributor", "source_code", help="Only in rows of the distributor with this code.")
@UNIT
@json_option
def alias(
    name: str,
    code: str,
    program_code: str | None,
    kind: str,
    profile_name: str | None,
    source_code: str | None,
    unit_text: str,
    as_json: bool,
) -> None:
    """Write down that a source calls the thing with CODE by NAME: a distributor's own code, a name, a box of twelve."""
    from app.services.imported import aliases
    from app.services.imported.aliases import AliasRefused, Meaning
    from app.services.participants import distributors

    if profile_name is not None and source_code is not None:
        raise click.UsageError("A source is a profile or a distributor, not both.")
    if kind == "distributor" and (source_code is not None or unit_text != "1"):
        raise click.UsageError("--distributor and --unit are of product names.")
    means_unit = unit_milli(unit_text)
    with runtime() as run, transaction(run.registry) as session, failing(AliasRefused):
        program = said_program(session, program_code)
        means = Meaning(_target(session, program, kind == "product", code), means_unit)
        given: dict[str, Any] = {"profile_name": profile_name, "actor": operator(), "now": run.now()}
        if kind == "distributor":
            aliases.put_distributor_alias(session, program, name, means, **given)
        else:
            source = None
            if source_code is not None:
                source = distributors.id_of_code(session, program.id, source_code)
                if source is None:
                    raise Failure(f"The programme has no distributor {source_code!r}.", NOT_FOUND)
            aliases.put_product_alias(session, program, name, means, source_distributor_id=source, **given)
    if as_json:
        print_json({"name": name, "means": code, "unit_milli": means_unit})
    else:
        click.echo(f"{name!r} means the {kind} {code}.")


@click.command("names")
@PROGRAM
@OF
@json_option
def known_names(program_code: str | None, kind: str, as_json: bool) -> None:
    """List what sources call products or distributors, as somebody said what it means."""
    from app.services.imported import aliases

    with runtime() as run, transaction(run.registry) as session:
        program = said_program(session, program_code)
        known = aliases.known(session, program.id, NamedThing(kind))
    if as_json:
        print_json({"names": [dataclasses.asdict(one) for one in known]})
        return
    rows = [
        [
            str(one.id),
            one.name,
            one.means or f"does not take part: {one.reason}",
            f"{Decimal(one.unit_milli).scaleb(-3).normalize():f}",
            one.profile or one.distributor or "every source",
        ]
        for one in known
    ]
    print_table(f"Names of {kind}s", ["Id", "Name", "Means", "Unit", "Source"], rows, frozenset({0, 3}))


@click.command()
@click.argument("name_id", type=int)
@PROGRAM
@OF
@json_option
def forget(name_id: int, program_code: str | None, kind: str, as_json: bool) -> None:
    """Forget what the name NAME_ID (see `kontor imports names`) means; in later files nobody knows it.

    What was imported by it stays.
    """
    from app.services.imported import aliases

    with runtime() as run, transaction(run.registry) as session, failing(aliases.NoSuchName, code=NOT_FOUND):
        program = said_program(session, program_code)
        called = aliases.forget(session, program, NamedThing(kind), name_id, actor=operator(), now=run.now())
    if as_json:
        print_json({"id": name_id, "name": called})
    else:
        click.echo(f"What {called!r} means is forgotten.")


@click.command()
@click.argument("batch", type=int)
@click.option("--reason", required=True, help="Why; kept with the import and in the audit log.")
@json_option
def undo(batch: int, reason: str, as_json: bool) -> None:
    """Take back what import BATCH (its number) brought: sales, products or distributors.

    Sales are taken back while nobody has spent what they gave; otherwise all that is in the way is told, and nothing
    happens. Products and distributors go, or are again what they were, where nothing was made from them since; the rest
    stays and is told. Afterwards the same file can be imported anew.
    """
    from app.domain.states import BatchStatus
    from app.jobs import messenger
    from importers.batches import batches
    from importers.undoing import sales as undoing

    with runtime() as run:
        with (
            transaction(run.registry) as session,
            failing(undoing.CannotUndo),
            failing(batches.NoSuchBatch, code=NOT_FOUND),
        ):
            jobs = undoing.begin(session, batch, reason=reason, actor=operator(), now=run.now())
        messenger.wake(run.addresses.redis_url, jobs)
        progress = follow(run, batch)
    if progress.status is not BatchStatus.UNDONE:
        raise Failure(progress.message or f"Import {batch} could not be undone.", FOUND_WRONG)
    what = "documents" if progress.kind == "sales" else "things"
    taken = progress.counts[f"{what}_undone"]
    if as_json:
        print_json({"batch": batch, "status": str(progress.status), what: taken})
    else:
        click.echo(
            f"Import {batch} is undone: {figure(taken)} {progress.kind if what == 'things' else what} taken back."
        )


def unit_milli(text: str) -> int:
    """Read how much of our unit one of a source's is, in thousandths."""
    try:
        milli = Decimal(text) * 1_000
    except InvalidOperation:
        raise click.UsageError(f"--unit: expected a number such as 12 or 0.5, found {text!r}.") from None
    if not milli.is_finite() or milli != milli.to_integral_value() or not 0 < milli <= 10**9:
        raise click.UsageError(f"--unit: expected up to three decimals and at most 1000000, found {text!r}.")
    return int(milli)


def _what(session: Any, program_id: int, name_id: int) -> Any:
    """Say what a name in the queue is of."""
    from app.services.imported import unmatched as names

    found = names.take(session, program_id, [name_id])
    if not found:
        raise Failure(f"No name in the queue has the number {name_id}; see `kontor imports unmatched`.", NOT_FOUND)
    return found[0].what


def _target(session: Any, program: Any, is_product: bool, code: str) -> int:
    """Find what has a code."""
    from app.domain.typed.codes import code_key
    from app.services.goods import catalogue
    from app.services.participants import distributors

    found = (
        catalogue.product_ids(session, program.id).get(code_key(code))
        if is_product
        else distributors.id_of_code(session, program.id, code)
    )
    if found is None:
        kind = "product" if is_product else "distributor"
        raise Failure(f"The programme {program.code} has no {kind} with the code {code!r}.", NOT_FOUND)
    return found


def _taken_in(run: Runtime, batch_ids: Sequence[int]) -> list[Any]:
    """Follow the imports that take in what waited, to their ends."""
    from app.jobs import messenger

    if batch_ids:
        messenger.wake(run.addresses.redis_url, len(batch_ids))
    return [follow(run, one) for one in batch_ids]


def _report(names: int, taken: Sequence[Any], as_json: bool) -> None:
    if as_json:
        print_json({"decided": names, "imports": [result(one) for one in taken]})
    else:
        _tell(names, taken)


def _tell(names: int, taken: Sequence[Any]) -> None:
    if names:
        lines = sum(one.counts["lines_accepted"] for one in taken)
        refused = sum(one.counts["lines_refused"] for one in taken)
        click.echo(f"Decided: {figure(names)}. Taken in: {figure(lines)} lines; refused: {figure(refused)}.")
