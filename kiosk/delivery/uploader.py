"""Delivery: captures go to disk, then to the API, again and again until it has taken them or refused them."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from kiosk.client.api import Path
from kiosk.client.errors import ApiError, Busy, NotFound, NotYetDone, Refused, TicketRefused
from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture
from kiosk.delivery.spool import DamagedCapture, Spool

_LOG = logging.getLogger(__name__)

_WORKERS = 3
_BACKLOG_PATIENCE_S = 20.0  # how long one attempt at a capture nobody waits for may take
_LIVE_RETRY_CAP_S = 1.0
_LONGEST_PAUSE_S = 3600.0  # whatever Retry-After says


class Api(Protocol):
    """What delivery needs of `ApiClient`."""

    def hand_in(
        self,
        picture: bytes,
        *,
        kiosk_id: str,
        capture_id: str,
        path: Path = ...,
        timeout_s: float = ...,
        liveness: str = ...,
    ) -> Sighting:
        """Hand a picture in and wait for its sighting."""

    def sighting(self, capture_id: str, *, kiosk_id: str, timeout_s: float | None = ...) -> Sighting:
        """Ask for a sighting of this kiosk's."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with jitter: half of each wait is fixed, half is random ("equal jitter")."""

    first_s: float = 0.25
    cap_s: float = 60.0

    def wait_s(self, failures: int, share: float, *, cap_s: float | None = None) -> float:
        """The wait after so many failures in a row (from 1 on); `share` is random, 0 to 1."""
        whole_s = min(self.first_s * 2.0 ** min(failures - 1, 30), self.cap_s if cap_s is None else cap_s)
        return whole_s * (0.5 + 0.5 * share)


@dataclass(slots=True)
class _Errand:
    """One capture's delivery, in monotonic seconds. At `expires_s` nobody waits for it any more."""

    capture_id: str
    expires_s: float
    not_before_s: float = 0.0
    failures: int = 0
    is_running: bool = False
    is_late: bool = False
    was_handed_in: bool = False


