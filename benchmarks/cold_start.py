"""First and warm invocations of the built functions under Lambda's emulator, against the smallest handlers.

Fresh processes in turn, medians of one run. AWS is a server in this process that answers at once, so that
what is measured is ours: starting, importing, making clients, and the work between the calls.
"""

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.report import Row, publish
from tests.cloud.emulator import build, emulated, find_emulator
from tests.cloud.stand_ins import LAMBDA
from tests.cloud.template import ROOT, environment, function
from tests.portraits import HOPPER

ROUNDS = 11
WARM_CALLS = 40

SMALLEST = """
import boto3
clients = [boto3.client(name) for name in {services!r}]
def handler(event, context):
    return {{"clients": len(clients)}}
"""
CLAIMED = {
    "KioskId": {"S": "front"},
    "Month": {"S": "2026-11"},
    "Status": {"S": "pending"},
    "RekognitionCalls": {"N": "0"},
}
SEARCHED = {
    "SearchedFaceBoundingBox": {"Left": 0.3, "Top": 0.2, "Width": 0.3, "Height": 0.4},
    "SearchedFaceConfidence": 99.9,
    "FaceMatches": [],
    "FaceModelVersion": "7.0",
}


class AwsAtOnce(BaseHTTPRequestHandler):
    """S3, Rekognition and DynamoDB as far as one recognition and one query ask them, without any work."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a large answer waits 40 ms for an acknowledgement
    picture = HOPPER.read_bytes()

    def do_GET(self) -> None:
        """S3's GetObject."""
        self._send(self.picture, "image/jpeg")

    def do_POST(self) -> None:
        """Rekognition and DynamoDB."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        answer: dict[str, Any] = {}
        if operation == "SearchFacesByImage":
            answer = SEARCHED
        elif operation == "UpdateItem":
            answer = {"Attributes": CLAIMED | request["Key"]}
        self._send(json.dumps(answer).encode(), "application/x-amz-json-1.0")

    def _send(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def aws_at_once() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), AwsAtOnce)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return loaded


def smallest(folder: Path, *services: str) -> Path:
    folder.mkdir()
    (folder / "app.py").write_text(SMALLEST.format(services=services))
    return folder


def first_ms(artifact: Path, handler: str, variables: dict[str, str], given: Any, log: Path) -> float:
    with emulated(artifact, handler, variables, log=log) as running:
        begun = time.perf_counter()
        answer = running.invoke(given)
        took = (time.perf_counter() - begun) * 1000
    assert "errorMessage" not in answer, answer
    return took


def warm_ms(artifact: Path, handler: str, variables: dict[str, str], given: Any, log: Path) -> float:
    with emulated(artifact, handler, variables, log=log) as running:
        times = []
        for _ in range(WARM_CALLS):
            begun = time.perf_counter()
            running.invoke(given)
            times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times[5:])


def in_turn(*measures: Callable[[], float]) -> list[float]:
    rounds = [[measure() for measure in measures] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def main() -> None:
    if find_emulator() is None:
        raise SystemExit("the emulator comes with aws-sam-cli, on Linux: make .venv-sam/.installed")
    with tempfile.TemporaryDirectory() as name, aws_at_once() as url:
        folder = Path(name)
        log = folder / "log"
        variables = {
            each: environment(each, EndpointUrl=url, RekognitionEndpointUrl=url) | LAMBDA
            for each in ("Recognition", "Query")
        }
        built = {each: build(each, folder / each) for each in variables}
        ours = {
            each: (built[each], function(each)["Handler"], variables[each], event(sample), log)
            for each, sample in (("Recognition", "recognition-put"), ("Query", "query-sighting"))
        }
        three = smallest(folder / "three", "rekognition", "s3", "dynamodb")
        one = smallest(folder / "one", "dynamodb")
        peers = [(each, "app.handler", dict(LAMBDA), {}, log) for each in (three, one)]
        recognition, query, with_three, with_one = in_turn(
            *(partial(first_ms, *each) for each in (ours["Recognition"], ours["Query"], *peers))
        )
        warm = warm_ms(*ours["Recognition"]) - warm_ms(*peers[1])
        size_mb = (
            sum(path.stat().st_size for path in built["Recognition"].rglob("*") if path.is_file()) / 2**20
        )
    publish("cold_start", [
        at_most("first recognition, against 3 boto3 clients", recognition, with_three, 1.10),
        at_most("first query, against 1 boto3 client", query, with_one, 1.25),
        bound("warm recognition, our own share", f"{warm:.1f} ms", "15 ms", warm <= 15),
        bound("artifact, unzipped", f"{size_mb:.1f} MB", "6 MB", size_mb <= 6),
    ])  # fmt: skip


def at_most(what: str, ours_ms: float, peer_ms: float, bar: float) -> Row:
    ratio = ours_ms / peer_ms
    return Row(
        what, f"{ours_ms:.0f} ms", f"{peer_ms:.0f} ms", f"{ratio:.2f}x", f"<= {bar:.2f}x", ratio <= bar
    )


def bound(what: str, ours: str, bar: str, passed: bool) -> Row:
    return Row(what, ours, "", "", f"<= {bar}", passed)


if __name__ == "__main__":
    main()
