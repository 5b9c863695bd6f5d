"""A drawing of lines, areas and texts that can be written as SVG and as PNG: one layout, two renderers."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Ink = Literal["ink", "faint", "grid", "own", "stranger", "mark", "own-area", "stranger-area"]

COLOURS: dict[str, str] = {
    "ink": "#1d2733",
    "faint": "#5b6b7b",
    "grid": "#dfe5ea",
    "own": "#0b6bcb",
    "stranger": "#c2410c",
    "mark": "#475569",
    "own-area": "#cfe3f7",
    "stranger-area": "#fbdcc9",
}
_ENLARGED = 2  # the PNG is twice the size of the SVG, for sharp print


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline."""

    points: tuple[Point, ...]
    ink: Ink
    width: float = 2.0
    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon."""

    points: tuple[Point, ...]
    ink: Ink


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `at` is its baseline's start, middle or end."""

    at: Point
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    ink: Ink = "faint"
    size: float = 12.0
    is_bold: bool = False


Mark = Line | Area | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks in the order they are painted, on a sheet of so many pixels; `label` says what it shows."""

    width: int
    height: int
    label: str
    marks: tuple[Mark, ...]


def to_svg(drawing: Drawing) -> str:
    """An inline SVG element that scales with its column."""
    content = "".join(map(_svg, drawing.marks))
    box, label = f"0 0 {drawing.width} {drawing.height}", escape(drawing.label)
    return f'<svg viewBox="{box}" role="img" aria-label="{label}">{content}</svg>'


def to_png(drawings: Sequence[Drawing]) -> bytes:
    """The drawings below each other, on white."""
    width = max(drawing.width for drawing in drawings) * _ENLARGED
    height = sum(drawing.height for drawing in drawings) * _ENLARGED
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    top = 0.0
    for drawing in drawings:
        for mark in drawing.marks:
            _paint(pen, mark, top)
        top += drawing.height
    content = io.BytesIO()
    sheet.save(content, "PNG", optimize=True)
    return content.getvalue()


def _svg(mark: Mark) -> str:
    if isinstance(mark, Text):
        weight = ' font-weight="600"' if mark.is_bold else ""
        x, y = mark.at
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{mark.anchor}" font-size="{mark.size:g}"{weight}'
            f' class="{mark.ink}">{escape(mark.text)}</text>'
        )
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.points)
    if isinstance(mark, Area):
        return f'<polygon points="{points}" class="{mark.ink}"/>'
    dashes = ' stroke-dasharray="5 4"' if mark.is_dashed else ""
    return f'<polyline points="{points}" class="line {mark.ink}" stroke-width="{mark.width:g}"{dashes}/>'


def _paint(pen: ImageDraw.ImageDraw, mark: Mark, top: float) -> None:
    colour = COLOURS[mark.ink]
    if isinstance(mark, Text):
        font = ImageFont.load_default(mark.size * _ENLARGED)
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor]
        x, y = mark.at
        at = (x * _ENLARGED, (y + top) * _ENLARGED)
        pen.text(at, mark.text, colour, font, anchor, stroke_width=0.6 if mark.is_bold else 0)
        return
    points = [(x * _ENLARGED, (y + top) * _ENLARGED) for x, y in mark.points]
    if isinstance(mark, Area):
        pen.polygon(points, fill=colour)
        return
    width = max(1, round(mark.width * _ENLARGED))
    for segment in _dashes(points) if mark.is_dashed else [points]:
        pen.line(segment, colour, width, joint="curve")


def _dashes(points: Sequence[Point]) -> Iterable[list[Point]]:
    """The polyline's segments cut into dashes of 5 and gaps of 4."""
    on, off = 5 * _ENLARGED, 4 * _ENLARGED
    for (x0, y0), (x1, y1) in pairwise(points):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        if not length:
            continue
        begun = 0.0
        while begun < length:
            ends = min(begun + on, length)
            yield [(x0 + (x1 - x0) * at / length, y0 + (y1 - y0) * at / length) for at in (begun, ends)]
            begun = ends + off
