"""`sam deploy` of what `make build` made, with a stage's parameters of samconfig.toml and others on top.

usage: python -m tests.cloud.deploy --config-env prod ThresholdPct=95 AlarmEmail=door@example.org
`sam deploy --parameter-overrides` alone would drop those of samconfig.toml. A parameter without a value is
left out: what a pipeline does not set stays as it is.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.cloud import adopt
from tests.cloud.template import ROOT, template

SAM = ROOT / ".venv-sam" / "bin" / "sam"
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"


def merged(stage: str, given: list[str]) -> dict[str, str]:
    """The stage's parameters and those given. Raises `ValueError` for what is no parameter."""
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text())
    if stage not in stages:
        raise ValueError(f"samconfig.toml has no stage {stage!r}")
    parameters = dict(
        each.split("=", 1) for each in stages[stage]["deploy"]["parameters"]["parameter_overrides"]
    )
    for each in given:
        name, equals, value = each.partition("=")
        if name not in template()["Parameters"] or not equals:
            raise ValueError(f"{each!r} must be NAME=VALUE with a parameter of template.yaml")
        if value:
            parameters[name] = value
    return parameters


def stack_name(stage: str) -> str:
    """The stack of a stage."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    return str(config[stage]["global"]["parameters"]["stack_name"])


def sam(*arguments: str) -> int:
    """Run sam from the repository, for samconfig.toml; return its exit code."""
    environment = {
        **os.environ,
        "SAM_CLI_TELEMETRY": "0",
        "PATH": f"{SAM.parent}{os.pathsep}{os.environ['PATH']}",
    }
    call = [str(SAM), *arguments]
    return subprocess.run(call, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


def main() -> None:
    """Exit as `sam deploy` does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--config-env", default="dev", help="the section of samconfig.toml")
    parser.add_argument(
        "--adopt", action="store_true", help="begin the stack with the tables and the bucket that exist"
    )
    parser.add_argument("--built", type=Path, default=BUILT, help="the template that `sam build` wrote")
    parser.add_argument("parameters", nargs="*", metavar="NAME=VALUE", help="parameters of template.yaml")
    asked = parser.parse_args()
    try:
        parameters = merged(asked.config_env, asked.parameters)
    except ValueError as error:
        sys.exit(f"deploy: {error}")
    if asked.adopt:
        stack = stack_name(asked.config_env)
        try:
            names = adopt.begin(boto3.Session(), stack, parameters)
        except (ClientError, BotoCoreError) as error:
            sys.exit(f"deploy: {stack} could not adopt its tables and bucket: {error}")
        print(f"deploy: {stack} holds {', '.join(names)}")
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    where = ("--config-env", asked.config_env, "--config-file", str(ROOT / "samconfig.toml"))
    sys.exit(sam("deploy", *where, "--template-file", str(asked.built), "--parameter-overrides", *overrides))


if __name__ == "__main__":
    main()
