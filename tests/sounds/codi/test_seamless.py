"""Sounds that repeat without a seam."""

import numpy as np
import pytest


def test_a_loop_has_no_click_at_its_seam():
    from see2sound_nb.sounds.codi import make_loop

    audio = np.random.default_rng(0).standard_normal(8000).cumsum().astype(np.float32)  # large slow swings
    loop = make_loop(audio, 1000)
    assert loop.shape == (7000,)
    assert abs(loop[0] - loop[-1]) <= np.abs(np.diff(audio)).max()
    np.testing.assert_array_equal(loop[1000:], audio[1000:7000])
    with pytest.raises(ValueError, match="half"):
        make_loop(audio, 5000)


def test_noise_keeps_its_level_through_the_crossfade():
    from see2sound_nb.sounds.codi import make_loop

    noise = np.random.default_rng(1).standard_normal((200, 3000))
    assert make_loop(noise, 1000)[:, :1000].std() == pytest.approx(1.0, abs=0.02)
