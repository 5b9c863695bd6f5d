"""Doing what the policy allows, each action in a thread of its own so that none waits for another."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from kiosk.actions.action import Action, ActionFailed, Trigger, message_of
from kiosk.actions.audit_log import AuditLog
from kiosk.actions.unlock_policy import Doorkeeper
from kiosk.client.moment import iso_text
from kiosk.visits.events import Answered, Event

_LOG = logging.getLogger(__name__)

_TIMEOUT_S = 5.0
_QUEUE = 8
_FRESH_S = 5.0  # what waited longer for its turn is not done any more


@dataclass(frozen=True, slots=True)
class _Task:
    message: dict[str, Any]
    asked_s: float


class Actions:
    """Listens to the kiosk's events and acts on answers, as far as the doorkeeper lets it.

    Every action taken, failed or skipped is a line in `audit_log`, which names nobody.
    """

    def __init__(
        self,
        triggers: Sequence[Trigger],
        doorkeeper: Doorkeeper,
        audit_log: AuditLog,
        *,
        timeout_s: float = _TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._doorkeeper = doorkeeper
        self._audit_log = audit_log
        self._timeout_s = timeout_s
        self._clock = clock
        self._now = now
        self._lanes = [_Lane(trigger, self._perform) for trigger in triggers]

    def __enter__(self) -> Self:
        for lane in self._lanes:
            lane.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for lane in self._lanes:
            lane.close()
        for lane in self._lanes:
            lane.thread.join(self._timeout_s + _FRESH_S)

    def tell(self, event: Event) -> None:
        """Hear an event. A sighting is decided upon once, whatever the number of actions it would start."""
        if not isinstance(event, Answered) or event.answer.sighting is None:
            return
        sighting = event.answer.sighting
        lanes = [lane for lane in self._lanes if lane.trigger.outcome == sighting.outcome]
        if not lanes or not self._doorkeeper.decide(sighting, late=event.answer.late).acts:
            return
        task = _Task(message_of(sighting), self._clock())
        for lane in lanes:
            if not lane.offer(task):
                self._note(lane.trigger.action, task, "skipped", "too many are waiting")

    def _perform(self, action: Action, task: _Task) -> None:
        if self._clock() - task.asked_s > _FRESH_S:
            self._note(action, task, "skipped", "its turn came too late")
            return
        try:
            action.act(task.message, timeout_s=self._timeout_s)
        except ActionFailed as error:
            self._note(action, task, "failed", str(error))
        except Exception as error:
            _LOG.error("%s failed in an unknown way: %s", action.name, type(error).__name__)
            self._note(action, task, "failed", type(error).__name__)
        else:
            self._note(action, task, "done", None)

    def _note(self, action: Action, task: _Task, result: str, detail: str | None) -> None:
        capture_id, took_ms = task.message["id"], round(1000 * (self._clock() - task.asked_s))
        if result != "done":
            _LOG.warning("%s for capture %s: %s, %s", action.name, capture_id, result, detail)
        entry = {"at": iso_text(self._now()), "capture_id": capture_id}
        with suppress(OSError):
            self._audit_log.write(
                {**entry, "action": action.name, "result": result, "detail": detail, "ms": took_ms}
            )


class _Lane:
    """One trigger's thread and what waits for it."""

    def __init__(self, trigger: Trigger, perform: Callable[[Action, _Task], None]) -> None:
        self.trigger = trigger
        self._perform = perform
        self._tasks: queue.Queue[_Task | None] = queue.Queue(_QUEUE)
        self.thread = threading.Thread(target=self._run, name=f"action {trigger.action.name}", daemon=True)

    def offer(self, task: _Task) -> bool:
        """Put a task in line; False when the line is full."""
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """End once what is in line is done; what is stale by then is skipped."""
        self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._perform(self.trigger.action, task)
