"""Movements of a head in space pass the challenge; flat pictures, other movements and late ones do not."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.frame import Landmarks
from kiosk.vision.head_pose import head_pose, parallax
from kiosk.visits.liveness import (
    LOOK_HERE,
    Challenge,
    Examiner,
    Liveness,
    Lockout,
    Movement,
    random_movements,
)
from tests.kiosk.visits.heads import HEAD, HELD, PHOTO, Shape, asked, view

FRAME_S = 1 / 15
ALL = [(a, b) for a in Movement for b in Movement if a is not b]


def play(
    challenge: Challenge,
    *,
    shape: Shape = HEAD,
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


WRONG = {Movement.TURN_LEFT: Movement.TURN_RIGHT, Movement.TURN_RIGHT: Movement.TURN_LEFT}


def examine(
    examiner: Examiner, *, follows: bool = True, instead: dict[Movement, Movement] | None = None
) -> None:
    """Somebody, as track 1, who follows the prompts as soon as a person can; `instead` as in `play`."""
    shown, shown_s = "", 0.0
    for time_s in moments():
        if examiner.result(1) is not None:
            break
        if (examiner.prompt or "") != shown:
            shown, shown_s = examiner.prompt or "", time_s
        movement = asked(shown) if follows and time_s - shown_s >= 0.6 else None
        movement = (instead or {}).get(movement, movement) if movement else None
        examiner.look(1, view(HEAD, **(HELD[movement] if movement else {})), time_s)


def turning(chance: random.Random) -> tuple[Movement, ...]:
    return (chance.choice([Movement.TURN_LEFT, Movement.TURN_RIGHT]),)


def examiner_of_turns() -> Examiner:
    return Examiner(random.Random(1), alternative="or ring the bell", movements=turning)


def test_an_examiner_asks_one_at_a_time_and_offers_the_alternative_each_time() -> None:
    examiner = examiner_of_turns()
    for number in range(20):
        examiner.look(1, view(HEAD), number * FRAME_S)
        examiner.look(2, view(HEAD), number * FRAME_S)

    assert str(examiner.prompt).endswith("or ring the bell")
    examine(examiner)
    assert (examiner.result(1), examiner.result(2)) == (Liveness.PASSED, None)
    assert examiner.prompt is None


def test_who_fails_may_try_again_until_the_lock_out() -> None:
    examiner = examiner_of_turns()
    examine(examiner, instead=WRONG)
    prompt = str(examiner.prompt)

    assert examiner.result(1) is Liveness.FAILED
    assert "too many failed attempts" in prompt
    assert "or ring the bell" in prompt


def test_nobody_is_asked_during_the_lock_out() -> None:
    examiner = examiner_of_turns()
    examine(examiner, instead=WRONG)
    examiner.look(2, view(HEAD), 61.0)

    assert examiner.result(2) is Liveness.NOT_ASKED


def test_who_does_nothing_is_asked_twice_and_locks_nobody_out() -> None:
    examiner = examiner_of_turns()
    examine(examiner, follows=False)

    assert examiner.result(1) is Liveness.FAILED
    assert examiner.prompt is None


def test_who_leaves_in_the_middle_has_failed_and_who_was_never_asked_was_not() -> None:
    examiner = examiner_of_turns()
    examiner.look(1, view(HEAD), 0.0)
    examiner.look(2, view(HEAD), 0.0)

    assert examiner.leave(2) is Liveness.NOT_ASKED
    assert examiner.leave(1) is Liveness.FAILED
    assert examiner.prompt is None


def test_nothing_is_said_to_an_empty_door_during_the_lock_out() -> None:
    examiner = examiner_of_turns()
    examine(examiner, instead=WRONG)
    examiner.leave(1)

    assert examiner.prompt is None
    examiner.look(2, view(HEAD), 61.0)
    assert "too many failed attempts" in str(examiner.prompt)
