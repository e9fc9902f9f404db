"""The room engine against pyroomacoustics, its definition and physics."""

import math
import subprocess
import sys

import numpy as np
import psutil
import pyroomacoustics
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from see2sound_nb.room import ism
from see2sound_nb.room.acoustics import (
    SPEED_OF_SOUND_M_S,
    absorption_for_rt60,
    air_absorption_db_m,
    eyring_rt60_s,
)
from see2sound_nb.room.ism import definition, lattice, shoebox_rir
from see2sound_nb.room.spherical_harmonics import encode

FS = 16000
C = SPEED_OF_SOUND_M_S


def by_pyroomacoustics(size, sources, receivers, absorption, order, *, high_pass=False, directivity=None):
    """rir[s][r], and their high-pass left as it was."""
    walls = dict(zip(("west", "east", "south", "north", "floor", "ceiling"), absorption))
    materials = {name: pyroomacoustics.Material(float(alpha)) for name, alpha in walls.items()}
    room = pyroomacoustics.ShoeBox(size, fs=FS, materials=materials, max_order=order)
    for k, source in enumerate(sources):
        room.add_source(source, directivity=directivity["sources"][k] if directivity else None)
    for k, receiver in enumerate(receivers):
        room.add_microphone(receiver, directivity=directivity["receivers"][k] if directivity else None)
    before = pyroomacoustics.constants.get("rir_hpf_enable")
    pyroomacoustics.constants.set("rir_hpf_enable", high_pass)
    try:
        room.compute_rir()
    finally:
        pyroomacoustics.constants.set("rir_hpf_enable", before)
    return [[room.rir[r][s] for r in range(len(receivers))] for s in range(len(sources))]


def random_room(rng, *, sources=2, receivers=3, margin=0.02):
    size = rng.uniform([2, 2, 2], [12, 10, 6])
    return size, rng.uniform(margin, size - margin, (sources, 3)), rng.uniform(margin, size - margin, (receivers, 3))


def difference(ours, theirs):
    """Largest difference in peaks of theirs; ours may be padded with zeros."""
    assert len(ours) >= len(theirs)
    assert not ours[len(theirs) :].any()
    return np.abs(ours[: len(theirs)] - theirs).max() / np.abs(theirs).max()


@pytest.mark.parametrize("high_pass", [False, True], ids=["no high-pass", "high-pass"])
def test_two_hundred_random_rooms_are_pyroomacoustics_to_a_millionth_of_the_peak(high_pass):
    rng = np.random.default_rng(1 + high_pass)
    worst = 0.0
    for number in range(200):
        size, sources, receivers = random_room(rng)
        if number % 4 == 0:  # a source in a corner, a receiver on a wall
            sources[0] = np.where(rng.random(3) < 0.5, 0.02, size - 0.02)
            receivers[0, rng.integers(3)] = 0.02
        absorption, order = rng.uniform(0.02, 0.95, 6), int(rng.integers(0, 21))
        ours = shoebox_rir(
            size, sources, receivers, absorption=absorption, max_order=order, high_pass=high_pass,
            convention="pyroomacoustics", device="cpu",
        )  # fmt: skip
        theirs = by_pyroomacoustics(size, sources, receivers, absorption, order, high_pass=high_pass)
        assert ours.shape[2] == max(len(h) for row in theirs for h in row)
        worst = max(worst, *(difference(ours[s, r], theirs[s][r]) for s in range(2) for r in range(3)))
    assert worst <= 1e-6


