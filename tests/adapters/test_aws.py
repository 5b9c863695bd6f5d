"""What AWS raises becomes one of the domain's errors, with a sentence and without anybody's data."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore import exceptions as sdk

from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.domain.errors import Misconfigured, NotFound, NotServed, ServiceBusy
from recognizeme.domain.picture import inspect
from tests.portraits import ASTRONAUT


def answered(code: str, status: int = 400) -> sdk.ClientError:
    return sdk.ClientError(
        {"Error": {"Code": code, "Message": "ada is secret"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "DoThings",
    )


@pytest.mark.parametrize(
    "raised",
    [
        answered("ThrottlingException"),
        answered("ProvisionedThroughputExceededException"),
        answered("LimitExceededException"),
        answered("RequestLimitExceeded"),
        answered("SlowDown", 503),
        answered("SomethingNew", 500),
        answered("", 502),
        sdk.EndpointConnectionError(endpoint_url="http://127.0.0.1"),
        sdk.ConnectTimeoutError(endpoint_url="http://127.0.0.1"),
        sdk.ReadTimeoutError(endpoint_url="http://127.0.0.1"),
        sdk.ConnectionClosedError(endpoint_url="http://127.0.0.1"),
        sdk.ResponseStreamingError(error="cut"),
        sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
    ids=str,
)
def test_what_passes_by_itself_is_busy(raised: Exception) -> None:
    with (
        pytest.raises(ServiceBusy, match=r"^the table 't' .* try again in a moment$"),
        translated("the table 't'"),
    ):
        raise raised


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (answered("AccessDeniedException"), "no permission for DoThings on the table 't'"),
        (answered("AccessDenied", 403), "no permission for DoThings on the table 't'"),
        (answered("ResourceNotFoundException"), "the table 't' does not exist"),
        (answered("NoSuchBucket", 404), "the table 't' does not exist"),
        (answered("ValidationException"), r"refused DoThings \(ValidationException\)"),
        (answered("ExpiredTokenException"), r"refused DoThings \(ExpiredTokenException\)"),
        (sdk.NoCredentialsError(), "NoCredentialsError; check region, credentials and endpoint"),
        (sdk.NoRegionError(), "NoRegionError; check region, credentials and endpoint"),
    ],
    ids=str,
)
def test_what_somebody_must_set_right_is_misconfigured(raised: Exception, says: str) -> None:
    with pytest.raises(Misconfigured, match=says) as caught, translated("the table 't'"):
        raise raised
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is raised


def test_only_what_is_known_to_have_done_nothing_was_not_served() -> None:
    def is_not_served(raised: Exception) -> bool:
        with pytest.raises(ServiceBusy) as caught, translated("the table 't'"):
            raise raised
        return isinstance(caught.value, NotServed)

    assert is_not_served(answered("ThrottlingException"))
    assert is_not_served(answered("", 502))
    assert is_not_served(sdk.EndpointConnectionError(endpoint_url="http://127.0.0.1"))
    assert is_not_served(sdk.ConnectTimeoutError(endpoint_url="http://127.0.0.1"))
    assert not is_not_served(sdk.ReadTimeoutError(endpoint_url="http://127.0.0.1"))
    assert not is_not_served(sdk.ConnectionClosedError(endpoint_url="http://127.0.0.1"))


def test_the_domain_s_own_errors_pass_unchanged() -> None:
    with pytest.raises(NotFound, match=r"^gone$"), translated("the table 't'"):
        raise NotFound("gone")


@pytest.mark.usefixtures("region")
def test_a_client_without_a_region_says_what_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(Misconfigured, match="the dynamodb client cannot be asked: NoRegionError"):
        make_client("dynamodb")


@pytest.mark.usefixtures("region")
def test_clients_give_up_before_a_function_is_killed() -> None:
    config = make_client("dynamodb").meta.config
    attempts = config.retries["total_max_attempts"]
    assert attempts > 1
    assert attempts * (config.connect_timeout + config.read_timeout) < 25


class Rekognition:
    """A server that counts what comes over the wire and answers none of it as it should."""

    def __init__(self, status: int, code: str) -> None:
        requests = self.requests = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                requests.append(self.headers["X-Amz-Target"])
                body = json.dumps({"__type": code}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.http = HTTPServer(("127.0.0.1", 0), Handler)


@pytest.mark.integration
@pytest.mark.usefixtures("region")
@pytest.mark.parametrize(("status", "code"), [(500, "InternalServerError"), (400, "ThrottlingException")])
def test_a_paid_call_is_one_request_on_the_wire(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    server = Rekognition(status, code)
    thread = threading.Thread(target=server.http.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", f"http://127.0.0.1:{server.http.server_port}")
    faces = RekognitionFaceIndex.connect("employees")
    with pytest.raises(ServiceBusy):
        faces.search(inspect(ASTRONAUT.read_bytes()))
    with pytest.raises(ServiceBusy):
        faces.add("ada", inspect(ASTRONAUT.read_bytes()))
    server.http.shutdown()
    server.http.server_close()
    paid = [each for each in server.requests if not each.endswith("DescribeCollection")]  # that is free
    assert paid == ["RekognitionService.SearchFacesByImage", "RekognitionService.IndexFaces"]
