"""The kiosk's loop: camera -> detect -> track -> best shot -> hand in -> answer, one frame a `step`.

Picture files do not come here: each of them is one visit, see stills.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kiosk.client.capture_id import new_capture_id
from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture, Outbox
from kiosk.vision.best_shot import BestShot, Patience, Shot
from kiosk.vision.crop import encode_jpeg, head_and_shoulders
from kiosk.vision.detect import Detector
from kiosk.vision.frame import Box, Detection, Frame, Image
from kiosk.vision.motion import Change, MotionGate, Scene
from kiosk.vision.picture_file import decode_picture
from kiosk.vision.quality import quality
from kiosk.vision.track import Track, Tracker
from kiosk.visits.events import Answered, Captured, Counts, Event, NotKept, Prompted, TooFar, TooUnclear
from kiosk.visits.liveness import Examiner, Liveness

# A face counts from its second frame on: what a detector sees wrongly, it mostly sees once.
CONFIRMED_FRAMES = 2
# Who was here for longer is handed in however badly they were seen: it may be enough, and says they came.
LONG_S = 0.5
# Of whom the detector is that sure, it finds the face in the picture that is handed in, too.
SURE_SCORE = 0.85
# Else it is asked, which costs as much as the first time. How long it is not asked again after a picture that
# shows a face by itself, unless the next is so much better; after one that does not; after many of those.
FOUND_S, MUCH_BETTER, NOT_FOUND_S, NEVER_FOUND_S, MANY_LOOKS = 1.0, 1.5, 0.2, 2.0, 10
# Outcomes that a better picture of the same person may change; recognized, no_face and rejected stand.
ASKS_MORE = frozenset({"unknown", "uncertain"})


@dataclass(slots=True)
class Visit:
    """What is known about one track beside where it is.

    It begins far away, and counts from when its face is large enough (`is_near`).
    """

    track: Track
    best: BestShot[Image]
    face: Detection
    scene: Scene
    """The gate's scene in which `face` was last seen."""
    frames: int = 0
    """In how many frames the face was in the zone."""
    came_s: float = 0.0
    left_s: float = 0.0
    """When it was first and last in the zone."""
    largest_px: float = 0.0
    is_near: bool = False
    looks: int = 0
    look_again_s: float = float("-inf")
    """How often it was looked at whether a picture shows a face by itself, and when it is again."""
    liveness: Liveness = Liveness.NOT_ASKED
    captures: list[str] = field(default_factory=list)
    sighting: Sighting | None = None

    @property
    def is_certain(self) -> bool:
        """Whether there is somebody, however far."""
        return self.frames >= CONFIRMED_FRAMES

    @property
    def counts(self) -> bool:
        """Whether there is somebody near enough."""
        return self.is_certain and self.is_near

    def is_worth_a_look(self, score: float, time_s: float) -> bool:
        """Whether to look if a picture that is not good shows a face by itself."""
        return time_s >= self.look_again_s or 0 < MUCH_BETTER * self.best.score < score

    @property
    def is_long(self) -> bool:
        """Whether they were here for long enough to be handed in however badly they were seen."""
        return self.left_s - self.came_s > LONG_S


@dataclass(frozen=True, slots=True)
class Attention:
    """Which faces count: those with their middle in `zone` (fractions of the picture) and large enough."""

    zone: Box | None = None
    min_face_px: float = 40.0

    def is_in_zone(self, face: Detection, image: Image) -> bool:
        """Whether this face is in the part of the picture that counts."""
        height, width = image.shape[:2]
        x, y = face.box.centre[0] / width, face.box.centre[1] / height
        zone = self.zone
        return zone is None or (zone.left <= x <= zone.right and zone.top <= y <= zone.bottom)


