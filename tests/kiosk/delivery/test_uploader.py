"""Delivery from a real disk over real sockets, through everything that goes wrong on the way."""

import errno
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.delivery.outbox import Answer, Capture
from kiosk.delivery.spool import Bounds, Spool
from kiosk.delivery.uploader import Backoff, Uploader
from tests.kiosk.api_server import ApiServer, Fault
from tests.kiosk.conftest import picture_of
from tests.kiosk.delivery.fault_proxy import Failing, FaultProxy
from tests.kiosk.delivery.test_spool import failing

pytestmark = pytest.mark.integration

CAPTURES = "/kiosks/front/captures"
ANSWERS = ("/kiosks/front/sightings/", "/kiosks/front/recognitions")
IMPATIENT = Backoff(first_s=0.02, cap_s=0.2)


def capture(person_id: str = "ada") -> Capture:
    return Capture(new_capture_id(), "front", picture_of(person_id), "track 1")


@contextmanager
def delivering(
    folder: Path, url: str, *, answer_s: float = 5.0, timeout_s: float = 5.0, path: str = "upload"
) -> Iterator[Uploader]:
    spool = Spool(folder)
    api = ApiClient(url, timeout_s=timeout_s)
    with api, Uploader(spool, api, path=path, answer_s=answer_s, backoff=IMPATIENT) as uploader:  # type: ignore[arg-type]
        yield uploader
    spool.close()


def next_answer(uploader: Uploader, timeout_s: float = 5.0) -> Answer:
    return uploader.answers(timeout_s=timeout_s)[0]


def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("path", ["upload", "immediate"])
def test_a_capture_is_answered_and_leaves_the_disk(server: ApiServer, tmp_path: Path, path: str) -> None:
    with delivering(tmp_path, server.url, path=path) as uploader:
        handed_in = capture()
        uploader.hand_in(handed_in)
        answer = next_answer(uploader)
    assert (answer.capture_id, answer.late, answer.trouble) == (handed_in.capture_id, False, None)
    assert answer.sighting
    assert answer.sighting.person_id == "ada"
    assert list((tmp_path / "waiting").iterdir()) == []


def test_while_the_api_is_down_captures_wait_and_then_all_arrive(server: ApiServer, tmp_path: Path) -> None:
    proxy = FaultProxy(server.port, lambda: Failing.CUT_REQUEST)
    with proxy.running(), delivering(tmp_path, proxy.url, answer_s=0.3) as uploader:
        captures = [capture() for _ in range(5)]
        for each in captures:
            uploader.hand_in(each)
        late = [answer for _ in captures for answer in uploader.answers(timeout_s=1)]
        assert {(answer.late, answer.sighting) for answer in late} == {(True, None)}
        assert len(late) == 5
        assert uploader.trouble
        proxy.next_fault = lambda: Failing.NOT
        assert uploader.wait_until_empty(timeout_s=10)
        recorded = uploader.answers()
        assert uploader.trouble is None
    assert set(server.sightings) == {each.capture_id for each in captures}
    assert all(answer.late and answer.sighting for answer in recorded), "nobody is greeted for a backlog"


