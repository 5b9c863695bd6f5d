"""An outbox without a disk: each capture is handed in at once, and lost when that fails."""

from collections import deque
from collections.abc import Sequence

from kiosk.api import ApiClient, Path
from kiosk.errors import NotYetDone, Refused
from kiosk.outbox import Answer, Capture


class DirectOutbox:
    """Hands in and waits, one capture after another."""

    def __init__(self, api: ApiClient, *, path: Path, answer_s: float) -> None:
        self._api = api
        self._path = path
        self._answer_s = answer_s
        self._answers: deque[Answer] = deque()

    def hand_in(self, capture: Capture) -> None:
        """Hand in and wait for the answer. Raises an `ApiError` when the API is not there at all."""
        try:
            sighting = self._api.hand_in(
                capture.picture,
                kiosk_id=capture.kiosk_id,
                capture_id=capture.capture_id,
                path=self._path,
                timeout_s=self._answer_s,
            )
            self._answers.append(Answer(capture.capture_id, sighting))
        except (NotYetDone, Refused) as error:
            self._answers.append(Answer(capture.capture_id, None, late=True, trouble=str(error)))

    def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
        """The answers that have come."""
        answers, self._answers = tuple(self._answers), deque()
        return answers
