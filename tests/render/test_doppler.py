"""Images on their own paths: the pitch is the textbook's, and what stands still sounds like its impulse response."""

import numpy as np
import pytest
from scipy.signal import butter, fftconvolve, sosfilt

from see2sound_nb.render import doppler
from see2sound_nb.render.doppler import render_doppler
from see2sound_nb.render.moving import render_moving
from see2sound_nb.room.ism import shoebox_rir
from see2sound_nb.room.spherical_harmonics import encode

FS, C = 16000, 343.0
SIZE = (9.0, 7.0, 3.0)
OPEN = dict(size_m=(1000.0, 100.0, 50.0), absorption=1.0, max_order=0, sample_rate=FS)
MIDDLE = np.array([500.0, 50.0, 25.0])


def at(right, forward, up):
    return MIDDLE + np.array([right, forward, up])


def tone(frequency_hz, seconds):
    return np.exp(2j * np.pi * frequency_hz * np.arange(int(seconds * FS)) / FS)


def heard_of(A, source, receiver, times_s):
    """A complex tone, in the open: its phase is what the pitch is read from."""
    parts = [render_doppler(part, source, receiver, times_s, **OPEN)[0] for part in (A.real, A.imag)]
    return parts[0] + 1j * parts[1]


def left_at(t, start, velocity, receiver):
    """When a wave set out that arrives at t, for a source on a straight line: the root of a quadratic."""
    gap, speed2 = start - receiver, velocity @ velocity
    # |gap + velocity * e|^2 = C^2 (t - e)^2
    a, b, c = C**2 - speed2, -2 * (C**2 * t + gap @ velocity), C**2 * t**2 - gap @ gap
    return (-b - np.sqrt(b**2 - 4 * a * c)) / (2 * a)


def pitch_hz(heard):
    """(n - 32,): mean pitch of 32 samples."""
    turns = np.unwrap(np.angle(heard)) / (2 * np.pi)
    return (turns[32:] - turns[:-32]) / 32 * FS


