"""Cutting a pipe's bytes into pictures, however they are chopped up."""

import io
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.vision.mjpeg import LARGEST_PICTURE_BYTES, MjpegSplitter, MjpegStream
from tests.kiosk.pictures import jpeg, noisy, room

PICTURES = [jpeg(noisy(room(64, 48, seed=n), seed=n, sigma=30)) for n in range(4)]


def with_thumbnail(picture: bytes, thumbnail: bytes) -> bytes:
    """The picture with another one inside its APP1 segment, as cameras write it."""
    segment = b"Exif\0\0" + thumbnail
    return picture[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + picture[2:]


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    splitter = MjpegSplitter()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [
        picture for first, last in itertools.pairwise(edges) for picture in splitter.feed(data[first:last])
    ]


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_pictures_come_out_whole_however_the_bytes_arrive(cuts: list[int]) -> None:
    assert cut(b"".join(PICTURES), cuts) == PICTURES


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_a_thumbnail_does_not_end_its_picture(cuts: list[int]) -> None:
    stream = [with_thumbnail(PICTURES[0], PICTURES[1]), PICTURES[2]]
    assert cut(b"".join(stream), cuts) == stream


@given(st.binary(max_size=60).filter(lambda noise: b"\xff" not in noise))
def test_bytes_between_pictures_are_skipped(noise: bytes) -> None:
    assert cut(PICTURES[0] + noise + PICTURES[1], []) == PICTURES[:2]


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_no_bytes_whatever_break_it(noise: bytes, cuts: list[int]) -> None:
    for picture in cut(noise, cuts):
        assert picture[:2] == b"\xff\xd8"
        assert picture[-2:] == b"\xff\xd9"


@settings(max_examples=30)
@given(st.integers(20, len(PICTURES[0]) - 3))
def test_after_a_picture_that_broke_off_a_later_one_comes_through(length: int) -> None:
    # What looks like a segment's length may swallow up to 64 KiB of what follows.
    follows = PICTURES[1] * (1 + 65535 // len(PICTURES[1]) + 1) + PICTURES[3]
    assert cut(PICTURES[0][:length] + follows, [])[-1] == PICTURES[3]


def test_a_stream_out_of_step_does_not_fill_the_memory() -> None:
    splitter = MjpegSplitter()
    start = PICTURES[0][: PICTURES[0].index(b"\xff\xda") + 14]
    piece = bytes(1 << 20)
    found = list(splitter.feed(start))
    for _ in range(2 * LARGEST_PICTURE_BYTES // len(piece)):
        found += splitter.feed(piece)
    assert found == []
    assert list(splitter.feed(PICTURES[1])) == [PICTURES[1]]


def test_a_pipe_gives_its_pictures_and_then_ends() -> None:
    stream = MjpegStream(io.BytesIO(b"".join(PICTURES)))
    shapes = []
    while stream.grab():
        ok, image = stream.retrieve()
        assert ok
        assert image is not None
        shapes.append(image.shape)
    assert shapes == [(48, 64, 3)] * len(PICTURES)


def test_a_picture_that_cannot_be_decoded_is_passed_over() -> None:
    broken = b"\xff\xd8\xff\xda\x00\x02" + bytes(range(200)) + b"\xff\xd9"
    stream = MjpegStream(io.BytesIO(broken + PICTURES[0]))
    assert stream.grab()
    ok, image = stream.retrieve()
    assert ok
    assert image is not None
    assert image.shape == (48, 64, 3)
