"""A head without what is the same from all directions."""

import numpy as np
import pytest

from see2sound_nb.places.frames import even_directions, unit_vectors
from see2sound_nb.render.diffuse_field import diffuse_field_equalised
from see2sound_nb.render.hrtf import KEMAR, load_hrtf
from see2sound_nb.render.onsets import arrival_times

FS = 16000


@pytest.mark.parametrize("rate", [16000, 48000])
def test_on_average_over_all_directions_a_head_colours_nothing(rate):
    hrtf = load_hrtf(sample_rate=rate)
    everywhere = hrtf.responses[hrtf.nearest(even_directions(1500))]
    level_db = 10 * np.log10((np.abs(np.fft.rfft(everywhere, rate)) ** 2).mean(axis=(0, 1)))
    heard = level_db[100:7000]
    assert np.abs(heard - np.median(heard)).max() < 2
    assert level_db[60] > np.median(heard) - 10, "a drum's bass, which the measuring loudspeaker lacked by 20 dB"


def test_equalising_leaves_the_differences_between_ears_and_directions():
    with np.load(KEMAR) as kemar:
        towards, raw = unit_vectors(*kemar["azimuth_elevation_deg"].T), kemar["responses"] / 32768.0
    equalised = diffuse_field_equalised(towards, raw, 44100)
    assert equalised.shape == raw.shape
    before, after = (np.fft.rfft(some, 441 * 4)[..., 8:640] for some in (raw, equalised))  # 200 Hz to 16 kHz
    for one, other in ((np.s_[:, 0], np.s_[:, 1]), (np.s_[:355], np.s_[355:])):  # two ears; two directions
        this, that = after[one] * before[other], after[other] * before[one]
        assert (np.abs(this - that) ** 2).mean() < 1e-3 * (np.abs(this) ** 2).mean()  # cut at the end
    # of minimum phase: nothing rings before a sound arrives
    first = int(arrival_times(raw, 44100).min()) - 12
    assert (equalised[..., :first] ** 2).sum() < 1e-6 * (equalised**2).sum()


def test_a_head_without_colour_is_left_as_it_is(rng):
    towards = even_directions(60)
    responses = np.zeros((60, 2, 64))
    responses[np.arange(60)[:, None], [0, 1], rng.integers(10, 50, (60, 2))] = 0.5
    np.testing.assert_allclose(diffuse_field_equalised(towards, responses, FS), responses, atol=1e-9)


def test_where_a_head_was_measured_densely_is_of_no_more_weight(rng):
    towards = even_directions(60)
    responses = np.zeros((60, 2, 64))
    responses[..., 10] = 1.0
    responses[towards[:, 0] > 0, :, 11] = 0.7  # on the right everything is darker
    dense = np.repeat(np.flatnonzero(towards[:, 0] > 0), 9)
    more = towards[dense] + 1e-3 * rng.normal(size=(len(dense), 3))
    more /= np.linalg.norm(more, axis=1, keepdims=True)
    sparse = diffuse_field_equalised(towards, responses, FS)
    denser = diffuse_field_equalised(np.vstack([towards, more]), np.concatenate([responses, responses[dense]]), FS)
    np.testing.assert_allclose(denser[:60], sparse, atol=0.01 * np.abs(sparse).max())


def test_what_was_hardly_measured_is_hardly_raised():
    t = np.arange(256) - 128
    weak = np.hanning(256) * np.sinc(t * 18 / 48)  # at 48 kHz: all below 9 kHz, and next to nothing above
    head = np.tile(weak, (60, 2, 1))
    equalised = diffuse_field_equalised(even_directions(60), head, 48000)
    level_db = 20 * np.log10(np.abs(np.fft.rfft(equalised[0, 0], 4800)))
    assert np.ptp(level_db[20:800]) < 1, "200 Hz to 8 kHz"
    assert level_db[1200:].max() < level_db[100] - 20, "above 12 kHz"
    with pytest.raises(ValueError, match="silent"):
        diffuse_field_equalised(even_directions(60), 0 * head, 48000)
