"""Responses along a path: no click, nothing lost, and Doppler where the steps are short."""

import threading

import numpy as np
import pytest
from scipy.signal import fftconvolve, hilbert

from see2sound_nb import _threads
from see2sound_nb.render import responses
from see2sound_nb.render.layouts import LAYOUTS
from see2sound_nb.render.moving import render_moving, render_path
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.ism import shoebox_rir
from see2sound_nb.room.shoebox import Room

FS = 16000
BOTH = pytest.mark.parametrize("moves", ["source", "listener"])


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def weights(samples, times_s, fs):
    """(P, samples): raised cosines that reach from each moment to its neighbours."""
    place = np.interp(np.arange(samples) / fs, times_s, np.arange(len(times_s)))
    away = np.abs(place - np.arange(len(times_s))[:, None])
    return np.where(away < 1, np.cos(np.pi / 2 * np.minimum(away, 1)) ** 2, 0)


def straight(start, end, positions):
    return np.linspace(start, end, positions)


@BOTH
@pytest.mark.parametrize(
    "times_s",
    [[0.3], [0.0, 1.0], np.linspace(0, 1.2, 40), [-1, -0.5, 0.2, 0.21, 0.9, 5], [2, 3], [-3, -2]],
    ids=["one", "two", "many", "uneven", "later", "earlier"],
)
def test_a_path_that_stays_is_plain_convolution(moves, times_s):
    A, h = noise(20000), noise(3, 700, seed=1)
    got = render_moving(A, np.repeat(h[None], len(times_s), axis=0), times_s, sample_rate=FS, moves=moves)
    wanted = fftconvolve(A[None].astype(float), h.astype(float), axes=-1)
    assert got.dtype == np.float32 and got.shape == wanted.shape
    assert np.abs(got - wanted).max() < 1e-6 * np.abs(wanted).max()


@BOTH
@pytest.mark.parametrize("times_s", [np.linspace(0, 1, 20), [0.1, 0.15, 0.8, 0.81, 0.9], [-0.5, 0.5, 1.5]])
def test_every_sample_has_the_response_of_its_moment(moves, times_s):
    fs, T, L = 9000, 9000, 120
    A, h = noise(T), noise(len(times_s), 2, L, seed=1)
    wanted = np.zeros((2, T + L - 1))
    for h_p, w in zip(h, weights(T + L - 1, times_s, fs)):
        if moves == "source":
            wanted += fftconvolve((w[:T] * A)[None], h_p, axes=-1)
        else:
            wanted += w * fftconvolve(A[None], h_p, axes=-1)
    got = render_moving(A, h, times_s, sample_rate=fs, moves=moves)
    assert np.abs(got - wanted).max() < 1e-6 * np.abs(wanted).max()


def test_emission_counts_for_a_moving_source_and_reception_for_a_moving_listener():
    click = np.zeros(2000, dtype=np.float32)
    click[1000] = 1
    h = np.zeros((2, 1, 501), dtype=np.float32)
    h[:, 0, 500] = 1, 2  # 0.5 s of travel; the first response is over 0.1 s after the click
    times_s = [1.0, 1.1]
    assert render_moving(click, h, times_s, sample_rate=1000)[0, 1500] == pytest.approx(1, abs=1e-6)
    assert render_moving(click, h, times_s, sample_rate=1000, moves="listener")[0, 1500] == pytest.approx(2, abs=1e-6)


