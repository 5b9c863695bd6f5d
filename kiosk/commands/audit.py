"""`recognizeme audit`: who did what."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.audit_log import csv_lines, pairs
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_list
from kiosk.commands.times import MOMENT, utc_option
from kiosk.commands.whom import person_id_of

_TABLE = {
    "at": "when", "who": "who", "action": "what", "person": "person", "more": "about",
    "result": "result",
}  # fmt: skip


@click.command()
@click.option(
    "--person",
    "who",
    metavar="WHO",
    help="Only about this person, by id or name; by id also a forgotten one.",
)
@click.option("--principal", help="Only what this one did: an IAM identity, or `token ID`.")
@click.option("--on-behalf-of", help="Only what was done for this one.")
@click.option("--action", help="Only this action, such as: DELETE /people/{person_id}.")
@click.option("--since", type=MOMENT, help="Only from then on: 2026-11-23, 7d, tuesday, 'yesterday 18:00'.")
@click.option("--until", type=MOMENT, help="Only before then.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.  [default: 50, with --csv all]")
@click.option("--csv", "as_csv", is_flag=True, help="Write every column as CSV, for a file or a spreadsheet.")
@utc_option
@api_option
@json_option
def command(
    who: str | None,
    principal: str | None,
    on_behalf_of: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
    as_csv: bool,
    api: ApiClient,
    as_json: bool,
) -> None:
    """List who changed what, and who looked at whose picture, newest first; it takes the role manager.

    A `?` as result means that it began and may have been done. A person who is not on record any more is
    shown as the beginning of a hash; --person finds what was about them all the same.
    """
    if as_csv and as_json:
        raise click.UsageError("give --csv or --json, not both")
    lines = api.audit(
        person_id=None if who is None else person_id_of(api, who, may_be_gone=True),
        principal=principal,
        on_behalf_of=on_behalf_of,
        action=action,
        since=since,
        until=until,
        limit=limit or (None if as_csv else 50),
    )
    if as_csv:
        for row in csv_lines(lines):
            click.echo(row, nl=False)
        return
    rows = lines if as_json else map(_row, lines)
    write_list(rows, _TABLE, as_json=as_json, empty="nothing was changed or looked at")


def _row(line: Record) -> Record:
    hashed = line.get("person_hash")
    return {
        "at": line["at"],
        "who": " for ".join(filter(None, (line["principal"], line.get("on_behalf_of")))),
        "action": line["action"],
        "person": line.get("person_id") or (f"#{hashed[:8]}" if hashed else ""),
        "more": pairs({**line["about"], **line["detail"]}),
        "result": "?" if line["result"] == "began" else line["result"],
    }
