"""What the doors saw."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

from kiosk.client.sighting import Sighting
from kiosk.evaluation.field import Field, Mistake, field_of

IN_UTC = {"front": UTC, "back": UTC}


def sighting(hour: int, outcome: str | None = "recognized", **fields: Any) -> Sighting:
    moment = datetime(2026, 11, 23, hour, tzinfo=UTC)
    return Sighting(
        **{
            "capture_id": f"c{hour}",
            "kiosk_id": "front",
            "captured_at": moment.isoformat(),
            "status": "done",
            "outcome": outcome,
        }
        | fields
    )


def corrected(hour: int, said: str | None, really: str | None) -> Sighting:
    was = {"was_outcome": "recognized" if said else "unknown", "was_person_id": said}
    return sighting(hour, "recognized" if really else "unknown", person_id=really, correction=was)


def seen(*sightings: Sighting) -> Field:
    return field_of(sightings, since="2026-11-01", dawn=time(7), dusk=time(19), zones=IN_UTC)


def test_each_door_is_counted_by_day_and_by_night() -> None:
    found = seen(
        sighting(8, similarity_pct=99.9, person_id="ada"),
        sighting(12, similarity_pct=99.5, person_id="bob"),
        sighting(18, "unknown"),
        sighting(19, "no_face"),
        sighting(23, "rejected", kiosk_id="back"),
        sighting(9, None, status="failed"),
    )
    back, day, night = found.doors
    assert (back.kiosk_id, back.is_night, back.no_face.hits) == ("back", True, 1)
    assert (day.is_night, day.visits, day.recognized, day.unknown, day.no_face.hits) == (False, 3, 2, 1, 0)
    assert day.median_pct == 99.7
    assert (night.is_night, night.visits, night.no_face.share) == (True, 1, 1.0)


def test_day_and_night_are_those_of_the_door() -> None:
    tokyo = timezone(timedelta(hours=9))
    zones = {"front": UTC, "tokyo": tokyo}
    sightings = [sighting(23), sighting(23, kiosk_id="tokyo")]  # eight in the morning there
    found = field_of(sightings, since="2026-11-01", dawn=time(7), dusk=time(19), zones=zones)
    assert [(door.kiosk_id, door.is_night) for door in found.doors] == [("front", True), ("tokyo", False)]


def test_a_correction_says_what_kind_of_mistake_it_was() -> None:
    found = seen(
        corrected(8, "ada", "bob"),
        corrected(9, "ada", None),
        corrected(10, None, "ada"),
        corrected(11, "ada", "ada"),
    )
    assert [each.mistake for each in found.corrected] == [
        Mistake.WRONG_NAME,
        Mistake.STRANGER_NAMED,
        Mistake.TURNED_AWAY,
        Mistake.NONE,
    ]
    (door,) = found.doors
    assert door.mistakes == 3


def test_a_door_is_counted_by_what_it_said_and_not_by_what_it_was_corrected_to() -> None:
    (door,) = seen(corrected(8, None, "ada")).doors
    assert (door.recognized, door.unknown) == (0, 1)
