"""What `--source` means: picture files, a clip, or a camera of one kind or another."""

import re
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import cv2

from kiosk.vision.camera import Camera, SourceUnusable, View
from kiosk.vision.clip import Clip
from kiosk.vision.live import LiveCamera, Video
from kiosk.vision.mjpeg import MjpegStream

# Told by name, because FFmpeg takes text files and single pictures for clips too.
_CLIPS = {
    ".3gp", ".avi", ".flv", ".gif", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".ogv", ".ts", ".webm", ".wmv",
}  # fmt: skip
_URL = re.compile(r"[a-z][a-z0-9+]+://", re.IGNORECASE)
_TIMEOUT_MS = 8_000


def is_live(source: str) -> bool:
    """Whether `--source` is a camera, a URL or standard input: its frames come when they come."""
    return source == "-" or source.isdigit() or bool(_URL.match(source)) or Path(source).is_char_device()


def still_pictures(source: str) -> list[Path] | None:
    """The picture files that `source` names, in order of name, or None when it is a clip.

    Raises `SourceUnusable` for a path that does not exist or an empty folder.
    """
    path = Path(source)
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        if not files:
            raise SourceUnusable(f"the folder {source} holds no pictures")
        return files
    if not path.is_file():
        named = _without_password(source)
        raise SourceUnusable(
            f"there is no {named}; give a picture, a folder, a clip, a camera's number such as 0, or a URL"
        )
    return None if path.suffix.lower() in _CLIPS else [path]


def _without_password(source: str) -> str:
    return re.sub(r":[^/@:]*@", ":...@", source)


def open_source(source: str, view: View) -> AbstractContextManager[Camera]:
    """The clip, camera, stream behind a URL, or MJPEG on standard input, to be used in a `with` statement.

    Raises `SourceUnusable` for a clip that cannot be read; a live source that is not there is waited for.
    """
    if not is_live(source):
        return Clip(Path(source), view)
    if source == "-":
        return LiveCamera(lambda: MjpegStream(sys.stdin.buffer), name="standard input", view=view, ends=True)
    if source.isdigit() or source.startswith("/dev/"):
        name = f"camera {source}"
        return LiveCamera(lambda: _device(source, view.size), name=name, view=view)
    return LiveCamera(lambda: _url(source), name="the camera's stream", view=view)


def _device(source: str, size: tuple[int, int] | None) -> Video | None:
    video = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not video.isOpened():
        return None
    video.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # else the driver keeps old pictures for us
    if size:
        video.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        video.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    return video


def _url(source: str) -> Video | None:
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT_MS]
    video = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
    return video if video.isOpened() else None
