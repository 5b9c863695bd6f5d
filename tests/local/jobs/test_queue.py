import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.adapters.database import Database, open_database
from local.jobs.queue import DEAD_DAYS, RETRY_WAITS_S, Job, JobQueue
from local.runtime.events import Event, object_created_event


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "test.db") as database:
        yield database


@pytest.fixture
def queue(database: Database, clock: Clock) -> JobQueue:
    return JobQueue(database, clock=clock, monotonic=clock)


def taken(queue: JobQueue) -> Job:
    job = queue.take("recognition")
    assert job is not None
    return job


def test_a_job_is_handed_out_once(queue: JobQueue) -> None:
    queue.add("recognition", {"n": 1})
    assert taken(queue).event == {"n": 1}
    assert queue.take("recognition") is None


def test_jobs_come_in_the_order_they_were_added_and_to_their_own_function(queue: JobQueue) -> None:
    queue.add("recognition", {"n": 1})
    queue.add("enrollment", {"n": 2})
    queue.add("recognition", {"n": 3})
    assert [taken(queue).event["n"], taken(queue).event["n"]] == [1, 3]
    assert queue.take("recognition") is None


def test_a_handled_job_is_gone(queue: JobQueue) -> None:
    queue.add("recognition", {})
    queue.done(taken(queue))
    assert queue.jobs() == []


def test_a_failed_job_is_tried_twice_more_with_growing_waits_and_then_is_dead(
    queue: JobQueue, clock: Clock
) -> None:
    queue.add("recognition", {})
    for wait_s in RETRY_WAITS_S:
        queue.failed(taken(queue), "no")
        assert queue.take("recognition") is None
        clock.now += wait_s
    queue.failed(taken(queue), "never")
    clock.now += 1e6
    assert queue.take("recognition") is None
    (dead,) = queue.jobs(state="dead")
    assert (dead.attempts, dead.error) == (3, "never")


def test_a_failing_job_does_not_hold_up_the_next(queue: JobQueue) -> None:
    queue.add("recognition", {"n": 1})
    queue.add("recognition", {"n": 2})
    queue.failed(taken(queue), "no")
    assert taken(queue).event == {"n": 2}


def test_hurrying_ends_every_wait_and_brings_no_dead_job_back(queue: JobQueue, clock: Clock) -> None:
    dead_job(queue, clock)
    queue.add("recognition", {"n": 1})
    queue.failed(taken(queue), "no engine")
    assert queue.take("recognition") is None
    queue.hurry()
    assert (taken(queue).event, queue.take("recognition")) == ({"n": 1}, None)


def dead_job(queue: JobQueue, clock: Clock) -> int:
    added = queue.add("recognition", {})
    for _ in range(len(RETRY_WAITS_S) + 1):
        queue.failed(taken(queue), "no")
        clock.now += max(RETRY_WAITS_S)
    return added


def test_replaying_gives_dead_jobs_all_their_tries_back(queue: JobQueue, clock: Clock) -> None:
    first, second = dead_job(queue, clock), dead_job(queue, clock)
    assert queue.replay([second, 999]) == [second]
    assert taken(queue).attempts == 1
    assert queue.replay() == [first]


def test_replaying_leaves_living_jobs_alone(queue: JobQueue) -> None:
    queue.add("recognition", {})
    assert queue.replay() == []
    assert [job.state for job in queue.jobs()] == ["waiting"]


def test_a_job_that_was_running_when_the_host_was_killed_runs_again_and_keeps_its_tries(
    tmp_path: Path, queue: JobQueue, clock: Clock
) -> None:
    queue.add("recognition", {"n": 1})
    taken(queue)
    restarted = JobQueue(open_database(tmp_path / "test.db"), clock=clock, monotonic=clock)
    assert restarted.recover() == 1
    job = taken(restarted)
    assert (job.event, job.attempts) == ({"n": 1}, 1)


def test_a_deferred_job_waits_and_keeps_its_tries_however_often(queue: JobQueue, clock: Clock) -> None:
    queue.add("recognition", {})
    for _ in range(5):
        queue.defer(taken(queue), 5.0, "being recognized elsewhere")
        assert queue.take("recognition") is None
        clock.now += 5.0
    job = taken(queue)
    assert (job.attempts, job.error) == (1, "being recognized elsewhere")


def test_a_clock_set_back_an_hour_delays_nothing(database: Database) -> None:
    wall, monotonic = Clock(), Clock()
    queue = JobQueue(database, clock=wall, monotonic=monotonic)
    queue.add("recognition", {"n": 1})
    queue.failed(taken(queue), "no")
    wall.now -= 3600
    queue.add("recognition", {"n": 2})
    assert taken(queue).event == {"n": 2}
    monotonic.now += RETRY_WAITS_S[0]
    assert taken(queue).event == {"n": 1}


