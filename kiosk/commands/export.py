"""`recognizeme export`: everything held about a person, as they may ask for it (data-subject access)."""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from kiosk.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.errors import NotFound
from kiosk.listing import write_json

Write = Callable[[str, bytes], None]


@click.command()
@click.argument("person_id")
@click.option(
    "--to",
    "destination",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder, or a file that ends in .zip. Only you can read it.",
)
@api_option
@json_option
def command(person_id: str, destination: Path, api: ApiClient, as_json: bool) -> None:
    """Write everything held about PERSON_ID: the person, their photos, every sighting with its picture."""
    person = {**api.person(person_id), "photos": list(api.photos(person_id))}
    sightings = pictures = 0
    try:
        with _destination(destination) as write:
            write("person.json", _document(person))
            for sighting in api.sightings(person_id=person_id):
                write(f"sightings/{sighting.capture_id}.json", _document(sighting.to_json()))
                sightings += 1
                try:
                    write(f"sightings/{sighting.capture_id}.jpg", api.sighting_photo(sighting.capture_id))
                    pictures += 1
                except NotFound:
                    pass  # captures expire before sightings do
    except FileExistsError as error:
        raise click.ClickException(f"{destination} exists already; choose another --to") from error
    except OSError as error:
        raise click.ClickException(f"cannot write to {destination}: {error.strerror}") from error
    if as_json:
        counts = {"sightings": sightings, "pictures": pictures}
        write_json({"person_id": person_id, "to": str(destination), **counts})
    else:
        click.echo(f"written to {destination}: the person, {sightings} sightings, {pictures} pictures")


@contextmanager
def _destination(path: Path) -> Iterator[Write]:
    """A new zip file or folder to write into; raises `FileExistsError` when it is there already."""
    if path.suffix.lower() == ".zip":
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            yield archive.writestr
        return
    path.mkdir(mode=0o700)

    def write(name: str, data: bytes) -> None:
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(data)

    yield write


def _document(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"
