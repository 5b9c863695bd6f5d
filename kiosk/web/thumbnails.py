"""Small pictures of visits: the face and what is around it, made once for each viewer, kept for a while."""

import io
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from PIL import Image, ImageOps

from kiosk.vision.picture_file import opened

SIDE_PX = 128
MAX_BYTES = 5000  # 50 on a page are 250 KB
_AROUND = 1.9  # of the face's height
_QUALITIES = (70, 55, 40, 25, 10)
_KEPT_S = 600.0  # whoever is forgotten meanwhile is not seen for longer
_MOST = 2000

Face = tuple[float, float, float, float]


def thumbnail(picture: bytes, face: Face | None) -> bytes:
    """A JPEG of `SIDE_PX` a side around the face (left, top, width, height in fractions), or the middle.

    Raises `UnusableFile`.
    """
    with opened(picture) as image:
        image.draft("RGB", (8 * SIDE_PX, 8 * SIDE_PX))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    small = upright.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS, box=_part(upright.size, face))
    for quality in _QUALITIES:
        written = io.BytesIO()
        small.save(written, "JPEG", quality=quality, optimize=True)
        if written.tell() <= MAX_BYTES:
            break
    return written.getvalue()


def _part(size: tuple[int, int], face: Face | None) -> tuple[float, float, float, float]:
    """The largest square within the picture that is no larger than it must be to show the face."""
    width, height = size
    side = float(min(size))
    x, y = width / 2, height * 0.45
    if face is not None:
        left, top, face_width, face_height = face
        side = min(side, max(8.0, _AROUND * max(face_width * width, face_height * height)))
        x, y = (left + face_width / 2) * width, (top + face_height / 2) * height
    left_px = min(max(0.0, x - side / 2), width - side)
    top_px = min(max(0.0, y - side / 2), height - side)
    return left_px, top_px, left_px + side, top_px + side


@dataclass
class Thumbnails:
    """Keeps the newest for ten minutes, each for whoever looked: another's look is one that is on record."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[tuple[str | None, str], tuple[float, bytes]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, viewer: str | None, capture_id: str, face: Face | None, fetch: Callable[[], bytes]) -> bytes:
        """The small picture; `fetch` gives the large one when it has to be made. Raises `UnusableFile`."""
        key, now_s = (viewer, capture_id), self.clock()
        with self._lock:
            made_at_s, small = self._kept.get(key, (0.0, b""))
            if small and now_s - made_at_s < _KEPT_S:
                return small
        small = thumbnail(fetch(), face)
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (now_s, small)
            while len(self._kept) > _MOST or now_s - next(iter(self._kept.values()))[0] >= _KEPT_S:
                self._kept.popitem(last=False)
        return small
