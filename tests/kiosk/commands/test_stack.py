"""Finding a deployed stack's API: botocore as it is, against a server that answers as CloudFormation does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from tests.kiosk.api_server import ApiServer

pytestmark = pytest.mark.integration

STACK = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>door</StackName><StackStatus>CREATE_COMPLETE</StackStatus>
<CreationTime>2026-11-23T08:00:00Z</CreationTime><Outputs>{}</Outputs></member></Stacks></DescribeStacksResult>
</DescribeStacksResponse>"""
OUTPUT = "<member><OutputKey>ApiUrl</OutputKey><OutputValue>{}</OutputValue></member>"
ERROR = """<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
<Code>{}</Code><Message>no</Message></Error></ErrorResponse>"""


class CloudFormation:
    """Answers every request with what was put into `answer`."""

    def __init__(self) -> None:
        self.answer = (200, "")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # http.server's name
                self.rfile.read(int(self.headers["Content-Length"]))
                status, body = outer.answer
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.http = HTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation()
    server = cloudformation.http
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-west-1")
    yield cloudformation
    server.shutdown()
    server.server_close()


def people(*arguments: str) -> str:
    return CliRunner().invoke(main, [*arguments, "people"]).output


def test_the_api_of_a_stack_is_found(
    cloudformation: CloudFormation, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudformation.answer = (200, STACK.format(OUTPUT.format(server.url)))
    assert "nobody is enrolled" in people("--stack", "door")
    monkeypatch.setenv("RECOGNIZEME_STACK", "door")
    assert "nobody is enrolled" in people()
    monkeypatch.setenv("RECOGNIZEME_API", "http://127.0.0.1:9")
    assert "no RecognizeMe API answers at http://127.0.0.1:9" in people()
    assert "nobody is enrolled" in people("--stack", "door")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, ERROR.format("ValidationError")), "there is no stack 'door' in this region"),
        ((403, ERROR.format("AccessDenied")), "CloudFormation does not tell us about 'door'"),
        ((200, STACK.format("")), "has no output ApiUrl"),
    ],
)
def test_a_stack_that_cannot_be_used_says_why(
    cloudformation: CloudFormation, answer: tuple[int, str], words: str
) -> None:
    cloudformation.answer = answer
    output = people("--stack", "door")
    assert words in output
    assert "Traceback" not in output
