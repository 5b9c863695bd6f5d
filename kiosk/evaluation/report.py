"""The whole answer to "does it work?": rates, what to look at, doors, drift, and what was not tested."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from statistics import median
from types import MappingProxyType
from typing import Any, Self

from kiosk.client.bidi import isolated
from kiosk.evaluation import findings
from kiosk.evaluation.field import Field
from kiosk.evaluation.intervals import Rate, by_person
from kiosk.evaluation.rates import (
    THRESHOLDS_PCT,
    Projection,
    Row,
    Scores,
    false_match_rate,
    projected,
    suggested,
)
from kiosk.evaluation.trial import Probe, Trial, Unusable
from kiosk.evaluation.words import share_in_words

FORMAT = 1
ALWAYS_UNTESTED = (
    "pictures of faces, screens and masks held up to the camera",
    "faces that change: age, beards, glasses, illness",
    "strangers from outside: here each enrolled person plays the stranger, left out of the rest",
)
_GALLERIES = (100, 1_000, 10_000)
_ENOUGH_PEOPLE = 30
_BINS = 40
_COMPARED = ("turned_away", "wrong_name", "stranger_named")


class UnreadableReport(ValueError):
    """What was handed in as the last report is none that this version reads."""


@dataclass(frozen=True, slots=True)
class LastReport:
    """What of an earlier report is compared with a later one."""

    made_at: str
    rates: Mapping[str, Rate]

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Read the JSON of a report. Raises `UnreadableReport`."""
        try:
            rates = {name: Rate(**content["present"][name]) for name in _COMPARED}
            return cls(str(content["made_at"]), rates | {"acquire": Rate(**content["acquire"])})
        except (KeyError, TypeError) as error:
            raise UnreadableReport("it is no report of an evaluation") from error


@dataclass(frozen=True, slots=True)
class Change:
    """A rate then and now; `is_clear` when neither lies in the other's 95 % interval."""

    what: str
    before: float
    now: float
    is_clear: bool


@dataclass(frozen=True, slots=True)
class OwnPolicy:
    """What the threshold and margin that a kiosk has of its own would come to."""

    kiosk_id: str
    margin_pct: float
    row: Row


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many pictures lie in each equal step of logit similarity: of `own` people, and of the `nearest`."""

    lowest: float
    highest: float
    own: tuple[int, ...]
    nearest: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation. Shares are 0-1, similarities 0-100; `names` are those of whoever is mentioned.

    `present` and `turned_away_most` are as it is now; the rest, from `rows` on, leaves out the pictures that
    are `misfiled`: what is true once they are corrected.
    """

    format: int
    made_at: str
    source: str
    people: int
    pictures: int
    alone: int
    margin_pct: float
    present: Row
    turned_away_most: tuple[findings.TurnedAway, ...]
    misfiled: tuple[findings.Misfiled, ...]
    remedy: str
    rows: tuple[Row, ...]
    suggested: Row | None
    own_policies: tuple[OwnPolicy, ...]
    false_match_rate: float
    projections: tuple[Projection, ...]
    curve: tuple[tuple[float, float], ...]
    histogram: Histogram
    own_median_pct: float | None
    highest_strangers: tuple[findings.Pair, ...]
    closest_pairs: tuple[findings.Pair, ...]
    acquire: Rate
    unusable: tuple[Unusable, ...]
    field: Field | None
    changes: tuple[Change, ...] | None
    compared_with: str | None
    not_tested: tuple[str, ...]
    names: Mapping[str, str]

    @property
    def corrected(self) -> Row:
        """The rates at the present threshold without the pictures under a wrong name."""
        return next(row for row in self.rows if row.threshold_pct == self.present.threshold_pct)

    def name(self, person_id: str | None) -> str:
        """A person's name, or the id of somebody who has gone."""
        return "nobody enrolled" if person_id is None else isolated(self.names.get(person_id, person_id))

    def to_json(self) -> dict[str, Any]:
        """The report for programs, and for the next report to be compared with."""
        return asdict(self)


