"""The measurements of `make hostile`, as short as they still say something."""

import hashlib
import random

import numpy as np
import pytest

from hostile import growth, kills


@pytest.mark.slow
def test_killed_writers_leave_nothing_half_written():
    told = kills.kill_again_and_again("saving", kills.SAVING, "a.wav", 5, random.Random(1), kills.HERE, waits=True)
    assert "same bytes" in told


@pytest.mark.slow
def test_a_killed_download_goes_on():
    with kills.slow_server() as address:
        words = (address, hashlib.sha256(kills.CONTENT).hexdigest())
        told = kills.kill_again_and_again(
            "a download", kills.FETCHING, "a.bin", 4, random.Random(1), *words, waits=True
        )
    assert "same bytes" in told


@pytest.mark.slow
def test_any_process_with_any_number_of_threads_hears_the_same(pipeline):
    assert growth.other_process(1) == growth.other_process(2) == growth.sound_of(pipeline, growth.photos()[0])


@pytest.mark.slow
def test_runs_and_drags_do_not_grow():
    told = []
    growth.drag(60, settled=40, tell=told.append)
    assert "drag 60" in told[0]


def test_the_ten_photos_differ():
    assert len({photo.tobytes() for photo in growth.photos()}) == 10
    assert all(photo.dtype == np.uint8 for photo in growth.photos())