@BOTH
def test_a_tone_along_a_path_does_not_click(moves):
    T, positions = 2 * FS, 60
    tone = np.sin(2 * np.pi * 300 * np.arange(T) / FS)
    size, ears = (9.0, 7.0, 3.0), [[5.0, 4.0, 1.6]]
    path = straight([1, 2, 1.5], [8, 3, 1.5], positions)
    options = dict(absorption=0.4, max_order=6, sample_rate=FS)
    h = shoebox_rir(size, path, ears, **options) if moves == "source" else None
    if h is None:
        h = shoebox_rir(size, ears, path, **options)[0][:, None]
    got = render_moving(tone, h, np.linspace(0, T / FS, positions), sample_rate=FS, moves=moves)
    settled = slice(h.shape[2], T)
    still = max(np.abs(np.diff(fftconvolve(tone, h_p[0])[settled], n=2)).max() for h_p in h)
    assert np.abs(np.diff(got[0, settled], n=2)).max() < 1.2 * still
    # What switches instead of fading does click.
    hop = T // positions
    cut = [fftconvolve(tone, h_p[0])[p * hop : (p + 1) * hop] for p, h_p in enumerate(h)]
    assert np.abs(np.diff(np.concatenate(cut)[settled], n=2)).max() > 3 * still


def along_a_line(frequency_hz, speed_m_s, hop_s, seconds=2.0, moves="source"):
    """A tone from a source that comes nearer, as 1 m would hear it: only its delay changes."""
    times_s = np.arange(0, seconds, hop_s)
    delays = (10 - speed_m_s * times_s) / SPEED_OF_SOUND_M_S * FS
    h = np.sinc(np.arange(600) - delays[:, None])[:, None]
    tone = np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * FS)) / FS)
    heard = render_moving(tone, h, times_s, sample_rate=FS, moves=moves)[0]
    return hilbert(heard)[FS // 2 : int(FS * (seconds - 0.2))]


@BOTH
def test_short_steps_make_doppler(moves):
    hop_s, speed = 0.02, 4.0
    limit_hz = SPEED_OF_SOUND_M_S / (4 * speed * hop_s)
    heard = along_a_line(limit_hz / 4, speed, hop_s, moves=moves)
    turns = np.unwrap(np.angle(heard)) / (2 * np.pi)
    heard_hz = (turns[-1] - turns[0]) / (len(turns) - 1) * FS
    assert heard_hz == pytest.approx(limit_hz / 4 * (1 + speed / SPEED_OF_SOUND_M_S), rel=1e-3)


def test_at_a_quarter_of_a_wavelength_the_level_dips_by_3_db():
    hop_s, speed = 0.02, 4.0
    limit_hz = SPEED_OF_SOUND_M_S / (4 * speed * hop_s)
    dips = [20 * np.log10(np.abs(along_a_line(part * limit_hz, speed, hop_s)).min()) for part in (0.25, 1, 2)]
    assert dips[0] > -0.3
    assert dips[1] == pytest.approx(-3, abs=0.2)
    assert dips[2] < -20  # half a wavelength: the two copies cancel


def test_a_source_that_walks_to_the_right_is_heard_there():
    room = Room((10.0, 8.0, 3.0), (5.0, 4.0, 1.6), absorption=0.6, max_order=3)
    path = straight([2, 6, 1.6], [8, 6, 1.6], 50)
    phi = render_path(noise(2 * FS), room, path, np.linspace(0, 2, 50), "stereo", sample_rate=FS)
    energy = (phi[:, : 2 * FS].astype(float).reshape(2, 8, -1) ** 2).sum(axis=2)
    assert energy[0, 0] > 3 * energy[1, 0]
    assert energy[1, -1] > 3 * energy[0, -1]
    assert (np.diff(energy[0] / energy.sum(axis=0)) < 0.05).all()


@pytest.mark.parametrize("layout", ["5.1", "stereo", "foa", "binaural"])
def test_in_the_open_only_the_way_between_source_and_listener_counts(layout):
    listener, source = np.array([10.0, 10.0, 4.0]), np.array([9.0, 12.0, 4.0])
    room = Room((20.0, 20.0, 8.0), tuple(listener), max_order=0)
    A, times_s, steps = noise(FS), np.linspace(0, 1, 5), straight([0, 0, 0], [2, 1, 0], 5)
    walks = render_path(A, room, listener + steps, times_s, layout, source_m=source, sample_rate=FS)
    h = impulse_responses(room, source - listener - steps, layout, sample_rate=FS)
    wanted = render_moving(A, h, times_s, sample_rate=FS, moves="listener")
    assert len(walks) == len(LAYOUTS[layout])
    length = min(walks.shape[1], wanted.shape[1])
    assert np.abs(walks[:, :length] - wanted[:, :length]).max() < 1e-3 * np.abs(wanted).max()
    moved = render_path(A, room, source - steps, times_s, layout, sample_rate=FS)
    still = render_moving(A, h, times_s, sample_rate=FS)
    assert np.abs(moved - still).max() <= (1e-6 * np.abs(still).max() if layout == "binaural" else 0)


def test_microphones_walk_with_the_listener():
    listener, steps = np.array([5.0, 5.0, 2.0]), straight([0, 0, 0], [2, 0, 0], 4)
    offsets = 0.5 * np.array([[-1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [-1, -1, 0], [1, -1, 0]])
    room = Room((10.0, 10.0, 4.0), tuple(listener), 0.5, 0, tuple(map(tuple, listener + offsets)))
    A, times_s = noise(FS // 4), np.linspace(0, 0.25, 4)
    walks = render_path(A, room, listener + steps, times_s, source_m=listener * [1, 1.6, 1], sample_rate=FS)
    h = impulse_responses(room, [0, 3, 0] - steps, "5.1", sample_rate=FS)
    wanted = render_moving(A, h, times_s, sample_rate=FS, moves="listener")
    assert np.abs(walks - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_wrong_input_is_refused_with_a_remedy():
    A, h = noise(100), noise(2, 1, 10)
    for wrong in (A[None], A[:0]):
        with pytest.raises(ValueError, match=r"\(T,\) and \(P, n_ch, L\)"):
            render_moving(wrong, h, [0, 1])
    with pytest.raises(ValueError, match=r"must be \(2,\)"):
        render_moving(A, h, [0, 1, 2])
    for times_s in ([1, 0], [0, 0], [0, np.nan]):
        with pytest.raises(ValueError, match="increase"):
            render_moving(A, h, times_s)
    with pytest.raises(ValueError, match="'both'"):
        render_moving(A, h, [0, 1], moves="both")
    room = Room((10.0, 8.0, 3.0), (5.0, 4.0, 1.6), max_order=0)
    with pytest.raises(ValueError, match="outside the room"):
        render_path(A, room, [[1, 1, 1], [1, 9, 1]], [0, 1])
    with pytest.raises(ValueError, match="path_m has the shape"):
        render_path(A, room, np.ones((3, 2)), [0, 1])
    with pytest.raises(ValueError, match="source_m has the shape"):
        render_path(A, room, [[1, 1, 1], [1, 2, 1]], [0, 1], source_m=[[2, 2, 1]])
    for rate in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="sample_rate="):
            render_moving(A, h, [0, 1], sample_rate=rate)
        with pytest.raises(ValueError, match="sample_rate="):
            render_path(A, room, [[1, 1, 1], [1, 2, 1]], [0, 1], sample_rate=rate)


def test_the_places_of_a_walking_listener_are_shared_out(monkeypatch):
    threads = set()
    computed = impulse_responses
    monkeypatch.setattr(_threads, "cores", lambda: 2)
    monkeypatch.setattr(responses, "cores", lambda: 2)
    monkeypatch.setattr(
        responses, "impulse_responses", lambda *a, **o: threads.add(threading.get_ident()) or computed(*a, **o)
    )
    room = Room((10.0, 8.0, 3.0), (5.0, 4.0, 1.6), max_order=2)
    render_path(noise(100), room, straight([1, 1, 1], [9, 1, 1], 40), np.arange(40), "foa", source_m=[5, 6, 1])
    assert threading.get_ident() not in threads
