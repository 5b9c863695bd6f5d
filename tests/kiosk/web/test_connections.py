"""The page's server over real sockets: slow, silent and too many browsers."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from kiosk.client.api import ApiClient
from kiosk.web.connections import Limits
from kiosk.web.server import web_server
from tests.half_open import MANY, closed, is_closed_although_it_trickles, opened

pytestmark = pytest.mark.integration

HALF_HEADER = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n"
HALF_BODY = b"POST /captures HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\nbegun"
WHOLE = b"GET /static/style.css HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@contextmanager
def served(api: ApiClient, limits: Limits | None = None) -> Iterator[int]:
    server = web_server(api, port=0, limits=limits or Limits())
    # Daemonic, and it ends with the test: waitress stops for an exception in its own thread only.
    threading.Thread(target=server.run, daemon=True).start()
    yield server.effective_port
    server.close()


def answers(port: int) -> bool:
    return requests.get(f"http://127.0.0.1:{port}/static/style.css", timeout=10).status_code == 200


@pytest.mark.parametrize("sent", [b"", b"G", HALF_HEADER, HALF_BODY], ids=str)
def test_140_connections_that_never_finish_a_request_keep_nobody_out(api: ApiClient, sent: bytes) -> None:
    with served(api) as port, opened(port, MANY, sent) as held:
        assert answers(port)
        time.sleep(Limits.grace_s)
        assert answers(port)
        assert closed(held[0]), "the oldest made way"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on all of 127.0.0.0/8")
def test_the_address_that_holds_the_most_makes_way_not_a_slow_browser_elsewhere(api: ApiClient) -> None:
    with served(api, Limits(grace_s=0.0)) as port, opened(port, 1, HALF_BODY, "127.0.0.2") as (slow,):
        with opened(port, MANY, HALF_HEADER):
            assert answers(port)
        slow.sendall(b"x" * (1000 - len(b"begun")))
        assert slow.recv(12) == b"HTTP/1.1 403", "no form of the page, but a whole request"


@pytest.mark.parametrize("sent", [b"", HALF_HEADER, HALF_BODY], ids=str)
def test_a_request_that_is_not_finished_in_time_is_given_up(api: ApiClient, sent: bytes) -> None:
    limits = Limits(header_s=0.5, body_s=0.5)
    with served(api, limits) as port, opened(port, 1, sent) as (client,):
        assert closed(client)


def test_bytes_now_and_then_do_not_put_the_deadline_off(api: ApiClient) -> None:
    with served(api, Limits(header_s=0.5)) as port, opened(port, 1, HALF_HEADER) as (client,):
        assert is_closed_although_it_trickles(client)


def test_too_many_connections_are_told_when_to_come_again(api: ApiClient) -> None:
    with served(api, Limits(connections=4)) as port, opened(port, 4, HALF_HEADER):
        answer = requests.get(f"http://127.0.0.1:{port}/static/style.css", timeout=10)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_burst_of_honest_browsers_is_answered_whole(api: ApiClient) -> None:
    with served(api) as port, opened(port, MANY, WHOLE) as clients:
        for client in clients:
            assert client.recv(12) == b"HTTP/1.1 200"
