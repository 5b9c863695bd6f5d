"""Deletes what has been kept long enough, as a bucket's lifecycle rule and a table's TTL do on AWS."""

import logging
import threading
from datetime import timedelta

from local.wiring import LocalParts
from recognizeme.domain.errors import RecognizeMeError

_LOG = logging.getLogger(__name__)
_EVERY_S = 3600.0


def delete_expired(parts: LocalParts) -> None:
    """Remove sightings and captured pictures that are older than the settings say."""
    before = parts.now() - timedelta(days=parts.settings.sighting_days)
    sightings = parts.sightings.purge()
    pictures = parts.photos.expire("captures/", before=before)
    if sightings or pictures:
        _LOG.info("kept long enough: %d sightings and %d pictures deleted", sightings, pictures)


class Retention:
    """Does that now and every hour, in a thread of its own."""

    def __init__(self, parts: LocalParts) -> None:
        self._parts = parts
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while True:
            try:
                delete_expired(self._parts)
            except RecognizeMeError as error:
                _LOG.warning("could not delete what is too old: %s", error)
            if self._stopping.wait(_EVERY_S):
                return
