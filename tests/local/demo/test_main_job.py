import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from local.cli import main
from local.demo.contact_sheet import Picture, contact_sheet
from local.demo.visits import PORTRAITS, PicturesMissing, packaged_picture, visits
from tests.local.runtime.test_functions import environment


def test_the_demo_plays_ten_visits_or_more_with_every_kind_of_outcome() -> None:
    played = list(visits())
    assert len(played) >= 10
    assert len({visit.title for visit in played}) == len(played)
    assert {visit.outcome for visit in played} == {"recognized", "unknown", "no_face", "rejected"}
    for portrait in PORTRAITS:
        assert sum(visit.person_id == portrait.person_id for visit in played) >= 6
        assert any(visit.without == portrait for visit in played)


def test_every_changed_picture_differs_from_the_enrolled_one_and_from_each_other() -> None:
    pictures = [visit.picture for visit in visits()] + [portrait.read() for portrait in PORTRAITS]
    # The strangers' pictures are those of the smaller visits: only the enrollment differs.
    assert len(set(pictures)) == len(pictures) - len(PORTRAITS)


def test_a_portrait_that_is_not_installed_says_how_to_get_it() -> None:
    with pytest.raises(PicturesMissing, match=r"recognizeme\[demo\]"):
        packaged_picture("no_such_package", "data/x.png")
    with pytest.raises(PicturesMissing, match=r"recognizeme\[demo\]"):
        packaged_picture("skimage", "data/no_such_picture.png")


def test_without_its_pictures_the_demo_says_so_before_it_starts_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    done = CliRunner().invoke(main, ["demo"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: the demo shows pictures that come with")
    assert "Starting" not in done.output


def test_the_contact_sheet_has_a_place_for_every_visit_also_for_what_is_no_picture() -> None:
    pictures = [Picture(visit.picture, visit.title, visit.outcome) for visit in list(visits())[-6:]]
    sheet = cv2.imdecode(np.frombuffer(contact_sheet(pictures), np.uint8), cv2.IMREAD_COLOR)
    assert sheet is not None
    first, last = sheet[:220, :220], sheet[264:484, :220]
    assert first.std() > 20  # a person
    assert last.std() == 0  # the text file


@pytest.mark.slow
@pytest.mark.integration
def test_the_demo_fails_when_an_outcome_is_not_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOGNIZEME_THRESHOLD_PCT", "100")  # nobody is ever that sure
    done = CliRunner().invoke(main, ["demo", "--json"])
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert done.exit_code == 1
    assert lines[-1]["as_expected"] < lines[-1]["visits"]
    assert any(line["outcome"] == "unknown" for line in lines if line.get("expected") == "recognized")


@pytest.mark.slow
@pytest.mark.integration
def test_the_demo_works_in_any_folder_and_leaves_nothing_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from local.cli import main; main()", "demo", "--json"],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["as_expected"] == summary["visits"] >= 10
    assert list(tmp_path.iterdir()) == []
