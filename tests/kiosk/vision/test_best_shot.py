"""When a picture of a track is handed in, and which."""

from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.best_shot import BestShot, Patience

PATIENCE = Patience()
FRAME_S = 0.08

a_score = st.floats(0, 1)
# What each frame brings: a picture of this score, and perhaps an answer (True: it could not tell).
a_visit = st.lists(st.tuples(a_score, st.sampled_from([None, None, None, True, True, False])), max_size=120)


def watch(scores: list[float], best: BestShot[float] | None = None) -> list[tuple[int, float]]:
    """Which frames' pictures were handed in, and at which frame; nothing is answered."""
    best = best or BestShot(0.0)
    taken = []
    for number, score in enumerate(scores):
        if best.wants(score):
            best.offer(score, score, number * FRAME_S)
        if shot := best.due(number * FRAME_S):
            taken.append((number, shot.score))
    return taken


@given(a_visit)
def test_a_visit_is_asked_about_at_most_three_times_and_only_when_more_is_asked_for(
    visit: list[tuple[float, bool | None]],
) -> None:
    best: BestShot[float] = BestShot(0.0)
    asked: list[float] = []
    waiting = False
    asks_more = True
    for number, (score, answer) in enumerate(visit):
        if waiting and answer is not None:
            best.answered(asks_more=answer)
            waiting, asks_more = False, answer
        if best.wants(score):
            best.offer(score, score, number * FRAME_S)
        if shot := best.due(number * FRAME_S):
            assert asks_more
            assert not waiting
            if asked:
                assert shot.score >= asked[-1] + PATIENCE.clearly_better
            asked.append(shot.score)
            waiting = True
    assert len(asked) <= PATIENCE.most_asked


@given(st.lists(a_score, min_size=1, max_size=80), st.booleans())
def test_everybody_seen_at_all_is_handed_in_once_at_the_latest_when_they_leave(
    scores: list[float], as_they_are: bool
) -> None:
    best: BestShot[float] = BestShot(0.0)
    taken = watch(scores, best)
    leaving = best.leaving(as_they_are=as_they_are)
    is_seen = max(scores) > 0 if as_they_are else max(scores) >= PATIENCE.usable
    assert len(taken) + (leaving is not None) == is_seen


@given(st.lists(a_score, min_size=1, max_size=80))
def test_the_picture_handed_in_is_the_best_until_then(scores: list[float]) -> None:
    for number, score in watch(scores):
        assert score == max(scores[: number + 1])


def test_the_best_of_the_window_after_the_first_good_picture_is_handed_in() -> None:
    scores = [0.1, 0.5, 0.6, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert watch(scores) == [(9, 0.7)]  # 0.64 s after the first good one


def test_an_excellent_picture_is_handed_in_at_once() -> None:
    assert watch([0.2, 0.95, 0.5]) == [(1, 0.95)]


def test_somebody_never_seen_well_is_handed_in_after_a_while() -> None:
    ((number, score),) = watch([0.2, 0.3] + [0.2] * 60)
    assert score == 0.3
    assert number * FRAME_S >= PATIENCE.longest_s


def test_a_useless_picture_waits_for_a_better_one_until_they_leave() -> None:
    best: BestShot[float] = BestShot(0.0)
    assert watch([0.01, 0.02, 0.01] * 30, best) == []
    assert best.leaving(as_they_are=False) is None
    shot = best.leaving(as_they_are=True)
    assert shot is not None
    assert shot.score == 0.02


def test_what_shows_nothing_of_the_face_is_no_picture() -> None:
    best: BestShot[float] = BestShot(0.0)
    assert watch([0.0] * 10, best) == []
    assert best.leaving(as_they_are=True) is None


def test_a_question_that_came_to_nothing_is_asked_again_after_a_pause_with_the_best_there_is() -> None:
    best: BestShot[float] = BestShot(0.0)
    assert watch([0.9], best) == [(0, 0.9)]
    best.unanswered(5.0)
    assert best.due(5.0 + PATIENCE.pause_s / 2) is None
    shot = best.due(5.0 + PATIENCE.pause_s)
    assert shot is not None
    assert shot.score == 0.9


def test_after_three_questions_that_came_to_nothing_there_is_no_fourth() -> None:
    best: BestShot[float] = BestShot(0.0)
    asked = 0
    for number in range(1000):
        if best.wants(0.9):
            best.offer(0.9, 0.9, number * FRAME_S)
        if best.due(number * FRAME_S):
            asked += 1
            best.unanswered(number * FRAME_S)
    assert asked == 3
    assert best.settled


def test_an_answer_that_comes_after_it_was_given_up_counts_as_any() -> None:
    best: BestShot[float] = BestShot(0.0)
    watch([0.5] * 20, best)
    best.unanswered(2.0)
    best.answered(asks_more=True)
    assert best.due(20.0) is None
    assert not best.wants(0.6)


def test_nothing_is_asked_while_an_answer_is_awaited() -> None:
    assert watch([0.9, 1.0, 1.0, 1.0]) == [(0, 0.9)]


def test_after_an_answer_that_stands_nothing_more_is_wanted() -> None:
    best: BestShot[float] = BestShot(0.0)
    watch([0.5] * 20, best)
    best.answered(asks_more=False)
    assert best.settled
    assert not best.wants(1.0)


def test_after_an_answer_that_could_not_tell_only_a_clearly_better_picture_is_asked_about() -> None:
    best: BestShot[float] = BestShot(0.0)
    watch([0.5] * 20, best)
    best.answered(asks_more=True)
    assert not best.wants(0.6)
    assert watch([0.6, 0.9], best) == [(1, 0.9)]


def test_a_clearly_better_picture_that_came_before_the_answer_counts() -> None:
    best: BestShot[float] = BestShot(0.0)
    assert watch([0.5] * 20 + [0.9], best) == [(8, 0.5)]
    best.answered(asks_more=True)
    shot = best.due(30 * FRAME_S)
    assert shot is not None
    assert shot.score == 0.9
