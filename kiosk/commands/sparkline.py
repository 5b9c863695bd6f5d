"""Sparklines and bars of characters, for a terminal in UTF-8 or in ASCII."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_LEVELS = {True: " ▁▂▃▄▅▆▇█", False: " _.-:=+*#"}
_SHADES = {True: ("█", "▒", "░"), False: ("#", "?", ".")}


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws with block characters, or with plain ones."""

    has_blocks: bool

    @classmethod
    def for_encoding(cls, encoding: str | None) -> "Pen":
        """One that draws only what this encoding can write."""
        try:
            "".join((_LEVELS[True], *_SHADES[True])).encode(encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return cls(has_blocks=False)
        return cls(has_blocks=True)

    @property
    def shades(self) -> tuple[str, str, str]:
        """The fills of a bar's parts, in their order."""
        return _SHADES[self.has_blocks]

    def sparkline(self, values: Sequence[float], *, width: int) -> str:
        """A character a value, higher for more, blank for nothing; where they do not fit, some share one."""
        if len(values) > width:
            cuts = [round(place * len(values) / width) for place in range(width + 1)]
            values = [max(values[begin:end]) for begin, end in pairwise(cuts)]
        levels = _LEVELS[self.has_blocks]
        most = max(values, default=0)
        # Half a level is none: whatever is more than nothing is seen.
        return "".join(
            levels[max(1, round(value / most * (len(levels) - 1)))] if value > 0 else " " for value in values
        )

    def bar(self, parts: Sequence[float], *, most: float, width: int) -> str:
        """A bar of the parts one after another, as long as `width` for `most`; something is never blank."""
        whole = sum(parts)
        if whole <= 0 or most <= 0:
            return ""
        length = max(1, round(min(whole / most, 1) * width))
        ends = [round(sum(parts[: place + 1]) / whole * length) for place in range(len(parts))]
        return "".join(
            shade * (end - begin)
            for shade, (begin, end) in zip(self.shades, pairwise([0, *ends]), strict=True)
        )
