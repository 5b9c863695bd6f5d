"""`recognizeme kiosk`: watch a source, hand in one good picture a visit, say who it was."""

import os
import random
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click
import cv2

from kiosk.actions.office_policy import OfficePolicy
from kiosk.client.api import ApiClient
from kiosk.client.api import Path as HandInPath
from kiosk.commands.acting import acting, acting_options, own_policy
from kiosk.commands.options import (
    api_option,
    json_option,
    source_of,
    source_options,
    spool_option,
    yunet_option,
)
from kiosk.delivery.spool import Spool
from kiosk.delivery.uploader import Uploader
from kiosk.monitoring.heartbeat import Heartbeat
from kiosk.monitoring.status_file import StatusFile, state_folder
from kiosk.monitoring.systemd import Watchdog
from kiosk.monitoring.terminal_report import Report
from kiosk.monitoring.window import Window
from kiosk.monitoring.wording import counted
from kiosk.vision.camera import View
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Box
from kiosk.vision.source import is_live, open_source, still_pictures
from kiosk.visits.events import Counts, Listener
from kiosk.visits.liveness import Examiner
from kiosk.visits.loop import Attention, Loop
from kiosk.visits.stills import play
from kiosk.visits.watch import Onlooker, watch

_POLICY_S = 5.0  # a start does not wait longer for an API that does not answer


class _Zone(click.ParamType[Box]):
    name = "x,y,w,h"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Box:
        try:
            zone = Box(*(float(part) for part in str(value).split(",")))
        except (TypeError, ValueError):
            self.fail(f"{value!r} must be four numbers such as 0.25,0,0.5,1", param, ctx)
        if not (0 <= zone.left < zone.right <= 1.001 and 0 <= zone.top < zone.bottom <= 1.001):
            self.fail(f"{value!r} must lie inside the picture, whose sides are 1 long", param, ctx)
        return zone


class _Size(click.ParamType[tuple[int, int]]):
    name = "WxH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        width, _, height = str(value).lower().partition("x")
        if not (width.isdigit() and height.isdigit() and int(width) >= 80 and int(height) >= 80):
            self.fail(f"{value!r} must be a size such as 1280x720, at least 80x80", param, ctx)
        return int(width), int(height)


def _kiosk_id(_: click.Context, __: click.Parameter, kiosk_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.\-]{1,64}", kiosk_id) or kiosk_id in {".", ".."}:
        raise click.BadParameter(f"{kiosk_id!r} must be 1 to 64 of the characters A-Z a-z 0-9 _ . -")
    return kiosk_id


