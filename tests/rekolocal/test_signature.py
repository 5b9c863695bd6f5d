"""Signatures that botocore makes are accepted; anything else is refused by its proper error."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from rekolocal.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    RekognitionError,
    UnrecognizedClientException,
)
from rekolocal.signature import Credentials, Signature, authenticate

KEYS = Credentials("door", "s3cret")
BODY = b'{"CollectionId":"employees"}'


def signed(keys: Credentials = KEYS, body: bytes = BODY, service: str = "rekognition") -> dict[str, str]:
    """The headers botocore sends."""
    request = a_request(body)
    SigV4Auth(BotocoreCredentials(keys.access_key, keys.secret_key), service, "eu-west-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def presigned(expires_s: int = 60) -> tuple[str, dict[str, str]]:
    """The query and the headers of a request that botocore presigned."""
    request = a_request(b"")  # botocore would move a body into the query
    keys = BotocoreCredentials(KEYS.access_key, KEYS.secret_key)
    SigV4QueryAuth(keys, "rekognition", "eu-west-1", expires=expires_s).add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return urlsplit(str(request.url)).query, headers


def a_request(body: bytes) -> AWSRequest:
    headers = {
        "Host": "127.0.0.1:8010",
        "X-Amz-Target": "RekognitionService.ListFaces",
        "Content-Type": "x/y  z",
    }
    return AWSRequest("POST", "http://127.0.0.1:8010/", headers=headers, data=body)


def check(
    headers: dict[str, str], body: bytes = BODY, keys: Credentials | None = KEYS, late_s: float = 0,
    query: str = "",
) -> None:  # fmt: skip
    authenticate(query, headers, body, keys, datetime.now(UTC) + timedelta(seconds=late_s))


def test_botocores_signature_is_accepted() -> None:
    check(signed())


def test_a_signature_is_read_into_its_parts() -> None:
    signature = Signature.of(signed(), [])
    assert signature is not None
    assert (signature.access_key, signature.region, signature.service) == ("door", "eu-west-1", "rekognition")
    assert "host" in signature.signed_headers


@pytest.mark.parametrize("late_s", [-301, 301])
def test_an_old_or_future_signature_is_refused(late_s: float) -> None:
    with pytest.raises(InvalidSignatureException, match="expired"):
        check(signed(), late_s=late_s)


def test_another_body_or_header_than_was_signed_is_refused() -> None:
    with pytest.raises(InvalidSignatureException):
        check(signed(), body=BODY + b" ")
    with pytest.raises(InvalidSignatureException):
        check({**signed(), "x-amz-target": "RekognitionService.DeleteFaces"})


def test_another_secret_or_key_is_refused() -> None:
    with pytest.raises(InvalidSignatureException):
        check(signed(Credentials("door", "guess")))
    with pytest.raises(UnrecognizedClientException):
        check(signed(Credentials("window", "s3cret")))


def test_no_signature_is_refused_only_where_keys_are_asked_for() -> None:
    with pytest.raises(MissingAuthenticationTokenException):
        check({})
    check({}, keys=None)


def test_a_broken_signature_is_refused_even_where_none_is_needed() -> None:
    with pytest.raises(IncompleteSignatureException):
        check({"authorization": "AWS4-HMAC-SHA256 Credential=door"}, keys=None)


def test_a_presigned_url_is_accepted_until_it_expires() -> None:
    query, headers = presigned(expires_s=600)
    check(headers, b"", query=query)
    check(headers, b"", query=query, late_s=590)
    with pytest.raises(InvalidSignatureException, match="expired"):
        check(headers, b"", query=query, late_s=601)


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        lambda query: query + "&more=1",
        lambda query: query.replace("content-type%3Bhost", "content-type"),
    ],
    ids=["longer", "more", "without host"],
)
def test_a_presigned_url_that_was_changed_is_refused(change: Callable[[str], str]) -> None:
    query, headers = presigned()
    assert change(query) != query
    with pytest.raises(InvalidSignatureException):
        check(headers, b"", query=change(query))


def test_a_presigned_url_of_half_its_parts_is_incomplete() -> None:
    with pytest.raises(IncompleteSignatureException):
        check({}, query="X-Amz-Signature=ab&X-Amz-Expires=60", keys=None)


@pytest.mark.parametrize("keys", [KEYS, None])
def test_a_signature_for_another_service_is_refused_as_aws_refuses_it(keys: Credentials | None) -> None:
    with pytest.raises(InvalidSignatureException, match="Credential should be scoped to correct service"):
        check(signed(service="s3"), keys=keys)


@pytest.mark.parametrize("name", ["host", "x-amz-target"])
def test_a_signature_must_cover_the_host_and_the_operation(name: str) -> None:
    """Else whoever has one request could send it elsewhere, or as another operation."""

    class Partial(SigV4Auth):
        def headers_to_sign(self, request: AWSRequest) -> HTTPMessage:
            headers = super().headers_to_sign(request)
            del headers[name]
            return headers

    request = a_request(BODY)
    Partial(BotocoreCredentials(KEYS.access_key, KEYS.secret_key), "rekognition", "eu-west-1").add_auth(
        request
    )
    with pytest.raises(InvalidSignatureException, match=f"'{name}' must be"):
        check({key.lower(): value for key, value in request.headers.items()})


@pytest.mark.parametrize("stamp", ["", "yesterday", "20261123"])
def test_a_signature_without_its_time_is_incomplete(stamp: str) -> None:
    with pytest.raises(IncompleteSignatureException):
        check({**signed(), "x-amz-date": stamp})


@given(st.text(max_size=200), st.booleans())
def test_any_authorization_header_is_refused_by_a_typed_error(text: str, begins_well: bool) -> None:
    header = ("AWS4-HMAC-SHA256 Credential=door/20261123/" if begins_well else "") + text
    with pytest.raises(RekognitionError):
        check({"authorization": header})
