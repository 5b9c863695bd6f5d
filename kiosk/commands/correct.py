"""`recognizeme correct`: say who a sighting really was, and let that teach."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import wrapped, write_json
from kiosk.commands.times import shown_day
from kiosk.commands.whom import person_of

_NOBODY = "nobody"


@click.command()
@click.argument("capture_id")
@click.argument("who")
@click.option(
    "--learn", is_flag=True, help="Take the picture as a photo of them, if it passes what every photo has to."
)
@click.option(
    "--not",
    "not_who",
    metavar="WHO",
    help="Remember that the picture does not show WHO, so that the mistake is not made again. This keeps the"
    " face of whoever is on it, who may never have agreed, for 30 days unless the stack says otherwise.",
)
@api_option
@json_option
def command(
    capture_id: str, who: str, learn: bool, not_who: str | None, api: ApiClient, as_json: bool
) -> None:
    """Say that the sighting CAPTURE_ID was WHO: an id, a name, or nobody for somebody who is not enrolled.

    A correction alone changes no recognition. What it teaches is listed by `recognizeme corrections`, and can
    be taken back there.
    """
    if learn and who == _NOBODY:
        raise click.UsageError("there is nobody to learn the picture for; give --learn with a person")
    person = None if who == _NOBODY else person_of(api, who, ask=not as_json)
    other = None if not_who is None else person_of(api, not_who, ask=not as_json)
    if person and other and person["person_id"] == other["person_id"]:
        raise click.UsageError("it cannot be them and not them")
    sighting, can_learn = api.correct(capture_id, person_id=_id(person))
    taught: Json = {"photo": None, "lesson": None}
    if learn or other:
        taught = api.teach(capture_id, learn=learn, not_person_id=_id(other))
    if as_json:
        write_json({"sighting": sighting.to_json(), "can_learn": can_learn, **taught})
    else:
        _say(capture_id, person, other, can_learn, taught)
    if taught["photo"] and taught["photo"]["state"] != "indexed":
        raise SystemExit(1)


def _say(capture_id: str, person: Json | None, other: Json | None, can_learn: bool, taught: Json) -> None:
    click.echo(f"corrected: it was {_name(person) if person else 'nobody who is enrolled'}")
    photo, lesson = taught["photo"], taught["lesson"]
    if photo and photo["state"] == "indexed":
        click.echo(f"learned: the picture is a photo of {_name(person)} now, {photo['photo_id']}")
    elif photo:
        similar = photo.get("looks_like") or {}
        # Whoever it was taken for is whom it looks like: no reason once somebody says that it is not them.
        hint = f" (--not {similar['person_id']} says that it is not them)" if "person_id" in similar else ""
        click.echo(wrapped(f"not learned: {photo['reason']}{hint}"), err=True)
    elif can_learn:
        click.echo(f"--learn would take the picture as a photo of {_name(person)}")
    if lesson:
        click.echo(
            wrapped(
                f"remembered until {shown_day(lesson['expires_at'])}: the picture does not show"
                f" {_name(other)} (recognizeme corrections take-back {capture_id} forgets it)"
            )
        )


def _id(person: Json | None) -> str | None:
    return str(person["person_id"]) if person else None


def _name(person: Json | None) -> str:
    return isolated(str(person["name"])) if person else ""
