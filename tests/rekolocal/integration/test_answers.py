"""Answers as they are on the wire: errors in AWS's two forms, and what a browser gets."""

import http.client
from urllib.parse import urlsplit

import pytest

from rekolocal.testing import LocalRekognition
from tests.rekolocal.integration.command import running_command
from tests.rekolocal.integration.wire import post

pytestmark = pytest.mark.integration

PAGE = "http://localhost:5173"
MAX_BYTES = 5_242_880


def test_an_error_has_the_body_that_the_developer_guide_shows(rekolocal: LocalRekognition) -> None:
    answer = post(rekolocal.endpoint_url, "DescribeCollection", {"CollectionId": "no spaces please"})
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.body == {
        "__type": "InvalidParameterException",
        "Code": "InvalidParameterException",
        "Logref": answer.headers["x-amzn-requestid"],
        "Message": "1 validation error detected: Value 'no spaces please' at 'collectionId' failed to satisfy"
        " constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.\\-]+",
    }


@pytest.mark.parametrize(
    ("size", "rule"), [(0, "greater than or equal to 1"), (MAX_BYTES + 1, "less than or equal to 5242880")]
)
def test_no_bytes_or_too_many_are_a_validation_exception(
    rekolocal: LocalRekognition, size: int, rule: str
) -> None:
    answer = post(rekolocal.endpoint_url, "DetectFaces", {"Image": {"Bytes": bytes(size)}})
    value = f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
    assert answer.status == 400
    assert answer.body == {
        "__type": "ValidationException",
        "message": f"1 validation error detected: Value '{value}' at 'image.bytes' failed to satisfy"
        f" constraint: Member must have length {rule}",
    }


def test_a_page_may_use_the_server_only_where_its_origin_is_allowed(rekolocal: LocalRekognition) -> None:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-amz-target",
    }
    refused = post(rekolocal.endpoint_url, "ListCollections", {}, {"Origin": PAGE})
    assert (refused.status, refused.code) == (400, "AccessDeniedException")
    assert "access-control-allow-origin" not in refused.headers
    assert (
        post(rekolocal.endpoint_url, "ListCollections", {}, {"Host": "evil.example"}).code
        == "AccessDeniedException"
    )

    with running_command("--memory", "--allow-origin", PAGE) as (_, url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        connection.request("OPTIONS", "/", headers=asked)
        preflight = connection.getresponse()
        preflight.read()
        assert preflight.status == 200
        assert preflight.headers["access-control-allow-headers"] == "x-amz-target"
        answer = post(url, "ListCollections", {}, {"Origin": PAGE})
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert (
            post(url, "ListCollections", {}, {"Origin": "http://other.example"}).code
            == "AccessDeniedException"
        )
