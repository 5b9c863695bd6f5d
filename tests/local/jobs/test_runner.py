import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.adapters.database import Database, open_database
from local.jobs.queue import Job, JobQueue
from local.jobs.runner import JobRunner
from local.runtime.events import Event
from local.runtime.functions import FunctionBusy, FunctionCrashed, FunctionRaised
from recognizeme.domain.errors import ServiceBusy
from tests.local.runtime.test_functions import eventually


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "test.db") as database:
        yield database


@pytest.fixture
def queue(database: Database) -> JobQueue:
    return JobQueue(database)


@pytest.fixture
def run(queue: JobQueue) -> Iterator[Callable[..., JobRunner]]:
    runners: list[JobRunner] = []

    def start(invoke: Callable[[str, Event], object]) -> JobRunner:
        runner = JobRunner(queue, invoke, functions=["recognition", "enrollment"], at_once=1)
        runners.append(runner)
        runner.start()
        return runner

    yield start
    for runner in runners:
        runner.stop()
        runner.join(20)


def test_a_job_that_was_waiting_is_run_and_then_gone(queue: JobQueue, run: Callable[..., JobRunner]) -> None:
    queue.add("recognition", {"n": 1})
    got: list[tuple[str, Event]] = []
    run(lambda function, event: got.append((function, event)))
    assert eventually(lambda: not queue.jobs())
    assert got == [("recognition", {"n": 1})]


def test_a_job_that_comes_later_is_run_when_it_is_announced(
    queue: JobQueue, run: Callable[..., JobRunner]
) -> None:
    done = threading.Event()
    runner = run(lambda function, event: done.set())
    queue.add("enrollment", {})
    runner.wake()
    assert done.wait(20)


def test_a_slow_function_does_not_hold_up_another(queue: JobQueue, run: Callable[..., JobRunner]) -> None:
    release, recognized = threading.Event(), threading.Event()
    queue.add("enrollment", {})
    queue.add("recognition", {})
    run(lambda function, event: release.wait(20) if function == "enrollment" else recognized.set())
    assert recognized.wait(20)
    release.set()


def test_a_failure_is_kept_with_its_reason_and_the_next_job_is_run(
    queue: JobQueue, run: Callable[..., JobRunner]
) -> None:
    def invoke(function: str, event: Event) -> None:
        if event["n"] == 1:
            raise FunctionRaised("ServiceBusy: later")

    queue.add("recognition", {"n": 1})
    queue.add("recognition", {"n": 2})
    run(invoke)
    assert eventually(lambda: [job.state for job in queue.jobs()] == ["waiting"])
    (job,) = queue.jobs()
    assert (job.attempts, job.error) == (1, "ServiceBusy: later")


def test_what_a_stopping_host_interrupts_does_not_count_as_a_try(
    queue: JobQueue, run: Callable[..., JobRunner]
) -> None:
    began, stopped = threading.Event(), threading.Event()

    def invoke(function: str, event: Event) -> None:
        began.set()
        stopped.wait(20)
        raise FunctionCrashed("the host is stopping")

    queue.add("recognition", {})
    runner = run(invoke)
    assert began.wait(20)
    runner.stop()
    stopped.set()
    runner.join(20)
    assert [(job.state, job.attempts) for job in queue.jobs()] == [("waiting", 0)]


class FullDiskQueue(JobQueue):
    """A queue on a disk that has no room when a job is taken, nor when it is done."""

    refusals = 2

    def take(self, function: str, *, oldest_first: bool = False) -> Job | None:
        self._refuse()
        return super().take(function, oldest_first=oldest_first)

    def done(self, job: Job) -> None:
        self._refuse()
        super().done(job)

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ServiceBusy("the disk is full; free some space and try again")


def test_a_full_disk_delays_jobs_and_stops_nobody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.jobs.runner._DISK_WAIT_S", 0.01)
    queue, ran = FullDiskQueue(database), list[str]()

    def invoke(function: str, event: Event) -> None:
        ran.append(function)
        queue.refusals = 2  # full again, just when the job is done

    queue.add("recognition", {})
    runner = JobRunner(queue, invoke, functions=["recognition"], at_once=1)
    runner.start()
    assert eventually(lambda: not queue.jobs())
    runner.stop()
    runner.join(20)
    assert ran == ["recognition"]


def test_what_is_being_recognized_elsewhere_waits_without_a_try(
    queue: JobQueue, run: Callable[..., JobRunner]
) -> None:
    answers = [FunctionRaised("in progress", retry_after_s=0.01) for _ in range(8)]

    def invoke(function: str, event: Event) -> None:
        if answers:
            raise answers.pop()

    queue.add("recognition", {})
    run(invoke)
    assert eventually(lambda: not queue.jobs())
    assert not answers


def test_a_busy_function_costs_no_try(queue: JobQueue, run: Callable[..., JobRunner]) -> None:
    tried = threading.Event()

    def invoke(function: str, event: Event) -> None:
        tried.set()
        raise FunctionBusy("no process could be started")

    queue.add("recognition", {})
    run(invoke)
    assert tried.wait(20)
    assert eventually(lambda: [(job.state, job.attempts) for job in queue.jobs()] == [("waiting", 0)])


@pytest.mark.parametrize("error", [OSError("Cannot allocate memory"), RuntimeError("can't start new thread")])
def test_an_unexpected_error_is_a_failed_try_and_the_thread_lives_on(
    queue: JobQueue, run: Callable[..., JobRunner], error: Exception
) -> None:
    def invoke(function: str, event: Event) -> None:
        if event["n"] == 1:
            raise error

    queue.add("recognition", {"n": 1})
    queue.add("recognition", {"n": 2})
    run(invoke)
    assert eventually(lambda: [job.event["n"] for job in queue.jobs()] == [1])
    (job,) = queue.jobs()
    assert (job.state, job.attempts, job.error) == ("waiting", 1, type(error).__name__)


def test_whoever_waits_goes_first_and_the_backlog_moves_on(
    queue: JobQueue, run: Callable[..., JobRunner]
) -> None:
    order: list[str] = []
    began, full = threading.Event(), threading.Event()

    def invoke(function: str, event: Event) -> None:
        began.set()
        full.wait(20)
        order.append(event["kind"])

    run(invoke)
    queue.add("recognition", {"kind": "first"})
    assert began.wait(20)
    for _ in range(4):
        queue.add("recognition", {"kind": "backlog"})
    for _ in range(8):
        queue.add("recognition", {"kind": "live"}, awaited_s=60.0)
    full.set()
    assert eventually(lambda: not queue.jobs())
    assert order[1:5] == ["live", "live", "backlog", "live"]
    assert order.count("live") == 8
