"""The loops of `panning`, compiled: 170,000 images are panned in a few milliseconds."""

from __future__ import annotations

import math

from numba import float64, int64, njit, void

from see2sound_nb._numba import loop

_ROWS, _STACK = float64[:, ::1], float64[:, :, ::1]


@njit(inline="always")
def _weight(x, y, z, inverses, facet, corner):
    return x * inverses[facet, 0, corner] + y * inverses[facet, 1, corner] + z * inverses[facet, 2, corner]


@loop(int64(float64, float64, float64, _STACK))
def _facet(x, y, z, inverses):
    best, chosen = -math.inf, 0
    for facet in range(len(inverses)):
        least = _weight(x, y, z, inverses, facet, 0)
        least = min(least, _weight(x, y, z, inverses, facet, 1))
        least = min(least, _weight(x, y, z, inverses, facet, 2))
        if least >= 0.0:
            return facet
        if least > best:
            best, chosen = least, facet
    return chosen


@loop()
def facet_around(x, y, z, inverses, first, weights):
    """The facet that encloses a vector, where `first` is looked at first; fills its `weights` (3,), none negative."""
    facet = first
    for _ in range(2):
        least = math.inf
        for corner in range(3):
            weight = _weight(x, y, z, inverses, facet, corner)
            least, weights[corner] = min(least, weight), max(weight, 0.0)
        if least >= 0.0:
            break
        facet = _facet(x, y, z, inverses)
    return facet


@loop(void(_ROWS, _STACK, int64[::1], _ROWS))
def enclose(vectors, inverses, facets, weights):
    """Fill `facets` (n,) and `weights` (n, 3); see `render.panning.enclosing_facets`."""
    for n in range(len(vectors)):
        x, y, z = vectors[n, 0], vectors[n, 1], vectors[n, 2]
        facet = _facet(x, y, z, inverses)
        facets[n] = facet
        for corner in range(3):
            weights[n, corner] = max(_weight(x, y, z, inverses, facet, corner), 0.0)


@loop(void(_ROWS, int64[:, ::1], _STACK, _ROWS, int64, _ROWS))
def pan(vectors, corners, inverses, shares, front, gains):
    """Fill `gains` (n, S); see `render.panning.pan`. Directions that no facet has go to the loudspeaker `front`."""
    speakers = gains.shape[1]
    for n in range(len(vectors)):
        x, y, z = vectors[n, 0], vectors[n, 1], vectors[n, 2]
        facet = _facet(x, y, z, inverses)
        for speaker in range(speakers):
            gains[n, speaker] = 0.0
        for corner in range(3):
            weight = _weight(x, y, z, inverses, facet, corner)
            if weight > 0.0:
                vertex = corners[facet, corner]
                for speaker in range(speakers):
                    gains[n, speaker] += weight * shares[vertex, speaker]
        power = 0.0
        for speaker in range(speakers):
            power += gains[n, speaker] * gains[n, speaker]
        if power == 0.0:
            gains[n, front] = power = 1.0
        norm = 1.0 / math.sqrt(power)
        for speaker in range(speakers):
            gains[n, speaker] *= norm
