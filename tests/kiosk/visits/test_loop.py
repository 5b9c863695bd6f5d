"""The loop: frames in, captures and answers out. Detector and API say what each test needs them to."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, pairwise

import cv2
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture
from kiosk.vision.best_shot import Patience
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Box, Detection, Frame, Image
from kiosk.vision.picture_file import decode_picture
from kiosk.visits.events import Answered, Captured, Event, NotKept, Prompted, TooFar, TooUnclear
from kiosk.visits.liveness import Examiner, Movement
from kiosk.visits.loop import Attention, Loop
from tests.kiosk.pictures import noisy, room, with_visitor
from tests.kiosk.visits.heads import HEAD, HELD, asked, view

FPS = 10.0


@dataclass
class Told:
    """A detector that is told what it sees, and counts how often it looks."""

    faces: Sequence[Detection] = ()
    looks: int = 0
    name: str = "told"

    def detect(self, image: Image) -> Sequence[Detection]:
        self.looks += 1
        return self.faces

    def shows_face(self, image: Image, *, thoroughly: bool = False) -> bool:
        return bool(self.detect(image))


@dataclass
class Api:
    """An outbox that keeps captures and answers each with the outcome it is given."""

    outcome: Callable[[int], str | None] = lambda number: "recognized"
    captures: list[Capture] = field(default_factory=list)
    waiting: list[Answer] = field(default_factory=list)
    full: bool = False
    status: str = "done"

    def hand_in(self, capture: Capture) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        outcome = self.outcome(len(self.captures))
        self.captures.append(capture)
        if outcome is not None:
            sighting = sighting_of(capture.capture_id, outcome)
            self.waiting.append(Answer(capture.capture_id, replace(sighting, status=self.status)))

    def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
        answers, self.waiting = self.waiting, []
        return answers


def sighting_of(capture_id: str, outcome: str) -> Sighting:
    return Sighting(capture_id, "door", "2026-11-23T08:00:00.000Z", "done", outcome)


def make_loop(detector: Told | YuNet, api: Api, **options: object) -> Loop:
    ids = count(1)
    options = {"live": False, "answer_s": 5.0, "new_id": lambda: f"capture-{next(ids)}", **options}
    return Loop("door", detector, api, **options)  # type: ignore[arg-type]


SCENE = with_visitor(room(640, 480), 200, 60, height=300)
# Where the visitor's face is in SCENE; frames differ by noise, as a camera's do.
FACE = Detection(Box(285, 118, 100, 125), 0.95)


def frame(number: int, image: Image = SCENE, *, moving: bool = True) -> Frame:
    """A frame of somebody who moves enough to be looked at."""
    if moving:
        image = noisy(image, seed=number)
        image[:20, :20] = 255 * (number % 2)
    return Frame(image, number / FPS, number)


def run(loop: Loop, frames: Sequence[Frame]) -> list[Event]:
    events = [event for each in frames for event in loop.step(each)]
    return events + list(loop.finish())


def test_a_visit_is_one_capture_and_one_sighting() -> None:
    api = Api()
    loop = make_loop(Told([FACE]), api)
    events = run(loop, [frame(number) for number in range(40)])
    assert [type(event) for event in events] == [Captured, Answered]
    assert (loop.counts.frames, loop.counts.tracks) == (40, 1)
    assert (loop.counts.captures, loop.counts.sightings) == (1, 1)


def test_the_capture_is_a_jpeg_of_head_and_shoulders() -> None:
    api = Api()
    run(make_loop(Told([FACE]), api), [frame(number) for number in range(20)])
    (capture,) = api.captures
    picture = decode_picture(capture.picture)
    assert picture is not None
    assert max(picture.shape) <= 400
    assert len(YuNet().detect(picture)) == 1
    assert (capture.kiosk_id, capture.origin) == ("door", "track 1")


def test_an_excellent_picture_is_handed_in_on_the_second_frame() -> None:
    events = run(make_loop(Told([FACE]), Api()), [frame(number) for number in range(5)])
    assert isinstance(events[0], Captured)
    assert events[0].time_s == pytest.approx(1 / FPS)


def test_after_unknown_a_clearly_better_picture_is_asked_about_at_most_three_times_in_all() -> None:
    sharper = [0.93, 0.79, 0.66, 0.5, 0.0]  # how far the detector's certainty is lowered

    def with_certainty(score: float) -> Detection:
        return Detection(FACE.box, 0.5 + 0.35 * score)

    detector, api = Told(), Api(lambda number: "unknown")
    loop = make_loop(detector, api, patience=Patience(good=0.05, usable=0.01, excellent=2.0))
    number = 0
    for lowered in sharper:
        detector.faces = [with_certainty(1 - lowered)]
        for _ in range(15):
            loop.step(frame(number))
            number += 1
    assert len(api.captures) == 3
    scores = [capture.score or 0 for capture in api.captures]
    assert all(later >= earlier + 0.2 for earlier, later in pairwise(scores))


@pytest.mark.parametrize("outcome", ["recognized", "no_face", "rejected"])
def test_an_outcome_that_stands_is_not_asked_about_again(outcome: str) -> None:
    detector, api = Told([Detection(FACE.box, 0.7)]), Api(lambda number: outcome)
    loop = make_loop(detector, api)
    for number in range(15):
        loop.step(frame(number))
    detector.faces = [FACE]
    for number in range(15, 40):
        loop.step(frame(number))
    assert len(api.captures) == 1


def test_without_an_answer_nothing_more_is_asked() -> None:
    api = Api(lambda number: None)
    run(make_loop(Told([FACE]), api), [frame(number) for number in range(60)])
    assert len(api.captures) == 1


def test_who_still_stands_there_after_a_failed_recognition_is_asked_about_again() -> None:
    api = Api(lambda number: "", status="failed")
    loop = make_loop(Told([FACE]), api)
    for number in range(10):
        loop.step(frame(number))
    assert len(api.captures) == 1
    api.status, api.outcome = "done", lambda number: "recognized"
    for number in range(10, 60):
        loop.step(frame(number))
    assert len(api.captures) == 2
    (visit,) = loop.visits
    assert visit.sighting is not None
    assert visit.sighting.outcome == "recognized"


@pytest.mark.parametrize("late", [True, False])
def test_who_was_not_answered_in_time_is_asked_about_three_times_in_all(late: bool) -> None:
    """Also who stands so still that nothing changes in the picture."""
    api = Api(lambda number: None)
    loop = make_loop(Told([FACE]), api)
    for number in range(200):
        loop.step(frame(number, moving=False))
        if number % 20 == 19 and api.captures:
            api.waiting.append(Answer(api.captures[-1].capture_id, None, late, "no answer came in time"))
    assert len(api.captures) == 3


def test_a_late_answer_settles_the_visit_of_who_still_stands_there() -> None:
    api = Api(lambda number: None)
    loop = make_loop(Told([FACE]), api)
    for number in range(10):
        loop.step(frame(number))
    (capture,) = api.captures
    api.waiting.append(Answer(capture.capture_id, None, late=True, trouble="no answer came in time"))
    loop.step(frame(10))
    api.waiting.append(Answer(capture.capture_id, sighting_of(capture.capture_id, "recognized"), late=True))
    for number in range(11, 100):
        loop.step(frame(number))
    assert len(api.captures) == 1


def test_a_late_unknown_of_an_earlier_picture_does_not_add_to_the_questions_under_way() -> None:
    api = Api(lambda number: None)
    loop = make_loop(Told([FACE]), api)
    for number in range(50):
        loop.step(frame(number))
        if number == 5:
            api.waiting.append(Answer(api.captures[0].capture_id, None, late=True, trouble="late"))
    first, _ = api.captures
    api.waiting.append(Answer(first.capture_id, sighting_of(first.capture_id, "unknown"), late=True))
    for number in range(50, 100):
        loop.step(frame(number))
    assert len(api.captures) == 2


def test_who_is_never_seen_well_is_handed_in_as_they_are_when_they_leave() -> None:
    blurred = cv2.GaussianBlur(SCENE, (0, 0), 12).astype(np.uint8)
    profile = Detection(FACE.box, 0.5)
    detector, api = Told([profile]), Api()
    loop = make_loop(detector, api)
    for number in range(40):
        loop.step(frame(number, blurred, moving=False))
    assert api.captures == []
    detector.faces = []
    for number in range(40, 80):
        loop.step(frame(number, room(640, 480)))
    assert [capture.origin for capture in api.captures] == ["track 1"]


@dataclass
class Dim(Told):
    """Sees its faces in the camera's pictures; in what is cut out of them only if that is broad, or never."""

    is_found_again: bool = True

    def detect(self, image: Image) -> Sequence[Detection]:
        faces = super().detect(image)
        is_broad = image.shape[1] > image.shape[0]
        return faces if image.shape[:2] == (480, 640) or (is_broad and self.is_found_again) else ()


