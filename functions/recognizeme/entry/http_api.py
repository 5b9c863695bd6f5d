"""The HTTP face that the functions share: a router whose errors are RFC 9457 problems."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme.domain.errors import InvalidRequest, PictureTooLarge, RecognizeMeError, UnsupportedMediaType
from recognizeme.entry import parsing
from recognizeme.entry.audit import Act, Auditor, on_behalf_of, principal_of
from recognizeme.entry.observe import count_failed_request
from recognizeme.entry.problems import Problem, problem_of
from recognizeme.entry.routes import Audit, match
from recognizeme.usecases.answer_once import Request

# A synchronous invocation takes 6 MB (Lambda quotas), and base64 makes three bytes four.
MAX_BODY_BYTES = 4 * 1024 * 1024
RETRY_AFTER_S = 1
_JSON = "application/json"


Once = Callable[[Request, Callable[[], bytes]], tuple[bytes, bool]]


class HttpApi(APIGatewayHttpResolver):
    """Powertools' router for payload 2.0, answering JSON, and problems for whatever the handlers raise.

    Here and nowhere else the audit log is written for requests: the table of routes says which.
    """

    def __init__(self, logger: Logger, auditor: Callable[[], Auditor], once: Once | None = None) -> None:
        super().__init__(serializer=_to_json)
        self._once = once
        self.use(middlewares=[self._answered_once])
        self._logger = logger
        self._auditor = auditor
        self._act: Act | None = None
        self.exception_handler(RecognizeMeError)(self._on_known)
        self.exception_handler(NotFoundError)(self._on_no_route)
        self.exception_handler(Exception)(self._on_unexpected)

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "^{}$") -> re.Pattern[str]:
        # Powertools' own pattern leaves out characters that names of files have.
        return re.compile(base_regex.format(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", rule)), re.DOTALL)

    def resolve(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # type: ignore[override]
        """Answer an HTTP API event, with a line in the audit log where the table of routes asks for one.

        What cannot be written down is not done: neither is a change made whose beginning is not on record,
        nor is a picture shown. A change whose end cannot be written down has been made all the same.
        """
        matched = match(event["requestContext"]["http"]["method"], event["rawPath"])
        if matched is None or matched.route.audit is Audit.NO:
            return super().resolve(event, context)
        try:
            on_behalf_of(event)  # out of form it is refused, whether this request leaves a line or not
            if not matched.is_audited:
                return super().resolve(event, context)
            act = self._act = Act.begin(self._auditor(), matched, event)
        except RecognizeMeError as error:
            return _as_lambda_answers(self._on_known(error))
        try:
            answer = super().resolve(event, context)
        finally:
            self._act = None
        try:
            act.end(int(answer["statusCode"]))
        except RecognizeMeError as error:
            problem = self._on_known(error)
            return answer if act.is_change else _as_lambda_answers(problem)
        return answer

    def _answered_once(self, app: "HttpApi", handler: Callable[["HttpApi"], Response[str]]) -> Response[str]:
        """The handler's answer, or that to the same request when it was made before under its key."""
        event = self.current_event
        key = event.headers.get("idempotency-key")
        matched = match(event.http_method, event.path)
        if key is None or matched is None or not matched.route.takes_key or self._once is None:
            return handler(app)
        said = (event.raw_query_string, self.content_type, event.body or "")
        request = Request(
            key=key.strip().removeprefix('"').removesuffix('"'),  # as a structured field it is quoted
            principal=principal_of(event.request_context),
            route=f"{event.http_method} {event.path}",
            content=json.dumps(said).encode(errors="surrogatepass"),
        )

        def act() -> bytes:
            answered = handler(app)
            return json.dumps([answered.status_code, answered.body]).encode(errors="surrogatepass")

        content, is_known = self._once(request, act)
        status, body = json.loads(content)
        if is_known:
            self.note(answered="before")
        return Response(status, _JSON, body, headers={"Idempotency-Replayed": "true"} if is_known else {})

    def note(self, **detail: object) -> None:
        """Say more about this request in the audit log: ids and reasons, no names.

        Whatever ends in person_id or photo_id is kept as a keyed hash; person_id says whom it is about.
        """
        if self._act is not None:
            self._act.detail |= detail

    @property
    def caller(self) -> tuple[str, str | None]:
        """Who calls, and whom that one says to act for; raises `InvalidRequest`."""
        event = self.current_event.raw_event
        return principal_of(event["requestContext"]), on_behalf_of(event)

    @property
    def body(self) -> bytes:
        """The request's body; raises `PictureTooLarge` and `InvalidRequest`."""
        body = self.current_event.body or ""
        try:
            content = base64.b64decode(body, validate=True) if self.current_event.is_base64_encoded else None
        except binascii.Error as error:
            raise InvalidRequest("the body is no valid base64") from error
        content = body.encode() if content is None else content
        if len(content) > MAX_BODY_BYTES:
            raise PictureTooLarge(
                f"the body is larger than {MAX_BODY_BYTES // 1024**2} MiB; use an upload ticket"
            )
        return content

    @property
    def content_type(self) -> str:
        """The request's media type in lower case, without parameters."""
        return (self.current_event.headers.get("content-type") or "").partition(";")[0].strip().lower()

    def header(self, name: str) -> str | None:
        """A header of the request, by its name in lower case."""
        return self.current_event.headers.get(name)

    @property
    def parameters(self) -> dict[str, str]:
        """The query parameters."""
        return dict(self.current_event.query_string_parameters or {})

    def has_picture(self) -> bool:
        """Whether the body is a picture, or JSON with one in its member `picture`."""
        return self.content_type.startswith("image/") or "picture" in parsing.json_object(self.body)

    def picture(self) -> bytes:
        """The picture of a request: its body, or base64 in JSON; raises `UnsupportedMediaType` for others."""
        if self.content_type == _JSON:
            return parsing.base64_bytes(parsing.json_object(self.body), "picture")
        if self.content_type not in ("image/jpeg", "image/png"):
            raise UnsupportedMediaType(
                'send the picture as image/jpeg or image/png, or as {"picture": base64} in application/json'
            )
        return self.body

    def _on_known(self, error: RecognizeMeError) -> Response[str]:
        found = problem_of(error)
        if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._logger.error("request failed", problem=found, error=type(error).__name__)
        if found.status == HTTPStatus.INTERNAL_SERVER_ERROR:  # a busy service is no fault of this version
            count_failed_request()
        return problem(found, str(error))

    def _on_no_route(self, error: NotFoundError) -> Response[str]:
        return problem(Problem.NOT_FOUND, "there is no such route; GET /openapi.json lists them")

    def _on_unexpected(self, error: Exception) -> Response[str]:
        # Only the type and the place: the text of a stranger's error may hold personal data.
        self._logger.error("unexpected error", error=type(error).__name__, where=_where(error))
        count_failed_request()
        return problem(Problem.INTERNAL, "something went wrong here; try again")


def problem(found: Problem, detail: str) -> Response[str]:
    """An RFC 9457 problem."""
    headers: dict[str, Any] = {"Retry-After": str(RETRY_AFTER_S)} if found is Problem.BUSY else {}
    content = _to_json(found.content(detail))
    return Response(found.status, "application/problem+json", content, headers=headers)


def _as_lambda_answers(response: Response[str]) -> dict[str, Any]:
    headers = {"Content-Type": response.content_type, **response.headers}
    return {
        "statusCode": int(response.status_code),
        "headers": headers,
        "body": response.body,
        "isBase64Encoded": False,
        "cookies": [],
    }


def answer(
    content: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    headers: dict[str, str | list[str]] | None = None,
) -> Response[str]:
    """A JSON answer with a status."""
    return Response(status, "application/json", _to_json(content), headers=headers)


def path_id(value: str, check: Callable[[str], str]) -> str:
    """An id from the path, checked. Ids hold no percent sign, so decoding one twice does no harm."""
    return check(unquote(value))


def _to_json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _where(error: Exception) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else ""
