"""Whether the kiosk's memory grows: after 1,000 frames against after 100,000.

    .venv/bin/python -m benchmarks.kiosk_memory [--frames 100000]

Clips of people who come and go are read from their files again and again, made small so that it does not take
all day; every visit is a capture that goes to the disk, is delivered and answered. As under systemd, the C
library has two heaps (MALLOC_ARENA_MAX=2): every clip is read by a thread of its own, and with a heap a
thread, memory that is free but in another's heap adds up.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import click
import psutil

from benchmarks.kiosk_scenes import HEAD_POSES, KeptAndAnswered
from benchmarks.report import Row, publish
from kiosk.vision.camera import View
from kiosk.vision.clip import Clip
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Frame
from kiosk.visits.loop import Attention, Loop

FIRST = 1_000
HEAPS = "2"
FPS = 12.5
BETWEEN_S = 3.0


def frames(count: int) -> Iterator[Frame]:
    """So many frames of the clips, three seconds apart, in one time that only goes on."""
    index, time_s = 0, 0.0
    for path in cycle(HEAD_POSES):
        with Clip(path, View(size=(240, 135))) as camera:
            for frame in camera:
                yield Frame(frame.image, time_s + frame.time_s, index)
                index += 1
                if index == count:
                    return
        time_s += frame.time_s + BETWEEN_S


@click.command()
@click.option("--frames", "count", default=100_000, show_default=True)
def main(count: int) -> None:
    """Measure and publish."""
    if os.environ.get("MALLOC_ARENA_MAX") != HEAPS:  # the C library reads it at its start
        again = [sys.executable, "-m", "benchmarks.kiosk_memory", "--frames", str(count)]
        os.execve(sys.executable, again, {**os.environ, "MALLOC_ARENA_MAX": HEAPS})
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        outbox = KeptAndAnswered(Path(folder))
        attention = Attention(min_face_px=20)
        loop = Loop("bench", YuNet(), outbox, live=False, attention=attention)
        before_mb = 0.0
        with click.progressbar(frames(count), length=count, label="frames") as shown:
            for frame in shown:
                loop.step(frame)
                if loop.counts.frames == FIRST:
                    before_mb = process.memory_info().rss / 2**20
        after_mb = process.memory_info().rss / 2**20
    ratio = after_mb / before_mb
    publish(
        "kiosk_memory",
        [
            Row(
                f"memory after {count:,} frames, {outbox.handed_in:,} visits, against {FIRST:,} frames",
                f"{after_mb:.1f} MB",
                f"{before_mb:.1f} MB",
                f"{ratio:.3f}",
                "<= 1.05",
                ratio <= 1.05,
            )
        ],
    )


if __name__ == "__main__":
    main()
