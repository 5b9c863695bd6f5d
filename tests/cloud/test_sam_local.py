"""`sam build` and `sam local`, for real: the functions in containers, their services on this machine."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.cloud import sam_local
from tests.cloud.processes import free_port, wait_for
from tests.cloud.sam_local import ENV_FILE, NoEngine, ask_engine, overrides, running
from tests.cloud.template import REGION, ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SAM = ROOT / ".venv-sam" / "bin" / "sam"
RUNTIMES = ("python3.13", "python3.12", "python3.11")  # any of them will do: the zips are pure Python
FORGET = ROOT / "events" / "enrollment-forget.json"
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}


def image_of(runtime: str) -> str:
    architecture = overrides()[1].removeprefix("Architecture=")
    return f"public.ecr.aws/lambda/{runtime.replace('python', 'python:')}-{architecture}"


def runtime_with_image() -> str:
    """A runtime whose base image the engine has: tests pull nothing. Raises `NoEngine`."""
    for runtime in RUNTIMES:
        if ask_engine(f"/images/{image_of(runtime)}/json"):
            return runtime
    raise NoEngine(f"the container engine has no Lambda image; pull {image_of(RUNTIMES[0])}")


def sam(*arguments: str, timeout_s: float = 120) -> str:
    """What a sam command prints; its exit code says nothing about what a function did."""
    environment = CLEAN | {"SAM_CLI_TELEMETRY": "0", "PATH": f"{SAM.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [SAM, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout_s
    )
    assert done.stdout, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The stand-ins run and the functions are built; what every `sam local` command is given."""
    try:
        fitting = [*overrides(), f"Runtime={runtime_with_image()}"]
        with running():
            built = tmp_path_factory.mktemp("build")
            sam("build", "--build-dir", str(built), *fitting)
            yield [
                "--template",
                str(built / "template.yaml"),
                "--env-vars",
                str(ENV_FILE),
                "--skip-pull-image",
                *fitting,
            ]
    except NoEngine as error:
        if os.environ.get("REQUIRE_SAM_LOCAL"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def invoke(options: list[str], event: str) -> Any:
    function = event.partition("-")[0].capitalize() + "Function"
    return json.loads(sam("local", "invoke", function, "--event", f"events/{event}.json", *options))


def test_a_stored_capture_is_recognized_in_a_container(options: list[str]) -> None:
    answer = invoke(options, "recognition-several")

    assert [(each["outcome"], each["person_id"]) for each in answer["sightings"]] == [
        ("recognized", "ada")
    ] * 2
    assert answer["ignored"] == 1


def test_a_photo_put_under_enrollments_is_indexed_in_a_container(options: list[str]) -> None:
    answer = invoke(options, "enrollment-unusual-key")

    assert [photo["state"] for photo in answer["photos"]] == ["indexed"], answer


def test_a_picture_handed_in_over_http_is_answered_in_a_container(options: list[str]) -> None:
    answer = invoke(options, "door-recognize")

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["outcome"] == "no_face"


@contextmanager
def serving(command: str, options: list[str]) -> Iterator[str]:
    """A sam local server on a free port, its containers kept warm."""
    port = free_port()
    process = subprocess.Popen(
        [str(SAM), "local", command, "--port", str(port), "--warm-containers", "LAZY", *options],
        cwd=ROOT,
        env=CLEAN,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()  # SIGINT does not end it
        process.wait(30)


def test_start_api_answers_the_routes(options: list[str]) -> None:
    body = json.loads((ROOT / "events" / "door-recognize.json").read_text())["body"]
    with serving("start-api", options) as base:
        immediate = post(base, "/kiosks/front/recognitions", {"picture": body})
        assert get(base, "/health")["status"] == "ok"
        people = get(base, "/people")["items"]
        capture_id = invoke(options, "recognition-put")["sightings"][0]["capture_id"]
        sighting = get(base, f"/sightings/{capture_id}")

    assert [(person["person_id"], person["name"]) for person in people] == [("ada", "Ada Lovelace")]
    assert (sighting["status"], sighting["person_id"]) == ("done", "ada")
    assert immediate["outcome"] == "no_face"


def test_every_sample_event_is_taken_by_its_function(options: list[str]) -> None:
    answers = {}
    with serving("start-lambda", options) as url:
        functions = boto3.client(
            "lambda",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(read_timeout=120, retries={"total_max_attempts": 1}),
        )
        for path in sorted((ROOT / "events").glob("*-*.json")):
            if path not in (ENV_FILE, FORGET):  # the other tests need Ada
                name = path.stem.partition("-")[0].capitalize() + "Function"
                answer = functions.invoke(FunctionName=name, Payload=path.read_bytes())
                answers[path.stem] = json.loads(answer["Payload"].read())

    rehearsal = answers.pop("rehearsal-hook")
    assert "only a deployment has them" in rehearsal["errorMessage"]
    failed = {
        name: answer
        for name, answer in answers.items()
        if "errorMessage" in answer or answer.get("statusCode", 200) >= 500
    }
    assert len(answers) > 20
    assert failed == {}


def post(base: str, path: str, body: object) -> Any:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


def get(base: str, path: str) -> Any:
    with urllib.request.urlopen(base + path, timeout=120) as answer:
        return json.loads(answer.read())


def test_without_a_container_engine_sam_local_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")

    with pytest.raises(SystemExit, match=r"no container engine answers at unix:///nonexistent/docker\.sock"):
        sam_local.main()
