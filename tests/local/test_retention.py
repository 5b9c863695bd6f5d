"""What is deleted by itself, and what a wrong clock must not delete."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from local.cli import main
from local.data_folder import DataFolder
from local.retention import ConfirmationNeeded, delete_expired, look_after, warning
from local.wiring import DATA, URL, LocalParts
from recognizeme.domain.model import Capture, Outcome, Sighting, Status, new_capture_id

DAY = timedelta(days=1)
KEPT = 30 * DAY
NOW = datetime.now(UTC)
ENROLLMENT = "enrollments/ada/1.jpg"


@pytest.fixture
def parts(data: Path) -> Iterator[LocalParts]:
    environment = {
        DATA: str(DataFolder(data).make().root),
        URL: "http://127.0.0.1:1",
        "RECOGNIZEME_SIGHTING_DAYS": str(KEPT.days),
    }
    parts = LocalParts.from_env(environment)
    yield parts
    parts.database.close()


def seen(parts: LocalParts, at: datetime) -> Capture:
    """A sighting and its picture, stored back then."""
    capture = Capture(new_capture_id(at, b"0123456789"), "front")
    parts.sightings.claim(capture, now=at, lease_s=0)
    parts.sightings.save(Sighting(capture, Status.DONE, outcome=Outcome.UNKNOWN, recognized_at=at))
    stored(parts, capture.photo_key("image/jpeg"), at)
    return capture


def stored(parts: LocalParts, key: str, at: datetime) -> None:
    before = set(parts.root.rglob("*.jpg"))
    parts.photos.write(key, b"picture", "image/jpeg")
    (path,) = set(parts.root.rglob("*.jpg")) - before
    os.utime(path, (at.timestamp(), at.timestamp()))


def left(parts: LocalParts) -> tuple[int, int]:
    """How many sightings and captured pictures there are."""
    with parts.database.reading() as connection:
        (sightings,) = connection.execute("SELECT count(*) FROM sightings").fetchone()
    return sightings, len(list(parts.photos.keys("captures/")))


def test_an_answer_under_an_idempotency_key_goes_when_it_has_expired(parts: LocalParts) -> None:
    for answer_id, expires_at in (("old", NOW), ("new", NOW + DAY)):
        parts.answers.begin(answer_id, "r", now=NOW - DAY, leased_until=NOW, expires_at=expires_at)
        parts.answers.finish(answer_id, b"answer", leased_until=NOW)

    delete_expired(parts, now=NOW)

    with parts.database.reading() as connection:
        kept = [row["answer_id"] for row in connection.execute("SELECT answer_id FROM answers")]
    assert kept == ["new"]


def test_collection_people_and_strangers_are_looked_through_once_a_day(parts: LocalParts) -> None:
    for hour in range(1, 49):
        look_after(parts, hour=hour)
    jobs = [(job.function, job.event) for job in parts.jobs.jobs()]
    assert [(function, event["check"]) for function, event in jobs] == [
        ("enrollment", check) for check in ("collection", "people", "pictures")
    ] * 2
    before = datetime.fromisoformat(jobs[2][1]["before"])
    assert timedelta(0) <= datetime.now(UTC) - 30 * DAY - before < timedelta(minutes=1)


@pytest.mark.parametrize(("match_by", "checks"), [("users", ["collection"]), ("faces", [])])
def test_by_users_the_collection_is_looked_through_at_the_start_too_for_it_may_have_been_used_by_faces(
    parts: LocalParts, match_by: str, checks: list[str]
) -> None:
    parts.settings = replace(parts.settings, match_by=match_by)
    look_after(parts, hour=0)
    assert [job.event["check"] for job in parts.jobs.jobs()] == checks


def test_captures_past_their_time_are_deleted_and_enrollments_stay(parts: LocalParts) -> None:
    stored(parts, ENROLLMENT, NOW - 2 * KEPT)
    for age in (KEPT + DAY, KEPT - DAY):
        seen(parts, NOW - age)

    deleted = delete_expired(parts, now=NOW)
    assert (deleted.sightings, deleted.pictures, deleted.before) == (1, 1, NOW - KEPT)
    assert left(parts) == (1, 1)
    assert list(parts.photos.keys("enrollments/")) == [ENROLLMENT]


def test_a_clock_100_days_ahead_deletes_nothing_until_it_is_confirmed(parts: LocalParts) -> None:
    for days in range(20):
        seen(parts, NOW - days * DAY)
    delete_expired(parts, now=NOW)
    ahead = NOW + 100 * DAY

    with pytest.raises(
        ConfirmationNeeded, match=r"^100 days of sightings and .* `recognizeme-local retention --yes"
    ):
        delete_expired(parts, now=ahead)
    assert left(parts) == (20, 20)
    said = warning(parts, now=ahead)
    assert said
    assert str(parts.root) in said

    # Set right, nothing has happened.
    assert warning(parts, now=NOW + timedelta(hours=1)) is None
    delete_expired(parts, now=NOW + timedelta(hours=1))
    assert left(parts) == (20, 20)

    assert delete_expired(parts, now=ahead, confirmed=True).sightings == 20
    assert left(parts) == (0, 0)
    assert warning(parts, now=ahead) is None


def test_after_a_weekend_a_days_worth_at_once_is_deleted(parts: LocalParts) -> None:
    delete_expired(parts, now=NOW)
    for hours in (1, 30, 60):
        seen(parts, NOW - KEPT + timedelta(hours=hours))
    monday = NOW + 3 * DAY
    assert [delete_expired(parts, now=monday).sightings for _ in range(4)] == [1, 1, 1, 0]
    assert left(parts) == (0, 0)


def test_a_retention_made_much_shorter_is_confirmed_first(parts: LocalParts) -> None:
    seen(parts, NOW - 20 * DAY)
    delete_expired(parts, now=NOW)
    mistyped = LocalParts.from_env({DATA: str(parts.root), URL: "", "RECOGNIZEME_SIGHTING_DAYS": "3"})
    with mistyped.database, pytest.raises(ConfirmationNeeded, match="RECOGNIZEME_SIGHTING_DAYS is less"):
        delete_expired(mistyped, now=NOW)
    assert left(parts) == (1, 1)


def test_a_clock_that_was_behind_for_a_while_is_no_reason_to_ask(parts: LocalParts) -> None:
    delete_expired(parts, now=NOW)
    delete_expired(parts, now=NOW - 1000 * DAY)
    assert warning(parts, now=NOW + timedelta(hours=1)) is None


def test_the_command_confirms_what_the_sentence_asks_for(parts: LocalParts) -> None:
    seen(parts, NOW - 50 * DAY)
    delete_expired(parts, now=NOW - 50 * DAY)
    environment = {"RECOGNIZEME_SIGHTING_DAYS": "30"}
    asked = CliRunner().invoke(main, ["retention", "--data", str(parts.root)], env=environment)
    assert asked.exit_code == 1
    assert "retention --yes" in asked.output
    done = CliRunner().invoke(main, ["retention", "--yes", "--data", str(parts.root)], env=environment)
    assert done.exit_code == 0
    assert done.output.endswith(": 1 sighting, 1 picture\n")
