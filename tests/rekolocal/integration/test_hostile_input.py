"""Whatever is sent: the server stays up, its memory bounded, and every answer is good or a typed error."""

import base64
import contextlib
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rekolocal.operations import OPERATIONS
from rekolocal.request_body import RequestBodies
from rekolocal.shapes import operation_model
from rekolocal.testing import client_for
from tests.rekolocal.integration.command import running_command
from tests.rekolocal.integration.wire import Answer, post
from tests.rekolocal.test_picture import EMPTY_SCAN, bomb, jpeg, with_parts

pytestmark = pytest.mark.integration

TYPED = {error.name for error in operation_model("IndexFaces").error_shapes} | {
    "ConflictException", "IdempotentParameterMismatchException", "IncompleteSignatureException",
    "InvalidPaginationTokenException", "MissingAuthenticationTokenException",
    "ResourceAlreadyExistsException", "SerializationException", "UnknownOperationException",
    "ValidationException",
}  # fmt: skip
BOUND_BYTES = 700 * 1024 * 1024


class Target:
    """The command in a process of its own, so that its memory can be measured."""

    def __init__(self, url: str, process_id: int) -> None:
        self.url = url
        self._process = psutil.Process(process_id)

    @property
    def resident_bytes(self) -> int:
        return int(self._process.memory_info().rss)

    def holds_up(self) -> None:
        client = client_for(self.url)
        assert isinstance(client.list_collections()["CollectionIds"], list)
        assert self.resident_bytes < BOUND_BYTES


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with running_command("--memory") as (process, url):
        yield Target(url, process.pid)


def is_typed(answer: Answer) -> bool:
    if answer.status == 200:
        return True
    return answer.status == 400 and answer.code in TYPED and "Traceback" not in str(answer.body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SMALL_JPEG = jpeg(size=(160, 120))
INPUTS = [shape for each in OPERATIONS if (shape := operation_model(each).input_shape)]
MEMBERS = sorted({name for shape in INPUTS for name in shape.members})
requests = st.dictionaries(
    st.sampled_from(MEMBERS), json_values | st.sampled_from(["employees", "a"]), max_size=6
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=st.sampled_from(sorted(OPERATIONS)), request=requests)
def test_any_json_gets_a_typed_answer(target: Target, operation: str, request: dict[str, Any]) -> None:
    assert is_typed(post(target.url, operation, json.dumps(request).encode()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=st.sampled_from(sorted(OPERATIONS)), body=st.binary(max_size=300))
def test_any_bytes_get_a_typed_answer(target: Target, operation: str, body: bytes) -> None:
    assert is_typed(post(target.url, operation, body))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000, b'{"a":' * 50_000, b'{"CollectionId":' + b'"x"' * 9, b"NaN", b'{"MaxResults": NaN}',
        b'{"MaxResults": 1e999}', b'{"MaxResults": ' + b"9" * 5000 + b"}", b"\xff\xfe{}", b"{}{}", b'"x"',
        b"[]", b'{"MaxResults": 1.5}', b'{"MaxResults": true}', b'{"NextToken": "' + b"A" * 400_000 + b'"}',
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_bodies_that_break_parsers_get_a_typed_answer(target: Target, body: bytes) -> None:
    answer = post(target.url, "ListCollections", body)
    assert answer.status == 400
    assert is_typed(answer)
    target.holds_up()


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (jpeg()[:200], "InvalidImageFormatException"),
        (bomb(10_000, 10_000), "ImageTooLargeException"),
        (bomb(8_000, 8_000), "InvalidImageFormatException"),
        (bomb(2**31 - 1, 2**31 - 1), "ImageTooLargeException"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "InvalidImageFormatException"),
        (b"\xff\xd8\xff\xe0" + b"\xff" * 100_000, "InvalidImageFormatException"),
        (jpeg(size=(8_000, 8_000)), None),
        (with_parts(EMPTY_SCAN, 400_000), "InvalidImageFormatException"),
    ],
    ids=[
        "truncated",
        "bomb",
        "empty bomb",
        "huge bomb",
        "png of nothing",
        "jpeg of nothing",
        "64 megapixels",
        "scans",
    ],
)
def test_hostile_pictures_get_a_typed_answer_in_bounded_memory(
    target: Target, image: bytes, code: str | None
) -> None:
    for _ in range(3):
        answer = post(target.url, "DetectFaces", {"Image": {"Bytes": image}})
        assert is_typed(answer)
        assert answer.status == 200 if code is None else answer.code == code
    target.holds_up()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_pictures_get_a_typed_answer(target: Target, data: st.DataObject) -> None:
    content = bytearray(SMALL_JPEG)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert is_typed(post(target.url, "DetectFaces", {"Image": {"Bytes": bytes(content)}}))


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amz-Target": "nonsense"}, {"X-Amz-Target": "RekognitionService." + "A" * 5000},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, {"Authorization": "Bearer token"},
        {"Authorization": "AWS4-HMAC-SHA256 " + "a" * 6000}, {"X-Amz-Target": "RekognitionService.\xe9"},
    ],
    ids=["target", "long target", "half a signature", "bearer", "long signature", "latin-1"],
)  # fmt: skip
def test_wrong_headers_get_a_typed_answer(target: Target, headers: dict[str, str]) -> None:
    answer = post(target.url, "ListCollections", {}, headers)
    assert answer.status == 400
    assert is_typed(answer)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("PUT", "/"), ("POST", "/admin"), ("DELETE", "/../etc")]
)
def test_other_methods_and_paths_get_a_typed_answer(target: Target, method: str, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(target.url).netloc, timeout=10)
    connection.request(method, path, b"{}", {"X-Amz-Target": "RekognitionService.ListCollections"})
    reply = connection.getresponse()
    assert reply.status == 400
    assert json.loads(reply.read())["__type"] in TYPED
    connection.close()


