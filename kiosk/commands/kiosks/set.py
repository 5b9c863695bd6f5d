"""`recognizeme kiosks set`."""

from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.client.doors import NoOpening, opening_of
from kiosk.commands.kiosks.show import tell
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json


class OpeningType(click.ParamType[dict[str, Any]]):
    """`mon-fri 07:00-19:30`, or days alone."""

    name = "DAYS FROM-UNTIL"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        """Read `mon-fri 07:00-19:30`, `sat,sun`, or fail."""
        try:
            return opening_of(str(value))
        except NoOpening as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("kiosk_id")
@click.option("--name", help="What people call it.")
@click.option("--place", help="Where it is.")
@click.option(
    "--direction", type=click.Choice(["in", "out", "both"]), help="Which way people go who are seen here."
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="GROUP",
    help="Who may enter; `*` is everybody. Several times.",
)
@click.option("--nobody", is_flag=True, help="Let nobody in by a face.")
@click.option(
    "--opening",
    "openings",
    multiple=True,
    type=OpeningType(),
    help="When it may open: 'mon-fri 07:00-19:30', or days alone. Several times.",
)
@click.option("--always", is_flag=True, help="Never closed.")
@click.option("--time-zone", help="Of the openings, such as Europe/Zurich.")
@click.option("--threshold", type=click.FloatRange(0, 100), metavar="PERCENT", help="Its own threshold.")
@click.option("--margin", type=click.FloatRange(0, 100), metavar="PERCENT", help="Its own margin.")
@click.option("--reason", help="Why it has a threshold or margin of its own.")
@click.option("--usual", is_flag=True, help="As sure as the groups, or the deployment, say.")
@api_option
@json_option
def command(
    kiosk_id: str,
    name: str | None,
    place: str | None,
    direction: str | None,
    groups: tuple[str, ...],
    nobody: bool,
    openings: tuple[dict[str, Any], ...],
    always: bool,
    time_zone: str | None,
    threshold: float | None,
    margin: float | None,
    reason: str | None,
    usual: bool,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Say where KIOSK_ID is, whom it lets in and when, and how sure it must be. What is left out stays.

    A kiosk of which nothing was said lets nobody in.
    """
    own = threshold is not None or margin is not None or reason is not None
    if (nobody and groups) or (always and openings) or (usual and own):
        raise click.UsageError("--nobody, --always and --usual take away what the other options give")
    change: dict[str, Any] = {
        "name": name, "place": place, "direction": direction, "time_zone": time_zone,
        "groups": list(groups) or None, "openings": list(openings) or None,
        "threshold_pct": threshold, "margin_pct": margin, "reason": reason,
    }  # fmt: skip
    change = {member: value for member, value in change.items() if value is not None}
    change |= {"groups": None} if nobody else {}
    change |= {"openings": None} if always else {}
    change |= dict.fromkeys(("threshold_pct", "margin_pct", "reason")) if usual else {}
    if not change:
        raise click.UsageError("say what to set; --help lists it")
    kiosk = api.put_kiosk(kiosk_id, change)
    write_json(kiosk) if as_json else tell(kiosk)
