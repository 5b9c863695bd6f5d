"""SFace, OpenCV Zoo's face recognition network, as onnxruntime runs it fast.

The published file keeps its weights as int8 in blocks, which onnxruntime does not read. The same arithmetic
is written anew: weights as float32, batch normalizations folded into the convolutions, and each PReLU as
`slope * x + (1 - slope) * relu(x)`, which onnxruntime computes faster than its own.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from rekolocal.engine.models import SFACE, find_sface

EMBEDDING_SIZE = 128
CHIP_PX = 112
MODEL_VERSION = "2021.12"
"""What FaceModelVersion says of a collection whose vectors are this network's; it takes digits and dots."""

_CONVERSION = 1  # part of the cached file's name: raise it when the graph changes
_OPSET = 17
_IR_VERSION = 8
_LAST_SIDE = 7  # the last convolution's output is 7x7

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def onnx_network(own: Path | None = None, *, cache_dir: Path | None = None) -> Path:
    """The converted network's file; converts at the first call. Safe under concurrency.

    `own`: SFace's file, where it is not the installed one. The conversion is the same bytes every time, each
    writer replaces the file atomically, and a reader takes only a file whose digest stands beside it, so
    processes that race at worst convert twice.

    Raises ModelError when the file is not the published one.
    """
    folder = cache_dir or Path(platformdirs.user_cache_dir("rekolocal", appauthor=False))
    target = folder / f"sface-{MODEL_VERSION}-{SFACE.sha256[:8]}-{_CONVERSION}.onnx"
    digest = target.with_suffix(".sha256")
    if _is_whole(target, digest):
        return target
    network = convert(find_sface(own).read_bytes())
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


def convert(source: bytes) -> bytes:
    """SFace's published file as another ONNX model.

    Input `chips`: uint8 (n, 112, 112, 3) RGB. Output `embeddings`: float32 (n, 128) of length 1.
    """
    published = _Published(source)
    graph = _Graph()
    x = graph.add("Transpose", graph.add("Cast", "chips", to=1), perm=[0, 3, 1, 2])
    x = graph.add("Mul", graph.add("Sub", x, graph.constant(127.5)), graph.constant(1 / 128))
    nodes = iter(published.layers())
    for node in nodes:
        match node.op_type:
            case "Conv":
                x = _convolution(graph, x, published, node, next(nodes))
            case "PRelu":
                slope = published.weights[node.input[1]]
                positive = graph.add("Mul", graph.add("Relu", x), graph.constant(1 - slope))
                x = graph.add("Add", positive, graph.add("Mul", x, graph.constant(slope)))
            case "BatchNormalization":
                matrix, bias = published.dense(next(nodes), before=node, after=next(nodes))
                x = graph.add("Gemm", graph.add("Flatten", x), graph.constant(matrix), graph.constant(bias))
    graph.add("LpNormalization", x, output="embeddings", axis=1, p=2)
    return graph.serialize()


@dataclass(frozen=True, slots=True)
class _Affine:
    """A batch normalization: y = scale * x + shift, float64 (channels,)."""

    scale: Doubles
    shift: Doubles


class _Published:
    """The published file, its weights as float32."""

    def __init__(self, source: bytes) -> None:
        import onnx  # only the conversion needs it, and it is slow to import
        from onnx import numpy_helper

        self._graph = onnx.load_from_string(source).graph
        self.weights: dict[str, npt.NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in self._graph.initializer
        }

    def layers(self) -> Iterator[Any]:
        """The nodes that compute, from the first convolution on; those that only make weights are done."""
        for node in self._graph.node:
            match node.op_type:
                case "DequantizeLinear":
                    self.weights[node.output[0]] = self._dequantized(node)
                case "Reshape":
                    shape = self.weights[node.input[1]]
                    self.weights[node.output[0]] = self.weights[node.input[0]].reshape(shape)
                case "Conv" | "PRelu" | "BatchNormalization" | "Gemm":
                    yield node

    def affine(self, node: Any) -> _Affine:
        gamma, beta, mean, variance = (self.weights[name].astype(np.float64) for name in node.input[1:])
        scale = gamma / np.sqrt(variance + attributes(node)["epsilon"])
        return _Affine(scale, beta - mean * scale)

    def dense(self, node: Any, *, before: Any, after: Any) -> tuple[Floats, Floats]:
        """The last matrix, (50176, 128), and its bias, with the normalizations around it folded in."""
        matrix = self.weights[node.input[1]].astype(np.float64)
        bias = self.weights[node.input[2]].astype(np.float64)
        first, last = self.affine(before), self.affine(after)
        bias = bias + matrix @ np.repeat(first.shift, _LAST_SIDE**2)
        matrix = matrix * np.repeat(first.scale, _LAST_SIDE**2) * last.scale[:, None]
        return np.asarray(matrix.T, np.float32), np.asarray(bias * last.scale + last.shift, np.float32)

    def _dequantized(self, node: Any) -> Floats:
        values, scales, zeros = (self.weights[name].astype(np.float32) for name in node.input)
        axis, block = attributes(node)["axis"], attributes(node)["block_size"]
        part = tuple(slice(side) for side in values.shape)
        zeros, scales = (np.repeat(each, block, axis=axis)[part] for each in (zeros, scales))
        return np.asarray((values - zeros) * scales, np.float32)


def attributes(node: Any) -> dict[str, Any]:
    """An ONNX node's attributes."""
    from onnx import helper

    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def _convolution(graph: "_Graph", x: str, published: _Published, node: Any, normalization: Any) -> str:
    """A convolution with the batch normalization after it folded in."""
    affine = published.affine(normalization)
    weights = published.weights[node.input[1]].astype(np.float64) * affine.scale[:, None, None, None]
    settings = {name: attributes(node)[name] for name in ("group", "kernel_shape", "pads", "strides")}
    return graph.add("Conv", x, graph.constant(weights), graph.constant(affine.shift), **settings)


class _Graph:
    """Collects ONNX nodes; `add` and `constant` return the name of their output."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy_helper = helper, numpy_helper
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operation: str, *inputs: str, output: str = "", **settings: Any) -> str:
        output = output or f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(operation, list(inputs), [output], **settings))
        return output

    def constant(self, values: npt.ArrayLike) -> str:
        name = f"constant_{len(self._constants)}"
        array = np.ascontiguousarray(values, dtype=np.float32)
        self._constants.append(self._numpy_helper.from_array(array, name))
        return name

    def serialize(self) -> bytes:
        from onnx import TensorProto

        make = self._helper
        chips = make.make_tensor_value_info("chips", TensorProto.UINT8, ["n", CHIP_PX, CHIP_PX, 3])
        embeddings = make.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", EMBEDDING_SIZE])
        body = make.make_graph(self._nodes, "sface", [chips], [embeddings], self._constants)
        model = make.make_model(body, opset_imports=[make.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        serialized: bytes = model.SerializeToString(deterministic=True)
        return serialized
