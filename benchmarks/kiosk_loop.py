"""The kiosk's loop against its detector alone, an empty door against a busy one, too fast a camera.

    .venv/bin/python -m benchmarks.kiosk_loop

Both read the clip from its file, a thread ahead. The loop follows, judges, crops and puts its captures on
this disk besides, and its detector looks at every frame (the motion gate is held open), so that the gate does
not flatter it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.kiosk_scenes import STAGE, KeptAndAnswered, empty_door, images_of, write_clip
from benchmarks.report import Row, publish
from kiosk.vision.camera import View
from kiosk.vision.clip import Clip
from kiosk.vision.detect import Detector, YuNet
from kiosk.vision.frame import Detection, Image
from kiosk.vision.live import LiveCamera
from kiosk.vision.motion import MotionGate
from kiosk.visits.loop import Loop
from kiosk.visits.watch import watch

ALWAYS_OPEN = 0.0
ROUNDS = 11


class Camera:
    """Pictures from memory at a steady rate, as a driver hands them out."""

    def __init__(self, images: list[Image], fps: float, seconds: float) -> None:
        self._images, self._frame_s, self._left = images, 1 / fps, round(fps * seconds)
        self._next_s = time.monotonic()

    def grab(self) -> bool:
        """Wait for the next picture's time."""
        self._next_s += self._frame_s
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._left -= 1
        return self._left >= 0

    def retrieve(self) -> tuple[bool, Image]:
        """The picture."""
        return True, self._images[self._left % len(self._images)]

    def release(self) -> None:
        """Nothing to let go of."""


def play(clip: Path, detector: Detector, folder: Path, gate: MotionGate) -> int:
    outbox = KeptAndAnswered(folder)
    with Clip(clip, View()) as camera:
        loop = Loop("bench", detector, outbox, live=False, gate=gate)
        for _ in watch(camera, loop):
            pass
    outbox.spool.close()
    return loop.counts.frames


def detect_alone(clip: Path, detector: Detector) -> int:
    with Clip(clip, View()) as camera:
        return sum(detector.detect(frame.image) is not None for frame in camera)


def timed_s(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def against_the_detector(clip: Path, detector: Detector, folder: Path) -> Row:
    loop_s, detector_s = [], []
    for _ in range(ROUNDS):  # in turn, so that a busy machine is busy for both
        loop_s.append(timed_s(lambda: play(clip, detector, folder, MotionGate(least_change=ALWAYS_OPEN))))
        detector_s.append(timed_s(lambda: detect_alone(clip, detector)))
    frames = detect_alone(clip, detector)
    fps, alone_fps = frames / statistics.median(loop_s), frames / statistics.median(detector_s)
    ratio = statistics.median(alone / whole for alone, whole in zip(detector_s, loop_s, strict=True))
    return Row(
        f"whole loop against {detector.name} alone, {clip.name}",
        f"{fps:.0f} frames/s",
        f"{alone_fps:.0f} frames/s",
        f"{ratio:.2f}",
        ">= 0.9",
        ratio >= 0.9,
    )


def empty_against_busy(detector: Detector, folder: Path) -> Row:
    """Both as Motion JPEG of 640x360, because the reading costs the same then."""
    busy = images_of(STAGE)
    height, width = busy[0].shape[:2]
    quiet_clip = write_clip(folder / "empty.avi", empty_door(width, height, frames=len(busy)), 30)
    busy_clip = write_clip(folder / "busy.avi", busy, 30)
    cpu_ms: dict[Path, list[float]] = {quiet_clip: [], busy_clip: []}
    for _ in range(4):
        for clip, spent in cpu_ms.items():
            began = time.process_time()
            frames = play(clip, detector, folder, MotionGate())
            spent.append((time.process_time() - began) / frames * 1000)
    quiet_ms, busy_ms = (statistics.median(spent[1:]) for spent in cpu_ms.values())
    ratio = quiet_ms / busy_ms
    return Row(
        "CPU a frame, an empty door against a busy stage",
        f"{quiet_ms:.2f} ms",
        f"{busy_ms:.2f} ms",
        f"{ratio:.2f}",
        "<= 0.2",
        ratio <= 0.2,
    )


class Slowed:
    """A detector on a machine that is too slow for its camera."""

    name = "a detector"

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def detect(self, image: Image) -> Sequence[Detection]:
        """See Detector."""
        time.sleep(0.15)
        return self._detector.detect(image)

    def shows_face(self, image: Image, *, thoroughly: bool = False) -> bool:
        """See Detector."""
        return self._detector.shows_face(image, thoroughly=thoroughly)


def age_of_frames(detector: Detector, fps: float, folder: Path) -> Row:
    outbox = KeptAndAnswered(folder)
    ages_s, worked_s = [], []
    images = images_of(STAGE)
    with LiveCamera(lambda: Camera(images, fps, seconds=8), name="bench", ends=True) as camera:
        loop = Loop("bench", detector, outbox, live=True, gate=MotionGate(least_change=ALWAYS_OPEN))
        for frame in camera:
            if frame is not None:
                began = time.monotonic()
                ages_s.append(began - frame.time_s)
                loop.step(frame)
                worked_s.append(time.monotonic() - began)
    outbox.spool.close()
    age_s, work_ms = float(np.percentile(ages_s, 95)), statistics.median(worked_s) * 1000
    return Row(
        f"age of the frame worked on, {fps:.0f} frames/s, {detector.name} of {work_ms:.0f} ms",
        f"{age_s * 1000:.1f} ms (95th percentile)",
        f"{1000 / fps:.1f} ms a frame",
        f"{age_s * fps:.2f} frame times",
        "< 2",
        age_s * fps < 2 and camera.dropped > 0,
    )


def main() -> None:
    detector = YuNet()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            against_the_detector(STAGE, detector, folder),
            empty_against_busy(detector, folder),
            age_of_frames(Slowed(detector), 30, folder),
            age_of_frames(detector, 200, folder),
        ]
    publish("kiosk_loop", rows)


if __name__ == "__main__":
    main()
