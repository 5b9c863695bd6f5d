"""Paid calls a visit, and how soon the picture is on disk: two people come to the door ten times each.

    .venv/bin/python -m benchmarks.kiosk_presence

The head-pose clips, looped ten times with three seconds of an empty door between, against a whole local stack
in which both people are enrolled with one picture of theirs. The calls are counted by the functions.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.kiosk_scenes import HEAD_POSES, empty_door, images_of
from benchmarks.report import Row, publish
from kiosk.client.api import ApiClient
from kiosk.delivery.spool import Spool
from kiosk.delivery.uploader import Uploader
from kiosk.vision.best_shot import Patience
from kiosk.vision.crop import encode_jpeg, head_and_shoulders
from kiosk.vision.detect import Detector, YuNet
from kiosk.vision.frame import Frame, Image
from kiosk.vision.quality import quality
from kiosk.visits.events import Answered, Captured, Event
from kiosk.visits.loop import CONFIRMED_FRAMES, Loop
from local.data_folder import DataFolder
from local.stack import Stack

VISITS = 10
EMPTY_S = 3.0
FPS = 12.5


def enroll(api: ApiClient, detector: Detector, images: list[Image], person_id: str) -> None:
    """Enroll with a picture as somebody would take it for that: the best of the clip."""
    judged = [
        (quality(image, face).score, n, face)
        for n, image in enumerate(images)
        for face in detector.detect(image)
    ]
    _, number, face = max(judged, key=lambda shot: shot[0])
    picture = encode_jpeg(head_and_shoulders(images[number], face.box))
    api.put_person(person_id, name=person_id)
    state = api.enroll_photo(person_id, "one.jpg", picture)["state"]
    assert state == "indexed", state


def frames(visits: list[list[Image]]) -> Iterator[Frame]:
    """The visits one after another in one clip's time, an empty door after each."""
    height, width = visits[0][0].shape[:2]
    nobody = empty_door(width, height, frames=round(EMPTY_S * FPS))
    pictures = (picture for visit in visits for part in (visit, nobody) for picture in part)
    return (Frame(picture, index / FPS, index) for index, picture in enumerate(pictures))


def first_good_s(detector: Detector, clip: list[Image]) -> float:
    """When, from a clip's start, its face is good enough to be handed in, and confirmed by a second frame."""
    for index, image in enumerate(clip):
        good = any(quality(image, face).score >= Patience().good for face in detector.detect(image))
        if good and index >= CONFIRMED_FRAMES - 1:
            return index / FPS
        if good:
            return (CONFIRMED_FRAMES - 1) / FPS
    return float("nan")


def main() -> None:
    detector = YuNet()
    clips = [images_of(clip) for clip in HEAD_POSES]
    visits = clips * VISITS
    events: list[Event] = []
    with (
        tempfile.TemporaryDirectory() as name,
        Stack(DataFolder(Path(name) / "data")) as stack,
        ApiClient(stack.url) as api,
    ):
        for number, images in enumerate(clips):
            enroll(api, detector, images, f"person-{number}")
        with closing(Spool(Path(name) / "spool")) as spool, Uploader(spool, api) as outbox:
            loop = Loop("bench", detector, outbox, live=False)
            for frame in frames(visits):
                events += loop.step(frame)
            events += loop.finish()
        calls = api.stats()["total"]["rekognition_calls"]
    people = [
        event.answer.sighting.person_id
        for event in events
        if isinstance(event, Answered) and event.answer.sighting
    ]
    starts = [
        sum(len(visit) + round(EMPTY_S * FPS) for visit in visits[:n]) / FPS for n in range(len(visits))
    ]
    captured = [event.time_s for event in events if isinstance(event, Captured)]
    waits = [
        next(moment for moment in captured if moment >= start) - start - first_good_s(detector, visit)
        for start, visit in zip(starts, visits, strict=True)
    ]
    with_face = sum(bool(detector.detect(image)) for clip in clips for image in clip) * VISITS
    right = sum(who == f"person-{n % 2}" for n, who in enumerate(people))
    publish(
        "kiosk_presence",
        [
            Row(
                "paid calls a visit",
                str(calls),
                f"{len(visits)} visits",
                f"{calls / len(visits):.2f}",
                "1.00",
                calls == len(visits),
            ),
            Row(
                "visits recognized as who they were",
                str(right),
                f"{len(visits)} visits",
                f"{right / len(visits):.2f}",
                "1.00",
                right == len(visits),
            ),
            Row(
                "paid calls, one for every frame with a face against ours",
                str(calls),
                str(with_face),
                f"{with_face / calls:.0f}x",
                ">= 20x",
                with_face >= 20 * calls,
            ),
            Row(
                "first good frame to the capture on disk, clip time",
                f"{max(waits):.2f} s at most",
                "-",
                "-",
                "< 0.7 s",
                max(waits) < 0.7,
            ),
        ],
    )


if __name__ == "__main__":
    main()
