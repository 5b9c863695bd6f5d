"""How many faces a picture is compared with is known without anybody waiting for it."""

import threading

from recognizeme.adapters.gallery_size import GallerySize


class Collection:
    """Counts how often it is asked."""

    def __init__(self, size: int = 12) -> None:
        self.size, self.asked = size, 0
        self.answers = threading.Event()
        self.answers.set()

    def count(self) -> int:
        self.asked += 1
        assert self.answers.wait(5)
        if self.size < 0:
            raise ConnectionError("no answer")
        return self.size


def test_the_size_is_asked_for_once_in_minutes_however_many_searches_there_are() -> None:
    collection, now_s = Collection(), [0.0]
    gallery = GallerySize(collection.count, every_s=300, wait_s=5, clock=lambda: now_s[0])
    assert gallery.known() is None
    for _ in range(3):
        gallery.ask()
        assert gallery.known() == 12
    assert collection.asked == 1
    collection.size, now_s[0] = 13, 300.0
    gallery.ask()
    assert (gallery.known(), collection.asked) == (13, 2)


def test_an_answer_that_does_not_come_holds_nobody_up_and_the_last_one_holds() -> None:
    collection, now_s = Collection(), [0.0]
    gallery = GallerySize(collection.count, every_s=1, wait_s=0.01, clock=lambda: now_s[0])
    collection.answers.clear()
    gallery.ask()
    assert gallery.known() is None
    collection.answers.set()
    assert gallery._asking
    gallery._asking.join(5)
    assert gallery.known() == 12


def test_a_collection_that_cannot_be_asked_is_not_asked_at_every_search() -> None:
    collection = Collection(size=-1)
    gallery = GallerySize(collection.count, wait_s=5, clock=lambda: 0.0)
    for _ in range(3):
        gallery.ask()
        assert gallery.known() is None
    assert collection.asked == 1
