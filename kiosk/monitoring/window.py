"""A window with the camera's picture, a box around everybody, and who they are."""

import os
import sys
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from PIL import Image as Drawing
from PIL import ImageDraw, ImageFont

from kiosk.client.errors import KioskError
from kiosk.vision.camera import Camera
from kiosk.vision.frame import Frame, Image
from kiosk.visits.loop import Loop, Visit

_TITLE = "RecognizeMe"
_QUIT_KEYS = {ord("q"), 27}
_KNOWN, _UNKNOWN, _LOOKING = (80, 200, 90), (240, 170, 40), (200, 200, 200)  # RGB
_TEXT_PX = 20


class NoWindow(KioskError):
    """There is no place for a window; the text says what to do."""


class Window:
    """An onlooker that shows what the loop sees. Closing it, Escape or q ends the kiosk as Ctrl-C does."""

    def __init__(self, environ: Mapping[str, str] = os.environ, *, platform: str = sys.platform) -> None:
        """Raises `NoWindow` where no window can be made."""
        # Asked first, because without a display Qt ends the whole program.
        if platform == "linux" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
            raise NoWindow("there is no display here (DISPLAY is not set); leave --window out")
        try:
            cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise NoWindow(
                "this OpenCV has no windows: leave --window out, or see docs/kiosk.md for one that has"
            ) from error
        self._is_sized = False

    def look(self, frame: Frame | None, camera: Camera, loop: Loop) -> None:
        """Show the frame, and listen to the keyboard."""
        if frame is not None:
            if not self._is_sized:
                cv2.resizeWindow(_TITLE, frame.image.shape[1], frame.image.shape[0])
                self._is_sized = True
            cv2.imshow(_TITLE, annotated(frame.image, loop.visits, loop.prompt))
        is_closed = cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1
        if cv2.waitKey(1) & 0xFF in _QUIT_KEYS or is_closed:
            raise KeyboardInterrupt

    def close(self) -> None:
        """Take the window away."""
        cv2.destroyAllWindows()


def annotated(image: Image, visits: Sequence[Visit], prompt: str | None = None) -> Image:
    """A copy of the picture with a box and a label for each visit, and what is asked for below."""
    drawing = Drawing.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    pen, font = ImageDraw.Draw(drawing), ImageFont.load_default(_TEXT_PX)
    for visit in visits:
        box, colour = visit.track.box, _colour(visit)
        pen.rectangle((box.left, box.top, box.right, box.bottom), outline=colour, width=3)
        at = (box.left, max(0.0, box.top - _TEXT_PX - 6))
        pen.rectangle(pen.textbbox(at, _label(visit), font), fill=(0, 0, 0))
        pen.text(at, _label(visit), colour, font)
    if prompt:
        _write_below(drawing, pen, prompt)
    return cv2.cvtColor(np.asarray(drawing), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def _write_below(drawing: Drawing.Image, pen: ImageDraw.ImageDraw, prompt: str) -> None:
    """As large as fits, up to a tenth of the picture's height: it is read from where the person stands."""
    width, height = drawing.size
    size_px = height / 10
    size_px *= min(1.0, 0.95 * width / pen.textlength(prompt, ImageFont.load_default(size_px)))
    font, at = ImageFont.load_default(size_px), (width / 2, height - 8)
    pen.rectangle((0, height - size_px - 20, width, height), fill=(0, 0, 0))
    pen.text(at, prompt, (255, 255, 255), font, anchor="mb")


def _label(visit: Visit) -> str:
    sighting = visit.sighting
    if sighting is None:
        return "..."
    return sighting.name or sighting.person_id or str(sighting.outcome or sighting.status)


def _colour(visit: Visit) -> tuple[int, int, int]:
    if visit.sighting is None:
        return _LOOKING
    return _KNOWN if visit.sighting.outcome == "recognized" else _UNKNOWN
