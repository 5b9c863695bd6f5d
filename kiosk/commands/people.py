"""`recognizeme people`: who is enrolled."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_list

_PEOPLE = {
    "person_id": "person",
    "name": "name",
    "faces": "faces",
    "consent": "consent",
    "created_at": "since (UTC)",
}
_PHOTOS = {"photo_id": "photo", "state": "state", "reason": "reason", "enrolled_at": "when (UTC)"}


@click.command()
@click.argument("person_id", required=False)
@api_option
@json_option
def command(person_id: str | None, api: ApiClient, as_json: bool) -> None:
    """List the people who are enrolled; with PERSON_ID, that person and what became of their photos."""
    if person_id is None:
        people = (
            api.people() if as_json else ({**person, "consent": _consent(person)} for person in api.people())
        )
        write_list(
            people, _PEOPLE, as_json=as_json, empty="nobody is enrolled; try: recognizeme enroll photos/"
        )
        return
    person = api.person(person_id)
    photos = list(api.photos(person_id))
    if as_json:
        write_list([{**person, "photos": photos}], {}, as_json=True, empty="")
        return
    write_list([{**person, "consent": _consent(person)}], _PEOPLE, as_json=False, empty="")
    click.echo()
    write_list(photos, _PHOTOS, as_json=False, empty="no photos were handed in for this person")


def _consent(person: dict[str, object]) -> str:
    consent = person.get("consent")
    if not isinstance(consent, dict):
        return "not recorded"
    return f"{str(consent.get('given_at'))[:10]} {consent.get('recorded_by') or ''}".strip()
