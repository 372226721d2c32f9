"""`kontor up`, `stop`, `status`, and the processes that `up` starts."""

import http.client
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app import garbage
from app.cli.output import UNAVAILABLE, Failure, failing, figure, json_option, print_json
from app.cli.running.runtime import Runtime, WorkersPresent, runtime
from app.config import Settings, secret_key, settings

SUPERVISOR = "supervisor.pid"
CHORES_SECONDS = 60.0


@click.command(hidden=True)
def worker() -> None:
    """Work: started by `kontor up` and by imports; reads DATABASE_URL and REDIS_URL."""
    from app.extensions import db
    from app.factory import create_app, register_jobs
    from app.jobs import giving_way
    from app.jobs import worker as work

    chosen = settings()
    app = create_app(chosen)
    with app.app_context():
        _refuse_owner(db.engine)
        giving_way.give_way(db.engine)
    register_jobs(app)
    present = WorkersPresent(chosen.home)
    present.join()
    with app.app_context():
        work.work_at(work.Bench.of(chosen, db.session, db.engine))
        if chosen.redis_url is None:
            raise Failure("REDIS_URL is not set.", UNAVAILABLE)
        work.serve(chosen.redis_url, f"worker-{os.uname().nodename}")


def _refuse_owner(engine: Engine) -> None:
    """See that a worker which was started by itself is not the owner; `kontor up` has asked already.

    A database that does not answer now will be waited for like later on. No connection is left for forks to share.
    """
    from app.db.roles import OwnerIsApplication, refuse_owner

    try:
        with failing(OwnerIsApplication, code=UNAVAILABLE), engine.connect() as connection:
            refuse_owner(connection)
    except OperationalError:
        pass
    finally:
        engine.dispose()


@click.command(hidden=True)
def sweeper() -> None:
    """Sweep: wake workers for forgotten jobs and do the chores; started by `kontor up`."""
    from app.db.transaction import transaction
    from app.db.turns import Turns
    from app.exports.histories import planning
    from app.extensions import db
    from app.factory import create_app, utc_now
    from app.jobs.sweeper import sweep
    from app.outbox import sending
    from app.outbox.gateways import gateways_of
    from app.services import chores
    from app.services.access.keys import Keys
    from app.services.instants.due import run_due
    from prepaid.rounds import ask_to_heal, ask_to_prepare

    chosen = settings()
    app = create_app(chosen)
    garbage.settle()
    gateways = gateways_of(chosen)
    keys = Keys(secret_key(chosen))
    last = 0.0

    def _chores() -> None:
        nonlocal last
        sending.send_due(db.session, gateways, utc_now)
        db.session.remove()
        if time.monotonic() - last > CHORES_SECONDS:
            last = time.monotonic()
            turns = Turns()
            turns.take(lambda: chores.run(db.session, utc_now()))
            turns.take(lambda: run_due(db.session, keys, utc_now()))
            turns.take(lambda: planning.make_due(db.session, utc_now()))
            turns.take(_ask_for_prepaid)
            turns.end("some chores failed; the others are done")
            db.session.remove()

    def _ask_for_prepaid() -> None:
        with transaction(db.session) as session:
            ask_to_heal(session, utc_now())
            ask_to_prepare(session, utc_now())

    stop_ = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop_.set())
    with app.app_context():
        sweep(db.session, chosen.redis_url or "", chosen.sweep_seconds, stop_, _chores)


@click.command()
@click.option("--no-web", is_flag=True, help="Servers and workers only.")
def up(no_web: bool) -> None:
    """Run the servers, the workers and the web application until Ctrl-C or `kontor stop`."""
    with runtime() as run:
        serve(run, web=not no_web)


def serve(run: Runtime, *, web: bool) -> None:
    """Run the workers, the sweeper and the web application until told to stop.

    Raises:
        Failure: They run already for this home.
    """
    from app.local import locks

    pid_file = run.settings.home / SUPERVISOR
    held = locks.take(pid_file, shared=False, patience=1)  # whoever asks how we are holds it for a moment
    if held is None:
        raise Failure(f"Kontor runs already for {run.settings.home} (process {_living(pid_file)}).", UNAVAILABLE)
    try:
        if web:
            _expect_free(run.settings)
        pid_file.write_text(str(os.getpid()))
        _supervise(run, web=web)
    finally:
        os.ftruncate(held, 0)  # the file stays: whoever opened it meanwhile would lock one that is gone
        os.close(held)


