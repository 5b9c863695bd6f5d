"""Let versions that no traffic reaches yet do the main job, with a picture that shows nobody."""

import base64
import secrets
from collections.abc import Callable

from recognizeme.domain.errors import RecognizeMeError
from recognizeme.domain.model import Capture, Outcome, new_capture_id
from recognizeme.domain.ports import Candidate, Clock, PhotoStore

KIOSK_ID = "rehearsal"
TRIES = 3
PAUSE_S = 2.0
# 96 x 96 grey pixels: large enough to be searched, and without a face.
GREY_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAGAAAABgCAAAAADH8yjkAAAAO0lEQVR42u3NMQ0AAAwDoEqv9KrYsQQMkB6LQCAQCAQCgUAgEAgE"
    "AoFAIBAIBAKBQCAQCAQCgUAg+BoMVB0BDwvUQvEAAAAASUVORK5CYII="
)


def rehearse(
    candidate: Candidate,
    *,
    photos: PhotoStore,
    now: Clock,
    sleep: Callable[[float], None],
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> list[str]:
    """What the new versions do wrong; nothing is an empty list. It costs two paid calls.

    Whatever goes wrong is tried again: a service may be busy, and the version that serves hears of the stored
    picture too and may be the faster one.
    """
    wrong: list[str] = []
    for attempt in range(TRIES):
        if attempt:
            sleep(PAUSE_S)
        stored, handed_in = (Capture(new_capture_id(now(), randomness(10)), KIOSK_ID) for _ in range(2))
        try:
            wrong = _perform(candidate, stored, handed_in, photos)
        except RecognizeMeError as error:
            wrong = [str(error)]
        if not wrong:
            break
    return wrong


def _perform(candidate: Candidate, stored: Capture, handed_in: Capture, photos: PhotoStore) -> list[str]:
    candidate.warm()  # a cold start would leave the stored picture to the version that serves
    photo_key = stored.photo_key("image/png")
    photos.write(photo_key, GREY_PNG, "image/png")
    outcomes = {
        "recognition, of a stored picture": candidate.recognize_stored(photo_key),
        "door, of a picture handed in": candidate.recognize_now(handed_in, GREY_PNG),
        "query, of that sighting": candidate.look_up(handed_in),
    }
    return [f"{who}, said {said!r}" for who, said in outcomes.items() if said != Outcome.NO_FACE]