def test_patterns_of_sources_and_microphones_are_pyroomacoustics(rng):
    from pyroomacoustics.directivities import CardioidFamily, DirectionVector

    size, sources, receivers = random_room(rng)
    shares = [0.5, 0.25, 0.0, 0.75, 0.5]
    axes = rng.standard_normal((5, 3))
    theirs_directivity = []
    for axis, p in zip(axes, shares):
        azimuth, colatitude = np.arctan2(axis[1], axis[0]), np.arccos(axis[2] / np.linalg.norm(axis))
        direction = DirectionVector(azimuth=azimuth, colatitude=colatitude, degrees=False)
        theirs_directivity.append(CardioidFamily(orientation=direction, p=p))
    theirs = by_pyroomacoustics(
        size, sources, receivers, np.full(6, 0.3), 6,
        directivity={"sources": theirs_directivity[:2], "receivers": theirs_directivity[2:]},
    )  # fmt: skip
    patterns = np.stack([ism.first_order(axis, p) for axis, p in zip(axes, shares)])
    ours = shoebox_rir(
        size, sources, receivers, absorption=0.3, max_order=6, convention="pyroomacoustics",
        source_patterns=patterns[:2], receiver_patterns=patterns[2:],
    )  # fmt: skip
    for s in range(2):
        for r in range(3):
            assert difference(ours[s, r], theirs[s][r]) < 2e-5  # they round directions to single precision


problems = st.fixed_dictionaries(
    {
        "seed_of_room": st.integers(0, 10_000),
        "max_order": st.integers(0, 5),
        "max_time_s": st.one_of(st.none(), st.floats(0.005, 0.06)),
        "lattice": st.sampled_from(["diamond", "box"]),
        "ambisonic_order": st.one_of(st.none(), st.integers(0, 5)),
        "jitter_m": st.sampled_from([0.0, 0.08]),
        "humidity_percent": st.sampled_from([None, 40.0]),
        "patterned": st.booleans(),
        "convention": st.sampled_from(["emission", "pyroomacoustics"]),
        "sample_rate": st.sampled_from([16000, 44100]),
        "rooms": st.integers(1, 2),
    }
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems)
def test_the_compiled_engine_is_the_definition_whatever_it_is_asked_for(problem):
    options = dict(problem)
    rng, rooms, patterned = (
        np.random.default_rng(options.pop("seed_of_room")),
        options.pop("rooms"),
        options.pop("patterned"),
    )
    drawn = [random_room(rng, margin=0.3) for _ in range(rooms)]
    places = [np.stack(arrays) for arrays in zip(*drawn)] if rooms > 1 else drawn[0]
    absorption = rng.uniform(0, 1, 6)
    if patterned:
        options["source_patterns"] = ism.first_order(rng.standard_normal((2, 3)), 0.3)
        if options["ambisonic_order"] is None:
            options["receiver_patterns"] = ism.first_order(rng.standard_normal((3, 3)), 0.6)
    ours = shoebox_rir(*places, absorption=absorption, seed=7, device="cpu", **options)
    defined = shoebox_rir(*places, absorption=absorption, seed=7, device="reference", **options)
    assert ours.shape == defined.shape
    assert np.abs(ours - defined).max() <= 1e-6 * max(np.abs(defined).max(), 1e-3)


def test_dense_and_sparse_ways_agree(rng):
    from see2sound_nb.room.ism.cpu_samples import DENSE

    size, sources, receivers = random_room(rng)
    problem = dict(absorption=0.2, max_order=12, device="cpu")
    sparse = shoebox_rir(size, sources, receivers, **problem)
    defined = shoebox_rir(size, sources, receivers, **(problem | {"device": "reference"}))
    small = np.array([2.0, 1.9, 2.1])  # many images in few samples: the way of the moments
    images = (2 * 25 + 1) * (2 * 25**2 + 2 * 25 + 3) // 3
    dense = shoebox_rir(small, small[None] * 0.3, small[None] * 0.6, absorption=0.2, max_order=25, device="cpu")
    assert images > DENSE * dense.shape[-1]
    reference = shoebox_rir(
        small, small[None] * 0.3, small[None] * 0.6, absorption=0.2, max_order=25, device="reference"
    )
    assert np.abs(sparse - defined).max() < 1e-6 * np.abs(defined).max()
    assert np.abs(dense - reference).max() < 1e-6 * np.abs(reference).max()


def test_the_lattice_is_cut_where_it_is_said(rng):
    points = lattice.diamond(6, [2, 6, 1])
    everything = lattice.diamond(6)
    reached = everything[(np.abs(everything) <= [2, 6, 1]).all(axis=1)]
    np.testing.assert_array_equal(points, reached)
    assert len(everything) == 13 * (2 * 36 + 12 + 3) // 3


