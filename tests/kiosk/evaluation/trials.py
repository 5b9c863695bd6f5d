"""Trials for tests: who is like whom, without a picture."""

from kiosk.evaluation.trial import Likeness, Probe, Trial


def probe(picture: str, own_pct: float | None, **others: float) -> Probe:
    """A picture called PERSON/FILE, and how like each other person it is."""
    person_id = picture.partition("/")[0]
    own = None if own_pct is None else Likeness(person_id, f"{person_id}/own.jpg", own_pct)
    ranked = sorted(others.items(), key=lambda item: -item[1])
    return Probe(picture, person_id, own, tuple(Likeness(who, f"{who}/own.jpg", pct) for who, pct in ranked))


def trial(*probes: Probe) -> Trial:
    """Everybody named in the probes is enrolled."""
    people = {who for each in probes for who in (each.person_id, *(other.person_id for other in each.others))}
    return Trial({who: who.title() for who in sorted(people)}, probes, source="a test")


def office(people: int = 40, pictures: int = 3) -> Trial:
    """Well-told-apart people; of every tenth the last picture is poor, and P7 and P8 are much alike."""
    probes = []
    for number in range(people):
        for picture in range(pictures):
            poor = number % 10 == 3 and picture == pictures - 1
            neighbour = {7: 8, 8: 7}.get(number, (number + 1) % people)
            alike = 98.2 if number in (7, 8) else 2.0 + number % 5
            probes.append(
                probe(f"p{number}/{picture}.jpg", 91.0 if poor else 99.9, **{f"p{neighbour}": alike})
            )
    return trial(*probes)
