"""`kontor web` as `kontor up` starts it."""

import http.client
import os
import signal
import socket
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

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
