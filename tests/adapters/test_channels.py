"""Messages over real servers: SMTP, an HTTP receiver that checks signatures, mosquitto."""

import json
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.message import Message as Mail
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from standardwebhooks.webhooks import Webhook

from recognizeme.adapters.channels import Channels
from recognizeme.adapters.channels.email import Ses, Smtp, mail
from recognizeme.adapters.channels.mqtt import Mqtt
from recognizeme.adapters.channels.secrets import EnvironmentSecrets, SsmSecrets
from recognizeme.adapters.channels.web import Web
from recognizeme.domain.errors import Misconfigured, NotDelivered
from recognizeme.domain.notifications import Channel, EventKind, Message, Rule
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.integration

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRETS = EnvironmentSecrets(
    {
        "RECOGNIZEME_SECRET_HOOK": KEY,
        "RECOGNIZEME_SECRET_SHORT": "hunter2",
        "RECOGNIZEME_SECRET_SMTP": "correct horse",
        "RECOGNIZEME_SECRET_BROKER": "door:battery staple",
    }
)
PICTURE = b"\xff\xd8\xff\xe0 a picture"
MESSAGE = Message(
    "01a20779-07e8-71c0-84d5-e2f7a90b3c6d.desk",
    "desk",
    EventKind.RECOGNIZED,
    datetime(2026, 11, 23, 9, 2, tzinfo=UTC),
    "Zoë <Möller> & Co came in at Erdgeschoß at 09:02 UTC.",
    "front",
    "Erdgeschoß",
    "01a20779-07e8-71c0-84d5-e2f7a90b3c6d",
    "zoe",
    "Zoë <Möller> & Co",
)
EMAIL = Rule("desk", (EventKind.RECOGNIZED,), Channel.EMAIL, to="desk@example.com")


# --- e-mail ---


class Mailbox:
    """An SMTP server's handler that keeps what it accepts."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.answer.startswith("2"):
            self.mails.append(message_from_bytes(envelope.content, policy=default))
        return self.answer


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def test_a_mail_arrives_with_its_text_and_an_id_that_stays(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    send = Smtp(f"smtp://127.0.0.1:{port}", sender="door@example.com", secrets=SECRETS)
    for _ in range(2):
        send(MESSAGE, EMAIL)

    first, second = box.mails
    assert isinstance(first, EmailMessage)
    assert first.get_content().splitlines() == [MESSAGE.text]
    assert (first["To"], first["From"]) == ("desk@example.com", "door@example.com")
    assert first["Subject"] == MESSAGE.text
    assert first["Message-ID"] == second["Message-ID"] == f"<{MESSAGE.notice_id}@recognizeme.invalid>"
    assert list(first.iter_attachments()) == []


def test_a_picture_is_attached() -> None:
    (attached,) = mail(replace(MESSAGE, picture=PICTURE), EMAIL, sender="door@example.com").iter_attachments()

    assert (attached.get_content_type(), attached.get_content()) == ("image/jpeg", PICTURE)


@pytest.mark.parametrize("answer", ["451 try later", "550 no such user zoe"])
def test_a_mail_server_that_refuses_is_a_failure_that_quotes_nobody(
    mailbox: tuple[Mailbox, int], answer: str
) -> None:
    box, port = mailbox
    box.answer = answer
    send = Smtp(f"smtp://127.0.0.1:{port}", sender="door@example.com", secrets=SECRETS)

    with pytest.raises(NotDelivered, match=f"^the mail server answered {answer[:3]}$"):
        send(MESSAGE, EMAIL)


def test_a_mail_server_that_is_not_there_is_a_failure() -> None:
    send = Smtp(f"smtp://127.0.0.1:{free_port()}", sender="door@example.com", secrets=SECRETS)

    with pytest.raises(NotDelivered, match="did not take it"):
        send(MESSAGE, EMAIL)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("mail.example.com", "door@example.com"),
        ("smtp://user:pw@mail.example.com", "door@example.com"),
        ("smtp://mail.example.com", ""),
    ],
)
def test_a_mail_server_that_cannot_be_meant_is_refused_at_the_start(url: str, sender: str) -> None:
    with pytest.raises(Misconfigured):
        Smtp(url, sender=sender, secrets=SECRETS)


def test_ses_gets_the_mail_as_it_is() -> None:
    sent: list[dict[str, Any]] = []

    class Client:
        def send_email(self, **request: Any) -> None:
            sent.append(request)

    Ses(sender="door@example.com", make=Client)(MESSAGE, EMAIL)

    (request,) = sent
    assert request["Destination"] == {"ToAddresses": ["desk@example.com"]}
    parsed = message_from_bytes(request["Content"]["Raw"]["Data"], policy=default)
    assert parsed["Message-ID"].startswith(f"<{MESSAGE.notice_id}@")


# --- HTTP ---


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def hook(receiver: Receiver, secret: str = "hook") -> Rule:
    return Rule("desk", (EventKind.RECOGNIZED,), Channel.WEBHOOK, to=receiver.url, secret=secret)


WEB = Web(secrets=SECRETS, stays_here=True)


def test_a_webhook_is_signed_as_standard_webhooks_says(receiver: Receiver) -> None:
    WEB.webhook(MESSAGE, hook(receiver))

    ((headers, body),) = receiver.got
    said = Webhook(KEY).verify(body, headers)
    assert said == json.loads(body)
    assert headers["webhook-id"] == said["id"] == MESSAGE.notice_id
    assert (said["type"], said["timestamp"]) == ("recognizeme.recognized", "2026-11-23T09:02:00Z")
    assert said["data"]["text"] == MESSAGE.text
    assert "picture" not in said["data"]
    with pytest.raises(Exception, match="signature"):
        Webhook(KEY).verify(body + b" ", headers)


@pytest.mark.parametrize("status", [301, 307, 400, 410, 500, 503])
def test_whatever_is_no_success_is_a_failure_and_no_redirection_is_followed(
    receiver: Receiver, status: int
) -> None:
    receiver.status = status

    with pytest.raises(NotDelivered, match=f"^answered {status}$"):
        WEB.webhook(MESSAGE, hook(receiver))
    assert len(receiver.got) == 1


def test_nobody_there_is_a_failure(receiver: Receiver) -> None:
    rule = Rule(
        "desk", (EventKind.UNKNOWN,), Channel.WEBHOOK, to=f"http://127.0.0.1:{free_port()}/", secret="hook"
    )

    with pytest.raises(NotDelivered, match="no answer"):
        WEB.webhook(MESSAGE, rule)


def test_a_key_that_is_short_or_missing_is_a_failure_and_nothing_is_sent(receiver: Receiver) -> None:
    for secret in ("short", "missing"):
        with pytest.raises(NotDelivered):
            WEB.webhook(MESSAGE, hook(receiver, secret))
    assert receiver.got == []


def test_on_aws_nothing_is_posted_to_the_machine_that_the_function_runs_on(receiver: Receiver) -> None:
    with pytest.raises(NotDelivered, match="no https URL"):
        Web(secrets=SECRETS, stays_here=False).webhook(MESSAGE, hook(receiver))
    assert receiver.got == []


def test_slack_and_teams_get_the_text_at_the_address_that_is_their_secret(receiver: Receiver) -> None:
    web = Web(secrets=EnvironmentSecrets({"RECOGNIZEME_SECRET_ROOM": receiver.url}), stays_here=True)
    for channel, send in ((Channel.SLACK, web.slack), (Channel.TEAMS, web.teams)):
        send(MESSAGE, Rule("desk", (EventKind.UNKNOWN,), channel, secret="room"))

    slack, teams = (json.loads(body) for _, body in receiver.got)
    assert slack == {"text": "Zoë &lt;Möller&gt; &amp; Co came in at Erdgeschoß at 09:02 UTC."}
    assert teams["attachments"][0]["content"]["body"][0]["text"] == MESSAGE.text


# --- MQTT ---


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """mosquitto, which asks for a user and password."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed; apt-get install mosquitto")
    port, passwords, settings = free_port(), tmp_path / "passwords", tmp_path / "mosquitto.conf"
    passwords.write_text("door:battery staple\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    passwords.chmod(0o644)
    tmp_path.chmod(0o755)
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n"
    )
    process = subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=10)


