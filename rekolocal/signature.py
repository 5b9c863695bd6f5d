"""AWS Signature Version 4, read and verified.

Source: AWS General Reference, "Create a signed AWS API request".
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rekolocal.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)

_ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW = timedelta(minutes=5)
_HEADER = re.compile(
    rf"{_ALGORITHM} Credential=(?P<key>[^/,\s]{{1,128}})/(?P<date>\d{{8}})/(?P<region>[a-z0-9-]{{1,64}})"
    r"/(?P<service>[a-z0-9-]{1,64})/aws4_request, ?SignedHeaders=(?P<headers>[a-z0-9;-]{1,2048}),"
    r" ?Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The parts of an Authorization header."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one key pair a server accepts."""

    access_key: str
    secret_key: str


def parse(header: str) -> Signature:
    """Raises IncompleteSignatureException when the header is not a Signature Version 4."""
    match = _HEADER.fullmatch(header.strip())
    if match is None:
        raise IncompleteSignatureException("Authorization header is not a complete AWS Signature Version 4")
    return Signature(
        match["key"], match["date"], match["region"], match["service"],
        tuple(match["headers"].split(";")), match["signature"],
    )  # fmt: skip


def authenticate(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | bytearray,
    credentials: Credentials | None,
    now: datetime,
) -> None:
    """Check a request's signature; `headers` have lower-case names.

    Without `credentials` a request may be unsigned, but a signature must be well-formed. Raises the
    exceptions imported here.
    """
    authorization = headers.get("authorization")
    if authorization is None:
        if credentials is None:
            return
        raise MissingAuthenticationTokenException("Missing Authentication Token")
    signature = parse(authorization)
    if credentials is None:
        return
    if not hmac.compare_digest(signature.access_key.encode(), credentials.access_key.encode()):
        raise UnrecognizedClientException("The security token included in the request is invalid.")
    _check_time(signature, headers.get("x-amz-date", ""), now)
    if "host" not in signature.signed_headers:
        raise InvalidSignatureException("The host header must be signed")
    expected = _sign(signature, method, path, headers, body, credentials.secret_key)
    if not hmac.compare_digest(expected, signature.digest):
        raise InvalidSignatureException(
            "The request signature we calculated does not match the signature you provided"
        )


def _check_time(signature: Signature, stamp: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise IncompleteSignatureException("X-Amz-Date is missing or not a date") from error
    if not stamp.startswith(signature.date) or abs(now - signed_at) > _SKEW:
        raise InvalidSignatureException("Signature expired or not yet current")


def _sign(
    signature: Signature,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | bytearray,
    secret_key: str,
) -> str:
    canonical_headers = "".join(
        f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signature.signed_headers
    )
    canonical = "\n".join(
        (
            method,
            path,
            "",
            canonical_headers,
            ";".join(signature.signed_headers),
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret_key}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = f"{_ALGORITHM}\n{headers['x-amz-date']}\n{scope}\n{digest}"
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
