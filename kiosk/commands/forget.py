"""`recognizeme forget`: a person and everything held about them, removed, with a receipt of it."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.errors import NotFound
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.whom import person_id_of
from kiosk.delivery.atomic_file import write_atomic
from kiosk.monitoring.wording import counted

_VERSION = 1  # of receipts
_CALLED = {
    "people": "records",
    "vectors": "face vectors",
    "captures": "pictures of captures",
}


@click.command()
@click.argument("who", required=False)
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option(
    "--receipt",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for the receipt, as JSON, that --verify takes.",
)
@click.option(
    "--verify",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A receipt: look into every store again for the person it is about.",
)
@api_option
@json_option
def command(
    who: str | None, yes: bool, receipt: Path | None, verify: Path | None, api: ApiClient, as_json: bool
) -> None:
    """Remove WHO, an id or a name: faces, photos, captures, the name in sightings. It cannot be undone.

    Asking again, by the id, gives the receipt again.
    """
    if (who is None) == (verify is None) or (verify and receipt):
        raise click.UsageError("give either WHO is to be forgotten, or --verify with a receipt")
    if verify:
        _verify(api, verify, as_json=as_json)
    elif who:
        _forget(api, who, receipt, yes=yes, as_json=as_json)


def _forget(api: ApiClient, who: str, receipt: Path | None, *, yes: bool, as_json: bool) -> None:
    if receipt and (receipt.exists() or not receipt.parent.is_dir()):
        problem = "exists already" if receipt.exists() else "is in no folder that exists"
        raise click.ClickException(f"{receipt} {problem}; choose another --receipt")
    person_id = person_id_of(api, who, ask=not as_json)
    if not yes:
        click.confirm(_question(api, person_id), abort=True, err=True)
    answer = api.forget(person_id)
    if receipt:
        try:
            write_atomic(receipt, json.dumps(answer, ensure_ascii=False, indent=2).encode() + b"\n")
        except OSError as error:
            raise click.ClickException(
                f"forgotten, but the receipt cannot be written to {receipt} ({error.strerror}); ask for it"
                f" again: recognizeme forget {person_id} --yes --receipt FILE"
            ) from error
    if as_json:
        write_json(answer)
        return
    _write_field("forgotten", _counts(answer["removed"]))
    _write_field("person", ", ".join(isolated(str(each)) for each in answer["forgotten"]))
    _write_field("hash", f"{answer['person_hash']} (in the audit log)")
    _write_field("began", _moment(answer["began_at"]))
    _write_field("finished", _moment(answer["finished_at"]))
    _write_field("found", _found(answer))


def _question(api: ApiClient, person_id: str) -> str:
    try:
        person = api.person(person_id)
    except NotFound:
        return f"Nobody has the id {person_id!r}. Remove whatever may be left of them?"
    return f"Forget {isolated(person['name'])} ({counted(person['faces'], 'faces')}) for good?"


def _verify(api: ApiClient, file: Path, *, as_json: bool) -> None:
    looks = [api.remains(person_id) for person_id in _forgotten(file)]
    is_verified = all(look["verified"] is True for look in looks)
    for look in looks:
        if as_json:
            write_json(look)
        else:
            _write_field("person", isolated(str(look["person_id"])))
            _write_field("looked", _moment(look["looked_at"]))
            _write_field("found", _found(look))
    if not is_verified:
        raise click.ClickException(
            "something is there. Whoever was forgotten less than a minute ago is not yet wholly; who was"
            " enrolled again is on record; otherwise forget them again, by the id"
        )


def _forgotten(file: Path) -> list[str]:
    """The ids that a receipt is about."""
    try:
        receipt = json.loads(file.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error
    except ValueError:
        receipt = None
    ids = receipt.get("forgotten") if isinstance(receipt, dict) else None
    if not isinstance(receipt, dict) or not isinstance(ids, list) or not ids:
        raise click.ClickException(f"{file} is no receipt; --verify takes what --receipt has written")
    if receipt.get("version") != _VERSION:
        raise click.ClickException(f"{file} was written by another version; update this program")
    return [str(each) for each in ids]


def _found(look: Json) -> str:
    if look.get("found") is None:
        return "not looked yet: it still goes on, and ends by itself; look again in a minute"
    return _counts(look["found"]) or "nothing, in any store"


def _counts(counts: Mapping[str, Any]) -> str:
    said = {what: counted(count, _CALLED.get(what, what)) for what, count in counts.items() if count}
    if "mentions" in said:
        said["sightings"] += f" ({counts['mentions']} of others)"
        del said["mentions"]
    return ", ".join(said.values())


def _write_field(name: str, text: str) -> None:
    lines = textwrap.wrap(text, 68, break_long_words=False)
    click.echo(f"  {name:<10}" + f"\n{' ' * 12}".join(lines))


def _moment(text: object) -> str:
    return f"{str(text)[:19].replace('T', ' ')} UTC"
