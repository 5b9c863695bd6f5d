"""dlib's face recognition network as ONNX.

dlib publishes the weights of a 29-layer residual network (public domain) in its own serialization. The same
arithmetic written as ONNX runs an order of magnitude faster in onnxruntime. Affine layers and the input's
normalization are folded into the convolutions, so the graph is convolutions, pools and additions only.

Source of the network's shape: dlib's examples/dnn_face_recognition_ex.cpp (`anet_type`).
"""

import hashlib
import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from rekolocal.engine.models import ModelError

EMBEDDING_SIZE = 128
CHIP_PX = 150
WEIGHTS_FILE = "dlib_face_recognition_resnet_model_v1.dat"
WEIGHTS_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
PREDICTOR_FILE = "shape_predictor_5_face_landmarks.dat"
PREDICTOR_SHA256 = "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"

_CONVERSION = 1  # part of the cached file's name: raise it when the graph changes
_TENSORS = 59
_MEAN_RGB = np.array([122.782, 117.001, 104.298], dtype=np.float64)
_OPSET = 17
_IR_VERSION = 8

Floats = npt.NDArray[np.float32]


def model_path(name: str) -> Path:
    """Path of a file of PyPI's `face_recognition_models`, found without importing it.

    (Its `__init__` imports pkg_resources, which new setuptools no longer has.)
    """
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise ModelError("the package face_recognition_models is not installed")
    path = Path(spec.origin).parent / "models" / name
    if not path.is_file():
        raise ModelError(f"face_recognition_models has no file {name}")
    return path


def onnx_network(cache_dir: Path | None = None) -> Path:
    """The converted network's file; converts at the first call. Safe under concurrency.

    The conversion is the same bytes every time, each writer replaces the file atomically, and a reader takes
    only a file whose digest stands beside it, so processes that race at worst convert twice.

    Raises ModelError when the weights are not the published ones.
    """
    folder = cache_dir or Path(platformdirs.user_cache_dir("rekolocal", appauthor=False))
    target = folder / f"dlib-face-recognition-resnet-v1-{WEIGHTS_SHA256[:8]}-{_CONVERSION}.onnx"
    digest = target.with_suffix(".sha256")
    if _is_whole(target, digest):
        return target
    source = model_path(WEIGHTS_FILE).read_bytes()
    if hashlib.sha256(source).hexdigest() != WEIGHTS_SHA256:
        raise ModelError(f"{WEIGHTS_FILE} is not the published file (SHA-256 differs)")
    network = convert(source)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(target, network)
    _replace(digest, hashlib.sha256(network).hexdigest().encode())
    return target


def _is_whole(target: Path, digest: Path) -> bool:
    try:
        return hashlib.sha256(target.read_bytes()).hexdigest().encode() == digest.read_bytes()
    except FileNotFoundError:
        return False


