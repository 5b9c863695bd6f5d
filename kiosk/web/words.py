"""How texts and times are written on the pages: the filters of the templates."""

from datetime import datetime


def sentence(text: str) -> str:
    """With a capital at its beginning and a full stop at its end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def moment(iso: str) -> str:
    """`2026-11-23T08:15:02.120Z` as `23 Nov 2026, 08:15:02 UTC`; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(iso):%d %b %Y, %H:%M:%S} UTC"
    except ValueError:
        return iso
