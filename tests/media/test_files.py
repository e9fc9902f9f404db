"""Files that are whole or not there."""

import os

import numpy as np
import pytest

from see2sound_nb.media.files import atomic_path, check_writable
from see2sound_nb.media.sound_files import write_wav


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="peak"):
        write_wav(tmp_path / "a.wav", np.full((2, 10), 1.5), 16000)
    with pytest.raises(ValueError, match="peak"):
        write_wav(tmp_path / "a.wav", np.full((2, 10), np.nan), 16000)

    def interrupted():
        with atomic_path(tmp_path / "b.wav") as beside:
            beside.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == []


def test_outputs_that_cannot_be_written_are_named(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        check_writable(tmp_path / "nowhere" / "a.wav")
    with pytest.raises(ValueError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(ValueError, match=r"7\.1"):
        write_wav(tmp_path / "a.wav", np.zeros((8, 10)), 16000, layout="7.1")
