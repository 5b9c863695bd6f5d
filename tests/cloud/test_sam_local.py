"""`sam build` and `sam local`, for real: the functions in containers, their services on this machine."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import sam_local
from tests.cloud.processes import free_port
from tests.cloud.sam_local import ENV_FILE, NoEngine, ask_engine, overrides, running
from tests.cloud.template import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SAM = ROOT / ".venv-sam" / "bin" / "sam"
RUNTIMES = ("python3.13", "python3.12", "python3.11")  # any of them will do: the zips are pure Python
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


def test_start_api_answers_the_routes(options: list[str]) -> None:
    port = free_port()
    command = [str(SAM), "local", "start-api", "--port", str(port), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=CLEAN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        base = f"http://127.0.0.1:{port}"
        assert get(base, "/health")["status"] == "ok"
        people = get(base, "/people")["items"]
        stored = json.loads(Path(ROOT / "events" / "recognition-several.json").read_text())["Records"][0]
        capture_id = Path(stored["s3"]["object"]["key"]).stem
        sighting = get(base, f"/sightings/{capture_id}")
    finally:
        process.terminate()  # SIGINT does not end it
        process.wait(30)

    assert [(person["person_id"], person["name"]) for person in people] == [("ada", "Ada Lovelace")]
    assert (sighting["status"], sighting["person_id"]) == ("done", "ada")


def get(base: str, path: str) -> Any:
    for _ in range(100):
        try:
            with urllib.request.urlopen(base + path, timeout=60) as answer:
                return json.loads(answer.read())
        except ConnectionError:
            time.sleep(0.2)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.2)
    raise AssertionError("start-api does not listen")


def test_without_a_container_engine_sam_local_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")

    with pytest.raises(SystemExit, match=r"no container engine answers at unix:///nonexistent/docker\.sock"):
        sam_local.main()
