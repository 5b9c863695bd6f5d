"""`Kiosks` in dictionaries."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from recognizeme.domain.kiosks import Door, Heartbeat, Kiosk, Sureness


@dataclass
class TwinKiosks:
    """`reads` counts the questions, which cost something elsewhere."""

    doors: dict[str, Door] = field(default_factory=dict)
    sureness: dict[str, Sureness] = field(default_factory=dict)
    reads: int = 0

    def get(self, kiosk_id: str) -> Door:
        self.reads += 1
        return self._of(kiosk_id)

    def put(self, kiosk: Kiosk) -> None:
        self.doors[kiosk.kiosk_id] = replace(self._of(kiosk.kiosk_id), kiosk=kiosk, is_set=True)

    def remove(self, kiosk_id: str) -> None:
        self.doors.pop(kiosk_id, None)

    def all(self) -> tuple[Door, ...]:
        return tuple(self.doors[kiosk_id] for kiosk_id in sorted(self.doors))

    def beat(self, kiosk_id: str, heartbeat: Heartbeat) -> Door:
        known = self._of(kiosk_id)
        seen_at = heartbeat.seen_at or (known.heartbeat.seen_at if known.heartbeat else None)
        self.doors[kiosk_id] = replace(known, heartbeat=replace(heartbeat, seen_at=seen_at))
        return self.doors[kiosk_id]

    def groups(self) -> Mapping[str, Sureness]:
        self.reads += 1
        return {group: self.sureness[group] for group in sorted(self.sureness)}

    def put_group(self, group: str, sureness: Sureness) -> None:
        self.sureness[group] = sureness

    def _of(self, kiosk_id: str) -> Door:
        return self.doors.get(kiosk_id, Door(Kiosk(kiosk_id), is_set=False))
