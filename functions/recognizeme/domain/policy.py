"""The decision: who, if anybody, a face search found. Pure; the same input always gives the same outcome."""

from collections.abc import Iterable
from dataclasses import dataclass

from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.model import Match, Outcome


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome, and the person it is about when there is one."""

    outcome: Outcome
    person_id: str | None = None
    similarity_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How sure we must be.

    `threshold_pct` (0-100): a person is recognized at this similarity or above; AWS's employee-entry
    example authenticates at 99. `margin_pct` (0-100): how far the best person must be ahead of the
    next one, or the outcome is `uncertain`.
    """

    threshold_pct: float = 99.0
    margin_pct: float = 1.0

    def __post_init__(self) -> None:
        """Raise `Misconfigured` for numbers that are no percentages."""
        if not 0 <= self.threshold_pct <= 100 or not 0 <= self.margin_pct <= 100:
            raise Misconfigured("the similarity threshold and margin must lie between 0 and 100 percent")

    @property
    def floor_pct(self) -> float:
        """The least similarity worth asking for: what may be a runner-up, and Rekognition's usual 80."""
        return max(0.0, min(80.0, self.threshold_pct - self.margin_pct))

    def decide(self, matches: Iterable[Match]) -> Decision:
        """Group matches by person and decide between recognized, unknown and uncertain."""
        best_of: dict[str, float] = {}
        for match in matches:
            best_of[match.person_id] = max(match.similarity_pct, best_of.get(match.person_id, 0.0))
        ranking = sorted(best_of.items(), key=lambda item: (-item[1], item[0]))
        if not ranking:
            return Decision(Outcome.UNKNOWN)
        person_id, similarity_pct = ranking[0]
        if similarity_pct < self.threshold_pct:
            return Decision(Outcome.UNKNOWN, similarity_pct=similarity_pct)
        if len(ranking) > 1 and similarity_pct - ranking[1][1] < self.margin_pct:
            return Decision(Outcome.UNCERTAIN, similarity_pct=similarity_pct)
        return Decision(Outcome.RECOGNIZED, person_id, similarity_pct)
