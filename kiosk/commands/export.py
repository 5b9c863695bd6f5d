"""`recognizeme export`: everything held about a person, as they may ask for it (data-subject access)."""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.client.errors import NotFound
from kiosk.client.sighting import Sighting
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.whom import person_of
from kiosk.monitoring.wording import counted

Write = Callable[[str, bytes], None]


@click.command()
@click.argument("who")
@click.option(
    "--to",
    "destination",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder, or a file that ends in .zip. Only you can read it.",
)
@api_option
@json_option
def command(who: str, destination: Path, api: ApiClient, as_json: bool) -> None:
    """Write everything held about WHO, an id or a name: person, photos, every sighting with its picture."""
    person = person_of(api, who, ask=not as_json)
    person_id = str(person["person_id"])
    counts = {"photos": 0, "sightings": 0, "pictures": 0}
    try:
        with _destination(destination) as write:
            people = _write_people(api, person, write, counts)
            for sighting in api.sightings(person_id=person_id):
                write(f"sightings/{sighting.capture_id}.json", _document(_only_about(people, sighting)))
                counts["sightings"] += 1
                with suppress(NotFound):  # captures expire before sightings do
                    write(f"sightings/{sighting.capture_id}.jpg", api.sighting_photo(sighting.capture_id))
                    counts["pictures"] += 1
    except FileExistsError as error:
        raise click.ClickException(f"{destination} exists already; choose another --to") from error
    except OSError as error:
        raise click.ClickException(f"cannot write to {destination}: {error.strerror}") from error
    if as_json:
        write_json({"person_id": person_id, "to": str(destination), **counts})
    else:
        said = ", ".join(counted(count, what) for what, count in counts.items())
        click.echo(f"written to {destination}: the person, {said}")


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
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)

    yield write


def _write_people(api: ApiClient, person: Json, write: Write, counts: dict[str, int]) -> frozenset[str]:
    """Write the person and, in folders of their own, those who count as them; return the ids of all."""
    found = [("", person)]
    for folder, each in found:  # which grows meanwhile
        person_id = str(each["person_id"])
        photos = list(api.photos(person_id))
        write(f"{folder}person.json", _document({**each, "photos": photos}))
        for photo_id in (str(photo["photo_id"]) for photo in photos):
            with suppress(NotFound):  # a photo that was refused is not always kept
                write(f"{folder}photos/{Path(photo_id).name}", api.enrolled_photo(person_id, photo_id))
                counts["photos"] += 1
        for merged_id in each.get("merged") or ():
            with suppress(NotFound):
                found.append((f"merged/{merged_id}/", api.person(merged_id)))
    return frozenset(str(each["person_id"]) for _, each in found)


def _only_about(people: frozenset[str], sighting: Sighting) -> dict[str, Any]:
    """The sighting without the other people whom the decision considered: it is nobody else's data."""
    record = sighting.to_json() | {"explanation": None}
    if decision := record["decision"]:
        own = [each for each in decision.get("candidates", ()) if each.get("person_id") in people]
        record["decision"] = {**decision, "candidates": own}
    return record


def _document(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"
