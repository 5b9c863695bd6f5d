"""Is it alive? A challenge of random movements that a photo or a recording does not follow. Pure.

    examiner = Examiner(random.SystemRandom())
    examiner.look(track_id, landmarks, time_s)   # on every frame that shows this track
    examiner.prompt                              # what to ask for now
    examiner.result(track_id)                    # how it ended, None until it has

What it stops and what it does not is measured by benchmarks/liveness.py and said in docs/kiosk.md.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from kiosk.vision.frame import Landmarks
from kiosk.vision.head_pose import HeadPose, head_pose, parallax


class Liveness(StrEnum):
    """What came of asking for signs of life."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


class Movement(StrEnum):
    """What a person can be asked to do. Left and right are theirs."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    NOD = "nod"
    COME_NEARER = "come_nearer"


PROMPTS = {
    Movement.TURN_LEFT: "Please turn your head to the left",
    Movement.TURN_RIGHT: "Please turn your head to the right",
    Movement.NOD: "Please nod",
    Movement.COME_NEARER: "Please come a little nearer",
}
LOOK_HERE = "Please look at the camera"
# How a head that looks straight at the camera is seen, before it is known how this one is.
USUAL = HeadPose(turn=0.0, nod=0.53, tilt_deg=0.0, height_px=1.0)
_TURNS = (Movement.TURN_LEFT, Movement.TURN_RIGHT)


@dataclass(frozen=True, slots=True)
class Demands:
    """What counts as a movement. Turns and nods are differences of `HeadPose` from the person's own start."""

    settle_s: float = 0.4
    """How long somebody looks at the camera before the first prompt."""
    step_s: float = 5.0
    """How long each movement, and each look back at the camera, may take."""
    reaction_s: float = 0.2
    """Nobody follows a prompt faster; what moves earlier does not answer it."""
    turn: float = 0.25
    nod: float = 0.10
    straight: float = 0.15
    """How far from their usual pose somebody may look who looks at the camera, sideways ..."""
    level: float = 0.09
    """... and up or down."""
    nearer: float = 1.2
    turn_parallax: float = 0.08
    """The least `parallax` at the far end of a turn, the median of its frames."""
    frames: int = 2
    """Frames that must show a movement: one alone may be a slip of the detector."""


def random_movements(chance: random.Random, *, number: int = 3) -> tuple[Movement, ...]:
    """Different movements in random order, a turn among them: a turn is what a flat picture cannot do."""
    turn = chance.choice(_TURNS)
    others = chance.sample([movement for movement in Movement if movement is not turn], number - 1)
    movements = [turn, *others]
    chance.shuffle(movements)
    return tuple(movements)


@dataclass(frozen=True, slots=True)
class _Look:
    """A face at one moment."""

    time_s: float
    pose: HeadPose
    landmarks: Landmarks


class Challenge:
    """Follows one track through its movements: looking at the camera, then each in turn and back again.

    It fails for good when a movement does not come in time, when another one is made instead, or when a turn
    is that of something flat.
    """

    def __init__(self, movements: Sequence[Movement], demands: Demands | None = None) -> None:
        self._left = deque(movements)
        self._demands = demands or Demands()
        self._began_s: float | None = None  # the present prompt
        self._start: _Look | None = None  # straight at the camera; what movements are measured from
        self._straight_s: float | None = None
        self._returns = True  # somebody looks at the camera before anything is asked of them
        self._made: list[tuple[Movement, _Look]] = []
        self.result: Liveness | None = None
        self.reason = ""
        self.is_wrong = False
        """Whether it failed by a wrong movement, not by none: an attempt at fooling it, or a mistake."""

    @property
    def prompt(self) -> str | None:
        """What the person should be asked now; None when it is over."""
        if self.result is not None:
            return None
        return LOOK_HERE if self._returns else PROMPTS[self._left[0]]

    def look(self, landmarks: Landmarks, time_s: float) -> None:
        """Take in the face of one frame; times are in the source's own seconds and never go back."""
        pose = head_pose(landmarks)
        if self.result is not None or pose is None:
            return
        if self._began_s is None:
            self._began_s = time_s
        if time_s - self._began_s > self._demands.step_s:
            self._fail("the movement did not come in time")
        elif self._returns:
            self._settle(_Look(time_s, pose, landmarks))
        elif self._start is not None:
            self._follow(_Look(time_s, pose, landmarks), self._start)

    def _settle(self, look: _Look) -> None:
        usual = self._start.pose if self._start else USUAL
        straight = abs(look.pose.turn - usual.turn) < self._demands.straight
        level = abs(look.pose.nod - usual.nod) < self._demands.level
        if not (straight and level):
            self._straight_s = None
            return
        if self._straight_s is None:
            self._straight_s = look.time_s
        if self._start is None and look.time_s - self._straight_s < self._demands.settle_s:
            return
        self._start = self._start or look
        self._began_s, self._returns, self._straight_s = look.time_s, False, None
        if not self._left:
            self.result = Liveness.PASSED

    def _follow(self, look: _Look, start: _Look) -> None:
        movement = self._movement(look.pose, start.pose)
        if movement is None or (self._made and self._made[-1][0] is not movement):
            self._made.clear()
        if movement is not None:
            self._made.append((movement, look))
        if len(self._made) >= self._demands.frames:
            self._judge(start)

    def _judge(self, start: _Look) -> None:
        movement, first = self._made[0]
        asked_s = self._began_s or 0.0
        if movement is not self._left[0]:
            self._fail("another movement was made than the one asked for", is_wrong=True)
        elif first.time_s - asked_s < self._demands.reaction_s:
            self._fail("the movement came before anybody could have followed the prompt", is_wrong=True)
        elif movement in _TURNS and self._parallax(start) < self._demands.turn_parallax:
            self._fail("what turned is flat", is_wrong=True)
        else:
            self._left.popleft()
            self._began_s, self._returns = self._made[-1][1].time_s, True
            if movement is Movement.COME_NEARER:
                self._start = None  # nearer, everything is measured anew
        self._made.clear()

    def _parallax(self, start: _Look) -> float:
        return median(parallax(start.landmarks, look.landmarks) for _, look in self._made)

    def _movement(self, pose: HeadPose, start: HeadPose) -> Movement | None:
        """The movement that this pose is the far end of."""
        turned = pose.turn - start.turn
        if abs(turned) >= self._demands.turn:
            return Movement.TURN_LEFT if turned > 0 else Movement.TURN_RIGHT
        if abs(pose.nod - start.nod) >= self._demands.nod:
            return Movement.NOD
        # Who comes nearer unasked means nothing by it.
        is_asked = self._left[0] is Movement.COME_NEARER and abs(turned) < self._demands.straight
        if is_asked and pose.height_px >= self._demands.nearer * start.height_px:
            return Movement.COME_NEARER
        return None

    def _fail(self, reason: str, *, is_wrong: bool = False) -> None:
        self.result, self.reason, self.is_wrong = Liveness.FAILED, reason, is_wrong