class Loop:
    """One camera's loop. `answer_s` is how long an answer is waited for, where it is waited for.

    With an `examiner`, who is near is asked for signs of life first, and handed in when that has ended.

    A clip stands still until its captures are answered, so that what happens does not depend on how fast this
    machine reads it: in the clip's own time, answers come at once. A live camera goes on meanwhile.
    """

    def __init__(
        self,
        kiosk_id: str,
        detector: Detector,
        outbox: Outbox,
        *,
        live: bool,
        answer_s: float = 10.0,
        attention: Attention | None = None,
        patience: Patience | None = None,
        tracker: Tracker | None = None,
        gate: MotionGate | None = None,
        counts: Counts | None = None,
        examiner: Examiner | None = None,
        new_id: Callable[[], str] = new_capture_id,
    ) -> None:
        self.counts = counts or Counts()
        self._kiosk_id = kiosk_id
        self._detector = detector
        self._outbox = outbox
        self._live = live
        self._answer_s = answer_s
        self._attention = attention or Attention()
        self._patience = patience or Patience()
        self._tracker = tracker or Tracker()
        self._gate = gate or MotionGate()
        self._examiner = examiner
        self._prompt: str | None = None
        self._new_id = new_id
        self._faces: Sequence[Detection] = ()
        self._visits: dict[int, Visit] = {}
        self._asked: set[str] = set()  # captures that are waited for
        self._time_s = 0.0

    @property
    def visits(self) -> Sequence[Visit]:
        """Everybody in front of the camera."""
        return tuple(visit for visit in self._visits.values() if visit.counts)

    def step(self, frame: Frame) -> Sequence[Event]:
        """Look at one frame, hand in what is due, hear what was answered."""
        self.counts.frames += 1
        self._time_s = frame.time_s
        events: list[Event] = []
        change = self._gate.look(frame.image)
        if change is Change.CUT:
            events += self._part(self._tracker.end_all())
        if change is not Change.NONE:
            self._faces = self._detector.detect(frame.image)
        update = self._tracker.update(self._present(frame.image), frame.time_s)
        for track, face in update.present:
            visit = self._meet(track, face)
            if self._attention.is_in_zone(face, frame.image):
                self._notice(visit)
                if change is not Change.NONE:
                    self._judge(visit, frame)
        events += self._part(update.ended)
        ready = [visit for visit in self.visits if self._is_examined(visit)]
        events += self._hand_in([(visit, visit.best.due(frame.time_s)) for visit in ready])
        events += self._say_prompt()
        events += self.hear(wait=not self._live)
        return events

    def hear(self, *, wait: bool = False) -> Sequence[Event]:
        """Take in the answers that have come; if need be, wait for everything that was asked."""
        events = [self._take(answer) for answer in self._outbox.answers()]
        while wait and self._asked:
            answers = self._outbox.answers(timeout_s=self._answer_s)
            if not answers:
                break
            events += [self._take(answer) for answer in answers]
        return events

    def finish(self) -> Sequence[Event]:
        """The source has ended: hand in those who were still here, and hear the answers."""
        return [*self._part(self._tracker.end_all()), *self._say_prompt(), *self.hear(wait=True)]

    @property
    def prompt(self) -> str | None:
        """What whoever stands there is asked for, as a sign of life."""
        return self._prompt

    def _is_examined(self, visit: Visit) -> bool:
        """Whether nothing more is asked of them as a sign of life; asks it, with the face of this frame."""
        if self._examiner is None:
            return True
        track_id = visit.track.track_id
        if visit.face.landmarks and visit.track.last_seen_s == self._time_s:
            self._examiner.look(track_id, visit.face.landmarks, self._time_s)
        result = self._examiner.result(track_id)
        visit.liveness = result or visit.liveness
        return result is not None

    def _say_prompt(self) -> Sequence[Event]:
        prompt = self._examiner.prompt if self._examiner else None
        if prompt == self._prompt:
            return ()
        self._prompt = prompt
        return (Prompted(prompt),)

    def _present(self, image: Image) -> Sequence[Detection]:
        """The faces found, and those not found again although nothing changed where they are.

        They have not gone: without them a poster that is found now and then would be another visit each
        time, and paid for.
        """
        height, width = image.shape[:2]
        overlooked = [
            visit.face
            for visit in self._visits.values()
            if visit.is_certain
            and not any(face.box.overlap(visit.face.box).area for face in self._faces)
            and self._gate.is_as_in(visit.scene, visit.face.box.divided(width, height))
        ]
        return [*self._faces, *overlooked]

    def _meet(self, track: Track, face: Detection) -> Visit:
        visit = self._visits.get(track.track_id)
        if visit is None:
            best: BestShot[Image] = BestShot(self._time_s, self._patience)
            visit = self._visits[track.track_id] = Visit(track, best, face, self._gate.scene)
        elif face is not visit.face:
            visit.face, visit.scene = face, self._gate.scene
        visit.track = track
        return visit

    def _notice(self, visit: Visit) -> None:
        """Take note of a face in the zone."""
        counted = visit.counts
        visit.came_s = visit.came_s if visit.frames else self._time_s
        visit.left_s = self._time_s
        visit.frames += 1
        visit.largest_px = max(visit.largest_px, visit.face.box.width, visit.face.box.height)
        if not visit.is_near and visit.largest_px >= self._attention.min_face_px:
            visit.is_near = True
            visit.best = BestShot(self._time_s, self._patience)
        self.counts.tracks += visit.counts and not counted

    def _judge(self, visit: Visit, frame: Frame) -> None:
        face = visit.face
        is_small = max(face.box.width, face.box.height) < self._attention.min_face_px
        if is_small or visit.best.settled:
            return
        score = quality(frame.image, face).score
        is_sure = score >= self._patience.good or face.score >= SURE_SCORE
        if not visit.best.wants(score) or not (is_sure or visit.is_worth_a_look(score, frame.time_s)):
            return
        others = [other.box for other in self._faces if other is not face]
        visit.looks += not is_sure
        wait_s = NOT_FOUND_S if visit.looks < MANY_LOOKS else NEVER_FOUND_S
        for is_wide in (False, True):
            crop = head_and_shoulders(frame.image, face.box, others, is_wide=is_wide)
            # Who would leave without any picture is worth what it costs.
            if is_sure or self._is_found_in(
                crop, thoroughly=is_wide and visit.is_long and not visit.best.score
            ):
                visit.best.offer(score, crop, frame.time_s)
                wait_s = FOUND_S
                break
        visit.look_again_s = frame.time_s + wait_s

    def _is_found_in(self, crop: Image, *, thoroughly: bool) -> bool:
        """Whether what would be handed in shows a face; whoever recognizes it sees no more than that."""
        picture = decode_picture(encode_jpeg(crop))
        return picture is not None and self._detector.shows_face(picture, thoroughly=thoroughly)

    def _part(self, ended: Sequence[Track]) -> Sequence[Event]:
        visits = [self._visits.pop(track.track_id) for track in ended]
        if self._examiner:
            for visit in visits:
                visit.liveness = self._examiner.leave(visit.track.track_id)
        near = [visit for visit in visits if visit.counts]
        far = [visit for visit in visits if visit.is_certain and visit.is_long and not visit.is_near]
        shots = [(visit, visit.best.leaving(as_they_are=visit.is_long)) for visit in near]
        unclear = [visit for visit in near if visit.is_long and not visit.best.was_asked]
        self.counts.too_far += len(far)
        self.counts.too_unclear += len(unclear)
        return [
            *self._hand_in(shots),
            *(TooUnclear(_origin(visit)) for visit in unclear),
            *(
                TooFar(_origin(visit), round(visit.largest_px), round(self._attention.min_face_px))
                for visit in far
            ),
        ]

    def _hand_in(self, due: Sequence[tuple[Visit, Shot[Image] | None]]) -> Sequence[Event]:
        return [self._capture(visit, shot) for visit, shot in due if shot is not None]

    def _capture(self, visit: Visit, shot: Shot[Image]) -> Event:
        capture = Capture(
            self._new_id(),
            self._kiosk_id,
            encode_jpeg(shot.picture),
            _origin(visit),
            shot.score,
            visit.liveness,
        )
        try:
            self._outbox.hand_in(capture)
        except OSError as error:
            visit.best.unanswered(self._time_s)
            return NotKept(capture.origin, f"the picture could not be kept: {error.strerror or error}")
        self.counts.captures += 1
        self._asked.add(capture.capture_id)
        visit.captures.append(capture.capture_id)
        return Captured(capture, self._time_s)

    def _take(self, answer: Answer) -> Event:
        capture_id, sighting = answer.capture_id, answer.sighting
        self._asked.discard(capture_id)
        self.counts.sightings += sighting is not None
        visit = next((visit for visit in self._visits.values() if capture_id in visit.captures), None)
        if visit is not None:
            visit.sighting = sighting or visit.sighting
            outcome = sighting.outcome if sighting and sighting.status == "done" else None
            if outcome and outcome not in ASKS_MORE:
                visit.best.answered(asks_more=False)
            elif capture_id == visit.captures[-1]:  # else a later picture of theirs is asked about
                visit.best.answered(asks_more=True) if outcome else visit.best.unanswered(self._time_s)
        return Answered(answer)


def _origin(visit: Visit) -> str:
    return f"track {visit.track.track_id}"
