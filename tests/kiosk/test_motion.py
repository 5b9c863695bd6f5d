"""The motion gate: shut for what the detector has already seen, open for everything new."""

import numpy as np

from kiosk.frame import Image
from kiosk.motion import LONGEST_REST_S, Change, MotionGate
from tests.kiosk.pictures import noisy, room, with_visitor

FRAME_S = 1 / 15


def opened(images: list[Image]) -> list[bool]:
    gate = MotionGate()
    changes = [gate.look(image, number * FRAME_S) for number, image in enumerate(images)]
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


def test_after_a_long_rest_it_opens_for_an_unchanged_scene() -> None:
    gate = MotionGate()
    assert gate.look(room(), 0.0) is Change.SOME
    assert gate.look(room(), LONGEST_REST_S - 0.01) is Change.NONE
    assert gate.look(room(), LONGEST_REST_S) is Change.SOME


def test_another_scene_is_a_cut() -> None:
    gate = MotionGate()
    gate.look(room(320, 240), 0.0)
    assert gate.look(room(640, 480), FRAME_S) is Change.NONE  # the same scene, only finer
    assert gate.look(room(640, 480, seed=2), 2 * FRAME_S) is Change.CUT


def test_somebody_who_walks_through_right_before_the_camera_is_no_cut() -> None:
    gate = MotionGate()
    walk = [with_visitor(room(320, 240), left, 0, height=240) for left in range(320, -200, -25)]
    changes = [gate.look(image, number * FRAME_S) for number, image in enumerate(walk)]
    assert set(changes) == {Change.SOME}


def test_light_that_is_switched_off_is_no_cut() -> None:
    gate = MotionGate()
    gate.look(room(), 0.0)
    assert gate.look((room() * 0.3).astype(np.uint8), FRAME_S) is Change.SOME
