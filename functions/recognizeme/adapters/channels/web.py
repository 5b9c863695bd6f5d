"""HTTP: signed webhooks (https://www.standardwebhooks.com, version 1), Slack and Teams."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from recognizeme.adapters.channels import Secrets, payload
from recognizeme.domain.errors import NotDelivered
from recognizeme.domain.notifications import Message, Rule, is_loopback

_TIMEOUT_S = 15.0
_MIN_KEY_BYTES = 24


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: the rule says where messages go."""


class Web:
    """Posts JSON. With `stays_here` also to servers on this machine."""

    def __init__(
        self, *, secrets: Secrets, stays_here: bool, unix_s: Callable[[], float] = time.time
    ) -> None:
        self._secrets = secrets
        self._stays_here = stays_here
        self._unix_s = unix_s
        self._opener = build_opener(_NoRedirect)

    def webhook(self, message: Message, rule: Rule) -> None:
        """With `webhook-id`, which is the message's, `webhook-timestamp` and `webhook-signature`."""
        said = payload(message)
        if message.picture:
            said["data"]["picture"] = base64.b64encode(message.picture).decode()
        body = json.dumps(said, ensure_ascii=False).encode()
        timestamp = int(self._unix_s())
        key = signing_key(self._secrets(rule.secret or ""))
        headers = {
            "webhook-id": message.notice_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(key, message.notice_id, timestamp, body),
        }
        self._post(rule.to or "", body, headers)

    def slack(self, message: Message, rule: Rule) -> None:
        """Slack's incoming webhook, and what is like it."""
        text = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        self._post(self._secrets(rule.secret or ""), json.dumps({"text": text}).encode())

    def teams(self, message: Message, rule: Rule) -> None:
        """A Teams workflow that posts what a webhook brings: an adaptive card."""
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [{"type": "TextBlock", "text": message.text, "wrap": True}],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        body = {"type": "message", "attachments": [attachment]}
        self._post(self._secrets(rule.secret or ""), json.dumps(body).encode())

    def _post(self, url: str, body: bytes, headers: Mapping[str, str] = {}) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            raise NotDelivered("the address is no URL") from None
        if parts.scheme != "https" and not (self._stays_here and is_loopback(host)):
            raise NotDelivered("the address is no https URL")
        request = Request(url, body, {"Content-Type": "application/json", **headers}, method="POST")
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S):
                return
        except HTTPError as error:
            error.close()
            raise NotDelivered(f"answered {error.code}") from None
        except (OSError, HTTPException, ValueError) as error:
            raise NotDelivered(f"no answer ({type(error).__name__})") from None


def signing_key(secret: str) -> bytes:
    """The key: base64 after `whsec_`, or the text itself. Raises `NotDelivered` for one that is too short."""
    try:
        key = base64.b64decode(secret[6:], validate=True) if secret.startswith("whsec_") else secret.encode()
    except ValueError:
        raise NotDelivered("the secret starts with whsec_, but is no base64 after it") from None
    if len(key) < _MIN_KEY_BYTES:
        raise NotDelivered(f"the secret must have {_MIN_KEY_BYTES} bytes or more")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
