"""What every page works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.client.api import ApiClient
from kiosk.web.entrance import Entrance

KIOSK_ID = "web"
MAX_UPLOAD_BYTES = 32 * 1024 * 1024  # a phone's largest pictures; they are made smaller here


@dataclass(frozen=True)
class Desk:
    """The API, the clock, and the way in where there are users."""

    api: ApiClient
    now: Callable[[], datetime]
    entrance: Entrance | None = None
