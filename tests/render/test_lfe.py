"""What the subwoofer plays."""

import numpy as np
import pytest

from see2sound_nb.render.lfe import LFE_CUTOFF_HZ, LFE_GAIN_DB
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room


@pytest.mark.parametrize(("layout", "rate"), [("5.1", 16000), ("5.1", 48000), ("7.1.4", 44100)])
def test_the_lfe_is_the_omnidirectional_sound_below_120_hz_10_db_lower(layout, rate):
    room = Room((5.0, 4.0, 3.0), (2.0, 2.0, 1.5), 0.3, 8)
    positions = np.array([[1.5, 1.0, 0.2], [-1.0, 1.5, 0.5], [0.3, -1.2, -0.4]])
    frequency = np.fft.rfftfreq(4 * rate, 1 / rate)
    h = impulse_responses(room, positions, layout, sample_rate=rate)[:, 3]
    W = impulse_responses(room, positions, "foa", sample_rate=rate)[:, 0]
    for lfe, omni in ((h, W), (h.sum(axis=0), W.sum(axis=0))):  # each source, and all at once
        ratio_db = 20 * np.log10(np.abs(np.fft.rfft(lfe, 4 * rate)) / np.abs(np.fft.rfft(omni, 4 * rate)))
        passed, edge = (frequency > 20) & (frequency < 70), np.searchsorted(frequency, LFE_CUTOFF_HZ)
        np.testing.assert_allclose(ratio_db[..., passed], LFE_GAIN_DB, atol=0.2)
        np.testing.assert_allclose(ratio_db[..., edge], LFE_GAIN_DB - 3, atol=0.3)
        assert (ratio_db[..., frequency > 300] < LFE_GAIN_DB - 28).all()
