"""How numbers of things are written for people."""


def counted(number: int, plural: str) -> str:
    """`3 tracks`, `1 track`, `2 dropped frames`."""
    noun = plural.replace("_", " ")
    return f"{number} {noun.removesuffix('s') if number == 1 else noun}"
