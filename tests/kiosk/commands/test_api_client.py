"""The API client against a real HTTP server that follows docs/api.md."""

import socket

import pytest

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import (
    ApiError,
    Busy,
    NotFound,
    NotYetDone,
    Refused,
    TicketRefused,
    Unauthorized,
    UnknownAnswer,
    Unreachable,
)
from kiosk.client.freshness import Freshness
from kiosk.client.sighting import FaceBox, Sighting
from kiosk.client.wire import Wire
from tests.kiosk.api_server import ApiServer, Fault
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration


def hand_in(api: ApiClient, **options: object) -> Sighting:
    arguments = {"kiosk_id": "front", "capture_id": new_capture_id(), "timeout_s": 3.0} | options
    return api.hand_in(picture_of("ada"), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["upload", "immediate"])
def test_a_picture_handed_in_comes_back_as_a_sighting(api: ApiClient, server: ApiServer, path: str) -> None:
    api.put_person("ada", name="Ada Lovelace")
    server.pending_for = 3

    sighting = hand_in(api, path=path)

    assert (sighting.status, sighting.outcome, sighting.name) == ("done", "recognized", "Ada Lovelace")
    assert sighting.face_box == FaceBox(0.31, 0.2, 0.25, 0.34)
    assert list(server.pictures.values()) == [picture_of("ada")]


def test_a_sighting_survives_the_way_to_json_and_back(api: ApiClient) -> None:
    sighting = hand_in(api)
    assert Sighting.from_json(sighting.to_json()) == sighting


def test_faces_are_compared_page_after_page_and_a_busy_service_is_waited_for(server: ApiServer) -> None:
    pauses: list[float] = []
    server.page_size = 2
    failures = iter([None, Fault(503, {"Retry-After": "3"}), Fault(503), None, None, None])
    with ApiClient(server.url, timeout_s=5, sleep=pauses.append) as api:
        api.put_person("ada", name="Ada")
        for number in range(3):
            api.enroll_photo("ada", f"{number}.jpg", picture_of("ada"))
        server.faults = lambda method, path: next(failures) if path.endswith("neighbours") else None
        pages = list(api.neighbours("ada"))
        assert [len(page["items"]) for page in pages] == [2, 1]
        assert [each["face_id"] for each in pages[1]["items"]] == ["face-2.jpg"]
        assert pauses == [3.0, 1.0]

        server.faults = lambda method, path: Fault(503, {"Retry-After": "31"})
        with pytest.raises(Busy):
            list(api.neighbours("ada"))
        assert pauses[2:] == [31.0]


def test_the_same_capture_handed_in_twice_is_paid_once(api: ApiClient, server: ApiServer) -> None:
    capture_id = new_capture_id()
    first = hand_in(api, capture_id=capture_id, path="upload")
    second = hand_in(api, capture_id=capture_id, path="immediate")
    assert first == second
    assert server.paid_calls == {capture_id: 1}


def test_a_result_that_does_not_come_in_time_is_said_to_be_late_not_lost(
    api: ApiClient, server: ApiServer
) -> None:
    server.pending_for = 1000
    with pytest.raises(NotYetDone, match="look again later"):
        hand_in(api, timeout_s=0.3)
    assert len(server.pictures) == 1


def test_the_token_goes_to_the_api_and_not_to_the_picture_store(server: ApiServer) -> None:
    with ApiClient(server.url, token="secret") as api:
        hand_in(api)
        api.sighting_photo(next(iter(server.sightings)))
    of_api = {
        token
        for (_, path), token in zip(server.asked, server.tokens, strict=False)
        if path == "/kiosks/front/captures"
    }
    of_store = {
        token for (_, path), token in zip(server.asked, server.tokens, strict=False) if path == "/_store"
    }
    assert (of_api, of_store) == ({"Bearer secret"}, {None})
    assert server.tokens[-1] is None


def test_lists_are_read_page_after_page(api: ApiClient, server: ApiServer) -> None:
    server.page_size = 2
    for name in ("ada", "bob", "cyd", "dan", "eve"):
        api.put_person(name, name=name)
    assert [person["person_id"] for person in api.people()] == ["ada", "bob", "cyd", "dan", "eve"]
    assert [person["person_id"] for person in api.people(limit=3)] == ["ada", "bob", "cyd"]


