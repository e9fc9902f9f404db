"""From log-mels to sound."""

import pytest

torch = pytest.importorskip("torch")


def test_the_vocoder_gives_back_the_spectrogram():
    from see2sound_nb.sounds.mel import HOP, log_mel
    from see2sound_nb.sounds.vocoder import GriffinLimVocoder

    time = torch.arange(100 * HOP) / 16000
    wave = 0.3 * torch.sin(2 * torch.pi * 440 * time)[None] + 0.02 * torch.randn(1, 100 * HOP)
    mel = log_mel(wave)
    rebuilt = GriffinLimVocoder()(mel)
    assert rebuilt.shape == wave.shape
    assert (log_mel(rebuilt) - mel)[:, 5:-5].abs().mean() < 0.15
