"""Which picture of a track is handed in, and when. Pure: pictures and times in, decisions out."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Picture = TypeVar("Picture")


@dataclass(frozen=True, slots=True)
class Patience:
    """When a picture is good enough. Scores are those of quality.py (0 to 1)."""

    window_s: float = 0.6
    """How long to look for a better picture after the first good one."""
    excellent: float = 0.85
    """A picture like this is handed in at once."""
    good: float = 0.45
    """The first picture like this starts the window."""
    usable: float = 0.08
    """Who is not seen well is handed in like this after `longest_s`, or when they leave."""
    longest_s: float = 2.5
    clearly_better: float = 0.2
    """How much better a picture must be to ask again."""
    pause_s: float = 2.0
    """How long to wait after a question that was not answered."""
    most_asked: int = 3


@dataclass(frozen=True, slots=True)
class Shot(Generic[Picture]):
    """A picture of the track's face and its quality's score."""

    score: float
    picture: Picture


class BestShot(Generic[Picture]):
    """Chooses for one track. Call `wants`, then `offer` what it wants, then `due`, on every frame.

    A track is asked about again after an answer that could not tell (`answered(asks_more=True)`), with a
    clearly better picture, and after a question that was not answered (`unanswered`), with the best picture
    there is; never more than `Patience.most_asked` times.
    """

    def __init__(self, began_s: float, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._began_s = began_s  # the start, or the end of the last question that was not answered
        self._not_before_s = began_s
        self._best: Shot[Picture] | None = None
        self._good_since_s: float | None = None
        self._asked = 0
        self._last: Shot[Picture] | None = None  # what was asked about last
        self._is_void = False  # that question came to nothing
        self._waits = self._settled = False

    @property
    def settled(self) -> bool:
        """Nothing more will be asked about this track."""
        return self._settled

    @property
    def was_asked(self) -> bool:
        """Whether a picture was handed in, or tried to."""
        return self._asked > 0

    @property
    def score(self) -> float:
        """Of the best picture kept; 0 when there is none."""
        return self._best.score if self._best else 0.0

    def wants(self, score: float) -> bool:
        """Whether a picture of this score would be kept. A score of 0 is no picture of the face at all."""
        least = self._enough if self._has_asked else 0.0
        return not self._settled and score >= least and score > self.score

    def offer(self, score: float, picture: Picture, time_s: float) -> None:
        """Keep a picture that `wants` said yes to."""
        self._keep(Shot(score, picture), time_s)

    def due(self, time_s: float) -> Shot[Picture] | None:
        """The picture to hand in now, if it is time; the track then waits for an answer."""
        if self._best is None or self._waits or self._settled or time_s < self._not_before_s:
            return None
        excellent = self._best.score >= max(self._patience.excellent, self._enough)
        looked_s = 0.0 if self._good_since_s is None else time_s - self._good_since_s
        too_long = (
            not self._has_asked
            and self._best.score >= self._patience.usable
            and time_s - self._began_s >= self._patience.longest_s
        )
        if excellent or looked_s >= self._patience.window_s or too_long:
            return self._take()
        return None

    def leaving(self, *, as_they_are: bool) -> Shot[Picture] | None:
        """The picture to hand in now that the person has gone, if they were never asked about.

        `as_they_are`: however bad it is, because they were here for long enough.
        """
        least = 0.0 if as_they_are else self._patience.usable
        return self._take() if self._best and not self._asked and self._best.score >= least else None

    def answered(self, *, asks_more: bool) -> None:
        """The outcome of the last question is known; `asks_more` when a better picture could change it."""
        self._waits = self._is_void = False
        self._settled = not asks_more or self._asked >= self._patience.most_asked
        if self._best and self._best.score < self._enough:
            self._best = self._good_since_s = None

    def unanswered(self, time_s: float) -> None:
        """The last question came to nothing: it failed, or took too long. The picture may be used again."""
        self._waits, self._is_void = False, True
        self._settled = self._asked >= self._patience.most_asked
        self._began_s, self._not_before_s = time_s, time_s + self._patience.pause_s
        if self._last and self.wants(self._last.score):
            self._keep(self._last, time_s)

    @property
    def _has_asked(self) -> bool:
        """Whether what is known of the last picture bears on the next."""
        return self._last is not None and not self._is_void

    @property
    def _enough(self) -> float:
        asked = self._last.score + self._patience.clearly_better if self._last and self._has_asked else 0.0
        return max(self._patience.good, asked)

    def _keep(self, shot: Shot[Picture], time_s: float) -> None:
        self._best = shot
        if self._good_since_s is None and shot.score >= self._enough:
            self._good_since_s = time_s

    def _take(self) -> Shot[Picture] | None:
        self._last, self._best, self._good_since_s = self._best, None, None
        self._asked += 1
        self._waits, self._is_void = True, False
        return self._last
