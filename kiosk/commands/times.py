"""Times as people give and read them, in the viewer's zone: `tuesday`, `yesterday 18:00`, `2h`."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar

import click

from kiosk.client.moment import iso_text

Command = TypeVar("Command", bound=Callable[..., object])

EXAMPLES = "give 2026-11-23, 2026-11-23T08:00Z, 2h, 7d, tuesday, 'yesterday 18:00' or '2 weeks ago'"

_UTC = f"{__name__}.utc"
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = 60  # characters
# Anything shorter than a word is a typing error, and 11/12 is another day in another country.
_WORD = re.compile(r"[a-z]{3}|\d{1,2}:\d{2}|\d ?[ap]m", re.IGNORECASE)
_TWO_WAYS = re.compile(r"\d[/.]\d")
_COUNTED = re.compile(r"\bago\b|\b(?:\d+|an?) (?:day|week|month|year)s?\b", re.IGNORECASE)
_ELAPSED = re.compile(r"(?:\d+|an?) (?:hour|minute|min|second|sec)s?\b", re.IGNORECASE)


class NotUnderstood(Exception):
    """A text is no time that can be understood; the message says what to give."""


def moment_of(text: str, *, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The time that a person means, in UTC: ISO 8601, `2h`, or English words.

    It is read in `zone`, None for the machine's. A day means its beginning, a weekday the last one before
    today, and `last week` its Monday. Raises `NotUnderstood`.
    """
    text = text.strip()
    try:
        if text.lower() == "now":
            return now.astimezone(UTC)
        if ago := re.fullmatch(r"(\d{1,6}) ?([mhd])", text):
            return now.astimezone(UTC) - int(ago[1]) * _UNITS[ago[2]]
        try:
            return _in_utc(datetime.fromisoformat(text), zone)
        except ValueError:
            return _in_utc(_in_words(text, now, zone), zone)
    except (ValueError, OverflowError, OSError) as error:
        raise NotUnderstood(f"{text[:_LONGEST]!r} is no time that is understood; {EXAMPLES}") from error


def _in_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _in_words(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    """The time, without a zone unless the text names one. Raises `ValueError` when it is none."""
    if len(text) > _LONGEST or not _WORD.search(text) or _TWO_WAYS.search(text):
        raise ValueError("no words of a time")
    try:
        from dateparser.date import DateDataParser
    except ImportError as error:
        raise NotUnderstood(
            f"{text!r} takes more to be understood: install 'recognizeme-kiosk[office]', or give"
            " 2026-11-23, 2026-11-23T08:00Z, 2h or 7d"
        ) from error
    # Where clocks are set back, two hours ago is still two hours ago.
    is_elapsed = bool(_ELAPSED.search(text))
    base = now.astimezone(UTC if is_elapsed else zone).replace(tzinfo=None)
    counted = _COUNTED.search(text)
    parser = DateDataParser(
        languages=["en"],
        settings={
            "RELATIVE_BASE": base,
            "PREFER_DATES_FROM": "past",
            "PREFER_DAY_OF_MONTH": "current" if counted else "first",
            "RETURN_TIME_AS_PERIOD": True,
        },
    )
    found = parser.get_date_data(text)
    moment: datetime | None = found.date_obj
    if moment is None:
        raise ValueError("no time")
    if found.period in {"time", "part_of_day"}:
        return moment.replace(tzinfo=UTC) if is_elapsed and moment.tzinfo is None else moment
    if not counted and found.period == "week":
        moment -= timedelta(days=moment.weekday())
    elif not counted and found.period in {"month", "year"}:
        moment = moment.replace(day=1, month=1 if found.period == "year" else moment.month)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


class _Moment(click.ParamType[str]):
    """A time as `moment_of` reads it; becomes ISO 8601 in UTC."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read one time, or fail with the forms that are understood."""
        try:
            return iso_text(moment_of(value, now=datetime.now(UTC), zone=viewers_zone()))
        except NotUnderstood as error:
            self.fail(str(error), param, ctx)


MOMENT = _Moment()


def utc_option(command: Command) -> Command:
    """Add `--utc`: times are read and shown in UTC instead of this machine's zone."""
    return click.option(
        "--utc",
        is_flag=True,
        is_eager=True,  # before the times, which are read in that zone
        expose_value=False,
        callback=_remember,
        help="Read and show times in UTC instead of this machine's time zone (TZ).",
    )(command)


def _remember(ctx: click.Context, _: click.Parameter, given: bool) -> None:
    ctx.meta[_UTC] = given or ctx.meta.get(_UTC, False)


def viewers_zone() -> tzinfo | None:
    """UTC where `--utc` was given; None means the machine's zone, as for `astimezone`."""
    ctx = click.get_current_context(silent=True)
    return UTC if ctx and ctx.meta.get(_UTC) else None


def shown(iso: object, *, zone: tzinfo | None = None) -> str:
    """A time of the API as a person reads it: `2026-11-23 09:15:02`, in `zone` or the viewer's."""
    text = str(iso)
    try:
        moment = datetime.fromisoformat(text)
        return f"{moment.astimezone(zone or viewers_zone()):%Y-%m-%d %H:%M:%S}" if moment.tzinfo else text
    except (ValueError, OverflowError):
        return text


def shown_day(iso: object) -> str:
    """The day of a time of the API, in the viewer's zone."""
    return shown(iso)[:10]


def zone_heading(heading: str) -> str:
    """The heading of a column of times; it names UTC where times are shown so."""
    is_utc = datetime.now(UTC).astimezone(viewers_zone()).tzname() == "UTC"
    return f"{heading} (UTC)" if is_utc else heading
