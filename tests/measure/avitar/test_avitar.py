"""AViTAR against numbers of the authors' own code, the conversion of a checkpoint like theirs, and the matcher.

`published.json` was computed once, by the code that AViTAR's authors publish (29a05c1, 2022), in double precision with
torch 2.13: the names and shapes of its weights, and what it makes of given pictures and sounds when these weights are
those of `weight`. Nothing else of it is here.
"""

import argparse
import hashlib
import json
import pathlib

import numpy as np
import pytest
import torch

from see2sound_nb.measure.avitar import convert_avitar, converted_avitar, load_avitar
from see2sound_nb.measure.avitar.convert import renamed
from see2sound_nb.measure.avitar.matching import AViTARMatcher, published_noise, seen
from see2sound_nb.measure.avitar.model import AViTAR, sines

PUBLISHED = json.loads((pathlib.Path(__file__).parent / "published.json").read_text())


def weight(name, shape):
    """Numbers that follow from a weight's published name, of a size that keeps all that they are used for in range."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape)
    if name.endswith("running_var"):
        return rng.uniform(0.5, 1.5, shape)
    x = rng.standard_normal(shape)
    if name.endswith(("bias", "running_mean")):
        return 0.1 * x
    if len(shape) == 1 or name.endswith("weight_g"):
        return (1.4 if name.startswith("conformer.decoder") else 1) * (1 + 0.1 * x)
    return x * np.sqrt(2 / np.prod(shape[1:]))


@pytest.fixture(scope="module")
def published_state():
    return {name: torch.tensor(weight(name, tuple(shape))) for name, shape in PUBLISHED["shapes"].items()}


@pytest.fixture(scope="module")
def model(published_state):
    model = AViTAR().double().eval()
    model.load_state_dict(renamed(published_state))
    return model


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(0)
    return torch.tensor(rng.standard_normal((1, 3, 180, 320))), torch.tensor(0.1 * rng.standard_normal((1, 40960)))


def is_published(x, name):
    found, numbers = x.reshape(-1).numpy(), PUBLISHED["outputs"][name]
    assert np.linalg.norm(found) == pytest.approx(numbers["norm"], rel=1e-6)
    step = 120 if name == "tokens" else len(found) // 64
    np.testing.assert_allclose(found[::step][:64], numbers["samples"], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_the_numbers_are_the_authors(model, given):
    picture, sound = given
    with torch.inference_mode():
        tokens = model.tokens(picture)
        assert list(tokens.shape[1:]) == PUBLISHED["outputs"]["tokens"]["shape"] == [15, 512]
        is_published(tokens, "tokens")
        is_published(model(sound[:, :12800], tokens, places=False), "12800 without position code")
        is_published(model(sound, tokens), "40960 with position code")
        assert model(sound[:, :1000], tokens).shape == (1, 896)


class Echo(torch.nn.Module):
    """In place of AViTAR: the sound upside down, times the mean of the photo; it remembers how it was called."""

    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(1, 1).double()
        self.calls = []

    def tokens(self, pictures):
        assert pictures.shape == (1, 3, 180, 320)
        return pictures.mean()

    def forward(self, sounds, tokens, *, places=True):
        assert sounds.shape[1] % 128 == 0 and sounds.shape[1] >= 512
        self.calls.append(places)
        return -sounds * tokens


def test_a_matcher_takes_any_length_and_rate():
    match, photo = AViTARMatcher(Echo()), np.full((90, 70, 3), 255, np.uint8)
    gain = -seen(photo).mean()
    t_s = np.arange(3001) / 48000
    x = np.sin(2 * np.pi * 440 * t_s) * np.hanning(3001)
    np.testing.assert_allclose(match(x, photo, 16000), gain * x, atol=1e-12)
    np.testing.assert_allclose(match(x, photo, 48000), gain * x, atol=0.02)
    assert match(x[:1], photo, 16000).shape == (1,) and match(x, photo, 22050).shape == (3001,)
    assert match.model.calls == [True] * 4 and "CC-BY-NC" in match.name
    for wrong in (x[None], np.append(x, np.nan)):
        with pytest.raises(ValueError, match="audio"):
            match(wrong, photo, 16000)


def test_as_published_adds_noise_by_a_seed_and_takes_the_beginning():
    photo = np.full((90, 70, 3), 255, np.uint8)
    x = np.sin(np.arange(41500))
    match = AViTARMatcher(Echo(), as_published=True)
    y = match(x, photo, 16000)
    assert len(y) == 40960 and match.model.calls == [False] and "as published" in match.name
    match(x[::-1], photo, 16000)
    np.testing.assert_array_equal(match(x, photo, 16000), y, "whatever was matched before")
    other = AViTARMatcher(Echo(), as_published=True, seed=1)(x, photo, 16000)
    assert np.abs(np.abs(other) - np.abs(y)).max() > 0.01


def test_noise_has_the_published_level_colour_and_polarity():
    x = np.sin(2 * np.pi * 440 * np.arange(40960) / 16000)
    snr_db, slopes, signs = [], [], []
    for seed in range(60):
        y = published_noise(x, np.random.default_rng(seed))
        sign = np.sign(x @ y)
        noise = sign * y - x
        np.testing.assert_allclose(noise[:9000], noise[16000:25000], atol=1e-9)  # one second, repeated
        snr_db.append(-10 * np.log10(np.mean(noise**2) / np.mean(x**2)))
        power = np.abs(np.fft.rfft(noise[:16000])) ** 2
        slopes.append(np.log10(power[4000:8000].mean() / power[400:800].mean()))
        signs.append(sign)
    assert 1.7 < min(snr_db) < 3 and 9 < max(snr_db) < 10.3
    assert min(slopes) < -2 and max(slopes) > 2, "from falling steeply to rising steeply"
    assert 15 < signs.count(1) < 45


def test_the_middle_of_a_photo_is_seen():
    photo = np.zeros((270, 480, 3), np.uint8)
    photo[45:225, 80:400] = 255
    assert seen(photo).shape == (3, 180, 320)
    np.testing.assert_allclose(seen(photo)[:, 0, 0], (1 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225])
    assert np.ptp(seen(photo), axis=(1, 2)).max() == 0
    photo[44], photo[:, 79] = 255, 255
    np.testing.assert_array_equal(seen(photo), seen(np.full_like(photo, 255)))
    for wrong in (photo[..., :2], photo[..., 0], photo.astype(float), photo[:0]):
        with pytest.raises(ValueError, match="uint8"):
            seen(wrong)


def test_places_are_sines_and_cosines():
    table = sines(7, torch.zeros(1, dtype=torch.float64)).numpy()
    assert table.shape == (7, 512)
    np.testing.assert_allclose(table[5, [0, 1, 510]], [np.sin(5), np.cos(5), np.sin(5 / 10000 ** (510 / 512))])


class Code:
    """What would run when it is unpickled."""

    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path("unpickled.txt"),)


def test_a_checkpoint_with_code_is_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "hparams": Code()}, "bad.ckpt")
    with pytest.raises(ValueError, match="was not run"):
        convert_avitar("bad.ckpt", "out.safetensors")
    assert not pathlib.Path("unpickled.txt").exists() and not pathlib.Path("out.safetensors").exists()


def test_the_settings_of_a_training_are_allowed_only_while_it_is_read(tmp_path):
    path = tmp_path / "some.ckpt"
    torch.save({"state_dict": {"mpd.x": torch.zeros(2)}, "hparams": argparse.Namespace(ngf=32)}, path)
    with pytest.raises(ValueError, match=r"weights are missing, blocks\.0\.after\.narrow\.bias for one"):
        convert_avitar(path, tmp_path / "out.safetensors")
    assert argparse.Namespace not in torch.serialization.get_safe_globals()
    assert not (tmp_path / "out.safetensors").exists()


def test_a_hole_in_a_checkpoint_is_no_zeros(tmp_path):
    path = tmp_path / "some.ckpt"
    torch.save({"state_dict": {"mpd.x": torch.randn(9000)}}, path)
    data = path.read_bytes()
    path.write_bytes(data[:9000] + bytes(4096) + data[13096:])
    with pytest.raises(ValueError, match=r"is damaged: its part .* not as it was written"):
        convert_avitar(path, tmp_path / "out.safetensors")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>not found</html>", "not run|whole file of tensors"),
        (b"", "whole file of tensors|not run"),
        (None, "no file at"),
    ],
)
def test_what_is_no_checkpoint_is_said(tmp_path, content, said):
    if content is not None:
        (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        convert_avitar(tmp_path / "x.ckpt", tmp_path / "out.safetensors")


def test_another_checkpoint_is_said(tmp_path):
    torch.save([torch.zeros(2)], tmp_path / "list.ckpt")
    with pytest.raises(ValueError, match="no state_dict"):
        convert_avitar(tmp_path / "list.ckpt", tmp_path / "out.safetensors")


@pytest.mark.slow
def test_a_checkpoint_like_the_published_one_becomes_the_model(tmp_path, monkeypatch, published_state):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path))
    with pytest.warns(UserWarning, match="forbids"), pytest.raises(FileNotFoundError, match=r"no AViTAR at .*best_val"):
        load_avitar()
    state = {name: value.float() if value.is_floating_point() else value for name, value in published_state.items()}
    table = "conformer.encoder.layers.0.sequential.2.module.visual_pe.pe"
    state |= {"mpd.discriminators.0.weight": torch.zeros(3), table: torch.zeros(1, 9, 512)}
    torch.save({"state_dict": state, "hparams": argparse.Namespace(ngf=32, use_rgb=True)}, tmp_path / "best_val.ckpt")
    path = converted_avitar(tmp_path / "best_val.ckpt")
    assert path == tmp_path / "avitar" / "model.safetensors" and path.stat().st_size < 190e6
    with pytest.warns(UserWarning, match=r"CC-BY-NC-4\.0\) forbids commercial use"):
        match = load_avitar()
    for name, value in renamed(published_state).items():
        torch.testing.assert_close(match.model.state_dict()[name].double(), value.double(), rtol=1e-5, atol=1e-6)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert match.name == f"AViTAR {digest[:8]} (CC-BY-NC-4.0)" and converted_avitar(path) == path
    (tmp_path / "half.safetensors").write_bytes(path.read_bytes()[:100_000])
    with pytest.warns(UserWarning, match="forbids"), pytest.raises(ValueError, match="does not hold AViTAR"):
        load_avitar(tmp_path / "half.safetensors")
