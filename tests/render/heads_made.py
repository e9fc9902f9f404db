"""Heads that were never measured, and have what measured ones have.

A rigid sphere's delays and shadow, two paths around it to the far ear, echoes of a pinna that move with the direction,
and what measuring adds: a weak sound ahead of the first (another for each direction), noise, a room.
"""

import numpy as np

from see2sound_nb.places.frames import unit_vectors

RADIUS_M, SPEED_M_S = 0.0875, 343.0
EARS = np.array([[-1.0, 0, 0], [1, 0, 0]])
#: Seconds before the sound would reach the middle of the head.
LEAD_S = 1.2e-3


def head_made(directions, rate, seconds=4e-3, ahead=0.0, room_db=None, crossing=False, seed=0):
    """Responses (M, 2, K): sums of clicks, each with a delay, a gain and a low-pass of its own."""
    rng = np.random.default_rng(seed)
    size = round(seconds * rate)
    f = np.fft.rfftfreq(2 * size, 1 / rate)
    out = np.zeros((len(directions), 2, len(f)), dtype=complex)

    def add(gain, late_s, corner_hz):
        late = np.exp(-2j * np.pi * f * (LEAD_S + late_s)[..., None])
        out[:] += gain[..., None] * late / (1 + 1j * f / corner_hz[..., None])

    angle = np.arccos(np.clip(directions @ EARS.T, -1, 1))  # (M, 2) between a sound and an ear
    behind = angle > np.pi / 2
    height, depth = directions[:, 2:], directions[:, 1:2]
    for share, bent in ((1.0, angle - np.pi / 2), (0.9 * behind, 1.5 * np.pi - angle)):  # the near way and the far one
        late = RADIUS_M / SPEED_M_S * np.where(behind, bent, -np.cos(angle))
        gain, corner = share * np.exp(-0.9 * np.clip(bent, 0, None)), 14000 * np.exp(-1.2 * np.clip(bent, 0, None))
        add(gain, late, corner)
        for echo, after, moves, with_what in ((0.7, 9e-5, 3e-5, depth), (-0.4, 1.6e-4, 5e-5, height)):
            add(echo * gain * (1 + 0.5 * height), late + after + moves * with_what, corner)
    if ahead:  # of a height that wanders about the threshold of an onset
        late = RADIUS_M / SPEED_M_S * np.where(behind, angle - np.pi / 2, -np.cos(angle))
        loud = ahead * rng.uniform(0.5, 1.5, angle.shape) * np.exp(-0.9 * np.clip(angle - np.pi / 2, 0, None))
        add(loud, late - 4e-4, np.full(angle.shape, 3000.0))
    if crossing:  # a notch near 500 Hz, the deeper the farther an ear is, and past 1 upside down
        deep = 1.5 * np.clip(2 * angle / np.pi - 1, 0, 1)[..., None]
        out *= 1 - deep * np.exp(-(((f - 500) / 300) ** 2))
    responses = np.fft.irfft(out, 2 * size)[..., :size]
    if room_db is not None:
        tail = rng.standard_normal(responses.shape) * np.exp(-6.9 * np.arange(size) / size)
        tail[..., : round((LEAD_S + 4e-3) * rate)] = 0
        tail *= np.sqrt(np.square(responses).sum(axis=(1, 2)) / np.square(tail).sum(axis=(1, 2)))[:, None, None]
        responses = responses + 10 ** (room_db / 20) * tail
    return responses + 1e-4 * np.abs(responses).max() * rng.standard_normal(responses.shape)


def grid(step_deg, lowest_deg=-45.0):
    """Rings of directions all around, `step_deg` apart."""
    found = [unit_vectors([0.0], [90.0])]
    for elevation in np.arange(lowest_deg, 86.0, step_deg):
        count = max(6, round(360 / step_deg * np.cos(np.radians(elevation))))
        azimuth = np.arange(count) * 360.0 / count
        found.append(unit_vectors(azimuth, 0 * azimuth + elevation))
    return np.concatenate(found)
