"""`recognizeme evaluate`: does it work, on the people who are enrolled and at the doors that run?"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from rich.progress import Progress

from kiosk.client.api import ApiClient
from kiosk.client.errors import NotFound
from kiosk.client.loopback import is_loopback
from kiosk.client.moment import iso_text
from kiosk.commands.evaluation import last_report, publish
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import console
from kiosk.commands.report_options import report_options
from kiosk.commands.times import MOMENT
from kiosk.evaluation.field import field_of
from kiosk.evaluation.report import make_report
from kiosk.evaluation.trial import Likeness, Probe, Trial, Unusable, unlike

Face = dict[str, Any]
Record = dict[str, Any]

_TWO = "two people or more whom the doors are to recognize"
_CONDITIONS = (
    "pictures taken at a door: the enrolled photos were compared with each other, and whoever stands at a"
    " door in bad light is harder to recognize",
)

_REMEDY = "take each away with `recognizeme people remove-photo`, and enroll it under the right name"


@click.command()
@click.option(
    "--since",
    type=MOMENT,
    default="30d",
    show_default=True,
    help="Look at the doors' visits from then on: 2026-11-23, 7d, tuesday.",
)
@click.option(
    "--day",
    "day",
    default="07:00-19:00",
    show_default=True,
    metavar="FROM-TO",
    help="What is day, in the door's time zone or else this machine's; the rest is night.",
)
@click.option("--yes", is_flag=True, help="Do not ask before paying for the comparisons.")
@report_options
@api_option
@json_option
def command(
    since: str,
    day: str,
    yes: bool,
    reports: tuple[Path, ...],
    last: Path | None,
    galleries: tuple[int, ...],
    most_let_in: float,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Measure how reliably the people enrolled are told apart, and how the doors do.

    Each enrolled photo is compared with all others: once among everybody, and once as a stranger's, with its
    own person left out. That is one paid call a photo, so it says first what it costs. The doors' visits, and
    what people said about mistakes, are counted beside that. The report holds names: keep it as safe as the
    photos.
    """
    dawn, dusk = _hours(day)
    before = last_report(reports, last)
    records = {str(person["person_id"]): person for person in api.people()}
    today = datetime.now(UTC)
    counts_as = {
        record_id: whose
        for record_id, record in records.items()
        if record["faces"] and _is_recognized(records[whose := _counts_as(record_id, records)], today)
    }
    if len(set(counts_as.values())) < 2:
        raise click.ClickException(f"{_TWO} must be enrolled; try: recognizeme enroll photos/")
    _agree_to_pay(api, sum(records[record_id]["faces"] for record_id in counts_as), yes=yes)
    faces, policy = _compared(api, list(counts_as), quiet=as_json)
    probes = tuple(_probes(faces, counts_as))
    names = {probe.person_id: str(records[probe.person_id]["name"]) for probe in probes}
    if len(names) < 2:
        raise click.ClickException(f"{_TWO} must have a face in the collection")
    kiosks = list(api.kiosks())
    sightings = api.sightings(since=since)
    report = make_report(
        Trial(names, probes, tuple(_unusable(api, counts_as, faces)), "the collection", _CONDITIONS, _REMEDY),
        threshold_pct=policy["threshold_pct"],
        margin_pct=policy["margin_pct"],
        made_at=iso_text(today),
        most_let_in=most_let_in / 100,
        galleries=galleries,
        own_policies=_own_policies(kiosks, policy),
        field=field_of(sightings, since=since, dawn=dawn, dusk=dusk, zones=_zones(kiosks)),
        last=before,
    )
    publish(report, reports, as_json=as_json)


