"""`recognizeme kiosks list`."""

from collections.abc import Iterator

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_list
from kiosk.commands.times import utc_option

_COLUMNS = {
    "kiosk_id": "kiosk", "place": "place", "state": "state", "heard_at": "heard", "lets_in": "lets in",
    "trouble": "trouble",
}  # fmt: skip


@click.command()
@utc_option
@api_option
@json_option
def command(api: ApiClient, as_json: bool) -> None:
    """List the kiosks and how they are doing.

    `blind` is a kiosk that says that it does not see, `offline` one that says nothing any more.
    """
    found = api.kiosks()
    rows = found if as_json else map(_row, found)
    write_list(
        rows,
        _COLUMNS,
        as_json=as_json,
        empty="no kiosk is known; try: recognizeme kiosks set front --name ...",
    )


def _row(kiosk: Record) -> Record:
    beat = kiosk.get("heartbeat") or {}
    return {
        "kiosk_id": kiosk["kiosk_id"],
        "place": " / ".join(filter(None, (kiosk.get("name"), kiosk.get("place")))),
        "state": kiosk["state"],
        "heard_at": beat.get("received_at"),
        "lets_in": " ".join("everybody" if group == "*" else group for group in kiosk["groups"]) or "nobody",
        "trouble": "; ".join(_troubles(kiosk, beat)),
    }


def _troubles(kiosk: Record, beat: Record) -> Iterator[str]:
    for trouble in (beat.get("camera_trouble"), beat.get("delivery_trouble")):
        if trouble:
            yield trouble
    if waiting := (beat.get("spool") or {}).get("waiting"):
        yield f"{waiting} pictures wait to be delivered"
    if abs(beat.get("clock_ahead_s") or 0) > _WRONG_CLOCK_S:
        yield f"its clock is {beat['clock_ahead_s']:+.0f} s off"
    runs = beat.get("policy_version")
    if runs and str(runs).startswith("file "):
        yield "it runs a policy of its own"
    elif runs and runs != kiosk["policy_version"]:
        yield "it runs an older policy"


_WRONG_CLOCK_S = 30
