"""`kontor up`: what it does beside the processes that it runs."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from flask import Flask

from app.cli.running.processes import SUPERVISOR, _living, serve
from app.cli.running.runtime import Runtime
from app.config import Settings
from app.local import children, locks
from app.local.logs import LARGEST
from app.local.servers import Addresses


def test_logs_of_what_it_runs_are_kept_small(
    app: Flask, addresses: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log" / "sweeper.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (LARGEST + 1))
    older = log.with_name("sweeper.log.1")
    monkeypatch.setattr(children, "start", lambda *_, **__: subprocess.Popen(["sleep", "60"]))
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}

    def stop() -> None:
        until = time.monotonic() + 10
        while not older.exists() and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    stopping = threading.Thread(target=stop)
    stopping.start()
    try:
        serve(Runtime(Settings(home=tmp_path), addresses, app), web=False)
    finally:
        stopping.join()
        for one, handler in before.items():
            signal.signal(one, handler)
    assert (log.stat().st_size, older.stat().st_size) == (0, LARGEST + 1)


def test_what_it_runs_ends_with_it_whatever_it_meets(
    app: Flask, addresses: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever read what it says has gone: on Linux the system would tell its children, elsewhere nobody."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*_: object) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "60"]))
        return started[-1]

    monkeypatch.setattr(children, "start", start)
    monkeypatch.setattr("click.echo", Mock(side_effect=BrokenPipeError))
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(BrokenPipeError):
            serve(Runtime(Settings(home=tmp_path), addresses, app), web=False)
        assert len(started) == 3
        assert all(one.poll() is not None for one in started)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        children.end(started)


def test_whoever_looks_at_the_same_moment_does_not_keep_it_from_starting(
    app: Flask, addresses: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kontor status` shares the lock for as long as it takes to see whether somebody has it alone."""
    looking = locks.take(tmp_path / SUPERVISOR, shared=True, patience=0)
    assert looking is not None
    begun: list[bool] = []
    monkeypatch.setattr("app.cli.running.processes._supervise", lambda *_, web: begun.append(web))
    seen = threading.Timer(0.2, os.close, (looking,))
    seen.start()
    serve(Runtime(Settings(home=tmp_path), addresses, app), web=False)
    seen.join()
    assert begun == [False]


def test_whoever_waits_for_its_end_is_the_only_one_to_begin(
    app: Flask, addresses: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = locks.open_file(tmp_path / SUPERVISOR)
    monkeypatch.setattr("app.cli.running.processes._supervise", lambda *_, web: None)
    serve(Runtime(Settings(home=tmp_path), addresses, app), web=False)
    assert locks.try_lock(waiting, shared=False)
    assert locks.take(tmp_path / SUPERVISOR, shared=False, patience=0) is None
    os.close(waiting)
    assert _living(tmp_path / SUPERVISOR) is None