def _replace(target: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=target.name, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(target)


def read_tensors(source: bytes) -> list[Floats]:
    """The tensors of at least 64 values in a dlib serialization, flat, in file order.

    A tensor is the integer 2 (its version), four dimensions, and float32 values; every integer is a byte
    whose low four bits count the little-endian bytes that follow it (0x80 is the sign; dimensions have none).
    """
    tensors: list[Floats] = []
    at = 0
    while (at := source.find(b"\x01\x02", at)) >= 0:
        found = _tensor_at(source, at + 2)
        if found is None:
            at += 1
            continue
        start, values = found
        tensors.append(np.frombuffer(source, dtype="<f4", count=values, offset=start))
        at = start + 4 * values
    return tensors


def principal_directions() -> Floats:
    """Orthogonal float32 (128, 128): the directions in which embeddings differ, those of most difference
    first.

    They are the right singular vectors of the network's last matrix, so they need no faces to be learned
    from.
    """
    matrix = read_tensors(model_path(WEIGHTS_FILE).read_bytes())[-1].reshape(256, EMBEDDING_SIZE)
    return np.asarray(np.linalg.svd(matrix.astype(np.float64), full_matrices=False)[2], dtype=np.float32)


def _tensor_at(source: bytes, at: int) -> tuple[int, int] | None:
    sizes: list[int] = []
    for _ in range(4):
        if at >= len(source) or not 1 <= source[at] <= 4:
            return None
        count = source[at]
        sizes.append(int.from_bytes(source[at + 1 : at + 1 + count], "little"))
        at += 1 + count
    values = math.prod(sizes)
    is_parameters = sizes[2:] == [1, 1] and values >= 64  # others are runs of small settings
    return (at, values) if is_parameters and at + 4 * values <= len(source) else None


@dataclass(frozen=True, slots=True)
class _Convolution:
    weights: Floats  # (out, in, k, k)
    biases: Floats  # (out,)


def _convolution(tensors: Iterator[Floats], inputs: int, outputs: int, kernel: int) -> _Convolution:
    """The next convolution with its affine layer (y = gamma * x + beta) folded in."""
    flat, affine = next(tensors).astype(np.float64), next(tensors).astype(np.float64)
    size = outputs * inputs * kernel * kernel
    if flat.size != size + outputs or affine.size != 2 * outputs:
        raise ModelError("the weights do not have the network's shape")
    weights = flat[:size].reshape(outputs, inputs, kernel, kernel)
    gammas, betas = affine[:outputs], affine[outputs:]
    return _Convolution(
        (weights * gammas[:, None, None, None]).astype(np.float32),
        (flat[size:] * gammas + betas).astype(np.float32),
    )


class _Graph:
    """Collects ONNX nodes; every method returns the name of its output."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper  # only the conversion needs onnx, and it is slow to import

        self._helper, self._numpy_helper = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operation: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(operation, list(inputs), [output], **attributes))
        return output

    def constant(self, values: npt.NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(self._numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def convolve(self, x: str, layer: _Convolution, stride: int) -> str:
        kernel = layer.weights.shape[-1]
        padding = [kernel // 2] * 4 if stride == 1 else [0] * 4
        return self.add(
            "Conv", x, self.constant(layer.weights), self.constant(layer.biases),
            kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=padding,
        )  # fmt: skip

    def pad(self, x: str, channels: int, pixels: int) -> str:
        if not channels and not pixels:
            return x
        return self.add(
            "Pad", x, self.constant(np.array([0, 0, 0, 0, 0, channels, pixels, pixels], dtype=np.int64))
        )


def convert(source: bytes) -> bytes:
    """dlib's serialized network as an ONNX model.

    Input `chips`: uint8 (n, 150, 150, 3) RGB. Output `embeddings`: float32 (n, 128).
    Raises ModelError when `source` is not that network.
    """
    found = read_tensors(source)
    if len(found) != _TENSORS:
        raise ModelError(f"expected {_TENSORS} tensors, found {len(found)}")
    tensors = iter(found)
    graph = _Graph()
    x = graph.add("Transpose", graph.add("Cast", "chips", to=1), perm=[0, 3, 1, 2])
    x = graph.add("Relu", graph.convolve(x, _normalized(_convolution(tensors, 3, 32, 7)), stride=2))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    size, channels = 35, 32
    for outputs, repeats in ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1)):
        for repeat in range(repeats):
            down = repeat == 0 and outputs > 32
            x, size = _residual(graph, x, tensors, channels, outputs, size, down=down)
            channels = outputs
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    matrix = next(tensors).reshape(256, EMBEDDING_SIZE)
    graph.add("MatMul", x, graph.constant(matrix), output="embeddings")
    return _serialize(graph)


def _normalized(first: _Convolution) -> _Convolution:
    """The first convolution, taking raw pixels: it has no padding, so (x - mean) / 256 folds in exactly."""
    weights = first.weights.astype(np.float64) / 256
    biases = first.biases - np.einsum("oikl,i->o", weights, _MEAN_RGB)
    return _Convolution(weights.astype(np.float32), biases.astype(np.float32))


def _residual(
    graph: _Graph, x: str, tensors: Iterator[Floats], inputs: int, outputs: int, size: int, *, down: bool
) -> tuple[str, int]:
    """One residual block; returns its output and that one's side in pixels."""
    stride = 2 if down else 1
    branch = graph.add("Relu", graph.convolve(x, _convolution(tensors, inputs, outputs, 3), stride=stride))
    branch = graph.convolve(branch, _convolution(tensors, outputs, outputs, 3), stride=1)
    if down:
        pooled, convolved = size // 2, (size - 3) // 2 + 1
        shortcut = graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        size = max(pooled, convolved)
        x = graph.pad(shortcut, outputs - inputs, size - pooled)
        branch = graph.pad(branch, 0, size - convolved)
    return graph.add("Relu", graph.add("Add", x, branch)), size


def _serialize(graph: _Graph) -> bytes:
    from onnx import TensorProto, helper

    chips = helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", CHIP_PX, CHIP_PX, 3])
    embeddings = helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", EMBEDDING_SIZE])
    body = helper.make_graph(
        graph.nodes, "dlib_face_recognition_resnet_v1", [chips], [embeddings], graph.constants
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized
