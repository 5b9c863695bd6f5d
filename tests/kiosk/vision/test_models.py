"""Where YuNet is found, and that nothing but YuNet is kept."""

import hashlib
from pathlib import Path
from urllib.error import URLError

import pytest

from kiosk.vision import models
from kiosk.vision.models import YUNET_ENV, ModelError, fetch_yunet, find_yunet

MODEL = b"the network"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real model cannot be fetched in a test: another one is the pinned one here."""
    monkeypatch.setattr(models, "YUNET_SHA256", hashlib.sha256(MODEL).hexdigest())


def test_the_named_file_goes_before_the_environment_and_that_before_the_cache(tmp_path: Path) -> None:
    named, in_environment, cached = (tmp_path / name for name in ("named", "environment", "cached"))
    for file in (named, in_environment, cached):
        file.write_bytes(MODEL)
    environ = {YUNET_ENV: str(in_environment)}
    assert find_yunet(named, environ=environ, cached=cached) == named
    assert find_yunet(None, environ=environ, cached=cached) == in_environment
    assert find_yunet(None, environ={}, cached=cached) == cached


def test_nowhere_is_none(tmp_path: Path) -> None:
    assert find_yunet(None, environ={}, cached=tmp_path / "none") is None


def test_a_named_file_that_is_not_there_is_an_error_that_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="recognizeme doctor --fetch-models"):
        find_yunet(tmp_path / "none", environ={})
    with pytest.raises(ModelError, match="there is no YuNet model at"):
        find_yunet(None, environ={YUNET_ENV: str(tmp_path / "none")})


@pytest.mark.usefixtures("known")
def test_fetching_keeps_the_model_and_does_not_fetch_it_again(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "yunet.onnx"
    asked: list[str] = []

    def read(url: str) -> bytes:
        asked.append(url)
        return MODEL

    assert fetch_yunet(file, read=read) == fetch_yunet(file, read=read) == file
    assert file.read_bytes() == MODEL
    assert len(asked) == 1


@pytest.mark.usefixtures("known")
def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    file = tmp_path / "yunet.onnx"
    file.write_bytes(b"half the netw")
    fetch_yunet(file, read=lambda _: MODEL)
    assert file.read_bytes() == MODEL


def test_anything_but_the_pinned_model_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "yunet.onnx"
    with pytest.raises(ModelError, match="nothing was kept"):
        fetch_yunet(file, read=lambda _: b"something else")
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_one_sentence_that_says_where_to_put_the_file(tmp_path: Path) -> None:
    def read(url: str) -> bytes:
        raise URLError("no route to host")

    with pytest.raises(ModelError, match="fetch it elsewhere and put it at"):
        fetch_yunet(tmp_path / "yunet.onnx", read=read)