def test_images_are_mirrored_one_wall_after_the_other(rng):
    """Where each image stands and what its sound touched, by mirroring the source step by step."""
    size, sources, _ = random_room(rng)
    source = sources[0]
    points = lattice.diamond(4)
    places, near, far = lattice.images(points, size, source)
    for axis in range(3):
        for i, place, touched_near, touched_far in zip(points[:, axis], places[:, axis], near[:, axis], far[:, axis]):
            x, counts = source[axis], [0, 0]
            wall = 1 if (i > 0) == (abs(i) % 2 == 1) else 0  # so that the last mirror is the far wall on the right
            for _ in range(abs(i)):
                x = 2 * wall * size[axis] - x
                counts[wall] += 1
                wall = 1 - wall
            assert place == pytest.approx(x)
            assert [touched_near, touched_far] == counts


def test_eight_moments_are_the_eighty_one_taps_and_these_are_a_windowed_sinc():
    assert np.abs(definition.MOMENT_TABLE @ definition.BASIS - definition.TAPS).max() < 5e-7
    late = 1 - np.arange(1, 21) / 20  # row j: the arrival comes 1 - j / 20 samples after a sample
    ideal = (0.5 - 0.5 * np.cos(np.pi * np.arange(81) / 40)) * np.sinc(np.arange(-40, 41) - late[:, None])
    assert np.abs(definition.TAPS[1:21] - ideal).max() < 6e-4


@pytest.mark.parametrize("distance", [0.8, 2.0, 3.43, 5.1])
def test_direct_sound_comes_at_distance_over_c_with_one_over_distance(distance):
    h = shoebox_rir([9, 8, 7], [[1, 4, 3]], [[1 + distance, 4, 3]], absorption=0.5, max_order=0)[0, 0]
    fine = np.fft.irfft(np.fft.rfft(h, 8192), 8192 * 16) * 16  # band-limited interpolation
    assert np.argmax(fine) / 16 / FS == pytest.approx(distance / C, abs=0.1 / FS)
    assert fine.max() == pytest.approx(1 / distance, rel=0.02)


def test_temperature_sets_the_speed_and_the_second_convention_is_forty_samples_later():
    place = ([9, 8, 7], [[1, 4, 3]], [[4.43, 4, 3]])
    cold, warm = (
        shoebox_rir(*place, absorption=0.5, max_order=0, temperature_c=t, sample_rate=192000)[0, 0].argmax() / 192000
        for t in (0.0, 30.0)
    )
    assert 3.43 / cold == pytest.approx(331.3, rel=1e-3)
    assert 3.43 / warm == pytest.approx(349.0, rel=1e-3)
    theirs = shoebox_rir(*place, absorption=0.5, max_order=3, convention="pyroomacoustics")
    np.testing.assert_array_equal(theirs[..., 40:], shoebox_rir(*place, absorption=0.5, max_order=3))


