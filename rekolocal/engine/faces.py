"""The engine put together: look at a picture, embed the faces found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import onnxruntime

from rekolocal.engine.alignment import Pose, align
from rekolocal.engine.decoding import Decoder
from rekolocal.engine.detection import Detection, Detector, YuNet
from rekolocal.engine.network import EMBEDDING_SIZE, onnx_network
from rekolocal.engine.picture import Picture, Pixels
from rekolocal.engine.quality import BARS, Quality, measure

Embeddings = npt.NDArray[np.float32]

MAX_FACES = 100  # Rekognition: "detects the 100 largest faces in the image"


@dataclass(frozen=True, slots=True)
class Box:
    """A box in fractions of the picture's width and height; it may reach over the picture's edge."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Face:
    """A face of a picture. `landmarks`: float32 (5, 2), fractions of the picture, in AlignedFace's order."""

    box: Box
    confidence_pct: float
    landmarks: npt.NDArray[np.float32]
    pose: Pose
    quality: Quality
    chip: Pixels
    side_px: float

    def missed_reasons(self, quality_filter: str) -> list[str]:
        """Why the face does not pass Rekognition's QualityFilter value; empty when it does."""
        bar = BARS[quality_filter]
        return (
            [] if bar is None else bar.missed_by(self.quality, self.pose, self.confidence_pct, self.side_px)
        )


class Embedder:
    """The recognition network in onnxruntime. Safe to share between threads."""

    def __init__(self, network: Path | None = None, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        path = network or onnx_network()
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def embed(self, chips: npt.NDArray[np.uint8]) -> Embeddings:
        """float32 (n, 128), of length 1, of `chips`, uint8 (n, 112, 112, 3) RGB."""
        (embeddings,) = self._session.run(["embeddings"], {"chips": chips})
        return np.asarray(embeddings, dtype=np.float32)


def mean_of(embeddings: Embeddings) -> npt.NDArray[np.float32]:
    """float32 (128,), of length 1: what stands for several faces of one person."""
    mean = embeddings.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), np.float32)


class FaceEngine:
    """Finds faces and turns them into vectors. Safe to share between threads."""

    def __init__(self, decoder: Decoder, detector: Detector, embedder: Embedder) -> None:
        self._decoder = decoder
        self._detector = detector
        self._embedder = embedder

    @classmethod
    def load(cls, *, yunet_model: Path | None = None, threads: int = 1) -> Self:
        """The engine with the installed models, or with a detector's model file of one's own."""
        decoder = Decoder()  # gets ready while the models are loaded
        return cls(decoder, YuNet(yunet_model), Embedder(threads=threads))

    def faces(self, content: bytes) -> list[Face]:
        """All faces of a JPEG or PNG, the 100 largest, largest first. Raises what `Decoder.decode` raises."""
        picture = self._decoder.decode(content)
        found = self._detector.detect(picture.pixels, largest_only=False)
        return [self._face(picture, detection) for detection in found[:MAX_FACES]]

    def largest_face(self, content: bytes) -> Face | None:
        """The largest face only, at a fraction of the work. Raises what `Decoder.decode` raises."""
        picture = self._decoder.decode(content)
        found = self._detector.detect(picture.pixels, largest_only=True)
        return self._face(picture, found[0]) if found else None

    def embed(self, faces: Sequence[Face]) -> Embeddings:
        """float32 (n, 128), one row a face."""
        if not faces:
            return np.empty((0, EMBEDDING_SIZE), dtype=np.float32)
        return self._embedder.embed(np.stack([face.chip for face in faces]))

    def _face(self, picture: Picture, detection: Detection) -> Face:
        aligned = align(picture.pixels, detection)
        width, height = picture.width_px, picture.height_px
        shrink = min(1.0, 1920 / max(width, height))
        return Face(
            box=Box(
                detection.left / width,
                detection.top / height,
                detection.width / width,
                detection.height / height,
            ),
            confidence_pct=detection.confidence_pct,
            landmarks=np.asarray(aligned.landmarks / np.array([[width, height]]), dtype=np.float32),
            pose=aligned.pose,
            quality=measure(aligned.chip),
            chip=aligned.chip,
            side_px=min(detection.width, detection.height) * shrink,
        )
