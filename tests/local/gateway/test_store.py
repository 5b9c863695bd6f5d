"""The picture store's own answers, in front of a disk that is in trouble."""

from typing import Any

import pytest

from local.gateway.host import event_host
from local.gateway.store import store_routes
from recognizeme.domain.errors import ServiceBusy
from tests.local.gateway.test_host import Recorded, access, ask

FORM = (
    b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\npicture\r\n--x--\r\n'
)


class FullDisk:
    def accept(self, fields: dict[str, str], picture: bytes) -> str:
        raise ServiceBusy("the disk is full; free some space")

    def open_link(self, key: str, **terms: str) -> Any:
        raise ServiceBusy("the disk is full; free some space")


@pytest.mark.parametrize(("method", "path"), [("POST", "/_local/uploads"), ("GET", "/_local/photos/k")])
def test_a_store_that_is_busy_says_when_to_come_again(method: str, path: str) -> None:
    functions = Recorded()
    routes = store_routes(FullDisk(), max_bytes=100, after_change=functions.changed)  # type: ignore[arg-type]
    app = event_host(functions.invoke, store=routes, access=access(), after_change=functions.changed)
    headers = [("content-type", "multipart/form-data; boundary=x"), ("content-length", str(len(FORM)))]
    answer = ask(app, method, path, headers=headers, chunks=[FORM])
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert b"<Code>SlowDown</Code>" in answer.body
    assert functions.changes == 0
