"""The artifacts that `sam deploy` uploads, run by Lambda's own emulator against services on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.cloud.emulator import Emulator, emulated
from tests.cloud.stand_ins import StandIns
from tests.cloud.template import EVERY_FUNCTION, FUNCTIONS, ROOT
from tests.portraits import ASTRONAUT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

MAX_ARTIFACT_BYTES = 8 * 1024 * 1024  # 2.6 MB of them time zones, which Lambda's image does not have


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return loaded


def key_of(name: str) -> str:
    key: str = event(name)["Records"][0]["s3"]["object"]["key"]
    return key


def store(services: StandIns, key: str, picture: bytes) -> None:
    services.client("s3").put_object(Bucket=services.bucket, Key=key, Body=picture, ContentType="image/jpeg")


def body(answer: dict[str, Any], status: int = 200) -> Any:
    assert answer.get("statusCode") == status, answer
    return json.loads(answer["body"])


@pytest.fixture(scope="module")
def enrolled(functions: dict[str, Emulator], services: StandIns) -> str:
    """Ada is enrolled: the person through the API, the photo through the bucket."""
    body(functions["Enrollment"].invoke(event("enrollment-put-person")))
    store(services, key_of("enrollment-put"), ASTRONAUT.read_bytes())
    answer = functions["Enrollment"].invoke(event("enrollment-put"))
    assert [photo["state"] for photo in answer["photos"]] == ["indexed"], answer
    return "ada"


@pytest.mark.usefixtures("enrolled")
def test_a_stored_capture_of_an_enrolled_person_becomes_a_sighting_that_query_shows(
    functions: dict[str, Emulator], services: StandIns
) -> None:
    store(services, key_of("recognition-put"), ASTRONAUT.read_bytes())

    answer = functions["Recognition"].invoke(event("recognition-put"))

    assert [each["outcome"] for each in answer["sightings"]] == ["recognized"], answer
    sighting = body(functions["Query"].invoke(event("query-sighting")))
    assert (sighting["status"], sighting["person_id"], sighting["name"]) == ("done", "ada", "Ada Lovelace")
    listed = body(functions["Query"].invoke(event("query-sightings")))
    assert sighting["explanation"].startswith("Ada Lovelace reached 99")
    assert sighting | {"explanation": None} in listed["items"]
    assert body(functions["Query"].invoke(event("query-sighting-photo")))["url"].startswith("http")


def test_the_same_event_twice_costs_one_rekognition_call(
    functions: dict[str, Emulator], services: StandIns
) -> None:
    store(services, key_of("recognition-put"), ASTRONAUT.read_bytes())

    first, second = (functions["Recognition"].invoke(event("recognition-put")) for _ in range(2))

    assert second == first
    assert second["sightings"][0]["rekognition_calls"] == 1


def test_a_record_that_is_no_picture_is_rejected_and_does_its_neighbours_no_harm(
    functions: dict[str, Emulator], services: StandIns
) -> None:
    records = event("recognition-several")
    keys = [record["s3"]["object"]["key"] for record in records["Records"]]
    store(services, keys[0], b"no picture")
    services.client("s3").put_object(Bucket=services.bucket, Key=keys[2], Body=ASTRONAUT.read_bytes())

    answer = functions["Recognition"].invoke(records)

    assert answer["sightings"][0]["outcome"] == "rejected"
    assert answer["ignored"] == 1
    assert len(answer["sightings"]) == 2


@pytest.mark.parametrize(
    "name", ["recognition-test-event", "recognition-unusual-key", "recognition-malformed"]
)
def test_what_is_no_capture_is_ignored_without_an_error(functions: dict[str, Emulator], name: str) -> None:
    answer = functions["Recognition"].invoke(event(name))

    assert answer["sightings"] == []


@pytest.mark.parametrize("name", ["notification-seen", "notification-kiosk-gone"])
def test_what_nobody_asked_to_be_told_of_is_not_announced(functions: dict[str, Emulator], name: str) -> None:
    assert functions["Notification"].invoke(event(name)) == {"notices": 0}


@pytest.mark.usefixtures("enrolled")
def test_a_photo_whose_name_has_spaces_plus_and_umlauts_is_enrolled(
    functions: dict[str, Emulator], services: StandIns
) -> None:
    store(services, "enrollments/ada/Ada beim Bäcker + 1.jpg", ASTRONAUT.read_bytes())

    answer = functions["Enrollment"].invoke(event("enrollment-unusual-key"))

    assert [(photo["photo_id"], photo["state"]) for photo in answer["photos"]] == [
        ("Ada beim Bäcker + 1.jpg", "indexed")
    ]


@pytest.mark.parametrize(
    ("name", "function", "status"),
    [
        ("door-ticket", "Door", 201),
        ("door-recognize", "Door", 200),
        ("door-sighting", "Door", 200),
        ("door-heartbeat", "Door", 200),
        ("enrollment-photo-ticket", "Enrollment", 201),
        ("enrollment-photo", "Enrollment", 201),
        ("enrollment-remove-photo", "Enrollment", 200),
        ("enrollment-photo-link", "Enrollment", 200),
        ("enrollment-neighbours", "Enrollment", 200),
        ("enrollment-replay", "Enrollment", 200),
        ("enrollment-check-collection", "Enrollment", 200),
        ("enrollment-reindex", "Enrollment", 200),
        ("query-people", "Query", 200),
        ("query-person", "Query", 200),
        ("query-person-photos", "Query", 200),
        ("query-lessons", "Query", 200),
        ("query-strangers", "Query", 200),
        ("query-stranger", "Query", 404),
        ("enrollment-name-stranger", "Enrollment", 404),
        ("enrollment-ignore-stranger", "Enrollment", 404),
        ("enrollment-discard-stranger", "Enrollment", 404),
        ("query-stats", "Query", 200),
        ("query-audit", "Query", 200),
        ("query-kiosks", "Query", 200),
        ("query-groups", "Query", 200),
        ("query-presence", "Query", 200),
        ("query-rollcalls", "Query", 200),
        ("door-policy", "Door", 200),
        ("enrollment-put-kiosk", "Enrollment", 200),
        ("enrollment-put-group", "Enrollment", 200),
        ("enrollment-remove-kiosk", "Enrollment", 200),
        ("notification-put-rule", "Notification", 200),
        ("notification-list-rules", "Notification", 200),
        ("notification-test-rule", "Notification", 200),
        ("notification-list", "Notification", 200),
        ("notification-remove-rule", "Notification", 200),
        ("query-health", "Query", 200),
        ("query-openapi", "Query", 200),
    ],
)
@pytest.mark.usefixtures("enrolled")
def test_every_route_answers_its_sample_event(
    functions: dict[str, Emulator], name: str, function: str, status: int
) -> None:
    assert body(functions[function].invoke(event(name)), status)


def test_the_roll_is_called(functions: dict[str, Emulator], enrolled: str) -> None:
    started = body(functions["Enrollment"].invoke(event("enrollment-start-rollcall")), 201)

    def of_it(name: str) -> Any:
        sample = event(name)
        known = sample["pathParameters"]["rollcall_id"]
        return json.loads(
            json.dumps(sample).replace(known, started["rollcall_id"]).replace("/ada", f"/{enrolled}")
        )

    ticked = body(functions["Enrollment"].invoke(of_it("enrollment-tick")))
    body(functions["Enrollment"].invoke(of_it("enrollment-end-rollcall")))
    shown = body(functions["Query"].invoke(of_it("query-rollcall")))

    assert shown["people"] == [ticked]
    assert shown["ended_at"]


def test_a_person_is_merged_into_another_and_told_apart_again(
    functions: dict[str, Emulator], enrolled: str
) -> None:
    put = json.dumps(event("enrollment-put-person")).replace("/people/ada", "/people/grace")
    body(functions["Enrollment"].invoke(json.loads(put)))

    merged = body(functions["Enrollment"].invoke(event("enrollment-merge")))
    apart = body(functions["Enrollment"].invoke(event("enrollment-unmerge")))

    assert (merged["person_id"], merged["merged_into"], apart["merged_into"]) == (enrolled, "grace", None)


def test_a_sighting_is_corrected_and_a_person_forgotten(
    functions: dict[str, Emulator], services: StandIns, enrolled: str
) -> None:
    store(services, key_of("recognition-put"), ASTRONAUT.read_bytes())
    functions["Recognition"].invoke(event("recognition-put"))

    corrected = body(functions["Enrollment"].invoke(event("enrollment-correct")))
    taught = body(functions["Enrollment"].invoke(event("enrollment-teach")))
    again = functions["Recognition"].invoke(event("recognition-put"))["sightings"][0]
    taken_back = body(functions["Enrollment"].invoke(event("enrollment-take-back")))
    forgotten = body(functions["Enrollment"].invoke(event("enrollment-forget")))
    remains = body(functions["Enrollment"].invoke(event("enrollment-remains")))

    assert corrected["person_id"] is None
    assert corrected["correction"]["was_person_id"] == enrolled
    assert again["person_id"] is None, "a correction stands"
    assert taught["lesson"] == taken_back
    assert (taught["lesson"]["not_person_ids"], taught["lesson"]["learned"]) == ([enrolled], True)
    assert forgotten["removed"]["faces"] >= 1
    assert remains["verified"]
    assert body(functions["Query"].invoke(event("query-person")), 404)["type"].endswith(":not-found")


def test_the_built_rehearsal_lets_the_built_functions_do_the_main_job(
    functions: dict[str, Emulator], services: StandIns, artifacts: dict[str, Path], tmp_path: Path
) -> None:
    with deployment(functions) as (url, heard):
        arns = {
            f"{name}Function.Version": f"arn:aws:lambda:us-east-1:123456789012:function:r-{name.lower()}:2"
            for name in FUNCTIONS
        }
        variables = services.environment("Rehearsal", **arns)
        variables |= {"AWS_ENDPOINT_URL_LAMBDA": url, "AWS_ENDPOINT_URL_CODEDEPLOY": url}
        handler = "rehearsal.app.lambda_handler"
        with emulated(artifacts["Rehearsal"], handler, variables, log=tmp_path / "log") as rehearsal:
            answer = rehearsal.invoke(event("rehearsal-hook"))

    assert answer == {"passed": True, "wrong": []}
    assert heard == [
        {**{k[0].lower() + k[1:]: v for k, v in event("rehearsal-hook").items()}, "status": "Succeeded"}
    ]


@contextmanager
def deployment(functions: dict[str, Emulator]) -> Iterator[tuple[str, list[Any]]]:
    """Lambda's Invoke in front of the emulators, and CodeDeploy, which notes what it hears."""
    heard: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = unquote(self.path).rpartition(":function:r-")[2].partition(":")[0].capitalize()
            if name not in functions:
                heard.append(sent)
            answer = json.dumps(functions[name].invoke(sent) if name in functions else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_an_artifact_is_small_and_runs_on_any_architecture(artifacts: dict[str, Path], name: str) -> None:
    files = [path for path in artifacts[name].rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) <= MAX_ARTIFACT_BYTES
    assert not [path for path in files if path.suffix == ".so"]


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_an_artifact_holds_its_own_function_only(artifacts: dict[str, Path], name: str) -> None:
    folders = {path.parent.name for path in artifacts[name].glob("*/app.py")}

    assert folders == {name.lower()}
