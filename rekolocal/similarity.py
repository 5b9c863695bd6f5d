"""Rekognition's similarity scale, from Euclidean distances of embeddings.

A logistic through two points: 99 at distance 0.45 and 80 at 0.60, where dlib's network separates persons
(dlib publishes 99.38 % on LFW at 0.60; at 0.45 hardly a stranger passes). So thresholds of 80 and 99 mean
what Rekognition's users mean by them. The scores are not AWS's.
"""

import math

import numpy as np
import numpy.typing as npt

STEEPNESS = 21.39
CENTRE = 0.6648


def similarity_pct(distances: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """0-100, element by element."""
    exponent = np.clip(STEEPNESS * (distances.astype(np.float64) - CENTRE), -700, 700)
    return np.asarray(100.0 / (1.0 + np.exp(exponent)))


def distance_at(similarity: float) -> float:
    """The largest distance whose similarity is at least `similarity` (0-100): infinite at 0, 0 at 100."""
    if similarity <= 0:
        return math.inf
    if similarity >= 100:
        return 0.0
    return max(0.0, CENTRE + math.log(100.0 / similarity - 1.0) / STEEPNESS)
