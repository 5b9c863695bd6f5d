"""How often a threshold turns people away or lets the wrong ones in, from measured similarities. Pure.

The rates are those of an identification system (ISO/IEC 19795-1): each attempt is decided by the product's
own `Policy`, once with everybody enrolled and once with the visitor left out, as a stranger.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recognizeme.domain.model import Match, Outcome
from recognizeme.domain.policy import Policy

# The similarities where decisions are made lie close to 100, where the scale is dense.
THRESHOLDS_PCT = (80.0, 85.0, 90.0, 92.0, 94.0, 95.0, 96.0, 97.0, 98.0, 98.5, 99.0, 99.5, 99.8, 99.9)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One picture of a person and the faces it resembles; no matches at all when no face was found."""

    picture: str
    person_id: str
    matches: tuple[Match, ...]

    def as_stranger(self) -> "Attempt":
        """The same picture, had its person not been enrolled."""
        others = tuple(match for match in self.matches if match.person_id != self.person_id)
        return Attempt(self.picture, self.person_id, others)


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares (0-1) of attempts at one threshold.

    `turned_away`: enrolled people who were not recognized (false rejections). `mixed_up`: enrolled people
    taken for somebody else. `let_in`: strangers taken for somebody enrolled (false acceptances).
    """

    threshold_pct: float
    turned_away: float
    mixed_up: float
    let_in: float


def rates(attempts: Sequence[Attempt], threshold_pct: float, *, margin_pct: float) -> Rates:
    """The rates at one threshold; `attempts` are one at least."""
    policy = Policy(threshold_pct, margin_pct)
    known = [(attempt, policy.decide(attempt.matches)) for attempt in attempts]
    strangers = [policy.decide(attempt.as_stranger().matches) for attempt in attempts]
    return Rates(
        threshold_pct,
        turned_away=_share(decision.outcome is not Outcome.RECOGNIZED for _, decision in known),
        mixed_up=_share(
            decision.person_id is not None and decision.person_id != attempt.person_id
            for attempt, decision in known
        ),
        let_in=_share(decision.outcome is Outcome.RECOGNIZED for decision in strangers),
    )


def suggested(table: Sequence[Rates], *, most_let_in: float) -> Rates | None:
    """The row that turns fewest away among those that let few enough in; of equals, the nearest the default.

    A few photos cannot tell 90 from 99.5: what AWS recommends (`Policy`) then weighs more than chance.
    """
    safe = [row for row in table if row.let_in <= most_let_in and row.mixed_up <= most_let_in]
    default_pct = Policy().threshold_pct
    return min(safe, key=lambda row: (row.turned_away, abs(row.threshold_pct - default_pct)), default=None)


def upper_bound(strangers: int) -> float:
    """What the true rate may still be, with 95 % confidence, when none of so many attempts failed.

    The rule of three (Hanley and Lippman-Hand, 1983): 3/n.
    """
    return min(1.0, 3 / strangers)


def _share(hits: Iterable[bool]) -> float:
    every = list(hits)
    return sum(every) / len(every)
