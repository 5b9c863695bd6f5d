"""What `People` promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import Consent, EnrolledPhoto, Person, PhotoState
from recognizeme.domain.ports import People
from tests.contract.samples import NOON, indexed, person
from tests.contract.strategies import boxes, moments, texts


def test_a_person_that_was_put_is_there(people: People) -> None:
    assert people.put(person()) == person()
    assert people.get("ada") == person()


def test_nobody_is_there_before(people: People) -> None:
    assert people.get("ada") is None
    assert people.list(limit=10).items == ()
    assert people.face_ids("ada") == ()


def test_renaming_keeps_photos_consent_and_the_day_of_creation(people: People) -> None:
    people.put(person())
    photo = indexed("a.jpg", "face-1")
    people.add_photo("ada", photo, photo_key="enrollments/ada/a.jpg")
    renamed = people.put(Person("ada", "Countess of Lovelace", NOON + timedelta(days=1)))
    assert renamed == Person(
        "ada", "Countess of Lovelace", NOON, Consent(NOON, "the office"), {"a.jpg": photo}
    )
    assert people.get("ada") == renamed


def test_a_new_consent_replaces_the_old_one(people: People) -> None:
    people.put(person())
    again = Consent(NOON + timedelta(days=365))
    assert people.put(replace(person(), consent=again)).consent == again


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    person_id=st.from_regex(r"[A-Za-z0-9_\-:][A-Za-z0-9_.\-:]{0,127}", fullmatch=True),
    name=texts.map(str.strip).filter(bool),
    recorded_by=st.none() | texts,
    photo=st.builds(
        EnrolledPhoto,
        photo_id=texts,
        state=st.sampled_from(PhotoState),
        enrolled_at=moments,
        face_id=st.none() | st.uuids().map(str),
        face_box=st.none() | boxes,
        reason=st.none() | texts,
    ),
)
def test_what_is_stored_of_a_person_comes_back_the_same(
    people: People, person_id: str, name: str, recorded_by: str | None, photo: EnrolledPhoto
) -> None:
    people.delete(person_id)
    given = Person(person_id, name, NOON, Consent(photo.enrolled_at, recorded_by))
    people.put(given)
    assert people.add_photo(person_id, photo, photo_key=f"enrollments/{person_id}/{photo.photo_id}")
    assert people.get(person_id) == replace(given, photos={photo.photo_id: photo})
    assert people.face_ids(person_id) == ((photo.face_id,) if photo.face_id else ())


def test_a_refused_photo_is_recorded_without_a_face(people: People) -> None:
    people.put(person())
    refused = EnrolledPhoto("b.jpg", PhotoState.REFUSED, NOON, reason="the photo shows no face")
    assert people.add_photo("ada", refused, photo_key="enrollments/ada/b.jpg")
    stored = people.get("ada")
    assert stored is not None
    assert (stored.photos, stored.faces) == ({"b.jpg": refused}, 0)
    assert people.face_ids("ada") == ()


def test_a_photo_of_somebody_who_no_longer_exists_changes_nothing(people: People) -> None:
    assert not people.add_photo("ada", indexed("a.jpg", "face-1"), photo_key="enrollments/ada/a.jpg")
    assert people.get("ada") is None
    assert people.face_ids("ada") == ()


def test_the_same_photo_again_is_one_photo_and_one_face(people: People) -> None:
    people.put(person())
    for _ in range(2):
        people.add_photo("ada", indexed("a.jpg", "face-1"), photo_key="enrollments/ada/a.jpg")
    stored = people.get("ada")
    assert stored is not None
    assert stored.faces == 1
    assert people.face_ids("ada") == ("face-1",)


def test_a_replaced_photo_leaves_its_old_face_known_so_that_it_can_be_removed(people: People) -> None:
    people.put(person())
    for face_id in ("face-1", "face-2"):
        people.add_photo("ada", indexed("a.jpg", face_id), photo_key="enrollments/ada/a.jpg")
    assert sorted(people.face_ids("ada")) == ["face-1", "face-2"]


def test_photos_that_come_at_the_same_time_are_all_recorded(people: People) -> None:
    people.put(person())

    def add(number: int) -> bool:
        photo = indexed(f"{number}.jpg", f"face-{number}")
        return people.add_photo("ada", photo, photo_key=f"enrollments/ada/{number}.jpg")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(16)))
    stored = people.get("ada")
    assert stored is not None
    assert stored.faces == len(people.face_ids("ada")) == 16


def test_deleting_removes_the_person_and_the_records_of_their_faces_only(people: People) -> None:
    for person_id in ("ada", "bob"):
        people.put(person(person_id))
        people.add_photo(
            person_id, indexed("a.jpg", f"face-{person_id}"), photo_key=f"enrollments/{person_id}/a.jpg"
        )
    assert people.delete("ada") == ("face-ada",)
    assert people.get("ada") is None
    assert people.face_ids("ada") == ()
    assert people.face_ids("bob") == ("face-bob",)
    assert [one.person_id for one in people.list(limit=10).items] == ["bob"]


def test_deleting_somebody_unknown_is_no_error(people: People) -> None:
    assert people.delete("ada") == ()


def test_a_person_created_anew_has_no_photos_of_the_one_before(people: People) -> None:
    people.put(person())
    people.add_photo("ada", indexed("a.jpg", "face-1"), photo_key="enrollments/ada/a.jpg")
    people.delete("ada")
    assert people.put(person()) == person()


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 100])
def test_pages_give_everybody_once_whatever_their_size(people: People, limit: int) -> None:
    everybody = {f"person-{number}" for number in range(7)}
    for person_id in everybody:
        people.put(person(person_id))
    found: list[str] = []
    cursor = None
    for _ in range(-(-7 // limit)):
        page = people.list(limit=limit, cursor=cursor)
        found += (one.person_id for one in page.items)
        cursor = page.next_cursor
    assert cursor is None
    assert len(found) == len(everybody)
    assert set(found) == everybody


@pytest.mark.parametrize("cursor", ["x", "é", "AAAAAAAAAAAA", cursors.encode("sightings", "ada")])
def test_a_cursor_that_is_not_ours_is_refused(people: People, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        people.list(limit=10, cursor=cursor)
