"""Many small pictures on one sheet, with a line or two below each, so that a person can look them over."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_COLUMNS, _SIDE_PX, _TEXT_PX = 5, 220, 44
_INK, _FONT = (40, 40, 40), cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file and the lines below it."""

    content: bytes
    title: str
    outcome: str


def contact_sheet(pictures: Sequence[Picture]) -> bytes:
    """The sheet as a PNG; what is no picture leaves an empty place."""
    rows = -(-len(pictures) // _COLUMNS)
    sheet = np.full((rows * (_SIDE_PX + _TEXT_PX), _COLUMNS * _SIDE_PX, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // _COLUMNS * (_SIDE_PX + _TEXT_PX), number % _COLUMNS * _SIDE_PX
        _place(sheet[top : top + _SIDE_PX, left : left + _SIDE_PX], picture.content)
        for line, text in enumerate((picture.title, picture.outcome)):
            at = (left + 6, top + _SIDE_PX + 16 + 18 * line)
            cv2.putText(sheet, text[:34], at, _FONT, 0.4, _INK, 1, cv2.LINE_AA)
    return cv2.imencode(".png", sheet)[1].tobytes()


def _place(cell: NDArray[np.uint8], content: bytes) -> None:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return
    factor = (_SIDE_PX - 8) / max(image.shape[:2])
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    top, left = (_SIDE_PX - height) // 2, (_SIDE_PX - width) // 2
    cell[top : top + height, left : left + width] = small
