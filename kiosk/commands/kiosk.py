"""`recognizeme kiosk`: watch a source, hand in one good picture a visit, say who it was."""

import json
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from kiosk.api import ApiClient
from kiosk.api import Path as HandInPath
from kiosk.camera import CameraError, still_pictures
from kiosk.capture_id import new_capture_id
from kiosk.commands.options import api_option, json_option
from kiosk.detect import Detector, make_detector
from kiosk.errors import NotYetDone, Refused
from kiosk.models import HOW_TO_GET_YUNET, YUNET_ENV, ModelError, find_yunet
from kiosk.sighting import Sighting
from kiosk.stills import still_to_hand_in


@click.command()
@click.option(
    "--source",
    required=True,
    metavar="PATH|DIR|DEVICE|URL|-",
    help="A picture, a folder of pictures, a video file, a camera's number or device, an rtsp or http URL, "
    "or - for MJPEG on standard input.",
)
@click.option(
    "--kiosk-id", default="kiosk", show_default=True, help="What this kiosk is called in sightings."
)
@click.option(
    "--path",
    type=click.Choice(["upload", "immediate"]),
    default="upload",
    show_default=True,
    help="Hand in by upload ticket to the picture store, or in one call to the API.",
)
@click.option(
    "--answer-s",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    help="How long to wait for an answer.",
)
@click.option(
    "--yunet-model", type=click.Path(path_type=Path), help=f"The face detector's network.  [env: {YUNET_ENV}]"
)
@api_option
@json_option
def command(
    source: str,
    kiosk_id: str,
    path: HandInPath,
    answer_s: float,
    yunet_model: Path | None,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Watch a camera, a video or pictures and say who is at the door."""
    try:
        pictures = still_pictures(source)
        detector = _detector(yunet_model)
        if pictures is None:
            raise CameraError("clips and cameras come next")
    except (CameraError, ModelError) as error:
        raise click.ClickException(str(error)) from error
    report = Report(as_json)
    for picture in pictures:
        report.sighting(picture.name, *_visit(picture, detector, api, kiosk_id, path, answer_s))
    report.summary(frames=len(pictures))


def _detector(yunet_model: Path | None) -> Detector:
    model = find_yunet(yunet_model)
    if model is None:
        click.echo(
            f"warning: detecting faces with the weaker Haar cascade; for YuNet {HOW_TO_GET_YUNET}", err=True
        )
    return make_detector(model)


def _visit(
    picture: Path, detector: Detector, api: ApiClient, kiosk_id: str, path: HandInPath, answer_s: float
) -> tuple[str, Sighting | None, str | None, float]:
    capture_id = new_capture_id()
    began = time.monotonic()
    sighting, trouble = None, None
    try:
        jpeg = still_to_hand_in(picture.read_bytes(), detector)
        sighting = api.hand_in(jpeg, kiosk_id=kiosk_id, capture_id=capture_id, path=path, timeout_s=answer_s)
    except (OSError, Refused, NotYetDone) as error:  # the pictures after it are still handed in
        trouble = str(error)
    return capture_id, sighting, trouble, time.monotonic() - began


class Report:
    """What the person, or the program, in front of the terminal is told."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False)
        self._captures = self._sightings = 0

    def sighting(
        self, source: str, capture_id: str, sighting: Sighting | None, trouble: str | None, answer_s: float
    ) -> None:
        """One capture's outcome, or why there is none."""
        self._captures += 1
        self._sightings += sighting is not None
        if self._as_json:
            known: dict[str, Any] = (
                sighting.to_json() if sighting else {"capture_id": capture_id, "error": trouble}
            )
            self._line(
                {
                    "event": "sighting" if sighting else "failed",
                    "source": source,
                    **known,
                    "answer_ms": round(answer_s * 1000),
                }
            )
            return
        if sighting is None:
            self._console.print(f"{source}: [red]{trouble}[/red]")
        else:
            who = (
                f"{sighting.name or sighting.person_id} {sighting.similarity_pct:.1f} %"
                if sighting.person_id
                else ""
            )
            self._console.print(
                f"{source}: [bold]{sighting.outcome or sighting.status}[/bold] {who}{sighting.reason or ''}"
            )

    def summary(self, *, frames: int) -> None:
        """The last line."""
        counts = {
            "frames": frames,
            "tracks": frames,
            "captures": self._captures,
            "sightings": self._sightings,
            "dropped_frames": 0,
        }
        if self._as_json:
            self._line({"event": "summary", **counts})
        else:
            self._console.print(
                ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
            )

    def _line(self, event: dict[str, Any]) -> None:
        click.echo(json.dumps(event, ensure_ascii=False))
