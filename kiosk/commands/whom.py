"""Whom a command is about: an id, or a name wherever an id is."""

import re
import sys
from collections.abc import Sequence
from itertools import islice

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.errors import NotFound, Refused
from kiosk.client.names import same_name
from kiosk.client.wire import Json

_PERSON_ID = re.compile(r"[A-Za-z0-9_.\-:]{1,128}")
_MOST = 10  # people that may be meant are shown, and chosen from


def person_of(api: ApiClient, who: str, *, ask: bool = True) -> Json:
    """The person with this id or, if there is none, with this name.

    Where the name is only a part of somebody's, or that of several, a terminal is asked if `ask` allows it;
    without one they are listed in the error. Raises `NotFound` for nobody, and `click.ClickException`.
    """
    if _is_id(who):
        try:
            return api.person(who)
        except NotFound:
            pass
    try:
        people = [*islice(api.people(name=who), _MOST + 1)]
    except Refused:  # nothing that a name could be
        people = []
    named = [person for person in people if same_name(str(person["name"])) == same_name(who)]
    if len(named) == 1:
        return named[0]
    if not people:
        raise NotFound(f"there is nobody with the id or the name {who!r}; recognizeme people lists everybody")
    return _chosen(who, named or people, ask=ask)


def person_id_of(api: ApiClient, who: str, *, ask: bool = True, may_be_gone: bool = False) -> str:
    """The person's id; an id of which there is nobody (any more) is taken as it is.

    With `may_be_gone` it is also where parts of names would fit.
    """
    try:
        return str(person_of(api, who, ask=ask and not may_be_gone)["person_id"])
    except NotFound:
        if _is_id(who):
            return who
        raise
    except click.ClickException:
        if may_be_gone and _is_id(who):
            return who
        raise


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _is_id(who: str) -> bool:
    return bool(_PERSON_ID.fullmatch(who)) and who not in {".", ".."}


def _chosen(who: str, people: Sequence[Json], *, ask: bool) -> Json:
    shown = [f"{isolated(str(person['name']))} ({person['person_id']})" for person in people[:_MOST]]
    more = ["..."] if len(people) > _MOST else []
    if not ask or not is_terminal():
        raise click.ClickException(f"who is {who!r}? Give the id of one of: {', '.join(shown + more)}")
    for number, each in enumerate(shown, 1):
        click.echo(f"{number:>3}  {each}", err=True)
    if more:
        click.echo("     and more; give more of the name to see them", err=True)
    number = click.prompt(f"Which of them is {who!r}?", type=click.IntRange(1, len(shown)), err=True)
    return people[number - 1]
