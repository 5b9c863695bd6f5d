"""`recognizeme kiosks list`."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.doors import troubles
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
        "trouble": "; ".join(troubles(kiosk)),
    }
