"""AWS Signature Version 4, read and verified: of the Authorization header, or of a presigned URL's query.

Source: IAM User Guide, "Create a signed AWS API request". Messages are those of AWS.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import parse_qsl, quote

from rekolocal.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "rekognition"
_SKEW = timedelta(minutes=5)
_LONGEST = timedelta(days=7)
_HEADER = re.compile(
    rf"{_ALGORITHM} Credential=(?P<credential>[^,\s]{{1,256}}), ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]{1,2048}), ?Signature=(?P<digest>[0-9a-f]{64})"
)
_CREDENTIAL = re.compile(
    r"(?P<key>[^/,\s]{1,128})/(?P<date>\d{8})/(?P<region>[a-z0-9-]{1,64})/(?P<service>[a-z0-9-]{1,64})/aws4_request"
)

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Signature:
    """`signed_at`: X-Amz-Date as it was sent; it serves `lasts` from then on."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    digest: str
    signed_at: str
    lasts: timedelta

    @classmethod
    def of(cls, headers: Mapping[str, str], query: Query) -> Self | None:
        """A request's, or None. Raises IncompleteSignatureException when it is not a Signature Version 4."""
        if "authorization" in headers:
            match = _HEADER.fullmatch(headers["authorization"].strip())
            if match is None:
                message = "Authorization header is not a complete AWS Signature Version 4"
                raise IncompleteSignatureException(message)
            stamp = headers.get("x-amz-date", "")
            return cls._read(match["credential"], match["headers"], match["digest"], stamp, _SKEW)
        asked = dict(query)
        if "X-Amz-Signature" not in asked:
            return None
        seconds = asked.get("X-Amz-Expires", "")
        if not re.fullmatch("[0-9]{1,6}", seconds) or asked.get("X-Amz-Algorithm") != _ALGORITHM:
            raise IncompleteSignatureException("The query is not a complete AWS Signature Version 4")
        names = ("Credential", "SignedHeaders", "Signature", "Date")
        credential, signed_headers, digest, signed_at = (asked.get(f"X-Amz-{name}", "") for name in names)
        lasts = min(timedelta(seconds=int(seconds)), _LONGEST)
        return cls._read(credential, signed_headers, digest, signed_at, lasts)

    @classmethod
    def _read(cls, credential: str, headers: str, digest: str, signed_at: str, lasts: timedelta) -> Self:
        scope = _CREDENTIAL.fullmatch(credential)
        if scope is None:
            raise IncompleteSignatureException("Credential must be KEY/DATE/REGION/SERVICE/aws4_request")
        key, date, region, service = scope.groups()
        return cls(key, date, region, service, tuple(headers.split(";")), digest, signed_at, lasts)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one key pair a server accepts."""

    access_key: str
    secret_key: str


def authenticate(
    query: str,
    headers: Mapping[str, str],
    body: bytes | bytearray,
    credentials: Credentials | None,
    now: datetime,
) -> None:
    """Check the signature of a POST to /; `headers` have lower-case names.

    Without `credentials` a request may be unsigned, but a signature must be well-formed and for Rekognition.
    Raises the exceptions imported here.
    """
    parameters = parse_qsl(query, keep_blank_values=True)
    signature = Signature.of(headers, parameters)
    if signature is None:
        if credentials is None:
            return
        raise MissingAuthenticationTokenException("Missing Authentication Token")
    if signature.service != _SERVICE:
        raise InvalidSignatureException(f"Credential should be scoped to correct service: '{_SERVICE}'. ")
    if credentials is None:
        return
    if not hmac.compare_digest(signature.access_key.encode(), credentials.access_key.encode()):
        raise UnrecognizedClientException("The security token included in the request is invalid.")
    _check_time(signature, now)
    for name in ("host", "x-amz-target"):
        if name not in signature.signed_headers:
            raise InvalidSignatureException(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    expected = _sign(signature, parameters, headers, body, credentials.secret_key)
    if not hmac.compare_digest(expected.encode(), signature.digest.encode()):
        raise InvalidSignatureException(
            "The request signature we calculated does not match the signature you provided. Check your AWS"
            " Secret Access Key and signing method. Consult the service documentation for details."
        )


def _check_time(signature: Signature, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(signature.signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise IncompleteSignatureException("X-Amz-Date is missing or not a date") from error
    if not signature.signed_at.startswith(signature.date) or not -_SKEW <= now - signed_at <= signature.lasts:
        raise InvalidSignatureException("Signature expired or not yet current")


def _sign(
    signature: Signature,
    parameters: Query,
    headers: Mapping[str, str],
    body: bytes | bytearray,
    secret_key: str,
) -> str:
    quoted = sorted(
        (quote(name, safe="~"), quote(value, safe="~"))
        for name, value in parameters
        if name != "X-Amz-Signature"
    )
    canonical = "\n".join(
        (
            "POST",
            "/",
            "&".join(f"{name}={value}" for name, value in quoted),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signature.signed_headers),
            "",
            ";".join(signature.signed_headers),
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret_key}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = f"{_ALGORITHM}\n{signature.signed_at}\n{scope}\n{digest}"
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
