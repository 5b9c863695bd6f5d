"""The event host: HTTP in, events to the functions, their answers out."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, request_response
from starlette.types import ASGIApp

from local.gateway.access import Access, refusal
from local.gateway.replies import problem, response
from local.runtime import functions
from local.runtime.events import Reply, Request, UnreadableAnswer, http_event, http_reply
from local.runtime.functions import Invoke
from recognizeme.entry.problems import Problem
from recognizeme.entry.routes import Matched, match, methods

_LOG = logging.getLogger(__name__)

# A thousand kiosks send a heartbeat a minute, and whoever works would look for work each time.
_HEARTBEAT = "POST /kiosks/{kiosk_id}/heartbeat"
_STORES_NOTHING = frozenset({_HEARTBEAT, "POST /kiosks/{kiosk_id}/captures"})

# API Gateway's limit for a request.
MAX_BODY_BYTES = 10 * 1024 * 1024


def event_host(
    invoke: Invoke,
    *,
    store: list[Route],
    access: Access,
    after_change: Callable[[], None],
) -> ASGIApp:
    """The web application: the API's routes by the functions that own them, and the picture store's.

    `after_change` is called after each request that may have stored a picture.
    """

    async def api(request: HttpRequest) -> Response:
        began = time.monotonic()
        matched = match(request.method, request.scope["path"])
        if matched is None:
            reply = _no_route(request.scope["path"])
        elif refused := refusal(request.scope["caller"], matched):
            reply = refused
        else:
            try:
                reply = await _call(request, matched, invoke)
            except ClientDisconnect:
                return Response(status_code=400)
            if request.method != "GET" and matched.route.key not in _STORES_NOTHING:
                after_change()
            # The route, not the path: that may name a person. And not a million heartbeats a day.
            if matched.route.key != _HEARTBEAT or reply.status >= 400:
                _LOG.info(
                    "%s %d in %.0f ms", matched.route.key, reply.status, 1000 * (time.monotonic() - began)
                )
        return response(reply)

    app = Starlette(routes=store)
    # No route of Starlette's own takes a path that holds a line break.
    app.router.default = request_response(api)
    app.router.redirect_slashes = False
    return access.guard(app)


def _no_route(path: str) -> Reply:
    if allowed := ", ".join(methods(path)):
        return problem(Problem.METHOD_NOT_ALLOWED, f"this path takes {allowed} alone", ("allow", allowed))
    return problem(Problem.NOT_FOUND, "there is no such route; GET /openapi.json lists them")


async def _call(request: HttpRequest, matched: Matched, invoke: Invoke) -> Reply:
    body = await read_body(request, MAX_BODY_BYTES)
    if body is None:
        return problem(
            Problem.TOO_LARGE,
            f"a request may have {MAX_BODY_BYTES // 1024**2} MB at most; use an upload ticket",
        )
    event = http_event(
        Request(
            method=request.method,
            path=request.scope["path"],
            query=request.scope["query_string"].decode("latin-1"),
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
            ),
            body=body,
            source_ip=request.client.host if request.client else "127.0.0.1",
        ),
        route=matched.route.key,
        principal=request.scope["caller"].principal,
        path_parameters=matched.path_parameters,
        request_id=str(uuid4()),
        now=datetime.now(UTC),
    )
    try:
        return http_reply(await run_in_threadpool(invoke, matched.route.function, event))
    except functions.PayloadTooLarge:
        return problem(
            Problem.TOO_LARGE, "a picture sent this way may have 4 MiB at most; use an upload ticket"
        )
    except (functions.FunctionBusy, functions.FunctionTimedOut):
        return problem(Problem.BUSY, "too much to do right now; try again in a moment")
    except (functions.InvocationError, UnreadableAnswer) as error:
        _LOG.error("%s: %s", matched.route.key, type(error).__name__)
        return problem(Problem.INTERNAL, "something went wrong here; the log of the host says more")


async def read_body(request: HttpRequest, limit_bytes: int) -> bytes | None:
    """The request's body, or None when it is larger; nothing beyond the limit is kept."""
    if int(request.headers.get("content-length") or 0) > limit_bytes:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            return None
    return bytes(body)
