"""Movements of a head in space pass the challenge; flat pictures, other movements and late ones do not."""

import math
import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.frame import Landmarks
from kiosk.vision.head_pose import head_pose, parallax
from kiosk.visits.liveness import LOOK_HERE, Challenge, Liveness, Lockout, Movement, random_movements

FRAME_S = 1 / 15
# Eyes, nose, corners of the mouth: right, down and towards the camera, in distances between the eyes.
HEAD = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.55, 0.5], [-0.4, 1.05, 0], [0.4, 1.05, 0]])
PHOTO = HEAD * (1, 1, 0)
EYES_PX = 40.0
ALL = [(a, b) for a in Movement for b in Movement if a is not b]


def view(
    shape: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    *,
    yaw_deg: float = 0,
    pitch_deg: float = 0,
    nearer: float = 1.0,
) -> Landmarks:
    """The landmarks that a camera sees of a turned (to the picture's right), tilted (down) shape."""
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    turn = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    tilt = np.array(
        [[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]]
    )
    points = (shape - (0, 0.5, 0)) @ (tilt @ turn).T
    depth = 12 / nearer - points[:, 2]
    return Landmarks(
        *[
            (320 + 12 * EYES_PX * x / z, 240 + 12 * EYES_PX * y / z)
            for (x, y, _), z in zip(points, depth, strict=True)
        ]
    )


HELD = {
    Movement.TURN_LEFT: {"yaw_deg": 30.0},
    Movement.TURN_RIGHT: {"yaw_deg": -30.0},
    Movement.NOD: {"pitch_deg": 25.0},
    Movement.COME_NEARER: {"nearer": 1.4},
}
PROMPTED = {
    "left": Movement.TURN_LEFT,
    "right": Movement.TURN_RIGHT,
    "nod": Movement.NOD,
    "nearer": Movement.COME_NEARER,
}


def asked(prompt: str) -> Movement | None:
    return next((movement for word, movement in PROMPTED.items() if word in prompt), None)


def play(
    challenge: Challenge,
    *,
    shape: "np.ndarray[tuple[int, int], np.dtype[np.float64]]" = HEAD,
    reaction_s: float = 0.6,
    instead: dict[Movement, Movement] | None = None,
) -> Liveness | None:
    """Follow every prompt after a while, with `shape`; `instead` names what is done instead."""
    shown, shown_s, nearer = "", 0.0, 1.0
    for time_s in moments():
        if challenge.prompt is None:
            break
        if challenge.prompt != shown:
            shown, shown_s = challenge.prompt, time_s
        movement = asked(shown) if time_s - shown_s >= reaction_s else None
        if movement is not None and instead:
            movement = instead.get(movement, movement)
        held = {"nearer": nearer, **(HELD[movement] if movement else {})}
        nearer = held["nearer"]  # who has come nearer stays there
        challenge.look(view(shape, **held), time_s)
    return challenge.result


def moments() -> Iterator[float]:
    return (number * FRAME_S for number in range(900))


@pytest.mark.parametrize("movements", ALL, ids=lambda pair: "-".join(pair))
def test_a_head_that_follows_the_prompts_passes(movements: tuple[Movement, ...]) -> None:
    assert play(Challenge(movements)) is Liveness.PASSED


@pytest.mark.parametrize("turn", [Movement.TURN_LEFT, Movement.TURN_RIGHT])
def test_a_photo_that_is_turned_as_asked_fails(turn: Movement) -> None:
    assert play(Challenge([turn]), shape=PHOTO) is Liveness.FAILED


def test_another_movement_than_the_one_asked_for_fails() -> None:
    challenge = Challenge([Movement.TURN_LEFT])

    assert play(challenge, instead={Movement.TURN_LEFT: Movement.TURN_RIGHT}) is Liveness.FAILED
    assert "another movement" in challenge.reason


def test_a_movement_that_comes_before_anybody_could_react_fails() -> None:
    challenge = Challenge([Movement.TURN_LEFT])

    assert play(challenge, reaction_s=0.0) is Liveness.FAILED
    assert "before" in challenge.reason


def test_a_movement_that_does_not_come_fails() -> None:
    challenge = Challenge([Movement.NOD])

    assert play(challenge, reaction_s=60.0) is Liveness.FAILED
    assert "in time" in challenge.reason


def test_who_never_looks_at_the_camera_is_asked_to_and_then_fails() -> None:
    challenge = Challenge([Movement.TURN_LEFT])

    assert challenge.prompt == LOOK_HERE
    for time_s in moments():
        challenge.look(view(HEAD, yaw_deg=35), time_s)
    assert challenge.result is Liveness.FAILED


def test_a_face_that_is_lost_fails() -> None:
    challenge = Challenge([Movement.TURN_LEFT])
    challenge.look(view(HEAD), 0.0)
    challenge.lose()

    assert challenge.result is Liveness.FAILED


def test_losing_the_face_afterwards_changes_nothing() -> None:
    challenge = Challenge([Movement.TURN_LEFT])
    play(challenge)
    challenge.lose()

    assert challenge.result is Liveness.PASSED


@given(st.integers())
def test_random_movements_are_different_and_have_a_turn(seed: int) -> None:
    movements = random_movements(random.Random(seed))

    assert len(set(movements)) == len(movements) == 3
    assert set(movements) & {Movement.TURN_LEFT, Movement.TURN_RIGHT}


def test_every_order_of_movements_is_asked_for_sometimes() -> None:
    chance = random.Random(1)

    assert len({random_movements(chance) for _ in range(2000)}) == 24


@given(st.floats(-40, 40), st.floats(-30, 30), st.floats(0.7, 2.0))
def test_a_flat_picture_has_no_parallax_however_it_is_held(
    yaw_deg: float, pitch_deg: float, nearer: float
) -> None:
    seen = view(PHOTO, yaw_deg=yaw_deg, pitch_deg=pitch_deg, nearer=nearer)

    assert parallax(view(PHOTO), seen) < 0.01


@given(st.floats(20, 40), st.sampled_from([-1, 1]))
def test_a_head_that_turns_has_parallax(degrees: float, side: int) -> None:
    assert parallax(view(HEAD), view(HEAD, yaw_deg=side * degrees)) > 0.05


def test_a_turn_to_the_persons_left_moves_the_nose_to_the_pictures_right() -> None:
    pose = head_pose(view(HEAD, yaw_deg=30))

    assert pose is not None
    assert pose.turn > 0.2


def test_a_profile_has_no_pose() -> None:
    assert head_pose(Landmarks((10, 10), (10, 10), (12, 14), (10, 20), (10, 20))) is None


def test_five_failures_in_three_minutes_lock_out_for_half_an_hour() -> None:
    lockout = Lockout()
    for number in range(5):
        assert not lockout.holds(number * 30.0)
        lockout.failed(number * 30.0)

    assert lockout.holds(121.0)
    assert lockout.holds(120.0 + 1799)
    assert not lockout.holds(120.0 + 1801)


def test_failures_far_apart_lock_nobody_out() -> None:
    lockout = Lockout()
    for number in range(20):
        lockout.failed(number * 60.0)

    assert not lockout.holds(20 * 60.0)