def test_a_person_id_with_reserved_characters_reaches_the_right_person(
    api: ApiClient, server: ApiServer
) -> None:
    api.put_person("a:b?c/d", name="odd")
    assert server.people["a:b?c/d"]["name"] == "odd"
    assert api.person("a:b?c/d")["name"] == "odd"


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault(status=503, headers={"Retry-After": "7"}), Busy, "answered 503"),
        (Fault(status=500, body=b"<html>oops"), Busy, "answered 500"),
        (Fault(status=429), Busy, "answered 429"),
        (Fault(status=401), Unauthorized, "token in RECOGNIZEME_TOKEN"),
        (Fault(status=403, body=b'{"message":"Forbidden"}'), Unauthorized, "did not accept"),
        (Fault(status=404, body=b"<html>nothing here"), UnknownAnswer, "check --api"),
        (Fault(status=302, headers={"Location": "http://127.0.0.1:1/"}), UnknownAnswer, "check --api"),
        (Fault(status=200, body=b"<html>hello"), UnknownAnswer, "not JSON"),
        (Fault(status=200, body=b"[1]"), UnknownAnswer, "another form"),
        (Fault(status=200, body=b"{}"), UnknownAnswer, "sighting of another form"),
        (Fault(status=413), Refused, "413"),
        (Fault(closes=True), Unreachable, "no RecognizeMe API answers"),
        (Fault(delay_s=1.0), Unreachable, "gave no answer|did not answer"),
    ],
)
def test_every_failure_is_a_typed_error_with_one_sentence(
    server: ApiServer, fault: Fault, error: type[ApiError], words: str
) -> None:
    server.faults = lambda method, path: fault
    with ApiClient(server.url, timeout_s=0.3) as api, pytest.raises(error, match=words) as caught:
        api.sighting(new_capture_id())
    assert "\n" not in str(caught.value)
    if isinstance(caught.value, Busy) and fault.headers:
        assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("member", ["outcome", "person_id", "name", "reason"])
def test_a_sighting_with_something_else_where_text_belongs_is_none(member: str) -> None:
    whole = {"capture_id": "c1", "kiosk_id": "front", "captured_at": "", "status": "done"}
    assert Sighting.from_json(whole).outcome is None
    with pytest.raises(TypeError, match=member):
        Sighting.from_json(whole | {member: ["x"]})


def test_nobody_listening_says_how_to_start_an_api() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with ApiClient(url) as api, pytest.raises(Unreachable, match=f"{url}; start one with: make up"):
            api.health()


def test_a_kept_connection_that_the_server_closed_is_opened_again(api: ApiClient, server: ApiServer) -> None:
    api.health()
    faults = iter([Fault(closes=True, done_first=True)])
    server.faults = lambda method, path: next(faults, None)
    assert api.put_person("ada", name="Ada")["name"] == "Ada"


def test_an_expired_ticket_asks_for_a_new_one_and_a_bad_picture_does_not(
    api: ApiClient, server: ApiServer
) -> None:
    server.faults = lambda method, path: Fault(status=403) if path == "/_store" else None
    with pytest.raises(TicketRefused):
        hand_in(api)
    expired = b"<Error><Code>ExpiredToken</Code></Error>"
    server.faults = lambda method, path: Fault(status=400, body=expired) if path == "/_store" else None
    with pytest.raises(TicketRefused):
        hand_in(api)
    server.faults = lambda method, path: Fault(status=400) if path == "/_store" else None
    with pytest.raises(Refused):
        hand_in(api)


def test_a_picture_larger_than_the_ticket_allows_is_not_sent(api: ApiClient, server: ApiServer) -> None:
    with pytest.raises(Refused, match="5,242,881 bytes"):
        api.upload(bytes(5242881), kiosk_id="front", capture_id=new_capture_id())
    assert ("POST", "/_store") not in server.asked


def test_an_unknown_person_is_not_found(api: ApiClient) -> None:
    with pytest.raises(NotFound, match="no such thing"):
        api.forget("nobody")


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:8000", "http://", ""])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(Refused, match="no address of an API"):
        ApiClient(url)


def test_requests_to_aws_are_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    import requests

    from kiosk.client.sigv4 import SigV4, aws_region

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    url = "https://abc123.execute-api.eu-west-1.amazonaws.com/people"
    request = requests.Request("PUT", url, json={"name": "Ada"}, params={"a": "b c"}, auth=SigV4("eu-west-1"))
    signed = request.prepare().headers["Authorization"]
    assert aws_region(url) == "eu-west-1"
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/execute-api/aws4_request" in signed
    assert "content-type;host;x-amz-date" in signed
    assert aws_region("https://abc.execute-api.eu-west-1.amazonaws.com.evil.example/") is None


