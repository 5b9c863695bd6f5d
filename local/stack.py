"""A whole stack on one machine: the engine, the functions, the jobs, the HTTP API and the web page."""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import Self

from kiosk.client.loopback import is_loopback
from kiosk.vision.models import ModelUnusable, find_yunet
from kiosk.web.users import Users, users_file
from local import retention
from local.adapters.database import open_database
from local.adapters.tokens import MIN_LENGTH, SqliteTokens
from local.data_folder import DataFolder
from local.errors import LocalError
from local.gateway.access import Access
from local.gateway.host import event_host
from local.gateway.serving import serve
from local.gateway.store import store_routes
from local.jobs.runner import JobRunner
from local.kiosk_watch import KioskEvent, KioskWatch, log
from local.reindex import missing_faces, old_model
from local.runtime import servers
from local.runtime.engine import Engine
from local.runtime.events import Event, s3_test_event
from local.runtime.functions import Function, Functions
from local.wiring import DATA, NOTIFICATION, NOTIFIED, URL, LocalParts
from recognizeme.adapters.later import kiosk_event
from recognizeme.domain.kiosks import KioskState
from recognizeme.domain.notifications import EventKind
from recognizeme.domain.picture import MAX_BYTES
from recognizeme.entry.routes import Caller, Role

_LOG = logging.getLogger(__name__)

FUNCTIONS = (
    Function("recognition", "recognition.app.lambda_handler"),
    Function("door", "door.app.lambda_handler", at_once=3),
    Function("enrollment", "enrollment.app.lambda_handler"),
    Function("query", "query.app.lambda_handler", at_once=3),
    Function(NOTIFICATION, "notification.app.lambda_handler"),
)

# The engine's keys are made at each start, whatever keys another rekolocal of the user's has.
_NOT_FOR_CHILDREN = frozenset(
    {"RECOGNIZEME_TOKEN", "RECOGNIZEME_WEB_TOKEN", "REKOLOCAL_ACCESS_KEY", "REKOLOCAL_SECRET_KEY"}
)
_LOG_BYTES = 5_000_000
_GRACE_S = 1.0


class Refused(LocalError):
    """The stack will not start like this."""


class Stack:
    """Runs from `with Stack(...)` until the end of the block; threads and child processes do the work.

    `port` and `web_port` 0 take any free port, `web_port` None leaves the page out. `token` is an admin's;
    once it is set, or there are tokens in the data folder, or `host` is not loopback, every request needs
    one, and the page asks for its own (RECOGNIZEME_WEB_TOKEN, or else `token`) or has users. Starting raises
    `LocalError` or `RecognizeMeError`; `notices` are sentences about what works, but not as it should.
    """

    def __init__(
        self,
        data_folder: DataFolder,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        web_port: int | None = None,
        token: str | None = None,
        url: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        if token and len(token) < MIN_LENGTH:
            raise Refused(
                f"RECOGNIZEME_TOKEN is too short; set it to a random word of {MIN_LENGTH} characters or more"
            )
        if host in {"0.0.0.0", "::"} and not url:
            raise Refused(f"say with --url at which address kiosks reach this machine, as {host} is none")
        self.data_folder, self._host, self._port, self._web_port = data_folder, host, port, web_port
        self._token = token or None
        self._web_token = environ.get("RECOGNIZEME_WEB_TOKEN") or self._token
        self._has_users = web_port is not None and bool(Users(users_file(environ)).accounts())
        self._given_url = url.rstrip("/") if url else None
        self._environ = environ
        self._resources = ExitStack()
        self.url = ""
        self.engine: Engine
        self.notices: list[str] = []
        self.web_url: str | None = None

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self._start(resources)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def _start(self, resources: ExitStack) -> None:
        data_folder = self.data_folder.make()
        resources.callback(data_folder.lock().close)
        tokens = self._tokens(resources)
        listening = resources.enter_context(servers.listen(self._host, self._port))
        if self._web_port is not None:
            # Known before anything starts: whether it is free.
            with servers.listen("127.0.0.1", self._web_port) as probe:
                web_port = int(probe.getsockname()[1])
        own_url = _url(self._host, listening)
        self.url = self._given_url or own_url
        page_token = secrets.token_urlsafe(32)
        # Where people sign in to the page, it knows whose role is shown what.
        page_role = Role.ADMIN if self._has_users else Role.RECEPTION
        engine_port = servers.free_port()
        self.engine = Engine.at(engine_port)
        env = _environment(self._environ, data_folder, self.url, self.engine)
        _log_to(data_folder, resources)

        engine_command = ["rekolocal.cli:main", "serve", "--data", str(data_folder.collections)]
        engine = _server(
            resources,
            "rekolocal",
            engine_command,
            engine_port,
            {**env, **self.engine.own_environment},
            check=self.engine.check,
        )
        parts = LocalParts.from_env(env)
        resources.callback(parts.database.close)
        _ = parts.messenger  # or why mail cannot be sent as the settings say
        lambdas = _functions(resources, env, s3_test_event(bucket=parts.settings.bucket, now=parts.now()))
        collections = (parts.collections.in_use(), *parts.collections.others())
        engine.wait_ready(partial(self.engine.make_collection, collections[0]))
        strangers = [parts.settings.strangers_collection] if parts.settings.keep_strangers else []
        for collection in (*collections[1:], *strangers):
            self.engine.make_collection(collection)
        if refusal := old_model(self.engine, parts, data_folder):
            raise Refused(refusal)
        said = (missing_faces(self.engine, parts, data_folder), retention.warning(parts, now=parts.now()))
        self.notices = [notice for notice in said if notice]
        for notice in self.notices:
            _LOG.warning("%s", notice)

        # The lock says that nobody else works on this data: what was being done when it stopped is free.
        parts.sightings.release_claims()
        resources.callback(retention.Retention(parts).stop)
        watch = KioskWatch(
            parts.kiosks,
            minutes=parts.settings.heartbeat_minutes,
            now=parts.now,
            tell=partial(_announce, parts),
        )
        watch.start()
        resources.callback(watch.stop)
        runner = JobRunner(parts.jobs, lambdas.invoke, functions={*NOTIFIED.values(), NOTIFICATION})
        runner.start()
        resources.callback(runner.join, _GRACE_S)
        engine.watch(on_back=runner.hurry)
        app = event_host(
            lambdas.invoke,
            store=store_routes(parts.photos, max_bytes=MAX_BYTES, after_change=runner.wake),
            access=Access(
                hosts={"127.0.0.1", "localhost", "[::1]", self._host},
                tokens=tokens,
                own={page_token: Caller(page_role, principal="the web page")}
                | ({self._token: Caller(Role.ADMIN, principal="RECOGNIZEME_TOKEN")} if self._token else {}),
                required=self._token is not None or not is_loopback(self._host),
            ),
            after_change=runner.wake,
        )
        resources.enter_context(serve(app, listening, grace_s=_GRACE_S))
        resources.callback(runner.stop)
        if self._web_port is not None:
            web_env = {
                **env,
                "RECOGNIZEME_API": own_url,
                # A page that asks nobody for a token lets nobody use one, should tokens be added meanwhile.
                "RECOGNIZEME_TOKEN": page_token if self._web_token or self._has_users else "",
                # Should all users be removed meanwhile, a page that starts again asks for what nobody knows.
                "RECOGNIZEME_WEB_TOKEN": self._web_token or (page_token if self._has_users else ""),
                "RECOGNIZEME_INSECURE_HTTP": "1",  # what it sends does not leave this machine
            }
            page = _server(resources, "web", ["kiosk.cli:main", "web"], web_port, web_env)
            page.wait_ready()
            page.watch()
            self.web_url = f"http://127.0.0.1:{web_port}"

    def _tokens(self, resources: ExitStack) -> SqliteTokens:
        """The tokens in the data folder, once it is known that nobody is let in by mistake or shut out."""
        database = open_database(self.data_folder.database)
        resources.callback(database.close)
        tokens = SqliteTokens(database)
        is_guarded = self._token is not None or tokens.any()
        if not is_guarded and not is_loopback(self._host):
            raise Refused(
                f"others can reach {self._host}: add a token with recognizeme-local token add, set"
                f" RECOGNIZEME_TOKEN to a random word of {MIN_LENGTH} characters or more, or leave --host out"
            )
        if is_guarded and self._web_port is not None and not (self._web_token or self._has_users):
            raise Refused(
                "the API asks for tokens, so the page must not be open: add a user with recognizeme web user"
                f" add, set RECOGNIZEME_WEB_TOKEN to a random word of {MIN_LENGTH} characters or more, or"
                " leave the page out with --no-web"
            )
        return tokens


def _announce(parts: LocalParts, event: KioskEvent) -> None:
    """Log that a kiosk is gone or back, and have the rules looked at."""
    log(event)
    kind = EventKind.KIOSK_BACK if event.state is KioskState.ONLINE else EventKind.KIOSK_GONE
    at = event.seen_at or parts.now()
    parts.jobs.add(NOTIFICATION, kiosk_event(event.kiosk_id, kind, at))


def _url(host: str, listening: socket.socket) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}"


