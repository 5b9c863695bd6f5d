"""Rates in words that somebody without statistics can act on."""

from math import floor, log10

from kiosk.evaluation.intervals import Rate


def share_in_words(share: float) -> str:
    """`3 in 100`, `1 in 2,000`."""
    if share <= 0:
        return "none"
    if share >= 0.0095:
        return "all" if share >= 0.995 else f"{round(share * 100)} in 100"
    return f"1 in {_two_digits(1 / share):,}"


def at_most_in_words(share: float) -> str:
    """`1 in 20`, for the upper end of an interval: never less than it is."""
    if share >= 0.3:
        return f"{min(100, -int(-share * 100 // 1))} in 100"
    return f"1 in {max(1, floor(1 / share)):,}" if share > 0 else "none"


def rate_in_words(rate: Rate) -> str:
    """`3 in 100 (95 %: 1 to 7 in 100)`, `none of 60 (95 %: 1 in 20 at most)`."""
    if not rate.trials:
        return "not measured"
    sure = f"95 %: {at_most_in_words(rate.high)} at most"
    if not rate.hits:
        return f"none of {rate.trials:,} ({sure})"
    return f"{share_in_words(rate.share)} ({sure})"


def percent(share: float) -> str:
    """A share as a percentage with as many digits as it deserves."""
    pct = 100 * share
    return f"{pct:.0f} %" if pct >= 10 else f"{pct:.2g} %"


def span(low: float, high: float) -> str:
    """An interval of shares: `2.2 to 14 %`."""
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def _two_digits(number: float) -> int:
    unit: int = 10 ** max(0, floor(log10(number)) - 1)
    return round(number / unit) * unit
