"""A message to an MQTT broker, at least once (QoS 1), over a connection of its own."""

import json
import os
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from kiosk.actions.action import ActionFailed, ActionRefused
from kiosk.client.loopback import is_loopback


class Mqtt:
    """Publishes to `mqtt://host[:port]/topic`, or `mqtts://` with TLS.

    User name and password come from RECOGNIZEME_MQTT_USERNAME and RECOGNIZEME_MQTT_PASSWORD.
    """

    def __init__(self, url: str, *, environ: Mapping[str, str] = os.environ) -> None:
        parts = urlsplit(url)
        self._topic = unquote(parts.path.removeprefix("/"))
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or not self._topic:
            raise ActionRefused(f"mqtt:{url} must be like mqtt:mqtts://broker.example/door/front")
        if set(self._topic) & set("+#\0"):
            raise ActionRefused(f"mqtt:{url}: a topic to publish to has no + and no #")
        if parts.username or parts.password:
            raise ActionRefused(
                "give the broker's user in RECOGNIZEME_MQTT_USERNAME and ..._PASSWORD, not the URL"
            )
        self._is_tls = parts.scheme == "mqtts"
        if not self._is_tls and not is_loopback(parts.hostname):
            raise ActionRefused(f"mqtt:{url} would send names in the clear; use mqtts")
        self._host, self._port = parts.hostname, parts.port or (8883 if self._is_tls else 1883)
        self._username = environ.get("RECOGNIZEME_MQTT_USERNAME")
        self._password = environ.get("RECOGNIZEME_MQTT_PASSWORD")
        self.name = f"mqtt {parts.hostname}/{self._topic}"

    def act(self, message: dict[str, Any], *, timeout_s: float) -> None:
        """Connect, publish, and wait for the broker's word that it has the message."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        connected = threading.Event()
        refusal: list[str] = []

        def on_connect(
            client: Client, userdata: object, flags: object, reason: Any, properties: object
        ) -> None:
            if reason.is_failure:
                refusal.append(str(reason))
            connected.set()

        client = Client(CallbackAPIVersion.VERSION2)
        client.on_connect = on_connect
        client.connect_timeout = timeout_s
        if self._is_tls:
            client.tls_set()
        if self._username:
            client.username_pw_set(self._username, self._password)
        try:
            client.connect(self._host, self._port)
            client.loop_start()
            if not connected.wait(timeout_s):
                raise ActionFailed(f"the broker did not answer within {timeout_s:g} s")
            if refusal:
                raise ActionFailed(f"the broker refused: {refusal[0]}")
            sent = client.publish(self._topic, json.dumps(message, ensure_ascii=False), qos=1)
            sent.wait_for_publish(timeout_s)
            if not sent.is_published():
                raise ActionFailed(f"the broker did not take the message within {timeout_s:g} s")
        except (OSError, ValueError, RuntimeError) as error:
            raise ActionFailed(f"no connection ({type(error).__name__})") from error
        finally:
            client.disconnect()
            client.loop_stop()
