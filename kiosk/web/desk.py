"""What every page works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.client.api import ApiClient

KIOSK_ID = "web"
MAX_UPLOAD_BYTES = 32 * 1024 * 1024  # a phone's largest pictures; they are made smaller here


@dataclass(frozen=True)
class Desk:
    """The API, and the clock."""

    api: ApiClient
    now: Callable[[], datetime]
