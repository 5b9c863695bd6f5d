"""How often the liveness challenge is fooled, and how often it turns a genuine person away.

As ISO/IEC 30107-3 counts: APCER for each kind of attack (attack presentations that were accepted), of which
the worst counts; BPCER (genuine presentations that were refused). Intervals are Wilson's at 95 %;
presentations made from the same few people are not independent, so the true ones are wider.

    python -m benchmarks.liveness
"""

import math
import random
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks.kiosk_scenes import HEAD_POSES
from benchmarks.presentation_attacks import (
    FRAME_S,
    Answering,
    Studio,
    genuine,
    moved_photo,
    replay,
    still_photo,
)
from benchmarks.report import Row, publish
from kiosk.vision.detect import YuNet
from kiosk.visits.liveness import Challenge, Liveness, Movement, random_movements

ATTEMPTS = 60
LONGEST_S = 60.0
# The clips show no nod, so genuine people are asked for the other movements only.
SHOWN = {Movement.TURN_LEFT, Movement.TURN_RIGHT, Movement.COME_NEARER}


def attempt(answering: Answering, movements: tuple[Movement, ...]) -> Liveness | None:
    """Play one challenge to its end."""
    asked = Challenge(movements)
    prompt, shown_s, time_s = None, 0.0, 0.0
    while asked.result is None and time_s < LONGEST_S:
        if asked.prompt != prompt:
            prompt, shown_s = asked.prompt, time_s
        landmarks = answering(prompt, time_s - shown_s)
        if landmarks is not None:
            asked.look(landmarks, time_s)
        time_s += FRAME_S
    return asked.result


def challenge(chance: random.Random, asks: set[Movement]) -> tuple[Movement, ...]:
    """Random movements out of `asks` only."""
    while not set(movements := random_movements(chance)) <= asks:
        pass
    return movements


def share_passed(make: Callable[[random.Random], Answering], *, asks: set[Movement], seed: int) -> float:
    """The share of attempts that pass, each with a challenge of its own."""
    chance = random.Random(seed)
    passed = 0
    for _ in range(ATTEMPTS):
        passed += attempt(make(chance), challenge(chance, asks)) is Liveness.PASSED
    return passed / ATTEMPTS


def wilson(share: float, number: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share of `number` trials."""
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number**2)) / (1 + z * z / number)
    return max(0.0, middle - half), min(1.0, middle + half)


def main() -> None:
    """Measure and print."""
    if not HEAD_POSES[0].is_file():
        sys.exit("liveness: the sample clips are not there; set RECOGNIZEME_SAMPLE_DATA to their folder")
    studio = Studio(YuNet(), seed=1)
    everything = set(Movement)
    attacks: dict[str, Callable[[random.Random], Answering]] = {
        "photo, held still": lambda chance: still_photo(studio, chance.randrange(3)),
        "photo, turned and tilted": lambda chance: moved_photo(
            studio, chance.randrange(3), bend_per_m=0, furthest_deg=chance.choice((25, 40))
        ),
        "photo, gently bent": lambda chance: moved_photo(
            studio,
            chance.randrange(3),
            bend_per_m=chance.choice((-5, 5)),
            furthest_deg=chance.choice((25, 40)),
        ),
        "photo, bent to 10 cm": lambda chance: moved_photo(
            studio,
            chance.randrange(3),
            bend_per_m=chance.choice((-10, 10)),
            furthest_deg=chance.choice((25, 40)),
        ),
        "cut-out, moving background": lambda chance: moved_photo(
            studio, chance.randrange(3), bend_per_m=0, furthest_deg=chance.choice((25, 40)), cut_out=True
        ),
        "recording of another challenge": lambda chance: replay(
            studio, challenge(chance, SHOWN), begin=chance.randrange(60), mirrored=chance.random() < 0.5
        ),
    }
    table = Table("presentation", "asked", "passed", "95 % interval", title="liveness challenge")
    rows = []
    for seed, (name, make) in enumerate(attacks.items()):
        share = share_passed(make, asks=everything, seed=seed)
        low, high = wilson(share, ATTEMPTS)
        table.add_row(name, str(ATTEMPTS), f"{share:.2f}", f"{low:.2f}-{high:.2f}")
        rows.append(Row(f"APCER, {name}", f"{share:.2f}", "-", "-", "reported", None))
    share = share_passed(
        lambda chance: genuine(studio, mirrored=chance.random() < 0.5, reaction_s=chance.uniform(0.4, 1.2)),
        asks=SHOWN,
        seed=99,
    )
    low, high = wilson(1 - share, ATTEMPTS)
    table.add_row("genuine person", str(ATTEMPTS), f"{share:.2f}", f"refused {low:.2f}-{high:.2f}")
    rows.append(Row("BPCER, head turns of the clips", f"{1 - share:.2f}", "-", "-", "reported", None))
    Console().print(table)
    publish("liveness", rows)


if __name__ == "__main__":
    main()
