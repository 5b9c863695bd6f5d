from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.client.api import ApiClient
from local.data_folder import DataFolder
from local.stack import Stack


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
