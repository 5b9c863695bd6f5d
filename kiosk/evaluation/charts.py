"""The charts of a report: how alike pictures are, what each threshold costs, and the trade-off (DET)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log, log10

from kiosk.evaluation.drawing import Area, Drawing, Ink, Line, Mark, Point, Text
from kiosk.evaluation.intervals import Rate
from kiosk.evaluation.report import Report

_WIDTH, _HEIGHT = 440, 290  # so narrow that its text can be read on a phone
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 22, 66, 42
_TOPS = (0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
_PCT_TICKS = (0.1, 1, 10, 50, 80, 95, 99, 99.9, 99.99)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plotting area: fractions (0-1) right and upwards become pixels."""

    left: float = _LEFT
    right: float = _WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = _HEIGHT - _BOTTOM

    def at(self, x: float, y: float) -> Point:
        return self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top)


_FRAME = _Frame()


def charts(report: Report) -> list[Drawing]:
    """Those that there is something to draw for."""
    drawn = [likeness_chart(report), threshold_chart(report)]
    return [*drawn, trade_off_chart(report)] if report.curve else drawn


def likeness_chart(report: Report) -> Drawing:
    """Histograms of the similarity to one's own other pictures, and to the nearest of somebody else's."""
    seen = report.histogram
    span = seen.highest - seen.lowest
    most = max([*seen.own, *seen.nearest, 1])
    marks: list[Mark] = [*_title("How alike pictures are")]
    ticks = [((log(pct / (100 - pct)) - seen.lowest) / span, f"{pct:g}") for pct in _PCT_TICKS if span]
    marks += _axes(
        [(x, text) for x, text in ticks if 0 <= x <= 1], [(0, "0"), (1, f"{most}")], "similarity, %"
    )
    bars: tuple[tuple[Sequence[int], Ink, Ink], ...] = (
        (seen.nearest, "stranger-area", "stranger"),
        (seen.own, "own-area", "own"),
    )
    for counts, area, _ in bars:
        outline = _steps(counts, most)
        if any(counts):
            marks += [Area((_FRAME.at(0, 0), *outline, _FRAME.at(1, 0)), area)]
    for counts, _, line in bars:
        if any(counts):
            marks += [Line(tuple(_steps(counts, most)), line, 1.5)]
    if span:
        pct = report.present.threshold_pct
        share = min(max(pct / 100, 1e-4), 1 - 1e-5)
        x = (log(share / (1 - share)) - seen.lowest) / span
        marks += _upright(x, f"threshold {pct:g}") if 0 <= x <= 1 else []
    marks += _legend((("own", "with the same person"), ("stranger", "with the nearest other person")))
    return Drawing(_WIDTH, _HEIGHT, "How alike pictures are, of one person and of two", tuple(marks))


def threshold_chart(report: Report) -> Drawing:
    """Both error rates over the threshold, with their intervals."""
    rows = report.rows
    most = max([rate.high for row in rows for rate in (row.turned_away, row.stranger_named)])
    most = next(top for top in _TOPS if top >= most - 1e-9)
    places = [index / (len(rows) - 1) for index in range(len(rows))]
    marks: list[Mark] = [*_title("What each threshold costs")]
    marks += _axes(
        [(place, f"{row.threshold_pct:g}") for place, row in zip(places, rows, strict=True)],
        [(tick / 4, f"{25 * most * tick:g} %") for tick in range(5)],
        "threshold (similarity, %); pale: 95 % intervals",
    )
    lines: tuple[tuple[Ink, Ink, list[Rate]], ...] = (
        ("stranger-area", "stranger", [row.stranger_named for row in rows]),
        ("own-area", "own", [row.turned_away for row in rows]),
    )
    for area, _, rates in lines:
        upper = [_FRAME.at(x, min(rate.high / most, 1)) for x, rate in zip(places, rates, strict=True)]
        lower = [_FRAME.at(x, rate.low / most) for x, rate in zip(places, rates, strict=True)]
        marks.append(Area((*upper, *reversed(lower)), area))
    for _, line, rates in lines:
        upper = [_FRAME.at(x, min(rate.high / most, 1)) for x, rate in zip(places, rates, strict=True)]
        marks.append(Line(tuple(upper), line, 1, is_dashed=True))
        points = tuple(_FRAME.at(x, rate.share / most) for x, rate in zip(places, rates, strict=True))
        marks.append(Line(points, line, 2.5))
    marked = {report.present.threshold_pct: "present"}
    if report.suggested:
        pct = report.suggested.threshold_pct
        marked[pct] = "present and suggested" if pct in marked else "suggested"
    for place, row in zip(places, rows, strict=True):
        if row.threshold_pct in marked:
            marks += _upright(place, marked[row.threshold_pct])
    marks += _legend((("own", "enrolled, turned away"), ("stranger", "strangers given a name")))
    return Drawing(_WIDTH, _HEIGHT, "Share of errors at each threshold", tuple(marks))


