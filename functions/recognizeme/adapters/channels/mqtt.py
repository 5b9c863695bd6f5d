"""A message to an MQTT broker, at least once (QoS 1), over a connection of its own."""

import base64
import json
import threading
from typing import Any
from urllib.parse import unquote, urlsplit

from recognizeme.adapters.channels import Secrets, payload
from recognizeme.domain.errors import NotDelivered
from recognizeme.domain.notifications import Message, Rule, is_loopback

_TIMEOUT_S = 15.0


class Mqtt:
    """Publishes to `mqtts://host[:port]/topic`; a rule's secret is `user:password`."""

    def __init__(self, *, secrets: Secrets, stays_here: bool) -> None:
        self._secrets = secrets
        self._stays_here = stays_here

    def __call__(self, message: Message, rule: Rule) -> None:
        """Connect, publish, and wait for the broker's word that it has the message."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        parts = urlsplit(rule.to or "")
        host, topic = parts.hostname or "", unquote(parts.path.removeprefix("/"))
        is_tls = parts.scheme == "mqtts"
        if not is_tls and not (self._stays_here and is_loopback(host)):
            raise NotDelivered("the address is no mqtts URL")
        said = payload(message)
        if message.picture:
            said["data"]["picture"] = base64.b64encode(message.picture).decode()
        connected = threading.Event()
        refused = threading.Event()

        def on_connect(
            _client: Client, _userdata: object, _flags: object, reason: Any, _more: object
        ) -> None:
            if reason.is_failure:
                refused.set()
            connected.set()

        client = Client(CallbackAPIVersion.VERSION2)
        client.on_connect = on_connect
        client.connect_timeout = _TIMEOUT_S
        if is_tls:
            client.tls_set()
        if rule.secret:
            user, _, password = self._secrets(rule.secret).partition(":")
            client.username_pw_set(user, password)
        try:
            client.connect(host, parts.port or (8883 if is_tls else 1883))
            client.loop_start()
            if not connected.wait(_TIMEOUT_S):
                raise NotDelivered("the broker did not answer")
            if refused.is_set():
                raise NotDelivered("the broker refused the connection")
            sent = client.publish(topic, json.dumps(said, ensure_ascii=False), qos=1)
            sent.wait_for_publish(_TIMEOUT_S)
            if not sent.is_published():
                raise NotDelivered("the broker did not take the message")
        except (OSError, ValueError, RuntimeError) as error:
            raise NotDelivered(f"no connection ({type(error).__name__})") from None
        finally:
            client.disconnect()
            client.loop_stop()
