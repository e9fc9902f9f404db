"""An ambience: strangers from everywhere alike, whatever plays them, and each of them the loop itself."""

import numpy as np
import pytest

from see2sound_nb.places.frames import even_directions
from see2sound_nb.render.ambience import ambient_channels, decorrelated, loop_shifts
from see2sound_nb.render.hrtf import HRTF, load_hrtf
from see2sound_nb.render.layouts import AMBISONIC_ORDERS, LAYOUTS
from see2sound_nb.room.spherical_harmonics import degrees_of_channels, encode

FS, T = 16000, 81920
LOOPS = ("sea", "crickets", "clicks")


@pytest.fixture(scope="module")
def loops():
    """Loops that repeat without a seam: noise that swells, tones that are switched on and off, and rare attacks."""
    rng = np.random.default_rng(0)
    time, frequency = np.arange(T) / FS, np.fft.rfftfreq(T, 1 / FS)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 2 * time * FS / T)
    noise = np.fft.irfft(np.fft.rfft(rng.normal(size=T)) / np.sqrt(1 + (frequency / 500) ** 2), T)
    chirps = (np.sin(2 * np.pi * 25 * time) > 0.3) * np.sin(2 * np.pi * (4200 * time + 40 * np.cumsum(swell) / FS))
    clicks = np.zeros(T)
    for start in rng.integers(0, T, 40):
        clicks[(start + np.arange(400)) % T] += rng.normal(size=400) * np.exp(-np.arange(400) / 60)
    return {
        "sea": noise * swell * 0.1,
        "crickets": 0.1 * (chirps + 0.02 * rng.normal(size=T)),
        "clicks": 0.1 * clicks + 0.001 * noise,
    }


def power(x):
    return np.mean(np.square(x, dtype=np.float64), axis=-1)


def bands(x, lowest_hz, highest_hz, per_octave):
    """Spectra of rows, band by band."""
    spectrum, frequency = np.fft.rfft(x), np.fft.rfftfreq(x.shape[-1], 1 / FS)
    for centre in lowest_hz * 2 ** np.arange(0, np.log2(highest_hz / lowest_hz) + 1e-9, 1 / per_octave):
        half = 2 ** (0.5 / per_octave)
        yield spectrum[..., (frequency >= centre / half) & (frequency < centre * half)]


def correlations(x):
    """Of all pairs of rows, real or complex."""
    products = x @ x.conj().T
    norms = np.sqrt(np.diag(products).real)
    return (products / np.outer(norms, norms)).real[np.triu_indices(len(x), 1)]


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize(
    ("layout", "playing"),
    [
        ("5.1", ["FL", "FR", "SL", "SR"]),
        ("stereo", ["L", "R"]),
        ("7.1.4", ["FL", "FR", "BL", "BR", "SL", "SR", "TFL", "TFR", "TBL", "TBR"]),
    ],
)
def test_all_loudspeakers_around_play_as_loud_and_centre_and_lfe_not_at_all(loops, name, layout, playing):
    phi = ambient_channels(loops[name], layout)
    assert phi.shape == (len(LAYOUTS[layout]), T)
    assert phi.dtype == np.float32
    heard = [channel for channel, level in zip(LAYOUTS[layout], power(phi)) if level > 0]
    assert heard == playing
    np.testing.assert_allclose(
        10 * np.log10(power(phi)[power(phi) > 0] * len(playing) / power(loops[name])), 0, atol=0.01
    )
    around = phi[power(phi) > 0]
    assert np.abs(correlations(around)).max() < 0.05
    for band in bands(around, 250, 4000, 1):
        if np.sum(np.abs(band) ** 2) > 0.01 * T / 2 * np.sum(around**2):  # what is heard of it
            assert np.abs(correlations(band)).max() < 0.15


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("layout", [name for name, order in AMBISONIC_ORDERS.items() if order])
def test_ambisonics_is_a_diffuse_field(loops, name, layout):
    order = AMBISONIC_ORDERS[layout]
    phi = ambient_channels(loops[name], layout).astype(np.float64)
    degree = degrees_of_channels(order)
    level_db = 10 * np.log10(power(phi) * (2 * degree + 1) / power(loops[name]))
    np.testing.assert_allclose(level_db, 0, atol=0.8, err_msg="SN3D: a component of degree l has 1 / (2 l + 1) of W")
    assert np.abs(correlations(phi)).max() < 0.15
    # What a listener who turns the sharpest beam of this order hears, in every direction.
    beams = encode(even_directions(300), order) * (2 * degree + 1)
    heard_db = 10 * np.log10(power(beams @ phi))
    assert np.abs(heard_db - heard_db.mean()).max() < 1


