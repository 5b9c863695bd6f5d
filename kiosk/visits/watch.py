"""A camera and a loop running together: frames in, events out, until the source ends."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from kiosk.vision.camera import Camera
from kiosk.vision.frame import Frame
from kiosk.visits.events import CameraTrouble, Event
from kiosk.visits.loop import Loop


class Onlooker(Protocol):
    """Something that shows how the kiosk is doing: a window, a status file."""

    def look(self, frame: Frame | None, camera: Camera, loop: Loop) -> None:
        """Called after every frame, and each second without one."""


def watch(camera: Camera, loop: Loop, onlookers: Sequence[Onlooker] = ()) -> Iterator[Event]:
    """Everything that happens in front of a camera. That a camera is lost, or back, is said once."""
    trouble = None
    for frame in camera:
        if camera.trouble != trouble:
            trouble = camera.trouble
            yield CameraTrouble(trouble)
        if frame is None:
            yield from loop.hear()
        else:
            yield from loop.step(frame)
        loop.counts.dropped_frames = camera.dropped
        for onlooker in onlookers:
            onlooker.look(frame, camera, loop)
    yield from loop.finish()
