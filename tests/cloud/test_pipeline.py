"""samconfig.toml and the workflows: deployments that ask nothing, keep no keys and build once."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cloud.deploy import merged
from tests.cloud.template import ROOT, function, resolve, template

CONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())
STAGES = ("default", "dev", "staging", "prod")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def deploy_parameters(stage: str) -> dict[str, Any]:
    parameters: dict[str, Any] = CONFIG[stage]["deploy"]["parameters"]
    return parameters


def overrides(stage: str) -> dict[str, str]:
    return dict(each.split("=", 1) for each in deploy_parameters(stage)["parameter_overrides"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_deployment_needs_no_question_answered(stage: str) -> None:
    parameters = deploy_parameters(stage)

    assert CONFIG[stage]["global"]["parameters"]["stack_name"]
    assert parameters["resolve_s3"] is True
    assert parameters["confirm_changeset"] is False
    assert parameters["capabilities"] == "CAPABILITY_IAM"


@pytest.mark.parametrize("stage", STAGES)
def test_a_deployment_overrides_only_what_the_template_has(stage: str) -> None:
    for name, value in overrides(stage).items():
        parameter = template()["Parameters"][name]
        assert value in parameter.get("AllowedValues", [value]), name
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value), name


@pytest.mark.parametrize("stage", STAGES)
def test_a_versions_description_has_room_for_every_parameter(stage: str) -> None:
    description = resolve(function("Recognition")["VersionDescription"], overrides(stage))

    assert len(description) < 230  # Lambda takes 256; names of the operator's own may be longer


def test_a_parameter_on_top_keeps_those_of_the_stage_and_an_empty_one_changes_nothing() -> None:
    assert merged("prod", ["ThresholdPct=95", "AlarmEmail="]) == overrides("prod") | {"ThresholdPct": "95"}


@pytest.mark.parametrize(
    ("stage", "given"), [("prod", "Treshold=95"), ("prod", "ThresholdPct"), ("nowhere", "LogDays=1")]
)
def test_a_stage_or_parameter_that_does_not_exist_is_refused_before_anything_is_deployed(
    stage: str, given: str
) -> None:
    with pytest.raises(ValueError, match=r"must be NAME=VALUE|has no stage"):
        merged(stage, [given])


def test_stacks_of_one_account_share_no_name() -> None:
    names = ("CollectionId", "FacesTableName", "PeopleTableName", "SightingsTableName", "BucketPrefix")
    parameters = template()["Parameters"]
    for name in names:
        values = [overrides(stage).get(name, parameters[name]["Default"]) for stage in STAGES[1:]]
        assert len(set(values)) == len(values), name


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_what_visitors_depend_on_is_deployed_gradually(stage: str) -> None:
    assert overrides(stage)["GradualDeployment"] == "true"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_pins_every_action_and_grants_little(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    used = re.findall(r"uses: (\S+)", path.read_text())

    assert workflow["permissions"] == {"contents": "read"}
    assert used
    pinned = r"[\w-]+/[\w-]+@[0-9a-f]{40}|\./\.github/workflows/ci\.yml"
    assert [each for each in used if not re.fullmatch(pinned, each)] == []


def test_the_deployment_holds_no_keys_and_builds_once() -> None:
    text = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    jobs = yaml.safe_load(text)["jobs"]

    assert "secrets." not in text
    assert [name for name, job in jobs.items() if {"run": "make build"} in job.get("steps", ())] == ["build"]
    assert jobs["prod"]["needs"] == "staging"
    assert jobs["prod"]["environment"] == "prod"
    assert jobs["staging"]["steps"] == jobs["prod"]["steps"]


def test_what_does_not_pass_ci_is_not_deployed() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"]
    ci = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())

    assert jobs["check"] == {"uses": "./.github/workflows/ci.yml"}
    assert [jobs[name]["needs"] for name in ("build", "staging", "prod")] == ["check", "build", "staging"]
    assert "workflow_call" in ci[True]  # YAML 1.1 reads `on` as a truth value


def test_the_pipelines_parameters_are_the_templates_and_come_from_the_stages_variables() -> None:
    text = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    given = dict(re.findall(r'"(\w+)=\$(\w+)"', text))

    assert set(given) == {"AlarmEmail", "RecognitionConcurrency"}
    for name, variable in given.items():
        assert f"{variable}: ${{{{ vars.{variable} }}}}" in text
        assert str(template()["Parameters"][name]["Default"]) in {"", "0"}  # deploys in a new account


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_reserves_what_a_new_account_does_not_have(stage: str) -> None:
    assert "RecognitionConcurrency" not in overrides(stage)
