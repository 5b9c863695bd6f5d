"""The options that both `evaluate` commands have; without what the report itself needs."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


def report_options(command: Command) -> Command:
    """Add `--report`, `--last`, `--people` and `--most-let-in`."""
    options = (
        click.option(
            "--report",
            "reports",
            multiple=True,
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the report to FILE, .html, .png or .json; may be given several times. A .json that is"
            " there already is the last report, and is replaced.",
        ),
        click.option(
            "--last",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="An earlier report as .json: say what has changed since.",
        ),
        click.option(
            "--people",
            "galleries",
            multiple=True,
            type=click.IntRange(1),
            metavar="N",
            help="Also say what the threshold means for N people; may be given several times.",
        ),
        click.option(
            "--most-let-in",
            type=click.FloatRange(0, 100),
            default=0.0,
            show_default=True,
            metavar="PERCENT",
            help="The share of strangers that the suggested threshold may let in.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