def mqtt_rule(port: int, secret: str | None) -> Rule:
    to = f"mqtt://127.0.0.1:{port}/doors/front"
    return Rule("desk", (EventKind.RECOGNIZED,), Channel.MQTT, to=to, secret=secret)


def test_whoever_listens_at_the_broker_gets_the_message(broker: int) -> None:
    heard: list[dict[str, Any]] = []
    arrived, listening = threading.Event(), threading.Event()

    def on_message(_client: Client, _userdata: object, got: Any) -> None:
        heard.append(json.loads(got.payload) | {"topic": got.topic})
        arrived.set()

    listener = Client(CallbackAPIVersion.VERSION2, client_id=secrets.token_hex(4))
    listener.on_message = on_message
    listener.on_subscribe = lambda *_: listening.set()
    listener.username_pw_set("door", "battery staple")
    listener.connect("127.0.0.1", broker)
    listener.subscribe("doors/#", qos=1)
    listener.loop_start()
    try:
        assert listening.wait(10)
        Mqtt(secrets=SECRETS, stays_here=True)(MESSAGE, mqtt_rule(broker, "broker"))
        assert arrived.wait(10)
    finally:
        listener.disconnect()
        listener.loop_stop()

    assert heard[0]["topic"] == "doors/front"
    assert (heard[0]["id"], heard[0]["data"]["text"]) == (MESSAGE.notice_id, MESSAGE.text)


def test_a_broker_that_refuses_is_a_failure(broker: int) -> None:
    with pytest.raises(NotDelivered, match="refused"):
        Mqtt(secrets=SECRETS, stays_here=True)(MESSAGE, mqtt_rule(broker, None))


def test_a_broker_that_is_not_there_is_a_failure_and_on_aws_none_without_tls_is_asked() -> None:
    with pytest.raises(NotDelivered, match="no connection"):
        Mqtt(secrets=SECRETS, stays_here=True)(MESSAGE, mqtt_rule(free_port(), None))
    with pytest.raises(NotDelivered, match="no mqtts URL"):
        Mqtt(secrets=SECRETS, stays_here=False)(MESSAGE, mqtt_rule(free_port(), None))


# --- which channel, and secrets ---


def test_a_channel_that_is_not_set_up_says_where_to_read_how() -> None:
    with pytest.raises(NotDelivered, match=r"docs/notifications\.md"):
        Channels({}).send(MESSAGE, EMAIL)


def test_a_secret_of_aws_is_read_from_parameter_store_each_time() -> None:
    asked: list[dict[str, Any]] = []

    class Ssm:
        def get_parameter(self, **request: Any) -> Any:
            asked.append(request)
            return {"Parameter": {"Value": KEY}}

    read = SsmSecrets("/recognizeme/notifications", Ssm)

    assert (read("hook"), read("hook")) == (KEY, KEY)
    assert asked == [{"Name": "/recognizeme/notifications/hook", "WithDecryption": True}] * 2