def _own_policies(kiosks: Sequence[Record], of_stack: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Threshold and margin of the kiosks that have either of their own."""
    given = {
        str(kiosk["kiosk_id"]): {name: kiosk[name] for name in of_stack if kiosk.get(name) is not None}
        for kiosk in kiosks
    }
    merged = {kiosk_id: {**of_stack, **own} for kiosk_id, own in given.items() if own}
    return {id: (float(own["threshold_pct"]), float(own["margin_pct"])) for id, own in merged.items()}


def _zones(kiosks: Sequence[Record]) -> dict[str, tzinfo]:
    """The time zones of the kiosks of which the office has said one, as far as this machine knows them."""
    zones: dict[str, tzinfo] = {}
    for kiosk in kiosks:
        if kiosk.get("is_set"):
            with suppress(ZoneInfoNotFoundError, ValueError):
                zones[str(kiosk["kiosk_id"])] = ZoneInfo(str(kiosk["time_zone"]))
    return zones


def _is_recognized(record: Record, now: datetime) -> bool:
    """Whether somebody is to be recognized now, as docs/api.md says it."""
    last_day, consent = record.get("active_until"), record.get("consent") or {}
    is_over = last_day is not None and now.date().isoformat() > last_day
    return record.get("active", True) and not is_over and not consent.get("withdrawn_at")


def _counts_as(record_id: str, records: Mapping[str, Record]) -> str:
    """Whom a record counts as: the one it was merged into, and so on."""
    while (into := records[record_id].get("merged_into")) in records:
        record_id = str(into)
    return record_id


def _hours(day: str) -> tuple[time, time]:
    try:
        dawn, dusk = (time.fromisoformat(each.strip()) for each in day.split("-"))
    except ValueError as error:
        raise click.UsageError("--day must be two times of day like 07:00-19:00") from error
    if dawn >= dusk:
        raise click.UsageError("--day must begin before it ends; what is outside is night")
    return dawn, dusk


def _agree_to_pay(api: ApiClient, calls: int, *, yes: bool) -> None:
    """Say what it costs and ask; on one machine it costs nothing."""
    if yes or is_loopback(urlsplit(api.url).hostname):
        return
    usd = calls * float(api.stats().get("call_usd", 0))
    sentence = f"comparing {calls:,} faces takes {calls:,} Rekognition calls, about {usd:.2f} USD"
    if not sys.stdin.isatty():
        raise click.ClickException(f"{sentence}; say --yes to pay it")
    click.confirm(f"{sentence}. Go on?", abort=True, err=True)


def _compared(
    api: ApiClient, people: Sequence[str], *, quiet: bool
) -> tuple[list[tuple[str, Face]], dict[str, float]]:
    """Each face with its person, and what the stack's decisions ask for."""
    faces: list[tuple[str, Face]] = []
    policy: dict[str, float] = {}
    progress = Progress(
        console=console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty()
    )
    with progress:
        for person_id in progress.track(people, description="comparing faces"):
            with suppress(NotFound):  # forgotten meanwhile
                for page in api.neighbours(person_id):
                    faces += ((person_id, face) for face in page["items"])
                    policy = {name: float(page[name]) for name in ("threshold_pct", "margin_pct")}
    return faces, policy


def _probes(faces: Sequence[tuple[str, Face]], counts_as: Mapping[str, str]) -> Iterator[Probe]:
    """Each face that the collection holds, beside those of the people in the report."""
    kept = [(record_id, face) for record_id, face in faces if not face["is_lost"]]
    picture = {str(face["face_id"]): f"{record_id}/{face['photo_id']}" for record_id, face in kept}
    own_pictures = defaultdict(list)
    for record_id, face in kept:
        own_pictures[counts_as[record_id]].append(picture[face["face_id"]])

    def likeness(person_id: str, other: Face) -> Likeness:
        face_id = str(other["face_id"])
        return Likeness(person_id, picture.get(face_id, face_id), float(other["similarity_pct"]))

    for record_id, face in kept:
        person_id, label = counts_as[record_id], picture[face["face_id"]]
        own = [likeness(person_id, each) for each in face["own"][:1]]
        others = tuple(
            likeness(each["person_id"], each) for each in face["others"] if each["person_id"] in own_pictures
        )
        yield Probe(label, person_id, own[0] if own else unlike(label, person_id, own_pictures), others)


def _unusable(
    api: ApiClient, counts_as: Mapping[str, str], faces: Sequence[tuple[str, Face]]
) -> Iterator[Unusable]:
    for record_id, person_id in counts_as.items():
        with suppress(NotFound):  # forgotten meanwhile
            for photo in api.photos(record_id):
                if photo["state"] == "refused":
                    yield Unusable(f"{record_id}/{photo['photo_id']}", person_id, str(photo["reason"]))
    for record_id, face in faces:
        if face["is_lost"]:
            reason = "the collection has lost its face; enroll the photo again"
            yield Unusable(f"{record_id}/{face['photo_id']}", counts_as[record_id], reason)
