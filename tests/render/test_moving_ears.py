"""Ears along a path hear what `binaural` says of each of its places."""

import numpy as np
import pytest
from scipy.signal import butter, fftconvolve, sosfiltfilt

from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render import moving_ears
from see2sound_nb.render.binaural import EARLY_ORDER, binaural_responses
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.moving import TOGETHER, render_moving, render_path
from see2sound_nb.render.moving_ears import PathToEars
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.ism import sum_of_arrivals
from see2sound_nb.room.ism.definition import LEAD
from see2sound_nb.room.shoebox import Room

FS = 16000
SIZE, EARS = (8.0, 6.0, 3.5), np.array([4.1, 2.0, 1.5])


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def places(n, seed=0, near_m=0.3):
    """n places in the room, the first of them near the ears and the second in a corner."""
    found = np.random.default_rng(seed).uniform(0.2, np.array(SIZE) - 0.2, (n, 3))
    found[0] = EARS + near_m * np.array([0.6, 0.8, 0.0])
    found[1] = 0.05, 0.07, 0.04
    return found


def one_by_one(room, sources, ears, hrtf):
    """(P, 2, L) as `binaural` has them, and with zeros to the longest."""
    rooms = [Room(room.size_m, tuple(ear), room.absorption, room.max_order) for ear in ears]
    found = [binaural_responses(r, s, hrtf, sample_rate=hrtf.sample_rate) for r, s in zip(rooms, sources)]
    longest = max(h.shape[1] for h in found)
    return np.stack([np.pad(h, ((0, 0), (0, longest - h.shape[1]))) for h in found])


@pytest.mark.parametrize("moves", ["source", "listener"])
@pytest.mark.parametrize(
    ("order", "rate", "absorption", "tolerance"),
    [
        (0, FS, 0.2, 1e-6),
        (1, FS, 0.2, 1e-6),
        (EARLY_ORDER, FS, 0.2, 1e-6),
        (3, FS, [0.1, 0.9, 0.3, 0.0, 1.0, 0.5], 1e-4),
        (8, 44100, 0.4, 1e-4),
        (17, FS, 0.2, 1e-4),
        (17, 48000, 0.1, 1e-4),
        (24, 8000, 0.05, 2e-4),  # hard walls: the late part is nearly as loud as what comes first
    ],
)
def test_each_place_sounds_as_it_does_alone(moves, order, rate, absorption, tolerance):
    hrtf, path = load_hrtf(sample_rate=rate), places(10)
    room = Room(SIZE, tuple(EARS), absorption, order)
    here = np.broadcast_to(EARS, path.shape)
    sources, ears = (path, here) if moves == "source" else (here, path)
    wanted = one_by_one(room, sources, ears, hrtf)
    along = PathToEars(room, *((path, EARS[None]) if moves == "source" else (EARS[None], path)), hrtf)
    found = np.concatenate([along.between(0, 3), along.between(3, 10)])
    assert found.dtype == np.float32 and found.shape == wanted.shape == (10, 2, along.length)
    peak = np.abs(wanted).max(axis=(1, 2))
    assert (np.abs(found - wanted).max(axis=(1, 2)) < tolerance * peak).all()


def octave(h, centre_hz):
    sos = butter(4, [centre_hz / 2**0.5, min(centre_hz * 2**0.5, 0.499 * FS)], "bandpass", fs=FS, output="sos")
    return sosfiltfilt(sos, h, axis=-1)


def heard(pair):
    """Level of each ear and their difference in dB, the greatest coherence, and where it lies, in samples."""
    level = 10 * np.log10((pair**2).sum(axis=-1))
    cross = fftconvolve(pair[0], pair[1, ::-1])[pair.shape[1] - 1 - 16 : pair.shape[1] + 16]
    coherence = cross / np.sqrt((pair**2).sum(axis=-1).prod())
    return *level, level[0] - level[1], np.abs(coherence).max(), np.abs(coherence).argmax()


def test_what_is_left_of_a_difference_is_far_below_what_is_heard():
    """Of the late part alone, octave by octave: level and its difference within 0.01 dB, coherence and its lag."""
    hrtf, path = load_hrtf(sample_rate=FS), places(6, near_m=1.0)
    found, wanted = (
        [np.asarray(h[:, int(0.04 * FS) :], dtype=np.float64) for h in pairs]
        for pairs in (
            PathToEars(Room(SIZE, tuple(EARS), 0.2, 17), path, EARS[None], hrtf).between(0, 6),
            one_by_one(Room(SIZE, tuple(EARS), 0.2, 17), path, np.broadcast_to(EARS, path.shape), hrtf),
        )
    )
    for a, b in zip(found, wanted):
        for centre_hz in (125, 250, 500, 1000, 2000, 4000, 7000):
            *measures, coherence, lag = np.array(heard(octave(a, centre_hz))) - heard(octave(b, centre_hz))
            assert np.abs(measures).max() < 0.01
            assert abs(coherence) < 1e-3
            assert lag == 0
        assert np.abs(octave(a - b, 2000)).max() < 1e-4 * np.abs(octave(b, 2000)).max(), "all but the highest kHz"


