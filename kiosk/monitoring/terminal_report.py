"""What happens at the kiosk, written to the terminal for people or programs."""

import json
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from kiosk.client.bidi import isolated
from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer
from kiosk.monitoring.wording import counted
from kiosk.visits.events import (
    Answered,
    CameraTrouble,
    Captured,
    Counts,
    Event,
    NotKept,
    Origins,
    Prompted,
    TooFar,
    TooUnclear,
)

_STYLES = {"recognized": "bold green", "unknown": "yellow", "uncertain": "yellow"}


class Report:
    """Writes one line an event, for people or as JSON; without `names` nothing that says who it was."""

    def __init__(self, *, as_json: bool, names: bool = True) -> None:
        self._as_json = as_json
        self._names = names
        self._console = Console(highlight=False, soft_wrap=True)
        self._origins = Origins()

    def tell(self, event: Event) -> None:
        """Write about one event; that a picture was taken is no news by itself."""
        match event:
            case Captured(capture):
                self._origins.note(capture)
            case Answered(answer):
                self._answer(answer, self._origins.of(answer))
            case NotKept(origin, trouble):
                self._write(
                    {"event": "not_kept", "origin": origin, "trouble": trouble}, f"{origin}: {trouble}"
                )
            case TooFar(origin, face_px, min_face_px):
                self._write(
                    {"event": "too_far", "origin": origin, "face_px": face_px, "min_face_px": min_face_px},
                    f"{origin}: too far away, with a face of {face_px} px (--min-face-px is {min_face_px})",
                )
            case Prompted(prompt):
                if prompt or self._as_json:
                    self._write({"event": "prompt", "prompt": prompt}, Text(f"> {prompt}", style="bold"))
            case TooUnclear(origin):
                self._write({"event": "too_unclear", "origin": origin}, f"{origin}: no face in any picture")
            case CameraTrouble(trouble):
                self._write({"event": "camera", "trouble": trouble}, trouble or "the camera is back")

    def summary(self, counts: Counts) -> None:
        """The last line."""
        said = (
            f"{counted(counts.tracks, 'visits')}, {counted(counts.captures, 'pictures')} handed in,"
            f" {counted(counts.sightings, 'answers')}, {counts.too_far} too far away,"
            f" {counts.too_unclear} too unclear"
            f" ({counted(counts.frames, 'frames')}, {counts.dropped_frames} dropped)"
        )
        self._write({"event": "summary", **asdict(counts)}, said)

    def _answer(self, answer: Answer, origin: str | None) -> None:
        sighting, late = answer.sighting, answer.late
        about = {"origin": origin, "late": late}
        if sighting is None:
            known = {
                "event": "unanswered",
                **about,
                "capture_id": answer.capture_id,
                "trouble": answer.trouble,
            }
            self._write(known, f"{origin or 'earlier picture'}: {answer.trouble}")
            return
        if not self._names:
            sighting = sighting.anonymous()
        line = Text(f"{origin or 'earlier picture'}: ")
        line.append(str(sighting.outcome or sighting.status), style=_STYLES.get(str(sighting.outcome), ""))
        line.append(_details(sighting)).append(" (late)" if late else "")
        self._write({"event": "sighting", **about, **sighting.to_json()}, line)

    def _write(self, event: dict[str, Any], said: str | Text) -> None:
        if self._as_json:
            click.echo(json.dumps(event, ensure_ascii=False))
        else:
            self._console.print(said, markup=False)


def _details(sighting: Sighting) -> str:
    if sighting.person_id and sighting.similarity_pct is not None:
        return f" {isolated(sighting.name or sighting.person_id)} ({sighting.similarity_pct:.1f} %)"
    return f" ({sighting.reason})" if sighting.reason else ""
