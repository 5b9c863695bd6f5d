"""What a report tells people to look at."""

from kiosk.evaluation.findings import closest_pairs, highest_strangers, misfiled, turned_away_most, without
from kiosk.evaluation.trial import Likeness, Probe
from tests.kiosk.evaluation.trials import probe

# Of Ada's three pictures the last one shows Bob.
ADA = [
    probe("ada/1.jpg", 99.8, bob=3.0, eve=4.0),
    probe("ada/2.jpg", 99.7, bob=2.0, eve=1.0),
    Probe("ada/3.jpg", "ada", Likeness("ada", "ada/1.jpg", 3.0), (Likeness("bob", "bob/1.jpg", 99.9),)),
]
BOB = [Probe("bob/1.jpg", "bob", Likeness("bob", "bob/2.jpg", 99.9), (Likeness("ada", "ada/3.jpg", 99.9),))]
EVE = [
    probe("eve/1.jpg", 97.0, ada=40.0),
    probe("eve/2.jpg", 96.0, ada=5.0),
    probe("eve/3.jpg", 99.5, bob=6.0),
]
EVERYBODY = [*ADA, *BOB, *EVE]


def test_a_picture_under_the_wrong_name_is_found_and_the_right_ones_are_left_alone() -> None:
    (wrong,) = misfiled(EVERYBODY, 99.0)
    assert (wrong.picture, wrong.person_id, wrong.own_pct) == ("ada/3.jpg", "ada", 3.0)
    assert wrong.really == Likeness("bob", "bob/1.jpg", 99.9)


def test_a_pair_is_listed_once_and_not_for_what_a_wrong_name_explains() -> None:
    (pair, *others) = closest_pairs(without(EVERYBODY, misfiled(EVERYBODY, 99.0)))
    assert (pair.person_id, pair.other.person_id, pair.other.similarity_pct) == ("eve", "ada", 40.0)
    assert [{each.person_id, each.other.person_id} for each in others] == [{"eve", "bob"}, {"ada", "bob"}]


def test_the_highest_strangers_come_first() -> None:
    strangers = highest_strangers(EVERYBODY)
    assert [stranger.picture for stranger in strangers[:3]] == ["ada/3.jpg", "bob/1.jpg", "eve/1.jpg"]


def test_who_is_turned_away_most_is_named_with_the_worst_picture() -> None:
    worst, next_one, *rest = turned_away_most(EVERYBODY, 99.0, 1.0)
    assert (worst.person_id, worst.turned_away, worst.pictures) == ("bob", 1, 1)
    assert worst.rival == Likeness("ada", "ada/3.jpg", 99.9)
    assert (next_one.person_id, next_one.turned_away, next_one.pictures) == ("eve", 2, 3)
    assert (next_one.worst, next_one.own_pct, next_one.rival) == ("eve/2.jpg", 96.0, None)
    assert [each.person_id for each in rest] == ["ada"]
