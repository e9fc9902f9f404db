"""Players change no levels and say the same in words every time."""

import base64
import re
import wave
from io import BytesIO

import numpy as np
import pytest

from see2sound_nb import Player


def test_the_browser_gets_exactly_the_samples():
    quiet = np.array([[0.001, -0.001] * 50, [0.0, 0.25] * 50])
    data = re.search(r"base64,([^']+)", Player(quiet, 16000)._repr_html_())[1]
    with wave.open(BytesIO(base64.b64decode(data))) as file:
        samples = np.frombuffer(file.readframes(100), "<i2").reshape(-1, 2).T / 32767
    np.testing.assert_allclose(samples, quiet, atol=2e-5)


def test_text_is_deterministic_and_levels_are_checked():
    assert repr(Player(np.full(16000, 0.5), 16000, "tone")) == "tone: 1.0 s, 1 channel(s), peak -6.0 dB of full scale"
    with pytest.raises(ValueError, match="6 channels"):
        Player(np.zeros((6, 10)), 16000)
    with pytest.raises(ValueError, match="peak"):
        Player(np.full(10, 2.0), 16000)