def test_what_an_earlier_run_left_is_delivered_and_never_greeted(server: ApiServer, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    left = capture()
    spool.add(left)
    spool.close()
    with delivering(tmp_path, server.url) as uploader:
        answer = next_answer(uploader)
    assert (answer.capture_id, answer.late) == (left.capture_id, True)
    assert answer.sighting


def test_somebody_at_the_door_goes_before_the_backlog(server: ApiServer, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for _ in range(30):
        spool.add(capture("backlog"))
    spool.close()
    server.faults = lambda method, path: Fault(delay_s=0.05, status=503) if path == CAPTURES else None
    with delivering(tmp_path, server.url) as uploader:
        time.sleep(0.1)
        server.faults = lambda method, path: time.sleep(0.03)
        now = capture()
        uploader.hand_in(now)
        until(lambda: now.capture_id in server.sightings)
        before = len(server.sightings)
        assert uploader.wait_until_empty(timeout_s=20)
    assert before < 15
    assert len(server.sightings) == 31


def test_a_refused_capture_is_set_aside_and_the_next_one_delivered(server: ApiServer, tmp_path: Path) -> None:
    faults = iter([Fault(status=415)])
    server.faults = lambda method, path: next(faults, None)
    with delivering(tmp_path, server.url) as uploader:
        uploader.hand_in(capture())
        assert (
            next_answer(uploader).trouble == f"the RecognizeMe API at {server.url} refused the request (415)"
        )
        uploader.hand_in(capture())
        assert next_answer(uploader).sighting
    assert len(list((tmp_path / "refused").glob("*.json"))) == 1


@pytest.mark.parametrize("path", ["upload", "immediate"])
def test_an_answer_about_another_capture_is_no_answer_and_the_capture_is_tried_again(
    server: ApiServer, tmp_path: Path, path: str
) -> None:
    with ApiClient(server.url) as api:
        api.hand_in(picture_of("ada"), kiosk_id="front", capture_id=(other := new_capture_id()))
    recorded = json.dumps(server.sightings[other]).encode()
    server.faults = lambda method, path: (
        Fault(status=200, body=recorded) if path.startswith(ANSWERS) else None
    )
    with delivering(tmp_path, server.url, answer_s=0.5, path=path) as uploader:
        uploader.hand_in(mine := capture("nobody"))
        answer = next_answer(uploader)
        assert (answer.sighting, answer.late) == (None, True)
        assert "the sighting of another capture" in (uploader.trouble or "")
        server.faults = lambda method, path: None
        assert uploader.wait_until_empty(timeout_s=10)
    assert mine.capture_id in server.sightings


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_what_an_operator_can_fix_refuses_nothing_for_good(
    server: ApiServer, tmp_path: Path, status: int
) -> None:
    server.faults = lambda method, path: Fault(status=status)
    with delivering(tmp_path, server.url, answer_s=0.2) as uploader:
        uploader.hand_in(capture())
        assert next_answer(uploader).late
        assert uploader.trouble
        server.faults = lambda method, path: None
        assert uploader.wait_until_empty(timeout_s=5)
    assert list((tmp_path / "refused").iterdir()) == []
    assert len(server.sightings) == 1


def test_a_ticket_that_expired_on_the_way_is_asked_for_again(server: ApiServer, tmp_path: Path) -> None:
    faults = iter([None, Fault(status=403), None, Fault(status=403)])
    server.faults = lambda method, path: next(faults, None) if path in {CAPTURES, "/_store"} else None
    with delivering(tmp_path, server.url) as uploader:
        uploader.hand_in(capture())
        answer = next_answer(uploader)
    assert answer.sighting
    assert not answer.late
    assert server.asked.count(("POST", CAPTURES)) == 3


def test_a_capture_that_always_fails_holds_up_no_other(server: ApiServer, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    poison = Capture(new_capture_id(unix_s=lambda: 1_795_000_000.0), "front", b"poison", "track 1")
    captures = [capture() for _ in range(10)]
    for each in (poison, *captures):
        spool.add(each)
    spool.close()
    with delivering(tmp_path, server.url) as uploader:
        until(lambda: len(server.sightings) == 10)
        time.sleep(0.3)
        uploader.hand_in(now := capture())
        until(lambda: now.capture_id in server.sightings)
    assert [file.stem for file in (tmp_path / "waiting").glob("*.json")] == [poison.capture_id]


def test_an_api_that_asks_to_be_left_alone_is(server: ApiServer, tmp_path: Path) -> None:
    faults = iter([Fault(status=503, headers={"Retry-After": "0.6"})])
    asked_at: list[float] = []

    def fault(method: str, path: str) -> Fault | None:
        asked_at.append(time.monotonic())
        return next(faults, None)

    server.faults = fault
    with delivering(tmp_path, server.url) as uploader:
        uploader.hand_in(capture())
        time.sleep(0.2)
        uploader.hand_in(capture())
        assert uploader.wait_until_empty(timeout_s=5)
    assert asked_at[1] - asked_at[0] >= 0.6


def test_damaged_files_do_not_stop_the_others(server: ApiServer, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    captures = [capture() for _ in range(4)]
    for each in captures:
        spool.add(each)
    spool.close()
    (tmp_path / "waiting" / f"{captures[0].capture_id}.json").write_bytes(b"\0" * 100)
    (tmp_path / "waiting" / f"{captures[2].capture_id}.jpg").write_bytes(b"")
    with delivering(tmp_path, server.url) as uploader:
        assert uploader.wait_until_empty(timeout_s=5)
    assert set(server.sightings) == {captures[1].capture_id, captures[3].capture_id}
    assert len(list((tmp_path / "damaged").glob("*.json"))) == 2


def test_a_capture_that_cannot_be_read_for_a_while_is_delivered_after_it(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_in = capture()
    with delivering(tmp_path, server.url) as uploader:
        with monkeypatch.context() as trouble:
            trouble.setattr(Path, "read_bytes", lambda file: failing(errno.EMFILE))
            uploader.hand_in(handed_in)
            time.sleep(0.2)
        answer = next_answer(uploader)
    assert answer.sighting
    assert not list((tmp_path / "damaged").iterdir())


def test_the_thread_that_is_kept_free_sleeps_while_two_deliver(server: ApiServer, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for _ in range(6):
        spool.add(capture())
    held = threading.Event()
    looks = []

    def hold(method: str, path: str) -> None:
        held.wait(5)

    server.faults = hold

    def clock() -> float:
        looks.append(threading.current_thread().name)
        return time.monotonic()

    with ApiClient(server.url) as api, Uploader(spool, api, clock=clock) as uploader:
        time.sleep(0.3)
        looks.clear()
        time.sleep(0.5)
        assert len(looks) < 5
        held.set()
        assert uploader.wait_until_empty(timeout_s=5)
    spool.close()


def test_a_capture_that_the_full_spool_dropped_is_told_of(server: ApiServer, tmp_path: Path) -> None:
    server.faults = lambda method, path: Fault(status=500)
    spool = Spool(tmp_path, bounds=Bounds(max_bytes=3000))
    with ApiClient(server.url) as api, Uploader(spool, api, backoff=IMPATIENT, answer_s=0.05) as uploader:
        for _ in range(10):
            uploader.hand_in(capture())
        until(lambda: len(spool.waiting()) < 10)
        server.faults = lambda method, path: None
        assert uploader.wait_until_empty(timeout_s=5)
        dropped = [answer for answer in uploader.answers() if answer.trouble and "dropped" in answer.trouble]
    assert len(dropped) + len(server.sightings) == 10
    assert spool.state().dropped == len(dropped) > 0


def test_a_recognition_that_takes_long_is_asked_about_not_paid_again(
    server: ApiServer, tmp_path: Path
) -> None:
    server.pending_for = 40
    with delivering(tmp_path, server.url, answer_s=0.2) as uploader:
        uploader.hand_in(capture())
        assert next_answer(uploader).late
        server.pending_for = 0
        assert next_answer(uploader).sighting
    assert server.asked.count(("POST", "/_store")) == 1


@pytest.mark.parametrize("count", [12, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_everything_arrives_once_through_a_network_that_fails_at_random(
    server: ApiServer, tmp_path: Path, count: int
) -> None:
    chance = random.Random(4)
    answers = [Fault(status=500), Fault(status=429), Fault(status=503, headers={"Retry-After": "0"})]
    answers += [Fault(closes=True), Fault(closes=True, done_first=True), Fault(status=502, done_first=True)]
    server.faults = lambda method, path: chance.choice(answers) if chance.random() < 0.3 else None
    failing = [fault for fault in Failing if fault is not Failing.NOT]
    proxy = FaultProxy(server.port, lambda: chance.choice(failing) if chance.random() < 0.3 else Failing.NOT)
    with proxy.running(), delivering(tmp_path, proxy.url, timeout_s=0.3, answer_s=1.0) as uploader:
        captures = [capture() for _ in range(count)]
        for each in captures:
            uploader.hand_in(each)
        assert uploader.wait_until_empty(timeout_s=20 + 4 * count)
        final = [answer.capture_id for answer in uploader.answers() if answer.sighting]
    assert sorted(final) == sorted(each.capture_id for each in captures)
    assert server.paid_calls == dict.fromkeys((each.capture_id for each in captures), 1)
    assert list((tmp_path / "refused").iterdir()) == []


def test_closing_leaves_the_rest_on_disk_and_ends_soon(server: ApiServer, tmp_path: Path) -> None:
    server.faults = lambda method, path: Fault(status=503, headers={"Retry-After": "3600"})
    with delivering(tmp_path, server.url) as uploader:
        uploader.hand_in(capture())
        until(lambda: uploader.trouble is not None)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert len(list((tmp_path / "waiting").glob("*.json"))) == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("upload-")]


def test_trouble_is_said_once_and_names_no_capture(
    server: ApiServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults = lambda method, path: Fault(status=500)
    with caplog.at_level(logging.WARNING), delivering(tmp_path, server.url, answer_s=0.3) as uploader:
        uploader.hand_in(capture())
        uploader.hand_in(capture())
        time.sleep(0.4)
        server.faults = lambda method, path: None
        assert uploader.wait_until_empty(timeout_s=5)
    said = [record.message.split(":")[0] for record in caplog.records]
    assert said == ["captures wait on disk", "captures are delivered again"]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_grow_to_their_cap_and_never_vanish(failures: int, share: float) -> None:
    backoff = Backoff(first_s=0.25, cap_s=60)
    wait_s = backoff.wait_s(failures, share)
    assert 0.125 <= wait_s <= 60
    assert wait_s <= backoff.wait_s(failures + 1, 1.0)
    assert backoff.wait_s(failures, share, cap_s=1.0) <= 1.0