def _expect_free(chosen: Settings) -> None:
    """Find out now, not in the web server's log, that its address cannot be had.

    Raises:
        Failure: Somebody else listens there, or it is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in chosen.web_host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((chosen.web_host, chosen.web_port))
    except OSError as problem:
        raise Failure(
            f"The web server cannot listen on {chosen.web_host}, port {chosen.web_port} ({problem.strerror}). "
            "Set KONTOR_WEB_PORT or KONTOR_WEB_HOST to another, or stop who listens there.",
            UNAVAILABLE,
        ) from None


def _answers(chosen: Settings) -> bool:
    """Tell whether the web application answers: it listens a good while before it can."""
    connection = http.client.HTTPConnection(chosen.web_host, chosen.web_port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _supervise(run: Runtime, *, web: bool) -> None:
    """Keep every process running until told to stop; one that ends is started again."""
    from app.local import children
    from app.local.logs import Logs

    chosen, logs = run.settings, run.settings.home / "log"
    kept_small = Logs(logs)
    commands: dict[str, list[str]] = {f"worker-{number}": ["worker"] for number in range(chosen.workers)}
    commands["sweeper"] = ["sweeper"]
    if web:
        commands["web"] = ["web"]
    processes = {
        name: children.start(command, run.addresses, logs / f"{name}.log") for name, command in commands.items()
    }
    stop_ = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop_.set())
    started = dict.fromkeys(processes, time.monotonic())
    announced = False
    try:
        while not stop_.wait(0.5):
            kept_small.look(processes)
            if not announced and (not web or _answers(chosen)):
                where = f"is at http://{_in_url(chosen.web_host)}:{chosen.web_port}" if web else "is at work"
                click.echo(f"Kontor {where} - stop with Ctrl-C or `kontor stop`.")
                if web and _empty(run):
                    click.echo("Nobody can sign in yet. The first: `kontor user add you@example.com --owner`.")
                announced = True
            for name, process in processes.items():
                if process.poll() is not None and time.monotonic() - started[name] > 1:
                    click.echo(
                        f"{name} ended with {process.returncode}; see {logs / name}.log. Starting it again.", err=True
                    )
                    processes[name] = children.start(commands[name], run.addresses, logs / f"{name}.log")
                    started[name] = time.monotonic()
    finally:
        children.end(list(processes.values()))


def _empty(run: Runtime) -> bool:
    """Tell whether nobody was made yet who could sign in."""
    from app.db.transaction import transaction
    from app.services.access import people

    with transaction(run.registry) as session:
        return not people.anybody(session)


def _living(pid_file: Path) -> int | None:
    """Tell the process that holds a pid file. A number that a kill left behind may be anybody's by now."""
    from app.local import locks

    try:
        return int(pid_file.read_text()) if locks.is_held(pid_file) else None
    except (OSError, ValueError):
        return None


@click.command()
@json_option
def stop(as_json: bool) -> None:
    """Stop what `kontor up` started, and the embedded servers, now."""
    from app.local.errors import LocalError
    from app.local.servers import stop as stop_servers

    chosen = settings()
    pid = _living(chosen.home / SUPERVISOR)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while _living(chosen.home / SUPERVISOR) == pid and time.monotonic() < deadline:
            time.sleep(0.1)
    try:
        stopped = stop_servers(chosen.home)
    except LocalError as error:
        raise Failure(str(error), UNAVAILABLE) from None
    if as_json:
        print_json({"stopped": stopped or pid is not None})
    else:
        click.echo("Stopped." if stopped or pid is not None else "Nothing was running.")


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show what runs: servers, supervisor, workers, web."""
    from app.local.errors import LocalError
    from app.local.servers import status as servers_status

    chosen = settings()
    try:
        local = servers_status(chosen.home)
    except LocalError as error:
        raise Failure(str(error), UNAVAILABLE) from None
    supervisor = _living(chosen.home / SUPERVISOR)
    workers = WorkersPresent(chosen.home).any()
    elsewhere = {
        name: setting
        for name, setting, url in (
            ("postgres", "DATABASE_URL", chosen.database_url),
            ("valkey", "REDIS_URL", chosen.redis_url),
        )
        if url is not None
    }
    servers: list[dict[str, Any]] = [
        {
            "name": one.name,
            "state": one.state,
            "pid": one.pid,
            "version": one.version,
            "from": one.origin,
            "data": str(one.data),
            "bytes": one.size_bytes,
            "message": one.message,
        }
        for one in local.servers
        if one.name not in elsewhere
    ]
    if as_json:
        known = {"home": str(local.home), "supervisor": supervisor, "workers": workers}
        print_json(known | {"servers": servers, "elsewhere": elsewhere})
        return
    click.echo(f"home        {local.home}")
    click.echo(f"supervisor  {'process ' + str(supervisor) if supervisor else 'not running'}")
    click.echo(f"workers     {'at work' if workers else 'none'}")
    for one in servers:
        what = f"process {one['pid']}, {one['version']} from {one['from']}, " if one["pid"] else ""
        size = f"{figure(one['bytes'] // 2**20)} MiB"
        click.echo(f"{one['name']:<11} {one['state']} {what}{size} in {one['data']} {one['message']}".rstrip())
    for name, setting in elsewhere.items():
        click.echo(f"{name:<11} elsewhere, as {setting} says")
