"""The device that suits a preset, and its memory."""

import pytest

import see2sound_nb as s2s
from see2sound_nb.models import devices


@pytest.mark.parametrize(("preset", "device", "memory_gb", "low"), [
    ("paper", "cpu", 16, True), ("paper", "cpu", 32, False), ("paper", "cuda", 12, True), ("paper", "cuda", 80, False),
    ("tiny", "cpu", 2, False),
])  # fmt: skip
def test_low_memory_follows_the_memory_there_is(monkeypatch, preset, device, memory_gb, low):
    monkeypatch.setattr(devices, "memory_gb", lambda asked: memory_gb if asked == device else None)
    assert s2s.See2Sound(preset=preset, device=device).low_memory is low
