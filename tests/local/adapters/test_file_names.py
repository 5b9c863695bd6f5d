"""No key, whoever made it up, leaves its folder or takes another's place."""

from pathlib import PurePath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from local.adapters.file_names import decode, encode, path_of

_keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300) | st.text(
    "aA./+%!,\0 -", min_size=1, max_size=30
)


@given(key=_keys)
@example(key="..")
@example(key="../../etc/passwd")
@example(key="/etc/passwd")
@example(key=".incoming/a")
@example(key="a\0b")
@example(key="a" * 1024)
@example(key="A/" * 512)
@example(key="." * 400 + "/" + "." * 400)
def test_a_key_s_file_lies_below_the_root_under_a_name_every_disk_takes(key: str) -> None:
    path = path_of(key)
    assert not path.is_absolute()
    assert len(path.parts) >= 2
    for part in path.parts:
        assert part not in {".", "..", ".incoming"}
        assert len(part.encode()) <= 255
        assert not set(part) & set('/\\\0:*?"<>|')
        assert part == part.lower()


@given(one=_keys, other=_keys)
def test_two_keys_are_never_one_file_nor_a_file_and_its_folder(one: str, other: str) -> None:
    first, second = path_of(one), path_of(other)
    assert (first == second) == (one == other)
    assert first not in second.parents
    assert second not in first.parents


@given(raw=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_tells_what_it_stands_for(raw: str) -> None:
    assert decode(encode(raw.encode())) == raw


@given(name=st.text(max_size=20) | st.text("aA.%!,2e", max_size=6))
def test_a_name_that_is_not_ours_stands_for_nothing(name: str) -> None:
    meaning = decode(name)
    assert meaning is None or encode(meaning.encode()) == name


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("captures/front/2026/11/23/01a2.jpg", "captures,front,2026,11,23,/01a2.jpg"),
        ("enrollments/Ada/my photo.jpg", "enrollments,!ada,/my%20photo.jpg"),
        ("enrollments/ada/..", "enrollments,ada,/%2e%2e"),
        ("a", "%/a"),
    ],
)
def test_ordinary_names_stay_readable(key: str, path: str) -> None:
    assert path_of(key) == PurePath(path)
