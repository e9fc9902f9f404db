"""Sources and listeners that move, by crossfaded impulse responses: any room, any layout, with all reverberation.

Doppler comes right only where the movement is slow; `doppler` follows a few image sources exactly.

Notebook: 05_image_sources.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from see2sound_nb._checks import as_plain, check_rate, rows_of_three
from see2sound_nb._threads import run_in_threads
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.moving_ears import PathToEars
from see2sound_nb.room.shoebox import Room, check_not_too_near

#: Stretches of a path that are transformed together: enough to fill vector registers, few enough for the cache.
TOGETHER = 8
#: A stretch is cut where it is longer than this, or than a response, in samples.
LONGEST_STRETCH = 4096


def render_moving(
    A: np.ndarray, h: np.ndarray, times_s: np.ndarray, *, sample_rate: int = 16000, moves: str = "source"
) -> np.ndarray:
    """Play a sound while its impulse responses change.

    At a position's moment its response is heard alone; between two of them both are, weighted by a raised cosine. The
    weights add up to 1 (the two carry the same sound, so amplitudes add), and equal responses give plain convolution.
    Before the first and after the last moment the first and the last response are heard.

    The moment that counts for a moving source is that of emission: the dry sound is weighted, and what was emitted
    rings on with the response of its time. For a moving listener it is that of reception: the wet sound is weighted,
    and what arrives is heard where the ears are then.

    Parameters
    ----------
    A : np.ndarray
        (T,) float, dry mono sound.
    h : np.ndarray
        (P, n_ch, L) float, impulse responses of the positions.
    times_s : np.ndarray
        (P,) float, when the positions are reached, in seconds, increasing.
    sample_rate : int
        In Hz.
    moves : str
        ``"source"`` or ``"listener"``.

    Returns
    -------
    np.ndarray
        (n_ch, T + L - 1) float32.

    Raises
    ------
    ValueError
        If a shape is wrong, the times do not increase, the sample rate is not positive, or `moves` is something else.

    Notes
    -----
    Delays are not shifted, one copy fades into another. For components whose path changes by less than a quarter of a
    wavelength from one position to the next, that is below ``c / (4 * speed * hop)`` Hz, the sum's phase advances as
    Doppler wants it, and the level between two positions falls by at most 3 dB; above, the copies cancel in places
    and the sound flutters at the rate of the positions. At 1 m/s and 300 positions in 10 s that is 2.6 kHz; use more
    positions, or `render.doppler.render_doppler` for what is fast. Notebook: 05_image_sources.
    """
    A, h = np.asarray(A, dtype=np.float32), np.asarray(h, dtype=np.float32)
    if h.ndim != 3 or not h.size:
        raise ValueError(f"A has shape {A.shape} and h {h.shape}; they must be (T,) and (P, n_ch, L), none of them 0")
    return _faded(A, h.shape, lambda first, last: h[first:last], times_s, sample_rate, moves)


def _faded(
    A: np.ndarray,
    shape: tuple[int, int, int],
    responses: Callable[[int, int], np.ndarray],
    times_s: np.ndarray,
    sample_rate: int,
    moves: str,
) -> np.ndarray:
    """`render_moving` with responses of the shape (P, n_ch, L) that are asked for a few positions at a time.

    ``responses(first, last)`` are those of positions `first` to `last` - 1, (last - first, n_ch, L) float32. Several
    threads ask, some positions may be asked for again, and none of them is kept.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    positions, n_ch, L = shape
    if A.ndim != 1 or not A.size:
        raise ValueError(f"A has shape {A.shape} and h {shape}; they must be (T,) and (P, n_ch, L), none of them 0")
    if moves not in ("source", "listener"):
        raise ValueError(f"moves={moves!r} is unknown; choose 'source' or 'listener'")
    check_rate(sample_rate)
    times_s = checked_times(times_s, positions)
    lead = L - 1 if moves == "listener" else 0
    place = np.interp(np.arange(len(A) + lead) / sample_rate, times_s, np.arange(positions))  # in positions
    longest = max(LONGEST_STRETCH, L)
    stretches = [
        (p, start, min(start + longest, stop))
        for p, first, stop in zip(
            range(positions),
            np.searchsorted(place, np.arange(positions) - 1, side="right"),
            np.searchsorted(place, np.arange(positions) + 1, side="left"),
        )
        for start in range(first, stop, longest)
    ]
    dry = np.pad(A, (lead, lead))

    groups = [stretches[i : i + TOGETHER] for i in range(0, len(stretches), TOGETHER)]
    parts: list[tuple[int, np.ndarray]] = [(0, dry[None, :0])] * len(groups)

    def some(first: int, last: int) -> None:
        parts[first:last] = map(together, groups[first:last])

    def together(group: list[tuple[int, int, int]]) -> tuple[int, np.ndarray]:
        size = next_fast_len(max(j - i for _, i, j in group) + L - 1, real=True)
        x = np.zeros((len(group), 1, size), dtype=np.float32)
        weights = [0.5 + 0.5 * np.cos(np.pi * (place[i:j] - p)).astype(np.float32) for p, i, j in group]
        for row, w, (_, i, j) in zip(x[:, 0], weights, group):
            row[: j - i + lead] = dry[i : j + lead] if lead else w * dry[i:j]
        first = group[0][0]
        h = responses(first, group[-1][0] + 1)
        y = irfft(rfft(x) * rfft(h[[p - first for p, _, _ in group]], size), size, overwrite_x=True)
        begin, end = min(i for _, i, _ in group), max(j for _, _, j in group)
        out = np.zeros((n_ch, end - begin + L - 1 - lead), dtype=np.float32)
        for wet, w, (_, i, j) in zip(y, weights, group):
            heard = w * wet[:, lead : lead + j - i] if lead else wet[:, : j - i + L - 1]
            out[:, i - begin : i - begin + heard.shape[1]] += heard
        return begin, out

    phi = np.zeros((n_ch, len(A) + L - 1), dtype=np.float32)
    run_in_threads(some, len(groups))
    for begin, out in parts:
        phi[:, begin : begin + out.shape[1]] += out
    return phi


