"""The kiosk's loop: camera -> detect -> track -> best shot -> hand in -> answer, one frame a `step`.

Picture files do not come here: each of them is one visit, see stills.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kiosk.client.capture_id import new_capture_id
from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture, Outbox
from kiosk.vision.best_shot import BestShot, Patience, Shot
from kiosk.vision.crop import encode_jpeg, head_and_shoulders
from kiosk.vision.detect import Detector
from kiosk.vision.frame import Box, Detection, Frame, Image
from kiosk.vision.motion import Change, MotionGate, Scene
from kiosk.vision.quality import quality
from kiosk.vision.track import Track, Tracker
from kiosk.visits.events import Answered, Captured, Counts, Event, NotKept

# A face counts from its second frame on: what a detector sees wrongly, it mostly sees once.
CONFIRMED_FRAMES = 2
# Outcomes that a better picture of the same person may change; recognized, no_face and rejected stand.
ASKS_MORE = frozenset({"unknown", "uncertain"})


@dataclass(slots=True)
class Visit:
    """What is known about one track beside where it is."""

    track: Track
    best: BestShot[Image]
    face: Detection
    scene: Scene
    """The gate's scene in which `face` was last seen."""
    sighting: Sighting | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """Which faces count: those with their middle in `zone` (fractions of the picture) and large enough."""

    zone: Box | None = None
    min_face_px: float = 40.0

    def holds(self, face: Detection, image: Image) -> bool:
        """Whether this face of this picture counts."""
        if max(face.box.width, face.box.height) < self.min_face_px:
            return False
        height, width = image.shape[:2]
        x, y = face.box.centre[0] / width, face.box.centre[1] / height
        zone = self.zone
        return zone is None or (zone.left <= x <= zone.right and zone.top <= y <= zone.bottom)


class Loop:
    """One camera's loop. `answer_s` is how long an answer is waited for, where it is waited for.

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
        self._new_id = new_id
        self._faces: Sequence[Detection] = ()
        self._visits: dict[int, Visit] = {}
        self._asked: dict[str, int] = {}  # capture id -> track id, until the answer

    @property
    def visits(self) -> Sequence[Visit]:
        """Everybody in front of the camera."""
        return tuple(visit for visit in self._visits.values() if visit.track.seen >= CONFIRMED_FRAMES)

    def step(self, frame: Frame) -> Sequence[Event]:
        """Look at one frame, hand in what is due, hear what was answered."""
        self.counts.frames += 1
        events: list[Event] = []
        change = self._gate.look(frame.image)
        if change is Change.CUT:
            events += self._part(self._tracker.end_all(), frame.time_s)
        if change is not Change.NONE:
            self._faces = self._detector.detect(frame.image)
        followed = self._tracker.follow(self._present(frame.image), frame.time_s)
        for track, face in followed.present:
            self._meet(track, face)
            if change is not Change.NONE:
                self._judge(track, face, frame)
        events += self._part(followed.ended, frame.time_s)
        due = [(visit, visit.best.due(frame.time_s)) for visit in self.visits]
        events += self._hand_in(due, frame.time_s)
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

    def finish(self, time_s: float) -> Sequence[Event]:
        """The source has ended: hand in those who were still here, and hear the answers."""
        return [*self._part(self._tracker.end_all(), time_s), *self.hear(wait=True)]

    def _present(self, image: Image) -> Sequence[Detection]:
        """The faces that count, and those not found again although nothing changed where they are.

        They have not gone: without them a poster that is found now and then would be another visit each
        time, and paid for.
        """
        found = [face for face in self._faces if self._attention.holds(face, image)]
        height, width = image.shape[:2]
        overlooked = [
            visit.face
            for visit in self.visits
            if not any(face.box.overlap(visit.face.box).area for face in found)
            and self._gate.is_as_in(visit.scene, visit.face.box.divided(width, height))
        ]
        return [*found, *overlooked]

    def _meet(self, track: Track, face: Detection) -> None:
        visit = self._visits.get(track.track_id)
        if visit is None:
            best: BestShot[Image] = BestShot(track.first_seen_s, self._patience)
            self._visits[track.track_id] = Visit(track, best, face, self._gate.scene)
        elif face is not visit.face:
            visit.track, visit.face, visit.scene = track, face, self._gate.scene
        else:
            visit.track = track
        self.counts.tracks += track.seen == CONFIRMED_FRAMES

    def _judge(self, track: Track, face: Detection, frame: Frame) -> None:
        best = self._visits[track.track_id].best
        if best.settled:
            return
        score = quality(frame.image, face).score
        if best.wants(score):
            others = [other.box for other in self._faces if other is not face]
            best.offer(score, head_and_shoulders(frame.image, face.box, others), frame.time_s)

    def _part(self, ended: Sequence[Track], time_s: float) -> Sequence[Event]:
        visits = [self._visits.pop(track.track_id) for track in ended]
        seen = [visit for visit in visits if visit.track.seen >= CONFIRMED_FRAMES]
        return self._hand_in([(visit, visit.best.leaving()) for visit in seen], time_s)

    def _hand_in(self, due: Sequence[tuple[Visit, Shot[Image] | None]], time_s: float) -> Sequence[Event]:
        return [self._capture(visit, shot, time_s) for visit, shot in due if shot is not None]

    def _capture(self, visit: Visit, shot: Shot[Image], time_s: float) -> Event:
        track_id = visit.track.track_id
        capture = Capture(
            self._new_id(), self._kiosk_id, encode_jpeg(shot.picture), f"track {track_id}", shot.score
        )
        try:
            self._outbox.hand_in(capture)
        except OSError as error:
            visit.best.answered(asks_more=True)  # a clearly better picture is tried again
            return NotKept(capture.origin, f"the picture could not be kept: {error.strerror or error}")
        self.counts.captures += 1
        self._asked[capture.capture_id] = track_id
        return Captured(capture, time_s)

    def _take(self, answer: Answer) -> Event:
        track_id = self._asked.pop(answer.capture_id, None)
        self.counts.sightings += answer.sighting is not None
        visit = self._visits.get(track_id) if track_id is not None else None
        if visit is not None:
            visit.sighting = answer.sighting
            outcome = answer.sighting.outcome if answer.sighting else None
            visit.best.answered(asks_more=outcome in ASKS_MORE)
        return Answered(answer)
