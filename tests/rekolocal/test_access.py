"""Which hosts and which pages' requests are answered by a server without keys."""

import pytest

from rekolocal.access import Access
from rekolocal.errors import AccessDeniedException


def refused(access: Access = Access(), **headers: str) -> bool:  # noqa: B008
    try:
        access.check({"host": "127.0.0.1:8010", **headers})
    except AccessDeniedException:
        return True
    return False


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8010",
        "localhost",
        "LOCALHOST:80",
        "[::1]:8010",
        "192.168.1.7:8010",
        "10.88.0.1",
        "door:8010",
    ],
)
def test_this_machines_addresses_and_its_name_are_answered(host: str) -> None:
    assert not refused(Access(host="door"), host=host)


@pytest.mark.parametrize(
    "host", ["evil.example:8010", "localhost.evil.example", "", "[evil]", "127.0.0.1.evil.example"]
)
def test_another_name_that_leads_here_is_refused(host: str) -> None:
    assert refused(host=host)


def test_a_page_is_refused_unless_its_origin_is_allowed() -> None:
    page, other = "http://localhost:5173", "http://localhost:5174"
    assert refused(origin=page)
    assert not refused(Access(origins=frozenset({page})), origin=page)
    assert refused(Access(origins=frozenset({page})), origin=other)
    assert not refused(Access(origins=frozenset({"*"})), origin=other)


def test_only_an_allowed_page_is_told_that_it_may_read_the_answer() -> None:
    access = Access(origins=frozenset({"http://localhost:5173"}))
    told = access.cors({"origin": "http://localhost:5173", "access-control-request-headers": "x-amz-target"})
    assert told["access-control-allow-origin"] == "http://localhost:5173"
    assert told["access-control-allow-headers"] == "x-amz-target"
    assert access.cors({"origin": "http://localhost:5174"}) == {}
    assert access.cors({}) == {}
