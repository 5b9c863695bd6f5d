"""Daily totals of sightings: kept as these are saved, and left when they expire, since they name nobody."""

from dataclasses import dataclass
from datetime import date

from recognizeme.domain.model import Outcome, Status

# How far back totals are kept and shown: a year, and a month to compare with.
TOTAL_DAYS = 400


@dataclass(frozen=True, slots=True)
class Count:
    """So many sightings of a day (in UTC) and a kiosk came to this outcome, or are `pending` or `failed`."""

    day: date
    kiosk_id: str
    result: Outcome | Status
    sightings: int
    rekognition_calls: int
