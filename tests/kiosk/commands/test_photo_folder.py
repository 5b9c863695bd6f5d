"""Who is in the folders and files that people have."""

from pathlib import Path

import pytest

from kiosk.commands.photo_folder import Nobody, PassedOver, Portrait, portraits


def shown(folder: Path, *paths: str, **options: object) -> dict[str, str]:
    """Each photo below `folder` and whom it shows; `-` is refused, `.` passed over."""
    found = portraits([folder / path for path in paths] or [folder], **options)  # type: ignore[arg-type]
    return {each.file.relative_to(folder).as_posix(): whom(each) for each in found}


def whom(found: Portrait | PassedOver) -> str:
    if isinstance(found, PassedOver):
        return "-" if found.refused else "."
    return found.name


def touch(folder: Path, *files: str) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def test_a_folder_of_folders_is_a_folder_of_people(tmp_path: Path) -> None:
    touch(tmp_path, "Bob Smith/IMG_1.jpg", "ada/first.png", "ada/holiday.jpg")
    assert shown(tmp_path) == {
        "Bob Smith/IMG_1.jpg": "Bob Smith",
        "ada/first.png": "Ada",
        "ada/holiday.jpg": "Ada",
    }


def test_folders_may_lie_in_folders(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "Berlin/Bob Smith/1.jpg",
        "Berlin/Ada Lovelace/1.jpg",
        "Rome/Eva Rossi.jpg",
        "Rome/Leo Conti.jpg",
    )
    assert set(shown(tmp_path).values()) == {"Bob Smith", "Ada Lovelace", "Eva Rossi", "Leo Conti"}


@pytest.mark.parametrize(
    "file", ["IMG_1.jpg", "front.jpg", "1.jpg", "bob.jpg", "Bob Smith 2.jpg", "beach.jpg"]
)
def test_a_persons_folder_may_be_the_argument_itself(tmp_path: Path, file: str) -> None:
    touch(tmp_path, f"Bob Smith/{file}")
    assert shown(tmp_path, "Bob Smith") == {f"Bob Smith/{file}": "Bob Smith"}


def test_pictures_below_a_persons_folder_are_theirs(tmp_path: Path) -> None:
    touch(tmp_path, "Bob Smith/1.jpg", "Bob Smith/holiday/1.jpg", "Eva Rossi/2024/1.jpg")
    assert shown(tmp_path) == {
        "Bob Smith/1.jpg": "Bob Smith",
        "Bob Smith/holiday/1.jpg": "Bob Smith",
        "Eva Rossi/2024/1.jpg": "Eva Rossi",
    }
    assert [each.photo_id for each in portraits([tmp_path]) if isinstance(each, Portrait)] == [
        "1.jpg",
        "holiday-1.jpg",
        "2024-1.jpg",
    ]


def test_loose_files_are_people_named_after_the_file(tmp_path: Path) -> None:
    touch(
        tmp_path, "photos/ada.jpg", "photos/ada2.jpg", "photos/agent7.jpg", "hires/Eva Rossi.jpg", "x/Bo.jpg"
    )
    assert shown(tmp_path, "photos", "hires", "x/Bo.jpg") == {
        "photos/ada.jpg": "Ada",
        "photos/ada2.jpg": "Ada",
        "photos/agent7.jpg": "Agent7",
        "hires/Eva Rossi.jpg": "Eva Rossi",
        "x/Bo.jpg": "Bo",
    }


@pytest.mark.parametrize(
    "file", ["IMG_1234.jpg", "DSC0001.jpg", "WhatsApp Image 2024-01-02.jpg", "PXL_2024.jpg"]
)
def test_nobody_is_called_as_a_camera_calls_its_files(tmp_path: Path, file: str) -> None:
    touch(tmp_path, f"office/{file}", "office/Bob Smith/IMG_1.jpg")
    assert shown(tmp_path, "office") == {f"office/{file}": "-", "office/Bob Smith/IMG_1.jpg": "Bob Smith"}


def test_whoever_is_at_the_terminal_is_asked_whom_such_a_file_shows(tmp_path: Path) -> None:
    class Asked(Nobody):
        def whom(self, file: Path) -> str | None:
            return "Eva Rossi"

    touch(tmp_path, "photos/IMG_1.jpg")
    assert shown(tmp_path, "photos", questions=Asked()) == {"photos/IMG_1.jpg": "Eva Rossi"}


def test_a_folder_that_may_be_one_person_or_several_is_refused_unless_somebody_says(tmp_path: Path) -> None:
    class Several(Nobody):
        def one_person(self, folder: Path, files: list[str]) -> bool | None:
            return False

    touch(tmp_path, "Q3 hires/anna.jpg", "Q3 hires/ben.jpg")
    by_file = {"Q3 hires/anna.jpg": "Anna", "Q3 hires/ben.jpg": "Ben"}
    assert shown(tmp_path, "Q3 hires") == {"Q3 hires": "-"}
    assert shown(tmp_path, "Q3 hires", by_file=True) == by_file
    assert shown(tmp_path, "Q3 hires", questions=Several()) == by_file
    assert set(shown(tmp_path, "Q3 hires", name="Eva").values()) == {"Eva"}


def test_nothing_is_passed_over_in_silence(tmp_path: Path) -> None:
    touch(tmp_path, "Ada/1.jpg", "Ada/.DS_Store", "Ada/film.mov", "list.csv")
    (tmp_path / "Empty").mkdir()
    (tmp_path / "Link").symlink_to(tmp_path / "Ada")
    files = ("Ada/.DS_Store", "Ada/film.mov", "list.csv", "Empty", "Link")
    assert shown(tmp_path) == {"Ada/1.jpg": "Ada", **dict.fromkeys(files, ".")}


def test_a_photo_that_two_paths_lead_to_is_taken_once(tmp_path: Path) -> None:
    touch(tmp_path, "Ada/1.jpg")
    assert len(list(portraits([tmp_path, tmp_path / "Ada", tmp_path]))) == 1


def test_two_folders_of_one_person_keep_photos_of_one_name_apart(tmp_path: Path) -> None:
    touch(tmp_path, "old/Ada/1.jpg", "new/Ada/1.jpg")
    assert {each.photo_id for each in portraits([tmp_path]) if isinstance(each, Portrait)} == {
        "1.jpg",
        "Ada-1.jpg",
    }
