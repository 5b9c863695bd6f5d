"""`recognizeme enroll`: photos of people into the collection, each with its own result."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.errors import ApiError
from kiosk.commands.enroll_report import planned, report, write_plan, write_summary
from kiosk.commands.enrollment import Duplicate, Enrollment, Leniency
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, console, wrapped, write_json
from kiosk.commands.photo_folder import LIST_SUFFIXES, Found, Nobody, PassedOver, Questions, portraits
from kiosk.commands.photo_list import listed
from kiosk.vision.portrait import PhotoGate

_INTERRUPTED = 130  # as a shell counts Ctrl-C


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH..."
)
@click.option("--name", help="Whom all the photos show; without it folders or files are named after people.")
@click.option(
    "--by-file", is_flag=True, help="Each file is named after somebody, whatever its folder is called."
)
@click.option(
    "--consent-recorded-by", metavar="WHO", help="Record that these people agreed, and who wrote it down."
)
@click.option("--consent-text", metavar="VERSION", help="Which text they agreed to, with that.")
@click.option(
    "--accept-poor",
    is_flag=True,
    help="Also enroll photos of poor quality: small, blurred, dark, turned away, cut off.",
)
@click.option(
    "--allow-duplicate",
    metavar="REASON",
    help="Also enroll photos that look like somebody else who is enrolled, such as a twin.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done, as a tree.")
@click.option("--tps", type=click.FloatRange(min=0, min_open=True), help="At most so many photos a second.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what became of each photo to FILE, .csv or .html.",
)
@api_option
@json_option
def command(
    paths: tuple[Path, ...],
    name: str | None,
    by_file: bool,
    consent_recorded_by: str | None,
    consent_text: str | None,
    accept_poor: bool,
    allow_duplicate: str | None,
    dry_run: bool,
    tps: float | None,
    report_path: Path | None,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Add people from PATH: a person's folder, a folder of such folders, files named after people, or a list.

    \b
    photos/Ada Lovelace/IMG_1.jpg      photos/ada_lovelace.jpg
    photos/Ada Lovelace/2024/2.png     photos/ada_lovelace_2.jpg
    people.csv or people.xlsx: file,person_id,name,groups,consent

    A folder that holds pictures is one person, with all that lies below it. Good photos show head and
    shoulders of one person. Running it again changes nothing. Exits 1 when a photo was refused; the others
    are enrolled all the same.
    """
    if name and by_file:
        raise click.UsageError("give --name or --by-file, not both")
    if report_path and report_path.suffix not in {".csv", ".html"}:
        raise click.UsageError("--report writes .csv or .html; name the file so")
    is_asked = sys.stdin.isatty() and not as_json
    found = list(_found(paths, name, by_file, _Terminal() if is_asked else Nobody()))
    if all(isinstance(each, PassedOver) and not each.refused for each in found) and not as_json:
        click.echo(f"there are no photos in {', '.join(map(str, paths))}")
    if dry_run:
        if not as_json:
            write_plan(found)
        for record in planned(found) if as_json else ():
            write_json(record)
        return
    progress = _progress(disable=as_json or len(found) < 2 or not sys.stderr.isatty())
    enrollment = Enrollment(
        api,
        keep_names=name is None,
        consent_recorded_by=consent_recorded_by,
        consent_text=consent_text,
        leniency=Leniency(
            accept_poor=accept_poor,
            allow_duplicate=allow_duplicate,
            ask_duplicate=partial(_ask_duplicate, progress) if is_asked else lambda duplicate: None,
        ),
        problem_of=PhotoGate(),
        tps=tps,
    )
    done = _enroll_all(found, enrollment, report_path, progress, as_json=as_json)
    if not as_json and found:
        write_summary(enrollment)
    if done < len(found):
        click.echo(
            wrapped(f"stopped after {done} of {len(found)} files; run it again, and it goes on from there"),
            err=True,
        )
        sys.exit(_INTERRUPTED)
    if enrollment.failures or not enrollment.photos["indexed"] + enrollment.photos["known"]:
        sys.exit(1)


def _found(paths: tuple[Path, ...], name: str | None, by_file: bool, questions: Questions) -> Iterator[Found]:
    lists = [path for path in paths if path.suffix.lower() in LIST_SUFFIXES and path.is_file()]
    if lists and name:
        raise click.UsageError("a list says whom each file shows; leave --name out")
    for path in lists:
        yield from listed(path, now=datetime.now(UTC))
    folders = [path for path in paths if path not in lists]
    yield from portraits(folders, name=name, by_file=by_file, questions=questions)


def _enroll_all(
    found: list[Found],
    enrollment: Enrollment,
    report_path: Path | None,
    progress: Progress,
    *,
    as_json: bool,
) -> int:
    """Enroll all; return how many files were done before Ctrl-C."""
    done = 0

    def note(record: Record) -> None:
        nonlocal done
        done += 1
        add_to_report(record)
        if as_json:
            write_json(record)

    try:
        with report(report_path) as add_to_report:
            try:
                with progress:
                    for record in progress.track(enrollment.add_all(found), total=len(found)):
                        note(record)
            except (KeyboardInterrupt, ApiError):
                for record in enrollment.settle():
                    note(record)
                raise
    except KeyboardInterrupt:
        return done
    except ApiError:
        if done and not as_json:
            write_summary(enrollment)
            click.echo(f"stopped after {done} of {len(found)} files; run it again, and it goes on from there")
        raise
    except OSError as error:
        raise click.ClickException(f"{report_path} cannot be written: {error.strerror}") from error
    return done


def _progress(*, disable: bool) -> Progress:
    columns = ("enrolling", BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console(stderr=True), transient=True, disable=disable)


def _ask_duplicate(progress: Progress, duplicate: Duplicate) -> str | None:
    """The reason for which a photo that looks like somebody else is enrolled; None leaves it out."""
    progress.stop()
    try:
        click.echo(
            wrapped(
                f"{isolated(str(duplicate.file))} looks like {isolated(duplicate.other)}"
                f" ({duplicate.similarity_pct:.1f} %), not {isolated(duplicate.name)}."
            )
        )
        reason: str = click.prompt(
            "Why is it somebody else all the same, for example a twin? (Enter: leave it out)",
            default="",
            show_default=False,
        )
        return reason.strip() or None
    finally:
        progress.start()


class _Rate(ProgressColumn):
    """Files a second."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


class _Terminal(Questions):
    """Asks whoever sits at the terminal."""

    def whom(self, file: Path) -> str | None:
        """Ask for a name."""
        answer: str = click.prompt(
            f"Whom does {file} show? (Enter: leave it out)", default="", show_default=False
        )
        return answer.strip() or None

    def one_person(self, folder: Path, files: list[str]) -> bool | None:
        """Ask what kind of folder it is."""
        some = ", ".join(files[:3]) + (", ..." if len(files) > 3 else "")
        return click.confirm(f"{folder} holds {some}. Do they all show {folder.resolve().name}?")
