"""The `recognizeme-local` command. What a subcommand needs is imported when it is used."""

import json
import os
import shutil
import signal
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from kiosk.commands.report_options import report_options
from local.errors import LocalError

if TYPE_CHECKING:
    from local.adapters.tokens import SqliteTokens
    from local.data_folder import DataFolder
    from local.reindex import Rebuilt
    from local.wiring import LocalParts

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    metavar="DIR",
    help="The folder that holds everything: people, sightings, pictures, faces.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what a person can put right becomes one sentence and exit status 1."""
        from recognizeme.domain.errors import RecognizeMeError

        try:
            return super().invoke(ctx)
        except (LocalError, RecognizeMeError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # whoever read our output has seen enough
        except OSError as error:
            about = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{about}{error.strerror or error}") from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="recognizeme", message="recognizeme-local %(version)s")
def main() -> None:
    """Run RecognizeMe on this machine, without an AWS account: the same functions, the same API."""


@main.command(short_help="Run the whole stack until Ctrl-C.")
@data_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen; any address but loopback needs a token.",
)
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The API's; 0 is any."
)
@click.option(
    "--web-port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The web page's; 0 is any.",
)
@click.option("--no-web", is_flag=True, help="Leave the web page out.")
@click.option("--url", help="Where kiosks reach the API when that is not http://HOST:PORT.")
@json_option
def up(data: Path, host: str, port: int, web_port: int, no_web: bool, url: str | None, as_json: bool) -> None:
    """Run the whole stack until Ctrl-C; its data is there again at the next start."""
    from local.data_folder import DataFolder
    from local.stack import Stack

    _stop_on_signals()
    data_folder = DataFolder(data)
    if not as_json:
        click.echo("Starting ...")
    try:
        with Stack(
            data_folder,
            host=host,
            port=port,
            web_port=None if no_web else web_port,
            token=os.environ.get("RECOGNIZEME_TOKEN"),
            url=url,
        ) as stack:
            if as_json:
                _print_json({"event": "up", "api": stack.url, "web": stack.web_url, "data": str(data)})
            else:
                click.echo("\n".join(_welcome(stack.url, stack.web_url, data_folder)))
            for notice in stack.notices:
                if as_json:
                    _print_json({"event": "notice", "text": notice})
                else:
                    click.secho(f"\nNote: {notice}", fg="yellow")
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        if not as_json:
            click.echo("\nStopped.")


@main.command(short_help="Play visits through the whole chain and check the outcomes.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Save the pictures that were handed in, on one sheet, in DIR.",
)
@json_option
def demo(keep: Path | None, as_json: bool) -> None:
    """Enroll two real people, play visits of theirs and of others, and check every outcome.

    Everything runs on this machine, on free ports and in a temporary folder. Exits with 1 when an outcome
    is not as expected.
    """
    from local.demo.main_job import run

    _stop_on_signals()
    sys.exit(0 if run(as_json=as_json, keep=keep) else 1)


@main.group(short_help="Hand out, list and revoke tokens.")
def token() -> None:
    """Hand out, list and revoke tokens: whoever has one may use the API, as far as its role allows.

    From the first one on, every request needs a token, also on this machine. Changes count at once, also
    while the stack runs.
    """


@token.command("add", short_help="Hand out a token.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["door", "reception", "manager", "admin"]),
    help="What its holder may do; docs/api.md lists the routes of each.",
)
@click.option("--kiosk", "kiosk_id", help="The kiosk_id that a door's token is for.")
@data_option
@json_option
def token_add(role: str, kiosk_id: str | None, data: Path, as_json: bool) -> None:
    """Hand out a token; it is shown once and kept only as a hash."""
    from recognizeme.domain.model import check_kiosk_id
    from recognizeme.entry.routes import Caller, Role
    from recognizeme.wiring import utc_now

    if (role == Role.DOOR) != (kiosk_id is not None):
        raise click.UsageError("--kiosk goes with --role door, and with no other")
    caller = Caller(Role(role), check_kiosk_id(kiosk_id) if kiosk_id is not None else None)
    with _tokens(data) as (tokens, parts), parts.audited("token add") as detail:
        text, issued = tokens.add(caller, now=utc_now())
        detail |= {"token": issued.token_id, "role": role, "kiosk_id": kiosk_id}
    if as_json:
        _print_json({"event": "token", "token": text, **issued.as_json()})
    else:
        click.echo(text)
        click.echo("It is not shown again. Give it to its holder as RECOGNIZEME_TOKEN.", err=True)


