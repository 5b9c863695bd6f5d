"""What `PhotoStore` promises."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recognizeme.domain.errors import InvalidRequest, NotFound
from recognizeme.domain.model import Enrollment
from tests.contract.conftest import Photos, SetClock
from tests.contract.samples import NOON, capture

KEY = capture(NOON).photo_key("image/jpeg")
PICTURE = b"\xff\xd8\xff\xe0 a picture"

# S3's XML answers cannot carry every control character; nobody's file is named with one.
_keys = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=80
).filter(lambda key: "${filename}" not in key)


def test_a_written_picture_can_be_read(photos: Photos) -> None:
    photos.store.write(KEY, PICTURE, "image/jpeg")
    assert photos.store.read(KEY) == PICTURE


def test_writing_a_key_again_replaces_the_picture(photos: Photos) -> None:
    photos.store.write(KEY, PICTURE, "image/jpeg")
    photos.store.write(KEY, b"another", "image/png")
    assert photos.store.read(KEY) == b"another"
    assert list(photos.store.keys("")) == [KEY]


def test_a_picture_that_is_not_stored_is_not_found(photos: Photos) -> None:
    with pytest.raises(NotFound):
        photos.store.read(KEY)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=_keys)
@example(key="enrollments/ada/my photo+1 (2).jpg")
@example(key="enrollments/ada/Ünïcödé 東京 👩🏽‍🚀.jpg")
@example(key="enrollments/ada/..")
@example(key="enrollments/ada/.jpg")
@example(key="enrollments/ada/a%2Fb.jpg")
@example(key="enrollments/ada/a&b<c>'\".jpg")
@example(key="enrollments/ada/" + "x" * 255)
@example(key="enrollments/ada/" + "東" * 255)
@example(key="enrollments/" + "A" * 128 + "/" + "A" * 255)
@example(key="../../etc/passwd")
@example(key="/etc/passwd")
@example(key="a")
@example(key="a/")
@example(key="/")
@example(key="//")
@example(key="captures/c:\\x/a")
def test_any_name_can_be_stored_found_and_removed(photos: Photos, key: str) -> None:
    photos.store.write(key, PICTURE, "image/jpeg")
    assert photos.store.read(key) == PICTURE
    assert list(photos.store.keys(key)) == [key]
    assert photos.store.delete([key]) == 1
    assert list(photos.store.keys("")) == []


def test_keys_that_differ_in_case_or_begin_alike_are_different_pictures(photos: Photos) -> None:
    keys = ["a/ada", "a/Ada", "a/ADA", "a/ada/x", "a/ada.jpg", "a", "A", "a/", "a/a+b", "a/a b", "a/a%2bb"]
    for key in keys:
        photos.store.write(key, key.encode(), "image/jpeg")
    assert sorted(photos.store.keys("")) == sorted(keys)
    assert {key: photos.store.read(key) for key in keys} == {key: key.encode() for key in keys}
    assert sorted(photos.store.keys("a/ada")) == ["a/ada", "a/ada.jpg", "a/ada/x"]
    assert photos.store.delete(["a/ada"]) == 1
    assert photos.store.delete(["a/ada"]) == 0
    assert sorted(photos.store.keys("")) == sorted(set(keys) - {"a/ada"})


def test_keys_with_a_prefix_are_those_of_one_person_only(photos: Photos) -> None:
    keys = [Enrollment(person_id, "a.jpg").photo_key for person_id in ("ada", "ada2", "ad")]
    for key in keys:
        photos.store.write(key, PICTURE, "image/jpeg")
    assert list(photos.store.keys("enrollments/ada/")) == ["enrollments/ada/a.jpg"]
    assert sorted(photos.store.keys("enrollments/ad")) == sorted(keys)
    assert list(photos.store.keys("captures/")) == []


def test_deleting_counts_what_was_there_and_does_not_mind_what_was_not(photos: Photos) -> None:
    photos.store.write("enrollments/ada/a.jpg", PICTURE, "image/jpeg")
    photos.store.write("enrollments/ada/b.jpg", PICTURE, "image/jpeg")
    keys = ["enrollments/ada/a.jpg", "enrollments/ada/missing.jpg", "enrollments/bob/b.jpg"]
    assert photos.store.delete(keys) == 1
    assert photos.store.delete(keys) == 0
    assert photos.store.delete([]) == 0
    assert list(photos.store.keys("")) == ["enrollments/ada/b.jpg"]


def test_a_new_picture_is_stored_only_where_none_is(photos: Photos) -> None:
    assert photos.store.write_new(KEY, PICTURE, "image/jpeg")
    assert not photos.store.write_new(KEY, b"another", "image/jpeg")
    assert photos.store.read(KEY) == PICTURE
    photos.store.delete([KEY])
    assert photos.store.write_new(KEY, b"another", "image/jpeg")
    assert photos.store.read(KEY) == b"another"


def test_of_many_new_pictures_at_once_one_is_stored(photos: Photos) -> None:
    def store(number: int) -> bool:
        return photos.store.write_new(KEY, b"%d" % number, "image/jpeg")

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number, won in enumerate(pool.map(store, range(8))) if won]
    assert photos.store.read(KEY) == b"%d" % winners[0]
    assert len(winners) == 1


def test_folders_are_named_by_what_is_stored_in_them(photos: Photos) -> None:
    for key in (
        "captures/front/2026/a.jpg",
        "captures/front/2026/b.jpg",
        "captures/Back.1/c.jpg",
        "captures/d",
    ):
        photos.store.write(key, PICTURE, "image/jpeg")
    assert photos.store.folders("captures/") == {"front", "Back.1"}
    assert photos.store.folders("enrollments/") == frozenset()


def test_deleting_below_removes_all_that_starts_so_and_nothing_else(photos: Photos) -> None:
    keys = ["a/ada/1.jpg", "a/ada/2/3.jpg", "a/ada2/1.jpg", "b/x.jpg", "b/x.png", "b/xy.jpg"]
    for key in keys:
        photos.store.write(key, PICTURE, "image/jpeg")
    assert photos.store.count_below("a/ada") == 3
    planned: list[int] = []
    below = ["a/ada/", "b/x.", "missing/"]
    assert photos.store.delete_below(below, before=lambda doomed: planned.append(len(doomed))) == 4
    assert planned == [4]
    assert photos.store.count_below("a/ada/") == 0
    assert sorted(photos.store.keys("")) == ["a/ada2/1.jpg", "b/xy.jpg"]
    assert photos.store.delete_below(["a/ada/", "b/x."]) == 0
    assert photos.store.delete_below([]) == 0


def test_a_ticket_lets_one_upload_its_picture(photos: Photos, clock: SetClock) -> None:
    expires_at = clock() + timedelta(minutes=5)
    ticket = photos.store.ticket(KEY, "image/jpeg", max_bytes=1000, expires_at=expires_at)
    assert (ticket.key, ticket.max_bytes, ticket.expires_at) == (KEY, 1000, expires_at)
    assert (ticket.fields["key"], ticket.fields["Content-Type"]) == (KEY, "image/jpeg")
    photos.upload(ticket, ticket.fields, PICTURE)
    assert photos.store.read(KEY) == PICTURE


@pytest.mark.parametrize("name", ["my photo+1.jpg", "Ünïcödé 東京.jpg", "a&b=c;d.jpg", '"quoted".jpg'])
def test_a_ticket_and_a_link_work_for_any_name(photos: Photos, clock: SetClock, name: str) -> None:
    key = Enrollment("ada", name).photo_key
    expires_at = clock() + timedelta(minutes=5)
    ticket = photos.store.ticket(key, "image/jpeg", max_bytes=1000, expires_at=expires_at)
    photos.upload(ticket, ticket.fields, PICTURE)
    assert photos.show(photos.store.link(key, expires_at=expires_at)) == PICTURE


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x" * 1025,
        "enrollments/" + "a" * 128 + "/" + "😀" * 255,
        "enrollments/ada/\ud800.jpg",
        "enrollments/ada/${filename}",
        "enrollments/ada/a${filename}b",
    ],
)
def test_a_key_that_s3_would_refuse_or_change_is_refused_before(
    photos: Photos, clock: SetClock, key: str
) -> None:
    with pytest.raises(InvalidRequest):
        photos.store.ticket(key, "image/jpeg", max_bytes=10, expires_at=clock() + timedelta(minutes=5))
    with pytest.raises(InvalidRequest):
        photos.store.write(key, PICTURE, "image/jpeg")
