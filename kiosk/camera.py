"""Where pictures come from: what `--source` means, and clips and cameras as streams of frames."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from kiosk.frame import Frame, Image

# Told by name, because FFmpeg takes text files and single pictures for clips too.
_CLIPS = {
    ".3gp", ".avi", ".flv", ".gif", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".ogv", ".ts", ".webm", ".wmv",
}  # fmt: skip
_USUAL_FPS = 25.0


class CameraError(Exception):
    """A source that cannot be used; the text is one sentence that says what to do."""


def still_pictures(source: str) -> list[Path] | None:
    """The picture files that `source` names, in order of name, or None when it is a clip, camera or URL.

    Raises `CameraError` for a path that does not exist or an empty folder.
    """
    if source == "-" or source.isdigit() or re.match(r"[a-z][a-z0-9+]+://", source, re.IGNORECASE):
        return None
    path = Path(source)
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        if not files:
            raise CameraError(f"the folder {source} holds no pictures")
        return files
    if path.is_char_device():  # /dev/video0
        return None
    if not path.is_file():
        raise CameraError(
            f"there is no {source}; give a picture, a folder, a clip, a camera's number such as 0, or a URL"
        )
    return None if path.suffix.lower() in _CLIPS else [path]


class Clip:
    """Every frame of a video file, in its own time."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Frame]:
        """The frames; raises `CameraError` when OpenCV cannot read the file."""
        video = cv2.VideoCapture(self._path)
        try:
            if not video.isOpened():
                raise CameraError(f"{self._path} is no video that OpenCV can read")
            fps = video.get(cv2.CAP_PROP_FPS) or _USUAL_FPS
            index = 0
            while (image := _read(video)) is not None:
                yield Frame(image, index / fps, index)
                index += 1
        finally:
            video.release()


def _read(video: cv2.VideoCapture) -> Image | None:
    ok, image = video.read()
    return image.astype(np.uint8, copy=False) if ok else None
