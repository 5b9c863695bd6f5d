"""The decision: who, if anybody, a face search found. Pure; the same input always gives the same outcome."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.model import Candidate, DecisionRecord, FaceSearch, Match, Outcome

# How many people a sighting keeps of those whom the decision considered.
MOST_CANDIDATES = 5

NOT_ACTIVE = "the face is that of somebody who is not to be recognized any more"
_NOBODY: Set[str] = frozenset()


class MatchBy(StrEnum):
    """What a face is compared with: every face enrolled, or one vector a person, made of theirs."""

    FACES = "faces"
    USERS = "users"


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome, the person it is about when there is one, and what the outcome alone does not say."""

    outcome: Outcome
    person_id: str | None = None
    similarity_pct: float | None = None
    reason: str | None = None


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

    def decide(self, matches: Iterable[Match], *, inactive: Set[str] = _NOBODY) -> Decision:
        """Decide between recognized, unknown and uncertain.

        Whoever is `inactive` is never recognized, and makes nobody uncertain who is more similar; but a face
        that is most similar to theirs is not taken for somebody else's (ADR 20).
        """
        nearest_first = sorted(
            candidates(matches), key=lambda each: (-each.similarity_pct, each.person_id in inactive)
        )
        best, *others = [*nearest_first, None]
        if best is None:
            return Decision(Outcome.UNKNOWN)
        if best.similarity_pct < self.threshold_pct:
            return Decision(Outcome.UNKNOWN, similarity_pct=best.similarity_pct)
        runner_up = next((other for other in others if other and other.person_id not in inactive), None)
        if runner_up and best.similarity_pct - runner_up.similarity_pct < self.margin_pct:
            return Decision(Outcome.UNCERTAIN, similarity_pct=best.similarity_pct)
        if best.person_id in inactive:
            return Decision(Outcome.UNKNOWN, similarity_pct=best.similarity_pct, reason=NOT_ACTIVE)
        return Decision(Outcome.RECOGNIZED, best.person_id, best.similarity_pct)

    def record(
        self,
        matches: Iterable[Match],
        search: FaceSearch,
        counters: Mapping[str, float] = MappingProxyType({}),
    ) -> DecisionRecord:
        """What the decision saw in these matches of a search; `counters` as for `without_mistakes`."""
        return DecisionRecord(
            self.threshold_pct,
            self.margin_pct,
            tuple(
                Candidate(match.person_id, match.similarity_pct, counters.get(match.person_id))
                for match in candidates(matches)[:MOST_CANDIDATES]
            ),
            search.gallery_size,
            search.model_version,
        )


def candidates(matches: Iterable[Match]) -> list[Match]:
    """The best match of each person, the best person first."""
    best_of: dict[str, Match] = {}
    for match in matches:
        known = best_of.get(match.person_id)
        if known is None or match.similarity_pct > known.similarity_pct:
            best_of[match.person_id] = match
    return sorted(best_of.values(), key=lambda match: (-match.similarity_pct, match.person_id))
