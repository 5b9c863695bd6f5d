"""How fast phone photos are enrolled, against the engine alone, and in how much memory.

    .venv/bin/python -m benchmarks.enroll [--photos 200] [--json]

A whole stack runs with a temporary data folder on this machine. Photos of one person of 4000x3000 pixels
are enrolled by the command's own code: read, scaled, looked at, handed
in, indexed, compared with everybody. The peer is the engine's own time for the same pictures at the size they
are handed in, in the same two calls, one after the other with nothing around them: measured before and after,
so that a busy machine is busy for both. The bar of the rate is 0.8 of the engine's.

Memory is the process of the command at its end, `--photos` files against a tenth of them, each run in a
process of its own; the bar is 10 %. What is enrolled is said for the number given, not extrapolated.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import cv2
import numpy as np
from PIL import Image as ImageFile

from benchmarks.report import Row, publish
from kiosk.client.api import ApiClient
from kiosk.commands.enrollment import Enrollment
from kiosk.commands.photo_folder import portraits
from kiosk.vision.picture_file import fit
from kiosk.vision.portrait import PhotoGate
from local.data_folder import DataFolder
from local.stack import Stack
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.domain.picture import inspect
from rekolocal.testing import local_rekognition
from tests.portraits import ASTRONAUT

_SIZE = (4000, 3000)


@click.command()
@click.option("--photos", default=200, show_default=True, type=click.IntRange(20))
@click.option("--enroll", "folder", type=click.Path(path_type=Path), hidden=True)
@click.option("--api", hidden=True)
def main(photos: int, folder: Path | None, api: str | None) -> None:
    """Measure enrolling."""
    if folder and api:
        enroll(folder, api)
        return
    with tempfile.TemporaryDirectory() as temporary:
        many, few = Path(temporary, "many"), Path(temporary, "few")
        write_photos(many, photos)
        write_photos(few, photos // 10)
        with local_rekognition() as server:
            server.client.create_collection(CollectionId="peer")
            peer = RekognitionFaceIndex(server.client, "peer")
            before_s = engine_s(peer, many)
            with Stack(DataFolder(Path(temporary, "data")), web_port=0) as stack:
                _, little_mb = in_process(few, stack.url)
                forget_all(stack.url)
                ours_s, much_mb = in_process(many, stack.url)
            after_s = engine_s(peer, many)
    engine = (before_s + after_s) / 2
    ratio = engine / (ours_s / photos)
    rows = [
        Row(
            f"enroll {photos} photos of {_SIZE[0]}x{_SIZE[1]}, two cores",
            f"{photos / ours_s:.1f}/s",
            f"engine {1 / engine:.1f}/s",
            f"{ratio:.2f}",
            ">= 0.8",
            ratio >= 0.8,
        ),
        Row(
            f"memory of enrolling {photos} photos",
            f"{much_mb:.0f} MB",
            f"{photos // 10} photos {little_mb:.0f} MB",
            f"{much_mb / little_mb:.2f}",
            "<= 1.10",
            much_mb <= 1.1 * little_mb,
        ),
    ]
    publish("enroll", rows)


def write_photos(folder: Path, count: int) -> None:
    """Photos of 12 megapixels with a camera's noise, of 3 to 5 MB."""
    person = ImageFile.open(ASTRONAUT).convert("RGB").resize((3000, 3000), ImageFile.Resampling.LANCZOS)
    wide = np.full((_SIZE[1], _SIZE[0], 3), 128, np.uint8)
    wide[:, 500:3500] = np.asarray(person)
    noise = np.random.default_rng(1).normal(0, 5, (256, 256, 3)).astype(np.int16)
    noisy = np.clip(wide + np.tile(noise, (12, 16, 1))[: _SIZE[1], : _SIZE[0]], 0, 255).astype(np.uint8)
    for number in range(count):
        file = folder / "Ada Lovelace" / f"IMG_{number:04}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        for digit in range(10):  # another picture, and the same work
            noisy[:400, digit * 400 : digit * 400 + 400] = 255 * (number >> digit & 1)
        cv2.imwrite(str(file), noisy[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


def engine_s(peer: RekognitionFaceIndex, folder: Path) -> float:
    """Seconds of the engine's two calls for a photo as it is handed in."""
    files = sorted(folder.rglob("*.jpg"))[:20]
    pictures = [inspect(fit(file.read_bytes()) + bytes([number])) for number, file in enumerate(files)]
    began = time.perf_counter()
    for picture in pictures:
        face = peer.add("peer", picture)
        peer.search_face(face.face_id)
        peer.remove([face.face_id])
    return (time.perf_counter() - began) / len(pictures)


def in_process(folder: Path, url: str) -> tuple[float, float]:
    """Seconds and megabytes of enrolling a folder."""
    command = [sys.executable, "-m", "benchmarks.enroll", "--enroll", str(folder), "--api", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result = json.loads(said.splitlines()[-1])
    return result["seconds"], result["megabytes"]


def enroll(folder: Path, url: str) -> None:
    """Enroll a folder, and print how long it took and how much memory."""
    with ApiClient(url) as api:
        enrollment = Enrollment(
            api, keep_names=True, consent_recorded_by=None, problem_of=PhotoGate(), tps=None
        )
        began = time.perf_counter()
        states = {str(record["state"]) for record in enrollment.add_all(portraits([folder]))}
        seconds = time.perf_counter() - began
    assert states == {"indexed"}, states
    memory = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    click.echo(json.dumps({"seconds": seconds, "megabytes": int(memory) / 1024}))


def forget_all(url: str) -> None:
    """Everybody is forgotten, so that the next run begins anew."""
    with ApiClient(url) as api:
        for person in list(api.people()):
            api.forget(str(person["person_id"]))


if __name__ == "__main__":
    main()
