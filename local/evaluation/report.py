"""What `evaluate` shows: a table by threshold, a suggestion, the nearest mix-ups, a plot."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from local.evaluation.error_rates import Attempt, Rates, upper_bound
from local.evaluation.evaluate import Trial

_NEAREST = 5
_ENOUGH = 30


def rows(trial: Trial, table: Sequence[Rates], best: Rates | None) -> list[dict[str, Any]]:
    """The same for programs, one object a line."""
    return [
        *({"event": "left_out", "picture": str(path), "reason": why} for path, why in trial.left_out.items()),
        *({"event": "rates", **asdict(row)} for row in table),
        {
            "event": "summary",
            "people": trial.people,
            "attempts": len(trial.attempts),
            "suggested_threshold_pct": best.threshold_pct if best else None,
            "let_in_at_most": upper_bound(len(trial.attempts)) if best and not best.let_in else None,
        },
    ]


def show(console: Console, trial: Trial, table: Sequence[Rates], best: Rates | None) -> None:
    """Tell a person."""
    for path, why in trial.left_out.items():
        console.print(f"left out: {path}: {why}", markup=False)
    attempts = len(trial.attempts)
    console.print(f"{trial.people} people enrolled with one photo each, {attempts} other photos tried")
    console.print(_table(table, best))
    for attempt in nearest_strangers(trial.attempts):
        match = max(attempt.as_stranger().matches, key=lambda match: match.similarity_pct)
        text = f"nearest mix-up: {attempt.picture} is {match.similarity_pct:.2f} % like {match.person_id}"
        console.print(text, markup=False)
    if best is None:
        console.print("No threshold keeps strangers out. Enroll better photos: frontal, sharp, well lit.")
        return
    console.print(f"suggested: RECOGNIZEME_THRESHOLD_PCT={best.threshold_pct:g}")
    if attempts < _ENOUGH:
        console.print(f"{attempts} photos are too few to rely on this; try {_ENOUGH} or more")
    elif not best.let_in:
        bound = f"{upper_bound(attempts):.1%}"
        console.print(f"(none of {attempts} strangers was let in: with 95 % confidence, under {bound} are)")


def nearest_strangers(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The attempts that resemble somebody else most, the nearest first."""

    def similarity(attempt: Attempt) -> float:
        return max((match.similarity_pct for match in attempt.as_stranger().matches), default=0.0)

    return sorted((a for a in attempts if similarity(a) > 0), key=similarity, reverse=True)[:_NEAREST]


def plot(table: Sequence[Rates], best: Rates | None, to: Path) -> None:
    """Draw both error rates over the threshold as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    places = range(len(table))  # evenly: on a true scale everything of interest is at the right edge
    axes.plot(places, [100 * row.turned_away for row in table], marker="o", label="enrolled, turned away")
    axes.plot(places, [100 * row.let_in for row in table], marker="s", label="strangers, let in")
    if best:
        axes.axvline(list(table).index(best), linestyle=":", color="grey", label="suggested")
    axes.set_xticks(places, [f"{row.threshold_pct:g}" for row in table])
    axes.set(xlabel="threshold (similarity, %)", ylabel="share of attempts (%)", ylim=(-3, 103))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(to, format="png", dpi=120)


def _table(table: Sequence[Rates], best: Rates | None) -> Table:
    shown = Table(box=SIMPLE_HEAD)
    for heading in ("threshold", "turned away", "mixed up", "strangers let in"):
        shown.add_column(heading, justify="right")
    for row in table:
        shares = (f"{share:.1%}" for share in (row.turned_away, row.mixed_up, row.let_in))
        shown.add_row(f"{row.threshold_pct:g}", *shares, style="bold" if row is best else None)
    return shown
