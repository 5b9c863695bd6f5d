"""Kiosks, groups and heartbeats as JSON texts: what is stored of them in either kind of table."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recognizeme.domain.kiosks import Direction, Heartbeat, Kiosk, Opening, Sureness, opening_json
from recognizeme.domain.times import to_text


def kiosk_text(kiosk: Kiosk) -> str:
    """What the office says of a kiosk, without its id."""
    return json.dumps(
        {
            "name": kiosk.name,
            "place": kiosk.place,
            "direction": kiosk.direction,
            "groups": kiosk.groups,
            "time_zone": kiosk.time_zone,
            "openings": [opening_json(opening) for opening in kiosk.openings],
            "sureness": _sureness(kiosk.sureness),
        }
    )


def read_kiosk(kiosk_id: str, text: str | None) -> Kiosk:
    """The kiosk of such a text, or one of which the office has said nothing."""
    if text is None:
        return Kiosk(kiosk_id)
    stored: dict[str, Any] = json.loads(text)
    return Kiosk(
        kiosk_id,
        stored["name"],
        stored["place"],
        Direction(stored["direction"]),
        tuple(stored["groups"]),
        stored["time_zone"],
        tuple(Opening(tuple(each["days"]), each["from"], each["until"]) for each in stored["openings"]),
        Sureness(**stored["sureness"]),
    )


def sureness_text(sureness: Sureness) -> str:
    """How sure one must be of a group."""
    return json.dumps(_sureness(sureness))


def read_sureness(text: str) -> Sureness:
    """The same, of such a text."""
    return Sureness(**json.loads(text))


def heartbeat_text(beat: Heartbeat) -> str:
    """A heartbeat, without when the kiosk last saw: that outlives a heartbeat by which it did not."""
    return json.dumps(
        {
            "received_at": to_text(beat.received_at),
            "version": beat.version,
            "camera_trouble": beat.camera_trouble,
            "delivery_trouble": beat.delivery_trouble,
            "spool_waiting": beat.spool_waiting,
            "spool_bytes": beat.spool_bytes,
            "clock_ahead_s": beat.clock_ahead_s,
            "last_frame_at": beat.last_frame_at and to_text(beat.last_frame_at),
            "policy_version": beat.policy_version,
        }
    )


def read_heartbeat(text: str | None, seen_at: str | None) -> Heartbeat | None:
    """The heartbeat of such a text, and the time when the kiosk last saw."""
    if text is None:
        return None
    stored: Mapping[str, Any] = json.loads(text)
    return Heartbeat(
        **{
            **stored,
            "received_at": datetime.fromisoformat(stored["received_at"]),
            "last_frame_at": _moment(stored["last_frame_at"]),
            "seen_at": _moment(seen_at),
        }
    )


def _sureness(sureness: Sureness) -> dict[str, Any]:
    return {
        "threshold_pct": sureness.threshold_pct,
        "margin_pct": sureness.margin_pct,
        "reason": sureness.reason,
    }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
