"""Requests and stored pictures as the events AWS would make of them, and a function's answer as HTTP.

Shapes: the payload format 2.0 of API Gateway's HTTP API and the S3 event notification 2.1. An HTTP API hands
the path on percent-decoded, joins repeated query parameters and headers with commas, and keeps cookies apart.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from recognizeme.domain.times import to_api_text

Event = dict[str, Any]

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
# Lambda's limit for a synchronous event and for its answer.
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024

# What an HTTP API hands on as text; any other body reaches the function base64-encoded.
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came in; `path` is percent-decoded, `query` is not."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over HTTP."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)


class UnreadableAnswer(Exception):
    """The function answered with something API Gateway could not turn into a response."""


def http_event(
    request: Request,
    *,
    route: str,
    path_parameters: Mapping[str, str],
    request_id: str,
    now: datetime,
    principal: str = "",
) -> Event:
    """The payload-2.0 event of `request`, which matched `route` (such as `GET /people/{person_id}`).

    `principal` is whoever the gateway knows to call, in the place of a Lambda authorizer's context.
    """
    cookies = [
        part.strip() for name, value in request.headers if name == "cookie" for part in value.split(";")
    ]
    headers = _joined((name, value) for name, value in request.headers if name != "cookie")
    event: Event = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": "local",
            "domainName": headers.get("host", "localhost"),
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S %z"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if principal:
        event["requestContext"]["authorizer"] = {"lambda": {"principal": principal}}
    # Like API Gateway, leave out what the request did not have.
    if cookies:
        event["cookies"] = cookies
    if parameters := _joined(parse_qsl(request.query, keep_blank_values=True)):
        event["queryStringParameters"] = parameters
    if path_parameters:
        event["pathParameters"] = dict(path_parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = _encoded(request.body, headers.get("content-type", ""))
    return event


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _encoded(body: bytes, content_type: str) -> tuple[str, bool]:
    if content_type.lower().startswith(_TEXT_TYPES):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # said to be text, but is not
    return base64.b64encode(body).decode(), True


def http_reply(answer: object) -> Reply:
    """A function's answer as HTTP, by the rules of payload format 2.0. Raises `UnreadableAnswer`.

    An answer without `statusCode` is the body of a 200, in JSON.
    """
    if not isinstance(answer, Mapping) or "statusCode" not in answer:
        return Reply(200, (("content-type", "application/json"),), json.dumps(answer).encode())
    try:
        status = int(answer["statusCode"])
        headers = {str(name).lower(): _header(value) for name, value in (answer.get("headers") or {}).items()}
        body = answer.get("body") or ""
        content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableAnswer(f"the function's answer is no HTTP response: {error}") from error
    if not 200 <= status <= 599:
        raise UnreadableAnswer(f"the function answered with the status {status}")
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    cookies = (("set-cookie", str(cookie)) for cookie in answer.get("cookies") or ())
    return Reply(status, (*headers.items(), *cookies), content)


def _header(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "\r" in text or "\n" in text:
        raise ValueError("a header holds a line break")
    return text


def object_created_event(*, key: str, size: int, sequencer: int, bucket: str, now: datetime) -> Event:
    """The S3 event of one stored object; of the same key's, the one with the larger `sequencer` is later."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": to_api_text(now),
                "eventName": "ObjectCreated:Post",
                "userIdentity": {"principalId": "AWS:local"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {"x-amz-request-id": f"{sequencer:016X}", "x-amz-id-2": "local"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "local",
                    "bucket": {
                        "name": bucket,
                        "ownerIdentity": {"principalId": "local"},
                        "arn": f"arn:aws:s3:::{bucket}",
                    },
                    "object": {
                        "key": event_key(key),
                        "size": size,
                        "eTag": f"{sequencer:032x}",
                        "sequencer": f"{sequencer:016X}",
                    },
                },
            }
        ]
    }


def event_key(key: str) -> str:
    """A key as it stands in an S3 event, encoded as forms do: a space is a plus, a slash stays."""
    return quote_plus(key, safe="/")


def s3_test_event(*, bucket: str, now: datetime) -> Event:
    """What S3 sends to a function when a bucket's notifications are set up."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": to_api_text(now),
        "Bucket": bucket,
        "RequestId": "0" * 16,
        "HostId": "local",
    }
