"""What one file promises and another must keep: settings, routes, events, handlers."""

import ast
import json
import re
from dataclasses import MISSING, Field, fields
from pathlib import Path

import pytest

from recognizeme.settings import Settings
from tests.architecture.imports import ROOT, sources
from tests.cloud.template import EVERY_FUNCTION, FUNCTIONS, environment, function, routes, template

SETTINGS = (ROOT / "docs" / "settings.md").read_text()
# `make sam-local` writes one more file there.
SAMPLES = sorted(path for path in (ROOT / "events").glob("*.json") if path.name != "local-env.json")
NAMES = [setting.metadata["env"] for setting in fields(Settings)]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented_and_given_by_the_template(name: str) -> None:
    assert f"`{name}`" in SETTINGS
    assert any(name in environment(each) for each in EVERY_FUNCTION)


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_the_template_deploys_the_documented_default(setting: Field[object]) -> None:
    if setting.default is MISSING or setting.default == "":
        return
    deployed = next(
        variables[setting.metadata["env"]]
        for variables in map(environment, EVERY_FUNCTION)
        if setting.metadata["env"] in variables
    )

    if isinstance(setting.default, bool):
        assert deployed == str(setting.default).lower()
    elif isinstance(setting.default, str):
        assert deployed == setting.default
    else:
        assert float(deployed) == pytest.approx(setting.default)
    assert f"`{deployed}`" in next(line for line in SETTINGS.splitlines() if setting.metadata["env"] in line)


def test_the_settings_page_names_no_setting_that_does_not_exist() -> None:
    section = SETTINGS.split("## The functions")[1].split("\n## ")[0]

    assert set(re.findall(r"`(RECOGNIZEME_\w+)`", section)) == set(NAMES)


def test_every_variable_that_a_program_reads_is_documented_and_the_other_way_round() -> None:
    named = re.compile(r"\b(?:RECOGNIZEME|REKOLOCAL)_[A-Z_]+\b")
    read = {
        name
        for path in sources("functions", "kiosk", "local", "rekolocal")
        for name in named.findall(path.read_text())
    }

    assert set(named.findall(SETTINGS)) == read


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_a_handler_named_in_the_template_exists(name: str) -> None:
    module, _, attribute = function(name)["Handler"].rpartition(".")
    tree = ast.parse((ROOT / "functions" / module.replace(".", "/")).with_suffix(".py").read_text())

    assert attribute in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_an_events_file_is_named_after_the_function_that_takes_it(path: Path) -> None:
    assert path.stem.partition("-")[0].capitalize() in EVERY_FUNCTION


def test_every_route_has_a_sample_event() -> None:
    sampled = {tuple(event["routeKey"].split(" ")) for event in map(_read, SAMPLES) if "routeKey" in event}

    assert sampled == {route for name in FUNCTIONS for route in routes(name)}


def test_every_sample_event_is_given_to_a_built_function() -> None:
    given = (ROOT / "tests" / "cloud" / "test_artifacts.py").read_text()

    assert [path.stem for path in SAMPLES if f'"{path.stem}"' not in given] == []


def test_the_template_and_the_package_ask_for_the_same_functions() -> None:
    declared = {
        name
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }

    assert declared == {f"{name}Function" for name in EVERY_FUNCTION}


def _read(path: Path) -> dict[str, str]:
    event: dict[str, str] = json.loads(path.read_text())
    return event
