"""dlib's network as ONNX gives dlib's embeddings."""

import threading
from pathlib import Path

import dlib
import numpy as np
import pytest

from rekolocal.engine import network
from rekolocal.engine.faces import Embedder, FaceEngine
from rekolocal.engine.models import ModelError
from rekolocal.engine.network import WEIGHTS_FILE, convert, model_path, onnx_network, read_tensors


@pytest.fixture(scope="session")
def weights() -> bytes:
    return model_path(WEIGHTS_FILE).read_bytes()


def test_embeddings_equal_dlibs_own(engine: FaceEngine, astronaut: bytes, hopper: bytes) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), dtype=np.uint8)
    faces = [engine.faces(photo)[0].chip for photo in (astronaut, hopper)]
    chips = [*faces, *noise, np.zeros_like(noise[0])]
    theirs = dlib.face_recognition_model_v1(str(model_path(WEIGHTS_FILE)))
    expected = np.array([theirs.compute_face_descriptor(chip) for chip in chips])
    np.testing.assert_allclose(Embedder().embed(np.stack(chips)), expected, atol=1e-5)


def test_the_weights_are_59_tensors_of_5_614_592_values(weights: bytes) -> None:
    tensors = read_tensors(weights)
    assert len(tensors) == 59
    assert sum(tensor.size for tensor in tensors) == 5_614_592


def test_a_second_start_takes_the_converted_file_as_it_is(tmp_path: Path) -> None:
    first = onnx_network(tmp_path)
    written = first.stat().st_mtime_ns
    assert onnx_network(tmp_path) == first
    assert first.stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["truncated", "altered", "without its digest"])
def test_a_damaged_cache_is_converted_anew(tmp_path: Path, damage: str) -> None:
    path = onnx_network(tmp_path)
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "altered":
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    else:
        path.with_suffix(".sha256").unlink()
    assert onnx_network(tmp_path).read_bytes() == whole


def test_conversions_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def convert_and_embed() -> None:
        try:
            embeddings = Embedder(onnx_network(tmp_path)).embed(np.zeros((1, 150, 150, 3), np.uint8))
            assert embeddings.shape == (1, 128)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=convert_and_embed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(list(tmp_path.iterdir())) == 2


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: bytes) -> None:
    other = tmp_path / WEIGHTS_FILE
    other.write_bytes(weights[:-1] + b"\1")
    monkeypatch.setattr(network, "model_path", lambda name: other)
    with pytest.raises(ModelError, match="not the published file"):
        onnx_network(tmp_path / "cache")


def test_a_file_that_is_no_network_is_refused() -> None:
    with pytest.raises(ModelError, match="expected 59 tensors"):
        convert(b"\x01\x02" * 5000)


def test_the_principal_directions_are_a_rotation() -> None:
    directions = network.principal_directions()
    np.testing.assert_allclose(directions @ directions.T, np.eye(128), atol=1e-5)
