"""SFace, OpenCV Zoo's face recognition network, as onnxruntime runs it fast.

The same arithmetic is written anew: batch normalizations folded into the convolutions, and each PReLU as
`slope * x + (1 - slope) * relu(x)`, which onnxruntime computes faster than its own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rekolocal.engine.conversion import Floats, Graph, Published, attributes, cached
from rekolocal.engine.models import SFACE, find_sface

EMBEDDING_SIZE = 128
CHIP_PX = 112
MODEL_VERSION = "2021.12"
"""What FaceModelVersion says of a collection whose vectors are this network's; it takes digits and dots."""

_CONVERSION = 1  # part of the cached file's name: raise it when the graph changes
_LAST_SIDE = 7  # the last convolution's output is 7x7
_LAYERS = {"Conv", "PRelu", "BatchNormalization", "Gemm"}

Doubles = npt.NDArray[np.float64]


def onnx_network(own: Path | None = None, *, cache_dir: Path | None = None) -> Path:
    """The converted network's file, see `cached`. `own`: SFace's file, where it is not the installed one.

    Raises ModelError when the file is not the published one.
    """
    name = f"sface-{MODEL_VERSION}-{SFACE.sha256[:8]}-{_CONVERSION}.onnx"
    return cached(name, lambda: convert(find_sface(own).read_bytes()), cache_dir=cache_dir)


def convert(source: bytes) -> bytes:
    """SFace's published file as another ONNX model.

    Input `chips`: uint8 (n, 112, 112, 3) RGB. Output `embeddings`: float32 (n, 128) of length 1.
    """
    published = Published(source)
    graph = Graph()
    x = graph.add("Transpose", graph.add("Cast", "chips", to=1), perm=[0, 3, 1, 2])
    x = graph.add("Mul", graph.add("Sub", x, graph.constant(127.5)), graph.constant(1 / 128))
    # From the first convolution on: what comes before it is written above.
    nodes = (node for node in published.nodes() if node.op_type in _LAYERS)
    for node in nodes:
        match node.op_type:
            case "Conv":
                x = _convolution(graph, x, published, node, next(nodes))
            case "PRelu":
                slope = published.weights[node.input[1]]
                positive = graph.add("Mul", graph.add("Relu", x), graph.constant(1 - slope))
                x = graph.add("Add", positive, graph.add("Mul", x, graph.constant(slope)))
            case "BatchNormalization":
                matrix, bias = _dense(published, next(nodes), before=node, after=next(nodes))
                x = graph.add("Gemm", graph.add("Flatten", x), graph.constant(matrix), graph.constant(bias))
    graph.add("LpNormalization", x, output="embeddings", axis=1, p=2)
    return graph.serialize(
        pixels=("chips", ["n", CHIP_PX, CHIP_PX, 3]),
        values=("embeddings", ["n", EMBEDDING_SIZE]),
        name="sface",
    )


@dataclass(frozen=True, slots=True)
class _Affine:
    """A batch normalization: y = scale * x + shift, float64 (channels,)."""

    scale: Doubles
    shift: Doubles


def _affine(published: Published, node: Any) -> _Affine:
    gamma, beta, mean, variance = (published.weights[name].astype(np.float64) for name in node.input[1:])
    scale = gamma / np.sqrt(variance + attributes(node)["epsilon"])
    return _Affine(scale, beta - mean * scale)


def _dense(published: Published, node: Any, *, before: Any, after: Any) -> tuple[Floats, Floats]:
    """The last matrix, (50176, 128), and its bias, with the normalizations around it folded in."""
    matrix = published.weights[node.input[1]].astype(np.float64)
    bias = published.weights[node.input[2]].astype(np.float64)
    first, last = _affine(published, before), _affine(published, after)
    bias = bias + matrix @ np.repeat(first.shift, _LAST_SIDE**2)
    matrix = matrix * np.repeat(first.scale, _LAST_SIDE**2) * last.scale[:, None]
    return np.asarray(matrix.T, np.float32), np.asarray(bias * last.scale + last.shift, np.float32)


def _convolution(graph: Graph, x: str, published: Published, node: Any, normalization: Any) -> str:
    """A convolution with the batch normalization after it folded in."""
    affine = _affine(published, normalization)
    weights = published.weights[node.input[1]].astype(np.float64) * affine.scale[:, None, None, None]
    settings = {name: attributes(node)[name] for name in ("group", "kernel_shape", "pads", "strides")}
    return graph.add("Conv", x, graph.constant(weights), graph.constant(affine.shift), **settings)
