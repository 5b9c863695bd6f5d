"""`recognizeme notifications test`."""

import time

import click

from kiosk.client.api import ApiClient
from kiosk.client.errors import NotFound
from kiosk.commands.notifications.status import COLUMNS
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_list

_PATIENCE_S, _LOOK_EVERY_S = 20.0, 0.5


@click.command()
@click.argument("rule_id")
@api_option
@json_option
def command(rule_id: str, api: ApiClient, as_json: bool) -> None:
    """Send a test by RULE_ID, and wait until it is sent or the first try has failed."""
    notice = _followed(api.test_rule(rule_id), api)
    write_list([notice], COLUMNS, as_json=as_json, empty="")
    if notice["state"] != "sent":
        raise SystemExit(1)


def _followed(notice: Record, api: ApiClient) -> Record:
    ends_at = time.monotonic() + _PATIENCE_S
    while notice["state"] == "waiting" and not notice["attempts"] and time.monotonic() < ends_at:
        time.sleep(_LOOK_EVERY_S)
        found = [each for each in api.notifications(100) if each["notice_id"] == notice["notice_id"]]
        notice = found[0] if found else notice
    if notice["state"] == "waiting" and not notice["attempts"]:
        raise NotFound("nothing is known of the test yet; recognizeme notifications status says more")
    return notice
