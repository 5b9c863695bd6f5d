"""What AWS raises becomes one of the domain's errors, with a sentence and without anybody's data."""

import pytest
from botocore import exceptions as sdk

from recognizeme.adapters.aws import make_client, translated
from recognizeme.domain.errors import Misconfigured, NotFound, ServiceBusy


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
    config = make_client("rekognition").meta.config
    attempts = config.retries["total_max_attempts"]
    assert attempts > 1
    assert attempts * (config.connect_timeout + config.read_timeout) < 25
