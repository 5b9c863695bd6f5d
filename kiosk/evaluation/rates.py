"""How often a threshold turns people away or lets the wrong ones in.

The rates are those of an identification system (ISO/IEC 19795-1). Each picture is decided twice: among
everybody, and as a stranger's, with its own person left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kiosk.evaluation.intervals import Floats, Rate, columns_by_person
from kiosk.evaluation.trial import Probe, ahead

DEFAULT_THRESHOLD_PCT, DEFAULT_MARGIN_PCT = 99.0, 1.0
# The similarities where decisions are made lie close to 100, where the scale is dense.
THRESHOLDS_PCT = (80.0, 85.0, 90.0, 92.0, 94.0, 95.0, 96.0, 97.0, 98.0, 98.5, 99.0, 99.5, 99.8, 99.9)
_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """The rates at one threshold.

    `turned_away`: pictures of enrolled people that are not given their own name (false non-match; FNIR).
    `wrong_name`: those of them that are given another's. `stranger_named`: pictures whose person is left out
    and that are given a name all the same (false positive identification; FPIR).
    """

    threshold_pct: float
    turned_away: Rate
    wrong_name: Rate
    stranger_named: Rate


class Scores:
    """For each picture the highest threshold at which each thing still happens; -1 where it never does."""

    def __init__(self, probes: Sequence[Probe], margin_pct: float) -> None:
        mated = [(probe, own) for probe in probes if (own := probe.own)]
        named = [ahead((own, *probe.others[:2]), margin_pct) for probe, own in mated]
        self.owners = [probe.person_id for probe in probes]
        self.mated_owners = [probe.person_id for probe, _ in mated]
        pairs = list(zip(mated, named, strict=True))
        self.right = _array(n.similarity_pct if n and n is own else -1.0 for (_, own), n in pairs)
        self.wrong = _array(n.similarity_pct if n and n is not own else -1.0 for (_, own), n in pairs)
        strangers = [ahead(probe.others[:2], margin_pct) for probe in probes]
        self.stranger = _array(named.similarity_pct if named else -1.0 for named in strangers)
        self.nearest = _array(probe.others[0].similarity_pct if probe.others else -1.0 for probe in probes)

    def rows(self, thresholds_pct: Sequence[float]) -> list[Row]:
        """The rates at each threshold."""
        limits = np.array(thresholds_pct)
        missed, wrong = self.right[:, None] < limits, self.wrong[:, None] >= limits
        of_mates = columns_by_person(np.hstack([missed, wrong]), self.mated_owners)
        turned_away, wrong_name = of_mates[: len(limits)], of_mates[len(limits) :]
        named = columns_by_person(self.stranger[:, None] >= limits, self.owners)
        columns = zip(thresholds_pct, turned_away, wrong_name, named, strict=True)
        return [Row(*column) for column in columns]

    def any_match(self, threshold_pct: float) -> Rate:
        """How many strangers resemble anybody so much, whatever the margin: what a projection begins with."""
        (rate,) = columns_by_person((self.nearest >= threshold_pct)[:, None], self.owners)
        return rate

    def curve(self) -> list[tuple[float, float]]:
        """Detection error trade-off: (strangers named, enrolled turned away) over all thresholds."""
        if not len(self.right) or not len(self.stranger):
            return []
        limits = np.unique(np.concatenate([self.right, self.stranger, [0.0, 100.1]]))
        named = 1 - np.searchsorted(np.sort(self.stranger), limits, side="left") / len(self.stranger)
        missed = np.searchsorted(np.sort(self.right), limits, side="left") / len(self.right)
        points = list(dict.fromkeys(zip(named.tolist(), missed.tolist(), strict=True)))
        return [*points[: -1 : max(1, len(points) // _CURVE_POINTS)], points[-1]]


def suggested(rows: Sequence[Row], *, most_let_in: float) -> Row | None:
    """The row that turns fewest away among those that let few enough in; of equals, the nearest the default.

    A few photos cannot tell 90 from 99.5: what AWS recommends then weighs more than chance.
    """
    safe = [
        row for row in rows if row.stranger_named.share <= most_let_in and row.wrong_name.share <= most_let_in
    ]

    def price(row: Row) -> tuple[float, float]:
        return row.turned_away.share, abs(row.threshold_pct - DEFAULT_THRESHOLD_PCT)

    return min(safe, key=price, default=None)


@dataclass(frozen=True, slots=True)
class Projection:
    """The share of strangers who would resemble one of so many people enough, and its 95 % interval."""

    people: int
    share: float
    low: float
    high: float


def false_match_rate(false_positives: float, people: int) -> float:
    """FMR: how often one comparison of two people passes, from FPIR(N) = 1 - (1 - FMR)^N."""
    return 1.0 - float((1 - false_positives) ** (1 / max(people, 1)))


def projected(measured: Rate, *, among: int, people: int) -> Projection:
    """What was measured among some people, among others: FPIR(N) = 1 - (1 - FMR)^N, for each end too."""
    ends = (measured.share, measured.low, measured.high)
    return Projection(people, *(1 - (1 - false_match_rate(share, among)) ** people for share in ends))


def _array(values: Iterable[float]) -> Floats:
    return np.fromiter(values, np.float64)
