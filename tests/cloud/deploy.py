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

from tests.cloud.template import ROOT, template

SAM = ROOT / ".venv-sam" / "bin" / "sam"


def command(stage: str, given: list[str]) -> list[str]:
    """The call of `sam`. Raises `ValueError` for what is no parameter of the template."""
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
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    return [str(SAM), "deploy", "--config-env", stage, "--parameter-overrides", *overrides]


def main() -> None:
    """Exit as `sam deploy` does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--config-env", default="dev", help="the section of samconfig.toml")
    parser.add_argument("parameters", nargs="*", metavar="NAME=VALUE", help="parameters of template.yaml")
    asked = parser.parse_args()
    try:
        call = command(asked.config_env, asked.parameters)
    except ValueError as error:
        sys.exit(f"deploy: {error}")
    environment = {
        **os.environ,
        "SAM_CLI_TELEMETRY": "0",
        "PATH": f"{SAM.parent}{os.pathsep}{os.environ['PATH']}",
    }
    sys.exit(subprocess.run(call, cwd=ROOT, env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
