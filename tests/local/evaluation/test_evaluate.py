"""Evaluating on one's own photos, with real faces."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageOps

from local.cli import main
from local.evaluation.evaluate import NotEnoughPhotos, photos_by_person
from tests.portraits import ASTRONAUT, HOPPER


def test_a_folder_without_two_people_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "1.jpg").touch()
    (tmp_path / "ada" / "2.jpg").touch()
    with pytest.raises(NotEnoughPhotos, match="two people"):
        photos_by_person(tmp_path)


def views(portrait: Path, quality: int = 90) -> list[bytes]:
    """The portrait, smaller, and mirrored."""
    picture = Image.open(portrait).convert("RGB")
    found = []
    for view in (
        picture,
        picture.resize((picture.width // 2, picture.height // 2)),
        ImageOps.mirror(picture),
    ):
        content = io.BytesIO()
        view.save(content, "JPEG", quality=quality)
        found.append(content.getvalue())
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, portrait in (("Eileen Collins (NASA)", ASTRONAUT), ("grace", HOPPER)):
        (tmp_path / name).mkdir()
        for number, content in enumerate(views(portrait), 1):
            (tmp_path / name / f"{number}.jpg").write_bytes(content)
    return tmp_path


@pytest.mark.integration
def test_two_real_people_are_told_apart(folder: Path) -> None:
    (folder / "grace" / "4.jpg").write_bytes(b"no picture")
    (folder / "grace" / "5.jpg").write_bytes((folder / "grace" / "1.jpg").read_bytes())
    plot = folder / "report.png"
    done = CliRunner().invoke(main, ["evaluate", str(folder), "--json", "--report", str(plot)])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    reasons = {each["picture"]: (each["reason"], each["is_copy"]) for each in report["unusable"]}
    assert reasons["grace/5.jpg"] == ("the same picture as 1.jpg", True)
    assert reasons["grace/4.jpg"][1] is False
    assert (report["people"], report["pictures"], report["acquire"]["hits"]) == (2, 6, 1)
    for rate in ("turned_away", "wrong_name", "stranger_named"):
        assert report["present"][rate]["hits"] == 0
    assert report["misfiled"] == []
    assert report["suggested"]["threshold_pct"] == 99.0
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.integration
def test_a_photo_under_the_wrong_name_is_found(folder: Path) -> None:
    smaller = Image.open(ASTRONAUT).convert("RGB").resize((300, 300))
    smaller.save(folder / "grace" / "holiday.jpg", quality=85)
    done = CliRunner().invoke(main, ["evaluate", str(folder), "--json"])
    report = json.loads(done.stdout)
    (wrong,) = report["misfiled"]
    assert (wrong["picture"], wrong["person_id"]) == ("grace/holiday.jpg", "grace")
    assert wrong["really"]["person_id"] == "Eileen Collins (NASA)"
