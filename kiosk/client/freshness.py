"""Whether an answer was given just now: the Date in it must have gone on as our monotonic clock has."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_STALE_S = 60.0
_SAME_S = 2.0  # Date is cut to the second, and answers take a while
_BETWEEN_S = 5.0


def answered_at_s(headers: Mapping[str, str]) -> float | None:
    """The Date of an answer in Unix seconds, None when it does not say."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return None


class Freshness:
    """Remembers how far the API's clock is ahead of our monotonic one; neither clock need be right.

    An answer from a cache or a recording is behind. An API whose clock was set back is behind too, but its
    clock goes on: two answers some seconds apart show it, and are the new measure.
    """

    def __init__(self) -> None:
        self._ahead_s: float | None = None
        self._doubted: tuple[float, float] | None = None

    def is_fresh(self, date_s: float | None, now_s: float) -> bool:
        """Whether an answer with this Date, received at `now_s` (monotonic), is not older than a minute."""
        if date_s is None:
            return True
        ahead_s = date_s - now_s
        if self._ahead_s is None or ahead_s > self._ahead_s - _STALE_S:
            self._ahead_s, self._doubted = ahead_s, None
            return True
        if self._doubted is not None:
            doubted_ahead_s, since_s = self._doubted
            if abs(ahead_s - doubted_ahead_s) < _SAME_S:
                if now_s - since_s < _BETWEEN_S:
                    return False
                self._ahead_s, self._doubted = ahead_s, None
                return True
        self._doubted = ahead_s, now_s
        return False
