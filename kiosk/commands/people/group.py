"""`recognizeme people group`: labels that policies, lists and statistics go by."""

from collections.abc import Callable

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.people.record import write_person
from kiosk.commands.whom import person_of


@click.group()
def command() -> None:
    """Put people into a group, or take them out; a group is there as long as somebody is in it.

    Groups show in lists (--group), in statistics, and in the policy of a door (docs/kiosk.md).
    """


@command.command("add")
@click.argument("group")
@click.argument("who", nargs=-1, required=True)
@api_option
@json_option
def add(group: str, who: tuple[str, ...], api: ApiClient, as_json: bool) -> None:
    """Put WHO, ids or names, into GROUP, such as staff or night-watch."""
    _regroup(api, who, lambda groups: groups | {group}, as_json=as_json)


@command.command("remove")
@click.argument("group")
@click.argument("who", nargs=-1, required=True)
@api_option
@json_option
def remove(group: str, who: tuple[str, ...], api: ApiClient, as_json: bool) -> None:
    """Take WHO, ids or names, out of GROUP."""
    _regroup(api, who, lambda groups: groups - {group}, as_json=as_json)


def _regroup(
    api: ApiClient, who: tuple[str, ...], change: Callable[[set[str]], set[str]], *, as_json: bool
) -> None:
    people = [person_of(api, each, ask=not as_json) for each in who]  # before any is changed
    for person in people:
        groups = change({str(each) for each in person.get("groups") or ()})
        write_person(api.change_person(str(person["person_id"]), {"groups": sorted(groups)}), as_json=as_json)
