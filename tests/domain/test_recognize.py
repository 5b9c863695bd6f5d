"""Recognizing, in memory: what is decided, what is counted, and what is stored when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from recognizeme.domain.errors import CallsSpent, CaptureDone, CaptureInProgress, NotServed, ServiceBusy
from recognizeme.domain.model import Consent, FaceSearch, Outcome, Status
from recognizeme.domain.people import PersonChange
from recognizeme.domain.picture import Picture
from recognizeme.domain.policy import NOT_ACTIVE
from recognizeme.usecases.recognize import issue_ticket
from tests.twins.faults import Faults, Trouble
from tests.twins.pictures import Shown, picture
from tests.twins.world import ADA, LEASE_S, TWINS, World


@pytest.fixture
def world() -> World:
    world = World()
    world.enroll("ada", ADA)
    world.settle()
    world.faces.calls = 0
    return world


AT_THE_DOOR = picture("ada", number=1)


def test_whoever_decided_counts_the_capture_and_nobody_else_does(world: World) -> None:
    capture = world.new_capture()
    world.hand_in_now(capture, AT_THE_DOOR)
    assert list(world.events) == [capture.photo_key("image/jpeg")]
    world.settle()
    world.hand_in_now(capture, AT_THE_DOOR)
    assert [one.outcome for one in world.witness.sightings] == [Outcome.RECOGNIZED]
    assert (world.witness.calls, world.faces.calls) == (1, 1)


def test_a_search_that_failed_counts_as_paid(world: World) -> None:
    capture = world.new_capture()
    world.faults = Faults(at=1 + _call_of(world, "TwinSightings.begin_call"), trouble=Trouble.LOSES_ANSWER)
    with pytest.raises(ServiceBusy):
        world.hand_in_now(capture, AT_THE_DOOR)
    failed = world.sightings.get(capture.capture_id)
    assert failed
    assert (failed.status, failed.rekognition_calls, world.witness.calls) == (Status.FAILED, 1, 1)
    assert world.hand_in_now(capture, AT_THE_DOOR).rekognition_calls == 2
    assert world.witness.calls == 2


def _call_of(world: World, name: str) -> int:
    """Which call of a visit this is, counted on one that has no trouble."""
    world.faults = Faults()
    world.hand_in_now(world.new_capture(), AT_THE_DOOR)
    world.settle()
    world.witness.calls = 0
    return world.faults.called.index(name)


def test_a_capture_has_one_budget_of_paid_calls_however_often_it_is_handed_in(world: World) -> None:
    world.most_calls = 3
    capture = world.new_capture()
    for _ in range(3):
        world.faults = Faults(at=2, trouble=Trouble.LOSES_ANSWER)
        with pytest.raises(ServiceBusy):
            world.hand_in_now(capture, AT_THE_DOOR)
        assert world.faults.called[-2] == "TwinFaces.search"
    world.faults = Faults()
    for _ in range(3):
        with pytest.raises(CallsSpent, match="3 times"):
            world.hand_in_now(capture, AT_THE_DOOR)
    assert world.faces.calls == world.witness.calls == 3
    world.most_calls = 4
    assert world.hand_in_now(capture, AT_THE_DOOR).outcome is Outcome.RECOGNIZED


def test_an_outage_uses_up_no_budget_however_often_a_kiosk_tries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(picture: Picture) -> FaceSearch:
        raise NotServed("the face collection is busy")

    world.most_calls = 2
    capture = world.new_capture()
    with monkeypatch.context() as outage:
        outage.setattr(world.faces, "search", away)
        for _ in range(5):
            with pytest.raises(NotServed):
                world.hand_in_now(capture, AT_THE_DOOR)
    seen = world.hand_in_now(capture, AT_THE_DOOR)
    assert (seen.outcome, seen.rekognition_calls, world.witness.calls) == (Outcome.RECOGNIZED, 1, 1)


def test_a_runner_up_who_does_not_exist_makes_nobody_uncertain_and_is_reported(world: World) -> None:
    orphan = world.faces.add("gone", ADA)
    visit = world.seen(AT_THE_DOOR)
    assert (visit.outcome, visit.person_id) == (Outcome.RECOGNIZED, "ada")
    assert world.witness.orphans == [orphan.face_id]


def test_the_best_match_that_does_not_exist_gives_way_to_the_next(world: World) -> None:
    world.faces.faces = {
        face_id: (person_id, replace(shown, similarity_pct=99.5))
        for face_id, (person_id, shown) in world.faces.faces.items()
    }
    orphans = [world.faces.add(who, ADA).face_id for who in ("gone", "gone2")]
    visit = world.seen(AT_THE_DOOR)
    assert (visit.outcome, visit.person_id, visit.similarity_pct) == (Outcome.RECOGNIZED, "ada", 99.5)
    assert sorted(world.witness.orphans) == sorted(orphans)


def test_two_who_exist_and_look_alike_are_uncertain(world: World) -> None:
    world.enroll("twin", ADA, exceptions=TWINS)
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNCERTAIN


WITHDRAWN = Consent(datetime(2026, 1, 1, tzinfo=UTC), withdrawn_at=datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    "change",
    [
        PersonChange(active=False),
        PersonChange(active_until=date(2026, 11, 22)),
        PersonChange(consent=WITHDRAWN),
    ],
)
def test_whoever_is_not_active_is_unknown_with_a_reason_and_their_past_stays(
    world: World, change: PersonChange
) -> None:
    before = world.seen(AT_THE_DOOR)
    world.people.change("ada", change)
    visit = world.seen(AT_THE_DOOR)
    assert (visit.outcome, visit.reason, visit.person_id, visit.name) == (
        Outcome.UNKNOWN,
        NOT_ACTIVE,
        None,
        None,
    )
    assert world.sightings.get(before.capture.capture_id) == before
    assert before.person_id == "ada"


def test_the_last_day_is_one_of_being_recognized_and_the_next_is_not(world: World) -> None:
    world.people.change("ada", PersonChange(active_until=world.now().date()))
    outcomes = []
    for _ in range(2):
        outcomes.append(world.seen(AT_THE_DOOR).outcome)
        world.wait(24 * 3600)
    assert outcomes == [Outcome.RECOGNIZED, Outcome.UNKNOWN]


def test_those_who_left_are_looked_through_until_two_are_found_who_did_not(world: World) -> None:
    for person_id in ("ann", "bea", "twin"):
        world.enroll(person_id, ADA, exceptions=TWINS)
    for person_id in ("ada", "ann", "bea"):
        world.people.change(person_id, PersonChange(active=False))
    visit = world.seen(AT_THE_DOOR)
    assert (visit.outcome, visit.person_id) == (Outcome.RECOGNIZED, "twin")
    world.people.change("bea", PersonChange(active=True))
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNCERTAIN


def test_a_sighting_keeps_the_groups_of_its_time(world: World) -> None:
    world.people.change("ada", PersonChange(groups=("staff",)))
    visit = world.seen(AT_THE_DOOR)
    world.people.change("ada", PersonChange(groups=()))
    stored = world.sightings.get(visit.capture.capture_id)
    assert stored
    assert stored.groups == visit.groups == ("staff",)
    assert world.seen(AT_THE_DOOR).groups == ()


def test_a_face_that_only_orphans_resemble_is_unknown(world: World) -> None:
    world.faces.add("gone", picture("bob"))
    visit = world.seen(picture("bob", number=1))
    assert (visit.outcome, visit.similarity_pct) == (Outcome.UNKNOWN, None)


def test_somebody_below_the_threshold_is_unknown_with_the_similarity_seen(world: World) -> None:
    visit = world.seen(picture(Shown("ada", similarity_pct=98.4), number=2))
    assert (visit.outcome, visit.person_id, visit.similarity_pct) == (Outcome.UNKNOWN, None, 98.4)


def test_a_sighting_keeps_the_sha256_of_the_picture_that_was_recognized(world: World) -> None:
    now, stored = world.new_capture(), world.new_capture()
    assert world.hand_in_now(now, AT_THE_DOOR).picture_sha256 == AT_THE_DOOR.sha256
    assert world.hand_in(stored, AT_THE_DOOR).picture_sha256 == AT_THE_DOOR.sha256


def test_the_picture_is_stored_when_there_is_a_sighting_so_that_its_event_finds_it(world: World) -> None:
    seen: list[Status] = []
    capture = world.new_capture()

    def look(key: str) -> None:
        stored = world.sightings.get(capture.capture_id)
        seen.append(stored.status if stored else Status.PENDING)

    world.photos.on_stored = look
    world.hand_in_now(capture, AT_THE_DOOR)
    assert seen == [Status.DONE]


def test_what_is_answered_with_pending_is_stored_and_finished_by_its_event(world: World) -> None:
    """The first hand-in dies, the second is told that somebody else is at it."""
    capture = world.new_capture()
    world.sightings.claim(capture, now=world.now(), lease_s=LEASE_S)
    assert world.hand_in_now(capture, AT_THE_DOOR).status is Status.PENDING
    assert world.photos.read(capture.photo_key("image/jpeg")) == AT_THE_DOOR.content
    world.settle()
    done = world.sightings.get(capture.capture_id)
    assert done
    assert (done.status, done.person_id) == (Status.DONE, "ada")
    assert world.failed == []


def test_a_capture_whose_lease_ran_out_is_taken_over_by_the_next_hand_in(world: World) -> None:
    capture = world.new_capture()
    world.sightings.claim(capture, now=world.now(), lease_s=LEASE_S)
    assert world.hand_in_now(capture, AT_THE_DOOR).status is Status.PENDING
    world.wait(LEASE_S)
    assert world.hand_in_now(capture, AT_THE_DOOR).outcome is Outcome.RECOGNIZED


def test_what_is_no_picture_is_never_answered_with_pending(world: World) -> None:
    capture = world.new_capture()
    world.sightings.claim(capture, now=world.now(), lease_s=LEASE_S)
    with pytest.raises(CaptureInProgress):
        world.recognizer().recognize_now(capture, b"text")
    world.wait(LEASE_S)
    assert world.recognizer().recognize_now(capture, b"text").outcome is Outcome.REJECTED


def test_an_event_of_a_capture_that_somebody_is_at_comes_back_and_is_no_failure(world: World) -> None:
    capture = world.new_capture()
    claimed = world.sightings.claim(capture, now=world.now(), lease_s=LEASE_S)
    key = capture.photo_key("image/jpeg")
    world.photos.write(key, AT_THE_DOOR.content, "image/jpeg")
    world.handle(world.events.popleft())
    assert world.later.waiting == [("recognize", key, CaptureInProgress.retry_after_s)]
    world.sightings.save(replace(claimed, status=Status.FAILED))
    world.settle()
    assert world.failed == []
    assert [one.person_id for one in world.witness.sightings] == ["ada"]


def test_a_second_picture_of_a_capture_is_removed_by_its_event(world: World) -> None:
    capture = world.new_capture()
    world.hand_in(capture, AT_THE_DOOR)
    others = [
        replace(capture, kiosk_id="back").photo_key("image/jpeg"),
        capture.photo_key("image/png"),
    ]
    for key in others:
        world.photos.write(key, picture("bob").content, "image/jpeg")
    world.settle()
    assert list(world.photos.keys("captures/")) == [capture.photo_key("image/jpeg")]
    assert len(world.witness.sightings) == 1


def test_a_ticket_is_refused_for_a_capture_that_is_done(world: World) -> None:
    capture = world.new_capture()

    def ticket() -> str:
        return issue_ticket(
            capture,
            "image/jpeg",
            photos=world.photos,
            sightings=world.sightings,
            ticket_s=300,
            now=world.now,
        ).key

    assert ticket() == capture.photo_key("image/jpeg")
    world.sightings.claim(capture, now=world.now(), lease_s=LEASE_S)
    assert ticket() == capture.photo_key("image/jpeg"), "whoever claimed it may have died"
    world.wait(LEASE_S)
    world.hand_in_now(capture, AT_THE_DOOR)
    with pytest.raises(CaptureDone):
        ticket()


def test_whoever_outlived_the_lease_returns_what_was_decided_and_counts_nothing(world: World) -> None:
    capture = world.new_capture()

    def somebody_else() -> None:
        world.faults = Faults()
        world.wait(LEASE_S)
        world.hand_in_now(capture, AT_THE_DOOR)

    slow = world.recognizer()
    world.faults.meanwhile = somebody_else
    world.faults.at = len(world.faults.called) + 2  # the search
    sighting = slow.recognize_now(capture, AT_THE_DOOR.content)
    assert sighting == world.sightings.get(capture.capture_id)
    assert sighting.rekognition_calls == 2
    assert len(world.witness.sightings) == 1


def test_what_expired_is_no_longer_known(world: World) -> None:
    capture = world.new_capture()
    world.hand_in_now(capture, AT_THE_DOOR)
    world.wait(timedelta(days=91).total_seconds())
    assert world.sightings.get(capture.capture_id) is None
