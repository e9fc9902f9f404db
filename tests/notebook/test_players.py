"""Players change no levels and say the same in words every time."""

import base64
import re
import wave
from io import BytesIO

import numpy as np
import pytest

from see2sound_nb import Player, compare, ild_db, itd_s


def test_the_browser_gets_exactly_the_samples():
    quiet = np.array([[0.001, -0.001] * 50, [0.0, 0.25] * 50])
    data = re.search(r"base64,([^']+)", Player(quiet, 16000)._repr_html_())[1]
    with wave.open(BytesIO(base64.b64decode(data))) as file:
        samples = np.frombuffer(file.readframes(100), "<i2").reshape(-1, 2).T / 32767
    np.testing.assert_allclose(samples, quiet, atol=2e-5)


def test_text_is_deterministic_and_levels_are_checked():
    assert repr(Player(np.full(16000, 0.5), 16000, "tone")) == "tone: 1.0 s, 1 channel, peak -6 dB of full scale"
    with pytest.raises(ValueError, match="6 channels"):
        Player(np.zeros((6, 10)), 16000)
    with pytest.raises(ValueError, match="peak"):
        Player(np.full(10, 2.0), 16000)
    with pytest.raises(ValueError, match=r"\(2, 1, 10\)"):
        Player(np.zeros((2, 1, 10)), 16000)
    with pytest.raises(ValueError, match="no sounds"):
        compare({}, 16000)


def test_two_channels_say_which_ear_hears_it_first_and_louder():
    ears = np.zeros((2, 1600))
    ears[0, 100], ears[1, 105] = 0.5, 0.25  # 5 samples of 16 kHz are 0.3 ms
    assert repr(Player(ears, 16000, "click")).endswith("ITD +0.3 ms, ILD +6 dB (+: left)")
    assert itd_s(ears, 16000) == pytest.approx(5 / 16000)
    assert ild_db(ears[::-1]) == pytest.approx(-6.02, abs=0.01)
    with pytest.raises(ValueError, match="left and right"):
        itd_s(ears[0], 16000)


def test_compared_sounds_have_one_level_and_say_what_was_done(rng):
    soft, loud = 0.01 * rng.normal(size=1600), 0.2 * rng.normal(size=(2, 1600))
    players = compare({"soft": soft, "loud": loud}, 16000)
    levels = [10 * np.log10(np.mean(player.audio**2)) for player in players]
    assert levels == pytest.approx([-23, -23], abs=0.01)
    assert "turned by +17 dB to RMS -23 dB" in repr(players).splitlines()[0]
    click = np.zeros(16000)
    click[0] = 1.0
    spiky = compare({"click": click, "noise": soft}, 16000)
    assert max(np.abs(player.audio).max() for player in spiky) <= 1
    assert np.mean(spiky[0].audio ** 2) == pytest.approx(np.mean(spiky[1].audio ** 2), rel=1e-5)
    with pytest.raises(ValueError, match="leave it out"):
        compare({"nothing": np.zeros(10)}, 16000)


def test_a_title_is_text_and_the_rate_is_kept():
    player = Player(np.zeros(100), 44100, "a <b> & c")._repr_html_()
    assert "a &lt;b&gt; &amp; c: " in player
    data = re.search(r"base64,([^']+)", player)[1]
    with wave.open(BytesIO(base64.b64decode(data))) as file:
        assert file.getframerate() == 44100
