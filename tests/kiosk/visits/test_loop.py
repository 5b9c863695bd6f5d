"""The loop: frames in, captures and answers out. Detector and API say what each test needs them to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise

import pytest

from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture
from kiosk.vision.best_shot import Patience
from kiosk.vision.crop import decode_picture
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Box, Detection, Frame, Image
from kiosk.visits.events import Answered, Captured, Event, NotKept
from kiosk.visits.loop import Attention, Loop
from tests.kiosk.pictures import noisy, room, with_visitor

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


@dataclass
class Api:
    """An outbox that keeps captures and answers each with the outcome it is given."""

    outcome: Callable[[int], str | None] = lambda number: "recognized"
    captures: list[Capture] = field(default_factory=list)
    waiting: list[Answer] = field(default_factory=list)
    full: bool = False

    def hand_in(self, capture: Capture) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        outcome = self.outcome(len(self.captures))
        self.captures.append(capture)
        if outcome is not None:
            self.waiting.append(Answer(capture.capture_id, sighting_of(capture.capture_id, outcome)))

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
    return events + list(loop.finish(frames[-1].time_s))


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
    assert [type(event) for event in loop.finish(0.2)] == [Answered]


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
