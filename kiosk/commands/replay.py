"""`recognizeme replay`: what failed for good, tried again."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.monitoring.wording import counted


@click.command()
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many."
)
@api_option
@json_option
def command(limit: int, api: ApiClient, as_json: bool) -> None:
    """Try the pictures again whose recognition or enrollment failed for good, once the cause is fixed.

    Each picture still gives one sighting. Run it again when there were more than the limit.
    """
    answer = api.replay(limit=limit)
    if as_json:
        write_json({"replayed": answer["replayed"], "skipped": answer["skipped"]})
        return
    click.echo(f"being tried again: {counted(answer['replayed'], 'pictures')}; see: recognizeme stats")
    if answer["skipped"]:
        click.echo(
            f"left in the queue: {counted(len(answer['skipped']), 'messages')} that no function of this stack"
            f" failed on, look at them in the console: {', '.join(answer['skipped'])}",
            err=True,
        )
