"""`recognizeme notifications status`."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_list

COLUMNS = {
    "decided_at": "decided", "rule_id": "rule", "event": "event", "kiosk_id": "kiosk", "state": "state",
    "attempts": "failed", "error": "last error",
}  # fmt: skip


@click.command()
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="How many at most.")
@api_option
@json_option
def command(limit: int, api: ApiClient, as_json: bool) -> None:
    """List the messages of what happened last, newest first: waiting, sent, failed or dropped.

    `dropped` had nothing to say any more: somebody was forgotten, or the rule removed. What `failed` for good
    is tried again by `recognizeme replay`.
    """
    write_list(api.notifications(limit), COLUMNS, as_json=as_json, empty="nothing was announced lately")