@token.command("list", short_help="List the tokens that count.")
@data_option
@json_option
def token_list(data: Path, as_json: bool) -> None:
    """List the tokens that count, without the tokens themselves."""
    with _tokens(data) as (tokens, _):
        found = tokens.all()
    for issued in found:
        if as_json:
            _print_json(issued.as_json())
        else:
            of = f"{issued.caller.role} {issued.caller.kiosk_id or ''}"
            click.echo(f"{issued.token_id}  {of:<24} since {issued.created_at.astimezone():%Y-%m-%d %H:%M}")
    if not as_json:
        click.echo("1 token" if len(found) == 1 else f"{len(found)} tokens")


@token.command("revoke", short_help="Let nobody in with a token any more.")
@click.argument("token_id", metavar="ID")
@data_option
@json_option
def token_revoke(token_id: str, data: Path, as_json: bool) -> None:
    """Let nobody in any more with the token that `token list` shows under this ID."""
    with _tokens(data) as (tokens, parts):
        with parts.audited("token revoke", token=token_id):
            tokens.revoke(token_id)
        left = tokens.any()
    if as_json:
        _print_json({"event": "revoked", "id": token_id})
    else:
        click.echo(f"{token_id} lets nobody in any more")
        if not left:
            click.echo("that was the last one: programs on this machine need no token now", err=True)


@main.command(short_help="List jobs that wait, and those that failed for good.")
@data_option
@click.option("--dead", is_flag=True, help="Only those that failed for good.")
@json_option
def jobs(data: Path, dead: bool, as_json: bool) -> None:
    """List the jobs that wait for a function, and those that failed for good and why."""
    with _parts(data) as parts:
        found = parts.jobs.jobs(state="dead" if dead else None)
    if as_json:
        for job in found:
            _print_json(job.as_json())
        return
    for job in found:
        click.echo(f"{job.id:>6}  {job.state:<8} {job.function:<12} tried {job.attempts}x  {job.error or ''}")
    click.echo(_counted(len(found), "dead job" if dead else "job"))


@main.command(short_help="Run jobs again that failed for good.")
@data_option
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="Every job that failed for good.")
@json_option
def replay(data: Path, ids: tuple[int, ...], everything: bool, as_json: bool) -> None:
    """Run jobs that failed for good again, now or at the next start; `jobs --dead` lists them."""
    if bool(ids) == everything:
        raise click.UsageError("name the jobs by their ids, or say --all")
    with _parts(data) as parts, parts.audited("replay") as detail:
        replayed = parts.jobs.replay(None if everything else ids)
        detail["replayed"] = len(replayed)
    if as_json:
        for job_id in replayed:
            _print_json({"event": "replayed", "id": job_id})
    elif replayed or everything:
        click.echo(f"{_counted(len(replayed), 'job')} to run again")
    if missing := sorted(set(ids) - set(replayed)):
        raise click.ClickException(f"no dead job has the id {', '.join(map(str, missing))}")


@main.command(short_help="Delete what has been kept long enough.")
@data_option
@click.option("--yes", is_flag=True, help="Also when that is more than a week of sightings at once.")
@json_option
def retention(data: Path, yes: bool, as_json: bool) -> None:
    """Delete sightings and captured pictures older than RECOGNIZEME_SIGHTING_DAYS.

    A running stack does it every hour, a day's worth at most each time, and refuses when more than a week
    would go: when the clock has jumped, say.
    """
    from local.adapters.columns import to_moment
    from local.retention import delete_expired

    with _parts(data) as parts, parts.audited("retention", confirmed=str(yes)) as detail:
        done = delete_expired(parts, now=parts.now(), confirmed=yes)
        detail |= {"sightings": done.sightings, "pictures": done.pictures}
    if as_json:
        counts = {"sightings": done.sightings, "pictures": done.pictures}
        _print_json({"event": "retention", **counts, "before": to_moment(done.before)})
    else:
        click.echo(
            f"deleted what was captured before {done.before:%Y-%m-%d}:"
            f" {_counted(done.sightings, 'sighting')}, {_counted(done.pictures, 'picture')}"
        )


