"""OpenCV Zoo's networks written anew, as onnxruntime reads them: once, into a cache.

The published files keep their weights as int8 in blocks, which onnxruntime does not read.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

_OPSET = 17
_IR_VERSION = 8

Floats = npt.NDArray[np.float32]


def cached(name: str, make: Callable[[], bytes], *, cache_dir: Path | None = None) -> Path:
    """The file of this name in the cache, made at the first call. Safe under concurrency.

    A conversion is the same bytes every time, each writer replaces the file atomically, and a reader takes
    only a file whose digest stands beside it, so processes that race at worst convert twice.
    """
    folder = cache_dir or Path(platformdirs.user_cache_dir("rekolocal", appauthor=False))
    target = folder / name
    digest = target.with_suffix(".sha256")
    if _is_whole(target, digest):
        return target
    network = make()
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


class Published:
    """A published file, its weights as float32."""

    def __init__(self, source: bytes) -> None:
        import onnx  # only the conversion needs it, and it is slow to import
        from onnx import numpy_helper

        self._graph = onnx.load_from_string(source).graph
        self.weights: dict[str, npt.NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in self._graph.initializer
        }

    def nodes(self) -> Iterator[Any]:
        """The nodes that compute, in order; those that only make weights are done."""
        for node in self._graph.node:
            if node.op_type == "DequantizeLinear":
                self.weights[node.output[0]] = self._dequantized(node)
            elif node.op_type == "Reshape" and node.input[0] in self.weights:
                shape = self.weights[node.input[1]]
                self.weights[node.output[0]] = self.weights[node.input[0]].reshape(shape)
            else:
                yield node

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


class Graph:
    """Collects ONNX nodes; `add` and `constant` return the name of their output."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy_helper = helper, numpy_helper
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operation: str, *inputs: str, output: str = "", **settings: Any) -> str:
        """A node with one output."""
        output = output or f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(operation, list(inputs), [output], **settings))
        return output

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Values that the file carries."""
        name = f"constant_{len(self._constants)}"
        array = np.ascontiguousarray(values, dtype=dtype)
        self._constants.append(self._numpy_helper.from_array(array, name))
        return name

    def serialize(
        self, *, pixels: tuple[str, list[Any]], values: tuple[str, list[Any]], name: str = "network"
    ) -> bytes:
        """The model with one uint8 input and one float32 output, each a name and a shape."""
        from onnx import TensorProto

        make = self._helper
        given = make.make_tensor_value_info(pixels[0], TensorProto.UINT8, pixels[1])
        made = make.make_tensor_value_info(values[0], TensorProto.FLOAT, values[1])
        body = make.make_graph(self._nodes, name, [given], [made], self._constants)
        model = make.make_model(body, opset_imports=[make.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        serialized: bytes = model.SerializeToString(deterministic=True)
        return serialized
