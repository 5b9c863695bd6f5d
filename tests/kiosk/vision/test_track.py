"""The tracker alone: boxes and times in, tracks out."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.frame import Box, Detection
from kiosk.vision.track import Tracker

FPS = 12.5
SIZE = 60.0

a_box = st.builds(
    Box,
    left=st.floats(-50, 600),
    top=st.floats(-50, 400),
    width=st.floats(10, 200),
    height=st.floats(10, 200),
)
a_frame = st.tuples(st.floats(0, 3), st.lists(a_box, max_size=5))


def face(left: float, top: float = 100, size: float = SIZE) -> Detection:
    return Detection(Box(left, top, size, size * 1.3), 0.9)


def ids_of(tracker: Tracker, frames: Sequence[Sequence[Detection]], fps: float = FPS) -> list[list[int]]:
    """The track id of each detection of each frame."""
    return [
        [track.track_id for track, _ in tracker.update(faces, number / fps).present]
        for number, faces in enumerate(frames)
    ]


@given(st.lists(a_frame, max_size=25))
def test_every_detection_gets_one_track_and_no_track_gets_two(
    frames: list[tuple[float, list[Box]]],
) -> None:
    tracker, time_s = Tracker(), 0.0
    for pause_s, boxes in frames:
        time_s += pause_s
        present = tracker.update([Detection(box, 0.9) for box in boxes], time_s).present
        assert [detection.box for _, detection in present] == boxes
        ids = [track.track_id for track, _ in present]
        assert len(set(ids)) == len(ids)


@given(st.lists(a_frame, max_size=25))
def test_an_ended_track_never_comes_back_and_ids_only_grow(frames: list[tuple[float, list[Box]]]) -> None:
    tracker, time_s = Tracker(max_age_s=1.0), 0.0
    ended: set[int] = set()
    newest = 0
    for pause_s, boxes in frames:
        time_s += pause_s
        followed = tracker.update([Detection(box, 0.9) for box in boxes], time_s)
        ended |= {track.track_id for track in followed.ended}
        for track, _ in followed.present:
            assert track.track_id not in ended
            if track.seen == 1:
                assert track.track_id > newest
                newest = track.track_id


@given(st.lists(a_frame, max_size=25))
def test_every_track_that_began_is_here_or_was_ended_once(frames: list[tuple[float, list[Box]]]) -> None:
    tracker, time_s = Tracker(max_age_s=1.0), 0.0
    begun: list[int] = []
    ended: list[int] = []
    for pause_s, boxes in frames:
        time_s += pause_s
        followed = tracker.update([Detection(box, 0.9) for box in boxes], time_s)
        begun += [track.track_id for track, _ in followed.present if track.seen == 1]
        ended += [track.track_id for track in followed.ended]
    ended += [track.track_id for track in tracker.end_all()]
    assert sorted(begun) == sorted(ended)
    assert not tracker.tracks


@given(
    speed_px_s=st.floats(-500, 500),
    wobble=st.lists(st.floats(-4, 4), min_size=40, max_size=40),
    missed=st.sets(st.integers(5, 39), max_size=12),
)
def test_a_walker_is_one_track_through_wobbling_boxes_and_missed_frames(
    speed_px_s: float, wobble: list[float], missed: set[int]
) -> None:
    frames = [
        [] if number in missed and number - 1 not in missed else [face(speed_px_s * number / FPS + off)]
        for number, off in enumerate(wobble)
    ]
    assert {track_id for ids in ids_of(Tracker(), frames) for track_id in ids} == {1}


@given(
    speed_px_s=st.floats(80, 400),
    fps=st.sampled_from([12.5, 15.0, 25.0, 30.0]),
    hidden_s=st.floats(0, 0.3),
    order=st.randoms(use_true_random=False),
)
def test_two_people_who_cross_keep_their_tracks(
    speed_px_s: float, fps: float, hidden_s: float, order: object
) -> None:
    """The one behind is hidden for a moment; detections come in any order."""
    tracker = Tracker()
    seconds = 2.0
    for number in range(int(seconds * fps)):
        time_s = number / fps
        offset = speed_px_s * (time_s - seconds / 2)
        people = {"right-going": face(300 + offset), "left-going": face(300 - offset, top=104)}
        if abs(time_s - seconds / 2) < hidden_s / 2:
            del people["left-going"]
        names = list(people)
        order.shuffle(names)  # type: ignore[attr-defined]
        present = tracker.update([people[name] for name in names], time_s).present
        seen = {name: track.track_id for name, (track, _) in zip(names, present, strict=True)}
        if number == 0:
            first = seen
        if number == int(seconds * fps) - 1:
            assert seen == first


def test_a_turned_head_that_is_lost_for_a_second_is_still_the_same_visit() -> None:
    frames = [[face(100)]] * 10 + [[]] * 12 + [[face(110)]] * 3
    assert {track_id for ids in ids_of(Tracker(max_age_s=1.5), frames) for track_id in ids} == {1}


def test_somebody_who_returns_after_the_absence_is_a_new_visit() -> None:
    frames = [[face(100)]] * 10 + [[]] * 25 + [[face(100)]] * 3
    ids = ids_of(Tracker(max_age_s=1.5), frames)
    assert ids[0] == [1]
    assert ids[-1] == [2]


def test_a_track_ends_once_and_only_after_the_absence() -> None:
    tracker = Tracker(max_age_s=1.5)
    tracker.update([face(100)], 0.0)
    assert not tracker.update([], 1.5).ended
    assert [track.track_id for track in tracker.update([], 1.6).ended] == [1]
    assert not tracker.update([], 1.7).ended


def test_after_a_camera_was_away_nobody_takes_over_the_track_of_who_stood_there() -> None:
    tracker = Tracker(max_age_s=1.5)
    tracker.update([face(100)], 0.0)
    followed = tracker.update([face(100)], 60.0)
    assert [track.track_id for track, _ in followed.present] == [2]
    assert [track.track_id for track in followed.ended] == [1]


def test_somebody_who_appears_beside_another_is_not_taken_for_them() -> None:
    ids = ids_of(Tracker(), [[face(100)], [face(100), face(260)], [face(260), face(100)]])
    assert ids == [[1], [1, 2], [2, 1]]


@pytest.mark.parametrize("fps", [2.0, 5.0, 30.0])
def test_a_person_coming_nearer_stays_one_track_at_any_frame_rate(fps: float) -> None:
    frames = [[face(200 - n * 20 / fps, 100, 50 + n * 40 / fps)] for n in range(int(3 * fps))]
    assert {track_id for ids in ids_of(Tracker(), frames, fps) for track_id in ids} == {1}


def test_somebody_who_starts_to_walk_by_a_whole_face_a_frame_is_held_on_to() -> None:
    frames = [[face(100)]] * 5 + [[face(100 + SIZE * step)] for step in range(1, 5)]
    assert {track_id for ids in ids_of(Tracker(), frames, fps=5) for track_id in ids} == {1}


def test_somebody_who_appears_far_away_as_another_leaves_is_somebody_else() -> None:
    assert ids_of(Tracker(), [[face(100)], [face(100)], [face(400)]]) == [[1], [1], [2]]


def test_a_small_face_behind_where_a_large_one_was_is_somebody_else() -> None:
    assert ids_of(Tracker(), [[face(100, size=150)], [face(100, size=150)], [face(140, 140, size=50)]]) == [
        [1],
        [1],
        [2],
    ]