@pytest.mark.parametrize("speed", [2.0, 20.0, 100.0])
def test_a_tone_that_passes_shifts_as_the_textbook_says(speed):
    seconds, f = 2.0, 1000.0
    start, velocity = at(-speed * seconds / 2, 4, 0), np.array([speed, 0, 0])
    path = start + np.linspace(0, seconds, 100)[:, None] * velocity
    heard = heard_of(tone(f, seconds), path, MIDDLE, np.linspace(0, seconds, 100))
    within = slice(FS // 2, int(1.8 * FS))
    t = (np.arange(len(heard) - 32) + 16) / FS
    emitted = left_at(t, start, velocity, MIDDLE)
    away = start + emitted[:, None] * velocity - MIDDLE
    receding = away @ velocity / np.linalg.norm(away, axis=1)
    wanted = f / (1 + receding / C)
    assert np.abs(pitch_hz(heard)[within] / wanted[within] - 1).max() < 1e-3
    assert wanted[within].max() > f > wanted[within].min()  # it does pass


def test_a_receiver_that_approaches_hears_it_higher_and_both_moving_as_well():
    f, seconds, times_s = 1000.0, 1.0, np.array([0.0, 1.0])
    source = at(60, 0, 0)
    nearing = np.stack([MIDDLE, at(30.0, 0, 0)])
    heard = heard_of(tone(f, seconds), source, nearing, times_s)
    assert np.allclose(pitch_hz(heard)[FS // 2 : int(0.9 * FS)], f * (1 + 30 / C), rtol=1e-3)
    coming = np.stack([source, source - [20.0, 0, 0]])
    heard = heard_of(tone(f, seconds), coming, nearing, times_s)
    assert np.allclose(pitch_hz(heard)[FS // 2 : int(0.9 * FS)], f * (1 + 30 / C) / (1 - 20 / C), rtol=1e-3)


def test_before_the_first_and_after_the_last_moment_all_stands_still():
    f, times_s = 1000.0, np.array([0.4, 0.6])
    coming, nearing = np.stack([at(20, 0, 0), at(16, 0, 0)]), np.stack([at(-2, 0, 0), at(0, 0, 0)])
    pitch = pitch_hz(heard_of(tone(f, 1.0), coming, nearing, times_s))
    assert np.allclose(pitch[int(0.1 * FS) : int(0.39 * FS)], f, rtol=1e-4)
    assert np.allclose(pitch[int(0.48 * FS) : int(0.59 * FS)], f * (1 + 10 / C) / (1 - 20 / C), rtol=1e-3)
    assert np.allclose(pitch[int(0.66 * FS) : int(0.95 * FS)], f, rtol=1e-4)


@pytest.mark.parametrize("f", [440.0, 3000.0, 7000.0])
def test_reading_between_samples_is_60_db_clean(f):
    start, velocity = at(-8.0, 3, 1), np.array([14.0, 1, 0])
    path, times_s = np.stack([start, start + velocity]), np.array([0.0, 1.0])
    heard = heard_of(tone(f, 1.0), path, MIDDLE, times_s)
    emitted = left_at(np.arange(len(heard)) / FS, start, velocity, MIDDLE)
    distance = np.linalg.norm(start + emitted[:, None] * velocity - MIDDLE, axis=1)
    wanted = np.exp(2j * np.pi * f * emitted) / distance
    within = slice(int(0.1 * FS), int(0.9 * FS))
    error = (heard - wanted)[within]
    assert 10 * np.log10(np.mean(np.abs(error) ** 2) / np.mean(np.abs(wanted[within]) ** 2)) < -60


@pytest.mark.parametrize("absorption", [0.3, (0.1, 0.3, 0.5, 0.2, 0.7, 0.05)])
@pytest.mark.parametrize("positions", [1, 4])
def test_what_stands_still_sounds_like_its_impulse_response(absorption, positions):
    noise = np.random.default_rng(0).standard_normal(8000)
    A = sosfilt(butter(8, 5000, fs=FS, output="sos"), noise)
    source, receiver = np.array([2.0, 3.0, 1.5]), np.array([6.0, 5.0, 1.2])
    h = shoebox_rir(SIZE, [source], [receiver], absorption=absorption, max_order=4, sample_rate=FS)[0, 0]
    wanted = fftconvolve(A, h)
    got = render_doppler(
        A, source, receiver, np.arange(positions), size_m=SIZE, absorption=absorption, max_order=4, sample_rate=FS
    )[0]
    shared = min(len(got), len(wanted))
    assert np.abs(got[:shared] - wanted[:shared]).max() < 3e-3 * np.abs(wanted).max()
    assert np.abs(got[shared:]).max(initial=0) < 1e-6
    assert np.abs(wanted[shared:]).max(initial=0) < 1e-6


def test_a_mirrored_path_is_the_image_with_its_velocity():
    A = np.random.default_rng(0).standard_normal(FS)
    times_s = np.linspace(0, 1, 7)
    path = np.linspace([2.0, 2.0, 1.0], [7.0, 4.0, 2.0], 7) + 0.2 * np.random.default_rng(1).random((7, 3))
    receiver = np.array([5.0, 5.0, 1.5])
    for wall, (axis, plane) in enumerate([(0, 0.0), (0, SIZE[0]), (1, 0.0), (1, SIZE[1]), (2, 0.0), (2, SIZE[2])]):
        absorption = np.ones(6)
        absorption[wall] = 0.36
        options = dict(size_m=SIZE, absorption=absorption, sample_rate=FS)
        both = render_doppler(A, path, receiver, times_s, max_order=1, **options)[0]
        direct = render_doppler(A, path, receiver, times_s, max_order=0, **options)[0]
        mirrored = path.copy()
        mirrored[:, axis] = 2 * plane - path[:, axis]
        image = 0.8 * render_doppler(A, mirrored + 20, receiver + 20, times_s, **OPEN)[0]
        wanted = np.zeros_like(both)
        wanted[: len(direct)] += direct
        wanted[: len(image)] += image[: len(both)]
        assert np.abs(both - wanted).max() < 1e-4 * np.abs(both).max()


def test_the_direct_sound_comes_at_its_time_and_falls_with_distance():
    click = np.zeros(FS // 4)
    click[1000] = 1
    path, times_s = np.stack([at(3.43, 0, 0), at(13.43, 0, 0)]), np.array([0.0, 0.25])
    heard = render_doppler(click, path, MIDDLE, times_s, **OPEN)[0]
    distance = 3.43 + 40 * 1000 / FS
    assert np.argmax(np.abs(heard)) == round(1000 + distance / C * FS)
    drawn_out = 1 + 40 / C  # what recedes is heard longer, and its click, band-limited, over more samples
    assert heard.sum() == pytest.approx(drawn_out / distance, rel=5e-3)
    assert not heard[: 1000 + int(distance / C * FS) - doppler.TAPS].any()


def test_energy_is_continuous_along_the_path_and_no_position_clicks():
    corners = MIDDLE + np.array([[-8, 3, 0], [-1, 3, 0], [0, 2, 1], [5, 6, 0], [9, 3, 0]])
    times_s = np.array([0.0, 0.7, 0.9, 1.5, 2.0])
    A = tone(500, 2.0)
    heard = heard_of(A, corners, MIDDLE, times_s)
    level = 20 * np.log10(np.abs(heard)[FS // 10 : int(1.9 * FS)])
    assert np.abs(level[160:] - level[:-160]).max() < 0.7  # in 10 ms
    nearest = 1 / np.abs(heard).max()
    assert np.abs(np.diff(heard[FS // 10 : int(1.9 * FS)], n=2)).max() < 1.3 * np.abs(np.diff(A, n=2)).max() / nearest


def test_slow_movement_is_what_crossfaded_responses_give():
    A = sosfilt(butter(6, 300, fs=FS, output="sos"), np.random.default_rng(0).standard_normal(2 * FS))
    times_s = np.linspace(0, 2, 201)
    path, receiver = np.linspace([2.0, 2.0, 1.0], [6.0, 3.0, 1.5], 201), np.array([5.0, 5.5, 1.5])
    h = shoebox_rir(SIZE, path, [receiver], absorption=0.3, max_order=2, sample_rate=FS)
    faded = render_moving(A, h, times_s, sample_rate=FS)[0]
    exact = render_doppler(A, path, receiver, times_s, size_m=SIZE, absorption=0.3, max_order=2, sample_rate=FS)[0]
    shared = min(len(faded), len(exact))
    error = (faded[:shared] - exact[:shared])[FS // 10 : -FS // 10]
    assert 10 * np.log10(np.mean(error**2) / np.mean(exact**2)) < -40


def test_channels_follow_the_direction():
    circle = np.radians(np.linspace(0, 180, 91))  # from the right over the front to the left
    path = MIDDLE + 5 * np.stack([np.cos(circle), np.sin(circle), 0 * circle], axis=1)
    A = np.ones(2 * FS)
    W, Y, Z, X = render_doppler(A, path, MIDDLE, np.linspace(0, 2, 91), gains=lambda v: encode(v, 1), **OPEN)
    t = np.arange(FS // 10, int(1.9 * FS))
    angle = np.pi * (t / FS - 5 / C) / 2
    assert np.allclose(W[t], 0.2, rtol=2e-3)
    assert np.abs(Y[t] / W[t] + np.cos(angle)).max() < 2e-3
    assert np.abs(X[t] / W[t] - np.sin(angle)).max() < 2e-3
    assert np.abs(Z[t]).max() < 1e-6


def test_wrong_input_is_refused_with_a_remedy():
    A, times_s = np.zeros(100), np.array([0.0, 1.0])
    path, options = np.array([[1.0, 1, 1], [3, 1, 1]]), dict(size_m=SIZE, absorption=0.5)
    here = np.array([2.0, 2, 1])
    with pytest.raises(ValueError, match=r"must be \(T,\)"):
        render_doppler(A[None], path, here, times_s, **options)
    with pytest.raises(ValueError, match="max_order=-1"):
        render_doppler(A, path, here, times_s, max_order=-1, **options)
    with pytest.raises(ValueError, match="increase"):
        render_doppler(A, path, here, times_s[::-1], **options)
    with pytest.raises(ValueError, match=r"source_m has shape \(2, 3\)"):
        render_doppler(A, path, here, np.arange(3), **options)
    with pytest.raises(ValueError, match=r"receiver at .* outside the room"):
        render_doppler(A, path, here * [1, 4, 1], times_s, **options)
    with pytest.raises(ValueError, match="slower than sound"):
        render_doppler(A, path, here, times_s / 1000, **options)
    with pytest.raises(ValueError, match=r"absorption=1\.5"):
        render_doppler(A, path, here, times_s, size_m=SIZE, absorption=1.5)
    with pytest.raises(ValueError, match=r"come within 0\.1"):
        render_doppler(np.zeros(FS), path, here - [0, 0.9, 0], times_s, **options)
    for rate in (0, np.nan, np.inf):
        with pytest.raises(ValueError, match="sample_rate="):
            render_doppler(A, path, here, times_s, sample_rate=rate, **options)
    for speed in (0, -343, np.nan, np.inf):
        with pytest.raises(ValueError, match="speed_m_s="):
            render_doppler(A, path, here, times_s, speed_m_s=speed, **options)
    with pytest.raises(ValueError, match="size_m has shape"):
        render_doppler(A, path, here, times_s, size_m=9.0, absorption=0.5)


def test_what_comes_too_near_is_refused_before_anything_is_computed(monkeypatch):
    path, here, times_s = np.array([[1.0, 1, 1], [3, 1, 1]]), np.array([2.0, 1.1, 1]), np.array([0.0, 1.0])
    options = dict(size_m=SIZE, absorption=0.5)
    render_doppler(np.zeros(FS // 4), path, here, times_s, **options)  # silent before it comes there
    monkeypatch.setattr(doppler, "run_in_threads", lambda *_: pytest.fail("it was computed"))
    with pytest.raises(ValueError, match=r"come within 0\.100 m"):
        render_doppler(np.zeros(FS), path, here, times_s, **options)