class Lockout:
    """After too many failures in a short time nobody is asked for a while, so that trying costs time.

    Five in three minutes, for half an hour. Times are monotonic seconds.
    """

    def __init__(self, *, failures: int = 5, within_s: float = 180.0, for_s: float = 1800.0) -> None:
        self._failures = failures
        self._within_s = within_s
        self._for_s = for_s
        self._failed_s: deque[float] = deque(maxlen=failures)
        self._until_s: float | None = None

    def failed(self, time_s: float) -> None:
        """Count one failure."""
        self._failed_s.append(time_s)
        if len(self._failed_s) == self._failures and time_s - self._failed_s[0] <= self._within_s:
            self._until_s = time_s + self._for_s
            self._failed_s.clear()

    def holds(self, time_s: float) -> bool:
        """Whether nobody is asked now."""
        return self._until_s is not None and time_s < self._until_s


class Examiner:
    """Asks for signs of life, one track at a time; the others wait for their turn.

    Who fails may try again: after a wrong movement until the lock-out, after no movement once. `alternative`
    is what everybody is offered instead, in words such as "or ring the bell".
    """

    def __init__(
        self,
        chance: random.Random,
        *,
        alternative: str,
        lockout: Lockout | None = None,
        movements: Callable[[random.Random], Sequence[Movement]] = random_movements,
    ) -> None:
        self._chance = chance
        self._alternative = alternative
        self._lockout = lockout or Lockout()
        self._movements = movements
        self._results: dict[int, Liveness] = {}
        self._idle: dict[int, int] = {}  # how often a track made no movement
        self._asked: int | None = None
        self._challenge: Challenge | None = None
        self._is_locked = False

    @property
    def prompt(self) -> str | None:
        """What to say to whoever stands there; None when there is nothing to say."""
        if self._is_locked:
            return f"There were too many failed attempts. Please wait, {self._alternative}"
        said = self._challenge.prompt if self._challenge else None
        return f"{said}, {self._alternative}" if said else None

    def result(self, track_id: int) -> Liveness | None:
        """How it ended for a track; None while that is open."""
        return self._results.get(track_id)

    def look(self, track_id: int, landmarks: Landmarks, time_s: float) -> None:
        """Take in a track's face in one frame."""
        self._is_locked = self._lockout.holds(time_s)
        if track_id in self._results:
            return
        if self._is_locked:
            self._end(track_id, Liveness.NOT_ASKED)
            return
        if self._asked is None:
            self._asked = track_id
        if track_id != self._asked:
            return
        challenge = self._challenge or Challenge(self._movements(self._chance))
        self._challenge = challenge
        challenge.look(landmarks, time_s)
        if challenge.result is Liveness.PASSED:
            self._end(track_id, Liveness.PASSED)
        elif challenge.result is Liveness.FAILED:
            self._try_again(track_id, challenge, time_s)

    def leave(self, track_id: int) -> Liveness:
        """The track ended: somebody else may stand there now. How it ended for this one."""
        self._idle.pop(track_id, None)
        was_asked = track_id == self._asked
        if was_asked:
            self._asked = self._challenge = None
        result = self._results.pop(track_id, Liveness.FAILED if was_asked else Liveness.NOT_ASKED)
        self._is_locked = self._is_locked and bool(self._results)  # with nobody there, nothing is said
        return result

    def _try_again(self, track_id: int, challenge: Challenge, time_s: float) -> None:
        self._challenge = None
        if challenge.is_wrong:
            self._lockout.failed(time_s)
            self._is_locked = self._lockout.holds(time_s)
        else:
            self._idle[track_id] = self._idle.get(track_id, 0) + 1
        if self._is_locked or self._idle.get(track_id, 0) > 1:
            self._end(track_id, Liveness.FAILED)

    def _end(self, track_id: int, result: Liveness) -> None:
        self._results[track_id] = result
        if track_id == self._asked:
            self._asked = self._challenge = None
