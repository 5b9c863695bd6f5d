"""`recognizeme web serve`: the console, until it is interrupted."""

import os
import secrets

import click

from kiosk.client.api import ApiClient
from kiosk.client.loopback import is_loopback
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json

try:
    from kiosk.web import web_server
    from kiosk.web.roles import Role
    from kiosk.web.users import Users, users_file
except ModuleNotFoundError as missing:
    raise click.ClickException(
        "the page is not installed; install it with: uv tool install 'recognizeme-kiosk[web]'"
    ) from missing


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Another needs --behind-proxy or RECOGNIZEME_WEB_TOKEN.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 is any free one."
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="A proxy of yours speaks TLS with the browsers, and says in X-Forwarded-* who they are.",
)
@click.option("--development", is_flag=True, help="Also serve /_components: what the pages are made of.")
@api_option
@json_option
def command(
    host: str, port: int, behind_proxy: bool, development: bool, api: ApiClient, as_json: bool
) -> None:
    """Serve the console on this machine, where nobody needs to sign in while there are no users.

    With users (recognizeme web user add) everybody signs in. Beyond this machine there must be some, and TLS
    in front: the first start with --behind-proxy adds an admin and prints the password.
    """
    token = os.environ.get("RECOGNIZEME_WEB_TOKEN") or None
    users = Users(users_file())
    is_beyond = behind_proxy or (not is_loopback(host) and token is None)
    password = secrets.token_urlsafe(18) if behind_proxy and not users.accounts() else None
    server = web_server(
        api,
        host=host,
        port=port,
        token=token,
        users=users if is_beyond or users.accounts() else None,
        is_behind_proxy=behind_proxy,
        development=development,
    )
    if password:
        users.add("admin", Role.ADMIN, password)
        click.echo(f"there were no users: sign in as admin with the password {password}", err=True)
    url = f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"
    if as_json:
        write_json({"url": url, "api": api.url})
    else:
        click.echo(f"the page is at {url} (Ctrl-C stops it)")
    server.run()
