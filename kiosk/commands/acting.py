"""The options with which `recognizeme kiosk` acts on what it sees."""

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from kiosk.actions import Actions, parse_trigger
from kiosk.actions.audit_log import AuditLog
from kiosk.actions.office_policy import OfficePolicy
from kiosk.actions.unlock_policy import Doorkeeper, PolicyRefused, UnlockPolicy

Command = TypeVar("Command", bound=Callable[..., object])


def acting_options(command: Command) -> Command:
    """Add `--on` and `--policy`; the command receives `on` and `policy` for `acting`."""
    on = click.option(
        "--on",
        multiple=True,
        metavar="OUTCOME=ACTION",
        help="What to do about an outcome, if the policy allows it: recognized=webhook:URL, =command:PATH or "
        "=mqtt:URL/topic. Can be given several times.",
    )
    policy = click.option(
        "--policy",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A policy of this kiosk's own, a TOML file, instead of the one that the office gives it with"
        " recognizeme kiosks set. See docs/kiosk.md.",
    )
    return on(policy(command))


def own_policy(policy: Path | None) -> tuple[UnlockPolicy, str] | None:
    """The policy in a file, and what tells it from others; None without one.

    Raises `click.ClickException` for a policy that cannot be used.
    """
    if policy is None:
        return None
    try:
        text = _read(policy)
    except OSError as error:
        raise click.ClickException(f"the policy {policy} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"the policy {policy} is no text in UTF-8") from error
    return UnlockPolicy.from_toml(text), f"file {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def acting(
    on: tuple[str, ...], own: tuple[UnlockPolicy, str] | None, office: OfficePolicy, folder: Path
) -> AbstractContextManager[Actions | None]:
    """The actions that were asked for, or None; decisions.jsonl and actions.jsonl are kept in `folder`.

    They follow the kiosk's `own` policy where it has one, else the office's, as it changes.
    """
    if not on:
        return nullcontext()
    triggers = [parse_trigger(each) for each in on]
    policy, version = own or (office.policy, office.version)
    doorkeeper = Doorkeeper(
        policy,
        AuditLog(folder / "decisions.jsonl"),
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        version=version,
    )
    if own is None:
        office.on_change = doorkeeper.use
    return Actions(triggers, doorkeeper, AuditLog(folder / "actions.jsonl"))


def _read(policy: Path) -> str:
    """The text of a policy file, if nobody but root and this user can have written it."""
    with policy.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PolicyRefused(f"the policy {policy} can be changed by others; run: chmod go-w {policy}")
        if status.st_uid not in {0, os.geteuid()}:
            raise PolicyRefused(f"the policy {policy} belongs to another user; run: sudo chown root {policy}")
        return file.read().decode()
