"""Why a sighting came to what it came to, in words. Pure: made from what the decision saw, each time anew."""

from collections.abc import Mapping
from unicodedata import bidirectional

from recognizeme.domain.model import Candidate, DecisionRecord, Outcome, Sighting, Status

_FORGOTTEN = "somebody who has been forgotten since"
_NOT_NAMED = "somebody who was not active or has been forgotten since"
_MOST_DIGITS = 6
_DIRECTION_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def explanation(sighting: Sighting, names: Mapping[str, str]) -> str | None:
    """One sentence or two; None while there is no result. `names` are those of people who still exist."""
    if sighting.status is Status.FAILED:
        return f"The recognition failed{_because(sighting.reason)}. It can be tried again."
    if sighting.outcome is None:
        return None
    correction = sighting.correction
    if correction is None:
        return _decided(sighting, sighting.outcome, sighting.person_id, names)
    decided = _decided(sighting, correction.was_outcome, correction.was_person_id, names)
    return f"Somebody who looked at the picture said so. Before that: {decided}"


def _decided(sighting: Sighting, outcome: Outcome, person_id: str | None, names: Mapping[str, str]) -> str:
    if outcome is Outcome.NO_FACE:
        return "No face was found in the picture, or it is too small or turned away."
    if outcome is Outcome.REJECTED:
        return f"The picture could not be used{_because(sighting.reason)}."
    if outcome is Outcome.UNKNOWN and sighting.reason:
        return f"{sighting.reason[:1].upper()}{sighting.reason[1:]}."
    if outcome is Outcome.UNKNOWN and sighting.reason:
        return f"{sighting.reason[:1].upper()}{sighting.reason[1:]}."
    decision = sighting.decision
    if decision is None:
        return _BEFORE_RECORDS[outcome]
    if outcome is Outcome.RECOGNIZED:
        return _recognized(decision, person_id, names)
    if outcome is Outcome.UNCERTAIN:
        return _uncertain(decision, sighting.similarity_pct, names)
    return _unknown(decision, sighting.similarity_pct, names)


# Sightings from before decisions were kept.
_BEFORE_RECORDS: Mapping[Outcome, str] = {
    Outcome.RECOGNIZED: "The face matches a photo this person was enrolled with.",
    Outcome.UNKNOWN: "There is a face, but nobody who is enrolled looks enough like it.",
    Outcome.UNCERTAIN: "Two people who are enrolled look too much like this face to tell them apart.",
}


def _recognized(decision: DecisionRecord, person_id: str | None, names: Mapping[str, str]) -> str:
    named = [each for each in _eligible(decision) if each.person_id == person_id]
    others = [each for each in _eligible(decision) if each.person_id != person_id]
    if not named:
        return f"It was {_FORGOTTEN}."
    best, second = named[0], others[0] if others else None
    digits = _digits(best.similarity_pct, second.similarity_pct if second else None, decision)
    who = f"{_who(best, names)} reached {decision.threshold_pct:g} with {best.similarity_pct:.{digits}f}"
    left_out = "".join(
        f" {_who(each, names)} {each.similarity_pct:.1f} was left out: the face looks as much like a picture"
        " that was said not to show them (`recognizeme corrections`)."
        for each in _mistaken(decision)
        if each.similarity_pct >= decision.threshold_pct
    )
    if second is None:
        return f"{who}, and nobody else came near.{left_out}"
    return (
        f"{who}, and {_who(second, names)}, the next, is far enough behind with"
        f" {second.similarity_pct:.{digits}f} (margin {_margin(decision)}).{left_out}"
    )


def _uncertain(decision: DecisionRecord, best_pct: float | None, names: Mapping[str, str]) -> str:
    first, second = [*_eligible(decision)[:2], None, None][:2]
    digits = _digits(best_pct or 0.0, second.similarity_pct if second else None, decision)
    if first is None:
        return "It could have been several people who have been forgotten since."
    if second is None:
        return (
            f"{_who(first, names)} {first.similarity_pct:.{digits}f} and {_NOT_NAMED} were too close to tell"
            f" apart (margin {_margin(decision)})."
        )
    return (
        f"{_who(first, names)} {first.similarity_pct:.{digits}f} and"
        f" {_who(second, names)} {second.similarity_pct:.{digits}f} are too close to tell apart"
        f" (margin {_margin(decision)}): `recognizeme people check` shows why."
    )


def _unknown(decision: DecisionRecord, best_pct: float | None, names: Mapping[str, str]) -> str:
    nobody = f"Nobody reached {decision.threshold_pct:g}"
    for each in _mistaken(decision):
        if each.similarity_pct >= decision.threshold_pct:
            return (
                f"{_who(each, names)} reached {decision.threshold_pct:g} with {each.similarity_pct:.1f}, but"
                " the face looks at least as much like a picture that was said not to show them"
                f" ({each.counter_pct:.1f}): `recognizeme corrections` lists it."
            )
    if best_pct is None:
        compared = "" if decision.gallery_size is None else f" among {decision.gallery_size} faces"
        return f"{nobody}: nobody{compared} came near."
    first = next(iter(_eligible(decision)), None)
    digits = _digits(best_pct, None, decision)
    if first is None or first.similarity_pct < best_pct:
        return f"{nobody}: the closest, with {best_pct:.{digits}f}, was {_NOT_NAMED}."
    return f"{nobody}: the closest was {_who(first, names)} with {best_pct:.{digits}f}."


def _eligible(decision: DecisionRecord) -> list[Candidate]:
    """Those whom the decision may name."""
    return [
        each
        for each in decision.candidates
        if each.counter_pct is None or each.counter_pct < each.similarity_pct
    ]


def _mistaken(decision: DecisionRecord) -> list[Candidate]:
    """Those who would be named, had nobody said that such a picture does not show them."""
    eligible = _eligible(decision)
    return [each for each in decision.candidates if each not in eligible]


def _who(candidate: Candidate, names: Mapping[str, str]) -> str:
    """The name, so that it turns nothing around it whatever direction it runs in (UAX 9)."""
    name = names.get(candidate.person_id, _FORGOTTEN).translate(_DIRECTION_CONTROLS)
    runs_left = any(bidirectional(character) in {"R", "AL", "AN"} for character in name)
    return f"\u2068{name}\u2069" if runs_left else name


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _margin(decision: DecisionRecord) -> str:
    text = f"{decision.margin_pct:g}"
    return text if "." in text else f"{text}.0"


def _digits(best_pct: float, second_pct: float | None, decision: DecisionRecord) -> int:
    """As few digits as leave it true on paper whether the threshold and the margin were reached."""
    for digits in range(1, _MOST_DIGITS):
        best = round(best_pct, digits)
        agrees = (best >= decision.threshold_pct) == (best_pct >= decision.threshold_pct)
        if second_pct is not None:
            ahead = round(best - round(second_pct, digits), digits)
            agrees &= (ahead >= decision.margin_pct) == (best_pct - second_pct >= decision.margin_pct)
        if agrees:
            return digits
    return _MOST_DIGITS
