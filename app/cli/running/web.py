"""`kontor web`: the web server, started by `kontor up`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from app import garbage
from app.cli.output import UNAVAILABLE, Failure
from app.cli.running.lines import Worker
from app.config import Settings, settings

WORKERS = 2
THREADS = 4


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn, told everything here and nothing by files or the environment.

    ``make`` builds the application that is served, in each worker after the fork: nothing open is shared.
    """

    def __init__(self, chosen: Settings, make: Callable[[], Flask]) -> None:
        self._chosen, self._make = chosen, make
        super().__init__(prog="kontor web")

    def load_config(self) -> None:
        """Say how it serves."""
        host = f"[{self._chosen.web_host}]" if ":" in self._chosen.web_host else self._chosen.web_host
        memory = Path("/dev/shm")  # noqa: S108  # gunicorn's own heartbeat files: a busy disk must not delay them
        told: dict[str, Any] = {
            "bind": f"{host}:{self._chosen.web_port}",
            "worker_class": Worker,
            "workers": WORKERS,
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": 20,
            "keepalive": 5,
            "forwarded_allow_ips": "",  # whom to believe about https is for KONTOR_PROXIES to say, the path for nobody
            "limit_request_line": 8_190,  # its most: a page of ours refuses shorter ones
            "loglevel": "warning",
            "accesslog": None,
            "control_socket_disable": True,
            "worker_tmp_dir": str(memory) if memory.is_dir() else None,
            "proc_name": "kontor-web",
        }
        for name, value in told.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build what is served."""
        return self._make()


@click.command(hidden=True)
def web() -> None:
    """Serve the web application: started by `kontor up`; reads DATABASE_URL and REDIS_URL.

    It stops with its parent, and on SIGTERM when the requests in hand are answered.
    """
    chosen = settings()
    if chosen.database_url is None or chosen.redis_url is None:
        raise Failure(
            "DATABASE_URL and REDIS_URL are not set; `kontor up` starts the web server with both.", UNAVAILABLE
        )

    def make() -> Flask:
        from app.factory import create_app

        made = create_app(chosen, web=True)
        garbage.settle(look_seldom=True)
        return made

    Server(chosen, make).run()