def test_what_shows_no_face_by_itself_is_not_handed_in_but_said_and_is_not_looked_at_all_the_time() -> None:
    detector, api = Dim([Detection(FACE.box, 0.5)], is_found_again=False), Api()
    loop = make_loop(detector, api)
    events = run(loop, [frame(number) for number in range(40)])
    assert events == [TooUnclear("track 1")]
    assert api.captures == []
    assert (loop.counts.tracks, loop.counts.too_unclear) == (1, 1)
    assert detector.looks <= 40 + 2 * 13  # every 0.2 s for two seconds, then every other second


def test_a_dim_face_that_is_found_only_with_more_around_it_is_handed_in_with_that() -> None:
    low = Detection(Box(285, 300, 100, 125), 0.5)  # head and shoulders are higher than broad here
    api = Api()
    run(make_loop(Dim([low]), api), [frame(number) for number in range(40)])
    assert len(api.captures) == 1


def test_who_stays_too_far_away_gives_an_event_that_says_so_and_no_capture() -> None:
    api = Api()
    loop = make_loop(Told([Detection(Box(300, 200, 26, 31), 0.95)]), api)
    events = run(loop, [frame(number) for number in range(20)])
    assert events == [TooFar("track 1", face_px=31, min_face_px=40)]
    assert api.captures == []
    assert (loop.counts.tracks, loop.counts.too_far) == (0, 1)


