"""Vectors spread as dlib's embeddings are, as many as a benchmark needs: nobody has a million photos to hand.

Random features go through the network's last matrix, which gives the vectors its directions of difference.
Two persons are 0.83 apart on average, as on photographs, and the centre lies off the origin.
"""

import numpy as np
import numpy.typing as npt

from rekolocal.engine.network import WEIGHTS_FILE, model_path, read_tensors

Floats = npt.NDArray[np.float32]

_APART = 0.83
_SAME_PERSON = 0.35
_OFF_ORIGIN = 1.3


class SyntheticFaces:
    """Draws persons, and other photos of persons already drawn. float32 (n, 128)."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        matrix = read_tensors(model_path(WEIGHTS_FILE).read_bytes())[-1].reshape(256, 128).astype(np.float64)
        self._matrix = (matrix * _APART / np.sqrt(2 * np.square(matrix).sum())).astype(np.float32)
        centre = self._rng.standard_normal(128)
        self._centre = (centre * _OFF_ORIGIN / np.linalg.norm(centre)).astype(np.float32)

    def persons(self, count: int) -> Floats:
        """One vector for each of `count` persons."""
        features = self._rng.standard_normal((count, 256), dtype=np.float32)
        return np.asarray(features @ self._matrix + self._centre, dtype=np.float32)

    def again(self, vectors: Floats) -> Floats:
        """Another photo of each person, at the distance that one person's photos have."""
        noise = self._rng.standard_normal(vectors.shape, dtype=np.float32)
        return np.asarray(vectors + noise * np.float32(_SAME_PERSON / np.sqrt(128)), dtype=np.float32)
