"""How texts and times are written on the pages: the filters of the templates."""

from datetime import datetime, tzinfo

_JUST_NOW_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def sentence(text: str) -> str:
    """With a capital at its beginning and a full stop at its end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def moment(iso: str, zone: tzinfo) -> str:
    """`2026-11-23T08:15:02.120Z` as `23 Nov 2026, 08:15:02 UTC`; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(iso).astimezone(zone):%d %b %Y, %H:%M:%S %Z}"
    except (ValueError, OverflowError):
        return iso


def ago(iso: str, now: datetime, zone: tzinfo) -> str:
    """`just now`, `5 minutes ago`, `3 hours ago`, and from the day before on the day."""
    try:
        then = datetime.fromisoformat(iso)
        past_s = (now - then).total_seconds()
        if past_s < -_JUST_NOW_S or past_s >= _DAY_S:
            return f"{then.astimezone(zone):%a %d %b}"
    except (ValueError, TypeError, OverflowError):
        return iso
    if past_s < _JUST_NOW_S:
        return "just now"
    unit, size_s = ("minute", 60) if past_s < _HOUR_S else ("hour", _HOUR_S)
    number = int(past_s // size_s)
    return f"{number} {unit}{'' if number == 1 else 's'} ago"
