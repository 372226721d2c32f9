"""A conversion run that workers prepare, followed from a command line until its totals stand."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.output import FOUND_WRONG, Failure
from app.cli.running.helping import POLL_SECONDS, hands, no_longer_followed
from app.cli.running.runtime import Runtime
from app.db.transaction import transaction


def wait_until_prepared(run: Runtime, run_id: int) -> None:
    """Wait until a run is prepared, doing the work here where no worker lives; show how far it is.

    What was stopped or given up is taken up again first.

    Raises:
        Failure: It was stopped.
        NoSuchRun: No run has this number.
    """
    from app.jobs import messenger
    from prepaid.conversions import preparing
    from prepaid.loads.moves import run_of

    def how_far() -> preparing.HowFar | None:
        with transaction(run.registry) as session:
            found = preparing.how_far(session, run_of(session, run_id))
        run.registry.remove()
        return found

    if how_far() is None:
        return
    with transaction(run.registry) as session:
        preparing.take_up_again(session, run_id)
    messenger.wake(run.addresses.redis_url, messenger.MOST_MESSAGES)
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("judging"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("accounts"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    try:
        with hands(run) as working, bar:
            task = bar.add_task("", total=None)
            while (found := how_far()) is not None:
                bar.update(task, completed=found.standing.done, total=found.standing.accounts)
                if not found.goes_on:
                    raise Failure(str(found.why), FOUND_WRONG)
                working.see_to_it()
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        told = no_longer_followed(run, f"The preparing of run {run_id}", f"kontor convert prepare {run_id}")
        raise Failure(told, FOUND_WRONG) from None
