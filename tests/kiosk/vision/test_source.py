"""What `--source` means."""

from pathlib import Path

import pytest

from kiosk.vision.camera import SourceUnusable
from kiosk.vision.source import is_live, still_pictures


@pytest.mark.parametrize(
    "source", ["0", "12", "-", "rtsp://10.0.0.7/stream", "HTTP://cam/video", "/dev/null"]
)
def test_cameras_urls_and_standard_input_are_live(source: str) -> None:
    assert is_live(source)


@pytest.mark.parametrize("source", ["visit.jpg", "clips/door.mp4", "C:/door.mp4", "photos/", "0.jpg", ""])
def test_files_and_folders_are_not_live(source: str) -> None:
    assert not is_live(source)


def test_a_folders_files_come_in_order_of_name_without_the_hidden(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.txt", ".DS_Store", "c.png"):
        (tmp_path / name).touch()
    (tmp_path / "d").mkdir()
    pictures = still_pictures(str(tmp_path))
    assert pictures is not None
    assert [file.name for file in pictures] == ["a.txt", "b.jpg", "c.png"]


@pytest.mark.parametrize("name", ["visit.jpg", "visit.PNG", "notes.txt", "no-suffix"])
def test_a_file_that_is_no_clip_is_one_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert still_pictures(str(tmp_path / name)) == [tmp_path / name]


@pytest.mark.parametrize("name", ["door.mp4", "door.GIF", "door.avi"])
def test_a_clip_is_no_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert still_pictures(str(tmp_path / name)) is None


def test_a_path_that_is_not_there_is_said_with_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="give a picture, a folder, a clip, a camera's number"):
        still_pictures(str(tmp_path / "nobody.jpg"))


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="holds no pictures"):
        still_pictures(str(tmp_path))
