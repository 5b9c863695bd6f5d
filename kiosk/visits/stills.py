"""A picture file is one visit: picture bytes in, what is handed in out. For moving pictures see loop.py.

The whole use, also for other programs that play visits through the kiosk:

    detector = YuNet()                                   # kiosk.vision.detect
    picture_jpeg = still_to_hand_in(picture, detector)    # any bytes; never raises for what they hold
    sighting = api.hand_in(picture_jpeg, kiosk_id="front", capture_id=new_capture_id())
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kiosk.client.capture_id import new_capture_id
from kiosk.delivery.outbox import Capture, Outbox
from kiosk.vision.crop import encode_jpeg, head_and_shoulders, whole
from kiosk.vision.detect import Detector
from kiosk.vision.picture_file import MAX_BYTES, decode_picture
from kiosk.visits.events import Answered, Captured, Counts, Event, NotKept


def still_to_hand_in(picture: bytes, detector: Detector) -> bytes:
    """What to hand in for a picture file: a JPEG of the largest face's head and shoulders.

    Without a face it is the whole picture (made smaller), so that somebody with better eyes decides; bytes
    that are no picture stay as they are and come back `rejected`.
    """
    image = decode_picture(picture)
    if image is None:
        return picture
    boxes = [face.box for face in detector.detect(image)]
    return encode_jpeg(head_and_shoulders(image, boxes[0], boxes[1:]) if boxes else whole(image))


def play(
    pictures: Sequence[Path],
    kiosk_id: str,
    detector: Detector,
    outbox: Outbox,
    *,
    answer_s: float,
    counts: Counts,
    new_id: Callable[[], str] = new_capture_id,
) -> Iterator[Event]:
    """Hand picture files in one after another, waiting up to `answer_s` for each answer."""
    for picture in pictures:
        counts.frames += 1
        counts.tracks += 1
        try:
            ready = still_to_hand_in(_read(picture), detector)
            capture = Capture(new_id(), kiosk_id, ready, picture.name)
            outbox.hand_in(capture)
        except OSError as error:  # unreadable, or no room to keep it; those after it still have their turn
            yield NotKept(picture.name, f"the picture could not be handed in: {error.strerror or error}")
            continue
        counts.captures += 1
        yield Captured(capture, time_s=0.0)
        waits = True
        while waits and (answers := outbox.answers(timeout_s=answer_s)):
            for answer in answers:  # earlier captures may be answered first
                waits = waits and answer.capture_id != capture.capture_id
                counts.sightings += answer.sighting is not None
                yield Answered(answer)


def _read(picture: Path) -> bytes:
    if picture.stat().st_size > MAX_BYTES:  # a film, not read into memory
        raise OSError(f"it is larger than {MAX_BYTES // 2**20} MB")
    return picture.read_bytes()