def test_each_wall_has_its_own_absorption():
    size, source, receiver = np.array([5.0, 4.0, 3.0]), np.array([2.0, 1.5, 1.2]), np.array([3.1, 2.2, 1.6])
    absorption = np.array([0.1, 0.3, 0.5, 0.7, 0.2, 0.8])
    delays, amplitudes, vectors = ism.arrivals(size, source, receiver, absorption=absorption, max_order=1)
    for wall, alpha in enumerate(absorption):
        mirrored = source.copy()
        mirrored[wall // 2] = 2 * size[wall // 2] * (wall % 2) - source[wall // 2]
        m = np.argmin(np.linalg.norm(vectors + receiver - mirrored, axis=1))
        distance = np.linalg.norm(mirrored - receiver)
        np.testing.assert_allclose(vectors[m], mirrored - receiver, atol=1e-6)
        assert amplitudes[m] == pytest.approx(math.sqrt(1 - alpha) / distance, rel=1e-6)
        assert delays[m] == pytest.approx(distance / C, rel=1e-6)
    assert len(delays) == 7


def test_source_and_receiver_may_change_places(rng):
    size, sources, receivers = random_room(rng)
    absorption = rng.uniform(0.1, 0.5, 6)
    there = shoebox_rir(size, sources, receivers, absorption=absorption, max_order=8)
    back = shoebox_rir(size, receivers, sources, absorption=absorption, max_order=8)
    # coordinates of images round differently in single precision: some micrometres
    np.testing.assert_allclose(there, back.transpose(1, 0, 2), atol=2e-3 * np.abs(there).max())


def test_a_mirrored_room_sounds_the_same(rng):
    size, sources, receivers = random_room(rng)
    absorption = np.array([0.1, 0.6, 0.2, 0.3, 0.4, 0.5])
    h = shoebox_rir(size, sources, receivers, absorption=absorption, max_order=6)
    mirror = lambda places: np.array([size[0], 0, 0]) + places * [-1, 1, 1]  # noqa: E731
    other = shoebox_rir(
        size, mirror(sources), mirror(receivers), absorption=absorption[[1, 0, 2, 3, 4, 5]], max_order=6
    )
    length = min(h.shape[-1], other.shape[-1])
    np.testing.assert_allclose(h[..., :length], other[..., :length], atol=2e-3 * np.abs(h).max())


@pytest.mark.parametrize("alpha", [0.15, 0.3, 0.5])
def test_energy_decays_as_eyring_says_and_later_as_a_box_does(alpha):
    """Schroeder's backward integral in a nearly cubic room, 400 Hz to 6 kHz, averaged over places.

    Eyring's field is diffuse. So is a box's at first; later what travels along one axis, and meets fewer walls, is
    left over: in direction u the energy decays with the rate c (-ln(1 - alpha)) (|ux|/Lx + |uy|/Ly + |uz|/Lz).
    """
    from scipy.signal import butter, sosfiltfilt

    size = np.array([6.1, 5.3, 5.7])
    rng = np.random.default_rng(3)
    expected = float(eyring_rt60_s(size, alpha))
    sources, receivers = rng.uniform(1, size - 1, (2, 3)), rng.uniform(1, size - 1, (3, 3))
    h = shoebox_rir(size, sources, receivers, absorption=alpha, max_time_s=1.6 * expected).astype(np.float64)
    h = sosfiltfilt(butter(4, [400, 6000], btype="bandpass", fs=FS, output="sos"), h)
    decay = np.cumsum((h**2).mean(axis=(0, 1))[::-1])[::-1][int(0.015 * FS) :]
    level = 10 * np.log10(decay / decay[0] + 1e-12)
    fallen = np.argmax(level < -15)
    assert 4 * fallen / FS == pytest.approx(expected, rel=0.1)

    towards = rng.standard_normal((100_000, 3))
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    rate = -np.log(1 - alpha) * C * (np.abs(towards) / size).sum(axis=1)
    time = 0.015 + np.arange(0, expected, 0.02)
    left = np.array([np.mean(np.exp(-rate * t) / rate) for t in time])
    of_a_box = 10 * np.log10(left / left[0])
    np.testing.assert_allclose(level[((time - 0.015) * FS).astype(int)], of_a_box, atol=1.0)


def test_dry_air_takes_the_treble_of_a_far_source():
    place = ([60, 8, 7], [[1, 4, 3]], [[51, 4, 3]])
    without, within = (shoebox_rir(*place, absorption=1.0, max_order=0, humidity_percent=h)[0, 0] for h in (None, 50.0))
    loss = 20 * np.log10(np.abs(np.fft.rfft(within, 4096)) / np.abs(np.fft.rfft(without, 4096)))
    frequency = np.fft.rfftfreq(4096, 1 / FS)
    for centre in (1000, 2000, 4000):
        expected = -50 * float(air_absorption_db_m(centre))
        assert loss[np.argmin(np.abs(frequency - centre))] == pytest.approx(expected, abs=0.05)


def test_time_limit_keeps_what_comes_before_it():
    place = ([5, 4, 3], [[2, 1.5, 1.2]], [[3.1, 2.2, 1.6]])
    whole = shoebox_rir(*place, absorption=0.2, max_order=40)
    limited = shoebox_rir(*place, absorption=0.2, max_time_s=0.05)
    safe = int(0.05 * FS) - 41
    np.testing.assert_allclose(limited[..., :safe], whole[..., :safe], atol=1e-6 * np.abs(whole).max())
    assert limited.shape[-1] <= int(0.05 * FS) + 43


def test_the_diamond_and_the_box_have_as_many_images_as_they_should():
    everywhere = np.ones((1, 4))
    box = definition.Problem(
        np.ones(3), everywhere[:, :3], everywhere[:, :3], np.ones(6), np.full(3, 3), 9, math.inf, 16000.0, C, 0.0,
        everywhere, everywhere, -1, 0.0, 0, 0,
    )  # fmt: skip
    diamond = box._replace(order=3)
    flat = diamond._replace(reach=np.array([3, 2, 1]))
    assert (box.images, diamond.images) == (7**3, (2 * 3 + 1) * (2 * 9 + 6 + 3) // 3)
    lattice = np.indices((7, 5, 3)).reshape(3, -1).T - [3, 2, 1]
    assert flat.images == (np.abs(lattice).sum(axis=1) <= 3).sum()


def test_ambisonics_hears_where_the_images_are():
    size, source, receiver = [6, 5, 4], np.array([1.5, 3.8, 2.9]), np.array([4.0, 2.0, 1.7])
    h = shoebox_rir(size, source[None], receiver[None], absorption=0.3, max_order=3, ambisonic_order=5)[0, 0]
    omni = shoebox_rir(size, source[None], receiver[None], absorption=0.3, max_order=3)[0, 0]
    np.testing.assert_allclose(h[0], omni, atol=1e-6)
    delays, amplitudes, vectors = ism.arrivals(size, source, receiver, absorption=0.3, max_order=3)
    by_hand = ism.sum_of_arrivals(delays, amplitudes[:, None] * encode(vectors, 5), FS)
    np.testing.assert_allclose(h, by_hand[:, : h.shape[1]], atol=1e-6)
    direct = shoebox_rir(size, source[None], receiver[None], absorption=0.3, max_order=0, ambisonic_order=1)[0, 0]
    left, up, front = (np.sum(direct[0] * direct[k]) for k in (1, 2, 3))
    intensity = np.array([-left, front, up]) / np.sum(direct[0] ** 2)
    np.testing.assert_allclose(intensity, (source - receiver) / np.linalg.norm(source - receiver), atol=1e-4)


def test_moved_images_leave_the_direct_sound_and_differ_by_seed():
    place = ([6, 5, 4], [[1.5, 3.8, 2.9]], [[4.0, 2.0, 1.7]])
    still, moved, other = (
        shoebox_rir(*place, absorption=0.1, max_order=6, jitter_m=j, seed=s)[0, 0]
        for j, s in ((0, 0), (0.08, 0), (0.08, 1))
    )
    first = int(np.linalg.norm(np.array([1.5, 3.8, 2.9]) - [4.0, 2.0, 1.7]) / C * FS)
    np.testing.assert_allclose(moved[: first - 42], still[: first - 42], atol=0.02)
    assert np.abs(moved - other).max() > 0.01
    moves = definition.moves_m(np.indices((21, 21, 21)).reshape(3, -1).T - 10, 0.08, 3)
    assert np.abs(moves).max() <= 0.08
    assert not moves[len(moves) // 2].any()  # the source itself
    assert np.abs(moves.mean(axis=0)).max() < 0.002
    assert moves.std(axis=0) == pytest.approx(0.08 / math.sqrt(3), rel=0.03)
    assert np.abs(np.corrcoef(moves.T) - np.eye(3)).max() < 0.03


def test_moved_images_no_longer_arrive_together():
    """In the middle of a cube many images arrive at once, and their pressures add; moved ones add their energies."""
    from scipy.signal import butter, sosfiltfilt

    place = ([4, 4, 4], [[2, 2, 2]], [[2.1, 2.1, 2.1]])
    delays, amplitudes, _ = ism.arrivals(place[0], place[1][0], place[2][0], absorption=0.1, max_order=30)
    apart = np.sum(amplitudes[(delays > 0.03) & (delays < 0.2)] ** 2) * 5 / 8  # of 8 kHz, what is above 3 kHz
    treble = butter(6, 3000, btype="highpass", fs=FS, output="sos")
    energy = {}
    for jitter in (0.0, 0.08):
        h = shoebox_rir(*place, absorption=0.1, max_order=30, jitter_m=jitter)[0, 0].astype(np.float64)
        energy[jitter] = np.sum(sosfiltfilt(treble, h)[int(0.03 * FS) : int(0.2 * FS)] ** 2)
    assert energy[0.0] > 3 * apart
    assert energy[0.08] == pytest.approx(apart, rel=0.2)


def test_a_batch_is_its_rooms(rng):
    rooms = [random_room(rng) for _ in range(4)]
    absorption = rng.uniform(0.1, 0.6, (4, 6))
    batch = shoebox_rir(*(np.stack(arrays) for arrays in zip(*rooms)), absorption=absorption, max_order=7)
    for h, room, alpha in zip(batch, rooms, absorption):
        alone = shoebox_rir(*room, absorption=alpha, max_order=7)
        np.testing.assert_array_equal(h[..., : alone.shape[-1]], alone)
        assert not h[..., alone.shape[-1] :].any()


def test_a_thousand_rooms_need_the_memory_of_one(rng):
    process = psutil.Process()

    def memory_after(rooms):
        for _ in range(rooms):
            shoebox_rir(*random_room(rng, sources=1, receivers=2), absorption=0.3, max_order=10)
        return process.memory_info().rss

    before = memory_after(50)
    assert memory_after(1000) - before < 20e6  # their responses alone would be 16 MB, their images 26 MB


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sources_m": [[7, 1, 1]]}, r"source 0 at \(7, 1, 1\) m lies outside the room of \(5, 4, 3\) m"),
        ({"receivers_m": [[1, 1, 1], [1, 0, 1]]}, r"receiver 1 at \(1, 0, 1\) m lies outside .* or in its wall"),
        ({"sources_m": [[1, math.nan, 1]]}, "source 0"),
        ({"sources_m": [[1.004, 1, 1]]}, "0.0040 m apart"),
        ({"sources_m": [1, 1, 1]}, "shapes"),
        ({"sources_m": [[1, 1]]}, "last axis must be 3"),
        ({"sources_m": np.zeros((0, 3))}, "none empty"),
        ({"size_m": [5, 0, 3]}, "must be positive"),
        ({"size_m": [5, -4, 3]}, "must be positive"),
        ({"size_m": [5, math.nan, 3]}, "must be positive"),
        ({"absorption": 1.2}, "0 .rigid. to 1"),
        ({"absorption": math.nan}, "0 .rigid. to 1"),
        ({"absorption": [0.1, 0.2]}, "shape"),
        ({"absorption": np.full((9, 6), 0.1)}, "9 octave bands; at 16000 Hz there are 7"),
        ({"sources_m": [[1.0099, 1, 1]]}, "0.01 m is the least"),
        ({"max_order": math.inf}, "whole number"),
        ({"max_order": math.nan}, "whole number"),
        ({"max_order": None, "max_time_s": 1e300}, "limit it"),
        ({"max_order": None, "max_time_s": 2000.0}, "too long"),
        ({"ambisonic_order": -1}, "0 to 5"),
        ({"absorption": None, "rt60_s": [0.3, 0.4]}, "rt60_s has the shape"),
        ({"sample_rate": math.nan}, "sample_rate=nan"),
        ({"source_patterns": [math.nan, 0, 0, 0]}, "source_patterns"),
        ({"absorption": None}, "exactly one"),
        ({"rt60_s": 0.4}, "exactly one"),
        ({"absorption": 0.0, "max_order": None}, "rigid walls"),
        ({"max_order": -1}, "max_order=-1"),
        ({"max_order": 2.5}, "whole number"),
        ({"max_time_s": 0.0}, "positive number of seconds"),
        ({"sample_rate": 0}, "sample_rate=0"),
        ({"speed_m_s": -1.0}, "speed_m_s"),
        ({"temperature_c": 400.0}, "temperature_c=400"),
        ({"humidity_percent": 140.0}, "humidity_percent=140"),
        ({"ambisonic_order": 6}, "0 to 5"),
        ({"ambisonic_order": 1, "receiver_patterns": [1, 0, 0, 0]}, "exclude"),
        ({"receiver_patterns": [1, 0, 0]}, "receiver_patterns"),
        ({"jitter_m": -1.0}, "jitter_m"),
        ({"seed": -1}, "seed=-1"),
        ({"lattice": "cube"}, "lattice 'cube'"),
        ({"convention": "matlab"}, "convention 'matlab'"),
        ({"device": "tpu"}, "device 'tpu'"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_value_and_remedy(changed, message):
    asked = (
        dict(size_m=[5, 4, 3], sources_m=[[2, 2, 2]], receivers_m=[[1, 1, 1]], absorption=0.3, max_order=2) | changed
    )
    with pytest.raises(ValueError, match=message):
        shoebox_rir(**asked)


def test_more_memory_than_there_is_is_said_before_it_is_taken():
    with pytest.raises(MemoryError, match="lower max_order"):
        shoebox_rir([5, 4, 3], [[2, 2, 2]], [[1, 1, 1]], absorption=0.1, max_order=5000)
    with pytest.raises(MemoryError, match="GB"):
        shoebox_rir([5, 4, 3], [[2, 2, 2]], [[1, 1, 1]], absorption=0.1, max_time_s=300.0)
    with pytest.raises(MemoryError, match="lower max_order"):
        ism.arrivals([5, 4, 3], [2, 2, 2], [1, 1, 1], absorption=0.1, max_order=5000)
    with pytest.raises(ValueError, match="Sabine"):
        absorption_for_rt60((5, 4, 3), 0.01, formula="sabine")
    for direction in ([0, 0, 0], [math.inf, 0, 0]):
        with pytest.raises(ValueError, match="length"):
            ism.first_order(direction)


def test_arrivals_that_cannot_be_are_refused():
    for delays, gains in (([-0.1], [[1.0]]), ([math.nan], [[1.0]]), ([0.1, 0.2], [[1.0]]), ([], np.ones((0, 1)))):
        with pytest.raises(ValueError, match="delays_s"):
            ism.sum_of_arrivals(delays, gains, FS)
    with pytest.raises(ValueError, match="too long"):
        ism.sum_of_arrivals([2000.0], [[1.0]], FS)
    for rate in (0, -1, math.nan):
        with pytest.raises(ValueError, match="sample_rate"):
            ism.sum_of_arrivals([0.1], [[1.0]], rate)
    for speed in (0, -343, math.nan):
        with pytest.raises(ValueError, match="speed_m_s"):
            ism.arrivals([5, 4, 3], [2, 2, 2], [1, 1, 1], absorption=0.1, max_order=2, speed_m_s=speed)
    with pytest.raises(ValueError, match="octave bands"):
        ism.arrivals([5, 4, 3], [2, 2, 2], [1, 1, 1], absorption=np.full((6, 6), 0.1), max_order=2)


@pytest.mark.parametrize("rate", [8293, 16000, 44100])
def test_what_arrives_at_once_stays_inside_the_response(rate):
    """40 samples in seconds, in single precision, times 8293 Hz falls short of 40."""
    h = ism.sum_of_arrivals([0.0], [[1.0]], rate)[0]
    assert h[0] == pytest.approx(1, abs=1e-3)
    assert np.abs(h[1:]).max() < 1e-3


def test_any_array_will_do(rng):
    size, sources, receivers = random_room(rng, sources=6)
    h = shoebox_rir(size, sources[::2], receivers, absorption=0.3, max_order=2)
    locked = [np.array(a) for a in (size, sources[::2], receivers)]
    for a in locked:
        a.setflags(write=False)
    np.testing.assert_array_equal(shoebox_rir(*locked, absorption=0.3, max_order=2), h)
    lists = size.tolist(), sources[::2].tolist(), receivers.tolist()
    np.testing.assert_array_equal(shoebox_rir(*lists, absorption=[[0.3]], max_order=2)[0, 0], h[0, 0])
    assert shoebox_rir([4, 4, 4], [[1, 1, 1]], [[1.01, 1, 1]], absorption=1.0, max_order=0).max() > 50


def test_the_high_pass_goes_with_everything(rng):
    rooms = [random_room(rng) for _ in range(3)]
    places = [np.stack(arrays) for arrays in zip(*rooms)]
    walls = dict(absorption=0.2, max_order=6, high_pass=True)
    batch = shoebox_rir(*places, **walls, ambisonic_order=1)
    late = shoebox_rir(*places, **walls, ambisonic_order=1, convention="pyroomacoustics")
    np.testing.assert_array_equal(batch, late[..., 40:])
    for h, room in zip(batch, rooms):
        alone = shoebox_rir(*room, **walls)
        np.testing.assert_allclose(h[:, :, 0, : alone.shape[-1]], alone, atol=1e-6)
        encoded = shoebox_rir(*room, **walls, ambisonic_order=1)
        np.testing.assert_array_equal(h[..., : encoded.shape[-1]], encoded)
    assert np.abs(batch.sum(axis=-1)).max() < 0.2 * np.abs(batch).sum(axis=-1).max()


def test_every_room_of_a_batch_is_checked_and_has_its_own_reverberation(rng):
    sizes, source, receiver = np.full((2, 3), 5.0), np.full((2, 1, 3), 2.0), np.full((2, 1, 3), 3.0)
    with pytest.raises(ValueError, match="source 0 at"):
        shoebox_rir(sizes, source * [[[1]], [[3]]], receiver, absorption=0.2, max_order=1)
    h = shoebox_rir(sizes, source, receiver, rt60_s=[0.2, 0.6], max_order=3)
    for k, rt60 in enumerate((0.2, 0.6)):
        alone = shoebox_rir(sizes[k], source[k], receiver[k], rt60_s=rt60, max_order=3)
        np.testing.assert_array_equal(h[k], alone)
    bands = shoebox_rir(
        [[3, 3, 3], [9, 9, 9]], [[[1, 1, 1]]] * 2, [[[2, 2, 2]]] * 2, absorption=[[[0.1], [0.9]]], max_order=3
    )
    small = shoebox_rir([3, 3, 3], [[1, 1, 1]], [[2, 2, 2]], absorption=[[0.1], [0.9]], max_order=3)
    assert not bands[0, ..., small.shape[-1] :].any()


def test_warm_air_absorbs_otherwise_and_changes_nothing_near():
    place = ([60, 8, 7], [[1, 4, 3]], [[51, 4, 3]])
    heard = [
        shoebox_rir(*place, absorption=1.0, max_order=0, humidity_percent=50.0, temperature_c=t)[0, 0] for t in (0, 35)
    ]
    at_4_khz = [np.abs(np.fft.rfft(h, 4096)[1024]) for h in heard]
    expected = -50 * np.diff([air_absorption_db_m(4000.0, temperature_c=t) for t in (0, 35)])[0]
    assert 20 * np.log10(at_4_khz[1] / at_4_khz[0]) == pytest.approx(expected, abs=0.1)


ELSEWHERE = """
import concurrent.futures, os, sys
import numpy as np
from see2sound_nb import shoebox_rir
from see2sound_nb._threads import run_in_threads
place = ([5, 4, 3], [[2, 2, 2]], [[1, 1, 1], [3, 3, 2], [4, 1, 1], [1, 3, 1]])
work = lambda *_: shoebox_rir(*place, absorption=0.2, max_order=25)
first = work()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert all((h == first).all() for h in pool.map(work, range(8)))
nested = []
run_in_threads(lambda a, b: nested.extend(work() for _ in range(a, b)), 4)
assert len(nested) == 4 and all((h == first).all() for h in nested)
if hasattr(os, "fork"):
    child = os.fork()
    if not child:
        os._exit(0 if (work() == first).all() else 1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_threads_in_threads_and_a_fork_neither_wait_for_ever_nor_differ():
    subprocess.run([sys.executable, "-W", "ignore", "-c", ELSEWHERE], check=True, timeout=120)


def test_loops_are_compiled_where_no_machine_code_can_be_kept(monkeypatch):
    import numba

    from see2sound_nb import _numba

    def njit(*signature, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function 'f': no locator available for file 'x'")
        return real(*signature, **options)

    real = numba.njit
    monkeypatch.setattr(numba, "njit", njit)
    assert _numba.loop()(lambda x: x + 1)(1) == 2
