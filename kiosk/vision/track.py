"""Detections of one frame after another become tracks: one person's continuous presence. Pure, no OpenCV.

Each track's box is moved on with its own speed, and detections are given to tracks greedily by buffered IoU
(the IoU of boxes grown on every side; Yang et al. 2023, "C-BIoU"), which still holds on to somebody who moved
by more than a face between two frames. Going on in the direction they had is what keeps two people who cross
apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk.vision.frame import Box, Detection, Point

# How far boxes are grown before they are compared: at once, and for each second that a face was not seen.
GROWN_SHARE, GROWN_SHARE_PER_S, MOST_GROWN_SHARE = 0.3, 0.8, 1.0
LEAST_IOU = 0.1
# Nobody's face halves or doubles from one detection to the next: that is somebody else's.
LEAST_SCALE = 0.5
# A face that is not seen is expected to go on as it went for this long, and then to stand still.
COASTING_S = 0.4
# How much of a newly measured speed is believed; the rest is what was known before.
SPEED_GAIN = 0.5


@dataclass(frozen=True, slots=True)
class Track:
    """One person in front of the camera. `seen` counts detections; speed is in pixels a second."""

    track_id: int
    box: Box
    first_seen_s: float
    last_seen_s: float
    speed: Point = (0.0, 0.0)
    seen: int = 1

    def predict(self, time_s: float) -> Box:
        """Where the face should be at a time after it was last seen."""
        coasted_s = min(time_s - self.last_seen_s, COASTING_S)
        return self.box.moved(self.speed[0] * coasted_s, self.speed[1] * coasted_s)

    def closeness(self, box: Box, time_s: float) -> float:
        """How well a detection fits, 0 to 1: the IoU of both boxes, grown; 0 for a face of another size."""
        if min(self.box.area, box.area) < LEAST_SCALE**2 * max(self.box.area, box.area):
            return 0.0
        missed_s = time_s - self.last_seen_s
        share = min(GROWN_SHARE + GROWN_SHARE_PER_S * missed_s, MOST_GROWN_SHARE)
        return self.predict(time_s).grown(share).iou(box.grown(share))

    def updated(self, box: Box, time_s: float) -> "Track":
        """The track with one more detection."""
        passed_s = time_s - self.last_seen_s
        speed = self.speed
        if passed_s > 0:
            (x, y), (was_x, was_y) = box.centre, self.box.centre
            gain = SPEED_GAIN if self.seen > 1 else 1.0
            speed = (
                speed[0] + gain * ((x - was_x) / passed_s - speed[0]),
                speed[1] + gain * ((y - was_y) / passed_s - speed[1]),
            )
        return replace(self, box=box, last_seen_s=time_s, speed=speed, seen=self.seen + 1)


@dataclass(frozen=True, slots=True)
class TrackUpdate:
    """What one frame did to the tracks: `present` are those seen in it, `ended` those gone for too long."""

    present: Sequence[tuple[Track, Detection]]
    ended: Sequence[Track]


class Tracker:
    """Follows everybody in front of one camera. A track ends when it was not seen for `max_age_s`."""

    def __init__(self, *, max_age_s: float = 1.5) -> None:
        self._max_age_s = max_age_s
        self._tracks: dict[int, Track] = {}
        self._next_id = 1

    @property
    def tracks(self) -> Sequence[Track]:
        """Everybody who is here, or was a moment ago."""
        return tuple(self._tracks.values())

    def update(self, detections: Sequence[Detection], time_s: float) -> TrackUpdate:
        """Give a frame's detections to tracks: each to one, each track at most one. Times never go back."""
        ended = self._end(time_s)
        pairs = self._pairs(detections, time_s)
        present = []
        for index, detection in enumerate(detections):
            known = pairs.get(index)
            track = known.updated(detection.box, time_s) if known else self._begin(detection.box, time_s)
            self._tracks[track.track_id] = track
            present.append((track, detection))
        return TrackUpdate(present, ended)

    def end_all(self) -> Sequence[Track]:
        """Nobody is here any more: the source has ended."""
        ended = self.tracks
        self._tracks.clear()
        return ended

    def _pairs(self, detections: Sequence[Detection], time_s: float) -> dict[int, Track]:
        candidates = sorted(
            (
                (track.closeness(detection.box, time_s), index, track)
                for track in self._tracks.values()
                for index, detection in enumerate(detections)
            ),
            key=lambda candidate: (-candidate[0], candidate[1], candidate[2].track_id),
        )
        pairs: dict[int, Track] = {}
        taken: set[int] = set()
        for closeness, index, track in candidates:
            if closeness >= LEAST_IOU and index not in pairs and track.track_id not in taken:
                pairs[index] = track
                taken.add(track.track_id)
        return pairs

    def _begin(self, box: Box, time_s: float) -> Track:
        track = Track(self._next_id, box, time_s, time_s)
        self._next_id += 1
        return track

    def _end(self, time_s: float) -> Sequence[Track]:
        ended = [track for track in self._tracks.values() if time_s - track.last_seen_s > self._max_age_s]
        for track in ended:
            del self._tracks[track.track_id]
        return ended