def test_without_aws_credentials_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    wire = Wire("https://abc123.execute-api.eu-west-1.amazonaws.com", token=None, timeout_s=1)
    with pytest.raises(Unauthorized, match="no AWS credentials"):
        wire.call("GET", "/health")


@pytest.mark.parametrize("url", ["http://192.0.2.1:8000", "http://door.example", "http://[2001:db8::1]:8000"])
def test_a_token_is_not_sent_over_plain_http_to_another_machine(url: str) -> None:
    with pytest.raises(Refused, match="--insecure-http"):
        ApiClient(url, token="a-long-random-word")
    ApiClient(url, token="a-long-random-word", insecure_http=True).close()
    ApiClient(url).close()


@pytest.mark.parametrize("url", ["https://door.example", "http://127.0.0.1:8000", "http://[::1]:8000"])
def test_a_token_is_sent_over_https_and_on_this_machine(url: str) -> None:
    ApiClient(url, token="a-long-random-word").close()


def test_aws_credentials_sign_nothing_in_the_clear() -> None:
    with pytest.raises(Refused, match="https"):
        ApiClient("http://abc123.execute-api.eu-west-1.amazonaws.com")


def test_what_actions_follow_does_not_come_over_plain_http_either() -> None:
    with ApiClient("http://192.0.2.1:8000") as overheard, pytest.raises(Refused, match="the answers"):
        overheard.refuse_plain_http("the answers")
    with ApiClient("http://192.0.2.1:8000", insecure_http=True) as allowed:
        allowed.refuse_plain_http("the answers")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_token(
    server: ApiServer, other_server: ApiServer, status: int
) -> None:
    away = Fault(status=status, headers={"Location": f"{other_server.url}/people"})
    server.faults = lambda method, path: away
    with ApiClient(server.url, token="a-long-random-word") as api:
        with pytest.raises(UnknownAnswer):
            list(api.people())
        with pytest.raises(UnknownAnswer):
            api.put_person("ada", name="Ada")
    assert other_server.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"capture_id": "01932b6e-0000-7000-8000-000000000000"},
        {"captured_at": "2025-11-23T08:15:02.120Z"},
        {"captured_at": "2026-11-23T08:15:02"},
        {"captured_at": "yesterday"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["upload", "immediate"])
def test_an_answer_about_another_capture_kiosk_or_time_is_refused(
    api: ApiClient, server: ApiServer, changes: dict[str, str], path: str
) -> None:
    capture_id = new_capture_id()
    hand_in(api, capture_id=capture_id)
    server.sightings[capture_id] |= changes
    with pytest.raises(UnknownAnswer, match="sighting of another"):
        hand_in(api, capture_id=capture_id, path=path, timeout_s=0.5)


def test_an_answer_about_another_kiosk_is_refused(api: ApiClient, server: ApiServer) -> None:
    capture_id = new_capture_id()
    hand_in(api, capture_id=capture_id)
    server.sightings[capture_id]["kiosk_id"] = "back"
    with pytest.raises(UnknownAnswer, match="sighting of another capture"):
        hand_in(api, capture_id=capture_id, path="immediate")


def test_an_answer_that_was_given_before_is_refused() -> None:
    fresh = Freshness()
    noon_s = 1_795_000_000.0
    assert fresh.is_fresh(noon_s, 10.0)
    assert fresh.is_fresh(noon_s + 600, 610.0)
    assert not fresh.is_fresh(noon_s, 611.0)
    assert not fresh.is_fresh(noon_s, 640.0)
    assert fresh.is_fresh(noon_s + 650, 660.0)
    assert fresh.is_fresh(None, 661.0)


def test_an_api_whose_clock_was_set_back_is_believed_once_its_clock_goes_on() -> None:
    fresh = Freshness()
    noon_s = 1_795_000_000.0
    assert fresh.is_fresh(noon_s, 10.0)
    assert not fresh.is_fresh(noon_s - 3600, 11.0)
    assert not fresh.is_fresh(noon_s - 3598, 13.0)
    assert fresh.is_fresh(noon_s - 3593, 18.0)
    assert fresh.is_fresh(noon_s - 3590, 21.0)


def test_a_recorded_answer_over_http_is_refused(server: ApiServer) -> None:
    now_s = 100.0
    with ApiClient(server.url, clock=lambda: now_s) as api:
        api.health()
        now_s += 120.0  # the server's own clock has not moved: it says the same again
        with pytest.raises(UnknownAnswer, match="said before"):
            api.health()
