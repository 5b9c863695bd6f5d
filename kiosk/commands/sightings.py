"""`recognizeme sightings`: who was seen."""

import time
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import captured_at
from kiosk.client.errors import Busy, Unreachable
from kiosk.client.moment import iso_text
from kiosk.client.sighting import Sighting
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, wrapped, write_json, write_list
from kiosk.commands.times import MOMENT, shown, utc_option
from kiosk.commands.whom import person_id_of
from kiosk.monitoring.wording import counted

_OUTCOMES = ("recognized", "unknown", "uncertain", "no_face", "rejected")
_COLUMNS = {
    "captured_at": "captured", "kiosk_id": "kiosk", "outcome": "outcome", "name": "name",
    "similarity_pct": "similarity", "reason": "reason", "capture_id": "capture",
}  # fmt: skip
_CANDIDATES = {
    "person_id": "candidate",
    "similarity_pct": "similarity",
    "counter_pct": "like a wrong picture",
}
_POLL_S = 1.0
_KNOWN = 20  # a look ends after so many in a row that were seen before
_FULL_EVERY = 60  # every so many looks one goes all the way back
_LATE = timedelta(hours=1)  # how far back --follow looks for captures that arrive late


@click.group(invoke_without_command=True)
@click.option("--person", "who", metavar="WHO", help="Only this person, by id or name.")
@click.option("--group", metavar="GROUP", help="Only people of this group, as it was then.")
@click.option("--kiosk", "kiosk_id", metavar="KIOSK_ID", help="Only this kiosk.")
@click.option("--outcome", type=click.Choice(_OUTCOMES), help="Only this outcome.")
@click.option("--since", type=MOMENT, help="Only from then on: 2026-11-23, 7d, tuesday, 'yesterday 18:00'.")
@click.option("--until", type=MOMENT, help="Only before then.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many, newest first."
)
@click.option("--follow", is_flag=True, help="Go on, and write each new sighting when its result is there.")
@utc_option
@api_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    who: str | None,
    group: str | None,
    kiosk_id: str | None,
    outcome: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    follow: bool,
    api: ApiClient,
    as_json: bool,
) -> None:
    """List who was seen, newest first; `show` says of one sighting why."""
    if ctx.invoked_subcommand is not None:
        return
    person_id = None if who is None else person_id_of(api, who, ask=not as_json)
    find = partial(
        api.sightings, person_id=person_id, kiosk_id=kiosk_id, outcome=outcome, group=group, until=until
    )
    if not follow:
        found = (sighting.to_json() for sighting in find(since=since, limit=limit))
        rows = found if as_json else map(_row, found)
        write_list(
            rows, _COLUMNS, as_json=as_json, empty="no sightings; try: recognizeme kiosk --source PATH"
        )
        return
    with suppress(KeyboardInterrupt):  # the way to end it, and no failure
        for record in news(find, since):
            write_json(record) if as_json else click.echo(_line(record))


@command.command()
@click.argument("capture_id")
@utc_option
@api_option
@json_option
def show(capture_id: str, api: ApiClient, as_json: bool) -> None:
    """Say of the sighting CAPTURE_ID why it came to what it came to, and whom the decision considered."""
    sighting = api.sighting(capture_id)
    record = sighting.to_json()
    if as_json:
        write_json(record)
        return
    click.echo(_line(record))
    if sighting.explanation:
        click.echo(wrapped(sighting.explanation))
    if not (decision := sighting.decision):
        return
    click.echo()
    write_list(decision["candidates"], _CANDIDATES, as_json=False, empty="nobody was considered")
    size = decision["gallery_size"]
    faces = "an unknown number of faces" if size is None else counted(size, "faces")
    click.echo(
        f"threshold {decision['threshold_pct']:g}, margin {decision['margin_pct']:g}; compared with {faces}"
        f" by model {decision['model_version'] or 'of an unknown version'}"
    )


def _row(record: dict[str, Any]) -> Record:
    """The outcome's column also says when there is none yet, or none to come."""
    return record if record["outcome"] else {**record, "outcome": record["status"]}


def _line(record: dict[str, Any]) -> str:
    who = record["name"] or record["outcome"] or record["status"]
    pct = record["similarity_pct"]
    similarity = "" if pct is None else f"  {pct:.2f} %"
    return f"{shown(record['captured_at'])}  {record['kiosk_id']}  {who}{similarity}"


def news(
    find: Callable[..., Iterator[Sighting]],
    since: str | None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """Final sightings from `since` on, or that were not there at the start; oldest first, for ever.

    `find` lists the newest first, so a look ends where only what was seen before follows. Once a
    minute one goes an hour back, for captures that arrive late.
    """
    floor = since or _ago(now)
    seen = set() if since else {sighting.capture_id for sighting in find(since=floor) if sighting.is_final}
    for turn in count():
        try:
            found = _until_known(find(since=floor), seen, patience=_KNOWN if turn % _FULL_EVERY else None)
        except (Busy, Unreachable) as error:
            click.echo(f"waiting: {error}", err=True)
            sleep(5 * _POLL_S)
            continue
        yield from (sighting.to_json() for sighting in reversed(found))
        floor = _ago(now)
        seen |= {sighting.capture_id for sighting in found}
        seen = {capture_id for capture_id in seen if iso_text(captured_at(capture_id)) >= floor}
        sleep(_POLL_S)


def _until_known(listed: Iterator[Sighting], seen: Set[str], *, patience: int | None) -> list[Sighting]:
    """The final ones that were not seen yet, until so many in a row were."""
    found: list[Sighting] = []
    known = 0
    for sighting in listed:
        known = known + 1 if sighting.capture_id in seen else 0
        if known and known == patience:
            break
        if not known and sighting.is_final:
            found.append(sighting)
    return found


def _ago(now: Callable[[], datetime]) -> str:
    return iso_text(now() - _LATE)
