"""Every command a page shows exists, with the options it shows."""

import re
import shlex
from pathlib import Path

import click
import pytest

from kiosk.cli import main as recognizeme
from kiosk.commands.lazy import LazyGroup
from local.cli import main as recognizeme_local
from rekolocal.cli import main as rekolocal

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *ROOT.glob("*/README.md"),
    *sorted((ROOT / "docs").glob("*.md")),
]
PROGRAMS: dict[str, click.Command] = {
    "recognizeme": recognizeme,
    "recognizeme-local": recognizeme_local,
    "rekolocal": rekolocal,
}
# In a code block or between backticks; what follows # or a continuation of the shell is not the command.
SHOWN = re.compile(
    r"(?:^|`|    |\$ )(?:\.venv/bin/)?((?:recognizeme|recognizeme-local|rekolocal) [^`#|&;>\n\\]+)",
    re.MULTILINE,
)
MAKE = re.compile(r"(?:^|`|    )make ([a-z][a-z-]*)", re.MULTILINE)


def shown_commands() -> list[tuple[str, str]]:
    return sorted(
        {(page.name, match.strip()) for page in PAGES for match in SHOWN.findall(page.read_text("utf-8"))}
    )


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_a_command_shown_in_a_page_exists_with_its_options(page: str, line: str) -> None:
    program, *words = shlex.split(line.replace("[", "").replace("]", "").replace("...", ""))
    command = PROGRAMS[program]
    context = click.Context(command)
    options = {option for parameter in command.get_params(context) for option in parameter.opts}
    for word in words:
        if isinstance(command, LazyGroup) and command.default and word.startswith("--"):
            command = command.get_command(context, command.default) or command
            options |= {option for parameter in command.get_params(context) for option in parameter.opts}
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(context, word)
            if found is None:
                continue  # the value of an option before the subcommand
            command = found
            options |= {option for parameter in command.get_params(context) for option in parameter.opts}
        elif word.startswith("--"):
            assert word.partition("=")[0] in options | {"--help"}, f"{page}: {line}"
    if isinstance(command, LazyGroup) and command.default:
        command = command.get_command(context, command.default) or command
    is_complete = not isinstance(command, click.Group) or command.invoke_without_command
    assert is_complete or set(words) <= {"--help", "--version"}, f"{page}: {line}"


def test_every_make_target_a_page_shows_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {target for page in PAGES for target in MAKE.findall(page.read_text("utf-8"))}
    assert "demo" in shown
    assert shown <= targets


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted((ROOT / "docs" / "adr").glob("*.md"))], ids=lambda page: page.name
)
def test_prose_wraps_at_110_columns(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    too_long = [line for line in prose.splitlines() if len(line) > 110 and not line.startswith(("|", "    "))]

    assert too_long == []
