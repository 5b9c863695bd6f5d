import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from local.backup import BackupRefused, back_up
from local.data_folder import DataFolder
from local.stack import Stack
from tests.portraits import ASTRONAUT, HOPPER


@pytest.fixture
def busy(stack: Stack) -> Iterator[list[str]]:
    """Somebody hands pictures in all the while; the ids of those that were acknowledged."""
    acknowledged: list[str] = []
    stop = threading.Event()

    def hand_in() -> None:
        with ApiClient(stack.url) as api:
            while not stop.wait(0.1):
                capture_id = new_capture_id()
                api.upload(HOPPER.read_bytes(), kiosk_id="busy", capture_id=capture_id)
                acknowledged.append(capture_id)

    thread = threading.Thread(target=hand_in)
    thread.start()
    yield acknowledged
    stop.set()
    thread.join()


@pytest.mark.integration
def test_a_backup_of_a_running_stack_is_a_data_folder_with_everything_in_it(
    stack: Stack, api: ApiClient, busy: list[str], tmp_path: Path
) -> None:
    api.put_person("backed-up", name="Eileen Collins")
    api.enroll_photo("backed-up", "1.png", ASTRONAUT.read_bytes(), content_type="image/png")
    seen = new_capture_id()
    api.hand_in(ASTRONAUT.read_bytes(), kiosk_id="k", capture_id=seen, content_type="image/png", timeout_s=60)
    before = list(busy)

    backup = back_up(stack.data_folder, tmp_path / "copy")
    assert backup.pictures >= 2 + len(before)
    api.forget("backed-up")

    with Stack(DataFolder(tmp_path / "copy")) as restored, ApiClient(restored.url) as copy:
        assert copy.person("backed-up")["faces"] == 1
        assert copy.sighting(seen).name == "Eileen Collins"
        assert copy.sighting_photo(seen) == ASTRONAUT.read_bytes()
        again = copy.hand_in(
            ASTRONAUT.read_bytes(),
            kiosk_id="k",
            capture_id=new_capture_id(),
            content_type="image/png",
            timeout_s=60,
        )
        assert again.person_id == "backed-up"
        for capture_id in before:
            assert copy.await_sighting(capture_id, timeout_s=60).outcome == "unknown"
        assert requests.get(f"{restored.url}/health", timeout=5).ok


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    source = DataFolder(tmp_path / "data").make()
    source.database.touch()
    (tmp_path / "copy").mkdir()
    with pytest.raises(BackupRefused, match="exists already"):
        back_up(source, tmp_path / "copy")


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="--data"):
        back_up(DataFolder(tmp_path / "nothing"), tmp_path / "copy")


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    source = DataFolder(tmp_path / "data").make()
    source.database.write_bytes(b"this is no database" * 100)
    with pytest.raises(Exception, match="database"):
        back_up(source, tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
