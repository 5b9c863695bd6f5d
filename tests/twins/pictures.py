"""Pictures for `TwinFaces`: real JPEG headers, whose comment says who is on them."""

import json
import struct
from dataclasses import asdict, dataclass

from recognizeme.domain.picture import Picture, inspect

_HEADER = b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, 100, 100, 3) + bytes(9)


@dataclass(frozen=True)
class Shown:
    """One face on a picture, and how well it can be seen; `area` is a fraction of the picture.

    `trouble` is what the engine's own filter finds; `is_turned` is left for us to see.
    """

    who: str
    similarity_pct: float = 100.0
    area: float = 0.25
    trouble: str = ""
    is_turned: bool = False


def picture(*faces: str | Shown, number: int = 0) -> Picture:
    """A picture of these people, the largest face first; `number` tells apart pictures of the same."""
    shown = [face if isinstance(face, Shown) else Shown(face) for face in faces]
    comment = json.dumps([number, [asdict(face) for face in shown]]).encode()
    return inspect(_HEADER + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + b"\xff\xd9")


def shown_on(content: bytes) -> list[Shown]:
    """Who is on a picture that `picture` made."""
    comment = content.partition(b"\xff\xfe")[2][2:-2]
    return [Shown(**face) for face in json.loads(comment)[1]]
