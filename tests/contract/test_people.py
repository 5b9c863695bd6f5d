"""What `People` promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.errors import InvalidRequest, ServiceBusy
from recognizeme.domain.model import Consent, EnrolledPhoto, Person, PhotoState, Remains, SimilarFace
from recognizeme.domain.people import PersonChange, searchable
from recognizeme.domain.photo_problems import PhotoProblem
from recognizeme.domain.ports import Page, People, PeopleQuery
from recognizeme.domain.receipts import Progress, Removed
from tests.contract.samples import NOON, indexed, person
from tests.contract.strategies import boxes, moments, texts


def test_a_person_that_was_put_is_there(people: People) -> None:
    assert people.put(person(), now=NOON) == person()
    assert people.get("ada") == person()


def test_nobody_is_there_before(people: People) -> None:
    assert people.get("ada") is None
    assert people.list(limit=10).items == ()
    assert people.face_ids("ada") == ()


def test_renaming_keeps_photos_consent_and_the_day_of_creation(people: People) -> None:
    people.put(person(), now=NOON)
    photo = indexed("a.jpg", "face-1")
    people.add_photo("ada", photo, photo_key="enrollments/ada/a.jpg")
    renamed = people.put(Person("ada", "Countess of Lovelace", NOON + timedelta(days=1)), now=NOON)
    assert renamed == Person(
        "ada", "Countess of Lovelace", NOON, Consent(NOON, "the office"), {"a.jpg": photo}
    )
    assert people.get("ada") == renamed


def test_a_new_consent_replaces_the_old_one(people: People) -> None:
    people.put(person(), now=NOON)
    again = Consent(NOON + timedelta(days=365))
    assert people.put(replace(person(), consent=again), now=NOON).consent == again


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
        sha256=st.none() | texts,
        problem=st.none() | st.sampled_from(PhotoProblem),
        similar=st.none() | st.builds(SimilarFace, st.uuids().map(str), st.floats(0, 100)),
    ),
)
def test_what_is_stored_of_a_person_comes_back_the_same(
    people: People, person_id: str, name: str, recorded_by: str | None, photo: EnrolledPhoto
) -> None:
    forget(people, person_id)
    given = Person(person_id, name, NOON, Consent(photo.enrolled_at, recorded_by))
    people.put(given, now=NOON)
    assert people.add_photo(person_id, photo, photo_key=f"enrollments/{person_id}/{photo.photo_id}")
    assert people.get(person_id) == replace(given, photos={photo.photo_id: photo})
    assert people.face_ids(person_id) == ((photo.face_id,) if photo.face_id else ())


def test_a_refused_photo_is_recorded_without_a_face(people: People) -> None:
    people.put(person(), now=NOON)
    refused = EnrolledPhoto("b.jpg", PhotoState.REFUSED, NOON, reason="the photo shows no face")
    assert people.add_photo("ada", refused, photo_key="enrollments/ada/b.jpg")
    stored = people.get("ada")
    assert stored is not None
    assert (stored.photos, stored.faces) == ({"b.jpg": refused}, 0)
    assert people.face_ids("ada") == ()


def test_whose_face_it_is_that_a_photo_looks_like_can_be_looked_up(people: People) -> None:
    people.put(person(), now=NOON)
    people.add_photo("ada", indexed("a.jpg", "face-1"), photo_key="enrollments/ada/a.jpg")
    owner = people.owner_of("face-1")
    assert owner is not None
    assert owner.name == "Ada Lovelace"
    assert people.owner_of("face-2") is None
    forget(people, "ada")
    assert people.owner_of("face-1") is None


def test_a_photo_of_somebody_who_no_longer_exists_changes_nothing(people: People) -> None:
    assert not people.add_photo("ada", indexed("a.jpg", "face-1"), photo_key="enrollments/ada/a.jpg")
    assert people.get("ada") is None
    assert people.face_ids("ada") == ()


def test_the_same_photo_again_is_one_photo_and_one_face(people: People) -> None:
    people.put(person(), now=NOON)
    for _ in range(2):
        people.add_photo("ada", indexed("a.jpg", "face-1"), photo_key="enrollments/ada/a.jpg")
    stored = people.get("ada")
    assert stored is not None
    assert stored.faces == 1
    assert people.face_ids("ada") == ("face-1",)


def test_a_replaced_photo_leaves_its_old_face_known_so_that_it_can_be_removed(people: People) -> None:
    people.put(person(), now=NOON)
    for face_id in ("face-1", "face-2"):
        people.add_photo("ada", indexed("a.jpg", face_id), photo_key="enrollments/ada/a.jpg")
    assert sorted(people.face_ids("ada")) == ["face-1", "face-2"]


def test_photos_that_come_at_the_same_time_are_all_recorded(people: People) -> None:
    people.put(person(), now=NOON)

    def add(number: int) -> bool:
        photo = indexed(f"{number}.jpg", f"face-{number}")
        return people.add_photo("ada", photo, photo_key=f"enrollments/ada/{number}.jpg")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(16)))
    stored = people.get("ada")
    assert stored is not None
    assert stored.faces == len(people.face_ids("ada")) == 16


def forget(people: People, person_id: str) -> None:
    remains = begin(people, person_id)
    assert remains is not None
    people.end_forgetting(person_id, remains.face_ids)


def begin(
    people: People, person_id: str, *, unless_there: bool = False, now: datetime = NOON
) -> Remains | None:
    until = now + timedelta(days=15)
    return people.begin_forgetting(
        person_id, now=now, expires_at=until, lease_s=30, unless_there=unless_there
    )


def enrolled(people: People, *person_ids: str) -> None:
    for person_id in person_ids:
        people.put(person(person_id), now=NOON)
        people.add_photo(
            person_id, indexed("a.jpg", f"face-{person_id}"), photo_key=f"enrollments/{person_id}/a.jpg"
        )


def test_whoever_is_forgotten_is_gone_at_once_and_their_faces_stay_known_until_the_end(
    people: People,
) -> None:
    enrolled(people, "ada", "bob")
    assert begin(people, "ada") == Remains(("face-ada",))
    assert people.get("ada") is None
    assert people.face_ids("ada") == ("face-ada",)
    people.end_forgetting("ada", ["face-ada"])
    assert people.face_ids("ada") == ()
    assert people.face_ids("bob") == ("face-bob",)
    assert [one.person_id for one in people.list(limit=10).items] == ["bob"]


def test_forgetting_that_was_interrupted_finds_the_same_remains_when_its_lease_has_ended(
    people: People,
) -> None:
    enrolled(people, "ada")
    people.begin_photo("ada", "of a face that was never recorded", now=NOON)
    remains = Remains(("face-ada",), is_unsettled=True)
    assert begin(people, "ada") == remains
    with pytest.raises(ServiceBusy, match="being forgotten"):
        begin(people, "ada", now=NOON + timedelta(seconds=29))
    assert begin(people, "ada", now=NOON + timedelta(seconds=30)) == remains
    people.end_forgetting("ada", remains.face_ids)
    assert begin(people, "ada") == Remains()


def test_a_photo_that_is_recorded_is_settled(people: People) -> None:
    people.put(person(), now=NOON)
    assert people.begin_photo("ada", "5" * 64, now=NOON)
    people.add_photo("ada", indexed("a.jpg", "face-1"), photo_key="enrollments/ada/a.jpg")
    assert begin(people, "ada") == Remains(("face-1",), is_unsettled=False)


def test_a_photo_of_somebody_who_no_longer_exists_is_not_begun(people: People) -> None:
    assert not people.begin_photo("ada", "5" * 64, now=NOON)
    enrolled(people, "ada")
    forget(people, "ada")
    assert not people.begin_photo("ada", "5" * 64, now=NOON)
    assert begin(people, "ada") == Remains()


def test_how_far_a_forgetting_came_is_kept_until_somebody_of_the_id_is_forgotten_anew(people: People) -> None:
    people.put(person(), now=NOON)
    remains = begin(people, "ada")
    assert remains
    assert remains.progress is None
    progress = Progress(NOON, Removed(people=2, photos=3), frozenset({"a1", "b2"}), ("ada-2",))
    people.note_forgetting("ada", progress)
    people.end_forgetting("ada", [])
    again = begin(people, "ada")
    assert again
    assert again.progress == progress
    people.end_forgetting("ada", [])
    people.put(person(), now=NOON)
    people.note_forgetting("ada", progress)
    anew = begin(people, "ada")
    assert anew
    assert anew.progress is None


def test_forgetting_somebody_unknown_leaves_a_tombstone_all_the_same(people: People) -> None:
    assert not people.is_forgotten("ada", now=NOON)
    assert begin(people, "ada") == Remains()
    assert people.is_forgotten("ada", now=NOON)
    assert not people.is_forgotten("bob", now=NOON)
    assert people.list(limit=10).items == ()


def test_a_late_event_does_not_bring_the_forgotten_back_until_the_tombstone_expires(people: People) -> None:
    enrolled(people, "ada")
    forget(people, "ada")
    for days, comes_back in ((0, False), (14, False), (15, True)):
        now = NOON + timedelta(days=days)
        assert people.is_forgotten("ada", now=now) != comes_back
        assert people.put_unless_forgotten(person(), now=now) == comes_back
        assert (people.get("ada") is not None) == comes_back


def test_whoever_is_known_is_not_changed_by_a_late_event(people: People) -> None:
    people.put(person(name="Countess of Lovelace"), now=NOON)
    assert people.put_unless_forgotten(person(), now=NOON)
    stored = people.get("ada")
    assert stored
    assert stored.name == "Countess of Lovelace"


def test_the_office_may_enroll_the_forgotten_anew_but_not_while_they_are_being_forgotten(
    people: People,
) -> None:
    enrolled(people, "ada")
    begin(people, "ada")
    with pytest.raises(ServiceBusy, match="being forgotten"):
        people.put(person(), now=NOON + timedelta(seconds=29))
    assert people.get("ada") is None
    people.end_forgetting("ada", ["face-ada"])
    assert people.put(person(), now=NOON + timedelta(seconds=29)) == person()
    assert not people.is_forgotten("ada", now=NOON)


def test_when_a_forgetting_died_its_lease_ends_by_itself(people: People) -> None:
    begin(people, "ada")
    assert people.put(person(), now=NOON + timedelta(seconds=30)) == person()


def test_a_forgetting_that_comes_late_spares_whoever_was_enrolled_anew(people: People) -> None:
    enrolled(people, "ada")
    assert begin(people, "ada", unless_there=True) is None
    assert people.face_ids("ada") == ("face-ada",)
    assert not people.is_forgotten("ada", now=NOON)
    forget(people, "ada")
    assert begin(people, "ada", unless_there=True) == Remains()


def test_a_person_created_anew_has_no_photos_of_the_one_before(people: People) -> None:
    enrolled(people, "ada")
    forget(people, "ada")
    assert people.put(person(), now=NOON) == person()


def test_photos_recorded_while_somebody_is_forgotten_are_recorded_before_or_not_at_all(
    people: People,
) -> None:
    people.put(person(), now=NOON)

    def add(number: int) -> bool:
        photo = indexed(f"{number}.jpg", f"face-{number}")
        return people.add_photo("ada", photo, photo_key=f"enrollments/ada/{number}.jpg")

    with ThreadPoolExecutor(8) as pool:
        added = [pool.submit(add, number) for number in range(8)]
        forgetting = pool.submit(begin, people, "ada")
        added += [pool.submit(add, number) for number in range(8, 16)]
    remains = forgetting.result()
    assert remains
    assert sorted(remains.face_ids) == sorted(f"face-{n}" for n, one in enumerate(added) if one.result())


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 100])
def test_pages_give_everybody_once_whatever_their_size(people: People, limit: int) -> None:
    everybody = {f"person-{number}" for number in range(7)}
    for person_id in everybody:
        people.put(person(person_id), now=NOON)
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


def removed_photo(people: People, person_id: str, photo_id: str, *, now: datetime = NOON) -> None:
    face_ids = people.begin_removing_photo(person_id, photo_id, now=now)
    assert face_ids is not None
    people.end_removing_photo(person_id, photo_id, face_ids)


def test_a_photo_that_is_removed_leaves_when_it_was_and_no_face(people: People) -> None:
    enrolled(people, "ada")
    later = NOON + timedelta(hours=1)
    assert people.begin_removing_photo("ada", "a.jpg", now=later) == ("face-ada",)
    stored = people.get("ada")
    assert stored
    removing = replace(indexed("a.jpg", "face-ada"), state=PhotoState.REMOVING, removed_at=later)
    assert (dict(stored.photos), stored.faces) == ({"a.jpg": removing}, 0)
    assert people.face_ids("ada") == ("face-ada",)
    people.end_removing_photo("ada", "a.jpg", ["face-ada"])
    stored = people.get("ada")
    assert stored
    assert dict(stored.photos) == {
        "a.jpg": EnrolledPhoto("a.jpg", PhotoState.REMOVED, NOON, removed_at=later)
    }
    assert people.face_ids("ada") == ()


def test_a_removal_that_was_interrupted_goes_on_with_the_same_face(people: People) -> None:
    enrolled(people, "ada")
    for minutes in range(2):
        assert people.begin_removing_photo("ada", "a.jpg", now=NOON + timedelta(minutes=minutes)) == (
            "face-ada",
        )
    stored = people.get("ada")
    assert stored
    assert stored.photos["a.jpg"].removed_at == NOON


def test_a_photo_that_was_never_recorded_can_be_removed_and_one_of_nobody_cannot(people: People) -> None:
    assert people.begin_removing_photo("ada", "a.jpg", now=NOON) is None
    people.end_removing_photo("ada", "a.jpg", [])
    assert people.get("ada") is None
    people.put(person(), now=NOON)
    assert people.begin_removing_photo("ada", "a.jpg", now=NOON) == ()
    people.end_removing_photo("ada", "a.jpg", [])
    stored = people.get("ada")
    assert stored
    assert stored.photos["a.jpg"].state is PhotoState.REMOVED


def test_a_face_of_two_photos_is_given_up_with_the_last_of_them(people: People) -> None:
    people.put(person(), now=NOON)
    for photo_id in ("a.jpg", "b.jpg"):
        people.add_photo("ada", indexed(photo_id, "face-1"), photo_key=f"enrollments/ada/{photo_id}")
    assert people.begin_removing_photo("ada", "a.jpg", now=NOON) == ()
    people.end_removing_photo("ada", "a.jpg", ())
    assert people.face_ids("ada") == ("face-1",)
    assert people.begin_removing_photo("ada", "b.jpg", now=NOON) == ("face-1",)


def test_two_photos_of_one_face_that_are_removed_at_once_give_it_up(people: People) -> None:
    people.put(person(), now=NOON)
    for photo_id in ("a.jpg", "b.jpg"):
        people.add_photo("ada", indexed(photo_id, "face-1"), photo_key=f"enrollments/ada/{photo_id}")
    with ThreadPoolExecutor(2) as pool:
        given_up = list(
            pool.map(
                lambda photo_id: people.begin_removing_photo("ada", photo_id, now=NOON), ["a.jpg", "b.jpg"]
            )
        )
    assert ("face-1",) in given_up


def test_whoever_looked_before_a_photo_was_removed_records_it_no_more(people: People) -> None:
    enrolled(people, "ada")
    late = indexed("a.jpg", "face-2")
    people.begin_removing_photo("ada", "a.jpg", now=NOON)
    assert not people.add_photo("ada", late, photo_key="enrollments/ada/a.jpg")
    people.end_removing_photo("ada", "a.jpg", ["face-ada"])
    assert not people.add_photo("ada", late, photo_key="enrollments/ada/a.jpg")
    again = replace(late, removed_at=NOON)
    assert people.add_photo("ada", again, photo_key="enrollments/ada/a.jpg")
    assert not people.add_photo("ada", late, photo_key="enrollments/ada/a.jpg")
    stored = people.get("ada")
    assert stored
    assert (dict(stored.photos), stored.faces) == ({"a.jpg": again}, 1)
    people.end_removing_photo("ada", "a.jpg", ["face-2"])
    assert people.face_ids("ada") == ("face-2",), "it is not being removed"


def test_what_was_begun_and_never_recorded_is_known_until_it_is_settled(people: People) -> None:
    assert people.last_begun("ada") is None
    people.put(person(), now=NOON)
    assert people.last_begun("ada") is None
    later = NOON + timedelta(seconds=1)
    people.begin_photo("ada", "4" * 64, now=NOON)
    people.begin_photo("ada", "5" * 64, now=later)
    assert people.last_begun("ada") == later
    people.settle("ada", begun_until=NOON)
    assert people.last_begun("ada") == later
    people.settle("ada", begun_until=later)
    assert people.last_begun("ada") is None
    assert begin(people, "ada") == Remains()


def test_a_photo_that_is_being_removed_goes_with_its_person(people: People) -> None:
    enrolled(people, "ada")
    people.begin_removing_photo("ada", "a.jpg", now=NOON)
    assert begin(people, "ada") == Remains(("face-ada",))
    people.end_removing_photo("ada", "a.jpg", ["face-ada"])
    assert people.get("ada") is None


def test_a_face_of_a_picture_that_the_photo_replaced_goes_with_it(people: People) -> None:
    people.put(person(), now=NOON)
    for face_id in ("face-1", "face-2"):
        people.add_photo("ada", indexed("a.jpg", face_id), photo_key="enrollments/ada/a.jpg")
    assert people.begin_removing_photo("ada", "a.jpg", now=NOON) == ("face-1", "face-2")
    people.end_removing_photo("ada", "a.jpg", ["face-1", "face-2"])
    assert people.face_ids("ada") == ()


def test_what_is_changed_of_a_person_changes_and_the_rest_stays(people: People) -> None:
    enrolled(people, "ada")
    before = people.get("ada")
    assert before
    last = date(2026, 12, 31)
    grouped = people.change("ada", PersonChange(groups=("cleaning", "staff"), active_until=last))
    assert grouped == replace(before, groups=("cleaning", "staff"), active_until=last) == people.get("ada")
    withdrawn = Consent(NOON, "the office", "2026-11", NOON + timedelta(days=1))
    changed = people.change("ada", PersonChange(name="Ada King", active=False, consent=withdrawn))
    assert changed == replace(grouped, name="Ada King", active=False, consent=withdrawn) == people.get("ada")
    again = people.change("ada", PersonChange(groups=(), active=True, active_until=None))
    assert again == replace(changed, groups=(), active=True, active_until=None) == people.get("ada")
    assert people.change("ada", PersonChange()) == again
    noted = people.change("ada", PersonChange(last_seen_on=last, forgotten_on=last))
    assert noted == replace(again, last_seen_on=last, forgotten_on=last) == people.get("ada")
    assert people.change("ada", PersonChange(last_seen_on=None, forgotten_on=None)) == again


def test_nobody_is_created_by_a_change(people: People) -> None:
    assert people.change("ada", PersonChange(name="Ada")) is None
    assert people.get("ada") is None
    enrolled(people, "ada")
    forget(people, "ada")
    assert people.change("ada", PersonChange(groups=("staff",))) is None
    assert people.change("ada", PersonChange()) is None
    assert people.list(PeopleQuery(group="staff"), limit=10) == Page(())


NAMES = {
    "ada": "Ada King Lovelace",
    "grace": "Grace Hopper",
    "jurgen": "Jürgen Groß",
    "anna": "Anna Anderson-Kingsley",
    "zoe": "Zoë O\u2019Brien",
    "sign": "--",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", {"ada"}),
        ("LOVE", {"ada"}),
        ("king", {"ada", "anna"}),
        ("king love", {"ada"}),
        ("Jurgen", {"jurgen"}),
        ("gross", {"jurgen"}),
        ("ann", {"anna"}),
        ("a", {"ada", "anna"}),
        ("anderson kings", {"anna"}),
        ("obrien", {"zoe"}),
        ("o'br", {"zoe"}),
        ("ing", set()),
        ("ada lovelace", set()),
        ("%", set()),
    ],
)
@pytest.mark.parametrize("limit", [1, 10])
def test_people_are_found_by_what_a_word_of_their_name_begins_with(
    people: People, text: str, found: set[str], limit: int
) -> None:
    for person_id, name in NAMES.items():
        people.put(person(person_id, name=name), now=NOON)
    assert sorted(walk(people, PeopleQuery(name=searchable(text)), limit)) == sorted(found)


def walk(people: People, query: PeopleQuery, limit: int) -> list[str]:
    """Whom the pages of a list hold."""
    found: list[str] = []
    cursor = None
    while True:
        page = people.list(query, limit=limit, cursor=cursor)
        found += (one.person_id for one in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_whoever_was_renamed_or_forgotten_is_found_by_the_old_name_no_longer(people: People) -> None:
    people.put(person("ada"), now=NOON)
    people.put_unless_forgotten(person("bob", name="Bob Lovelace"), now=NOON)
    assert sorted(walk(people, PeopleQuery(name=" lovelace"), 10)) == ["ada", "bob"]
    people.change("ada", PersonChange(name="Ada King"))
    assert walk(people, PeopleQuery(name=" lovelace"), 10) == ["bob"]
    assert walk(people, PeopleQuery(name=" ada king"), 10) == ["ada"]
    forget(people, "bob")
    assert walk(people, PeopleQuery(name=" lovelace"), 10) == []


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_people_are_found_by_group_and_by_group_and_name(people: People, limit: int) -> None:
    groups = {"ada": ("staff",), "grace": ("night", "staff"), "jurgen": ("night",), "anna": ()}
    for person_id, labels in groups.items():
        people.put(replace(person(person_id, name=NAMES[person_id]), groups=labels), now=NOON)
    assert sorted(walk(people, PeopleQuery(group="staff"), limit)) == ["ada", "grace"]
    assert sorted(walk(people, PeopleQuery(group="night"), limit)) == ["grace", "jurgen"]
    assert walk(people, PeopleQuery(group="nigh"), limit) == []
    assert walk(people, PeopleQuery(name=" g", group="night"), limit) in (
        ["grace", "jurgen"],
        ["jurgen", "grace"],
    )
    assert walk(people, PeopleQuery(name=" hop", group="staff"), limit) == ["grace"]
    people.change("grace", PersonChange(groups=("staff",)))
    forget(people, "ada")
    assert walk(people, PeopleQuery(group="night"), limit) == ["jurgen"]
    assert walk(people, PeopleQuery(group="staff"), limit) == ["grace"]


def read(people: People, person_id: str) -> Person:
    found = people.get(person_id)
    assert found
    return found


def test_a_merge_is_known_on_both_sides_and_can_be_taken_back(people: People) -> None:
    enrolled(people, "ada", "bob", "carol")
    before = read(people, "ada"), read(people, "bob")
    assert people.merge("ada", into="bob")
    assert people.merge("carol", into="bob")
    assert (read(people, "ada").merged_into, read(people, "ada").merged) == ("bob", ())
    assert (read(people, "bob").merged_into, read(people, "bob").merged) == (None, ("ada", "carol"))
    assert {one.person_id: one.merged for one in people.list(limit=10).items}["bob"] == ("ada", "carol")
    for _ in range(2):
        people.unmerge("ada")
        people.unmerge("carol")
        people.unmerge("nobody")
    assert (read(people, "ada"), read(people, "bob")) == before


def test_nobody_is_merged_twice_or_into_somebody_who_is_merged(people: People) -> None:
    enrolled(people, "ada", "bob", "carol")
    assert people.merge("ada", into="bob")
    for person_id, into in (
        ("ada", "carol"), ("carol", "ada"), ("bob", "ada"), ("carol", "carol"),
        ("nobody", "bob"), ("carol", "nobody"),
    ):  # fmt: skip
        assert not people.merge(person_id, into=into)
    assert people.get("nobody") is None
    assert read(people, "carol").merged_into is None
    assert people.merge("bob", into="carol"), "ada goes with him"


def test_of_two_merges_in_opposite_directions_one_is_made(people: People) -> None:
    enrolled(people, "ada", "bob")
    with ThreadPoolExecutor(2) as pool:
        made = list(
            pool.map(lambda pair: people.merge(pair[0], into=pair[1]), [("ada", "bob"), ("bob", "ada")])
        )
    assert sorted(made) == [False, True]


def test_a_change_and_a_photo_leave_a_merge_alone(people: People) -> None:
    enrolled(people, "ada", "bob")
    people.merge("ada", into="bob")
    people.put(person("ada", name="Countess of Lovelace"), now=NOON)
    people.add_photo("ada", indexed("b.jpg", "face-2"), photo_key="enrollments/ada/b.jpg")
    assert (read(people, "ada").merged_into, read(people, "bob").merged) == ("bob", ("ada",))


def test_whoever_was_merged_into_the_forgotten_is_among_the_remains_until_the_end(people: People) -> None:
    enrolled(people, "ada", "bob")
    people.merge("ada", into="bob")
    for seconds in (0, 30):
        remains = begin(people, "bob", now=NOON + timedelta(seconds=seconds))
        assert remains
        assert remains.merged == ("ada",)
    assert read(people, "ada").merged_into == "bob"
    forget(people, "ada")
    people.end_forgetting("bob", ["face-bob"])
    assert begin(people, "bob") == Remains()


def test_nobody_stands_for_the_forgotten(people: People) -> None:
    enrolled(people, "ada", "bob")
    people.merge("ada", into="bob")
    assert begin(people, "ada") == Remains(("face-ada",))
    assert read(people, "bob").merged == ()


def test_a_merge_with_the_forgotten_can_be_taken_back_and_does_not_hold_for_whoever_comes_anew(
    people: People,
) -> None:
    enrolled(people, "ada", "bob", "carol")
    people.merge("ada", into="bob")
    people.merge("carol", into="bob")
    forget(people, "bob")
    people.unmerge("ada")
    assert people.get("bob") is None
    assert read(people, "ada").merged_into is None
    people.put(person("bob"), now=NOON)
    assert read(people, "bob").merged == ()
