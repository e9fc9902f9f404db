"""Sounds played through responses, Eq. 5."""

import numpy as np
import pytest

from see2sound_nb.render.channels import MASTER_PEAK_DB, master_gain_db, render_channels
from see2sound_nb.render.layouts import check_layout
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room


def test_the_scene_is_the_sum_of_its_sources(rng):
    room = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), max_order=3)
    h = impulse_responses(room, np.array([[-1.0, 2, 0], [1.5, 1, 0.5]]), "5.1")
    A = rng.normal(size=(2, 4000)).astype(np.float32)
    together = render_channels(A, h)
    apart = [render_channels(A[k : k + 1], h[k : k + 1]) for k in range(2)]
    np.testing.assert_allclose(together, apart[0] + apart[1], atol=1e-4)
    direct = np.array([np.convolve(A[0], h[0, 1]) + np.convolve(A[1], h[1, 1])])
    np.testing.assert_allclose(together[1:2], direct, atol=1e-4)


def test_sounds_and_responses_belong_together():
    A, h = np.ones((2, 10)), np.ones((2, 1, 5))
    for sounds, responses in ((A, h[:1]), (A[:1], h), (A[:0], h[:0]), (A[0], h)):
        with pytest.raises(ValueError, match="N at least 1"):
            render_channels(sounds, responses)


def test_one_gain_for_all_channels():
    phi = np.array([[0.1, -4.0], [0.2, 0.0]])
    gain = master_gain_db(phi)
    assert np.abs(phi).max() * 10 ** (gain / 20) == pytest.approx(10 ** (MASTER_PEAK_DB / 20))
    assert master_gain_db(np.zeros((2, 5))) == 0
    with pytest.raises(ValueError, match="quad"):
        check_layout("quad")
