import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.client.names import PersonIds, is_name, name_of_file, readable_name, slug

NAMES = st.text(min_size=1).filter(lambda name: bool(name.strip()))


@given(NAMES)
def test_any_name_gives_a_valid_person_id(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9\-]{1,110}", slug(name))


@given(NAMES)
def test_a_name_written_in_either_unicode_form_gives_one_person_id(name: str) -> None:
    ids = PersonIds()
    assert ids.of(unicodedata.normalize("NFD", name)) == ids.of(unicodedata.normalize("NFC", name))


@pytest.mark.parametrize(
    ("name", "person_id"),
    [
        ("Bob Smith", "bob-smith"),
        ("bob_smith", "bob-smith"),
        ("Jürgen Groß", "jurgen-gross"),
        ("José Núñez", "jose-nunez"),
        ("李明", "liming"),
        ("Ольга Петрова", "ol-ga-petrova"),
    ],
)
def test_ids_are_readable(name: str, person_id: str) -> None:
    assert slug(name) == person_id


def test_two_names_of_one_id_are_told_apart_by_a_number() -> None:
    ids = PersonIds()
    names = ["Jürgen Groß", "Jurgen Gross", "jurgen_gross", "Jürgen Groß"]
    assert [ids.of(name) for name in names] == [
        "jurgen-gross",
        "jurgen-gross-2",
        "jurgen-gross-2",
        "jurgen-gross",
    ]


def test_an_id_of_somebody_enrolled_under_another_name_is_not_taken() -> None:
    enrolled = {"jurgen-gross": "Jürgen Groß"}
    assert PersonIds(enrolled.get).of("Jurgen Gross") == "jurgen-gross-2"
    assert PersonIds(enrolled.get).of("jürgen groß") == "jurgen-gross"


def test_somebody_renamed_since_keeps_the_id() -> None:
    assert PersonIds({"bob": "Robert"}.get).of("Bob") == "bob"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ada_lovelace.jpg", "ada_lovelace"),
        ("ada_lovelace_2.jpg", "ada_lovelace"),
        ("Ada Lovelace (3).png", "Ada Lovelace"),
        ("ada-02.jpg", "ada"),
        ("agent007.jpg", "agent007"),
    ],
)
def test_the_number_that_tells_photos_apart_is_no_part_of_the_name(file: str, name: str) -> None:
    assert name_of_file(Path(file)) == name


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("ada_lovelace", "Ada Lovelace"),
        ("bob-smith", "Bob Smith"),
        ("Anne-Marie", "Anne-Marie"),
        ("Ada de Vries", "Ada de Vries"),
        ("李明", "李明"),
    ],
)
def test_names_are_shown_as_people_write_them(name: str, readable: str) -> None:
    assert readable_name(name) == readable


@pytest.mark.parametrize(
    "stem",
    [
        *(
            "IMG_1234",
            "IMG-20240102-WA0007",
            "DSC01234",
            "DSCF0001",
            "_DSC0042",
            "PXL_20240102_101112123",
            "P1010034",
        ),
        *(
            "WhatsApp Image 2024-01-02 at 10.11.12",
            "Screenshot 2024-01-02",
            "screenshot_1",
            "2024-01-02 10.11.12",
        ),
        *(
            "1",
            "photo",
            "image (3)",
            "front",
            "Portrait 2",
            "unnamed",
            "5f0c3a7e-8d5b-4f0e-9c1d-2b3a4c5d6e7f",
        ),
    ],
)
def test_what_a_camera_or_a_hurry_names_a_file_is_nobodys_name(stem: str) -> None:
    assert not is_name(stem)


@pytest.mark.parametrize(
    "stem", ["ada", "Ada Lovelace", "Bo", "李明", "李", "Ольга", "agent7", "Pia", "Imgard", "DeShawn"]
)
def test_names_are_names(stem: str) -> None:
    assert is_name(stem)
