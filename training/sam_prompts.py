"""Prompts for training the tiny SAM: clicks, boxes and earlier masks, with the masks that they may mean."""

from __future__ import annotations

import cv2
import numpy as np

from see2sound_nb.regions import tiny_sam

#: Prompts on each picture, and token places in each: three clicks and the two corners of a box.
PROMPTS, SLOTS = 5, 5
#: How often a click on a part, an object, a group means just that.
MEANT = (0.15, 0.5, 0.35)


def innermost(mask):
    """The point of a mask that is farthest from its outline, (y, x)."""
    distance = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.unravel_index(distance.argmax(), mask.shape)


def connected(mask, point):
    """The piece of a mask that holds a point: people outline connected regions."""
    pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[1]
    return pieces == pieces[point]


def pick(rng, mask):
    """A point of a mask: anywhere, or innermost."""
    if rng.random() < 0.35:
        return innermost(mask)
    flat = np.flatnonzero(mask)
    return np.unravel_index(flat[rng.integers(len(flat))], mask.shape)


def sample_prompts(rng, labels):
    """Prompts with their true masks for one picture.

    Returns tokens (K, SLOTS, TOKEN), earlier (K, 1, h, w), truth (K, 3, h, w) ordered by area, and how likely
    each true mask is the one that is meant (K, 3).
    """
    height, width = labels.shape[1] // 2, labels.shape[2] // 2
    tokens = np.zeros((PROMPTS, SLOTS, tiny_sam.TOKEN), np.float32)
    earlier = np.zeros((PROMPTS, 1, height, width), np.float32)
    truth, meant = np.zeros((PROMPTS, 3, height, width), np.float32), np.zeros((PROMPTS, 3), np.float32)
    smallest = 0.004 * labels[0].size
    for k in range(PROMPTS):
        masks, shares, point = _segments(rng, labels, smallest)
        if not masks:
            continue
        if rng.random() < 0.6:
            _put(tokens[k], 0, point, tiny_sam.POSITIVE)
        else:
            chosen = rng.integers(len(masks))
            _refine(rng, tokens[k], earlier[k, 0], masks, chosen, point)
            masks, shares = masks[chosen : chosen + 1], [1.0]
        meant[k, : len(masks)] = np.array(shares) / np.sum(shares)
        for level, mask in enumerate(masks):
            truth[k, level] = mask.reshape(height, 2, width, 2).mean((1, 3))
    return tokens, earlier, truth, meant


def _segments(rng, labels, smallest):
    """A clicked point and the different segments around it, from small to large."""
    for _ in range(20):
        level = rng.integers(3)
        if rng.random() < 0.5:  # by area, as the automatic generator's grid does
            point = tuple(rng.integers(labels.shape[1:]))
        else:  # by segment
            names = np.unique(labels[level])
            point = pick(rng, labels[level] == names[rng.integers(len(names))])
        masks, shares = [], []
        for name in range(3):  # from parts to groups; the same region twice counts once
            if labels[name][point] == 0:
                continue
            mask = connected(labels[name] == labels[name][point], point)
            if mask.sum() <= smallest:
                continue
            if masks and mask.sum() <= 1.1 * masks[-1].sum():
                shares[-1] += MEANT[name]
            else:
                masks.append(mask)
                shares.append(MEANT[name])
        if masks:
            return masks, shares, point
    return [], [], None


def _put(tokens, slot, point, kind):
    tokens[slot, :2] = (np.array(point[::-1]) + 0.5) * 2 / tiny_sam.IMAGE_SIZE
    tokens[slot, kind] = 1


def _refine(rng, tokens, earlier, masks, chosen, point):
    """A box, more clicks, or clicks beside an earlier mask, all for one chosen segment."""
    mask, kind = masks[chosen], rng.random()
    if kind < 0.45:
        ys, xs = np.nonzero(mask)
        low, high = np.array([ys.min(), xs.min()]), np.array([ys.max(), xs.max()])
        jitter = rng.normal(0, 0.04, (2, 2)) * (high - low + 1)
        _put(tokens, 3, low + jitter[0], tiny_sam.CORNER_LOW)
        _put(tokens, 4, high + jitter[1], tiny_sam.CORNER_HIGH)
        if kind < 0.25:
            return
    _put(tokens, 0, point, tiny_sam.POSITIVE)
    around = cv2.dilate(mask.astype(np.uint8), np.ones((25, 25))) > mask
    bigger = masks[-1] & ~mask
    for slot in range(1, rng.integers(1, 4)):
        if rng.random() < 0.4:
            _put(tokens, slot, pick(rng, mask), tiny_sam.POSITIVE)
            continue
        outside = bigger if bigger.sum() > 50 and rng.random() < 0.6 else around if rng.random() < 0.6 else ~mask
        if outside.any():
            _put(tokens, slot, pick(rng, outside), tiny_sam.NEGATIVE)
    if kind > 0.8:
        rough = cv2.blur(
            np.roll(mask, rng.integers(-8, 9, 2), (0, 1)).astype(np.float32), (int(rng.integers(3, 25)),) * 2
        )
        earlier[:] = np.tanh(4 * (rough[::2, ::2] - rng.uniform(0.3, 0.7)))
