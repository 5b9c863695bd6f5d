"""The main job on real faces, from a picture at the kiosk to a sighting, with nothing made up on the way."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import ApiError
from kiosk.vision.detect import YuNet
from kiosk.visits.stills import still_to_hand_in
from local.data_folder import DataFolder
from local.demo.contact_sheet import Picture, contact_sheet
from local.demo.visits import PORTRAITS, Portrait, Visit, visits
from local.stack import Stack

KIOSK_ID = "demo"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a visit; `answer_ms` is from handing the picture in to the answer."""

    picture: str
    expected: str
    outcome: str
    person: str | None
    similarity_pct: float | None
    answer_ms: int
    as_expected: bool


def run(*, as_json: bool, keep: Path | None) -> bool:
    """Start a stack on free ports with a temporary data folder, play every visit, say how it went.

    Returns whether every outcome was as expected; `keep` gets the pictures handed in, on one sheet.
    """
    console = Console(quiet=as_json, highlight=False)
    to_play = list(visits())  # before anything starts: its pictures may be missing
    with tempfile.TemporaryDirectory(prefix="recognizeme-demo-") as folder:
        console.print("Starting the functions, the face engine and the database on this machine ...")
        with Stack(DataFolder(Path(folder))) as stack, ApiClient(stack.url) as api:
            played, pictures = _play(api, to_play, console)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / "visits.png").write_bytes(contact_sheet(pictures))
    good = sum(visit.as_expected for visit in played)
    if as_json:
        for visit in played:
            click.echo(json.dumps({"event": "visit", **asdict(visit)}))
        click.echo(json.dumps({"event": "summary", "as_expected": good, "visits": len(played)}))
    else:
        console.print(_table(played))
        if keep:
            console.print(f"The pictures are in {keep / 'visits.png'}")
        click.echo(f"demo: {good} of {len(played)} outcomes as expected")
    return good == len(played)


def _play(api: ApiClient, to_play: Sequence[Visit], console: Console) -> tuple[list[Played], list[Picture]]:
    detector = YuNet()
    played: list[Played] = []
    pictures: list[Picture] = []
    with _progress(console, len(PORTRAITS) + len(to_play)) as step:
        for portrait in PORTRAITS:
            step(f"enrolling {portrait.name}")
            _enroll(api, portrait)
        for visit in to_play:
            step(visit.title)
            handed_in = still_to_hand_in(visit.picture, detector)
            played.append(_visit(api, visit, handed_in))
            pictures.append(Picture(handed_in, visit.title, played[-1].outcome))
    return played, pictures


def _visit(api: ApiClient, visit: Visit, handed_in: bytes) -> Played:
    if visit.without:
        api.forget(visit.without.person_id)
    began = time.monotonic()
    try:
        sighting = api.hand_in(handed_in, kiosk_id=KIOSK_ID, capture_id=new_capture_id())
        outcome = sighting.outcome or sighting.status
        person_id, name, similarity_pct = sighting.person_id, sighting.name, sighting.similarity_pct
    except ApiError as error:
        outcome, person_id, name, similarity_pct = str(error), None, None, None
    answer_ms = round(1000 * (time.monotonic() - began))
    if visit.without:
        _enroll(api, visit.without)
    as_expected = outcome == visit.outcome and person_id == visit.person_id
    return Played(visit.title, visit.outcome, outcome, name, similarity_pct, answer_ms, as_expected)


def _enroll(api: ApiClient, portrait: Portrait) -> None:
    api.put_person(portrait.person_id, name=portrait.name)
    content_type = "image/png" if portrait.file.endswith(".png") else "image/jpeg"
    file_name = portrait.file.rpartition("/")[2]
    photo = api.enroll_photo(portrait.person_id, file_name, portrait.read(), content_type=content_type)
    if photo["state"] != "indexed":
        raise click.ClickException(f"the portrait of {portrait.name} was refused: {photo['reason']}")


@contextmanager
def _progress(console: Console, steps: int) -> Iterator[Callable[[str], None]]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=steps)
        done = -1

        def step(what: str) -> None:
            nonlocal done
            done += 1
            progress.update(task, description=what, completed=done)

        yield step


def _table(played: Sequence[Played]) -> Table:
    table = Table("picture", "outcome", "person", box=SIMPLE_HEAD)
    table.add_column("similarity", justify="right")
    table.add_column("ms", justify="right")
    for visit in played:
        outcome = visit.outcome if visit.as_expected else f"[red]{visit.outcome}, not {visit.expected}[/red]"
        similarity = "" if visit.similarity_pct is None else f"{visit.similarity_pct:.2f} %"
        table.add_row(visit.picture, outcome, visit.person or "", similarity, str(visit.answer_ms))
    return table
