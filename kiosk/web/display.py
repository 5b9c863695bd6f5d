"""What a screen at a door says to whoever stands there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kiosk.client.bidi import isolated

# Nothing about anybody is shown for longer, whether they stay or not.
SHOWN = timedelta(seconds=10)

_ANSWERS = {
    "unknown": "We do not know you yet",
    "uncertain": "Please look at the camera once more",
    "no_face": "Please look at the camera once more",
    "rejected": "Please look at the camera once more",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence in large letters. `tone` is for the eye: good, ask, quiet or bad."""

    text: str
    tone: str


NOBODY_RUNS = Message("No kiosk of this name has run on this machine", "bad")


def message(status: dict[str, Any], now: datetime) -> Message:
    """Of a kiosk's status, with `alive`; what is asked of them comes before what was found."""
    if not status["alive"] or status.get("camera_trouble"):
        return Message("This door does not see right now", "bad")
    if status.get("prompt"):
        return Message(str(status["prompt"]), "ask")
    if answer := _answer(status, now):
        return answer
    if any(each.get("outcome") is None for each in status.get("present", ())):
        return Message("Please look here", "ask")
    return Message("Welcome", "quiet")


def _answer(status: dict[str, Any], now: datetime) -> Message | None:
    """Of the newest capture that was answered just now."""
    latest = next((each for each in status.get("latest", ()) if not each.get("late")), None)
    if latest is None or not timedelta(0) <= now - datetime.fromisoformat(latest["told_at"]) < SHOWN:
        return None
    sighting = latest["sighting"]
    if sighting.get("outcome") == "recognized":
        name = sighting.get("name")
        return Message(f"Hello, {isolated(name)}" if name else "Hello", "good")
    if sighting.get("status") == "done":
        return Message(
            _ANSWERS.get(str(sighting.get("outcome")), "Please look at the camera once more"), "ask"
        )
    return Message("Please use the other way in", "bad")
