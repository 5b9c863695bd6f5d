"""Picture files: each of them one visit, whatever is in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture
from kiosk.vision.crop import CROP_PX, STILL_PX
from kiosk.vision.detect import YuNet
from kiosk.vision.picture_file import MAX_BYTES, decode_picture
from kiosk.visits.events import Answered, Captured, Counts, Event, NotKept
from kiosk.visits.stills import play, still_to_hand_in
from tests.kiosk.pictures import astronaut, jpeg, room


@dataclass
class Kept:
    """An outbox that first answers something older, and the capture when it is asked again."""

    captures: list[Capture] = field(default_factory=list)
    asked: int = 0

    def hand_in(self, capture: Capture) -> None:
        self.captures.append(capture)

    def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
        self.asked += 1
        if self.asked == 1:
            return [Answer("of an earlier run", None, late=True, trouble="too late")]
        capture_id = self.captures[-1].capture_id
        return [Answer(capture_id, Sighting(capture_id, "door", "", "done", "unknown"))]


def played(files: Sequence[Path], outbox: Kept | None = None) -> tuple[list[Event], Counts, Kept]:
    outbox, counts = outbox or Kept(), Counts()
    return list(play(files, "door", YuNet(), outbox, answer_s=1, counts=counts)), counts, outbox


def test_a_portrait_becomes_a_crop_of_head_and_shoulders() -> None:
    crop = decode_picture(still_to_hand_in(jpeg(astronaut()), YuNet()))
    assert crop is not None
    assert max(crop.shape) == CROP_PX
    assert len(YuNet().detect(crop)) == 1


def test_a_picture_without_a_face_is_handed_in_whole_but_smaller() -> None:
    picture = decode_picture(still_to_hand_in(jpeg(room(2000, 1000)), YuNet()))
    assert picture is not None
    assert picture.shape == (STILL_PX // 2, STILL_PX, 3)


def test_the_largest_of_two_faces_is_handed_in() -> None:
    """The larger one stands on the right, in blue light."""
    pair = np.zeros((768, 512 + 768, 3), np.uint8)
    pair[:512, :512] = astronaut()
    pair[:, 512:] = cv2.resize(astronaut(), (768, 768)) // np.array([1, 2, 2], np.uint8)
    crop = decode_picture(still_to_hand_in(jpeg(pair), YuNet()))
    assert crop is not None
    blue, _, red = crop.reshape(-1, 3).mean(axis=0)
    assert blue > 1.3 * red


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff", jpeg(room())[:40]])
def test_what_is_no_picture_is_handed_in_as_it_is(data: bytes) -> None:
    assert still_to_hand_in(data, YuNet()) == data


def test_every_file_is_a_visit_with_one_capture_and_one_answer(tmp_path: Path) -> None:
    for name, data in (("a.jpg", jpeg(astronaut())), ("b.txt", b"no picture"), ("c.png", jpeg(room()))):
        (tmp_path / name).write_bytes(data)
    events, counts, outbox = played(sorted(tmp_path.iterdir()))
    assert [capture.origin for capture in outbox.captures] == ["a.jpg", "b.txt", "c.png"]
    assert [type(event) for event in events[1:]] == [Answered, Answered, *[Captured, Answered] * 2]
    assert (counts.frames, counts.tracks, counts.captures, counts.sightings) == (3, 3, 3, 3)


def test_a_file_that_cannot_be_read_does_not_harm_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "b.jpg").write_bytes(jpeg(astronaut()))
    events, counts, _ = played([tmp_path / "gone.jpg", tmp_path / "b.jpg"])
    assert isinstance(events[0], NotKept)
    assert events[0].trouble == "the picture could not be handed in: No such file or directory"
    assert (counts.frames, counts.captures, counts.sightings) == (2, 1, 1)


def test_a_film_in_a_folder_of_pictures_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "film.mov").open("wb") as film:
        film.truncate(MAX_BYTES + 1)
    (event,), _, outbox = played([tmp_path / "film.mov"])
    assert isinstance(event, NotKept)
    assert event.trouble == "the picture could not be handed in: it is larger than 96 MB"
    assert outbox.captures == []
