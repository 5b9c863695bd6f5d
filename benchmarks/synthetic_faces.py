"""Vectors spread as SFace's embeddings are, as many as a benchmark needs: nobody has a million photos.

All have length 1. The cosines of two persons have mean 0.08 and deviation 0.09, as on photographs: nearly
that of 128 independent directions around a common one.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_IN_COMMON = 0.28  # its square is the mean cosine
_SAME_PERSON = 0.70  # distance of two photos of one person


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


class SyntheticFaces:
    """Draws persons, and other photos of persons already drawn. float32 (n, 128)."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._common = _unit(self._rng.standard_normal((1, 128), dtype=np.float32)) * np.float32(_IN_COMMON)

    def persons(self, count: int) -> Floats:
        """One vector for each of `count` persons."""
        own = _unit(self._rng.standard_normal((count, 128), dtype=np.float32))
        return _unit(own * np.float32(np.sqrt(1 - _IN_COMMON**2)) + self._common)

    def again(self, vectors: Floats) -> Floats:
        """Another photo of each person, at the distance that one person's photos have."""
        step = _unit(self._rng.standard_normal(vectors.shape, dtype=np.float32))
        sideways = _unit(step - np.einsum("ij,ij->i", step, vectors)[:, None] * vectors)
        cosine = np.float32(1 - _SAME_PERSON**2 / 2)
        return _unit(cosine * vectors + np.sqrt(1 - cosine**2) * sideways)