def _functions(resources: ExitStack, env: Mapping[str, str], test_event: Event) -> Functions:
    lambdas = Functions(FUNCTIONS, env=env, on_log=_pass_log_on)
    resources.callback(lambdas.close)
    for function in FUNCTIONS[:-1]:  # what announces starts with the first rule
        lambdas.warm(function.name, test_event if function.name in NOTIFIED.values() else None)
    return lambdas


def _environment(
    environ: Mapping[str, str], data_folder: DataFolder, url: str, engine: Engine
) -> dict[str, str]:
    """The environment of the functions. Nothing of the user's own AWS configuration reaches them."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("AWS_") and name not in _NOT_FOR_CHILDREN
    }
    try:
        find_yunet(environ=environ)  # the engine would only say so in its log
    except ModelUnusable as error:
        raise Refused(str(error)) from error
    no_proxy = [environ.get("NO_PROXY", environ.get("no_proxy", "")), "127.0.0.1", "localhost"]
    return {
        **kept,
        DATA: str(data_folder.root.resolve()),
        URL: url,
        **engine.clients_environment,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "POWERTOOLS_SERVICE_NAME": "recognizeme",
        "POWERTOOLS_METRICS_NAMESPACE": "RecognizeMe",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "NO_PROXY": ",".join(filter(None, no_proxy)),
        "PYTHONUNBUFFERED": "1",
    }


def _server(
    resources: ExitStack,
    name: str,
    command: list[str],
    port: int,
    env: Mapping[str, str],
    *,
    check: Callable[[], object] | None = None,
) -> servers.Server:
    command = [*command, "--host", "127.0.0.1", "--port", str(port)]
    server = servers.Server(name, command, port=port, env=env, on_log=_pass_log_on, check=check)
    resources.callback(server.stop)
    return server


class _LogFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the base class's name
        """A full disk costs the log, and fills no terminal with stack traces."""


def _log_to(data_folder: DataFolder, resources: ExitStack) -> None:
    try:
        handler = _LogFile(data_folder.log, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{data_folder.log} cannot be written ({error.strerror}); check its owner") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("local", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(handler)
        resources.callback(logger.removeHandler, handler)
    resources.callback(handler.close)


def _pass_log_on(name: str, line: str) -> None:
    logging.getLogger(f"local.log.{name}").info("%s", line)
