"""`kontor accounts`: whose points they are: given, shared in a pool, or all of one that two were."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.options import LIMIT, PROGRAM, by, chosen_program, decimals_of
from app.cli.output import NOT_FOUND, Failure, failing, figure, json_option, print_json, print_table
from app.cli.running.runtime import Runtime, operator, runtime
from app.db.transaction import transaction
from app.domain.states import Unit
from app.models.programs import Program
from app.services.by_hand import merging
from app.services.owners import listing, pools, transfers
from app.services.owners.errors import OwnersError
from app.services.participants import distributors

BY = by("asks or decides")
NOTE = click.option("--note", required=True, help="Why, for whoever decides it and for those it concerns.")
VERDICT = click.Choice(["approve", "refuse"])


def _in_state(*states: str) -> Callable[[Any], Any]:
    return click.option("--state", type=click.Choice(states), help="Only those in this state; by default all.")


@contextmanager
def _at_work(program_code: str | None) -> Iterator[tuple[Session, Program, Runtime]]:
    """Give a transaction on the programme; what cannot be done becomes a sentence."""
    with runtime() as run, failing(OwnersError), transaction(run.registry) as session:
        yield session, chosen_program(session, program_code), run


def _id_of(session: Session, program: Program, code: str) -> int:
    found = distributors.id_of_code(session, program.id, code)
    if found is None:
        raise Failure(f"No distributor has the code {code!r}.", NOT_FOUND)
    return found


@contextmanager
def _known(what: str) -> Iterator[None]:
    try:
        yield
    except LookupError as unknown:
        raise Failure(f"The programme has no {what} {unknown}.", NOT_FOUND) from None


@click.group()
def accounts() -> None:
    """Whose points they are: transfers between distributors, pools with one balance, merged accounts."""


@accounts.group()
def transfer() -> None:
    """Points that one distributor gives to another, asked for by one person and decided by a second."""


@transfer.command("ask")
@click.argument("giver")
@click.argument("receiver")
@click.argument("amount", type=click.IntRange(min=1, max=transfers.MOST))
@PROGRAM
@NOTE
@click.option("--key", help="Makes it be asked once, however often it is sent.")
@BY
@json_option
def ask(
    giver: str,
    receiver: str,
    amount: int,
    program_code: str | None,
    note: str,
    key: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Ask for AMOUNT points of GIVER (a code) to be given to RECEIVER; a whole number of the smallest unit."""
    with _at_work(program_code) as (session, program, run):
        made = transfers.request(
            session,
            program,
            _id_of(session, program, giver),
            _id_of(session, program, receiver),
            amount,
            key=key or str(uuid.uuid4()),
            note=note,
            actor=by or operator(),
            by_participant=False,
            now=run.now(),
        )
    _say({"transfer": made, "state": "waiting"}, f"Transfer {made} waits for a second person.", as_json)


@transfer.command("decide")
@click.argument("transfer_id", type=int)
@click.argument("verdict", type=VERDICT)
@PROGRAM
@click.option("--note", default="", help="Why it is refused.")
@BY
@json_option
def decide_transfer(
    transfer_id: int, verdict: str, program_code: str | None, note: str, by: str | None, as_json: bool
) -> None:
    """Approve or refuse the transfer TRANSFER_ID; its points move when it is approved."""
    with _at_work(program_code) as (session, program, run), _known("transfer"):
        actor, now = by or operator(), run.now()
        if verdict == "approve":
            roles = transfers.settings_of(program).approved_by
            transfers.approve(session, program, transfer_id, actor=actor, roles=roles, now=now)
        else:
            transfers.refuse(session, program, transfer_id, note=note, actor=actor, now=now)
    state = "approved" if verdict == "approve" else "refused"
    _say({"transfer": transfer_id, "state": state}, f"Transfer {transfer_id} is {state}.", as_json)


