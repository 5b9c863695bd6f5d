"""New versions do the main job before traffic reaches them, or the deployment hears what they did wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest

from recognizeme.domain.errors import ServiceBusy, VersionFailed
from recognizeme.domain.model import Capture
from recognizeme.domain.picture import inspect
from recognizeme.domain.ports import UploadTicket
from recognizeme.usecases.rehearse import GREY_PNG, rehearse


@dataclass
class Versions:
    """New versions that answer what they are told to, in order; then as they should."""

    trouble: list[Exception | str | None] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def warm(self) -> None:
        self.calls.append("warm")

    def recognize_stored(self, photo_key: str) -> str | None:
        return self._answer(f"stored {photo_key}")

    def recognize_now(self, capture: Capture, picture: bytes) -> str | None:
        return self._answer(f"now {capture.kiosk_id}")

    def look_up(self, capture: Capture) -> str | None:
        return self._answer("look up")

    def _answer(self, call: str) -> str | None:
        self.calls.append(call)
        said = self.trouble.pop(0) if self.trouble else "no_face"
        if isinstance(said, Exception):
            raise said
        return said


@dataclass
class Photos:
    """The keys that were written."""

    written: list[str] = field(default_factory=list)

    def write(self, key: str, picture: bytes, content_type: str, *, busy_s: float = 0.0) -> None:
        self.written.append(key)

    def read(self, key: str) -> bytes:
        raise NotImplementedError

    def ticket(self, key: str, content_type: str, *, max_bytes: int, expires_at: datetime) -> UploadTicket:
        raise NotImplementedError

    def link(self, key: str, *, expires_at: datetime) -> str:
        raise NotImplementedError

    def keys(self, prefix: str) -> Iterator[str]:
        raise NotImplementedError

    def delete(self, keys: Iterable[str]) -> int:
        raise NotImplementedError

    def write_new(self, key: str, picture: bytes, content_type: str) -> bool:
        raise NotImplementedError

    def folders(self, prefix: str) -> frozenset[str]:
        raise NotImplementedError

    def delete_below(self, prefixes: Iterable[str], *, before: object = len) -> int:
        raise NotImplementedError

    def count_below(self, prefix: str) -> int:
        raise NotImplementedError


def rehearsed(
    versions: Versions, photos: Photos | None = None, pauses: list[float] | None = None
) -> list[str]:
    numbers = count()
    return rehearse(
        versions,
        photos=photos or Photos(),
        now=lambda: datetime(2026, 11, 24, tzinfo=UTC),
        sleep=(pauses if pauses is not None else []).append,
        randomness=lambda size: (next(numbers) << 8).to_bytes(size),
    )


def test_versions_that_see_nobody_in_the_grey_picture_pass_at_once() -> None:
    versions, photos, pauses = Versions(), Photos(), list[float]()

    assert rehearsed(versions, photos, pauses) == []
    (key,) = photos.written
    assert versions.calls == ["warm", f"stored {key}", "now rehearsal", "look up"]
    assert pauses == []


def test_a_version_that_says_something_else_three_times_is_named() -> None:
    versions = Versions(["no_face", "unknown", "no_face"] * 3)

    assert rehearsed(versions) == ["door, of a picture handed in, said 'unknown'"]


@pytest.mark.parametrize(
    "trouble", [ServiceBusy("S3 is busy"), VersionFailed("door raised"), "rejected", None]
)
def test_what_goes_wrong_once_is_tried_again_with_other_captures(trouble: Exception | str | None) -> None:
    versions, photos, pauses = Versions([trouble]), Photos(), list[float]()

    assert rehearsed(versions, photos, pauses) == []
    assert len(set(photos.written)) == 2
    assert pauses == [2.0]


def test_a_version_that_always_raises_fails_the_rehearsal_with_its_reason() -> None:
    versions = Versions([VersionFailed("recognition raised KeyError; its log says why")] * 3)

    assert rehearsed(versions) == ["recognition raised KeyError; its log says why"]


def test_the_picture_is_one_that_rekognition_takes() -> None:
    assert inspect(GREY_PNG).content_type == "image/png"
