"""How a request reaches the API: connections, credentials, time limits, and what each failure means."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ProtocolError

from kiosk.client.errors import (
    AlreadyDone,
    ApiError,
    Busy,
    NotFound,
    Refused,
    TicketRefused,
    Unauthorized,
    UnknownAnswer,
    Unreachable,
)
from kiosk.client.freshness import Freshness, answered_at_s
from kiosk.client.loopback import is_loopback
from kiosk.client.sigv4 import SigV4, aws_region

DEFAULT_URL = "http://127.0.0.1:8000"

Json = dict[str, Any]

_CONNECT_TIMEOUT_S = 5.0
_SHORTEST_TIMEOUT_S = 0.05
# S3 answers 400 also for credentials that ended and bytes that were lost on the way.
_S3_TRANSIENT = ("ExpiredToken", "TokenRefreshRequired", "InvalidToken", "RequestTimeout", "IncompleteBody")


class _Bearer(AuthBase):
    """Sends the token when there is one; being there at all keeps requests from reading ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Wire:
    """JSON calls to one API over kept-alive connections; every method raises an `ApiError`."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeout_s: float,
        insecure_http: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_behalf_of: Callable[[], str | None] = lambda: None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Refused(f"{url!r} is no address of an API; give one like {DEFAULT_URL}")
        self.url = url.rstrip("/")
        self._freshness = Freshness()
        self._clock = clock
        self._is_overheard = parts.scheme == "http" and not is_loopback(parts.hostname) and not insecure_http
        region = aws_region(url)
        self.is_aws = region is not None
        if token or region:
            self.refuse_plain_http("the credentials")
        self._auth: AuthBase = SigV4(region) if region else _Bearer(token)
        self._credentials = "AWS credentials" if region else "token in RECOGNIZEME_TOKEN"
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = not is_loopback(parts.hostname)  # a proxy cannot reach our loopback

    def refuse_plain_http(self, what: str) -> None:
        """Raise `Refused` where others could read or change `what` on the way, unless that was allowed."""
        if self._is_overheard:
            raise Refused(
                f"others on the network can read and change {what} on the way to {self.url}; use https, or"
                " say --insecure-http if that network is yours alone"
            )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def call(
        self,
        method: str,
        route: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Json | None = None,
        data: bytes | None = None,
        content_type: str | None = None,
        timeout_s: float | None = None,
        is_once: bool = False,
    ) -> Json:
        """Make one call and return the JSON object it answers.

        A call that `is_once` has a key, under which the API does it once if it reaches it twice.
        """
        headers = {"Content-Type": content_type} if content_type else {}
        if who := self.on_behalf_of():
            headers["X-On-Behalf-Of"] = who
        if is_once:
            headers["Idempotency-Key"] = str(uuid4())
        response = self._request(
            method,
            self.url + route,
            auth=self._auth,
            timeout_s=timeout_s,
            params=params,
            json=json,
            data=data,
            headers=headers,
        )
        if not self._freshness.is_fresh(answered_at_s(response.headers), self._clock()):
            raise self.unknown_answer("with something that was said before")
        if not response.ok or response.is_redirect:
            raise self._error(response)
        try:
            document = response.json()
        except ValueError as error:
            raise self.unknown_answer("something that is not JSON") from error
        if not isinstance(document, dict):
            raise self.unknown_answer("JSON of another form")
        return document

    def use_ticket(self, ticket: Json, picture: bytes, *, timeout_s: float | None = None) -> None:
        """Upload a picture with a presigned POST. `TicketRefused` asks for a new ticket."""
        try:
            url, fields, max_bytes = (
                ticket["upload"]["url"],
                ticket["upload"]["fields"],
                int(ticket["max_bytes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self.unknown_answer("an upload ticket of another form") from error
        if len(picture) > max_bytes:
            raise Refused(f"the picture has {len(picture):,} bytes; at most {max_bytes:,} are taken")
        response = self._request(
            "POST",
            url,
            auth=_Bearer(None),
            timeout_s=timeout_s,
            data=fields,
            files={"file": ("picture", picture)},
        )
        if response.ok and not response.is_redirect:
            return
        if response.status_code == 403 or (
            response.status_code == 400 and _is_about_the_ticket(response.text)
        ):
            raise TicketRefused("the picture store did not take the upload ticket; ask for a new one")
        if response.status_code in {400, 413, 415}:
            raise Refused(
                f"the picture store refused the picture ({response.status_code}): wrong size or type"
            )
        raise _store_busy(response)

    def clock_ahead_s(self, *, timeout_s: float, unix_s: Callable[[], float] = time.time) -> float | None:
        """How far our clock is ahead of the API's, to about a second; None when it does not say."""
        asked_s = unix_s()
        response = self._request("GET", f"{self.url}/health", auth=self._auth, timeout_s=timeout_s)
        theirs = answered_at_s(response.headers)
        return (
            None if theirs is None else (asked_s + unix_s()) / 2 - theirs - 0.5
        )  # HTTP's Date is cut to the second

    def fetch(self, url: str, *, timeout_s: float | None = None) -> bytes:
        """The bytes behind a link that the API gave; our credentials are not sent there."""
        response = self._request("GET", url, auth=_Bearer(None), timeout_s=timeout_s)
        if response.status_code in {403, 404, 410}:
            raise NotFound("the picture is no longer stored, or its link has expired")
        if response.status_code != 200:
            raise _store_busy(response)
        return response.content

    def unknown_answer(self, what: str) -> UnknownAnswer:
        """The error for an answer that is outside docs/api.md."""
        return UnknownAnswer(f"{self.url} answered {what}, which no RecognizeMe API does; check --api")

    def _request(
        self, method: str, url: str, *, auth: AuthBase, timeout_s: float | None, **content: Any
    ) -> requests.Response:
        limit_s = self._timeout_s
        if timeout_s is not None:
            limit_s = min(limit_s, max(_SHORTEST_TIMEOUT_S, timeout_s))
        for attempt in (1, 2):
            try:
                return self._session.request(
                    method,
                    url,
                    auth=auth,
                    timeout=(min(_CONNECT_TIMEOUT_S, limit_s), limit_s),
                    allow_redirects=False,
                    **content,
                )
            except requests.ConnectTimeout as error:
                raise self._nobody_at(url) from error
            except requests.Timeout as error:
                raise Unreachable(
                    f"{_origin(url)} did not answer within {limit_s:.1f} s; try again"
                ) from error
            except requests.ConnectionError as error:
                # A server may close a kept-alive connection just as we use it. Every call may be made twice.
                if attempt == 1 and error.args and isinstance(error.args[0], ProtocolError):
                    continue
                raise self._nobody_at(url) from error
            except requests.RequestException as error:
                raise self._nobody_at(url) from error
        raise AssertionError("the second attempt returns or raises")

    def _nobody_at(self, url: str) -> Unreachable:
        if not url.startswith(self.url):
            return Unreachable(f"the picture store at {_origin(url)} does not answer; try again")
        on_this_machine = is_loopback(urlsplit(url).hostname)
        start = "start one with: make up" if on_this_machine else "check --api and the network"
        return Unreachable(f"no RecognizeMe API answers at {self.url}; {start}")

    def _error(self, response: requests.Response) -> ApiError:
        status = response.status_code
        problem = _problem(response)
        detail = str(problem.get("detail") or problem.get("title") or problem.get("message") or "")
        is_ours = str(problem.get("type", "")).startswith("urn:recognizeme:")
        kind = str(problem.get("type", "")).rpartition(":")[2]
        if status in {401, 403}:
            why = f": {detail}" if is_ours and status == 403 else ""
            return Unauthorized(
                f"the RecognizeMe API at {self.url} did not accept the {self._credentials}{why}"
            )
        if status in {408, 425, 429} or status >= 500:
            return Busy(
                detail or f"the RecognizeMe API at {self.url} answered {status}; try again",
                retry_after_s=_retry_after_s(response),
            )
        if response.is_redirect or (status in {404, 405} and not is_ours):
            return self.unknown_answer(f"HTTP {status}")
        if status == 409 and (not is_ours or kind == "already-done"):
            return AlreadyDone(detail or "the capture has its sighting already")
        if status == 409 and kind == "idempotency-key-in-use":
            return Busy(detail)
        if status == 404:
            return NotFound(detail or "there is no such thing")
        return Refused(detail or f"the RecognizeMe API at {self.url} refused the request ({status})")


def _is_about_the_ticket(s3_error: str) -> bool:
    """Whether a new ticket may help with a 400 of S3, which says so in `<Code>` of its XML."""
    return any(f"<Code>{code}</Code>" in s3_error for code in _S3_TRANSIENT)


def _problem(response: requests.Response) -> Json:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _store_busy(response: requests.Response) -> Busy:
    return Busy(
        f"the picture store answered {response.status_code}; try again",
        retry_after_s=_retry_after_s(response),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _retry_after_s(response: requests.Response) -> float | None:
    """The seconds of a Retry-After header; its other form, a date, is not used by API Gateway or S3."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
