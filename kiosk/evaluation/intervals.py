"""Rates with 95 % intervals by person: pictures of one person are not independent of each other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_REPLICATES, _AT_ONCE = 2000, 100


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `trials` with so many `people`: the share (0-1) and the ends of its 95 % interval."""

    hits: int
    trials: int
    people: int
    share: float
    low: float
    high: float


UNMEASURED = Rate(0, 0, 0, 0.0, 0.0, 1.0)


def by_person(hits: Iterable[bool], owners: Sequence[object]) -> Rate:
    """The rate of hits, where `owners` says whose each trial was."""
    (rate,) = columns_by_person(np.array([list(hits)], bool).T, owners)
    return rate


def columns_by_person(hits: npt.NDArray[np.bool_], owners: Sequence[object]) -> list[Rate]:
    """A rate for each column of trials x columns; all have the same trials.

    The interval draws people with replacement (cluster bootstrap, percentiles). That knows nothing of errors
    which never occurred, so it reaches to where none of so many people would still be likely, 1 - 0.05^(1/n):
    the rule of three (Hanley and Lippman-Hand, 1983) with people for trials.
    """
    if not len(owners):
        return [UNMEASURED] * hits.shape[1]
    _, person = np.unique(np.array([str(owner) for owner in owners]), return_inverse=True)
    people = int(person.max()) + 1
    tried = np.bincount(person).astype(float)
    hit = np.stack([np.bincount(person, column, minlength=people) for column in hits.T.astype(float)])
    shares = hit.sum(1) / tried.sum()
    drawn = np.stack([(hit @ weights) / (tried @ weights) for weights in draws(people)])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    at_most = 1 - 0.05 ** (1 / people)
    return [
        Rate(
            hits=int(hit[column].sum()),
            trials=len(owners),
            people=people,
            share=float(share),
            low=float(min(low[column], share, 1 - at_most)),
            high=float(max(high[column], share, at_most)),
        )
        for column, share in enumerate(shares)
    ]


def draws(people: int, *, replicates: int = _REPLICATES) -> Iterator[Floats]:
    """How often each person is drawn, in each of so many draws of as many people with replacement."""
    random = np.random.default_rng(0)  # the same report for the same pictures
    for begun in range(0, replicates, _AT_ONCE):
        size = min(_AT_ONCE, replicates - begun)
        yield from random.multinomial(people, np.full(people, 1 / people), size).astype(float)