@click.command()
@source_options(
    "PATH|DIR|DEVICE|URL|-",
    "A picture, a folder of pictures, a video file, a camera's number or device, an rtsp or http URL, "
    "or - for MJPEG on standard input.",
)
@click.option(
    "--kiosk-id",
    default="kiosk",
    show_default=True,
    callback=_kiosk_id,
    help="The name under which sightings of this kiosk are listed.",
)
@click.option(
    "--path",
    type=click.Choice(["upload", "immediate"]),
    default="upload",
    show_default=True,
    help="Hand pictures in through the picture store, or in one call to the API.",
)
@click.option(
    "--answer-s",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for an answer. A later one is recorded, but greets nobody and opens nothing.",
)
@spool_option
@yunet_option
@click.option(
    "--max-fps", type=click.FloatRange(min=0.1), metavar="N", help="Look at N frames a second at most."
)
@click.option("--size", type=_Size(), help="Ask the camera for this size; scale down what is larger.")
@click.option(
    "--rotate",
    type=click.Choice(["0", "90", "180", "270"]),
    default="0",
    help="Turn the pictures clockwise by so many degrees, for a camera mounted on its side.",
)
@click.option(
    "--zone",
    type=_Zone(),
    help="Watch only this part of the picture: left, top, width and height as fractions, 0.25,0,0.5,1.",
)
@click.option(
    "--min-face-px",
    type=click.FloatRange(min=0),
    default=40.0,
    show_default=True,
    metavar="PIXELS",
    help="Ignore whoever's face never gets this large: they are too far away.",
)
@click.option(
    "--liveness",
    type=click.Choice(["off", "challenge"]),
    default="off",
    show_default=True,
    help="Ask for random movements first, which a photo cannot follow; docs/kiosk.md says what it stops.",
)
@click.option(
    "--alternative",
    default="or ring the bell",
    show_default=True,
    help="What the liveness challenge offers to whoever cannot or will not follow it.",
)
@click.option("--window", is_flag=True, help="Show the video with boxes and names; needs a display.")
@click.option("--no-names", is_flag=True, help="Print no names, person ids or similarities: for logs.")
@acting_options
@api_option
@json_option
def command(
    source: str | None,
    source_file: Path | None,
    kiosk_id: str,
    path: HandInPath,
    answer_s: float,
    spool: Path | None,
    yunet_model: Path | None,
    max_fps: float | None,
    size: tuple[int, int] | None,
    rotate: str,
    zone: Box | None,
    min_face_px: float,
    liveness: str,
    alternative: str,
    window: bool,
    no_names: bool,
    on: tuple[str, ...],
    policy: Path | None,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Watch a camera, a video or pictures and say who is at the door.

    \b
    recognizeme kiosk --source 0             this machine's first camera
    recognizeme kiosk --source visit.jpg     a picture, or a folder of them
    recognizeme kiosk --source-file door     a stream whose address has a password

    It hands in one good picture a visit and prints the answer. Ctrl-C ends it; what was not delivered by
    then is delivered at the next start.
    """
    # A camera that is not there is said in our own words, not OpenCV's or FFmpeg's.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    source = source_of(source, source_file)
    if source is None:
        raise click.UsageError("say what to watch: --source 0 is this machine's first camera")
    if on:
        api.refuse_plain_http("the answers that actions follow")
    counts, report = Counts(), Report(as_json=as_json, names=not no_names)
    with ExitStack() as stack:
        detector = YuNet(yunet_model)
        pictures = None if is_live(source) else still_pictures(source)
        folder = state_folder(kiosk_id)
        kept = stack.enter_context(closing(Spool(spool or folder / "spool")))
        outbox = stack.enter_context(Uploader(kept, api, path=path, answer_s=answer_s))
        office = OfficePolicy(
            folder / "policy.json",
            partial(api.policy, kiosk_id, timeout_s=_POLICY_S),
            require_liveness=liveness == "challenge",
        )
        own = own_policy(policy)
        if own is None and (on or is_live(source)):
            office.refresh()
        actions = stack.enter_context(acting(on, own, office, folder))
        listeners: list[Listener] = [report, *([actions] if actions else [])]
        if pictures is not None:
            events = play(pictures, kiosk_id, detector, outbox, answer_s=answer_s, counts=counts)
        else:
            camera = stack.enter_context(open_source(source, View(size, int(rotate), max_fps)))
            loop = Loop(
                kiosk_id,
                detector,
                outbox,
                live=is_live(source),
                answer_s=answer_s,
                attention=Attention(zone, min_face_px),
                counts=counts,
                examiner=Examiner(random.SystemRandom(), alternative=alternative)
                if liveness == "challenge"
                else None,
            )
            status = StatusFile(
                folder / "status.json",
                kiosk_id=kiosk_id,
                detector=detector.name,
                counts=counts,
                delivery=outbox,
                spool=kept.state,
                policy_version=lambda: own[1] if own else office.version,
            )
            listeners.append(stack.enter_context(closing(status)))
            watchdog = stack.enter_context(closing(Watchdog()))
            onlookers: list[Onlooker] = [status, watchdog]
            if is_live(source):
                heartbeat = Heartbeat(
                    partial(api.heartbeat, kiosk_id),
                    version=version("recognizeme-kiosk"),
                    delivery=outbox,
                    spool=kept.state,
                    policy_version=lambda: own[1] if own else office.version,
                    heard=lambda wanted: None if own else office.refresh(wanted),
                )
                onlookers.append(stack.enter_context(closing(heartbeat)))
            if window:
                onlookers.append(stack.enter_context(closing(Window())))
            events = watch(camera, loop, onlookers)
        with _stopped_by_signals():
            for event in events:
                for listener in listeners:
                    listener.tell(event)
        waiting = kept.state().waiting
    report.summary(counts)
    if waiting:
        click.echo(f"still on disk: {counted(waiting, 'pictures')}; the next start delivers them", err=True)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the watching, not the program: what has been counted is still told."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