def test_the_transform_of_the_taps_is_that_of_the_taps():
    """Arrivals between two samples, from the finer grid and as `sum_of_arrivals` has them."""
    size = 400
    f = np.arange(size // 2 + 1) / size
    direct, folded = moving_ears._taps_transform(size)
    for late in (0.0, 0.013, 0.4, 0.975, 0.999):
        time = 150 + late
        wanted = np.zeros(size)
        one = sum_of_arrivals(np.array([time / FS]), np.ones((1, 1)), FS)[0]
        wanted[: len(one)] = one
        level = 1 - (np.pi * late / (2 * LEAD)) ** 2
        between = late * 20 % 1
        spectrum = sum(
            share * np.exp(-2j * np.pi * g * time) * (1 - between * (1 - between) / 2 * (2 * np.pi * g / 20) ** 2)
            for share, g in ((direct, f), (folded, f - 1))
        )
        error = np.fft.rfft(wanted) - level * spectrum
        assert np.abs(error[f < 0.4]).max() < 1e-4
        assert np.abs(error).max() < 1e-2, "next to half the sample rate"


@pytest.mark.parametrize("source_m", [None, [2.0, 4.5, 1.5]])
def test_a_path_is_its_responses_faded_one_into_the_next(source_m):
    A, path, times_s = noise(FS), places(30, seed=3, near_m=0.6), np.linspace(0, 1, 30)
    room = Room(SIZE, tuple(EARS), 0.3, 6)
    sources, ears = (path, EARS + 0 * path) if source_m is None else (source_m + 0 * path, path)
    h = one_by_one(room, sources, ears, load_hrtf(sample_rate=FS))
    wanted = render_moving(A, h, times_s, sample_rate=FS, moves="source" if source_m is None else "listener")
    found = render_path(A, room, path, times_s, "binaural", source_m=source_m, sample_rate=FS)
    assert found.dtype == np.float32 and found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


@pytest.mark.parametrize("positions", [1, 2, 40])
def test_who_does_not_move_is_heard_as_one_who_stands(positions):
    A, room, source = noise(FS), Room(SIZE, tuple(EARS), 0.3, 10), np.array([2.0, 4.5, 1.5])
    h = impulse_responses(room, source - EARS, "binaural", sample_rate=FS)[0].astype(float)
    wanted = fftconvolve(A[None].astype(float), h, axes=-1)
    times_s = np.linspace(0, 0.9, positions)
    for path, stands in ((source, None), (EARS, source)):
        options = dict(source_m=stands, sample_rate=FS)
        found = render_path(A, room, np.tile(path, (positions, 1)), times_s, "binaural", **options)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() < 1.5e-4 * np.abs(wanted).max()  # white noise, and most of it above 7 kHz


def test_who_walks_round_the_head_is_heard_at_one_ear_and_then_at_the_other():
    room = Room((20.0, 20.0, 8.0), (10.0, 10.0, 4.0), 0.5, 4)
    circle = room.listener_m + 2.0 * unit_vectors(np.linspace(0, 360, 40))
    phi = render_path(noise(4 * FS), room, circle, np.linspace(0, 4, 40), "binaural", sample_rate=FS)
    left, right = (phi[:, : 4 * FS].reshape(2, 4, -1) ** 2).sum(axis=2)
    assert (left[:2] > 2 * right[:2]).all() and (right[2:] > 2 * left[2:]).all()


def test_a_long_path_is_never_held_at_once(monkeypatch):
    asked = []
    between = PathToEars.between
    monkeypatch.setattr(
        PathToEars, "between", lambda self, first, last: asked.append((first, last)) or between(self, first, last)
    )
    path = np.linspace([1, 1, 1], [7, 5, 2], 200)
    render_path(noise(2 * FS), Room(SIZE, tuple(EARS), 0.3, 3), path, np.linspace(0, 2, 200), "binaural")
    assert max(last - first for first, last in asked) <= TOGETHER
    assert sorted(p for first, last in asked for p in range(first, last)) == list(range(200)), "each of them once"


def test_another_head_is_heard_through():
    kemar, path, room = load_hrtf(sample_rate=FS), places(3), Room(SIZE, tuple(EARS), 0.3, 5)
    louder = HRTF(kemar.directions, 3 * kemar.responses, FS)
    own, other = (PathToEars(room, path, EARS[None], head).between(0, 3) for head in (kemar, louder))
    np.testing.assert_allclose(other, 3 * own, atol=1e-5 * np.abs(other).max())


def test_a_place_in_the_wall_or_the_head_is_refused():
    A, room = noise(100), Room(SIZE, tuple(EARS), 0.3, 3)
    for path, message in (([[1, 1, 1], [1, 7, 1]], "outside the room"), ([[1, 1, 1], EARS], "too near")):
        for source_m in (None, EARS):
            with pytest.raises(ValueError, match=message):
                render_path(A, room, path, [0, 1], "binaural", source_m=source_m)
