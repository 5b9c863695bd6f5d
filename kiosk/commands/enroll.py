"""`recognizeme enroll`: photos of people into the collection, each with its own result."""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.progress import track

from kiosk.client.api import ApiClient
from kiosk.client.errors import Busy, NotFound, Refused
from kiosk.client.moment import iso_text
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, console, write_list
from kiosk.commands.photo_folder import Portrait, portraits
from kiosk.vision.picture_file import UnusableFile, content_type, fit

Answer = TypeVar("Answer")

_PATIENCE = 5  # how often a busy API is asked before the run gives up
_COLUMNS = {"file": "photo", "person_id": "person", "name": "name", "state": "state", "reason": "reason"}


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--name", help="Whom all the photos show; without it folders or files are named after people.")
@click.option(
    "--consent-recorded-by", metavar="WHO", help="Record that these people agreed, and who wrote it down."
)
@api_option
@json_option
def command(
    path: Path, name: str | None, consent_recorded_by: str | None, api: ApiClient, as_json: bool
) -> None:
    """Add people from PATH: a folder with a folder a person, or files named after people, or one file.

    \b
    photos/Ada Lovelace/first.jpg      photos/ada_lovelace.jpg
    photos/Ada Lovelace/second.png     photos/ada_lovelace_2.jpg

    Good photos show head and shoulders of one person. Running it again changes nothing. Exits 1 when a photo
    was refused; the others are enrolled all the same.
    """
    try:
        found = list(portraits(path, name=name))
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be read: {error.strerror}") from error
    enrollment = Enrollment(api, keep_names=name is None, consent_recorded_by=consent_recorded_by)
    progress = track(
        found, "enrolling", console=console(stderr=True), transient=True, disable=as_json or len(found) < 2
    )
    records = (
        [enrollment.add(portrait) for portrait in progress] if not as_json else map(enrollment.add, found)
    )
    write_list(records, _COLUMNS, as_json=as_json, empty=f"there are no photos in {path}")
    if not as_json and found:
        click.echo(f"{enrollment.indexed} enrolled, {enrollment.refused} refused")
    if enrollment.refused or not found:
        sys.exit(1)


class Enrollment:
    """One run: each person is created once, each photo is handed in, results are counted."""

    def __init__(
        self,
        api: ApiClient,
        *,
        keep_names: bool,
        consent_recorded_by: str | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._keep_names = keep_names
        self._consent_recorded_by = consent_recorded_by
        self._now = now
        self._sleep = sleep
        self._ready: set[str] = set()
        self.indexed = 0
        self.refused = 0

    def add(self, portrait: Portrait) -> Record:
        """Enroll one photo and say what became of it: `indexed`, `refused` or `ignored`, with the reason."""
        record = {"file": str(portrait.file), "person_id": portrait.person_id, "name": portrait.name}
        if not portrait.is_picture:
            return record | {"state": "ignored", "reason": "not named like a JPEG, PNG or WebP picture"}
        try:
            picture = fit(portrait.file.read_bytes())
            self._make_ready(portrait)
            photo = self._patiently(
                lambda: self._api.enroll_photo(
                    portrait.person_id, portrait.photo_id, picture, content_type=content_type(picture)
                )
            )
        except (UnusableFile, Refused, NotFound, OSError) as error:
            photo = {"state": "refused", "reason": str(error)}
        self.indexed += photo.get("state") == "indexed"
        self.refused += photo.get("state") != "indexed"
        return record | {"state": photo.get("state"), "reason": photo.get("reason"), "photo": photo}

    def _make_ready(self, portrait: Portrait) -> None:
        """Create the person at their first photo; what the API already knows of them stays."""
        if portrait.person_id in self._ready:
            return
        try:
            known = self._patiently(lambda: self._api.person(portrait.person_id))
        except NotFound:
            known = {}
        consent = None
        if self._consent_recorded_by and not known.get("consent"):
            consent = {"given_at": iso_text(self._now()), "recorded_by": self._consent_recorded_by}
        name = known.get("name") if known and self._keep_names else portrait.name
        if consent or name != known.get("name"):
            self._patiently(lambda: self._api.put_person(portrait.person_id, name=str(name), consent=consent))
        self._ready.add(portrait.person_id)

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        for wait_s in _waits():
            try:
                return call()
            except Busy as error:
                self._sleep(min(30.0, error.retry_after_s or wait_s))
        return call()


def _waits() -> Iterator[float]:
    return (0.25 * 2**attempt for attempt in range(_PATIENCE - 1))
