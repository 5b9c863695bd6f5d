"""`recognizeme web`: the console."""

import os

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json

try:
    from kiosk.web import web_server
except ModuleNotFoundError as missing:
    raise click.ClickException(
        "the page is not installed; install it with: uv tool install 'recognizeme-kiosk[web]'"
    ) from missing


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Another needs RECOGNIZEME_WEB_TOKEN.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 is any free one."
)
@click.option("--development", is_flag=True, help="Also serve /_components: what the pages are made of.")
@api_option
@json_option
def command(host: str, port: int, development: bool, api: ApiClient, as_json: bool) -> None:
    """Serve a page where a picture is uploaded, or taken with a phone, and its result shown.

    It is for this machine only. To serve it on another address, set RECOGNIZEME_WEB_TOKEN (16 characters or
    more): the browser asks for it as password. Put TLS in front of it there.
    """
    token = os.environ.get("RECOGNIZEME_WEB_TOKEN") or None
    server = web_server(api, host=host, port=port, token=token, development=development)
    url = f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"
    if as_json:
        write_json({"url": url, "api": api.url})
    else:
        click.echo(f"the page is at {url} (Ctrl-C stops it)")
    server.run()
