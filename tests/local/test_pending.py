"""What is answered with `pending` is stored, and done without being handed in again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest
import requests

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from local.stack import Stack
from tests.local.runtime.test_functions import eventually
from tests.portraits import HOPPER

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


def children(*words: str) -> list[psutil.Process]:
    """Our child processes whose command holds all these words."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if all(word in " ".join(child.cmdline()) for word in words):
                found.append(child)
    return found


@contextmanager
def hanging(process: psutil.Process) -> Iterator[None]:
    process.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            process.resume()


@pytest.mark.slow
def test_a_picture_whose_recognizer_was_killed_is_stored_by_the_next_hand_in_and_recognized_by_itself(
    stack: Stack, api: ApiClient
) -> None:
    capture_id = new_capture_id()
    url = f"{stack.url}/kiosks/front/recognitions?capture_id={capture_id}"
    answers: list[int] = []

    def hand_in() -> None:
        with suppress(requests.RequestException):
            answer = requests.post(
                url, HOPPER.read_bytes(), headers={"content-type": "image/jpeg"}, timeout=60
            )
            answers.append(answer.status_code)

    (engine,) = children("rekolocal.cli", str(stack.data_folder.collections))
    with hanging(engine):
        first = threading.Thread(target=hand_in)
        first.start()
        assert eventually(lambda: api_says(api, capture_id) == "pending", 20)
        for worker in children("local.worker", "door.app"):
            worker.kill()
        first.join()
        assert answers == [500]
        hand_in()
    assert answers == [500, 202]
    stored = [path.name for path in stack.data_folder.photos.rglob(f"{capture_id}.jpg")]
    assert stored == [f"{capture_id}.jpg"]
    assert eventually(lambda: api_says(api, capture_id) == "done", 90)


def api_says(api: ApiClient, capture_id: str) -> str | None:
    with suppress(Exception):
        return api.sighting(capture_id, timeout_s=5).status
    return None
