"""Partial convolution: the same sound as convolving everything at once, but only the moved source is computed."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.signal import fftconvolve

from see2sound_nb.render import convolution
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.convolution import DrySpectra, LiveMix

T, L, FS = 24000, 1100, 16000


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def responses(*shape, seed=1):
    """Noise that dies away, as a room's responses do."""
    return noise(*shape, seed=seed) * np.exp(-np.arange(shape[-1]) / (0.2 * shape[-1])).astype(np.float32)


def linear(a, h):
    return fftconvolve(a[None].astype(np.float64), h.astype(np.float64), axes=-1)


def circular(a, h):
    """Every sample of the tail is heard T samples earlier, in the next turn of the loop, and over again."""
    whole = linear(a, h)
    turns = -(-whole.shape[1] // len(a))
    return np.pad(whole, ((0, 0), (0, turns * len(a) - whole.shape[1]))).reshape(len(h), turns, len(a)).sum(axis=1)


def off(got, wanted):
    """Largest error over the peak."""
    assert got.shape == wanted.shape and got.dtype == np.float32
    return np.abs(got - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize("length", [1, 80, L])
@pytest.mark.parametrize("samples", [T, 300])  # also a loop shorter than the response
def test_the_wet_sound_is_the_convolution(length, samples):
    A, h = noise(2, samples), responses(6, length)
    assert off(DrySpectra(A, L, loop=False).wet(1, h), linear(A[1], h)) < 1e-6
    assert off(DrySpectra(A, L).wet(1, h), circular(A[1], h)) < 1e-6


@pytest.mark.parametrize("loop", [True, False])
def test_a_longer_response_than_foreseen_is_welcome(loop):
    A, h = noise(1, T), responses(2, 3 * L)
    dry = DrySpectra(A, L, loop=loop)
    assert off(dry.wet(0, h), (circular if loop else linear)(A[0], h)) < 1e-6
    assert dry.longest >= 3 * L


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("length", [1, 320, 1237, 50000])
def test_blocks_of_any_length_join_to_the_whole(loop, length):
    A, h = noise(1, 3000), responses(2, 700)
    dry = DrySpectra(A, 700, loop=loop)
    whole = dry.wet(0, h)
    starts = range(0, whole.shape[1], length)
    joined = np.concatenate([dry.block(0, h, start, length) for start in starts], axis=1)
    assert off(joined[:, : whole.shape[1]], whole) < 1e-6


def test_a_loop_has_no_beginning_and_other_sounds_are_silent_before_and_after():
    A, h = noise(1, T), responses(2, L)
    whole = DrySpectra(A, L).wet(0, h)
    around = DrySpectra(A, L).block(0, h, 5 * T - 100, 200)
    assert off(around, np.concatenate([whole[:, -100:], whole[:, :100]], axis=1)) < 1e-6
    once = DrySpectra(A, L, loop=False)
    assert not once.block(0, h, -500, 500).any()
    assert np.abs(once.block(0, h, T + L - 1, 500)).max() < 1e-5  # rounding of what wraps around


@pytest.mark.parametrize("longest", [500, 3500, 8000])
def test_the_spectra_take_the_memory_that_is_stated(longest):
    dry = DrySpectra(noise(3, 160000), longest)
    assert 5 < dry.nbytes / dry.A.size < 8.5


def test_responses_of_any_length_in_many_threads_do_not_disturb_each_other():
    A = noise(2, 3000)
    h = [responses(2, 100 + 150 * turn) for turn in range(16)]
    wanted = [circular(A[turn % 2], h_k) for turn, h_k in enumerate(h)]
    for _ in range(5):
        dry = DrySpectra(A, 100)
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(dry.wet, [turn % 2 for turn in range(16)], h))
        assert max(map(off, got, wanted)) < 1e-6


def test_another_thread_may_transform_anew_in_the_middle_of_a_response(monkeypatch):
    A, h = noise(1, 3000), responses(2, 100)
    dry = DrySpectra(A, 100)

    def interrupted(work, count):
        dry._blocks = dry._transformed(900)
        work(0, count)

    monkeypatch.setattr(convolution, "run_in_threads", interrupted)
    assert off(dry.wet(0, h), circular(A[0], h)) < 1e-6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_forked_process_can_go_on():
    live = LiveMix(noise(2, 3000), responses(2, 2, 100))
    child = os.fork()
    if not child:
        try:
            signal.alarm(20)  # kills it, should it hang
            live.move(0, responses(2, 100))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("loop", [True, False])
def test_a_moved_source_sounds_as_if_the_scene_were_made_anew(loop):
    A, h = noise(4, T), responses(4, 3, L)
    live = LiveMix(A, h, loop=loop)
    for turn, k in enumerate([2, 2, 0, 3, 2]):
        h[k] = responses(3, L, seed=10 + turn)
        got = live.move(k, h[k])
        wanted = sum((circular if loop else linear)(a, h_k) for a, h_k in zip(A, h))
        assert off(got, wanted) < 1e-6
    if not loop:
        assert off(got, render_channels(A, h)) < 1e-6


def test_a_thousand_moves_leave_no_trace():
    A, h = noise(3, 500), responses(3, 2, 60)
    live = LiveMix(A, h)
    before = live.mix
    for turn in range(1000):
        live.move(turn % 3, 100 * h[turn % 3])
        live.move(turn % 3, h[turn % 3])
    assert off(live.mix, before) < 1e-6


def test_only_the_moved_source_is_computed(monkeypatch):
    A, h = noise(5, T), responses(5, 2, L)
    live = LiveMix(A, h)
    computed = []
    wet = DrySpectra.wet
    monkeypatch.setattr(DrySpectra, "wet", lambda dry, k, h_k: computed.append(k) or wet(dry, k, h_k))
    parts = list(live._parts)
    live.move(3, h[0])
    assert computed == [3]
    assert [part is before for part, before in zip(live._parts, parts)] == [True, True, True, False, True]


def test_one_source_alone_can_be_moved_and_its_tail_may_grow():
    A = noise(1, T)
    live = LiveMix(A, responses(1, 2, 50), loop=False)
    h = responses(2, L)
    assert off(live.move(0, h), linear(A[0], h)) < 1e-6
    h = responses(2, 20)
    assert off(live.move(0, h), linear(A[0], h)) < 1e-6


@pytest.mark.parametrize("loop", [True, False])
def test_the_first_block_leads_from_the_old_mix_to_the_new_without_a_click(loop):
    tone = np.sin(2 * np.pi * 200 * np.arange(T) / FS).astype(np.float32)
    h = np.zeros((2, 1, 400), dtype=np.float32)
    h[0, 0, 20], h[1, 0, 300] = 1, 0.5
    start, length = 7000, 320
    live = LiveMix(np.stack([tone, 0.1 * noise(T)]), h, loop=loop)
    old = live.mix
    there = np.zeros((1, 400), dtype=np.float32)
    there[0, 55] = 0.7
    block = live.first_block(0, there, start, length)
    assert live.mix is old
    new = live.move(0, there)
    assert off(live.block(start + length, 50), new[:, start + length : start + length + 50]) == 0
    # Of the moved source alone: steps between samples are no larger than those of the louder of the two tones.
    noise_part = DrySpectra(live.dry.A, 400, loop=loop).wet(1, h[1])
    played = np.concatenate([old[:, :start], block, new[:, start + length :]], axis=1) - noise_part
    bend = np.abs(np.diff(played[0, start - 50 : start + length + 50], n=2))
    assert bend.max() < 1.1 * np.abs(np.diff(tone, n=2)).max()
    cut = np.concatenate([old[:, :start], new[:, start:]], axis=1) - noise_part
    assert np.abs(np.diff(cut[0, start - 50 : start + 50], n=2)).max() > 5 * bend.max()


def test_two_responses_that_are_the_same_do_not_fade():
    A, h = noise(2, T), responses(2, 2, L)
    live = LiveMix(A, h)
    assert off(live.first_block(1, h[1], 300, 320), live.block(300, 320)) < 1e-6


def test_wrong_input_is_refused_with_a_remedy():
    A, h = noise(2, T), responses(2, 3, L)
    with pytest.raises(ValueError, match=r"A\[None\]"):
        DrySpectra(A[0], L)
    with pytest.raises(ValueError, match="longest=0"):
        DrySpectra(A, 0)
    dry = DrySpectra(A, L)
    with pytest.raises(ValueError, match="no source 2"):
        dry.wet(2, h[0])
    with pytest.raises(ValueError, match="no source -1"):
        dry.block(-1, h[0], 0, 320)
    with pytest.raises(ValueError, match=r"use h\[1\]"):
        dry.wet(1, h)
    with pytest.raises(ValueError, match="block of 0 samples"):
        dry.block(1, h[1], 0, 0)
    with pytest.raises(ValueError, match="2 sounds"):
        LiveMix(A, h[:1])
    live = LiveMix(A, h)
    with pytest.raises(ValueError, match=r"\(3, L\)"):
        live.move(0, h[0, :2])
    with pytest.raises(ValueError, match="no source 7"):
        live.move(7, h[0])
