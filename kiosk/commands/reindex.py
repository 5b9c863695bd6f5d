"""`recognizeme reindex`: a new collection from everybody's photos, beside the one in use."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.monitoring.wording import counted


@click.command()
@click.option("--switch", "then_switch", is_flag=True, help="Use the new collection, and keep the old one.")
@click.option("--back", is_flag=True, help="Use the collection again that was in use before.")
@click.option("--yes", is_flag=True, help="Do not ask whether the cost is all right.")
@api_option
@json_option
def command(then_switch: bool, back: bool, yes: bool, api: ApiClient, as_json: bool) -> None:
    """Index everybody's photos anew, in a collection beside the one in use, and say who would be recognized
    differently.

    A collection keeps the model of Rekognition that it was made with; a new one has the newest. Doors go on
    meanwhile. What was interrupted goes on where it was; nothing changes before --switch. What is enrolled
    until the switch is taken along.
    """
    if then_switch and back:
        raise click.UsageError("give either --switch or --back")
    _ask(api, yes=yes, back=back)
    if back:
        _settle(api, api.reindex("back")["in_use"], as_json=as_json)
        return
    before = api.reindex("count")
    if not before["is_settled"]:
        _settle(api, before["in_use"], as_json=as_json)
        return
    built = list(_steps(api, "build"))
    refused = [each for part in built for each in part["refused"]]
    differences = [each for part in _steps(api, "compare") for each in part["differences"]]
    if as_json:
        write_json(
            {
                "event": "reindex",
                "collection": built[-1]["building"],
                "refused": refused,
                "differences": differences,
            }
        )
    else:
        _tell(built[-1]["building"], refused, differences)
    if then_switch:
        _settle(api, api.reindex("switch")["in_use"], as_json=as_json)
    elif not as_json:
        click.echo("nothing has changed yet: `recognizeme reindex --switch` uses it")


def _steps(api: ApiClient, step: str) -> Iterator[dict[str, Any]]:
    """The parts of a step until it is done."""
    cursor: str | None = None
    while True:
        part = api.reindex(step, cursor=cursor)
        yield part
        cursor = part["next_cursor"]
        if cursor is None:
            return


def _ask(api: ApiClient, *, yes: bool, back: bool) -> None:
    """Say what it costs, and whether that is all right."""
    if yes:
        return
    photos = call_usd = 0.0
    for part in _steps(api, "count"):
        photos, call_usd = photos + part["photos"], part["call_usd"]
    once = photos * call_usd
    what = (
        f"recording them again costs up to {once:.2f} USD"
        if back
        else f"indexing them costs up to {once:.2f} USD, comparing {2 * once:.2f} and a switch {once:.2f}"
    )
    click.confirm(f"{counted(round(photos), 'photos')}: {what}. Go on?", abort=True, err=True)


def _settle(api: ApiClient, in_use: str, *, as_json: bool) -> None:
    """Have the photos' records follow a switch, which counts for doors already."""
    refused = [each for part in _steps(api, "settle") for each in part["refused"]]
    if as_json:
        write_json({"event": "collection_in_use", "collection": in_use, "refused": refused})
        return
    _tell_refused(refused)
    click.echo(f"{in_use} is in use; `recognizeme reindex --back` returns to the one before")


def _tell(collection: str, refused: Sequence[dict[str, str]], differences: Sequence[dict[str, Any]]) -> None:
    click.echo(f"{collection} is built, {counted(len(refused), 'photos')} refused")
    _tell_refused(refused)
    if not differences:
        click.echo("each photo searched among the others: everybody is recognized as before")
        return
    click.echo("each photo searched among the others; these are recognized differently:")
    for each in differences:
        name = isolated(each["name"])
        click.echo(f"  {name}: {_outcomes(each['before'])} before, {_outcomes(each['now'])} now")


def _tell_refused(refused: Sequence[dict[str, str]]) -> None:
    for each in refused:
        click.echo(f"  {isolated(each['name'])}, {each['photo_id']}: {each['reason']}")


def _outcomes(each: Sequence[str]) -> str:
    """`2 Ada, 1 unknown`; one alone without its number."""
    if len(each) == 1:
        return isolated(each[0])
    return ", ".join(f"{number} {isolated(name)}" for name, number in sorted(Counter(each).items()))
