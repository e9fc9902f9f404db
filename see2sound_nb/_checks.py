"""Checks of arguments that several modules have in common."""

from __future__ import annotations

import math

import numpy as np


def rows_of_three(name: str, values) -> np.ndarray:
    """`values` as (n, 3) float64, n at least 1; a single (3,) is one row. ValueError if they are not that, or NaN."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim not in (1, 2) or rows.shape[-1] != 3 or not len(rows):
        raise ValueError(
            f"{name} has the shape {rows.shape}; it must be (n, 3), n at least 1, or (3,): x, y, z in rows"
        )
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} holds numbers that are not finite; all must be: look where they come from")
    return rows.reshape(-1, 3)


def as_plain(values, dtype) -> np.ndarray:
    """`values` as compiled code wants them: in C order, aligned, native, not read-only; a copy if need be."""
    return np.require(values, dtype, ["C", "A", "W"])


def check_rate(sample_rate: float) -> None:
    """Raise ValueError if `sample_rate` is not a finite number above 0."""
    if not (sample_rate > 0 and math.isfinite(sample_rate)):
        raise ValueError(f"sample_rate={sample_rate} must be a positive number of Hz; 16000 and 48000 are usual")


def check_text(name: str, text: str | None) -> None:
    """Raise ValueError if a text holds what is no character: half of one, as of bytes that were no UTF-8."""
    try:
        (text or "").encode("utf-8")
    except UnicodeEncodeError as error:
        said = ascii(text)
        said = said if len(said) <= 60 else f"{said[:57]}..."
        raise ValueError(f"{name}={said} holds what is no character (\\ud...); type it anew, in UTF-8") from error


def check_image(I) -> np.ndarray:
    """`I` as an array; ValueError if it is not (H, W, 3) uint8."""
    I = np.asarray(I)
    if I.dtype != np.uint8 or I.ndim != 3 or I.shape[2] != 3 or not I.size:
        raise ValueError(f"image is {I.dtype} {I.shape}; it must be uint8 (H, W, 3) RGB: read it with media.read_image")
    return I


def checked_channels(channels: np.ndarray, what: str, *, least: int, most: int | None = None) -> np.ndarray:
    """`channels` as (n_ch, T) float64; ValueError if they are not that, too few or too many, empty, or not finite."""
    channels = np.asarray(channels, dtype=np.float64)
    if channels.ndim != 2 or len(channels) < least or (most is not None and len(channels) > most):
        raise ValueError(f"channels of shape {channels.shape} are not (n_ch, T) of {what}; render that layout")
    if not channels.shape[1]:
        raise ValueError(f"channels of shape {channels.shape} hold no sample; give a sound")
    if not np.isfinite(channels).all():
        raise ValueError("channels hold samples that are NaN or infinite; look at the sound that was rendered")
    return channels