@main.command(short_help="Index everybody's photos anew.")
@click.option("--switch", "then_switch", is_flag=True, help="Use the new collection, and keep the old one.")
@click.option("--back", is_flag=True, help="Use the collection again that was in use before.")
@data_option
@json_option
def reindex(then_switch: bool, back: bool, data: Path, as_json: bool) -> None:
    """Index everybody's photos anew, in a collection beside the one in use, and say who would be recognized
    differently.

    For another recognition network, and for an engine that has lost faces. Stop the stack first. What was
    interrupted goes on where it was; nothing changes before --switch.
    """
    from local.data_folder import DataFolder
    from local.reindex import go_back, own_engine, rebuild, switch

    if then_switch and back:
        raise click.UsageError("give either --switch or --back")
    with _parts(data) as parts, own_engine(DataFolder(data)) as client:
        if back:
            with parts.audited("reindex --back") as detail:
                collection = detail["collection"] = go_back(parts)
            _say_in_use(collection, as_json=as_json)
            return
        built = rebuild(parts, client)
        if as_json:
            _print_json({"event": "reindex", **asdict(built)})
        else:
            _tell_rebuilt(built)
        if then_switch:
            with parts.audited("reindex --switch", collection=built.collection):
                switch(parts, client, built.collection)
            _say_in_use(built.collection, as_json=as_json)
        elif not as_json:
            click.echo("nothing has changed yet: `recognizeme-local reindex --switch` uses it")


def _tell_rebuilt(built: "Rebuilt") -> None:
    click.echo(
        f"{_counted(built.photos, 'photo')} of {built.people} people indexed in {built.collection},"
        f" {len(built.refused)} refused"
    )
    for name, photo_id, reason in built.refused:
        click.echo(f"  {name}, {photo_id}: {reason}")
    if not built.differences:
        click.echo("each photo searched among the others: everybody is recognized as before")
        return
    click.echo("each photo searched among the others; these are recognized differently:")
    for each in built.differences:
        click.echo(f"  {each.name}, {each.photo_id}: {each.before} before, {each.now} now")


def _say_in_use(collection: str, *, as_json: bool) -> None:
    if as_json:
        _print_json({"event": "collection_in_use", "collection": collection})
    else:
        click.echo(f"{collection} is in use; `recognizeme-local reindex --back` returns to the one before")


@main.command(short_help="Copy everything, also while the stack runs.")
@click.argument("to", type=click.Path(path_type=Path), metavar="DIR")
@data_option
@json_option
def backup(to: Path, data: Path, as_json: bool) -> None:
    """Copy everything to a new folder, also while the stack runs.

    The copy is a data folder itself: `recognizeme-local up --data DIR` runs on it. Keep it as safe as the
    original: it holds people's pictures, also of those who are forgotten later.
    """
    from local.backup import back_up
    from local.data_folder import DataFolder

    try:
        with _parts(data) as parts, parts.audited("backup") as detail:
            done = back_up(DataFolder(data), to)
            detail["pictures"] = done.pictures
    except OSError as error:
        raise click.ClickException(f"the backup was not made: {error}") from error
    if as_json:
        _print_json({"event": "backup", "to": str(to), "pictures": done.pictures, "bytes": done.size_bytes})
    else:
        click.echo(
            f"{to} holds everything: {_counted(done.pictures, 'picture')}, {done.size_bytes / 1e6:.1f} MB"
        )


