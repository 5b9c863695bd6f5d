"""What S3 is asked to hold an uploader to. Signing needs no network."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from recognizeme.adapters.s3 import S3PhotoStore

KEY = "captures/front/2026/11/23/a.jpg"


pytestmark = pytest.mark.usefixtures("region")


def soon(**later: float) -> datetime:
    return datetime.now(UTC) + timedelta(**later)


def test_a_ticket_fixes_key_type_and_size_for_some_minutes() -> None:
    expires_at = soon(minutes=5)
    ticket = S3PhotoStore.connect("pictures").ticket(KEY, "image/png", max_bytes=5000, expires_at=expires_at)
    policy = json.loads(b64decode(ticket.fields["policy"]))
    for condition in (
        ["content-length-range", 1, 5000],
        {"Content-Type": "image/png"},
        {"bucket": "pictures"},
        {"key": KEY},
    ):
        assert condition in policy["conditions"]
    ends = datetime.fromisoformat(policy["expiration"])
    assert abs(ends - expires_at) < timedelta(seconds=5)


def test_links_and_tickets_go_to_the_bucket_s_own_region() -> None:
    photos = S3PhotoStore.connect("pictures")
    expires_at = soon(minutes=1)
    host = "pictures.s3.eu-central-1.amazonaws.com"
    assert urlsplit(photos.link(KEY, expires_at=expires_at)).netloc == host
    assert urlsplit(photos.ticket(KEY, "image/jpeg", max_bytes=1, expires_at=expires_at).url).netloc == host


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:5000", "http://localhost:5000"])
def test_elsewhere_the_bucket_is_in_the_path_because_no_name_server_knows_it(
    monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    link = S3PhotoStore.connect("pictures").link(KEY, expires_at=soon(minutes=1))
    assert link.startswith(f"{endpoint}/pictures/captures/")


def test_a_link_ends_when_it_was_asked_to() -> None:
    photos = S3PhotoStore.connect("pictures")
    link = photos.link(KEY, expires_at=soon(seconds=60))
    (seconds,) = parse_qs(urlsplit(link).query)["X-Amz-Expires"]
    assert 50 <= int(seconds) <= 60
