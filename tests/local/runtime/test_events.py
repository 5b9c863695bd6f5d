import base64
import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote_plus

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2, S3Event
from hypothesis import given
from hypothesis import strategies as st

from local.runtime.events import (
    Event,
    Request,
    UnreadableAnswer,
    http_event,
    http_reply,
    object_created_event,
)

NOW = datetime(2026, 11, 23, 8, 15, 2, 120000, tzinfo=UTC)


def event_of(request: Request, **path_parameters: str) -> Event:
    return http_event(
        request, route="POST /people/{person_id}", path_parameters=path_parameters, request_id="r1", now=NOW
    )


def request(**changes: object) -> Request:
    fields: dict[str, object] = {
        "method": "POST",
        "path": "/people/ada",
        "query": "",
        "headers": (("host", "127.0.0.1:8000"), ("user-agent", "test")),
        "body": b"",
    }
    return Request(**(fields | changes))  # type: ignore[arg-type]


def test_powertools_reads_an_event_as_it_reads_api_gateways() -> None:
    headers = (("host", "127.0.0.1:8000"), ("content-type", "application/json"), ("user-agent", "kiosk"))
    event = APIGatewayProxyEventV2(
        event_of(request(headers=headers, query="limit=5", body=b'{"a": 1}'), person_id="ada")
    )
    assert event.path == "/people/ada"
    assert event.http_method == "POST"
    assert event.query_string_parameters == {"limit": "5"}
    assert event.path_parameters == {"person_id": "ada"}
    assert event.json_body == {"a": 1}
    assert event.request_context.http.user_agent == "kiosk"
    assert event.request_context.time == "23/Nov/2026:08:15:02 +0000"
    assert event.request_context.time_epoch == 1795421702120


def test_a_picture_travels_as_base64() -> None:
    picture = bytes(range(256))
    event = event_of(request(headers=(("content-type", "image/jpeg"),), body=picture))
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == picture


def test_json_travels_as_text_and_broken_text_as_base64() -> None:
    json_type = (("content-type", "application/json; charset=utf-8"),)
    assert event_of(request(headers=json_type, body='{"name": "Zoë"}'.encode()))["body"] == '{"name": "Zoë"}'
    assert event_of(request(headers=json_type, body=b"\xff\xfe"))["isBase64Encoded"] is True


def test_repeated_parameters_and_headers_are_joined_with_commas() -> None:
    event = event_of(request(query="a=1&b=&a=2", headers=(("accept", "text/html"), ("accept", "image/png"))))
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["headers"]["accept"] == "text/html,image/png"


def test_cookies_are_kept_apart_from_the_headers() -> None:
    event = event_of(request(headers=(("cookie", "a=1; b=2"), ("accept", "*/*"))))
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]


def test_what_a_request_does_not_have_is_left_out_of_its_event() -> None:
    assert not {"cookies", "queryStringParameters", "pathParameters", "body"} & event_of(request()).keys()


@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(["image/png", "text/plain", "", "application/json"]),
)
def test_every_body_can_be_read_back_from_its_event(body: bytes, content_type: str) -> None:
    event = event_of(request(headers=(("content-type", content_type),), body=body))
    text = event.get("body", "")
    assert (base64.b64decode(text) if event["isBase64Encoded"] else text.encode()) == body


@given(query=st.text(alphabet="ab=&%+20;é", max_size=30))
def test_every_query_gives_an_event(query: str) -> None:
    parameters = event_of(request(query=query)).get("queryStringParameters", {})
    assert parameters.keys() == dict(parse_qsl(query, keep_blank_values=True)).keys()


def test_an_answer_becomes_a_response() -> None:
    reply = http_reply(
        {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "cookies": ["a=1"], "body": "{}"}
    )
    assert reply.status == 201
    assert reply.headers == (("content-type", "application/json"), ("set-cookie", "a=1"))
    assert reply.body == b"{}"


def test_a_base64_answer_is_decoded() -> None:
    answer = {"statusCode": 200, "body": base64.b64encode(b"\x00\xff").decode(), "isBase64Encoded": True}
    assert http_reply(answer).body == b"\x00\xff"


def test_an_answer_without_a_status_is_the_body() -> None:
    reply = http_reply({"photos": 1})
    assert (reply.status, json.loads(reply.body)) == (200, {"photos": 1})


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": "soon"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "headers": ["no", "mapping"]},
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}},
        {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
    ],
)
def test_an_answer_that_is_no_response_is_reported(answer: object) -> None:
    with pytest.raises(UnreadableAnswer):
        http_reply(answer)


@pytest.mark.parametrize("key", ["captures/front/2026/11/23/x.jpg", "enrollments/ada/my photo+1 ü.jpg"])
def test_a_stored_object_becomes_an_s3_event_with_its_key_encoded(key: str) -> None:
    event = object_created_event(key=key, size=7, sequencer=10, bucket="b", now=NOW)
    raw = event["Records"][0]["s3"]["object"]["key"]
    assert unquote_plus(raw) == key
    assert " " not in raw
    assert raw.isascii()
    record = next(S3Event(event).records)
    assert record.s3.get_object.key == raw
    assert record.s3.get_object.size == 7
    assert record.s3.bucket.name == "b"
    assert record.event_time == "2026-11-23T08:15:02.120Z"


def test_sequencers_sort_as_text_in_the_order_of_their_events() -> None:
    sequencers = [
        object_created_event(key="k", size=1, sequencer=n, bucket="b", now=NOW)["Records"][0]["s3"]["object"][
            "sequencer"
        ]
        for n in (9, 10, 255, 256, 1795421702120000000)
    ]
    assert sequencers == sorted(sequencers)
