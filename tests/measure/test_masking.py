"""Masking, seams and clipping on sounds whose answer is known."""

import numpy as np
import pytest

from see2sound_nb.measure.masking import clipped_share, masked_shares, seam

RATE = 16000
T = 2 * RATE


def tone(frequency_hz, level_db=0.0):
    return 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * np.arange(T) / RATE)


def test_tones_far_apart_do_not_mask_each_other_and_near_ones_do():
    shares = masked_shares(np.stack([tone(500), tone(3000, 30)]), RATE)
    assert shares == pytest.approx([0, 0], abs=0.02)
    shares = masked_shares(np.stack([tone(1000), tone(1010, 10)]), RATE)
    assert shares[0] > 0.95 and shares[1] < 0.02, "the softer one is masked, the louder one is not"


def test_a_little_louder_is_not_enough():
    same_band = [masked_shares(np.stack([tone(1000), tone(1030, by)]), RATE)[0] for by in (2.0, 8.0)]
    assert same_band[0] < 0.5 < same_band[1]


def test_only_what_sounds_at_the_same_time_masks():
    first, second = tone(1000), tone(1000, 20)
    first[T // 2 :], second[: T // 2] = 0, 0
    assert masked_shares(np.stack([first, second]), RATE)[0] < 0.05


def test_the_bed_masks_as_any_sound():
    noise = np.random.default_rng(0).normal(size=T)
    assert masked_shares(tone(1000, -40)[None], RATE, others=noise)[0] > 0.95
    assert masked_shares(tone(1000, 20)[None], RATE, others=noise)[0] < 0.05
    assert masked_shares(tone(1000)[None], RATE)[0] == 0


def test_silence_is_masked_and_nothing_is_nothing():
    assert masked_shares(np.stack([np.zeros(T), tone(500)]), RATE)[0] == 1
    assert masked_shares(np.zeros((0, T)), RATE).shape == (0,)
    with pytest.raises(ValueError, match="NaN"):
        masked_shares(np.full((1, T), np.nan), RATE)


def test_seams():
    noise = np.random.default_rng(0).normal(size=T)
    assert seam(noise) < 3
    whole = tone(500)
    assert seam(whole) < 1.5
    cut = whole[: T - 8]  # a quarter of a period is missing
    assert seam(cut) > 5
    assert seam(np.ones(9)) == 0
    with pytest.raises(ValueError, match="at least 3"):
        seam(np.ones(2))


def test_clipping():
    wave = 1.5 * tone(100)[None]
    assert clipped_share(np.clip(wave, -1, 1)) == pytest.approx(np.mean(np.abs(wave) > 1), abs=0.01)
    assert clipped_share(tone(1000)[None]) == 0, "a peak that touches full scale once is not cut off"
    assert clipped_share(0.5 * wave) == 0
