"""`recognizeme corrections`: what corrections taught, and taking it back."""

from contextlib import suppress

import click

from kiosk.client.api import ApiClient
from kiosk.client.errors import NotFound
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import wrapped, write_json, write_list
from kiosk.commands.times import utc_option

_COLUMNS = {
    "capture_id": "capture",
    "not": "does not show",
    "taught_at": "taught",
    "expires_at": "until",
    "learned": "learned",
}


@click.group(invoke_without_command=True)
@utc_option
@api_option
@json_option
@click.pass_context
def command(ctx: click.Context, api: ApiClient, as_json: bool) -> None:
    """List of which pictures it is remembered whom they do not show, newest first.

    Pictures that were taken as somebody's photo are among their photos: `recognizeme people show WHO`.
    """
    if ctx.invoked_subcommand is not None:
        return
    lessons = list(api.lessons())
    names: dict[str, str] = {}
    if not as_json:
        for person_id in {each for lesson in lessons for each in lesson["not_person_ids"]}:
            with suppress(NotFound):
                names[person_id] = str(api.person(person_id)["name"])
    write_list(
        lessons if as_json else (_row(lesson, names) for lesson in lessons),
        _COLUMNS,
        as_json=as_json,
        empty="nothing; recognizeme correct CAPTURE_ID nobody --not WHO would remember something",
    )


@command.command("take-back")
@click.argument("capture_id")
@api_option
@json_option
def take_back(capture_id: str, api: ApiClient, as_json: bool) -> None:
    """Forget whom the picture of CAPTURE_ID does not show, and remove its face; the correction stays."""
    lesson = api.take_back(capture_id)
    if as_json:
        write_json(lesson)
        return
    click.echo(
        wrapped(
            f"taken back: whether it shows {', '.join(lesson['not_person_ids']) or 'anybody'} is open again"
        )
    )


def _row(lesson: Json, names: dict[str, str]) -> Json:
    people = [names.get(person_id, person_id) for person_id in lesson["not_person_ids"]]
    people += ["anybody: a stranger who is ignored"] if lesson.get("ignored") else []
    learned = "yes" if lesson["learned"] else "no: interrupted, teach it again"
    return {**lesson, "not": ", ".join(people), "learned": learned}
