"""Actions as they are: HTTP and MQTT over real sockets, programs as processes."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from kiosk.actions import Action, ActionFailed, ActionRefused, Actions, Trigger, parse_trigger
from kiosk.actions.audit_log import AuditLog
from kiosk.actions.command import Command
from kiosk.actions.mqtt import Mqtt
from kiosk.actions.unlock_policy import Doorkeeper, UnlockPolicy
from kiosk.actions.webhook import Webhook, signature, signing_key
from kiosk.delivery.outbox import Answer
from kiosk.visits.events import Answered
from tests.kiosk.actions.test_unlock_policy import sighting

pytestmark = pytest.mark.integration

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
MESSAGE = {"id": "01a2", "outcome": "recognized", "person_id": "ada", "name": "Ada"}


@contextmanager
def receiving(
    status: int = 204, delay_s: float = 0.0
) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    received: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((dict(self.headers), body))
            time.sleep(delay_s)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook?token=hidden", received
    server.shutdown()
    server.server_close()


def test_a_webhook_is_signed_so_that_the_receiver_can_tell() -> None:
    with receiving() as (url, received):
        Webhook(url, signing_key(SECRET), unix_s=lambda: 1_795_000_000.4).act(MESSAGE, timeout_s=2)
    ((headers, body),) = received
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(bytes(range(32)), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("01a2", "1795000000")
    assert json.loads(body) == MESSAGE


def test_the_signature_is_the_one_of_standard_webhooks() -> None:
    # The example of the specification's reference libraries.
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize(
    ("status", "delay_s", "words"), [(500, 0, "answered 500"), (302, 0, "302"), (204, 1, "within")]
)
def test_a_webhook_that_does_not_work_says_how(status: int, delay_s: float, words: str) -> None:
    with receiving(status, delay_s) as (url, _), pytest.raises(ActionFailed, match=words):
        Webhook(url, signing_key(SECRET)).act(MESSAGE, timeout_s=0.3)


def test_a_webhook_that_nobody_takes_says_so() -> None:
    with pytest.raises(ActionFailed, match="no connection"):
        Webhook("http://127.0.0.1:9/", signing_key(SECRET)).act(MESSAGE, timeout_s=0.3)


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    def write(script: str) -> str:
        file = tmp_path / "program"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return str(file)

    return write


def test_a_program_gets_the_message_and_no_secrets(
    program: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOGNIZEME_TOKEN", "secret")
    Command(program(f"cat > {tmp_path}/in; env > {tmp_path}/env")).act(MESSAGE, timeout_s=5)
    assert json.loads((tmp_path / "in").read_text()) == MESSAGE
    environment = (tmp_path / "env").read_text()
    assert "RECOGNIZEME_PERSON_ID=ada" in environment
    assert "secret" not in environment


def test_a_program_that_hangs_is_killed_with_its_children(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    command = Command(program(f"sleep 30 & echo $! > {tmp_path}/child; wait"))
    began = time.monotonic()
    with pytest.raises(ActionFailed, match="was killed"):
        command.act(MESSAGE, timeout_s=0.5)
    assert time.monotonic() - began < 3
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 3
    while _is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("script", "words"), [("exit 3", "status 3"), ("kill -9 $$", "status -9")])
def test_a_program_that_fails_says_how(program: Callable[[str], str], script: str, words: str) -> None:
    with pytest.raises(ActionFailed, match=words):
        Command(program(script)).act(MESSAGE, timeout_s=5)


def test_a_program_that_reads_nothing_is_no_failure(program: Callable[[str], str]) -> None:
    Command(program("exec <&-; exit 0")).act({**MESSAGE, "name": "x" * 200_000}, timeout_s=5)


class Broker:
    """As much of an MQTT 3.1.1 broker as a publisher meets: CONNECT, PUBLISH with QoS 1, DISCONNECT."""

    def __init__(self, *, refuses: bool = False, acknowledges: bool = True) -> None:
        self.published: list[tuple[str, bytes]] = []
        self._refuses, self._acknowledges = refuses, acknowledges
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as stream:
            while kind := stream.read(1):
                length = shift = 0
                while True:
                    byte = stream.read(1)[0]
                    length |= (byte & 0x7F) << shift
                    shift += 7
                    if byte < 0x80:
                        break
                body = stream.read(length)
                if kind[0] >> 4 == 1:
                    connection.sendall(bytes([0x20, 2, 0, 5 if self._refuses else 0]))
                elif kind[0] >> 4 == 3:
                    size = int.from_bytes(body[:2], "big")
                    self.published.append((body[2 : 2 + size].decode(), body[4 + size :]))
                    if self._acknowledges:
                        connection.sendall(bytes([0x40, 2]) + body[2 + size : 4 + size])


@contextmanager
def broker(**behaviour: bool) -> Iterator[Broker]:
    running = Broker(**behaviour)
    yield running
    running.close()


def test_a_message_reaches_an_mqtt_broker() -> None:
    with broker() as running:
        Mqtt(f"mqtt://127.0.0.1:{running.port}/door/front").act(MESSAGE, timeout_s=3)
    ((topic, payload),) = running.published
    assert (topic, json.loads(payload)) == ("door/front", MESSAGE)


@pytest.mark.parametrize(
    ("behaviour", "words"), [({"refuses": True}, "refused"), ({"acknowledges": False}, "did not take")]
)
def test_an_mqtt_broker_that_does_not_work_says_how(behaviour: dict[str, bool], words: str) -> None:
    with broker(**behaviour) as running, pytest.raises(ActionFailed, match=words):
        Mqtt(f"mqtt://127.0.0.1:{running.port}/door").act(MESSAGE, timeout_s=0.5)


def test_no_mqtt_broker_at_all_says_so() -> None:
    with pytest.raises(ActionFailed, match="no connection"):
        Mqtt("mqtt://127.0.0.1:9/door").act(MESSAGE, timeout_s=0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recognized", "write OUTCOME="),
        ("everybody=command:/bin/true", "must be one of"),
        ("recognized=shell:reboot", "write OUTCOME="),
        ("recognized=command:true", "full path"),
        ("recognized=command:/nowhere", "full path"),
        ("recognized=command:/etc", "full path"),
        ("recognized=webhook:example.org", "no http or https"),
        ("recognized=webhook:http://example.org/", "in the clear"),
        ("recognized=mqtt:broker/topic", "must be like"),
        ("recognized=mqtt:mqtts://broker.example", "must be like"),
        ("recognized=mqtt:mqtt://broker.example/door", "in the clear"),
        ("recognized=mqtt:mqtts://me:secret@broker.example/door", "MQTT_USERNAME"),
        ("recognized=mqtt:mqtts://broker.example/door/%23", "no [+] and no #"),
    ],
)
def test_an_action_that_cannot_be_set_up_says_so_at_the_start(text: str, words: str) -> None:
    with pytest.raises(ActionRefused, match=words):
        parse_trigger(text, environ={"RECOGNIZEME_WEBHOOK_SECRET": SECRET})


@pytest.mark.parametrize(("secret", "words"), [("", "set REC"), ("short", "24 bytes"), ("whsec_!", "base64")])
def test_a_webhook_needs_a_real_secret(secret: str, words: str) -> None:
    with pytest.raises(ActionRefused, match=words):
        parse_trigger("unknown=webhook:https://example.org/", environ={"RECOGNIZEME_WEBHOOK_SECRET": secret})


def test_a_program_that_anybody_can_change_is_not_used(program: Callable[[str], str]) -> None:
    path = program("true")
    Path(path).chmod(0o777)
    with pytest.raises(ActionRefused, match="chmod o-w"):
        Command(path)


class Noted:
    """An action that remembers, and can be made to take its time."""

    name = "noted"

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.may_end = threading.Event()
        self.may_end.set()

    def act(self, message: dict[str, Any], *, timeout_s: float) -> None:
        self.may_end.wait(5)
        self.messages.append(message)


def doing(
    folder: Path,
    *actions: Action,
    policy: str = '[[allow]]\npeople = ["*"]',
    clock: Callable[[], float] = time.monotonic,
) -> Actions:
    keeper = Doorkeeper(
        UnlockPolicy.from_toml("cooldown_s = 0\n" + policy),
        AuditLog(folder / "decisions.jsonl"),
        now=lambda: datetime.now(UTC),
        clock=clock,
    )
    triggers = [Trigger("recognized", action) for action in actions]
    return Actions(triggers, keeper, AuditLog(folder / "actions.jsonl"), clock=clock)


def log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "actions.jsonl").read_text().splitlines()]


def test_a_recognized_person_sets_every_action_in_motion(tmp_path: Path) -> None:
    one, other = Noted(), Noted()
    with doing(tmp_path, one, other) as actions:
        actions.tell(Answered(Answer("id", sighting("ada"))))
    assert [len(each.messages) for each in (one, other)] == [1, 1]
    assert one.messages[0]["person_id"] == "ada"
    assert [entry["result"] for entry in log(tmp_path)] == ["done", "done"]
    assert "ada" not in (tmp_path / "actions.jsonl").read_text()
    assert len((tmp_path / "decisions.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer("id", sighting("ada"), late=True),
        Answer("id", None, late=True, trouble="no answer"),
        Answer("id", sighting(None)),
        Answer("id", sighting("ada", similarity_pct=50.0)),
    ],
    ids=["late", "none", "a stranger", "not sure"],
)
def test_nothing_else_sets_anything_in_motion(tmp_path: Path, answer: Answer) -> None:
    noted = Noted()
    with doing(tmp_path, noted) as actions:
        actions.tell(Answered(answer))
    assert noted.messages == []


def test_a_dry_run_sets_nothing_in_motion(tmp_path: Path) -> None:
    noted = Noted()
    with doing(tmp_path, noted, policy='dry_run = true\n[[allow]]\npeople = ["*"]') as actions:
        actions.tell(Answered(Answer("id", sighting("ada"))))
    assert noted.messages == []
    assert json.loads((tmp_path / "decisions.jsonl").read_text())["reason"] == "rule 1 (dry run)"


def test_an_action_that_hangs_holds_up_neither_the_loop_nor_the_others(tmp_path: Path) -> None:
    slow, quick = Noted(), Noted()
    slow.may_end.clear()
    with doing(tmp_path, slow, quick) as actions:
        began = time.monotonic()
        for number in range(12):
            actions.tell(Answered(Answer(f"id-{number}", sighting("ada"))))
            while len(quick.messages) <= number:
                assert time.monotonic() - began < 3
        slow.may_end.set()
    assert len(quick.messages) == 12
    assert sum(entry["result"] == "skipped" for entry in log(tmp_path)) == 12 - len(slow.messages) > 0


def test_what_waited_too_long_is_not_done_any_more(tmp_path: Path) -> None:
    clock = [0.0]
    noted = Noted()
    noted.may_end.clear()
    with doing(tmp_path, noted, clock=lambda: clock[0]) as actions:
        actions.tell(Answered(Answer("first", sighting("ada"))))
        time.sleep(0.1)
        actions.tell(Answered(Answer("second", sighting("ada"))))
        clock[0] = 6.0
        noted.may_end.set()
    assert len(noted.messages) == 1
    assert log(tmp_path)[-1]["detail"] == "its turn came too late"


def test_an_action_that_breaks_is_logged_and_tried_no_more_but_the_next_is(tmp_path: Path) -> None:
    class Breaks:
        name = "breaks"

        def act(self, message: dict[str, Any], *, timeout_s: float) -> None:
            raise ZeroDivisionError

    with doing(tmp_path, Breaks()) as actions:
        for number in range(2):
            actions.tell(Answered(Answer(str(number), sighting("ada"))))
    assert [(entry["result"], entry["detail"]) for entry in log(tmp_path)] == [
        ("failed", "ZeroDivisionError")
    ] * 2


def test_a_full_disk_stops_actions_because_they_could_not_be_accounted_for(tmp_path: Path) -> None:
    noted = Noted()
    (tmp_path / "file").touch()
    with doing(tmp_path / "file", noted) as actions:
        actions.tell(Answered(Answer("id", sighting("ada"))))
    assert noted.messages == []
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
