import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.commands.photo_folder import name_of_file, person_id_of, portraits, readable_name

NAMES = st.text(min_size=1).filter(lambda name: bool(name.strip()))


@given(NAMES)
def test_any_name_gives_a_valid_person_id(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.\-:]{1,128}", person_id_of(name))


@given(NAMES)
def test_a_name_written_in_either_unicode_form_gives_one_person_id(name: str) -> None:
    assert person_id_of(unicodedata.normalize("NFD", name)) == person_id_of(
        unicodedata.normalize("NFC", name)
    )


@given(st.from_regex(r"[A-Za-z0-9_.\-:]{1,128}", fullmatch=True))
def test_a_valid_person_id_is_its_own(person_id: str) -> None:
    assert person_id_of(person_id) == person_id


@given(NAMES, NAMES)
def test_two_names_that_are_no_ids_share_an_id_only_when_they_differ_in_case_and_spaces(
    one: str, other: str
) -> None:
    def plain(name: str) -> str:
        return unicodedata.normalize("NFC", name.strip()).lower().replace(" ", "_")

    if plain(one) != plain(other):
        assert person_id_of(one) != person_id_of(other) or person_id_of(one) in {one, other}


@pytest.mark.parametrize(
    ("name", "person_id"),
    [("Ada Lovelace", "ada_lovelace"), ("kit_harington", "kit_harington"), ("Bob", "Bob")],
)
def test_plain_names_give_plain_ids(name: str, person_id: str) -> None:
    assert person_id_of(name) == person_id


def test_names_in_other_scripts_give_different_ids() -> None:
    assert person_id_of("李明") != person_id_of("王芳")
    assert person_id_of("José Núñez").startswith("jose_nunez-")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ada_lovelace.jpg", "ada_lovelace"),
        ("ada_lovelace_2.jpg", "ada_lovelace"),
        ("Ada Lovelace (3).png", "Ada Lovelace"),
        ("ada-02.jpg", "ada"),
        ("agent007.jpg", "agent007"),
        ("2.jpg", "2"),
    ],
)
def test_the_number_that_tells_photos_apart_is_no_part_of_the_name(file: str, name: str) -> None:
    assert name_of_file(Path(file)) == name


@pytest.mark.parametrize(
    ("name", "readable"),
    [("ada_lovelace", "Ada Lovelace"), ("Ada de Vries", "Ada de Vries"), ("李明", "李明")],
)
def test_names_are_shown_as_people_write_them(name: str, readable: str) -> None:
    assert readable_name(name) == readable


def test_one_name_for_everything_that_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "b.png").touch()
    assert {portrait.person_id for portrait in portraits(tmp_path, name="Ada Lovelace")} == {"ada_lovelace"}


def test_a_number_glued_to_a_name_counts_photos_only_beside_the_same_name_without(tmp_path: Path) -> None:
    for file in ("ada.jpg", "ada2.jpg", "agent7.jpg"):
        (tmp_path / file).touch()
    assert [portrait.person_id for portrait in portraits(tmp_path)] == ["ada", "ada", "agent7"]
