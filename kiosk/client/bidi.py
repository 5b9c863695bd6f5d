"""Names in any script, shown so that they turn nothing around them (Unicode Standard Annex 9)."""

from unicodedata import bidirectional

_ISOLATE, _END = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
# Overrides, embeddings and isolates: a name needs none, and one that is not closed reaches beyond it.
_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_RIGHT_TO_LEFT = {"R", "AL", "AN"}


def isolated(text: str) -> str:
    """The text without what turns its direction, and set apart where it runs right to left."""
    text = text.translate(_CONTROLS)
    if any(bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return f"{_ISOLATE}{text}{_END}"
    return text