def render_path(
    A: np.ndarray,
    room: Room,
    path_m: np.ndarray,
    times_s: np.ndarray,
    layout: str = "5.1",
    *,
    source_m: np.ndarray | None = None,
    sample_rate: int = 16000,
    hrtf: HRTF | None = None,
) -> np.ndarray:
    """A source that moves through a room, or a listener who does, for loudspeakers or ears.

    Parameters
    ----------
    A : np.ndarray
        (T,) float, dry mono sound.
    room : Room
    path_m : np.ndarray
        (P, 3) float, metres, room frame.
    times_s : np.ndarray
        (P,) float, when the positions are reached, in seconds, increasing.
    layout : str
        One of `render.layouts.LAYOUTS`.
    source_m : np.ndarray, optional
        None: the path is the source's, and the listener is where the room has it. (3,) float, metres, room frame: the
        source stands there, and the path is the listener's, who goes on facing +y.
    sample_rate : int
        In Hz.
    hrtf : HRTF, optional
        The head for ``"binaural"``, at the same sample rate; by default the shipped MIT KEMAR.

    Returns
    -------
    np.ndarray
        (n_ch, T + L - 1) float32, without any normalisation; see `render_moving`.

    Raises
    ------
    ValueError
        If a shape is wrong, the layout is unknown, a position is outside the room, source and listener come too near,
        the times do not increase, the sample rate is not positive, or the
        head is at another one.

    Notes
    -----
    For ears the responses are made while they are played, a few positions at a time, and equal those of
    `render.binaural` to 1e-4 of their peak; see `moving_ears`. Notebook: 09_your_own.
    """
    from see2sound_nb.render.responses import each, impulse_responses, stacked

    path = rows_of_three("path_m", path_m)
    times_s = checked_times(times_s, len(path))
    if layout == "binaural":
        head = hrtf or load_hrtf(sample_rate=sample_rate)
        return _render_ears(A, room, path, times_s, source_m, sample_rate, head)
    if source_m is None:
        h = impulse_responses(room, path - room.listener_m, layout, sample_rate=sample_rate)
        return render_moving(A, h, times_s, sample_rate=sample_rate)
    source = _one_place(source_m)

    def heard(ears: np.ndarray) -> np.ndarray:
        return impulse_responses(_with_listener_at(room, ears), source - ears, layout, sample_rate=sample_rate)[0]

    return render_moving(A, stacked(each(heard, path)), times_s, sample_rate=sample_rate, moves="listener")


def _one_place(source_m: np.ndarray) -> np.ndarray:
    source = np.asarray(source_m, dtype=np.float64)
    if source.shape != (3,):
        raise ValueError(
            f"source_m has the shape {source.shape}; it must be (3,), the one place where the source stands"
        )
    return source


def _render_ears(
    A: np.ndarray,
    room: Room,
    path: np.ndarray,
    times_s: np.ndarray,
    source_m: np.ndarray | None,
    sample_rate: int,
    head: HRTF,
) -> np.ndarray:
    """`render_path` for ears: responses are made a few positions at a time, and none is kept."""
    if head.sample_rate != sample_rate:
        raise ValueError(f"the HRTF is at {head.sample_rate} Hz, the sound at {sample_rate} Hz; load it at that rate")
    source, ears = (path, np.array([room.listener_m])) if source_m is None else (_one_place(source_m)[None], path)
    check_rate(sample_rate)
    check_not_too_near(source - ears)
    responses = PathToEars(room, source, ears, head)
    moves = "source" if source_m is None else "listener"
    A = np.asarray(A, dtype=np.float32)
    return _faded(A, (len(path), 2, responses.length), responses.between, times_s, sample_rate, moves)


def _with_listener_at(room: Room, ears_m: np.ndarray) -> Room:
    """The room with its listener moved, and the microphones that stand around the listener with it."""
    around = None
    if room.microphones_m is not None:
        around = tuple(tuple(place) for place in np.array(room.microphones_m) - room.listener_m + ears_m)
    return dataclasses.replace(room, listener_m=tuple(ears_m), microphones_m=around)


def checked_times(times_s: np.ndarray, positions: int) -> np.ndarray:
    """The moments of a path, (P,) float64 seconds; ValueError if they are not `positions` increasing numbers."""
    times = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
    if times.shape != (positions,):
        raise ValueError(f"times_s has shape {times.shape}; it must be ({positions},), one moment for each position")
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise ValueError("times_s must be finite and increase from each position to the next; sort them")
    return as_plain(times, np.float64)
