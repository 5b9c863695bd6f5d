"""The gateway's server over real sockets: slow, silent and too many clients."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from starlette.types import ASGIApp

from local.gateway.connections import Limits
from local.gateway.serving import serve
from local.runtime.servers import listen
from tests.half_open import MANY, closed, is_closed_although_it_trickles, opened
from tests.local.gateway.test_host import RECOGNITIONS, Recorded

pytestmark = pytest.mark.integration

HALF_HEADER = b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n"
HALF_BODY = f"POST {RECOGNITIONS} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\nbegun".encode()
WHOLE = b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@contextmanager
def served(app: ASGIApp, limits: Limits | None = None) -> Iterator[int]:
    with listen("127.0.0.1", 0) as listening, serve(app, listening, grace_s=1.0, limits=limits):
        yield int(listening.getsockname()[1])


def healthy(port: int) -> bool:
    return requests.get(f"http://127.0.0.1:{port}/health", timeout=10).status_code == 200


@pytest.mark.parametrize("sent", [b"", b"G", HALF_HEADER, HALF_BODY], ids=str)
def test_140_connections_that_never_finish_a_request_keep_nobody_out(sent: bytes) -> None:
    with served(Recorded().app()) as port, opened(port, MANY, sent) as held:
        assert healthy(port)
        time.sleep(Limits().grace_s)
        assert healthy(port)
        assert closed(held[0]), "the oldest made way"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on all of 127.0.0.0/8")
def test_the_address_that_holds_the_most_makes_way_not_a_slow_client_elsewhere() -> None:
    limits = Limits(grace_s=0.0)
    with served(Recorded().app(), limits) as port, opened(port, 1, HALF_BODY, "127.0.0.2") as (slow,):
        with opened(port, MANY, HALF_HEADER):
            assert healthy(port)
        slow.sendall(b"x" * (1000 - len(b"begun")))
        assert slow.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("sent", [b"", HALF_HEADER, HALF_BODY], ids=str)
def test_a_request_that_is_not_finished_in_time_is_given_up(sent: bytes) -> None:
    functions = Recorded()
    limits = Limits(header_s=0.2, body_s=0.2)
    with served(functions.app(), limits) as port, opened(port, 1, sent) as (client,):
        began = time.monotonic()
        assert closed(client)
        assert time.monotonic() - began > 0.1
    assert functions.events == []


def test_bytes_now_and_then_do_not_put_the_deadline_off() -> None:
    with served(Recorded().app(), Limits(header_s=0.5)) as port, opened(port, 1, HALF_HEADER) as (client,):
        assert is_closed_although_it_trickles(client)


def test_a_second_request_on_a_connection_has_a_deadline_too() -> None:
    with served(Recorded().app(), Limits(header_s=0.3)) as port, opened(port, 1, WHOLE) as (client,):
        assert client.recv(12) == b"HTTP/1.1 200"
        client.sendall(HALF_HEADER)
        assert closed(client)


def test_a_slow_function_is_no_slow_client() -> None:
    functions = Recorded()

    def slow() -> object:
        time.sleep(0.6)
        return {"statusCode": 200, "body": "{}"}

    functions.answer = slow
    with served(functions.app(), Limits(header_s=0.2, body_s=0.2)) as port:
        assert healthy(port)


def test_too_many_connections_get_a_problem_that_says_when_to_come_again() -> None:
    limits = Limits(connections=4)
    with served(Recorded().app(), limits) as port, opened(port, 4, HALF_HEADER):
        answer = requests.get(f"http://127.0.0.1:{port}/health", timeout=10)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert json.loads(answer.content)["type"] == "urn:recognizeme:problem:busy"


def test_a_burst_of_honest_clients_is_answered_whole() -> None:
    with served(Recorded().app()) as port, opened(port, MANY, WHOLE) as clients:
        for client in clients:
            assert client.recv(12) == b"HTTP/1.1 200"
