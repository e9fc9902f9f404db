"""Things that belong together: people who stand beside each other, flocks, herds, a row of cars.

Notebook: 01_regions.
"""

from __future__ import annotations

import numpy as np

#: Things of one name belong together if the gap between their boxes is at most this share of their mean size,
GAP = 0.6
#: and none is more than so many times as tall as the other: what is far away is another source.
RATIO = 3.0


def groups_of_things(boxes: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Gather things of one name that are near each other and about equally large.

    Parameters
    ----------
    boxes : np.ndarray
        (n, 4), [left, top, right, bottom], in one unit.
    labels : np.ndarray
        (n,), what each is.

    Returns
    -------
    list of np.ndarray
        The indices of each group, in the order of their first; every thing is in one of them.

    Examples
    --------
    >>> row = np.array([[0, 0, 10, 30], [12, 0, 22, 30], [80, 0, 90, 30]])
    >>> [group.tolist() for group in groups_of_things(row, np.zeros(3))]
    [[0, 1], [2]]
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    size = boxes[:, 2:] - boxes[:, :2]
    group = np.arange(len(boxes))
    for i in range(len(boxes)):
        for j in range(i):
            gap = np.maximum(boxes[i, :2], boxes[j, :2]) - np.minimum(boxes[i, 2:], boxes[j, 2:])
            near = (gap <= GAP * (size[i] + size[j]) / 2).all()
            tall = max(size[i, 1], size[j, 1]) / max(min(size[i, 1], size[j, 1]), 1e-9)
            if labels[i] == labels[j] and near and tall <= RATIO:
                group[group == group[i]] = group[j]
    return [np.flatnonzero(group == g) for g in dict.fromkeys(group.tolist())]
