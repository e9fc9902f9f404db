"""The engine's door: checks what it is given, puts it into plain numbers (who computes is chosen in `devices`).

Notebook: 05_image_sources.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from see2sound_nb._checks import check_rate
from see2sound_nb.room.acoustics import (
    SPEED_OF_SOUND_M_S,
    air_absorption_db_m,
    octave_bands_hz,
    speed_of_sound_m_s,
    sum_of_octave_bands,
)
from see2sound_nb.room.ism.checks import check_memory, check_places, check_speed, limits, wall_absorption
from see2sound_nb.room.ism.definition import LEAD, Problem
from see2sound_nb.room.ism.devices import DEVICES, implementation, response_samples
from see2sound_nb.room.ism.patterns import pattern_rows
from see2sound_nb.room.spherical_harmonics import check_order


def shoebox_rir(
    size_m: ArrayLike,
    sources_m: ArrayLike,
    receivers_m: ArrayLike,
    *,
    absorption: ArrayLike | None = None,
    rt60_s: ArrayLike | None = None,
    rt60_formula: str = "eyring",
    max_order: int | None = None,
    max_time_s: float | None = None,
    lattice: str = "diamond",
    sample_rate: float = 16000,
    speed_m_s: float = SPEED_OF_SOUND_M_S,
    temperature_c: float | None = None,
    humidity_percent: float | None = None,
    source_patterns: ArrayLike | None = None,
    receiver_patterns: ArrayLike | None = None,
    ambisonic_order: int | None = None,
    jitter_m: float = 0.0,
    seed: int = 0,
    high_pass: bool = False,
    convention: str = "emission",
    device: str = "auto",
) -> np.ndarray:
    """Impulse responses of S sources at R receivers in a shoebox room, by the image source method.

    The amplitude is 1 at 1 m in the open, 1/d at d metres; time 0 is the emission, so the direct sound peaks at d/c.
    What is summed, exactly, says `ism.definition`.

    Parameters
    ----------
    size_m : array_like
        (3,) float, metres, or (B, 3) for a batch of rooms; the three position arrays then all have the axis B.
    sources_m, receivers_m : array_like
        (S, 3) and (R, 3) float, metres, room frame: origin in the corner left, back and below; x right, y forward,
        z up.
    absorption : array_like, optional
        Share of the energy that a wall swallows, 0 to 1: one number, or (6,) for the walls x = 0, x = L_x, y = 0, ...,
        or (bands, 6) or (bands, 1) for the octave bands of `room.acoustics.octave_bands_hz`; above the last band given
        its values go on. In a batch also (B, 6), (B, 1) or (B, bands, 6). Six rows of one number are refused: they may
        be meant as six walls.
    rt60_s : float or array_like, optional
        Instead of `absorption`: the reverberation time in seconds that equal walls shall give by `rt60_formula`; in a
        batch also (B,).
    rt60_formula : str
        ``"eyring"``, ``"sabine"`` or ``"images"``: see `room.acoustics.absorption_for_rt60`. Of a room of 5 x 6 x 3 m
        with ``rt60_s=0.8`` a T20 of 0.95 s is measured above 100 Hz with the first, of 0.8 s with the last.
    max_order : int, optional
        Most reflections of a path; 0 is the direct sound alone.
    max_time_s : float, optional
        Latest arrival in seconds; what comes later is left out, be it the direct sound. With neither limit, the time
        in which the sound decays by 60 dB (Eyring): in a small, hard room that may be millions of images.
    lattice : str
        ``"diamond"``: at most `max_order` reflections in all; ``"box"``: along each axis.
    sample_rate : float
        In Hz.
    speed_m_s : float
        Speed of sound in m/s; `temperature_c` (degrees Celsius), if given, decides it instead.
    humidity_percent : float, optional
        If given, the air absorbs as ISO 9613-1 says for this relative humidity (and 20 degrees, unless
        `temperature_c` says otherwise), octave band by octave band.
    source_patterns, receiver_patterns : array_like, optional
        (S, 4) and (R, 4) or (4,) float: the gain towards a unit vector u is p[0] + p[1:] . u, see `first_order`.
    ambisonic_order : int, optional
        0 to 5: each receiver has (N + 1)^2 channels (AmbiX: ACN, SN3D; its front is y), each arrival encoded by its
        direction. `receiver_patterns` are not allowed then.
    jitter_m : float
        Moves every image but the source by up to so many metres along each axis, against the sweeping echo of
        perfect boxes (De Sena et al. 2015); 0.08 is pyroomacoustics' value.
    seed : int
        Of these moves.
    high_pass : bool
        pyroomacoustics' high-pass on each response: Butterworth, order 2, 10 Hz, forwards and backwards.
    convention : str
        ``"emission"``: time 0 is the emission. ``"pyroomacoustics"``: everything 40 samples later, as there.
    device : str
        ``"cpu"``, ``"cuda"`` (a Triton kernel), ``"reference"`` (NumPy, slow), or ``"auto"``: a GPU if there is one and
        the work is worth it.

    Returns
    -------
    np.ndarray
        h, (S, R, L) float32, or (S, R, (N + 1)^2, L) with `ambisonic_order`; with the axis B in front for a batch.

    Raises
    ------
    ValueError
        If a position is outside its room or in a wall, a source nearer to a receiver than `LEAST_DISTANCE_M`, a number
        out of its range or NaN, a shape wrong, or the walls rigid without a limit.
    MemoryError
        If the work needs more memory than there is, before it begins.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Allen and Berkley, "Image method for efficiently simulating small-room acoustics", J.
    Acoust. Soc. Am. 65, 1979. Notebook: 05_image_sources.

    Examples
    --------
    >>> h = shoebox_rir([6, 5, 3], [[1, 2, 1.5]], [[4.43, 2, 1.5]], absorption=0.3, max_order=0)
    >>> int(h[0, 0].argmax())  # 3.43 m at 343 m/s and 16,000 samples a second
    160
    """
    if device not in DEVICES:
        raise ValueError(f"device {device!r} is unknown; choose one of {', '.join(DEVICES)}")
    if convention not in ("emission", "pyroomacoustics"):
        raise ValueError(f"convention {convention!r} is unknown; choose emission or pyroomacoustics")
    places = (size_m, sources_m, receivers_m)
    sizes, sources, receivers = (np.array(a, dtype=np.float64, order="C") for a in places)
    batch = sizes.ndim == 2
    if not batch:
        sizes, sources, receivers = sizes[None], sources[None], receivers[None]
    check_places(sizes, sources, receivers)
    check_rate(sample_rate)
    if temperature_c is not None:
        speed_m_s = speed_of_sound_m_s(temperature_c)
    speed_m_s = check_speed(speed_m_s)
    alpha = wall_absorption(sizes, absorption, rt60_s, batch, speed_m_s, rt60_formula)
    air_np_m = [0.0]
    if humidity_percent is not None:
        celsius = 20.0 if temperature_c is None else temperature_c
        swallowed = air_absorption_db_m(
            octave_bands_hz(sample_rate), temperature_c=celsius, humidity_percent=humidity_percent
        )
        air_np_m = (swallowed / (20 * math.log10(math.e))).tolist()
    bands = 1 if alpha.shape[1] == len(air_np_m) == 1 else len(octave_bands_hz(sample_rate))
    if alpha.shape[1] > bands:
        raise ValueError(
            f"absorption is given for {alpha.shape[1]} octave bands; at {sample_rate} Hz there are {bands}, "
            "from 125 Hz up"
        )
    reach, order, farthest = limits(sizes, alpha, max_order, max_time_s, lattice, speed_m_s)
    patterns = (
        pattern_rows(source_patterns, sources.shape[1], "source_patterns"),
        pattern_rows(receiver_patterns, receivers.shape[1], "receiver_patterns"),
    )
    encoded = -1 if ambisonic_order is None else check_order(ambisonic_order)
    if encoded >= 0 and receiver_patterns is not None:
        raise ValueError("receiver_patterns and ambisonic_order exclude each other; leave one out")
    if not (jitter_m >= 0 and math.isfinite(jitter_m)):
        raise ValueError(f"jitter_m={jitter_m} must be a number of metres from 0 up; 0.08 is common")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed={seed} must lie in 0 to 2^32 - 1")
    lead = LEAD if high_pass or convention == "pyroomacoustics" else 0
    reflection = np.sqrt(1.0 - alpha, order="C")
    rows = [
        [
            Problem(
                size_m=sizes[b],
                sources_m=sources[b],
                receivers_m=receivers[b],
                reflection=reflection[b, min(band, reflection.shape[1] - 1)],
                reach=reach[b],
                order=order[b],
                farthest_m=farthest[b],
                sample_rate=float(sample_rate),
                speed_m_s=speed_m_s,
                air_np_m=air_np_m[min(band, len(air_np_m) - 1)],
                source_patterns=patterns[0],
                receiver_patterns=patterns[1],
                ambisonic_order=encoded,
                jitter_m=float(jitter_m),
                seed=int(seed),
                lead=lead,
            )
            for b in range(len(sizes))
        ]
        for band in range(bands)
    ]
    check_memory(rows[0], copies=1 + (len(sizes) > 1) + (lead > 0) + 3 * (bands > 1))
    compute = implementation(device, rows[0])
    if bands == 1:
        h = compute(rows[0])
    else:
        h = sum_of_octave_bands((compute(problems) for problems in rows), sample_rate)
        for room, problem in zip(h, rows[0]):  # the filters ring on; each room ends where it ends
            room[..., response_samples(problem) :] = 0
    if high_pass:
        from see2sound_nb.room.ism.high_pass import high_pass_in_place

        high_pass_in_place(h, rows[0])
    if lead and convention == "emission":
        h = np.ascontiguousarray(h[..., LEAD:])
    if encoded < 0:
        h = h[:, :, :, 0]
    return h if batch else h[0]


def arrivals(
    size_m: ArrayLike,
    source_m: ArrayLike,
    receiver_m: ArrayLike,
    *,
    absorption: ArrayLike,
    max_order: int,
    speed_m_s: float = SPEED_OF_SOUND_M_S,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The images of one source as one receiver hears them: tau_m and alpha_m of Eq. 4, and where they come from.

    Parameters
    ----------
    size_m, source_m, receiver_m : array_like
        (3,) float each, metres, room frame.
    absorption, max_order, speed_m_s
        As in `shoebox_rir`; the absorption a number or (6,).

    Returns
    -------
    delays_s : np.ndarray
        (n,) float64, tau_m in seconds.
    amplitudes : np.ndarray
        (n,) float64, alpha_m: the product of the reflections over the distance.
    vectors_m : np.ndarray
        (n, 3) float64, metres, from the receiver to the images.

    Raises
    ------
    ValueError
        As `shoebox_rir`.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 05_image_sources.
    """
    from see2sound_nb.room.ism import cpu_images

    places = (np.asarray(source_m)[None], np.asarray(receiver_m)[None])
    problem = plain_problem(size_m, *places, absorption=absorption, max_order=max_order, speed_m_s=speed_m_s)
    check_memory([problem], per_image=200)  # these arrays, and what is made of them for a few channels
    distance, amplitudes, towards = cpu_images.arrivals(problem, problem.images)
    return distance / problem.speed_m_s, amplitudes, towards * distance[:, None]