def trade_off_chart(report: Report) -> Drawing:
    """Detection error trade-off on logarithmic axes; what never happened is drawn at the axis."""
    named, missed = report.corrected.stranger_named.trials, report.corrected.turned_away.trials
    lowest_x, lowest_y = _decade(named), _decade(missed)
    marks: list[Mark] = [*_title("The trade-off between the two errors (DET)")]
    marks += _axes(_decades(lowest_x), _decades(lowest_y), "strangers given a name", "turned away")
    points: list[Point] = []
    for share_named, share_missed in report.curve:
        point = _FRAME.at(_place(share_named, lowest_x), _place(share_missed, lowest_y))
        if points and points[-1][0] != point[0]:
            points.append((points[-1][0], point[1]))
        points.append(point)
    marks.append(Line(tuple(points), "own", 2.5))
    present = report.corrected
    x = _place(present.stranger_named.share, lowest_x)
    y = _place(present.turned_away.share, lowest_y)
    (left, bottom), size = _FRAME.at(x, y), 5.0
    diamond = ((left - size, bottom), (left, bottom - size), (left + size, bottom), (left, bottom + size))
    marks.append(Area(diamond, "ink"))
    marks.append(
        Text((left + 10, bottom - 8), f"present: {present.threshold_pct:g}", ink="ink")
        if x < 0.6
        else Text((left - 10, bottom - 8), f"present: {present.threshold_pct:g}", "end", "ink")
    )
    return Drawing(_WIDTH, _HEIGHT, "Detection error trade-off", tuple(marks))


def _title(text: str) -> Iterable[Mark]:
    yield Text((8, 18), text, ink="ink", size=15, is_bold=True)


def _legend(entries: Sequence[tuple[Ink, str]]) -> Iterable[Mark]:
    x = 8.0
    for ink, text in entries:
        yield Line(((x, 36), (x + 16, 36)), ink, 3)
        yield Text((x + 21, 40), text, ink="ink")
        x += 36 + 6.2 * len(text)


def _axes(
    across: Sequence[tuple[float, str]],
    up: Sequence[tuple[float, str]],
    across_label: str,
    up_label: str = "",
) -> Iterable[Mark]:
    for y, text in up:
        yield Line((_FRAME.at(0, y), _FRAME.at(1, y)), "grid", 1)
        left, bottom = _FRAME.at(0, y)
        yield Text((left - 5, bottom + 4), text, "end", size=10.5)
    for x, text in across:
        left, bottom = _FRAME.at(x, 0)
        yield Line(((left, bottom), (left, bottom + 4)), "faint", 1)
        yield Text((left, bottom + 16), text, "middle", size=10.5)
    yield Line((_FRAME.at(0, 0), _FRAME.at(1, 0)), "faint", 1)
    yield Text((_WIDTH - _RIGHT, _HEIGHT - 8), across_label, "end", size=11)
    if up_label:
        yield Text((8, 40), up_label)


def _upright(x: float, text: str) -> list[Mark]:
    (left, top), bottom = _FRAME.at(x, 1), _FRAME.at(x, 0)
    label = Text((left - 5, top - 6), text, "end") if x > 0.5 else Text((left + 5, top - 6), text)
    return [Line(((left, top - 14), bottom), "mark", 1.2, is_dashed=True), label]


def _steps(counts: Sequence[int], most: int) -> list[Point]:
    width = 1 / len(counts)
    return [
        _FRAME.at((index + end) * width, count / most) for index, count in enumerate(counts) for end in (0, 1)
    ]


def _decade(trials: int) -> int:
    """The exponent below what so many trials can show."""
    return -(floor(log10(max(trials, 1))) + 1)


def _decades(lowest: int) -> list[tuple[float, str]]:
    none = [(0.0, "none")]
    return none + [
        (1 - exponent / lowest, f"{10.0 ** (exponent + 2):g} %") for exponent in range(lowest + 1, 1)
    ]


def _place(share: float, lowest: int) -> float:
    return 0.0 if share <= 0 else max(0.0, 1 - log10(share) / lowest)
