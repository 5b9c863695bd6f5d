from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests

from kiosk.client.api import ApiClient
from local.data_folder import DataFolder
from local.stack import Stack
from tests.api.answers import check


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack with the real engine; it starts in seconds, so the tests share it.

    Whatever they ask it for, the answer is one of openapi.json.
    """
    with pytest.MonkeyPatch.context() as patched:
        # Beside tests that may have no socket, its engine could not be asked whether it hangs.
        patched.setattr("local.runtime.servers._CHECK_EVERY_S", 3600.0)
        with Stack(DataFolder(tmp_path_factory.mktemp("stack")), web_port=0) as stack:
            patched.setattr(requests.Session, "send", checked(requests.Session.send, stack.url))
            yield stack


def checked(send: Callable[..., requests.Response], url: str) -> Callable[..., requests.Response]:
    """`Session.send`, which fails for an answer from `url` that openapi.json does not describe."""

    def send_and_check(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        response = send(session, request, **options)
        parts = urlsplit(request.url or "")
        if f"{parts.scheme}://{parts.netloc}" == url and not parts.path.startswith("/_local/"):
            kind = response.headers.get("Content-Type", "")
            path = unquote(parts.path)
            check(request.method or "", path, response.status_code, kind, response.content)
        return response

    return send_and_check


@pytest.fixture
def api(stack: Stack) -> Iterator[ApiClient]:
    with ApiClient(stack.url) as api:
        yield api


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
