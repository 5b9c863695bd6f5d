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
    """Who is never seen well is handed in like this: when they leave, or after `longest_s`."""
    longest_s: float = 2.5
    clearly_better: float = 0.2
    """How much better a picture must be to ask again."""
    most_asked: int = 3


@dataclass(frozen=True, slots=True)
class Shot(Generic[Picture]):
    """A picture of the track's face and its quality's score."""

    score: float
    picture: Picture


class BestShot(Generic[Picture]):
    """Chooses for one track. Call `wants`, then `offer` what it wants, then `due`, on every frame.

    A track is asked about again only after an answer that could not tell (`answered(asks_more=True)`), with a
    clearly better picture, and never more than `Patience.most_asked` times.
    """

    def __init__(self, began_s: float, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._began_s = began_s
        self._best: Shot[Picture] | None = None
        self._good_since_s: float | None = None
        self._asked = 0
        self._asked_score = 0.0
        self._waits = self._settled = False

    @property
    def settled(self) -> bool:
        """Nothing more will be asked about this track."""
        return self._settled

    def wants(self, score: float) -> bool:
        """Whether a picture of this score would be kept."""
        return not self._settled and score >= self._least and (self._best is None or score > self._best.score)

    def offer(self, score: float, picture: Picture, time_s: float) -> None:
        """Keep a picture that `wants` said yes to."""
        self._best = Shot(score, picture)
        if self._good_since_s is None and score >= self._enough:
            self._good_since_s = time_s

    def due(self, time_s: float) -> Shot[Picture] | None:
        """The picture to hand in now, if it is time; the track then waits for `answered`."""
        if self._best is None or self._waits or self._settled:
            return None
        excellent = self._best.score >= max(self._patience.excellent, self._enough)
        looked_s = 0.0 if self._good_since_s is None else time_s - self._good_since_s
        too_long = self._asked == 0 and time_s - self._began_s >= self._patience.longest_s
        if excellent or looked_s >= self._patience.window_s or too_long:
            return self._take()
        return None

    def leaving(self) -> Shot[Picture] | None:
        """The picture to hand in now that the person has gone, if they were never asked about."""
        return self._take() if self._best and self._asked == 0 else None

    def answered(self, *, asks_more: bool) -> None:
        """The outcome of the last one is known; `asks_more` when a better picture could change it."""
        self._waits = False
        self._settled = not asks_more or self._asked >= self._patience.most_asked

    @property
    def _enough(self) -> float:
        better = self._asked_score + self._patience.clearly_better if self._asked else 0.0
        return max(self._patience.good, better)

    @property
    def _least(self) -> float:
        return self._enough if self._asked else self._patience.usable

    def _take(self) -> Shot[Picture] | None:
        taken, self._best, self._good_since_s = self._best, None, None
        if taken:
            self._asked += 1
            self._asked_score = taken.score
            self._waits = True
        return taken
