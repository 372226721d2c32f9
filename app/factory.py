"""The composition root: builds the application out of its rooms, and is the only module that looks upward."""

import contextlib
import datetime as dt
from collections.abc import Callable

from flask import Flask

from app.config import PROJECT, Settings, secret_key, settings
from app.db import arrays
from app.db.driver import patience_with
from app.extensions import db
from app.local.servers import Addresses


def utc_now() -> dt.datetime:
    """Read the clock."""
    return dt.datetime.now(dt.UTC)


def create_app(
    chosen: Settings | None = None,
    addresses: Addresses | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    *,
    web: bool = False,
) -> Flask:
    """Build the application.

    Args:
        chosen: the settings; those of the environment where none are given.
        addresses: where the servers are; where none are given the settings must name them (the web server and the
            workers are started with both in their environment).
        clock: tells the time; tests give another.
        web: whether it serves pages; a command that prints balances need not wait for what they load.

    Raises:
        RuntimeError: Nobody said where the servers are.
    """
    chosen = chosen or settings()
    if addresses is None:
        if chosen.database_url is None or chosen.redis_url is None:
            raise RuntimeError(
                "DATABASE_URL and REDIS_URL are not set. Start Kontor with `kontor up`, which brings its own servers, "
                "or set both."
            )
        addresses = Addresses(chosen.database_url, chosen.database_owner_url or chosen.database_url, chosen.redis_url)
    with contextlib.suppress(OSError):  # whoever has to write there will say why it cannot be
        # what came in and went out is nobody else's business, and root's home is open for passing through
        chosen.files.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = Flask("app", template_folder=str(PROJECT / "templates"), static_folder=str(PROJECT / "app/web/static"))
    app.config.update(
        SQLALCHEMY_DATABASE_URI=addresses.database_url,
        # what an error says may be stored and shown: without the values of the statement
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": True,
            "hide_parameters": True,
            "connect_args": patience_with(addresses.database_url),
        },
        SECRET_KEY=secret_key(chosen),
        MAX_CONTENT_LENGTH=1 << 20,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    arrays.install()
    app.extensions["kontor"] = {"settings": chosen, "addresses": addresses, "clock": clock}
    db.init_app(app)
    if web:
        import app.web.setup as pages

        pages.register(app)
    return app


def register_jobs(app: Flask) -> None:
    """Name the functions of every kind of job: what a worker needs, and a page does not.

    The rooms that read files take seconds to load; a command that prints balances need not wait for them.
    """
    import app.exports.histories.making as exports
    import importers.drafts
    import importers.jobs
    import importers.undoing.sales
    import prepaid.jobs
    from app.jobs import simulating

    kontor = app.extensions["kontor"]
    importers.jobs.register(kontor["settings"], kontor["addresses"].redis_url, kontor["clock"])
    importers.drafts.register(kontor["settings"])
    importers.undoing.sales.register(kontor["clock"])
    prepaid.jobs.register(kontor["settings"], kontor["clock"])
    simulating.register(kontor["clock"])
    exports.register(kontor["settings"], kontor["clock"])
