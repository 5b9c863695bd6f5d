"""How sure a recognition must be, here and of them: read at most once a minute by each process."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.kiosks import Sureness, policy_for
from recognizeme.domain.policy import Policy
from recognizeme.domain.ports import Clock, Kiosks

KEPT = timedelta(minutes=1)
_NOTHING = Sureness()
Value = TypeVar("Value")


@dataclass(slots=True)
class _Kept(Generic[Value]):
    value: Value
    until: datetime


@dataclass(slots=True, kw_only=True)
class Rules:
    """What the office says of kiosks and groups, and how it decides how sure to be.

    What is changed counts within a minute. While it cannot be read, what was known before goes on counting.
    """

    kiosks: Kiosks
    deployment: Policy
    now: Clock
    _of_kiosks: dict[str, _Kept[Sureness]] = field(default_factory=dict)
    _of_groups: dict[str, _Kept[Mapping[str, Sureness]]] = field(default_factory=dict)

    def policy(self, kiosk_id: str, groups: Collection[str]) -> Policy:
        """The policy for somebody of these groups at this kiosk."""
        kiosk = self._fresh(self._of_kiosks, kiosk_id, lambda: self.kiosks.get(kiosk_id).kiosk.sureness)
        known = self._fresh(self._of_groups, "", self.kiosks.groups) if groups else {}
        return policy_for(kiosk, [known.get(group, _NOTHING) for group in groups], self.deployment)

    def _fresh(self, kept: dict[str, _Kept[Value]], key: str, read: Callable[[], Value]) -> Value:
        now = self.now()
        found = kept.get(key)
        # A clock that was set back would keep things long.
        if found and now < found.until <= now + KEPT:
            return found.value
        try:
            value = read()
        except ServiceBusy:
            if found is None:
                raise
            value = found.value
        kept[key] = _Kept(value, now + KEPT)
        return value
