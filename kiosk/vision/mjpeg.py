"""A stream of JPEG pictures one after another (what `ffmpeg -f mjpeg -` writes), cut into its pictures."""

from collections.abc import Iterator
from typing import BinaryIO

from kiosk.vision.frame import Image
from kiosk.vision.picture_file import decode_picture

# No camera's picture is larger; a stream that claims so is out of step.
LARGEST_PICTURE_BYTES = 16 * 1024 * 1024
_START, _SCAN, _END = 0xD8, 0xDA, 0xD9
_PLAIN = frozenset(
    {0x00, 0x01, *range(0xD0, 0xD8)}
)  # in a scan: stuffing and restart markers, without length


class MjpegSplitter:
    """Cuts bytes, in pieces of any size, into pictures; what lies between pictures is skipped.

    It walks the segments of ITU-T T.81 annex B by their lengths, so that a thumbnail inside a picture does
    not end it.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._at = 0  # how far the picture at the start of _bytes has been walked
        self._in_scan = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The pictures that this piece completes."""
        self._bytes += piece
        while (picture := self._next()) is not None:
            yield picture

    def _next(self) -> bytes | None:
        while self._find_start():
            end = self._walk()
            if end is None:
                return None
            if end > 0:
                picture = bytes(self._bytes[:end])
                self._drop(end)
                return picture
            self._drop(2)  # out of step: look for the next start
        return None

    def _find_start(self) -> bool:
        if self._at:
            return True
        start = self._bytes.find(b"\xff\xd8")
        if start < 0:
            del self._bytes[: max(0, len(self._bytes) - 1)]  # the last byte may be half a start
            return False
        del self._bytes[:start]
        self._at = 2
        return True

    def _walk(self) -> int | None:
        """Where the picture ends; None when that has not come yet, 0 when these bytes are no picture."""
        while True:
            if self._at > LARGEST_PICTURE_BYTES:
                return 0
            if self._in_scan:
                self._at = self._marker_in_scan()
            if len(self._bytes) < self._at + 2:
                return None
            if self._bytes[self._at] != 0xFF:
                return 0
            marker = self._bytes[self._at + 1]
            if marker == 0xFF:  # fill byte
                self._at += 1
            elif marker == _END:
                return self._at + 2
            elif marker == _START or (marker in _PLAIN and not self._in_scan):
                return 0
            elif marker in _PLAIN:
                self._at += 2
            elif not self._skip_segment(marker):
                return None

    def _marker_in_scan(self) -> int:
        found = self._bytes.find(b"\xff", self._at)
        return found if found >= 0 else len(self._bytes)

    def _skip_segment(self, marker: int) -> bool:
        if len(self._bytes) < self._at + 4:
            return False
        length = int.from_bytes(self._bytes[self._at + 2 : self._at + 4], "big")
        if len(self._bytes) < self._at + 2 + length:
            return False
        self._at += 2 + length
        self._in_scan = marker == _SCAN
        return True

    def _drop(self, count: int) -> None:
        del self._bytes[:count]
        self._at, self._in_scan = 0, False


class MjpegStream:
    """A pipe of JPEG pictures as a `Video`. Pictures that cannot be decoded are passed over."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._pictures: Iterator[bytes] = self._split()
        self._taken = b""

    def grab(self) -> bool:
        """Take the next picture off the pipe; False at its end."""
        self._taken = next(self._pictures, b"")
        return bool(self._taken)

    def retrieve(self) -> tuple[bool, Image | None]:
        """Decode the picture taken last."""
        while self._taken:
            image = decode_picture(self._taken)
            if image is not None:
                return True, image
            self.grab()
        return False, None

    def release(self) -> None:
        """Standard input is not ours to close."""

    def _split(self) -> Iterator[bytes]:
        splitter = MjpegSplitter()
        while piece := self._read():
            yield from splitter.feed(piece)

    def _read(self) -> bytes:
        read1 = getattr(self._pipe, "read1", self._pipe.read)  # what is there, without waiting for more
        piece: bytes = read1(1 << 16)
        return piece
