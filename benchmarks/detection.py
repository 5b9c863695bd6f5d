"""Faces found out of the box on the sample clips and photos, against Haar's cascade and dlib's HOG.

    RECOGNIZEME_SAMPLE_DATA=../shared/data .venv/bin/python -m benchmarks.detection

Nobody has drawn boxes on these pictures, so a box counts as a face when a second detector confirms it:
another YuNet (its file of 2026 among the sample data), Haar or HOG. Boxes that nobody confirms count as
false. HOG is a peer: `pip install --no-deps --target .venv-peers -r benchmarks/requirements-peers.txt`.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

import cv2
import numpy as np

from benchmarks.report import SAMPLE_DATA, Row, alternating_ms, peers_on_path, publish
from kiosk.vision.clip import Clip
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Box, Image

Find = Callable[[Image], Sequence[Box]]
EVERY = 5  # frames of a clip
SMALLEST_PX = 24  # faces below are left out for everybody
SAME = 0.3  # intersection over union


def pictures() -> Iterator[Image]:
    """Frames of the clips and the photos, at most 640 px."""
    for clip in sorted((SAMPLE_DATA / "clips").iterdir()):
        with Clip(clip) as camera:
            yield from (_small(frame.image) for n, frame in enumerate(camera) if frame and n % EVERY == 0)
    for photo in sorted((SAMPLE_DATA / "photos").rglob("*.*g")):
        image = cv2.imread(str(photo))
        if image is not None:
            yield _small(image.astype(np.uint8, copy=False))


def _small(image: Image) -> Image:
    factor = min(1.0, 640 / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)


def yunet(detector: YuNet) -> Find:
    return lambda image: [face.box for face in detector.detect(image)]


def haar() -> Find:
    folder: str = cv2.data.haarcascades  # type: ignore[attr-defined]  # OpenCV's stubs forget it
    cascade = cv2.CascadeClassifier(folder + "haarcascade_frontalface_default.xml")

    def find(image: Image) -> list[Box]:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        boxes = cascade.detectMultiScale(grey, 1.1, 6, minSize=(SMALLEST_PX, SMALLEST_PX))
        return [Box(*(float(value) for value in box)) for box in boxes]

    return find


def hog() -> Find | None:
    peers_on_path()
    if find_spec("dlib") is None:
        return None
    import dlib

    detector = dlib.get_frontal_face_detector()

    def find(image: Image) -> list[Box]:
        found = detector(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 1)
        return [Box(box.left(), box.top(), box.width(), box.height()) for box in found]

    return find


def main() -> None:
    second = SAMPLE_DATA / "models" / "face_detection_yunet.onnx"
    if not second.is_file():
        print(f"no sample data in {SAMPLE_DATA}: skipped")
        return
    cv2.setNumThreads(1)
    ours, theirs = yunet(YuNet()), {"Haar": haar()}
    if (found_by_hog := hog()) is not None:
        theirs["HOG"] = found_by_hog
    witness, images = yunet(YuNet(second)), list(pictures())
    boxes = {
        name: [[box for box in find(image) if box.width >= SMALLEST_PX] for image in images]
        for name, find in {"ours": ours, **theirs, "witness": witness}.items()
    }

    def confirmed(name: str) -> tuple[int, int]:
        """How many of its boxes somebody else has too, and how many nobody has."""
        real = false = 0
        for number, found in enumerate(boxes[name]):
            others = [box for other, by in boxes.items() if other != name for box in by[number]]
            for box in found:
                is_real = any(box.iou(other) > SAME for other in others)
                real, false = real + is_real, false + (not is_real)
        return real, false

    real, false = confirmed("ours")
    bar = f"false boxes of {len(images)} pictures"
    rows = [Row(bar, str(false), f"{real} faces", f"{false / real:.3f}", "<= 0.01", false <= 0.01 * real)]
    for name, find in theirs.items():
        known, _ = confirmed(name)
        rows.append(
            Row(f"faces found, against {name}", str(real), str(known), f"{real / max(known, 1):.1f}x",
                ">= 2x", real >= 2 * known)
        )  # fmt: skip
        image = images[len(images) // 2]
        mine_ms, their_ms = alternating_ms(lambda: ours(image), lambda: find(image), repeats=9)  # noqa: B023
        rows.append(
            Row(f"time of a frame, against {name}", f"{mine_ms:.0f} ms", f"{their_ms:.0f} ms",
                f"{their_ms / mine_ms:.1f}x", ">= 2x", their_ms >= 2 * mine_ms)
        )  # fmt: skip
    publish("detection", rows)


if __name__ == "__main__":
    main()
