"""Ask a stack after a deployment: does it live, can it read, can it recognize, is it what was deployed.

usage: python -m tests.cloud.smoke_stack --config-env staging    (AWS credentials and region as usual)
The recognition is of a picture without a face: it costs one Rekognition call and names nobody.
"""

import argparse
import base64
import json
import sys
import tomllib
from typing import Any

import boto3
import requests

from tests.cloud.signing import Signed
from tests.cloud.template import FUNCTIONS, ROOT


def check(api: str, auth: Signed, *, verify: str | bool = True) -> list[str]:
    """What is wrong with the stack behind `api`; nothing is an empty list."""

    def ask(method: str, path: str, **options: Any) -> Any:
        answer = requests.request(method, api + path, auth=auth, verify=verify, timeout=30, **options)
        return answer.json() if answer.ok else {"status_code": answer.status_code, "text": answer.text[:200]}

    picture = base64.b64decode(json.loads((ROOT / "events" / "door-recognize.json").read_text())["body"])
    answers = {
        "GET /health": (health := ask("GET", "/health"), health.get("status") == "ok"),
        "GET /people": (people := ask("GET", "/people?limit=1"), "items" in people),
        "POST /kiosks/web/recognitions": (
            sighting := ask(
                "POST", "/kiosks/web/recognitions", data=picture, headers={"content-type": "image/jpeg"}
            ),
            sighting.get("outcome") == "no_face",
        ),
    }
    return [f"{asked} answered {answer}" for asked, (answer, fine) in answers.items() if not fine]


def stale(functions: Any, stack: str) -> list[str]:
    """Which functions do not serve what was deployed last: `live` has another code or configuration."""
    found = []
    for name in FUNCTIONS:
        function = f"{stack}-{name.lower()}"
        live, latest = (
            functions.get_function_configuration(FunctionName=function, Qualifier=qualifier)
            for qualifier in ("live", "$LATEST")
        )
        changed = [key for key in _OF_A_VERSION if live.get(key) != latest.get(key)]
        if changed:
            found.append(
                f"{function}:live is version {live['Version']}, whose {changed[0]} is not the latest"
            )
    return found


_OF_A_VERSION = ("CodeSha256", "Environment", "Handler", "MemorySize", "Runtime", "Timeout")


def main() -> None:
    """Exit with 1 and the reasons when the stack does not do its work."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--config-env", default="dev", help="the section of samconfig.toml that was deployed")
    name = parser.parse_args().config_env
    stack = tomllib.loads((ROOT / "samconfig.toml").read_text())[name]["global"]["parameters"]["stack_name"]
    session = boto3.Session()
    outputs = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    api = next(each["OutputValue"] for each in outputs if each["OutputKey"] == "ApiUrl")
    credentials = session.get_credentials()
    if credentials is None or session.region_name is None:
        sys.exit("smoke: set AWS credentials and AWS_REGION")
    wrong = check(api, Signed(credentials, session.region_name))
    wrong += stale(session.client("lambda"), stack)
    for reason in wrong:
        print(f"smoke: {reason}", file=sys.stderr)
    sys.exit(1 if wrong else print(f"smoke: {stack} lives, reads and recognizes"))


if __name__ == "__main__":
    main()