class Uploader:
    """The kiosk's outbox (kiosk/delivery/outbox.py): a spool on disk and a few threads that empty it.

    What somebody waits for at the door goes first, then the backlog; each oldest first. A capture that has
    not been answered within `answer_s` becomes backlog, as does everything found on disk at the start: it is
    delivered and recorded, but its answer is `late`. One thread is always kept free of the backlog.

    `clock` and waiting are monotonic seconds, so that setting the machine's clock changes nothing.
    """

    def __init__(
        self,
        spool: Spool,
        api: Api,
        *,
        path: Path = "upload",
        answer_s: float = 10.0,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
        share: Callable[[], float] = random.random,
    ) -> None:
        self._spool = spool
        self._api = api
        self._path: Path = path
        self._answer_s = answer_s
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._share = share
        self._changed = threading.Condition()
        self._answers: deque[Answer] = deque()
        self._errands = {
            capture_id: _Errand(capture_id, expires_s=float("-inf"), is_late=True)
            for capture_id in spool.waiting()
        }
        self._backlog_from_s = float("-inf")  # the API is in trouble: the backlog waits until then
        self._anything_from_s = float("-inf")  # the API asked to be left alone until then
        self._failures = 0
        self._trouble: str | None = None
        self._is_closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"upload-{number}", daemon=True)
            for number in range(_WORKERS)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Stop delivering; what is not delivered stays on disk for the next start."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def trouble(self) -> str | None:
        """Why nothing can be delivered right now, in one sentence; None while it can."""
        return self._trouble

    def hand_in(self, capture: Capture) -> None:
        """Put a capture on disk and start its delivery. Raises `OSError` when it cannot be kept."""
        self._spool.add(capture)
        with self._changed:
            expires_s = self._clock() + self._answer_s
            self._errands[capture.capture_id] = _Errand(capture.capture_id, expires_s)
            self._changed.notify_all()

    def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
        """Answers that have come since the last call; waits up to `timeout_s` for the first."""
        deadline = self._clock() + timeout_s
        with self._changed:
            while True:
                self._tell_late()
                if self._answers:
                    answers, self._answers = tuple(self._answers), deque()
                    return answers
                waits_s = [errand.expires_s for errand in self._errands.values() if not errand.is_late]
                left_s = min([deadline, *waits_s]) - self._clock()
                if self._clock() >= deadline:
                    return ()
                self._changed.wait(max(left_s, 0.001))

    def wait_until_empty(self, *, timeout_s: float) -> bool:
        """Wait until everything was delivered or refused; False when it was not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._errands, timeout_s)

    # --- the threads ---

    def _work(self) -> None:
        while (errand := self._next()) is not None:
            try:
                self._deliver(errand)
            except Exception as error:  # a thread that died would stop the kiosk in silence
                _LOG.error("the delivery of %s failed: %s", errand.capture_id, type(error).__name__)
                self._try_again(errand, str(error), is_general=False)
            finally:
                with self._changed:
                    errand.is_running = False
                    self._changed.notify_all()

    def _next(self) -> _Errand | None:
        """Wait for something to deliver; None at the end."""
        with self._changed:
            while not self._is_closing:
                now = self._clock()
                errand = self._due(now)
                if errand is not None:
                    errand.is_running = True
                    return errand
                self._changed.wait(self._idle_s(now))
        return None

    def _due(self, now: float) -> _Errand | None:
        if now < self._anything_from_s:
            return None
        idle = [
            errand
            for errand in self._errands.values()
            if not errand.is_running and errand.not_before_s <= now
        ]
        live = [errand for errand in idle if errand.expires_s > now]
        if live:
            return min(live, key=lambda errand: errand.capture_id)
        if not idle or now < self._backlog_from_s or not self._takes_backlog():
            return None
        return min(idle, key=lambda errand: errand.capture_id)

    def _takes_backlog(self) -> bool:
        """Whether one thread stays free when another takes a piece of the backlog."""
        return sum(errand.is_running for errand in self._errands.values()) < _WORKERS - 1

    def _idle_s(self, now: float) -> float | None:
        """How long there is nothing to do, unless something changes; None for until it does."""
        idle = [errand for errand in self._errands.values() if not errand.is_running]
        due_s = [errand.not_before_s for errand in idle if errand.expires_s > now]
        if idle and self._takes_backlog():
            due_s.append(max(min(errand.not_before_s for errand in idle), self._backlog_from_s))
        return max(0.01, max(min(due_s), self._anything_from_s) - now) if due_s else None

    def _deliver(self, errand: _Errand) -> None:
        try:
            capture = self._spool.read(errand.capture_id)
            sighting = self._hand_in(errand, capture)
        except KeyError:  # the spool was full, and dropped it
            self._finish(errand, None, "the spool was full; the picture was dropped")
        except OSError as error:  # the disk, or too many open files: for now
            self._try_again(
                errand, f"the picture cannot be read: {error.strerror or error}", is_general=False
            )
        except DamagedCapture as error:
            _LOG.warning("%s", error)
            self._finish(errand, None, "the picture was damaged on disk; it was set aside")
        except Refused as error:
            _LOG.warning("capture %s was refused for good: %s", errand.capture_id, error)
            self._spool.refuse(errand.capture_id, str(error))
            self._finish(errand, None, str(error))
        except NotYetDone as error:
            errand.was_handed_in = True
            self._recover()
            self._try_again(errand, str(error), is_general=False)
        except ApiError as error:
            retry_after_s = error.retry_after_s if isinstance(error, Busy) else None
            self._try_again(
                errand,
                str(error),
                is_general=not isinstance(error, TicketRefused),
                retry_after_s=retry_after_s,
            )
        else:
            self._recover()
            self._spool.remove(errand.capture_id)
            self._finish(errand, sighting, None)

    def _hand_in(self, errand: _Errand, capture: Capture) -> Sighting:
        left_s = errand.expires_s - self._clock()
        patience_s = left_s if left_s > 0 else _BACKLOG_PATIENCE_S
        if errand.was_handed_in:
            try:
                sighting = self._api.sighting(
                    errand.capture_id, kiosk_id=capture.kiosk_id, timeout_s=patience_s
                )
            except NotFound:
                pass  # it never arrived: hand it in again
            else:
                if sighting.is_final:
                    return sighting
                raise NotYetDone("the recognition goes on")
        return self._api.hand_in(
            capture.picture,
            kiosk_id=capture.kiosk_id,
            capture_id=capture.capture_id,
            path=self._path,
            timeout_s=patience_s,
            liveness=capture.liveness,
        )

    def _try_again(
        self, errand: _Errand, trouble: str, *, is_general: bool, retry_after_s: float | None = None
    ) -> None:
        """Put an errand off. `is_general`: the API as a whole is in trouble, so the backlog waits too."""
        with self._changed:
            now = self._clock()
            errand.failures += 1
            is_live = errand.expires_s > now
            wait_s = self._backoff.wait_s(
                errand.failures, self._share(), cap_s=_LIVE_RETRY_CAP_S if is_live else None
            )
            if retry_after_s is not None:
                wait_s = min(max(wait_s, retry_after_s), _LONGEST_PAUSE_S)
            errand.not_before_s = now + wait_s
            if is_general:
                self._failures += 1
                self._backlog_from_s = now + self._backoff.wait_s(self._failures, self._share())
                self._anything_from_s = now + min(retry_after_s or 0.0, _LONGEST_PAUSE_S)
                if self._trouble is None:
                    _LOG.warning("captures wait on disk: %s", trouble)
                self._trouble = trouble

    def _recover(self) -> None:
        with self._changed:
            if self._trouble is not None:
                _LOG.warning("captures are delivered again")
            self._trouble = None
            self._failures = 0
            self._backlog_from_s = self._anything_from_s = float("-inf")

    def _finish(self, errand: _Errand, sighting: Sighting | None, trouble: str | None) -> None:
        with self._changed:
            late = errand.is_late or errand.expires_s <= self._clock()
            self._errands.pop(errand.capture_id, None)
            self._answers.append(Answer(errand.capture_id, sighting, late=late, trouble=trouble))
            self._changed.notify_all()

    def _tell_late(self) -> None:
        """Say once of each capture that its time is over."""
        now = self._clock()
        for errand in self._errands.values():
            if not errand.is_late and errand.expires_s <= now:
                errand.is_late = True
                trouble = self._trouble or "no answer came in time"
                self._answers.append(Answer(errand.capture_id, None, late=True, trouble=trouble))
