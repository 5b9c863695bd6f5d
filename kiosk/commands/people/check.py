"""`recognizeme people check`: who cannot be told apart, and which photos are wrong or of no use."""

import base64
import html
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.errors import ApiError, NotFound
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, console, wrapped, write_json
from kiosk.commands.people.findings import Album, explained, findings
from kiosk.monitoring.wording import counted

_SEARCH_USD = 0.001  # AWS's list price of the first million a month
_THUMB_PX = 320


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a kind of finding is called, and what to do about it; `is_wrong` asks for something to be done."""

    heading: str
    advice: str
    is_wrong: bool = True


_KINDS = {
    "too_close": _Kind(
        "people who look the same, so that neither is recognized",
        "One person enrolled twice: recognizeme people merge ID --into OTHER-ID. Two people: take sharper"
        " photos of both, from the front. Twins need a badge or a PIN.",
    ),
    "misfiled": _Kind(
        "photos filed under the wrong person",
        "Look at both. To take a photo out: recognizeme people remove-photo ID PHOTO; then enroll it under"
        " whom it shows.",
    ),
    "unlike": _Kind(
        "photos unlike their own person",
        "Look at both: one may show somebody else, or show too little. recognizeme people remove-photo ID"
        " PHOTO takes it out.",
    ),
    "lost": _Kind(
        "photos whose face is not in the collection",
        "Enroll these files again. On one machine recognizeme-local reindex does it for all.",
    ),
    "no_photo": _Kind(
        "people without a usable photo", "They are not recognized: enroll a good photo of each."
    ),
    "adds_nothing": _Kind(
        "photos that add nothing",
        "They do no harm. A photo of another day, in another light, helps more.",
        is_wrong=False,
    ),
    "one_photo": _Kind(
        "people with one photo only",
        "A second one, of another day or in another light, makes them surer to be recognized.",
        is_wrong=False,
    ),
}


@click.command("check")
@click.option("--yes", is_flag=True, help="Do not ask before paid calls.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the findings to FILE, .html, with the pictures side by side.",
)
@api_option
@json_option
def command(yes: bool, report_path: Path | None, api: ApiClient, as_json: bool) -> None:
    """Look through everybody's photos for what will go wrong at the door, and say what to do about it.

    People who look the same, photos filed under the wrong person or unlike their own, photos that add
    nothing, people with one photo only. Each face is one search, which AWS charges for: it says first what
    that costs. Exits 1 when something should be done.
    """
    if report_path and report_path.suffix != ".html":
        raise click.UsageError("--report writes .html; name the file so")
    people = list(api.people())
    faces = sum(int(person["faces"]) for person in people)
    if api.is_aws and faces and not yes:
        cost = f"{faces} searches at {_SEARCH_USD} USD each, about {faces * _SEARCH_USD:.2f} USD"
        click.confirm(f"This makes {cost}. Go on?", abort=True, err=True)
    is_shown = not as_json and sys.stderr.isatty() and len(people) > 1
    progress = Progress(
        *("checking", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
        console=console(stderr=True),
        transient=True,
        disable=not is_shown,
    )
    with progress:
        task = progress.add_task("checking", total=len(people))
        found = explained(_looked_through(api, people, lambda: progress.advance(task)))
    if report_path:
        try:
            report_path.write_text("".join(_report(found, api)), "utf-8")
        except OSError as error:
            raise click.ClickException(f"{report_path} cannot be written: {error.strerror}") from error
    if as_json:
        for each in found:
            write_json(each)
    else:
        _write(found, len(people), faces)
        if report_path and found:
            click.echo(f"both pictures of each are in {report_path}")
    if any(_KINDS[each["finding"]].is_wrong for each in found):
        sys.exit(1)


def _looked_through(api: ApiClient, people: list[Json], on_person: Callable[[], object]) -> Iterator[Record]:
    """Everybody's findings, pair by pair and photo by photo, the searches made one person after the other."""
    names = {str(person["person_id"]): str(person["name"]) for person in people}
    humans = {
        str(person["person_id"]): str(person.get("merged_into") or person["person_id"]) for person in people
    }
    album = Album(api, names, humans)
    for person in people:
        person_id = str(person["person_id"])
        # Somebody may be forgotten meanwhile.
        with suppress(NotFound):
            yield from findings(album.person(person_id), api.neighbours(person_id), album)
        on_person()


