"""Servers as real processes that die, hang and come back."""

import os
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from local.runtime import child_process
from local.runtime.servers import DidNotStart, Server, free_port, listen
from tests.local.runtime.test_functions import environment, eventually

pytestmark = pytest.mark.integration

SILENCE_S = 0.3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.runtime.servers._CHECK_EVERY_S", 0.05)
    monkeypatch.setattr("local.runtime.servers._RESTART_WAIT_S", 0.0)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(function: str = "main") -> Server:
        servers.append(
            Server(
                "sample",
                [f"tests.local.sample_server:{function}", str(port)],
                port=port,
                env=environment(tmp_path),
                on_log=lambda name, line: None,
                check=partial(ask, port),
                silence_s=SILENCE_S,
            )
        )
        return servers[0]

    yield start
    for server in servers:
        server.stop()


def ask(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1) as answer:
        return int(answer.read())


def pid(port: int) -> int | None:
    with suppress(OSError):
        return ask(port)
    return None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_server_that_dies_or_hangs_is_replaced(
    start: Callable[..., Server], port: int, number: signal.Signals
) -> None:
    back = threading.Event()
    server = start()
    server.wait_ready()
    server.watch(on_back=back.set)
    first = pid(port)
    assert first
    os.kill(first, number)
    assert back.wait(30)
    assert pid(port) not in {None, first}
    assert not psutil.pid_exists(first)


def test_a_free_port_is_none_that_a_connection_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([7, 7, 8])
    monkeypatch.setattr("secrets.randbelow", lambda most: next(draws))
    with listen("127.0.0.1", port := free_port()):
        assert free_port() == port + 1
    assert port < 32_768


def test_a_server_that_answers_is_left_alone(start: Callable[..., Server], port: int) -> None:
    server = start()
    server.wait_ready()
    first = pid(port)
    server.watch()
    threading.Event().wait(5 * SILENCE_S)
    assert pid(port) == first


def test_a_short_silence_is_forgiven(start: Callable[..., Server], port: int) -> None:
    answers = iter([OSError(), OSError(), None])
    server = start()
    server.wait_ready()
    first = pid(port)
    done = threading.Event()

    def check() -> None:
        try:
            error = next(answers)
        except StopIteration:
            done.set()
            return
        if error:
            raise error

    server._check = check
    server.watch()
    assert done.wait(20)
    assert pid(port) == first


def test_a_check_that_fails_by_itself_is_no_silence_and_ends_no_watching(
    start: Callable[..., Server], port: int
) -> None:
    tried, back = threading.Semaphore(0), threading.Event()
    server = start()
    server.wait_ready()
    first = pid(port)
    assert first

    def check() -> None:
        tried.release()
        raise RuntimeError("no socket to be had")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "_check", check)
        server.watch(on_back=back.set)
        for _ in range(round(3 * SILENCE_S / 0.05)):
            assert tried.acquire(timeout=20)
    assert pid(port) == first
    os.kill(first, signal.SIGKILL)
    assert back.wait(30)


def test_a_machine_that_can_start_no_process_for_a_while_gets_its_server_back(
    start: Callable[..., Server], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = threading.Semaphore(0)
    real = child_process.start

    def refuse(*arguments: object, **options: object) -> None:
        refusals.release()
        raise OSError(11, "Resource temporarily unavailable")

    server = start()
    server.wait_ready()
    server.watch()
    first = pid(port)
    assert first
    monkeypatch.setattr(child_process, "start", refuse)
    os.kill(first, signal.SIGKILL)
    assert refusals.acquire(timeout=20)
    assert refusals.acquire(timeout=20)
    monkeypatch.setattr(child_process, "start", real)
    assert eventually(lambda: pid(port) not in {None, first})


def test_a_server_that_cannot_start_says_its_last_words(start: Callable[..., Server]) -> None:
    with pytest.raises(DidNotStart, match="sample did not start: the disk is full"):
        start("fail").wait_ready()
