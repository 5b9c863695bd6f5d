"""Signatures that botocore makes are accepted; anything else is refused by its proper error."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
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
from rekolocal.signature import Credentials, authenticate, parse

KEYS = Credentials("door", "s3cret")
BODY = b'{"CollectionId":"employees"}'


def signed(keys: Credentials = KEYS, body: bytes = BODY) -> dict[str, str]:
    """The headers botocore sends."""
    headers = {
        "Host": "127.0.0.1:8010",
        "X-Amz-Target": "RekognitionService.ListFaces",
        "Content-Type": "x/y  z",
    }
    request = AWSRequest("POST", "http://127.0.0.1:8010/", headers=headers, data=body)
    SigV4Auth(BotocoreCredentials(keys.access_key, keys.secret_key), "rekognition", "eu-west-1").add_auth(
        request
    )
    return {name.lower(): value for name, value in request.headers.items()}


def check(
    headers: dict[str, str], body: bytes = BODY, keys: Credentials | None = KEYS, late_s: float = 0
) -> None:
    authenticate("POST", "/", headers, body, keys, datetime.now(UTC) + timedelta(seconds=late_s))


def test_botocores_signature_is_accepted() -> None:
    check(signed())


def test_a_signature_is_read_into_its_parts() -> None:
    signature = parse(signed()["authorization"])
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


@pytest.mark.parametrize("stamp", ["", "yesterday", "20261123"])
def test_a_signature_without_its_time_is_incomplete(stamp: str) -> None:
    with pytest.raises(IncompleteSignatureException):
        check({**signed(), "x-amz-date": stamp})


@given(st.text(max_size=200), st.booleans())
def test_any_authorization_header_is_refused_by_a_typed_error(text: str, begins_well: bool) -> None:
    header = ("AWS4-HMAC-SHA256 Credential=door/20261123/" if begins_well else "") + text
    with pytest.raises(RekognitionError):
        check({"authorization": header})
