"""What is made of a judge's answers: are sounds of their kind (semantics), and do they pass for recordings (realism).

All take embeddings, one in each row, as from `measure.judge.embed`. Of a judge that is blunt no share says anything
alone: what recordings reach among themselves belongs beside it (`same_kind` with `leave_one_out`), and how many they
are.

Notebook: 08_evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Of fewer clips no Fréchet distance is computed: that of a Gaussian from itself would be far from 0.
FEWEST_FOR_FRECHET = 1000


def same_kind(
    sounds: np.ndarray,
    kinds: Sequence[str],
    recordings: np.ndarray,
    recorded_kinds: Sequence[str],
    *,
    among: int = 1,
    leave_one_out: bool = False,
) -> tuple[int, int]:
    """Semantics: of how many sounds the nearest recordings have one of the sound's own kind.

    Parameters
    ----------
    sounds, recordings : np.ndarray
        (N, D) and (M, D) float, embeddings as from `measure.judge.embed`.
    kinds, recorded_kinds : sequence of str
        N and M names.
    among : int
        Whether one of so many nearest is enough.
    leave_one_out : bool
        The sounds are the recordings: of each the nearest other one. This is what to hope for.

    Returns
    -------
    right, n : int
        How many, of how many. A sound of whose kind there is no recording (no other one) does not count.

    Raises
    ------
    ValueError
        If the shapes and numbers do not fit, or `among` is not 1 to M.

    Notes
    -----
    By the cosine. `measure.wilson_interval` says what the counts are worth. Notebook: 08_evaluation.
    """
    x, y = _embeddings(sounds, recordings)
    own, recorded = np.asarray(kinds), np.asarray(recorded_kinds)
    if own.shape != (len(x),) or recorded.shape != (len(y),):
        raise ValueError(
            f"{len(x)} sounds have {own.size} kinds, {len(y)} recordings {recorded.size}; give one for each"
        )
    if leave_one_out and len(x) != len(y):
        raise ValueError(f"{len(x)} sounds are not the {len(y)} recordings; to leave one out, give these twice")
    if not 1 <= among <= len(y):
        raise ValueError(f"among={among} must lie in 1 to {len(y)}, the number of recordings; 1 and 3 are usual")
    alike = x @ y.T
    if leave_one_out:
        np.fill_diagonal(alike, -np.inf)
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :among]
    right = (recorded[nearest] == own[:, None]).any(axis=1)
    known = (recorded == own[:, None]).sum(axis=1) > leave_one_out
    return int(right[known].sum()), int(known.sum())


def told_apart(sounds: np.ndarray, recordings: np.ndarray, *, seed: int = 0) -> tuple[int, int]:
    """Realism, for any number of clips: how often the nearest clip of all is of the same sort.

    Parameters
    ----------
    sounds, recordings : np.ndarray
        (N, D) and (M, D) float, embeddings as from `measure.judge.embed`. As many of the larger set are drawn as are
        in the smaller.
    seed : int
        Of this draw.

    Returns
    -------
    right, n : int
        Half of n for sounds that pass for recordings; all of n for sounds that are told from them.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there are fewer than two of either.

    Notes
    -----
    Schilling, "Multivariate two-sample tests based on nearest neighbors", 1986; Lopez-Paz and Oquab, "Revisiting
    classifier two-sample tests", 2017. Fewer than half mean copies: the sounds lie nearer to recordings than these to
    each other. Notebook: 08_evaluation.
    """
    x, y = _embeddings(sounds, recordings)
    count = min(len(x), len(y))
    if count < 2:
        raise ValueError(f"{len(x)} sounds and {len(y)} recordings cannot be told apart; give at least two of each")
    rng = np.random.default_rng(seed)
    both = np.concatenate([z[rng.permutation(len(z))[:count]] for z in (x, y)])
    alike = both @ both.T
    np.fill_diagonal(alike, -np.inf)
    recorded = np.arange(2 * count) >= count
    return int((recorded[alike.argmax(axis=1)] == recorded).sum()), 2 * count


def frechet_distance(sounds: np.ndarray, recordings: np.ndarray) -> float:
    """Realism by the Fréchet distance of the embeddings (FAD), for a thousand clips and more.

    Parameters
    ----------
    sounds, recordings : np.ndarray
        (N, D) and (M, D) float, N and M at least 1000: embeddings as from `measure.judge.embed`.

    Returns
    -------
    float
        0 for the same mean and covariance. It is as much too large as the covariances are uncertain, so compare with
        that of two halves of the recordings, of as many clips.

    Raises
    ------
    ValueError
        If there are fewer than 1000 of either, or the shapes do not fit.

    Notes
    -----
    Dowson and Landau (1982); Kilgour et al., "Fréchet audio distance", 2019. Between samples of one Gaussian in 128
    dimensions, of variance 1 in each, it is 185 for 20 clips, 43 for 200, 8.5 for 1000. Notebook: 08_evaluation.
    """
    x, y = _embeddings(sounds, recordings)
    if min(len(x), len(y)) < FEWEST_FOR_FRECHET:
        raise ValueError(
            f"{len(x)} sounds and {len(y)} recordings are too few for a Fréchet distance, which needs "
            f"{FEWEST_FOR_FRECHET} of each; use told_apart"
        )
    covariances = [np.cov(z.T) for z in (x, y)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariances[1] @ root), 0)).sum()
    means = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2)
    return float(means + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * cross)


def _embeddings(sounds: np.ndarray, recordings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = (np.asarray(z, dtype=np.float64) for z in (sounds, recordings))
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or not len(x) or not len(y):
        raise ValueError(f"embeddings of shapes {x.shape} and {y.shape} must be (N, D) and (M, D): a clip in each row")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("an embedding holds numbers that are not finite; look at the clip it was made of")
    return x, y