@main.command(short_help="Measure how reliably your own people are told apart.")
@click.argument("photos", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--threshold",
    "threshold_pct",
    type=click.FloatRange(0, 100),
    default=99.0,
    show_default=True,
    envvar="RECOGNIZEME_THRESHOLD_PCT",
    metavar="PERCENT",
    help="The threshold in use.  [env: RECOGNIZEME_THRESHOLD_PCT]",
)
@report_options
@json_option
def evaluate(
    photos: Path,
    threshold_pct: float,
    reports: tuple[Path, ...],
    last: Path | None,
    galleries: tuple[int, ...],
    most_let_in: float,
    as_json: bool,
) -> None:
    """Measure on your own PHOTOS (one folder per person) how reliably people are told apart.

    All are enrolled in a temporary collection. Then each is handed in as a kiosk does and compared with the
    others: once among everybody, and once as a stranger's, with its own person left out.
    """
    from rich.console import Console
    from rich.progress import Progress

    from kiosk.client.moment import iso_text
    from kiosk.commands.evaluation import last_report, publish
    from kiosk.evaluation.report import make_report
    from local.evaluation.evaluate import photos_by_person, try_out
    from recognizeme.domain.policy import Policy
    from recognizeme.wiring import utc_now

    before = last_report(reports, last)
    people = photos_by_person(photos)
    with Progress(console=Console(stderr=True, quiet=as_json), transient=True) as progress:
        task = progress.add_task("comparing faces", total=2 * sum(map(len, people.values())))
        trial = try_out(people, source=str(photos), on_photo=lambda: progress.advance(task))
    report = make_report(
        trial,
        threshold_pct=threshold_pct,
        margin_pct=Policy().margin_pct,
        made_at=iso_text(utc_now()),
        most_let_in=most_let_in / 100,
        galleries=galleries,
        last=before,
    )
    publish(report, reports, as_json=as_json)


@contextmanager
def _parts(data: Path) -> "Iterator[LocalParts]":
    from local.data_folder import DataFolder
    from local.wiring import DATA, URL, LocalParts

    if not DataFolder(data).database.is_file():
        raise click.ClickException(f"{data} holds no RecognizeMe data; name its folder with --data")
    parts = LocalParts.from_env({**os.environ, DATA: str(data), URL: ""})
    with parts.database:
        yield parts


@contextmanager
def _tokens(data: Path) -> "Iterator[tuple[SqliteTokens, LocalParts]]":
    from local.adapters.tokens import SqliteTokens
    from local.data_folder import DataFolder
    from local.wiring import DATA, URL, LocalParts

    DataFolder(data).make()
    parts = LocalParts.from_env({**os.environ, DATA: str(data), URL: ""})
    with parts.database:
        yield SqliteTokens(parts.database), parts


def _welcome(url: str, web_url: str | None, data_folder: "DataFolder") -> Iterable[str]:
    yield "RecognizeMe runs on this machine. Ctrl-C stops it."
    yield ""
    yield f"  API       {url}"
    if web_url:
        yield f"  web page  {web_url}"
    yield f"  data      {data_folder.root.resolve()}"
    yield f"  log       {data_folder.log.resolve()}"
    yield ""
    yield "Try it with photos of your own, in another terminal:"
    yield ""
    if folder := _not_on_path("recognizeme"):
        yield f'  export PATH="{folder}:$PATH"'
    if url != "http://127.0.0.1:8000":
        yield f"  export RECOGNIZEME_API={url}"
    for command, does in (
        ("enroll photos/", "a folder per person, or a file each"),
        ("kiosk --source FILE", "a picture, a video, or 0 for a camera"),
        ("sightings", "who was seen"),
        ("people", "who is enrolled"),
    ):
        yield f"  recognizeme {command:<20} # {does}"


def _not_on_path(command: str) -> Path | None:
    """The folder of our command, unless the shell finds it by its name."""
    ours = Path(sysconfig.get_path("scripts")) / command
    found = shutil.which(command)
    return None if found and Path(found).resolve() == ours.resolve() else ours.parent


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _print_json(line: dict[str, object]) -> None:
    click.echo(json.dumps(line, ensure_ascii=False))


def _stop_on_signals() -> None:
    # Also Ctrl-C's: a shell's background commands start with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
