"""`recognizeme notifications list`."""

from collections.abc import Iterator

import click

from kiosk.client.api import ApiClient
from kiosk.client.doors import opening_words
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_list

_COLUMNS = {"rule_id": "rule", "events": "of", "only": "only", "target": "to"}


@click.command()
@api_option
@json_option
def command(api: ApiClient, as_json: bool) -> None:
    """List the rules of who is told of what."""
    found = api.rules()
    write_list(
        found if as_json else map(_row, found),
        _COLUMNS,
        as_json=as_json,
        empty="nobody is told of anything; try: recognizeme notifications set --help",
    )


def _row(rule: Record) -> Record:
    return {
        "rule_id": rule["rule_id"],
        "events": " ".join(rule["events"]),
        "only": "; ".join(_only(rule)),
        "target": f"{rule['channel']} {rule['to'] or rule['secret']}{'' if rule['enabled'] else ' (off)'}",
    }


def _only(rule: Record) -> Iterator[str]:
    for member in ("people", "groups", "kiosks"):
        if rule[member]:
            yield f"{member} {' '.join(rule[member])}"
    for times in rule["hours"]:
        yield opening_words(times)
    for times in rule["quiet"]:
        yield f"not {opening_words(times)}"