@transfer.command("list")
@PROGRAM
@_in_state("waiting", "approved", "refused", "withdrawn")
@LIMIT
@json_option
def list_transfers(program_code: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List transfers, the newest first, with the numbers by which they are decided."""
    with _at_work(program_code) as (session, program, _):
        found = listing.transfers(session, program.id, state=state, limit=limit)
        decimals = decimals_of(program, Unit.POINTS)
    titles = ("Transfer", "From", "To", "Points", "State", "Why", "Asked by", "Asked", "Decided by")
    shown = [{**one, "amount": figure(one["amount"], decimals)} for one in found]
    _list("transfers", titles, found, shown, as_json, right=frozenset({0, 3}))


@accounts.group()
def pool() -> None:
    """Distributors that share one balance."""


@pool.command("list")
@PROGRAM
@LIMIT
@json_option
def list_pools(program_code: str | None, limit: int, as_json: bool) -> None:
    """List pools, the newest first, with their numbers; a closed one says since when it is."""
    with _at_work(program_code) as (session, program, _):
        found = listing.pools(session, program.id, limit=limit)
    titles = ("Pool", "Name", "Holder", "Members", "Spending", "Opened", "Closed")
    _list("pools", titles, found, found, as_json, right=frozenset({0, 3}))


@pool.command("open")
@click.argument("name")
@click.argument("holder")
@PROGRAM
@click.option("--spending", type=click.Choice(pools.SPENDING), default="holder", help="Who may spend its points.")
@BY
@json_option
def open_(name: str, holder: str, program_code: str | None, spending: str, by: str | None, as_json: bool) -> None:
    """Open the pool NAME on the account of HOLDER (a code), who is the first of its members."""
    with _at_work(program_code) as (session, program, run):
        made = pools.open_pool(
            session,
            program,
            name,
            _id_of(session, program, holder),
            spending=spending,
            actor=by or operator(),
            now=run.now(),
        )
    _say({"pool": made}, f"Pool {made} is open.", as_json)


@pool.command("join")
@click.argument("pool_id", type=int)
@click.argument("distributor")
@PROGRAM
@click.option("--look", is_flag=True, help="Only tell what would move.")
@BY
@json_option
def join(pool_id: int, distributor: str, program_code: str | None, look: bool, by: str | None, as_json: bool) -> None:
    """Let DISTRIBUTOR (a code) join the pool POOL_ID: its points move there."""
    with _at_work(program_code) as (session, program, run), _known("pool"):
        who = _id_of(session, program, distributor)
        would = pools.look_at_joining(session, program, pool_id, who)
        if not look:
            pools.join(session, program, pool_id, who, actor=by or operator(), now=run.now())
    _moved(pool_id, would, look, as_json)


@pool.command("leave")
@click.argument("pool_id", type=int)
@click.argument("distributor")
@PROGRAM
@click.option("--take/--leave", "takes_own", default=True, help="What is left of what it earned goes along, or stays.")
@click.option("--look", is_flag=True, help="Only tell what is left of what it earned.")
@BY
@json_option
def leave(
    pool_id: int,
    distributor: str,
    program_code: str | None,
    takes_own: bool,
    look: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Let DISTRIBUTOR (a code) leave the pool POOL_ID."""
    with _at_work(program_code) as (session, program, run), _known("pool"):
        who = _id_of(session, program, distributor)
        left = pools.look_at_leaving(session, program, pool_id, who)
        if not look:
            pools.leave(session, program, pool_id, who, takes_own=takes_own, actor=by or operator(), now=run.now())
    _moved(pool_id, left if takes_own else pools.Moving(0, left.pending), look, as_json)


def _moved(pool_id: int, points: pools.Moving, look: bool, as_json: bool) -> None:
    told: dict[str, object] = {
        "pool": pool_id,
        "available": points.available,
        "pending": points.pending,
        "moved": not look,
    }
    words = f"{points.available} available and {points.pending} pending points"
    _say(told, f"{words} {'would move' if look else 'have moved'}.", as_json)


@pool.command("close")
@click.argument("pool_id", type=int)
@PROGRAM
@BY
@json_option
def close(pool_id: int, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Close the pool POOL_ID, of which the holder alone is left."""
    with _at_work(program_code) as (session, program, run), _known("pool"):
        pools.close(session, program, pool_id, actor=by or operator(), now=run.now())
    _say({"pool": pool_id, "closed": True}, f"Pool {pool_id} is closed.", as_json)


@pool.command("show")
@click.argument("pool_id", type=int)
@PROGRAM
@json_option
def show(pool_id: int, program_code: str | None, as_json: bool) -> None:
    """Tell what each distributor brought into the pool POOL_ID and spent of it."""
    with _at_work(program_code) as (session, program, _), _known("pool"):
        pools.of_program(session, program, pool_id)
        found = pools.contributions(session, pool_id)
    if as_json:
        told = [{"distributor": one.code, "earned": one.earned, "spent": one.spent} for one in found]
        print_json({"pool": pool_id, "members": told})
        return
    rows = [[one.code, one.name, str(one.earned), str(one.spent)] for one in found]
    print_table(f"Pool {pool_id}", ["Code", "Distributor", "Brought", "Spent"], rows, frozenset({2, 3}))


@accounts.group()
def merge() -> None:
    """Two distributors that are one, with all that is theirs."""


@merge.command("list")
@PROGRAM
@_in_state("waiting", "done", "refused", "withdrawn")
@LIMIT
@json_option
def list_merges(program_code: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List merges, the newest first, with the numbers by which they are decided."""
    with _at_work(program_code) as (session, program, _):
        found = listing.merges(session, program.id, state=state, limit=limit)
    titles = ("Merge", "Merged", "Survivor", "State", "Why", "Asked by", "Asked", "Decided by")
    _list("merges", titles, found, found, as_json, right=frozenset({0}))


MERGED = click.argument("merged")
SURVIVOR = click.argument("survivor")


@merge.command("look")
@MERGED
@SURVIVOR
@PROGRAM
@json_option
def look_at_merge(merged: str, survivor: str, program_code: str | None, as_json: bool) -> None:
    """Tell what would become SURVIVOR's (a code) of what is MERGED's, what both have, and what stands against it."""
    with _at_work(program_code) as (session, program, _):
        seen = merging.look(session, program, _id_of(session, program, merged), _id_of(session, program, survivor))
    twice = [
        {"document": one.merged_document_id, "number": one.number, "same": one.same, "issued_on": str(one.issued_on)}
        for one in seen.twice
    ]
    told = {
        "documents": seen.documents,
        "points": dict(seen.points),
        "rows": dict(seen.rows),
        "twice": twice,
        "against": list(seen.against),
    }
    if as_json:
        print_json(told)
        return
    rows = [["documents", str(seen.documents)], *([name, str(count)] for name, count in seen.rows.items())]
    rows += [[f"{name} points", str(count)] for name, count in seen.points.items()]
    print_table(f"{seen.merged.name} → {seen.survivor.name}", ["What", "How much"], rows, frozenset({1}))
    for one in seen.twice:
        click.echo(f"Both have {one.number} of {one.issued_on}, {'the same' if one.same else 'with other content'}.")
    if seen.against:
        click.echo(f"This stands against it: {', '.join(seen.against)}.")


@merge.command("ask")
@MERGED
@SURVIVOR
@PROGRAM
@NOTE
@click.option(
    "--keep",
    "kept",
    multiple=True,
    metavar="DOCUMENT=WHOSE",
    help="Of a document that both have with other content: `merged` or `survivor`, by the number that `look` tells.",
)
@BY
@json_option
def ask_merge(
    merged: str,
    survivor: str,
    program_code: str | None,
    note: str,
    kept: tuple[str, ...],
    by: str | None,
    as_json: bool,
) -> None:
    """Ask for all of MERGED (a code) to become SURVIVOR's; a second person does it, and it is not undone."""
    with _at_work(program_code) as (session, program, run):
        made = merging.request(
            session,
            program,
            _id_of(session, program, merged),
            _id_of(session, program, survivor),
            note=note,
            choices=dict(one.partition("=")[::2] for one in kept),
            actor=by or operator(),
            now=run.now(),
        )
    _say({"merge": made, "state": "waiting"}, f"Merge {made} waits for a second person.", as_json)


@merge.command("decide")
@click.argument("merge_id", type=int)
@click.argument("verdict", type=VERDICT)
@PROGRAM
@BY
@json_option
def decide_merge(merge_id: int, verdict: str, program_code: str | None, by: str | None, as_json: bool) -> None:
    """Do or refuse the merge MERGE_ID."""
    with _at_work(program_code) as (session, program, run), _known("merge"):
        decided = merging.approve if verdict == "approve" else merging.refuse
        decided(session, program, merge_id, actor=by or operator(), now=run.now())
    state = "done" if verdict == "approve" else "refused"
    _say({"merge": merge_id, "state": state}, f"Merge {merge_id} is {state}.", as_json)


def _list(
    name: str,
    titles: Sequence[str],
    found: Sequence[dict[str, Any]],
    shown: Sequence[dict[str, Any]],
    as_json: bool,
    right: frozenset[int],
) -> None:
    """Print what was found: whole numbers and ISO instants for programs, a table for people."""
    if as_json:
        print_json({name: [{key: _plain(value) for key, value in one.items()} for one in found]})
        return
    rows = [["" if value is None else str(_plain(value))[:16] for value in one.values()] for one in shown]
    print_table(name.capitalize(), list(titles), rows, right)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _say(document: dict[str, object], words: str, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(words)
