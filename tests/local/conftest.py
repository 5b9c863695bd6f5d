from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests

from kiosk.client.api import ApiClient
from local.data_folder import DataFolder
from local.stack import Stack
from recognizeme.entry.routes import match
from tests.api.answers import check


@pytest.fixture(scope="session", autouse=True)
def checked_answers() -> Iterator[None]:
    """Whatever a test asks the gateway for, the answer is one of openapi.json."""
    send = requests.Session.send

    def checked(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        response = send(session, request, **options)
        path = unquote(urlsplit(request.url).path)
        if match(request.method or "", path):
            kind = response.headers.get("Content-Type", "")
            check(request.method or "", path, response.status_code, kind, response.content)
        return response

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(requests.Session, "send", checked)
        yield


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack with the real engine; it starts in seconds, so the tests share it."""
    with pytest.MonkeyPatch.context() as patched:
        # Beside tests that may have no socket, its engine could not be asked whether it hangs.
        patched.setattr("local.runtime.servers._CHECK_EVERY_S", 3600.0)
        with Stack(DataFolder(tmp_path_factory.mktemp("stack")), web_port=0) as stack:
            yield stack


@pytest.fixture
def api(stack: Stack) -> Iterator[ApiClient]:
    with ApiClient(stack.url) as api:
        yield api


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
