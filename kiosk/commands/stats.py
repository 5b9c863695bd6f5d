"""`recognizeme stats`: outcomes by day and kiosk."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option, period_options
from kiosk.commands.output import Record, write_json, write_list

_OUTCOMES = ("recognized", "unknown", "uncertain", "no_face", "rejected")
_COLUMNS = {
    "day": "day", "kiosk_id": "kiosk", **{outcome: outcome for outcome in _OUTCOMES},
    "pending": "pending", "failed": "failed", "rekognition_calls": "calls", "cost_usd": "cost (USD)",
}  # fmt: skip


@click.command()
@period_options
@click.option("--group", metavar="GROUP", help="Count only the recognitions of people in this group.")
@api_option
@json_option
def command(since: str | None, until: str | None, group: str | None, api: ApiClient, as_json: bool) -> None:
    """Count outcomes by day and kiosk, with the recognitions paid for."""
    stats = api.stats(since=since, until=until, group=group)
    if as_json:
        for item in stats["items"]:
            write_json(item)
        write_json({"day": None, "kiosk_id": None, **stats["total"]})
        return
    rows = [_row(item) for item in [*stats["items"], {"day": "total", **stats["total"]}]]
    write_list(rows, _COLUMNS, as_json=False, empty="")


def _row(item: Record) -> Record:
    return {**item, **{outcome: item.get("outcomes", {}).get(outcome, 0) for outcome in _OUTCOMES}}
