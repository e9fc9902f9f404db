"""The six measures of Table 1, as published and as they should have been.

The numbers of `PUBLISHED` were computed once, by the authors' code itself: the wheel see2sound 0.1.1 with librosa
0.11.0, pystoi 0.4.1, soxr 1.1.0 and numpy 2.4.6, on Linux and x86-64. Of its evaluation module, the function that
compares two files was called without setting anything up (what it imports beside was replaced by empty modules),
on both signals of a pair written as WAV in 32-bit floating point. The signals are those of `pairs`: 2.56 s at 16 kHz
where nothing else is said.
"""

import itertools
import math
import sys

import numpy as np
import pytest
from scipy.signal import resample_poly

from see2sound_nb.measure.intelligibility import stoi
from see2sound_nb.measure.published_similarity import (
    MEASURES,
    published_contrast,
    published_mfcc_dtw,
    published_similarity,
    published_stoi,
    published_zero_crossings,
)
from see2sound_nb.measure.similarity import WEIGHTS, controls, dtw, similarity

FS = 16000
NAN = math.nan


def bursts(seed, fs=FS, seconds=2.56):
    """Six tones with noise that begin at random and die away."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * fs)) / fs
    x = np.zeros(len(t))
    for start, hz in zip(rng.uniform(0, seconds - 0.3, 6), rng.uniform(200, 2000, 6)):
        since = np.maximum(t - start, 0)
        x += (t >= start) * np.exp(-8 * since) * (np.sin(2 * np.pi * hz * since) + 0.3 * rng.standard_normal(len(t)))
    return 0.2 * x


def tone(hz, samples=40960):
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(samples) / FS)


def noise(seed, samples=40960):
    return 0.1 * np.random.default_rng(seed).standard_normal(samples)


def delayed(x, samples):
    return np.concatenate([np.zeros(samples), x[: len(x) - samples]])


def pairs():
    x, zero = bursts(0), np.zeros(40960)
    return {
        "identical": (x, x, FS),
        "level": (x, 0.5 * x, FS),
        "delay": (x, delayed(x, 1600), FS),
        "other seed": (x, bursts(1), FS),
        "silence": (zero, zero, FS),
        "to silence": (x, zero, FS),
        "tones": (tone(440.0), tone(880.0), FS),
        "noise": (noise(2), 0.1 * noise(3), FS),
        "cut": (noise(2), noise(2)[:30000], FS),
        "longer": (noise(2)[:30000], noise(2), FS),
        "six noises": (np.random.default_rng(5).standard_normal((6, 40960)), x, FS),
        "48 kHz": (bursts(0, 48000), bursts(1, 48000), 48000),
        "shortest": (noise(2)[:416], noise(3)[:416], FS),
    }


# fmt: off
#: MFCC-DTW, zero crossing rate, rhythm, chroma, spectral contrast, STOI, SWASS
PUBLISHED = {
    "identical": (0.0001763942671, 1, 1, 1, 1, 1, 0.8),
    "level": (0.000149287323, 1, 1, 1, 1, 1, 0.8),
    "delay": (0.0001226820971, 0.9985118916, 0.4999778547, 0.8733841181, 0.951256642, 0.5385624959, 0.6233566867),
    "other seed": (9.768099239e-05, 0.9943575889, 0.4999778547, 0.7255071402, 0.9224819529, 0.4724792944, 0.5834646415),
    "silence": (9.087744657e-05, 1, NAN, 1, NAN, 0.5, NAN),
    "to silence": (5.389184429e-05, 0.9242924842, NAN, 0.5809787512, 0.7347361628, 0.5, NAN),
    "tones": (0.0001081488103, 0.9800434032, 0.5721537596, 0.9962202311, 0.7799971099, 0.4999614884, 0.6376793386),
    "noise": (0.0001243654773, 0.999875991, 0.559287093, 0.8639637828, 0.9698365667, 0.5057079695, 0.632179827),
    "cut": (9.595621375e-05, 0.999542692, 0.9841199903, 0.9400497675, 0.9986370198, 1, 0.7846061919),
    "longer": (9.595621375e-05, 0.999542692, 1, 0.9400497675, 0.9986370198, 1, 0.7877821939),
    "48 kHz": (0.0001092066514, 0.9931795031, 0.4999778547, 0.6939146519, 0.8804910947, 0.4924651755, 0.574710029),
    "six noises": (0.0001030131555, 0.880721024, 0.5802795943, 0.5625188351, 0.9320591597, 0.4975652634, 0.547666333),
    "shortest": (0.002110924156, 0.9860383944, NAN, 0.850548625, 0.8837998117, 0.500005, NAN),
}
# fmt: on


@pytest.fixture
def extra():
    pytest.importorskip("librosa", reason="the extra evaluate is not installed")
    pytest.importorskip("pystoi", reason="the extra evaluate is not installed")


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_measures_are_the_authors(name, extra):
    a, b, fs = pairs()[name]
    row = published_similarity(a, b, fs)
    assert tuple(row) == MEASURES and all(type(value) is float for value in row.values())
    assert tuple(row.values()) == pytest.approx(PUBLISHED[name], rel=1e-6, nan_ok=True)


def test_published_measures_can_be_had_at_the_rate_of_the_clip(extra):
    a, b = noise(2), noise(3)
    row = published_similarity(a, b, FS)
    assert published_stoi(a, b, FS) == pytest.approx(row["stoi"], abs=0.01)
    assert published_mfcc_dtw(a, a, FS) != pytest.approx(row["mfcc_dtw"], rel=0.01)
    # Without an empty band above 8 kHz, two noises are less alike in contrast, and cross zero as often as they do.
    assert published_contrast(a, b, FS) < row["contrast"] - 0.04
    assert published_zero_crossings(tone(440.0), a, FS) == pytest.approx(0.5 + 0.055, abs=0.01)
    assert published_zero_crossings(np.tile([1.0, 0.0, -1.0, 0.0], 400), np.ones(1600), FS) == 0  # zero is a sign


def test_without_librosa_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(ModuleNotFoundError, match=r"librosa: pip install 'see2sound_nb\[evaluate\]'"):
        published_similarity(noise(0), noise(1), FS)
    assert similarity(noise(0), noise(0), FS)["mfcc_dtw"] == 0


def assert_identical(row, rel=1e-5):
    assert row == pytest.approx(dict.fromkeys(MEASURES, 1.0) | {"mfcc_dtw": 0.0}, rel=rel, abs=2e-3)


@pytest.mark.parametrize("fs", [8000, 10000, 11025.5, 16000, 44100, 48000])
def test_the_same_clip_is_the_same_at_any_rate(fs):
    row = similarity(bursts(0, fs), bursts(0, fs), fs)
    assert tuple(row) == MEASURES
    assert row["mfcc_dtw"] == 0
    if fs < 10000:  # the highest band of STOI would be empty
        assert row["stoi"] is None and row["swass"] is None
        row |= {"stoi": 1.0, "swass": 1.0}
    assert_identical(row, rel=1e-9)


@pytest.mark.parametrize("gain", [0.03, -2.0, 1e-200, 1e200])
def test_level_polarity_and_a_constant_do_not_count(gain):
    x = bursts(0)
    assert_identical(similarity(x, gain * x, FS))
    assert_identical(similarity(gain * (x + 0.5), x, FS))


def test_samples_of_16_bits_are_nearly_the_same():
    x = bursts(0)
    row = similarity(x, np.round(32767 * x / np.abs(x).max()).astype(np.int16), FS)
    assert 0 < row["mfcc_dtw"] < 0.005
    assert_identical(row | {"mfcc_dtw": 0}, rel=1e-3)


def test_time_is_warped_so_that_a_delay_costs_little():
    x = bursts(0)
    late, other = similarity(x, delayed(x, 1600), FS), similarity(x, bursts(1), FS)
    assert late["mfcc_dtw"] < 0.1 * other["mfcc_dtw"]
    assert late["stoi"] is None and late["swass"] is None  # not aligned
    assert similarity(x, delayed(x, 48), FS)["stoi"] > 0.9  # 3 ms


def test_the_more_noise_the_less_alike():
    x = bursts(0)
    loud = math.sqrt(np.mean(x**2) / np.mean(noise(4) ** 2))
    rows = [similarity(x, x + 10 ** (-snr_db / 20) * loud * noise(4), FS) for snr_db in (50, 35, 20, 5, -10)]
    for name in MEASURES:
        values = [row[name] for row in rows]
        falling = values if name != "mfcc_dtw" else [-value for value in values]
        assert all(more > less for more, less in itertools.pairwise(falling)), (name, values)


def shaped(x, ripple_db, bends):
    """A sound whose spectrum goes up and down, as a cosine of the mel scale."""
    hz = np.fft.rfftfreq(len(x), 1 / FS)
    place = np.log10(1 + hz / 700) / math.log10(1 + 8000 / 700)
    return np.fft.irfft(np.fft.rfft(x) * 10 ** (ripple_db * np.cos(math.pi * bends * place) / 20), len(x))


@pytest.mark.parametrize("bends", [2, 5])
def test_the_distance_is_that_of_the_spectra_in_db(bends):
    x = noise(0, 3 * FS)
    assert similarity(x, shaped(x, 6.0, bends), FS)["mfcc_dtw"] == pytest.approx(6 / math.sqrt(2), rel=0.08)
    assert similarity(x, shaped(x, 6.0, 18), FS)["mfcc_dtw"] < 1  # finer than the twelfth coefficient


def naive_dtw(a, b):
    """All ways through both, by their definition: the cheapest, and of equal ones the shortest."""
    best = {}
    for i, j in itertools.product(range(len(a)), range(len(b))):
        before = [best[cell] for cell in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if cell in best]
        cost, length = min(before) if before else (0.0, 0)
        best[i, j] = (cost + math.dist(a[i], b[j]), length + 1)
    return best[len(a) - 1, len(b) - 1]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (7, 1), (2, 2), (20, 31), (40, 23)])
def test_dynamic_time_warping_is_its_definition(n, m, order, rng):
    for a, b in (
        (rng.standard_normal((n, 3)), rng.standard_normal((m, 3))),
        (rng.standard_normal((n, 3)).cumsum(axis=0), rng.standard_normal((m, 3)).cumsum(axis=0)),
        (rng.integers(0, 3, (n, 1)).astype(float), rng.integers(0, 3, (m, 1)).astype(float)),  # many equal ways
    ):
        cost, length = dtw(np.asarray(a, order=order), np.asarray(b, order=order))
        assert (cost, length) == (pytest.approx(naive_dtw(a, b)[0], rel=1e-12), naive_dtw(a, b)[1])
        assert dtw(b, a) == (pytest.approx(cost, rel=1e-12), length)


def test_dynamic_time_warping_as_dtw_python_has_it(rng):
    from dtw import dtw as theirs  # at import it prints a greeting
    from scipy.spatial.distance import cdist

    a, b = rng.standard_normal((40, 12)).cumsum(axis=0), rng.standard_normal((55, 12)).cumsum(axis=0)
    assert dtw(a, b)[0] == pytest.approx(theirs(cdist(a, b), step_pattern="symmetric1").distance, rel=1e-9)
    assert dtw(a, b)[0] < theirs(cdist(a, b)).distance, "its default counts a diagonal step twice"


def in_turns(*hz, each=8000):
    return np.concatenate([tone(f, each) for f in hz])


def test_zero_crossings_are_compared_frame_by_frame_where_both_sound():
    a = in_turns(500, 1500, 500, 1500)
    crossings = lambda a, b: similarity(a, b, FS)["zero_crossings"]  # noqa: E731
    assert crossings(a, in_turns(300, 900, 300, 900)) > 0.99
    assert crossings(a, in_turns(1500, 500, 1500, 500)) < -0.99
    a = np.tile(a, 3)
    pause, hiss = np.zeros(len(a)), noise(0, len(a))  # which crosses zero much more often
    assert crossings(np.concatenate([a, pause]), np.concatenate([a, hiss])) > 0.9
    assert crossings(in_turns(500, 1500), np.tile([0.1, 0.1, -0.1, -0.1], 4000)) is None  # one does not vary


def test_rhythm_is_when_and_not_what():
    def knocks(at_s, seed):
        x = np.zeros(3 * FS)
        for t in at_s:
            x[round(t * FS) :][:3200] += noise(seed, 3200) * np.exp(-np.arange(3200) / 600)
        return x + 1e-3 * noise(seed + 50, len(x))

    a = knocks([0.3, 0.8, 1.6, 2.1], 0)
    assert similarity(a, knocks([0.3, 0.8, 1.6, 2.1], 1), FS)["rhythm"] > 0.8
    assert abs(similarity(a, knocks([0.55, 1.2, 1.85, 2.6], 0), FS)["rhythm"]) < 0.2


@pytest.mark.parametrize(
    ("hz", "expected"),
    [
        (880.0, 1),
        (440 * 2 ** (1 / 12), 1 - 2 / 12),
        (440 * 2 ** (1 / 24), 1 - 1 / 12),
        (440 * 2 ** (7 / 12), 1 - 2 / 12),
    ],
)
def test_chroma_knows_pitch_and_its_tuning_but_no_octave(hz, expected):
    assert similarity(tone(440.0), tone(hz), FS)["chroma"] == pytest.approx(expected, abs=0.012)


def test_chroma_is_compared_where_both_sound():
    clips = [np.concatenate([tone(440.0, 64000), rest]) for rest in (np.zeros(64000), noise(0, 64000))]
    assert similarity(*clips, FS)["chroma"] > 0.95


def test_contrast_tells_lines_from_noise_at_any_rate():
    a, b = noise(2), noise(3)
    lines = sum(np.sin(2 * np.pi * 125 * k * np.arange(40960) / FS + k * k) for k in range(1, 60))
    contrast = lambda a, b, fs=FS: similarity(a, b, fs)["contrast"]  # noqa: E731
    assert contrast(a, b) > 0.85
    assert 0 <= contrast(a, lines) < 0.2
    assert contrast(lines, lines + 0.02 * b) > contrast(lines, lines + b) > contrast(lines, lines + 50 * b)
    # An empty band above does not make them more alike: the authors' measure rises from 0.82 to 0.97.
    for fs, up, down in ((48000, 3, 1), (44100, 441, 160)):
        assert contrast(*(resample_poly(x, up, down) for x in (a, b)), fs) == pytest.approx(contrast(a, b), abs=0.005)


def test_stoi_is_pystois(extra):
    import pystoi

    x = bursts(0, 10000)
    for other in (x, x + noise(1, len(x)), x + 0.1 * noise(2, len(x)), np.abs(x), x + noise(3, len(x)) * (x > 0)):
        assert stoi(x, other, 10000) == pytest.approx(pystoi.stoi(x, other, 10000), abs=1e-9)
    x, y = bursts(0), bursts(0) + noise(4)
    assert stoi(x, y, FS) == pytest.approx(pystoi.stoi(x, y, FS), abs=5e-3)  # other filters on the way to 10 kHz


def test_stoi_is_none_where_it_has_no_meaning():
    x = bursts(0)
    assert stoi(x, x, FS) == pytest.approx(1)
    assert stoi(np.stack([x, x]), x, FS) == pytest.approx(1)
    assert stoi(x, delayed(x, 160), FS) is None
    assert stoi(delayed(x, 160), x, FS) is None
    assert stoi(x, delayed(x, 64), FS) > 0.8
    click = np.zeros(40960)
    click[5000:6000] = noise(0, 1000)
    assert stoi(click, click, FS) is None  # pystoi: 0.00001
    assert stoi(x, np.zeros_like(x), FS) is None and stoi(np.zeros_like(x), x, FS) is None
    assert stoi(x, x, 9999) is None
    assert stoi(x[:100], x[:100], FS) is None


def test_the_sum_takes_its_weights_by_name():
    row = similarity(bursts(0), bursts(0) + noise(4), FS)
    assert row["swass"] == pytest.approx(sum(WEIGHTS[name] * row[name] for name in WEIGHTS) / 0.9)
    assert sum(WEIGHTS.values()) == pytest.approx(0.9)
    assert WEIGHTS["contrast"] == 0.1 and WEIGHTS["stoi"] == 0.2


NOTHING = dict.fromkeys(MEASURES)


@pytest.mark.parametrize("silence", [np.zeros(40960), np.full(40960, 0.3), np.zeros((6, 40960))])
def test_silence_gives_none(silence):
    assert similarity(bursts(0), silence, FS) == NOTHING
    assert similarity(silence, bursts(0), FS) == NOTHING
    assert similarity(silence, silence, FS) == NOTHING


def test_what_is_too_short_gives_none():
    assert similarity([0.5], [0.5], FS) == NOTHING
    assert similarity(noise(0)[:1023], noise(0), FS) == NOTHING
    frame = similarity(noise(0)[:1024], noise(0), FS)
    assert frame["mfcc_dtw"] == 0 and frame["contrast"] == 1
    assert frame["rhythm"] is frame["zero_crossings"] is frame["chroma"] is frame["stoi"] is frame["swass"] is None


def odd_clips():
    impulse = np.zeros(40960)
    impulse[7] = 1
    clipped = np.clip(100 * bursts(0), -1, 1)
    late = np.zeros(40960)
    late[-3000:] = noise(0, 3000)
    return {"impulse": impulse, "clipped": clipped, "late": late, "square": np.sign(tone(100.0)), "dc": 1e6 + noise(1)}


@pytest.mark.parametrize(("one", "two"), itertools.product(odd_clips(), repeat=2))
def test_no_clip_gives_nan_or_leaves_the_range(one, two):
    clips = odd_clips()
    with np.errstate(all="raise", under="ignore"):
        row = similarity(clips[one], clips[two], FS)
    for name, value in row.items():
        if value is not None:
            assert type(value) is float and math.isfinite(value), name
            assert value <= 1 + 1e-9 or name == "mfcc_dtw"
            assert value >= (0 if name in ("mfcc_dtw", "chroma", "contrast") else -1)


def test_of_two_lengths_the_shorter_counts():
    x, y = bursts(0), bursts(1)
    assert similarity(x, y[:20000], FS) == similarity(x[:20000], y[:20000], FS)
    assert similarity(x[:20000], y, FS) == similarity(x[:20000], y[:20000], FS)
    assert_identical(similarity(x, x[:20480], FS))  # the authors: MFCC-DTW half as alike


def test_channels_are_averaged():
    x, y = bursts(0), bursts(1)
    mono = similarity(x, y, FS)
    assert similarity(np.stack([2 * x, 0 * x]), np.stack([y] * 6), FS) == pytest.approx(mono, abs=1e-5)
    assert similarity(np.stack([x, -x]), y, FS) == NOTHING


def test_controls_show_whether_a_measure_tells_anything(rng):
    x, y = bursts(0), bursts(1)
    rows = controls(x, y, FS, rng=rng)
    assert list(rows) == ["unchanged", "another clip", "noise"]
    assert_identical(rows["unchanged"])
    assert rows["another clip"] == pytest.approx(similarity(x, y, FS))
    for name in ("zero_crossings", "rhythm", "chroma", "contrast"):
        assert rows["unchanged"][name] > rows["another clip"][name] and rows["unchanged"][name] > rows["noise"][name]
    assert 0 < rows["another clip"]["mfcc_dtw"] < rows["noise"]["mfcc_dtw"]
    again = controls(np.stack([x, x]), y, FS, rng=np.random.default_rng(0))
    assert again == {name: pytest.approx(row) for name, row in rows.items()}


def test_the_noise_of_the_controls_is_as_loud_as_is_asked():
    x, heard = bursts(0), []

    def listen(a, b, sample_rate):
        heard.append(b)
        return {}

    controls(x, x, FS, rng=np.random.default_rng(1), measure=listen)
    controls(x, x, FS, rng=np.random.default_rng(1), measure=listen, snr_db=6.0)
    alone, added = heard[2], heard[5] - x
    assert np.mean(alone**2) == pytest.approx(np.mean(x**2), rel=0.03)
    np.testing.assert_allclose(added, 10 ** (-6 / 20) * alone, atol=1e-12)
    assert abs(np.corrcoef(alone, x)[0, 1]) < 0.03


def test_the_published_distance_cannot_tell_a_clip_from_another(extra, rng):
    distance = lambda a, b, sample_rate: {"mfcc_dtw": published_mfcc_dtw(a, b, sample_rate)}  # noqa: E731
    rows = controls(noise(2), noise(3), FS, rng=rng, measure=distance)
    unchanged = rows["unchanged"]["mfcc_dtw"]
    assert all(0.8 * unchanged < row["mfcc_dtw"] <= unchanged < 1e-3 for row in rows.values())
    softer = published_mfcc_dtw(0.1 * noise(2), 0.1 * noise(2), FS)
    assert rows["another clip"]["mfcc_dtw"] > softer  # another clip is more alike than the same one at a lower level


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda x: similarity(x, x, 7999), "sample_rate=7999 must be at least 8000"),
        (lambda x: similarity(x, x, math.nan), "positive number of Hz"),
        (lambda x: similarity(x[None, None], x, FS), r"a has the shape \(1, 1, 40960\); it must be"),
        (lambda x: similarity(x, x.reshape(-1, 2), FS), r"b has the shape \(20480, 2\).*channels in rows"),
        (lambda x: similarity(x, [], FS), r"b has the shape \(0,\).*T at least 1"),
        (lambda x: similarity(np.where(x == x[9], NAN, x), x, FS), "a holds samples that are NaN"),
        (lambda x: stoi(x, x[1:], FS), "40960 and 40959 samples must be of the same length"),
        (lambda x: stoi(x, x, 0), "positive number of Hz"),
        (lambda x: dtw(x, x), r"shapes \(40960,\) and \(40960,\) must be"),
        (lambda x: dtw(np.ones((3, 2)), np.ones((3, 4))), "frames in rows"),
        (lambda x: dtw(np.ones((3, 2)), np.full((3, 2), NAN)), "NaN or infinite"),
        (lambda x: controls(x, x, FS, rng=np.random.default_rng(), snr_db=math.inf), "snr_db=inf must be a finite"),
        (lambda x: published_zero_crossings(x, x, -1), "positive number of Hz"),
        (lambda x: published_zero_crossings(x[:400], x, FS), "a has 400 samples; the authors' code needs 0.026 s"),
        (lambda x: published_zero_crossings(x, np.full(40960, 1e39), FS), "b holds samples that are NaN or infinite"),
        (lambda x: published_similarity(x, x[:5], FS), "b has 5 samples.*or use similarity"),
        (lambda x: published_contrast(x, x, 12000), "sample_rate=12000 must exceed 12800"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, why):
    with pytest.raises(ValueError, match=why):
        call(noise(0))