def _write(found: list[Record], people: int, faces: int) -> None:
    counts = Counter(str(each["finding"]) for each in found)
    for kind, how in _KINDS.items():
        if not counts[kind]:
            continue
        click.echo(click.style(f"{how.heading} ({counts[kind]})", bold=True))
        for each in found:
            if each["finding"] == kind:
                for line in _lines(each):
                    click.echo(f"  {line}")
        click.echo(wrapped(how.advice))
        click.echo()
    wrong = sum(count for kind, count in counts.items() if _KINDS[kind].is_wrong)
    click.echo(
        f"checked {counted(people, 'people')}, {counted(faces, 'faces')}:"
        f" {wrong or 'nothing'} to put right, {sum(counts.values()) - wrong} to know"
    )


def _lines(found: Record) -> Iterator[str]:
    """One finding in words: who, how similar, and which photos by their person's id."""
    name, other = isolated(str(found["name"])), found["other"]
    match found["finding"]:
        case "too_close":
            yield f"{name} and {isolated(other['name'])}, {found['similarity_pct']:.1f} %"
        case "misfiled":
            yield f"under {name}, but looks like {isolated(other['name'])} ({found['similarity_pct']:.1f} %)"
        case "one_photo" | "no_photo":
            yield f"{name}  {found['person_id']}"
            return
        case _:
            yield name
    yield f"    {_photo(found)}"
    if other:
        yield f"    {_photo(other)}"


def _photo(of: Record) -> str:
    return f"{of['person_id']}  {isolated(str(of['photo_id']))}"


def _report(found: list[Record], api: ApiClient) -> Iterator[str]:
    """A page that needs nothing beside it: the pictures are in it."""
    yield (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>People check</title>'
        "<meta name=viewport content='width=device-width'><style>"
        "body{font:16px/1.4 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}"
        "h2{margin:2rem 0 .2rem}p{margin:.2rem 0 1rem;color:#555}"
        "section{border:1px solid #ddd;border-radius:.5rem;padding:.8rem 1rem;margin:0 0 1rem}"
        "b.pct{float:right}figure{display:inline-block;margin:.6rem 1rem 0 0;vertical-align:top}"
        "img{height:14rem;border-radius:.3rem;display:block}figcaption{font-size:.85rem;max-width:18rem;"
        "overflow-wrap:anywhere}ul{columns:2}</style>\n<h1>People check</h1>\n"
    )
    if not found:
        yield "<p>Nothing was found that should be put right.</p>\n"
    for kind, how in _KINDS.items():
        of_kind = [each for each in found if each["finding"] == kind]
        if not of_kind:
            continue
        heading = how.heading[:1].upper() + how.heading[1:]
        yield f"<h2>{html.escape(heading)} ({len(of_kind)})</h2>\n<p>{html.escape(how.advice)}</p>\n"
        if kind in {"one_photo", "no_photo"}:
            names = "".join(f"<li><bdi>{html.escape(str(each['name']))}</bdi>" for each in of_kind)
            yield f"<ul>{names}</ul>\n"
            continue
        for each in of_kind:
            pct = each["similarity_pct"]
            similar = "" if pct is None else f'<b class="pct">{pct:.1f} %</b>'
            yield f"<section>{similar}{_figure(each, api)}"
            yield f"{_figure(each['other'], api) if each['other'] else ''}</section>\n"
    yield "</html>\n"


def _figure(of: dict[str, Any] | Record, api: ApiClient) -> str:
    caption = f"<bdi>{html.escape(str(of['name']))}</bdi><br><bdi>{html.escape(str(of['photo_id']))}</bdi>"
    image = _image(str(of["person_id"]), str(of["photo_id"]), api)
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _image(person_id: str, photo_id: str, api: ApiClient) -> str:
    from kiosk.vision.picture_file import UnusableFile, fit

    try:
        picture = fit(api.enrolled_photo(person_id, photo_id), max_side_px=_THUMB_PX)
    except (ApiError, UnusableFile):
        return "<i>the picture is no longer stored</i>"
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
