"""The motion gate: shut for what the detector has already seen, open for everything new."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.frame import Box, Image
from kiosk.vision.motion import Change, MotionGate
from tests.kiosk.pictures import noisy, room, with_visitor


def opened(images: list[Image]) -> list[bool]:
    gate = MotionGate()
    changes = [gate.look(image) for image in images]
    return [change is not Change.NONE for change in changes]


def test_the_first_frame_is_always_looked_at() -> None:
    assert opened([room()]) == [True]


def test_a_noisy_but_empty_scene_is_looked_at_once() -> None:
    assert opened([noisy(room(640, 480), seed=n) for n in range(20)]) == [True] + [False] * 19


def test_somebody_who_comes_in_opens_it_on_the_same_frame() -> None:
    scene = room(640, 480)
    assert opened([scene, scene, with_visitor(scene, 300), with_visitor(scene, 320)]) == [
        True, False, True, True,
    ]  # fmt: skip


def test_a_small_face_far_away_opens_it() -> None:
    scene = room(1280, 720)
    assert opened([scene, with_visitor(scene, 600, 300, height=90)])[-1]


def test_somebody_who_leaves_opens_it() -> None:
    scene = room(640, 480)
    assert opened([with_visitor(scene, 300), scene])[-1]


def test_a_change_too_slow_to_see_from_frame_to_frame_adds_up() -> None:
    scene = room(640, 480).astype(np.float32)
    dusk = [np.clip(scene - step * 0.5, 0, 255).astype(np.uint8) for step in range(20)]
    assert sum(opened(dusk)) in range(2, 6)


def test_another_scene_is_a_cut() -> None:
    gate = MotionGate()
    gate.look(room(320, 240))
    assert gate.look(room(640, 480)) is Change.NONE  # the same scene, only finer
    assert gate.look(room(640, 480, seed=2)) is Change.CUT


def test_somebody_who_walks_through_right_before_the_camera_is_no_cut() -> None:
    gate = MotionGate()
    walk = [with_visitor(room(320, 240), left, 0, height=240) for left in range(320, -200, -25)]
    changes = [gate.look(image) for image in walk]
    assert set(changes) == {Change.SOME}


def test_light_that_is_switched_off_is_no_cut() -> None:
    gate = MotionGate()
    gate.look(room())
    assert gate.look((room() * 0.3).astype(np.uint8)) is Change.SOME


def test_a_part_of_the_picture_is_as_it_was_until_something_changes_in_it() -> None:
    gate = MotionGate()
    gate.look(room(640, 480))
    before = gate.scene
    gate.look(with_visitor(room(640, 480), 400))
    assert gate.is_as_in(before, Box(0.1, 0.2, 0.2, 0.3))
    assert not gate.is_as_in(before, Box(0.7, 0.1, 0.1, 0.2))


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0, 3), st.floats(0, 3))
def test_any_part_may_be_asked_about(left: float, top: float, width: float, height: float) -> None:
    gate = MotionGate()
    gate.look(room(64, 48))
    assert gate.is_as_in(gate.scene, Box(left, top, width, height))