def test_who_only_passes_far_away_for_a_moment_is_not_worth_a_word() -> None:
    assert run(make_loop(Told([Detection(Box(300, 200, 26, 31), 0.95)]), Api()), [frame(0), frame(1)]) == []


def test_who_comes_nearer_is_one_visit_that_begins_when_they_are_near_enough() -> None:
    detector, api = Told(), Api()
    loop = make_loop(detector, api)
    events: list[Event] = []
    for number in range(60):
        size = 20 + 2 * min(number, 40)
        detector.faces = [Detection(Box(335 - size / 2, 180 - size * 0.625, size, size * 1.25), 0.9)]
        events += loop.step(frame(number))
    events += loop.finish()
    (captured,) = [event for event in events if isinstance(event, Captured)]
    assert captured.time_s > 0.6
    assert not any(isinstance(event, TooFar) for event in events)


def test_a_face_whose_size_or_place_wavers_about_the_limit_is_one_visit() -> None:
    """Somebody at the edge of the zone, just as near as counts: in, out for seconds, in again."""
    detector, api = Told(), Api()
    loop = make_loop(detector, api, attention=Attention(zone=Box(0.5, 0, 0.5, 1), min_face_px=100))
    for number in range(200):
        place, size = (number // 25) % 2 * 30, 90 + (number // 40) % 2 * 20
        detector.faces = [Detection(Box(260 + place, 118, size * 0.8, size), 0.9)]
        loop.step(frame(number))
    loop.finish()
    assert len(api.captures) == 1


@dataclass(frozen=True)
class Script:
    """Somebody who stands three faces away from the next: when, how well, and when overlooked."""

    from_frame: int
    frames: int
    certainty: float
    blinks: frozenset[int]
    face_px: int

    @property
    def here_s(self) -> float:
        return (self.from_frame + self.frames - 1) / FPS - self.from_frame / FPS

    def is_here(self, number: int) -> bool:
        return 0 <= number - self.from_frame < self.frames

    def is_found(self, number: int) -> bool:
        here = number - self.from_frame
        return self.is_here(number) and (here not in self.blinks or here in {0, self.frames - 1})

    def face(self, number: int, place: int) -> Detection:
        sway = 3 * (number % 3)
        return Detection(Box(20 + 150 * place + sway, 150, self.face_px * 0.8, self.face_px), self.certainty)


a_person = st.builds(
    Script,
    from_frame=st.integers(0, 60),
    frames=st.integers(1, 40),
    certainty=st.floats(0.5, 1),
    blinks=st.frozensets(st.integers(0, 40), max_size=10),
    face_px=st.sampled_from([20, 30, 50, 60]),
)


@settings(deadline=None, max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(a_person, min_size=1, max_size=4, unique=True))
def test_everybody_here_for_half_a_second_gives_one_capture_or_is_too_far_and_nobody_gives_two(
    people: list[Script],
) -> None:
    detector, api = Told(), Api()
    loop = make_loop(detector, api)
    events: list[Event] = []
    whose: dict[str, int] = {}
    for number in range(120):
        faces = {each: each.face(number, place) for place, each in enumerate(people)}
        detector.faces = [face for each, face in faces.items() if each.is_found(number)]
        picture = room(640, 480)
        for each, face in faces.items():
            if each.is_here(number):  # who has gone is no longer in the picture either
                left, top, px = int(face.box.left), int(face.box.top), each.face_px
                picture[top - 30 : top + px + 30, left - 20 : left + px + 20] = 0
        events += loop.step(frame(number, picture))
        for visit in loop._visits.values():
            whose[f"track {visit.track.track_id}"] = int((visit.face.box.left - 20) // 150)
    events += loop.finish()
    captured = [whose[event.capture.origin] for event in events if isinstance(event, Captured)]
    too_far = [whose[event.origin] for event in events if isinstance(event, TooFar)]
    for place, person in enumerate(people):
        is_far, is_long = person.face_px < 40, person.here_s > 0.5
        assert captured.count(place) == 1 if is_long and not is_far else captured.count(place) <= (not is_far)
        assert too_far.count(place) == (is_far and is_long)


def test_two_people_are_two_captures() -> None:
    other = Detection(FACE.box.moved(200, 20), 0.95)
    api = Api()
    loop = make_loop(Told([FACE, other]), api)
    run(loop, [frame(number) for number in range(20)])
    assert loop.counts.tracks == 2
    assert sorted(capture.origin for capture in api.captures) == ["track 1", "track 2"]


def test_somebody_who_leaves_before_the_window_ends_is_handed_in_when_they_are_gone() -> None:
    detector, api = Told([Detection(FACE.box, 0.7)]), Api()
    loop = make_loop(detector, api)
    for number in range(3):
        loop.step(frame(number))
    assert api.captures == []
    detector.faces = []
    for number in range(3, 30):
        loop.step(frame(number, room(640, 480)))
    assert len(api.captures) == 1


def test_whoever_is_there_when_a_clip_ends_is_handed_in() -> None:
    api = Api()
    events = run(make_loop(Told([Detection(FACE.box, 0.7)]), api), [frame(number) for number in range(3)])
    assert [type(event) for event in events] == [Captured, Answered]


def test_a_face_seen_in_a_single_frame_is_nobody() -> None:
    detector, api = Told([FACE]), Api()
    loop = make_loop(detector, api)
    loop.step(frame(0))
    detector.faces = []
    for number in range(1, 30):
        loop.step(frame(number))
    assert loop.counts.tracks == 0
    assert api.captures == []


def test_an_unchanged_scene_is_not_looked_at_again_but_who_stands_there_still_does() -> None:
    detector, api = Told([FACE]), Api()
    loop = make_loop(detector, api)
    for number in range(100):
        loop.step(frame(number, moving=False))
    assert detector.looks == 1
    assert len(loop.visits) == 1
    assert len(api.captures) == 1


def test_a_cut_to_another_scene_ends_every_visit() -> None:
    detector, api = Told([FACE]), Api()
    loop = make_loop(detector, api)
    other_scene = with_visitor(room(640, 480, seed=5), 400, 60, height=300)
    for number in range(10):
        loop.step(frame(number))
    for number in range(10, 20):
        loop.step(frame(number, other_scene))
    assert loop.counts.tracks == 2


def test_faces_outside_the_zone_or_too_small_are_passed_by() -> None:
    small = Detection(Box(300, 200, 30, 36), 0.95)
    api = Api()
    loop = make_loop(Told([small]), api, attention=Attention(min_face_px=40))
    run(loop, [frame(number) for number in range(20)])
    loop = make_loop(Told([FACE]), api, attention=Attention(zone=Box(0, 0, 0.3, 1)))
    run(loop, [frame(number) for number in range(20)])
    assert api.captures == []
    loop = make_loop(Told([FACE]), api, attention=Attention(zone=Box(0.3, 0, 0.7, 1)))
    run(loop, [frame(number) for number in range(20)])
    assert len(api.captures) == 1


def test_a_full_disk_is_said_and_the_loop_goes_on() -> None:
    api = Api(full=True)
    loop = make_loop(Told([FACE]), api)
    events = run(loop, [frame(number) for number in range(20)])
    assert [event.trouble for event in events if isinstance(event, NotKept)] == [
        "the picture could not be kept: No space left on device"
    ]
    assert loop.counts.captures == 0
    api.full = False
    run(loop, [frame(number) for number in range(60, 80)])  # the next visitor
    assert loop.counts.captures == 1


def test_an_answer_to_a_capture_of_an_earlier_run_is_passed_on() -> None:
    api = Api(waiting=[Answer("old", sighting_of("old", "recognized"), late=True)])
    loop = make_loop(Told(), api)
    (event,) = loop.step(frame(0))
    assert isinstance(event, Answered)
    assert loop.counts.sightings == 1


def test_a_clip_stands_still_until_its_answers_have_come() -> None:
    class Slow(Api):
        def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
            return super().answers() if timeout_s else ()

    loop = make_loop(Told([FACE]), Slow())
    loop.step(frame(0))
    assert [type(event) for event in loop.step(frame(1))] == [Captured, Answered]


def test_a_live_camera_does_not_wait_for_answers_until_it_ends() -> None:
    class Slow(Api):
        def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
            return super().answers() if timeout_s else ()

    loop = make_loop(Told([FACE]), Slow(), live=True)
    loop.step(frame(0))
    assert [type(event) for event in loop.step(frame(1))] == [Captured]
    assert [type(event) for event in loop.finish()] == [Answered]


def test_what_is_remembered_does_not_grow_with_the_visitors() -> None:
    detector, api = Told(), Api()
    loop = make_loop(detector, api)
    empty = room(320, 240)
    visited = with_visitor(empty, 30)
    for number in range(600):
        here = number % 20 < 4
        detector.faces = [Detection(Box(90, 60, 70, 80), 0.95)] if here else []
        loop.step(frame(number, visited if here else empty))
    assert loop.counts.tracks == 30
    assert len(loop._visits) <= 1
    assert not loop._asked


def test_a_real_face_that_walks_through_is_found_followed_and_handed_in_once() -> None:
    api = Api()
    loop = make_loop(YuNet(), api)
    scene = room(320, 240)
    walk = [with_visitor(scene, left, 20) for left in range(-160, 320, 16)]
    run(loop, [Frame(noisy(image, seed=n, sigma=3), n / FPS, n) for n, image in enumerate(walk)])
    assert loop.counts.tracks == 1
    (capture,) = api.captures
    picture = decode_picture(capture.picture)
    assert picture is not None
    assert len(YuNet().detect(picture)) == 1


def test_a_poster_that_is_found_now_and_then_is_one_visit() -> None:
    """Somebody moves elsewhere in the picture all the time, so the detector looks and looks."""
    detector, api = Told([FACE]), Api(lambda number: "unknown")
    loop = make_loop(detector, api)
    for number in range(300):
        detector.faces = [FACE] if number % 50 < 3 else []
        loop.step(frame(number))
    assert detector.looks == 300
    assert loop.counts.tracks == 1
    assert len(api.captures) == 1


def test_somebody_who_is_no_longer_found_where_the_picture_changed_has_gone() -> None:
    detector, api = Told([FACE]), Api()
    loop = make_loop(detector, api)
    for number in range(10):
        loop.step(frame(number))
    detector.faces = []
    for number in range(10, 40):
        loop.step(frame(number, room(640, 480)))
    assert loop.visits == ()


TURN = Movement.TURN_LEFT


class Following:
    """Somebody who stays or follows every prompt, as the detector sees them."""

    name = "told"

    def __init__(self, *, follows: bool) -> None:
        self.loop: Loop | None = None
        self._follows = follows
        self._frames = 0
        self._shown: str | None = None

    def detect(self, image: Image) -> Sequence[Detection]:
        prompt = self.loop.prompt if self.loop else None
        self._frames = self._frames + 1 if prompt == self._shown else 0
        self._shown = prompt
        movement = asked(prompt or "") if self._follows and self._frames > 6 else None
        return [Detection(FACE.box, 0.95, view(HEAD, **(HELD[movement] if movement else {})))]

    def shows_face(self, image: Image, *, thoroughly: bool = False) -> bool:
        return True


@pytest.mark.parametrize(("follows", "liveness"), [(True, "passed"), (False, "failed")])
def test_a_visit_is_handed_in_once_when_the_liveness_challenge_has_ended(
    follows: bool, liveness: str
) -> None:
    api, visitor = Api(), Following(follows=follows)
    examiner = Examiner(
        random.Random(1), alternative="or ring the bell", movements=lambda _: (Movement.TURN_LEFT,)
    )
    loop = visitor.loop = make_loop(visitor, api, examiner=examiner)  # type: ignore[arg-type]
    events = run(loop, [frame(number) for number in range(200)])
    assert [capture.liveness for capture in api.captures] == [liveness]
    prompts = [event.prompt for event in events if isinstance(event, Prompted)]
    assert "turn your head to the left" in str(prompts)
    assert prompts[-1] is None
    assert events.index(Prompted(prompts[0])) < next(
        index for index, event in enumerate(events) if isinstance(event, Captured)
    )


def test_who_leaves_during_the_liveness_challenge_is_still_recorded() -> None:
    api, visitor = Api(), Following(follows=False)
    examiner = Examiner(random.Random(1), alternative="or ring the bell")
    loop = visitor.loop = make_loop(visitor, api, examiner=examiner)  # type: ignore[arg-type]
    run(loop, [frame(number) for number in range(15)])
    assert [capture.liveness for capture in api.captures] == ["failed"]
