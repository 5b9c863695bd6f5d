"""A signed HTTP POST, in the form of Standard Webhooks (https://www.standardwebhooks.com), version 1."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from kiosk.actions.action import ActionFailed, ActionRefused
from kiosk.client.loopback import is_loopback

MIN_SECRET_BYTES = 24


def signing_key(secret: str) -> bytes:
    """The key: base64 after `whsec_`, or the text itself. Raises `ActionRefused` when it is too short."""
    try:
        key = base64.b64decode(secret[6:], validate=True) if secret.startswith("whsec_") else secret.encode()
    except ValueError as error:
        raise ActionRefused(
            "RECOGNIZEME_WEBHOOK_SECRET starts with whsec_ but is no base64 after it"
        ) from error
    if len(key) < MIN_SECRET_BYTES:
        raise ActionRefused(f"RECOGNIZEME_WEBHOOK_SECRET must have {MIN_SECRET_BYTES} bytes or more")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class Webhook:
    """Posts the message as JSON with `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    The receiver checks the signature, that the timestamp is recent, and that the id is new.
    """

    def __init__(self, url: str, key: bytes, *, unix_s: Callable[[], float] = time.time) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ActionRefused(f"webhook:{url} is no http or https URL")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ActionRefused(f"webhook:{url} would send names in the clear; use https")
        self.name = f"webhook {parts.scheme}://{parts.hostname}"
        self._url = url
        self._key = key
        self._unix_s = unix_s

    def act(self, message: dict[str, Any], *, timeout_s: float) -> None:
        """Post; anything but a 2xx answer is a failure."""
        body = json.dumps(message, ensure_ascii=False).encode()
        timestamp = int(self._unix_s())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(message["id"]),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._key, str(message["id"]), timestamp, body),
        }
        try:
            response = requests.post(
                self._url, data=body, headers=headers, timeout=timeout_s, allow_redirects=False, stream=True
            )
            response.close()
        except requests.Timeout as error:
            raise ActionFailed(f"no answer within {timeout_s:g} s") from error
        except requests.RequestException as error:
            raise ActionFailed(f"no connection ({type(error).__name__})") from error
        if not 200 <= response.status_code < 300:
            raise ActionFailed(f"answered {response.status_code}")