def test_a_body_past_the_limit_is_refused_and_not_kept(target: Target) -> None:
    before = target.resident_bytes
    answer = post(target.url, "DetectFaces", b"x" * (4 * RequestBodies.max_body_bytes))
    assert answer.code == "ValidationException"
    assert target.resident_bytes < before + 60_000_000
    target.holds_up()


def test_clients_that_dawdle_keep_nobody_waiting(target: Target) -> None:
    host, port = urlsplit(target.url).hostname, urlsplit(target.url).port
    sockets = []
    for number in range(60):
        dawdler = socket.create_connection((host, port), timeout=10)
        head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: RekognitionService.DetectFaces\r\n"
        rest = (b"", b"Content-Length: 5000000\r\n\r\n", b"Content-Length: 5000000\r\n\r\n" + b"x" * 100_000)
        dawdler.sendall(head + rest[number % 3])
        sockets.append(dawdler)
    try:
        begun = time.monotonic()
        target.holds_up()
        assert time.monotonic() - begun < 5
    finally:
        for dawdler in sockets:
            dawdler.close()
    target.holds_up()


def test_past_the_queue_callers_are_throttled_and_the_rest_is_served() -> None:
    with running_command("--memory", "--queue", "2", "--engine-threads", "1") as (process, url):
        target, codes = Target(url, process.pid), []

        def detect() -> None:
            answer = post(url, "DetectFaces", {"Image": {"Bytes": jpeg(size=(1_200, 1_200))}})
            codes.append("served" if answer.status == 200 else answer.code)

        threads = [threading.Thread(target=detect) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(codes) == {"served", "ThrottlingException"}
        assert codes.count("served") >= 3
        target.holds_up()


def test_a_listing_does_not_wait_behind_pictures() -> None:
    with running_command("--memory", "--engine-threads", "1") as (process, url):
        busy = [
            threading.Thread(
                target=post, args=(url, "DetectFaces", {"Image": {"Bytes": jpeg(size=(1_200, 1_200))}})
            )
            for _ in range(4)
        ]
        for thread in busy:
            thread.start()
        time.sleep(0.2)
        begun = time.monotonic()
        assert post(url, "ListCollections", {}).status == 200
        waited = time.monotonic() - begun
        for thread in busy:
            thread.join()
        assert waited < (time.monotonic() - begun) / 2
        assert process.poll() is None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_minutes_of_everything_at_once_leave_the_server_up_and_small() -> None:
    stop_at = time.monotonic() + 300
    wrong: list[object] = []
    with running_command("--memory") as (process, url):
        target = Target(url, process.pid)

        def attack(seed: int) -> None:
            chance = random.Random(seed)
            while time.monotonic() < stop_at:
                with contextlib.suppress(ConnectionError, http.client.HTTPException, TimeoutError):
                    answer = post(url, chance.choice(sorted(OPERATIONS)), hostile_body(chance))
                    if not is_typed(answer):
                        wrong.append((answer.status, answer.content[:300]))

        threads = [threading.Thread(target=attack, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        while time.monotonic() < stop_at:
            assert target.resident_bytes < BOUND_BYTES
            time.sleep(1)
        for thread in threads:
            thread.join()
        assert wrong == []
        target.holds_up()


def hostile_body(chance: random.Random) -> bytes:
    picture = bytearray(jpeg(size=(chance.choice([90, 300, 2_000]), 200)))
    for _ in range(chance.randrange(20)):
        picture[chance.randrange(len(picture))] = chance.randrange(256)
    image = {"Bytes": base64.b64encode(bytes(picture[: chance.randrange(1, len(picture) + 1)])).decode()}
    request = {
        "CollectionId": chance.choice(["employees", "", "x" * 300, None, 7]), "Image": image,
        "SourceImage": image, "TargetImage": image, "UserId": "u", "ClientRequestToken": "t",
        "MaxFaces": chance.choice([1, -1, "1", None]), "FaceIds": ["x"] * chance.randrange(4),
    }  # fmt: skip
    body = json.dumps(request).encode()
    return chance.choice([body, body[: chance.randrange(len(body))], chance.randbytes(500), b"[" * 90_000])
