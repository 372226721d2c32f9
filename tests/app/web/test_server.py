"""`kontor web` as `kontor up` starts it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from app.cli.running.web import THREADS, WORKERS
from app.local import children
from app.local.servers import Addresses


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _answer(address: str, patience: float = 60) -> tuple[int, str]:
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except OSError:  # it listens before its workers are there
            assert time.monotonic() < until, f"{address} does not answer"
            time.sleep(0.1)


def _told(port: int, path: str, sent: dict[str, str]) -> tuple[int, str | None]:
    """Say what only a proxy may say: give the status, and whether the answer takes the request for one by https."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Strict-Transport-Security")
    finally:
        connection.close()


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[int]:
    """A server that waits a second for whoever falls silent, and four for a small request; give its port."""
    port = _free_port()
    serve = f"""
from flask import Flask, request
from app.cli.running import lines
from app.cli.running.web import Server
from app.config import Settings

lines.SILENT_SECONDS = 1.0
lines.WHOLE_SECONDS = 4.0
lines.SLOWEST_BYTES = 50

def make():
    app = Flask("app")
    app.config["MAX_CONTENT_LENGTH"] = 1_000  # as for every page
    app.add_url_rule("/", "page", lambda: f"{{len(request.get_data())}} bytes", methods=["GET", "POST"])
    app.add_url_rule("/much", "much", lambda: "x" * 40_000_000)
    return app

Server(Settings(web_port={port}), make).run()
"""
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", serve], stdout=log, stderr=log)
    try:
        assert _answer(f"http://127.0.0.1:{port}/")[0] == 200
        yield port
    finally:
        process.terminate()
        assert process.wait(30) == 0
    assert "Error" not in (tmp_path / "web.log").read_text(), "whoever is gone is no fault of ours"


@pytest.mark.parametrize(
    "half",
    [
        b"GET / HTTP/1.1\r\nHost: kontor\r\n",
        b"POST / HTTP/1.1\r\nHost: kontor\r\nContent-Length: 100\r\n\r\nhalf of it",
        b"POST / HTTP/1.1\r\nHost: kontor\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf",
        b"GET /much HTTP/1.1\r\nHost: kontor\r\n\r\n",
    ],
    ids=["in its head", "in its body", "in a piece of it", "in the answer"],
)
def test_whoever_falls_silent_in_the_middle_keeps_nobody_from_the_pages(impatient: int, half: bytes) -> None:
    """More of them than there are threads: a page waited for all of them, for ever."""
    silent = [socket.create_connection(("127.0.0.1", impatient)) for _ in range(6 * WORKERS * THREADS)]
    for line in silent:
        line.sendall(half)
    time.sleep(2)  # threads have taken them up by then
    try:
        assert _answer(f"http://127.0.0.1:{impatient}/", patience=30) == (200, "0 bytes")
    finally:
        for line in silent:
            line.close()


def test_whoever_says_nothing_yet_keeps_no_thread(impatient: int) -> None:
    """Browsers connect in advance: each such line held a thread for five seconds."""
    spare = [socket.create_connection(("127.0.0.1", impatient)) for _ in range(6 * WORKERS * THREADS)]
    began = time.monotonic()
    try:
        assert _answer(f"http://127.0.0.1:{impatient}/", patience=30) == (200, "0 bytes")
        assert time.monotonic() - began < 4.5, "it is answered beside them"
    finally:
        for line in spare:
            line.close()


@pytest.mark.parametrize(
    "half",
    [
        b"GET / HTTP/1.1\r\nHost: kontor\r\nX-Long: ",
        b"POST / HTTP/1.1\r\nHost: kontor\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=["in its head", "in its body"],
)
def test_whoever_sends_a_letter_now_and_then_is_not_waited_for_without_an_end(impatient: int, half: bytes) -> None:
    """One such line for each thread held the server for as long as it liked."""
    dribbling = [socket.create_connection(("127.0.0.1", impatient), timeout=5) for _ in range(WORKERS * THREADS)]
    for line in dribbling:
        line.sendall(half)
    open_still = list(dribbling)
    until = time.monotonic() + 25
    try:
        while open_still and time.monotonic() < until:
            time.sleep(0.4)
            open_still = [line for line in open_still if _takes(line, b"x")]
        assert not open_still
        assert _answer(f"http://127.0.0.1:{impatient}/", patience=5) == (200, "0 bytes")
    finally:
        for line in dribbling:
            line.close()


def _takes(line: socket.socket, more: bytes) -> bool:
    """Say something on a line; False where the other end has hung up."""
    try:
        line.sendall(more)
    except OSError:
        return False
    return True


def test_a_large_request_has_the_time_that_its_size_takes(impatient: int) -> None:
    with socket.create_connection(("127.0.0.1", impatient), timeout=10) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: kontor\r\nConnection: close\r\nContent-Length: 900\r\n\r\n")
        for _ in range(15):  # six seconds in all, where a small one has four
            time.sleep(0.4)
            line.sendall(b"x" * 60)
        assert line.makefile("rb").read().endswith(b"900 bytes")


def test_whoever_is_slow_is_waited_for(impatient: int) -> None:
    with socket.create_connection(("127.0.0.1", impatient), timeout=10) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: kontor\r\nConnection: close\r\nContent-Length: 6\r\n\r\n")
        for _ in range(6):
            time.sleep(0.4)
            line.sendall(b"x")
        assert line.makefile("rb").read().endswith(b"6 bytes")


def test_the_server_serves_until_it_is_told_to_stop(
    addresses: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = _free_port()
    monkeypatch.setenv("KONTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KONTOR_WEB_PORT", str(port))
    log = tmp_path / "web.log"
    process = children.start(["web"], addresses, log)
    try:
        assert _answer(f"http://127.0.0.1:{port}/healthz")[0] == 200
        assert "Sign in" in _answer(f"http://127.0.0.1:{port}/")[1]
        with pytest.raises(HTTPError) as too_long:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/?q={'a' * 5_000}", timeout=5)
        assert too_long.value.code == 414
        assert "This address is too long" in too_long.value.read().decode(), "it is a page of ours"
        assert _told(port, "/healthz", {"X-Forwarded-Proto": "https"}) == (200, None)
        assert _told(port, "/x/healthz", {"SCRIPT_NAME": "/x"}) == (404, None)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        children.end([process])
    assert "GET" not in log.read_text(), "requests are not written down"
    with pytest.raises(URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