def plain_problem(
    size_m: ArrayLike,
    sources_m: ArrayLike,
    receivers_m: ArrayLike,
    *,
    absorption: ArrayLike,
    max_order: int,
    sample_rate: float = 1.0,
    speed_m_s: float = SPEED_OF_SOUND_M_S,
) -> Problem:
    """A room with neither patterns nor air nor octave bands, checked, for loops that go through its images themselves.

    Parameters
    ----------
    size_m, sources_m, receivers_m, sample_rate, speed_m_s
        As in `shoebox_rir`, without a batch.
    absorption, max_order
        As in `arrivals`.

    Returns
    -------
    Problem
        For the compiled loops; none of its channels is encoded.

    Raises
    ------
    ValueError
        As `shoebox_rir`.
    """
    sizes, sources, receivers = (
        np.array(place, dtype=np.float64, order="C")[None] for place in (size_m, sources_m, receivers_m)
    )
    check_places(sizes, sources, receivers)
    check_rate(sample_rate)
    speed_m_s = check_speed(speed_m_s)
    alpha = wall_absorption(sizes, absorption, None, False, speed_m_s)
    if alpha.shape[1] > 1:
        raise ValueError(
            f"absorption is given for {alpha.shape[1]} octave bands; arrivals take a number or (6,): choose one band"
        )
    reach, order, farthest = limits(sizes, alpha, max_order, None, "diamond", speed_m_s)
    return Problem(
        sizes[0], sources[0], receivers[0], np.sqrt(1 - alpha[0, 0]), reach[0], order[0], farthest[0],
        float(sample_rate), speed_m_s, 0.0, pattern_rows(None, sources.shape[1], ""),
        pattern_rows(None, receivers.shape[1], ""), -1, 0.0, 0, 0,
    )  # fmt: skip