def make_report(
    trial: Trial,
    *,
    threshold_pct: float,
    margin_pct: float,
    made_at: str,
    most_let_in: float = 0.0,
    galleries: Sequence[int] = (),
    own_policies: Mapping[str, tuple[float, float]] = MappingProxyType({}),
    field: Field | None = None,
    last: LastReport | None = None,
) -> Report:
    """Evaluate. `galleries` are numbers of people to project to; `own_policies` threshold and margin of the
    kiosks that have their own; `last` is compared with."""
    (present,) = Scores(trial.probes, margin_pct).rows([threshold_pct])
    wrong = findings.misfiled(trial.probes, threshold_pct)
    probes = findings.without(trial.probes, wrong)
    scores = Scores(probes, margin_pct)
    rows = scores.rows(sorted({*THRESHOLDS_PCT, threshold_pct}))
    others = max(len(trial.people) - 1, 1)
    matches = scores.any_match(threshold_pct)
    turned_away = findings.turned_away_most(trial.probes, threshold_pct, margin_pct)
    strangers = findings.highest_strangers(probes)
    pairs = findings.closest_pairs(probes)
    corrected = field.corrected if field else ()
    mentioned = {
        *(id for each in wrong for id in (each.person_id, each.really.person_id)),
        *(id for pair in (*strangers, *pairs) for id in (pair.person_id, pair.other.person_id)),
        *(each.person_id for each in turned_away),
        *(each.rival.person_id for each in turned_away if each.rival),
        *(each.person_id for each in trial.unusable),
        *(id for each in corrected for id in (each.said, each.really) if id),
    }
    failed = [each.person_id for each in trial.unusable if not each.is_copy]
    usable = [probe.person_id for probe in trial.probes]
    acquire = by_person([False] * len(usable) + [True] * len(failed), [*usable, *failed])
    return Report(
        format=FORMAT,
        made_at=made_at,
        source=trial.source,
        people=len(trial.people),
        pictures=len(trial.probes),
        alone=len({probe.person_id for probe in trial.probes if probe.own is None}),
        margin_pct=margin_pct,
        present=present,
        turned_away_most=tuple(turned_away),
        misfiled=tuple(wrong),
        remedy=trial.remedy,
        rows=tuple(rows),
        suggested=suggested(rows, most_let_in=most_let_in),
        own_policies=tuple(
            OwnPolicy(kiosk_id, margin, *Scores(probes, margin).rows([threshold]))
            for kiosk_id, (threshold, margin) in sorted(own_policies.items())
        ),
        false_match_rate=false_match_rate(matches.share, others),
        projections=tuple(
            projected(matches, among=others, people=people)
            for people in sorted({len(trial.people), *galleries, *_GALLERIES})
        ),
        curve=tuple(scores.curve()),
        histogram=_histogram(probes),
        own_median_pct=median(own) if (own := _own(probes)) else None,
        highest_strangers=tuple(strangers),
        closest_pairs=tuple(pairs),
        acquire=acquire,
        unusable=trial.unusable,
        field=field,
        changes=None if last is None else tuple(_changes(last.rates, present, acquire)),
        compared_with=None if last is None else last.made_at,
        not_tested=tuple(_not_tested(trial, field)),
        names={person_id: trial.people[person_id] for person_id in mentioned if person_id in trial.people},
    )


def price(row: Row) -> str:
    """What a threshold costs, in words: `3 in 100 are asked twice, 1 stranger in 2,000 gets a name`."""
    return f"{_asked(row.turned_away)}, {_named(row.stranger_named)}"


def _asked(rate: Rate) -> str:
    if not rate.hits:
        return "nobody is asked twice"
    share = share_in_words(rate.share)
    return f"{share} {'is' if share.startswith('1 ') else 'are'} asked twice"


def _named(rate: Rate) -> str:
    if not rate.hits:
        return "no stranger gets a name"
    number, _, among = share_in_words(rate.share).partition(" in ")
    if not among:
        return "all strangers get a name"
    return (
        f"1 stranger in {among} gets a name" if number == "1" else f"{number} strangers in {among} get a name"
    )


def _own(probes: Sequence[Probe]) -> list[float]:
    return [probe.own.similarity_pct for probe in probes if probe.own]


def _histogram(probes: Sequence[Probe]) -> Histogram:
    own = [_logit(pct) for pct in _own(probes)]
    nearest = [_logit(probe.others[0].similarity_pct) for probe in probes if probe.others]
    lowest, highest = min([*own, *nearest], default=0.0), max([*own, *nearest], default=0.0)
    step = (highest - lowest) / _BINS or 1.0

    def counts(values: Sequence[float]) -> tuple[int, ...]:
        bins = [0] * _BINS
        for value in values:
            bins[min(int((value - lowest) / step), _BINS - 1)] += 1
        return tuple(bins)

    return Histogram(lowest, lowest + step * _BINS, counts(own), counts(nearest))


def _logit(pct: float) -> float:
    share = min(max(pct / 100, 1e-4), 1 - 1e-5)
    return log(share / (1 - share))


def _not_tested(trial: Trial, field: Field | None) -> list[str]:
    untested = list(trial.conditions)
    alone = {probe.person_id for probe in trial.probes if probe.own is None}
    if alone:
        whose = "somebody" if len(alone) == 1 else f"{len(alone)} people"
        untested.append(f"whether {whose} with one usable picture would be turned away: it has no other")
    if len(trial.people) < _ENOUGH_PEOPLE:
        untested.append(
            f"what is rare: {len(trial.people)} people are few, and the intervals wide; try {_ENOUGH_PEOPLE}"
        )
    if field is None:
        untested.append("the doors: their light, distance and cameras")
    else:
        if not any(door.is_night for door in field.doors):
            untested.append(f"the night: no door saw anybody outside {field.day}")
        if not field.corrected:
            untested.append("mistakes at the doors: nobody corrected a visit")
    return [*untested, *ALWAYS_UNTESTED]


def _changes(before: Mapping[str, Rate], present: Row, acquire: Rate) -> list[Change]:
    now = {name: getattr(present, name) for name in _COMPARED} | {"acquire": acquire}
    return [
        Change(what, before[what].share, rate.share, _is_clear(before[what], rate))
        for what, rate in now.items()
        if before[what].trials and rate.trials
    ]


def _is_clear(one: Rate, other: Rate) -> bool:
    return not (one.low <= other.share <= one.high or other.low <= one.share <= other.high)
