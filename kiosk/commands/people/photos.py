"""`recognizeme people photos`: what became of each photo of somebody."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_list
from kiosk.commands.times import utc_option
from kiosk.commands.whom import person_of

_COLUMNS = {"photo_id": "photo", "state": "state", "reason": "reason", "enrolled_at": "when"}


@click.command()
@click.argument("who")
@utc_option
@api_option
@json_option
def command(who: str, api: ApiClient, as_json: bool) -> None:
    """List the photos of WHO, an id or a name: indexed, refused and why, or removed."""
    person_id = str(person_of(api, who, ask=not as_json)["person_id"])
    write_photos(api, person_id, as_json=as_json)


def write_photos(api: ApiClient, person_id: str, *, as_json: bool) -> None:
    """Write what became of each photo of a person."""
    photos = api.photos(person_id)
    if not as_json:
        photos = (
            {**photo, "enrolled_at": photo.get("removed_at") or photo["enrolled_at"]} for photo in photos
        )
    write_list(photos, _COLUMNS, as_json=as_json, empty="no photos were handed in for this person")
