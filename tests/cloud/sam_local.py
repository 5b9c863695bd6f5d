"""What `sam local` needs on this machine: the stand-ins, reachable from containers, with one person enrolled.

`make sam-local` runs it until Ctrl-C. It writes events/local-env.json, which points the functions here.
"""

import asyncio
import contextlib
import http.client
import json
import os
import platform
import shlex
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from recognizeme.adapters.dynamodb import DynamoDbPeople
from recognizeme.adapters.later import SqsLater
from recognizeme.adapters.s3 import S3PhotoStore
from recognizeme.adapters.user_index import index_of
from recognizeme.domain.people import PersonChange
from recognizeme.settings import Settings
from recognizeme.usecases.enroll import Enroller
from recognizeme.wiring import match_by_of, utc_now
from tests.cloud.emulator import MACHINES
from tests.cloud.stand_ins import StandIns, stand_ins
from tests.cloud.template import ROOT
from tests.portraits import ASTRONAUT

ENV_FILE = ROOT / "events" / "local-env.json"
_IP_FREEBIND = 15  # <linux/in.h>: bind to an address before it exists
_DEFAULT_ENGINE = "unix:///var/run/docker.sock"


class NoEngine(Exception):
    """The container engine cannot be used; the text says why."""


def ask_engine(path: str) -> Any:
    """What Docker's or Podman's API answers, or None for 404. Raises `NoEngine`."""
    engine = os.environ.get("DOCKER_HOST", _DEFAULT_ENGINE)
    if not engine.startswith("unix://"):
        raise NoEngine(f"the container engine at {engine} is on another machine")
    connection = http.client.HTTPConnection("engine", timeout=10)
    try:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(engine.removeprefix("unix://"))
        connection.request("GET", f"/v1.41{path}")
        answer = connection.getresponse()
        return json.loads(answer.read()) if answer.status == HTTPStatus.OK else None
    except (OSError, ValueError) as error:
        raise NoEngine(f"no container engine answers at {engine}; start one or set DOCKER_HOST") from error
    finally:
        connection.close()


def gateway() -> str:
    """The address by which containers reach this machine. Raises `NoEngine`."""
    network = ask_engine("/networks/bridge")
    if not network:
        raise NoEngine("the container engine has no network called bridge")
    return str(network["IPAM"]["Config"][0]["Gateway"])


@contextmanager
def reachable_at(host: str, port: int) -> Iterator[None]:
    """Pass connections to `host:port` on to 127.0.0.1:`port`: servers stay on loopback, yet containers reach
    them.

    An engine makes the bridge that `host` belongs to with its first container, so it need not exist yet.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
    listening.bind((host, port))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"bridge-{port}", daemon=True)
    thread.start()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, to_writer), _copy(to_reader, writer))

    asyncio.run_coroutine_threadsafe(asyncio.start_server(accept, sock=listening), loop).result()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listening.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@contextmanager
def running() -> Iterator[StandIns]:
    """The stand-ins with Ada enrolled and the pictures of the sample events stored. Raises `NoEngine`."""
    # Docker Desktop's containers reach loopback by this name; on Linux nothing but the bridge leads here.
    host = gateway() if sys.platform == "linux" else "host.docker.internal"
    with stand_ins() as services, ExitStack() as bridges:
        ports = [urlsplit(url).port or 0 for url in (services.url, services.rekognition_url)]
        if sys.platform == "linux":
            for port in ports:
                bridges.enter_context(reachable_at(host, port))
        _furnish(services)
        aws, rekognition = (f"http://{host}:{port}" for port in ports)
        variables = {
            "AWS_ENDPOINT_URL": aws,
            "AWS_ENDPOINT_URL_REKOGNITION": rekognition,
            "RECOGNIZEME_FAILURE_QUEUE_URL": f"{aws}/123456789012/Failures",
            "RECOGNIZEME_LATER_QUEUE_URL": f"{aws}/123456789012/EnrollmentLater",
        }
        ENV_FILE.write_text(json.dumps({"Parameters": variables}, indent=2) + "\n")
        try:
            yield services
        finally:
            ENV_FILE.unlink()


def _furnish(services: StandIns) -> None:
    settings = Settings.from_env(services.environment("Enrollment"))
    portrait = ASTRONAUT.read_bytes()
    people = DynamoDbPeople(
        services.client("dynamodb"),
        settings.people_table,
        faces_table=settings.faces_table,
        tombstone_key=settings.tombstone_key.encode(),
    )
    enroller = Enroller(
        photos=S3PhotoStore(services.client("s3"), services.bucket),
        faces=index_of(match_by_of(settings))(services.rekognition, settings.collection_id),
        people=people,
        later=SqsLater(services.client("sqs"), settings.later_queue_url, function="enrollment:live"),
        duplicate_pct=settings.duplicate_pct,
        ticket_s=settings.ticket_s,
        lease_s=settings.lease_s,
        now=utc_now,
    )
    enroller.put_person("ada", PersonChange(name="Ada Lovelace"))
    enroller.enroll_now("ada", portrait, "portrait.jpg")
    for path in sorted((ROOT / "events").glob("*.json")):
        for record in json.loads(path.read_text()).get("Records", ()):
            key = ((record or {}).get("s3") or {}).get("object", {}).get("key")
            if key:
                services.client("s3").put_object(Bucket=services.bucket, Key=unquote_plus(key), Body=portrait)


def overrides() -> list[str]:
    """Options of `sam build` and `sam local` that fit this machine's processor."""
    return ["--parameter-overrides", f"Architecture={MACHINES.get(platform.machine().lower(), 'x86_64')}"]


def main() -> None:
    """Run until Ctrl-C."""
    fitting = shlex.join(overrides())
    try:
        with running():
            stopped = threading.Event()
            for ending in (signal.SIGINT, signal.SIGTERM):
                signal.signal(ending, lambda *_: stopped.set())
            print(f"moto and rekolocal serve; {ENV_FILE.relative_to(ROOT)} points the functions to them.")
            print("With .venv-sam/bin on the PATH, in another terminal:")
            print(f"  sam build {fitting}")
            for function, event in (
                ("RecognitionFunction", "recognition-put"),
                ("DoorFunction", "door-recognize"),
                ("QueryFunction", "query-sightings"),
            ):
                print(
                    f"  sam local invoke {function} -e events/{event}.json --env-vars events/local-env.json"
                    f" {fitting}"
                )
            print(f"  sam local start-api --env-vars events/local-env.json {fitting}")
            print("Ctrl-C ends it.", flush=True)
            stopped.wait()
    except KeyboardInterrupt:
        sys.exit(130)
    except NoEngine as error:
        sys.exit(f"sam-local: {error}")


if __name__ == "__main__":
    main()
