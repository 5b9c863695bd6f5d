"""YuNet, OpenCV's small face network (Wu et al. 2023), in onnxruntime: 2.5 times as fast as in OpenCV.

What OpenCV's FaceDetectorYN does with the network's output is done here in the same way, so that both find
the same faces.
"""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from rekolocal.engine.conversion import Graph, Published, attributes, cached
from rekolocal.engine.models import ModelError, find_yunet
from rekolocal.engine.picture import Pixels

Rows = npt.NDArray[np.float32]

_CONVERSION = 1  # part of the cached file's name: raise it when the graph changes
_STRIDES = (8, 16, 32)  # pixels between the places at which each of the three heads looks
_HEADS = ("cls", "obj", "bbox", "kps")
_OVERLAP = 0.3  # two boxes that share more of their area are one face
_MOST = 5000


class DetectorNetwork:
    """Safe to share between threads."""

    def __init__(self, own: Path | None = None, *, cache_dir: Path | None = None) -> None:
        """`own`: a model of one's own, else what `find_yunet` finds. Raises `ModelError`."""
        path = find_yunet(own)
        try:
            source = path.read_bytes()
            name = f"yunet-{hashlib.sha256(source).hexdigest()[:16]}-{_CONVERSION}.onnx"
            network = cached(name, lambda: convert(source), cache_dir=cache_dir)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(
                str(network), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnx and onnxruntime have many of their own
            raise ModelError(f"{path} is no model of YuNet in ONNX form") from error

    def detect(self, pixels: Pixels, *, min_score: float) -> Rows:
        """float32 (n, 15), surest first: x, y, width, height; five points' x and y; the score.

        `pixels`: uint8 (height, width, 3), RGB. The points are right eye, left eye, nose, right and left
        mouth corner.
        """
        height, width = pixels.shape[:2]
        image = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        padded = cv2.copyMakeBorder(image, 0, -height % 32, 0, -width % 32, cv2.BORDER_CONSTANT)
        (values,) = self._session.run(["values"], {"pixels": padded})
        scores = np.sqrt(np.clip(values[:, 0], 0, 1) * np.clip(values[:, 1], 0, 1))
        (places,) = np.nonzero(scores >= min_score)
        rows = _rows(values[places], scores[places], *_grid(places, *padded.shape[:2]))
        boxes = rows[:, :4].astype(np.int32)
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores[places].tolist(), min_score, _OVERLAP, top_k=_MOST)
        return rows[np.asarray(kept, np.int64).reshape(-1)]


def _grid(places: npt.NDArray[Any], height: int, width: int) -> tuple[Rows, Rows]:
    """Of each place: its column and row, float32 (n, 2), and its stride, float32 (n, 1)."""
    at, strides = np.empty((len(places), 2), np.float32), np.empty((len(places), 1), np.float32)
    begin = 0
    for stride in _STRIDES:
        columns, end = width // stride, begin + (width // stride) * (height // stride)
        here = (places >= begin) & (places < end)
        at[here] = np.stack(np.divmod(places[here] - begin, columns)[::-1], axis=1)
        strides[here] = stride
        begin = end
    return at, strides


def _rows(values: Rows, scores: Rows, at: Rows, strides: Rows) -> Rows:
    centres = (at + values[:, 2:4]) * strides
    sizes = np.exp(values[:, 4:6]) * strides
    points = (values[:, 6:].reshape(-1, 5, 2) + at[:, None]) * strides[:, None]
    columns = (centres - sizes / 2, sizes, points.reshape(-1, 10), scores[:, None])
    return np.concatenate(columns, axis=1, dtype=np.float32)


def convert(source: bytes) -> bytes:
    """A published YuNet as another ONNX model, for pictures of any size.

    Input `pixels`: uint8 (height, width, 3) BGR, sides multiples of 32. Output `values`: float32 (n, 16), a
    row a place: class, object, box (4), points (10).
    """
    published = Published(source)
    graph = Graph()
    first = graph.constant([0], np.int64)
    image = graph.add("Unsqueeze", graph.add("Transpose", "pixels", perm=[2, 0, 1]), first)
    image = graph.add("Cast", image, to=1)
    made: dict[str, str] = {}
    for node in published.nodes():
        inputs = [
            made[name] if name in made else _given(graph, published, name, image) for name in node.input
        ]
        made[node.output[0]] = graph.add(node.op_type, *inputs, **attributes(node))
    levels = [
        graph.add("Concat", *(made[f"{head}_{stride}"] for head in _HEADS), axis=2) for stride in _STRIDES
    ]
    graph.add("Squeeze", graph.add("Concat", *levels, axis=1), first, output="values")
    return graph.serialize(
        pixels=("pixels", ["height", "width", 3]), values=("values", ["n", 16]), name="yunet"
    )


def _given(graph: Graph, published: Published, name: str, image: str) -> str:
    """An input that no node makes: the picture, nothing, or a constant."""
    if not name:
        return ""
    weights = published.weights.get(name)
    return image if weights is None else graph.constant(weights, weights.dtype)
