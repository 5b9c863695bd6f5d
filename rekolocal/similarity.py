"""Rekognition's similarity scale, from Euclidean distances of embeddings.

For each network a logistic through two points: 80 where about one pair of strangers in a thousand passes, 99
where fewer than one in a hundred thousand do (`benchmarks/accuracy.py`). So thresholds of 80 and 99 mean what
Rekognition's users mean by them. The scores are not AWS's.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rekolocal.engine.network import MODEL_VERSION


@dataclass(frozen=True, slots=True)
class Scale:
    """The distances that are 80 and 99 % similar."""

    at_80: float
    at_99: float

    @property
    def _steepness(self) -> float:
        return (_logit(99) - _logit(80)) / (self.at_80 - self.at_99)

    @property
    def _centre(self) -> float:
        return self.at_80 + _logit(80) / self._steepness

    def similarity_pct(self, distances: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """0-100, element by element."""
        exponent = np.clip(self._steepness * (distances.astype(np.float64) - self._centre), -700, 700)
        return np.asarray(100.0 / (1.0 + np.exp(exponent)))

    def distance_at(self, similarity: float) -> float:
        """The largest distance whose similarity is at least `similarity` (0-100): infinite at 0, 0 at 100."""
        if similarity <= 0:
            return math.inf
        if similarity >= 100:
            return 0.0
        return max(0.0, self._centre - _logit(similarity) / self._steepness)


def _logit(similarity: float) -> float:
    return math.log(similarity / (100.0 - similarity))


SCALES = {
    MODEL_VERSION: Scale(at_80=1.13, at_99=1.00),
    "7.0": Scale(at_80=0.60, at_99=0.45),  # dlib's network, of collections made before SFace
}
"""By the model whose vectors a collection keeps."""
