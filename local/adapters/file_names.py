"""Keys as file names: any text, from anybody, under one folder, on any disk.

A key's part up to the last slash names a folder, the rest a file in it: `captures/front/2026/a.jpg` becomes
`captures,front,2026,/a.jpg`. The letters a-z, digits, `_`, `-`, and a dot between two of these stand for
themselves; a slash is `,`, an upper-case letter `!` and its lower case (disks that take A for a must not
mix up two people), every other byte of the key's UTF-8 `%` and two hexadecimal digits, nothing at all a
lone `%`. A long name goes on in the folders below: all its parts but the last end in `+`.

So no name is `..` or too long for the disk, none comes before a dot, and no key is both file and folder.
"""

import re
from pathlib import PurePath

from recognizeme.adapters.photo_keys import check_key

_MAX_NAME = 200  # file systems take 255 bytes

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-.")
_LONELY_DOT = re.compile(r"(?<![a-z0-9_-])\.|\.(?![a-z0-9_-])")
_CODE = re.compile(r"!([a-z])|%([0-9a-f]{2})|(,)|(%)")


def path_of(key: str) -> PurePath:
    """Where a key's file lies, below the root. Raises `InvalidRequest` for a key that S3 would not take."""
    folder, slash, name = check_key(key).encode().rpartition(b"/")
    return PurePath(*_levels(encode(folder + slash)), *_levels(encode(name)))


def encode(text: bytes) -> str:
    """A folder's or file's name for some bytes of a key."""
    encoded = "".join(map(_code, text))
    return _LONELY_DOT.sub("%2e", encoded) or "%"


def decode(name: str) -> str | None:
    """The part of a key that a name stands for, or None for a file that somebody else put there."""
    try:
        raw = _CODE.sub(_character, name).encode("latin-1")
        return raw.decode() if encode(raw) == name else None
    except UnicodeError:
        return None


def _code(byte: int) -> str:
    if byte in _PLAIN:
        return chr(byte)
    if ord("A") <= byte <= ord("Z"):
        return f"!{chr(byte).lower()}"
    return "," if byte == ord("/") else f"%{byte:02x}"


def _character(code: re.Match[str]) -> str:
    upper, escaped, slash, _nothing = code.groups()
    if upper:
        return str(upper).upper()
    if escaped:
        return chr(int(escaped, 16))
    return "/" if slash else ""


def _levels(name: str) -> list[str]:
    parts = [name[start : start + _MAX_NAME] for start in range(0, len(name), _MAX_NAME)]
    return [*(f"{part}+" for part in parts[:-1]), parts[-1]]