def test_a_restarted_machine_whose_monotonic_clock_begins_anew_delays_nothing(database: Database) -> None:
    queue = JobQueue(database, monotonic=lambda: 1e6)
    queue.add("recognition", {"n": 1})
    queue.failed(taken(queue), "no")
    restarted = JobQueue(database, monotonic=lambda: 10.0)
    restarted.recover()
    assert taken(restarted).event == {"n": 1}


def test_the_newest_that_somebody_waits_for_goes_before_the_backlog(queue: JobQueue, clock: Clock) -> None:
    for n in range(3):
        queue.add("recognition", {"late": n})
    for n in range(3):
        clock.now += 1.0
        queue.add("recognition", {"live": n}, awaited_s=10.0)
    assert [taken(queue).event for _ in range(6)] == [
        *({"live": 2}, {"live": 1}, {"live": 0}),
        *({"late": 0}, {"late": 1}, {"late": 2}),
    ]


def test_whom_nobody_waits_for_any_more_is_backlog(queue: JobQueue, clock: Clock) -> None:
    queue.add("recognition", {"n": 1}, awaited_s=10.0)
    queue.add("recognition", {"n": 2}, awaited_s=10.0)
    clock.now += 10.0
    queue.add("recognition", {"n": 3}, awaited_s=10.0)
    assert [taken(queue).event["n"] for _ in range(3)] == [3, 1, 2]


def test_a_look_for_the_oldest_finds_the_backlog_behind_whoever_waits(queue: JobQueue) -> None:
    queue.add("recognition", {"n": 1})
    queue.add("recognition", {"n": 2}, awaited_s=10.0)
    job = queue.take("recognition", oldest_first=True)
    assert job
    assert job.event == {"n": 1}


def stored(key: str) -> Event:
    return object_created_event(key=key, size=1, sequencer=1, bucket="b", now=datetime.now(UTC))


def test_the_jobs_about_somebody_forgotten_are_dropped_whatever_their_state(
    queue: JobQueue, database: Database, clock: Clock
) -> None:
    for key in ("enrollments/ada/a b+ü.png", "enrollments/ada/2.jpg", "enrollments/adam/1.jpg"):
        queue.add("recognition", stored(key))
    for capture in ("captures/k/2026/11/24/seen.jpg", "captures/k/2026/11/24/other.jpg"):
        queue.add("recognition", stored(capture))
    queue.add("recognition", {"Event": "s3:TestEvent"})
    for _ in range(len(RETRY_WAITS_S) + 1):
        queue.failed(taken(queue), "no")
        clock.now += max(RETRY_WAITS_S)
    running = taken(queue)
    assert queue.drop(keys=["captures/k/2026/11/24/seen.jpg"], prefix="enrollments/ada/") == 3
    left = [
        job.event.get("Records", [{}])[0].get("s3", {}).get("object", {}).get("key") for job in queue.jobs()
    ]
    assert left == ["enrollments/adam/1.jpg", "captures/k/2026/11/24/other.jpg", None]
    queue.failed(running, "no")  # it was being handled: nothing of it comes back
    assert len(queue.jobs()) == 3


def test_dead_jobs_are_kept_for_two_weeks(queue: JobQueue, clock: Clock) -> None:
    dead_job(queue, clock)
    added_s = queue.jobs()[0].added_at
    assert queue.drop_expired(now_s=added_s + DEAD_DAYS * 86400) == 0
    assert queue.drop_expired(now_s=added_s + DEAD_DAYS * 86400 + 1) == 1
    assert queue.jobs() == []


def same_queue(queue: JobQueue, _: Path) -> JobQueue:
    return queue


def own_connections(_: JobQueue, path: Path) -> JobQueue:
    return JobQueue(open_database(path))


@pytest.mark.parametrize("share", [same_queue, own_connections])
def test_many_takers_get_every_job_exactly_once(
    tmp_path: Path, share: Callable[[JobQueue, Path], JobQueue]
) -> None:
    path = tmp_path / "test.db"
    queue = JobQueue(open_database(path))
    for n in range(40):
        queue.add("recognition", {"n": n})
    got: list[int] = []

    def take_all() -> None:
        mine = share(queue, path)
        while job := mine.take("recognition"):
            got.append(job.event["n"])

    threads = [threading.Thread(target=take_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(40))
