"""The command `rekolocal`."""

import os
import sqlite3
from pathlib import Path

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rekolocal")
def main() -> None:
    """Amazon Rekognition's face collections on this machine."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8010, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port."
)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder in which collections are kept."
)
@click.option("--memory", is_flag=True, help="Keep nothing.")
@click.option("--yunet-model", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              envvar="RECOGNIZEME_YUNET_MODEL", help="A face detector's model of your own.")  # fmt: skip
@click.option("--engine-threads", default=0, show_default="one a core", type=click.IntRange(0, 256),
              help="Pictures worked on at once.")  # fmt: skip
@click.option("--queue", default=64, show_default=True, type=click.IntRange(0, 10_000),
              help="Requests that may wait; more are throttled.")  # fmt: skip
@click.option("--allow-origin", multiple=True, metavar="ORIGIN",
              help="Let web pages of http://HOST:PORT use the server; * is any.")  # fmt: skip
@click.option("--attributes", metavar="neutral|FILE",
              help="Declare age, glasses, emotions and the like of all faces, for tests.")  # fmt: skip
@click.option("--region", default="us-east-1", show_default=True, help="Region that stands in ARNs.")
@click.option("--access-key", envvar="REKOLOCAL_ACCESS_KEY", help="Accept only this access key's signatures.")
@click.option("--secret-key", envvar="REKOLOCAL_SECRET_KEY", help="Its secret key.")
@click.option(
    "--tps", type=click.FloatRange(min=0, min_open=True), help="Throttle each operation at N calls a second."
)
@click.option(
    "--fail", multiple=True, metavar="OP:CODE:RATE", help="Fail a share of an operation's calls; OP may be *."
)
@click.option("--latency-ms", default=0.0, type=click.FloatRange(min=0), help="Add to every call.")
@click.option(
    "--updating-ms", default=0.0, type=click.FloatRange(min=0), help="How long a changed user is UPDATING."
)
def serve(
    host: str, port: int, data: Path | None, memory: bool, yunet_model: Path | None, engine_threads: int,
    queue: int, allow_origin: tuple[str, ...], attributes: str | None, region: str, access_key: str | None,
    secret_key: str | None, tps: float | None, fail: tuple[str, ...], latency_ms: float, updating_ms: float,
) -> None:  # fmt: skip
    """Serve until Ctrl-C. Prints one line with the URL when requests are taken."""
    # Requests share the cores, not the parts of one request; numpy reads this when it is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import cv2

    from rekolocal import server  # the engine's libraries load only when they are needed
    from rekolocal.access import Access
    from rekolocal.attributes import Attributes, BadAttributes
    from rekolocal.engine.models import ModelError
    from rekolocal.faults import Failure, Faults
    from rekolocal.service import Service
    from rekolocal.signature import Credentials
    from rekolocal.state import FolderTaken

    if memory == (data is not None):
        raise click.UsageError("give either --data DIR or --memory")
    if (access_key is None) != (secret_key is None):
        raise click.UsageError("--access-key and --secret-key go together")
    try:
        faults = Faults(tps, [Failure.parse(text) for text in fail], latency_ms / 1000)
    except ValueError as error:
        raise click.UsageError(f"--fail: {error}") from error
    try:
        declared = Attributes.load(attributes) if attributes else None
    except BadAttributes as error:
        raise click.UsageError(f"--attributes: {error}") from error
    credentials = Credentials(access_key, secret_key) if access_key and secret_key else None
    try:
        listening = server.bind(host, port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from error
    cv2.setNumThreads(1)
    try:
        service = Service.open(data, yunet_model=yunet_model, region=region, updating_s=updating_ms / 1000,
                               attributes=declared)  # fmt: skip
    except (FolderTaken, ModelError) as error:
        raise click.ClickException(str(error)) from error
    except (OSError, sqlite3.DatabaseError) as error:
        raise click.ClickException(f"{data} cannot hold the collections ({error})") from error
    limits = server.Limits(engine_threads, queue)
    app = server.application(service, limits=limits, faults=faults, credentials=credentials,
                             access=Access(host.lower(), frozenset(allow_origin)))  # fmt: skip
    click.echo(f"rekolocal listens on {server.url_of(listening)}")
    try:
        server.serve(app, [listening], connections=limits.connections)
    finally:
        app.engine_workers.close()
        app.quick_workers.close()
        service.close()
