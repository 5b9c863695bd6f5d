"""The parts of one machine: what storing a picture starts, and what goes by itself."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from local.data_folder import DataFolder
from local.wiring import DATA, URL, LocalParts
from recognizeme.domain.model import Capture, new_capture_id
from recognizeme.domain.ports import Replayed

CAPTURE = "captures/front/2026/11/23/01932b6e-0000-7000-8000-000000000000.jpg"
ENROLLMENT = "enrollments/ada/my photo+1.jpg"


@pytest.fixture
def data_folder(data: Path) -> DataFolder:
    return DataFolder(data).make()


@pytest.fixture
def parts(data_folder: DataFolder) -> Iterator[LocalParts]:
    environment = {DATA: str(data_folder.root), URL: "http://127.0.0.1:1", "RECOGNIZEME_SIGHTING_DAYS": "30"}
    parts = LocalParts.from_env(environment)
    yield parts
    parts.database.close()


@pytest.mark.parametrize(("key", "function"), [(CAPTURE, "recognition"), (ENROLLMENT, "enrollment")])
def test_a_stored_picture_is_an_event_for_its_function(parts: LocalParts, key: str, function: str) -> None:
    parts.photos.write(key, b"picture", "image/jpeg")
    (job,) = parts.jobs.jobs()
    assert job.function == function
    stored = job.event["Records"][0]["s3"]["object"]
    assert (unquote_plus(stored["key"]), stored["size"]) == (key, 7)


def test_whom_a_camera_sees_now_goes_before_what_a_kiosk_hands_in_late(parts: LocalParts) -> None:
    now, late = (
        Capture(new_capture_id(parts.now() - timedelta(minutes=minutes), b"0123456789"), "front")
        for minutes in (0, 5)
    )
    for capture in (late, now):
        parts.photos.write(capture.photo_key("image/jpeg"), b"picture", "image/jpeg")
    job = parts.jobs.take("recognition")
    assert job
    assert now.capture_id in job.event["Records"][0]["s3"]["object"]["key"]


def test_an_event_waits_for_whoever_does_its_work_and_is_called_off(parts: LocalParts) -> None:
    event = parts.photos.write(ENROLLMENT, b"picture", "image/jpeg", busy_s=30)
    assert parts.jobs.take("enrollment") is None
    assert len(parts.jobs.jobs(state="waiting")) == 1, "should they die, it comes"
    assert event
    parts.later.call_off(event)
    assert parts.jobs.jobs() == []


def test_an_event_that_is_being_handled_is_not_called_off(parts: LocalParts) -> None:
    event = parts.photos.write(ENROLLMENT, b"picture", "image/jpeg")
    assert parts.jobs.take("enrollment")
    assert event
    parts.later.call_off(event)
    assert len(parts.jobs.jobs(state="running")) == 1


def test_a_picture_elsewhere_is_nobodys_event(parts: LocalParts) -> None:
    parts.photos.write("exports/ada.jpg", b"picture", "image/jpeg")
    assert parts.jobs.jobs() == []


def test_failed_events_are_the_dead_jobs_oldest_first(parts: LocalParts) -> None:
    first, second = (parts.jobs.add("recognition", {"n": n}) for n in range(2))
    with parts.database.writing() as connection:
        connection.execute("UPDATE jobs SET state = 'dead'")
    assert parts.failed_events.replay(limit=1) == Replayed(1)
    assert [job.id for job in parts.jobs.jobs(state="dead")] == [second]
    assert [job.id for job in parts.jobs.jobs(state="waiting")] == [first]
