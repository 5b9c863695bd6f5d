"""SFace written anew gives the published network's embeddings."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from rekolocal.engine.faces import Embedder, FaceEngine, mean_of
from rekolocal.engine.models import SFACE, ModelError
from rekolocal.engine.network import CHIP_PX, onnx_network


def test_embeddings_equal_those_of_opencv(engine: FaceEngine, astronaut: bytes, hopper: bytes) -> None:
    random = np.random.default_rng(0).integers(0, 256, (2, CHIP_PX, CHIP_PX, 3), dtype=np.uint8)
    faces = [engine.faces(photo)[0].chip for photo in (astronaut, hopper)]
    chips = [*faces, *random, np.full_like(random[0], 90)]
    published = cv2.FaceRecognizerSF.create(str(SFACE.installed()), "")
    features = np.vstack([published.feature(np.ascontiguousarray(chip[:, :, ::-1])) for chip in chips])
    expected = features / np.linalg.norm(features, axis=1, keepdims=True)
    np.testing.assert_allclose(Embedder().embed(np.stack(chips)), expected, atol=2e-6)


def test_embeddings_have_length_one_and_so_has_their_mean(engine: FaceEngine, both: bytes) -> None:
    embeddings = engine.embed(engine.faces(both))
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(mean_of(embeddings)) == pytest.approx(1, abs=1e-5)


def test_a_second_start_takes_the_converted_file_as_it_is(tmp_path: Path) -> None:
    first = onnx_network(cache_dir=tmp_path)
    written = first.stat().st_mtime_ns
    assert onnx_network(cache_dir=tmp_path) == first
    assert first.stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["truncated", "altered", "without its digest"])
def test_a_damaged_cache_is_converted_anew(tmp_path: Path, damage: str) -> None:
    path = onnx_network(cache_dir=tmp_path)
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "altered":
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    else:
        path.with_suffix(".sha256").unlink()
    assert onnx_network(cache_dir=tmp_path).read_bytes() == whole


def test_conversions_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def convert_and_embed() -> None:
        try:
            network = onnx_network(cache_dir=tmp_path)
            embeddings = Embedder(network).embed(np.zeros((1, CHIP_PX, CHIP_PX, 3), np.uint8))
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


def test_another_network_is_refused_wherever_it_lies(tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(SFACE.installed().read_bytes()[:-1] + b"\1")
    for own in (other, tmp_path / "none.onnx"):
        with pytest.raises(ModelError, match=r"is not face_recognition_sface_2021dec_int8bq\.onnx of OpenCV"):
            onnx_network(own, cache_dir=tmp_path / "cache")


def test_the_published_file_may_lie_elsewhere(tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.write_bytes(SFACE.installed().read_bytes())
    assert onnx_network(own, cache_dir=tmp_path / "cache").is_file()
