import io
from collections.abc import Iterator

import pytest
from PIL import Image

from kiosk.client.api import ApiClient
from tests.kiosk.api_server import ApiServer


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer().running() as server:
        yield server


@pytest.fixture
def other_server() -> Iterator[ApiServer]:
    with ApiServer().running() as server:
        yield server


@pytest.fixture
def api(server: ApiServer) -> Iterator[ApiClient]:
    with ApiClient(server.url, timeout_s=5) as api:
        yield api


def picture_of(person_id: str = "", *, size: tuple[int, int] = (80, 100), kind: str = "JPEG") -> bytes:
    """A real picture that `ApiServer` takes for this person: decoders ignore what follows the end."""
    data = io.BytesIO()
    Image.new("RGB", size, (150, 140, 130)).save(data, kind)
    return data.getvalue() + (f"person:{person_id}".encode() if person_id else b"")