@pytest.mark.parametrize("name", LOOPS)
def test_ears_hear_it_with_the_coherence_of_a_diffuse_field(loops, name):
    left_right = ambient_channels(loops[name], "binaural")
    assert left_right.shape == (2, T)
    assert abs(10 * np.log10(power(left_right)[0] / power(left_right)[1])) < 0.5
    head = np.fft.rfft(load_hrtf(sample_rate=FS).at(even_directions(1000)), T)
    loop = np.abs(np.fft.rfft(loops[name]))
    # Of as many waves as one likes, with nothing in common.
    cross = (head[:, 0] * head[:, 1].conj()).mean(axis=0) * loop**2
    each = np.mean(np.abs(head) ** 2, axis=0) * loop**2
    frequency = np.fft.rfftfreq(T, 1 / FS)
    heard, wanted = [], []
    for centre in 125 * 2 ** (np.arange(16) / 3):
        band = (frequency >= centre * 2 ** (-1 / 6)) & (frequency < centre * 2 ** (1 / 6))
        heard.append(correlations(np.fft.rfft(left_right)[:, band])[0])
        wanted.append(cross[band].real.sum() / np.sqrt(each[0, band].sum() * each[1, band].sum()))
    np.testing.assert_allclose(heard, wanted, atol=0.15)
    assert heard[0] > 0.8, "at 125 Hz both ears hear the same"
    assert np.abs(heard[-6:]).max() < 0.2, "from 1.3 kHz on they hear strangers"
    level_db = 10 * np.log10(
        power(left_right).mean() / (each.mean(axis=0) * np.r_[1, np.full(T // 2 - 1, 2), 1]).sum() * T**2
    )
    assert abs(level_db) < 0.5, "as loud as the waves are together"


def test_a_tinted_head_is_taken_as_it_is(loops):
    kemar = load_hrtf(sample_rate=FS)
    quieter = HRTF(kemar.directions, kemar.responses / 2, FS)
    np.testing.assert_allclose(
        2 * ambient_channels(loops["sea"], "binaural", hrtf=quieter),
        ambient_channels(loops["sea"], "binaural"),
        atol=1e-6,
    )
    with pytest.raises(ValueError, match="48000"):
        ambient_channels(loops["sea"], "binaural", hrtf=load_hrtf(sample_rate=48000))


def test_every_copy_is_the_loop_itself_so_that_no_attack_is_smeared(loops):
    loop = loops["clicks"].astype(np.float32)
    for copy in decorrelated(loop, 4):
        np.testing.assert_array_equal(np.sort(copy), np.sort(loop))
        shift = int(np.argmax(np.fft.irfft(np.fft.rfft(copy) * np.conj(np.fft.rfft(loop)))))
        np.testing.assert_array_equal(np.roll(loop, shift), copy)


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_it_repeats_without_a_seam(loops, layout):
    """A loop that begins elsewhere gives the same channels, beginning there: no sample is a first or a last one."""
    phi = ambient_channels(loops["sea"], layout)
    turned = ambient_channels(np.roll(loops["sea"], 12345), layout)
    np.testing.assert_allclose(turned, np.roll(phi, 12345, axis=-1), atol=1e-6)


def test_the_sum_of_all_copies_repeats_no_faster_than_the_loop(loops):
    W = ambient_channels(loops["sea"], "foa")[0]
    alike = np.fft.irfft(np.abs(np.fft.rfft(W)) ** 2)
    rhythm = np.abs(alike[np.arange(1, 24) * T // 24] / alike[0])
    assert rhythm.max() < 0.35, "copies at equal distances would give 1"


@pytest.mark.parametrize("count", [1, 2, 4, 24, 96])
def test_copies_are_spread_over_the_loop(loops, count):
    shifts = loop_shifts(loops["sea"], count)
    np.testing.assert_array_equal(shifts, loop_shifts(loops["sea"], count))
    assert shifts[0] == 0
    gaps = np.diff(np.sort(np.append(shifts, T)))
    assert gaps.min() >= T / (2.2 * count)
    if count == 24:
        assert np.abs(np.diff(shifts)).min() < np.abs(np.diff(shifts)).max() / 4, "in no order of the directions"


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize(
    "loop", [np.zeros(1000), np.eye(1, 50, 7)[0], np.ones(1)], ids=["silence", "short", "a sample"]
)
def test_any_loop_can_be_played(layout, loop):
    phi = ambient_channels(loop, layout)
    assert phi.shape == (len(LAYOUTS[layout]), len(loop))
    assert np.isfinite(phi).all()
    assert phi.any() == loop.any()


@pytest.mark.parametrize(
    ("loop", "layout", "message"),
    [
        (np.zeros((1, 8)), "5.1", r"\(1, 8\)"),
        (np.zeros(0), "5.1", "at least one sample"),
        (np.full(8, np.nan), "foa", "finite"),
        (np.ones(8), "9.1", "9.1"),
    ],
)
def test_what_is_no_loop_is_refused(loop, layout, message):
    with pytest.raises(ValueError, match=message):
        ambient_channels(loop, layout)
    if layout == "5.1":
        with pytest.raises(ValueError, match="count=0"):
            decorrelated(np.ones(8), 0)
