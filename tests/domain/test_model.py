from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import (
    Box,
    Capture,
    EnrolledPhoto,
    Enrollment,
    Liveness,
    Person,
    PhotoState,
    Sighting,
    Status,
    capture_id_floor,
    captured_at,
    check_name,
    check_person_id,
    new_capture_id,
)

NOON = datetime(2026, 11, 23, 12, 0, 0, 345_000, tzinfo=UTC)
CAPTURE_ID = new_capture_id(NOON, bytes(range(10)))
kiosk_ids = st.from_regex(r"[A-Za-z0-9_.\-]{1,64}", fullmatch=True).filter(
    lambda text: text not in {".", ".."}
)
person_ids = st.from_regex(r"[A-Za-z0-9_.\-:]{1,128}", fullmatch=True).filter(
    lambda text: text not in {".", ".."}
)
moments = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
randomness = st.binary(min_size=10, max_size=10)


@given(moments, randomness)
def test_a_capture_id_carries_its_time_to_the_millisecond(moment: datetime, random: bytes) -> None:
    assert captured_at(new_capture_id(moment, random)) == moment


@given(moments, moments, randomness, randomness)
def test_capture_ids_sort_by_time_as_text(
    one: datetime, other: datetime, random_one: bytes, random_other: bytes
) -> None:
    if one < other:
        assert new_capture_id(one, random_one) < new_capture_id(other, random_other)


@given(moments, randomness)
def test_the_floor_of_a_moment_comes_before_every_capture_of_it(moment: datetime, random: bytes) -> None:
    assert capture_id_floor(moment) <= new_capture_id(moment, random)


@given(kiosk_ids, moments, randomness, st.sampled_from(["image/jpeg", "image/png"]))
def test_a_capture_is_found_again_from_its_key(
    kiosk_id: str, moment: datetime, random: bytes, content_type: str
) -> None:
    capture = Capture(new_capture_id(moment, random), kiosk_id)
    assert Capture.from_key(capture.photo_key(content_type)) == capture


def test_a_captures_key_names_kiosk_and_day() -> None:
    assert Capture(CAPTURE_ID, "front").photo_key("image/jpeg") == (
        f"captures/front/2026/11/23/{CAPTURE_ID}.jpg"
    )


@given(st.text())
def test_a_key_that_is_no_capture_gives_none(text: str) -> None:
    assert Capture.from_key(f"enrollments/{text}") is None
    assert Capture.from_key(text) is None


@pytest.mark.parametrize(
    "key",
    [
        f"captures/front/2026/11/23/{CAPTURE_ID.upper()}.jpg",
        f"captures/front/2026/11/23/{CAPTURE_ID}.gif",
        f"captures/fr ont/2026/11/23/{CAPTURE_ID}.jpg",
        f"captures/../2026/11/23/{CAPTURE_ID}.jpg",
        "captures/front/2026/11/23/4b3c1e8e-7d4a-4c7e-8f7e-1c2d3e4f5a6b.jpg",
        "captures/",
        "",
    ],
)
def test_a_malformed_capture_key_gives_none(key: str) -> None:
    assert Capture.from_key(key) is None


file_names = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"], exclude_characters="/\\"),
    min_size=1,
    max_size=63,
).filter(lambda text: text not in {".", ".."})


@given(person_ids, file_names)
def test_an_enrollment_is_found_again_from_its_key(person_id: str, photo_id: str) -> None:
    enrollment = Enrollment(person_id, photo_id)
    assert Enrollment.from_key(enrollment.photo_key) == enrollment


@pytest.mark.parametrize(
    "person_id", ["", "ada lovelace", "ada/lovelace", "ad\u00e4", "a" * 129, "ada\n", ".", ".."]
)
def test_a_person_id_that_rekognition_or_a_path_would_not_take_is_refused(person_id: str) -> None:
    with pytest.raises(InvalidRequest, match="person_id"):
        check_person_id(person_id)


@pytest.mark.parametrize(
    "photo_id",
    ["", ".", "..", "a/b", "a\\b", "a\x00.jpg", "\n", "\u2028", "\u202egpj.exe", "\ud800", "\u00e9" * 128],
)
def test_a_photo_id_that_is_no_file_name_is_refused(photo_id: str) -> None:
    with pytest.raises(InvalidRequest, match="photo_id"):
        Enrollment("ada", photo_id)


@pytest.mark.parametrize(
    "name", ["", "   ", "a" * 201, "Ada\x00", "Ada\nLovelace", "Ada\x7f", "Ada\x9b2J", "\ud800"]
)
def test_a_name_must_be_printable_and_short(name: str) -> None:
    with pytest.raises(InvalidRequest, match="name"):
        check_name(name)


def test_a_name_may_be_any_script() -> None:
    assert check_name(" \u674e\u5c0f\u9f8d ") == "\u674e\u5c0f\u9f8d"


def test_a_time_after_the_year_9999_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="9999"):
        _ = Capture("ffffffff-ffff-7fff-bfff-ffffffffffff", "front").captured_at


def test_the_same_face_from_two_photos_counts_once() -> None:
    box = Box(0.1, 0.1, 0.5, 0.5)
    photos = {
        "one.jpg": EnrolledPhoto("one.jpg", PhotoState.INDEXED, NOON, "face-1", box),
        "copy.jpg": EnrolledPhoto("copy.jpg", PhotoState.INDEXED, NOON, "face-1", box),
        "bad.jpg": EnrolledPhoto("bad.jpg", PhotoState.REFUSED, NOON, reason="no face"),
    }
    assert Person("ada", "Ada", NOON, photos=photos).faces == 1


@pytest.mark.parametrize(
    ("age_s", "late"), [(-60, False), (0, False), (10, False), (10.5, True), (86400, True)]
)
def test_what_is_recognized_when_nobody_waits_any_more_is_late(age_s: float, late: bool) -> None:
    taken_at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    sighting = Sighting(Capture(new_capture_id(taken_at, bytes(10)), "front"), Status.DONE)
    assert (sighting.age, sighting.is_late) == (None, False)

    recognized = replace(sighting, recognized_at=taken_at + timedelta(seconds=age_s))

    assert recognized.age == timedelta(seconds=age_s)
    assert recognized.is_late is late


@pytest.mark.parametrize("liveness", Liveness)
def test_signs_of_life_travel_in_the_key_of_the_picture(liveness: Liveness) -> None:
    key = Capture(CAPTURE_ID, "front", liveness).photo_key("image/jpeg")
    stored = Capture.from_key(key)

    assert stored is not None
    assert stored.liveness is liveness
    assert Sighting(Capture(CAPTURE_ID, "front"), Status.PENDING, key).liveness is liveness


def test_without_a_stored_picture_signs_of_life_were_not_asked_for() -> None:
    assert Sighting(Capture(CAPTURE_ID, "front"), Status.PENDING).liveness is Liveness.NOT_ASKED


def test_a_capture_is_the_same_whatever_came_of_asking_for_signs_of_life() -> None:
    assert Capture(CAPTURE_ID, "front", Liveness.PASSED) == Capture(CAPTURE_ID, "front")
