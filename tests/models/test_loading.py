"""Models of every kind loaded by name, with small files in place of the published ones."""

import dataclasses
import hashlib
import pickle
import warnings

import numpy as np
import pytest
from checkpoints import PHOTO, Evil, a_disc, with_depth

from see2sound_nb import pipeline
from see2sound_nb._torchvision import ensure_torchvision
from see2sound_nb.models import table
from see2sound_nb.places.loading import load_depth
from see2sound_nb.regions.loading import load_sam
from see2sound_nb.sounds.loading import load_audio

NOWHERE = "http://127.0.0.1:9"


def test_without_a_network_the_error_says_what_to_put_where(cache, monkeypatch):
    card = dataclasses.replace(table.MODELS["sam-vit-b"], source=f"{NOWHERE}/sam_vit_b_01ec64.pth")
    monkeypatch.setitem(table.MODELS, "sam-vit-b", card)
    with pytest.raises(FileNotFoundError, match=r"sam_vit_b_01ec64\.pth") as caught:
        load_sam("sam-vit-b")
    assert str(cache) in str(caught.value)
    assert card.sha256 in str(caught.value)


def test_a_missing_depth_model_names_its_files(cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    with pytest.raises(FileNotFoundError) as caught:
        load_depth("depth-anything-small")
    folder = cache / "LiheYoung" / "depth-anything-small-hf"
    address = f"{NOWHERE}/LiheYoung/depth-anything-small-hf/resolve/main"
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        assert f"{address}/{name} as {folder / name}" in str(caught.value)
    assert "99 MB" in str(caught.value)
    assert ".bin" not in str(caught.value)


def test_a_missing_codi_names_its_folder_and_the_command_that_makes_it(cache):
    with pytest.raises(FileNotFoundError, match=r"see2sound convert") as caught:
        load_audio("codi")
    assert str(cache / "codi") in str(caught.value)


def put_checkpoint(cache, monkeypatch, content):
    cache.mkdir()
    path = cache / "sam_vit_b_01ec64.pth"
    path.write_bytes(content)
    card = dataclasses.replace(table.MODELS["sam-vit-b"], sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(table.MODELS, "sam-vit-b", card)


def test_a_checkpoint_is_never_unpickled(cache, monkeypatch, tmp_path):
    put_checkpoint(cache, monkeypatch, pickle.dumps(Evil(tmp_path / "owned")))
    with pytest.raises(ValueError, match="does not hold sam-vit-b"):
        load_sam("sam-vit-b")
    assert not (tmp_path / "owned").exists()


def test_the_wrong_file_is_refused_by_its_checksum(cache, monkeypatch):
    put_checkpoint(cache, monkeypatch, b"something")
    card = dataclasses.replace(table.MODELS["sam-vit-b"], sha256="0" * 64, source=f"{NOWHERE}/sam_vit_b_01ec64.pth")
    monkeypatch.setitem(table.MODELS, "sam-vit-b", card)
    with pytest.raises((ValueError, FileNotFoundError), match=r"sam_vit_b_01ec64\.pth"):
        load_sam("sam-vit-b")


def test_a_published_sam_loads_into_the_same_predictor(cache, monkeypatch, tmp_path):
    """Random weights at ViT-B's real shapes: what `download` finds is loaded, checked, and used unchanged."""
    import torch

    ensure_torchvision()
    from segment_anything import sam_model_registry

    torch.save(sam_model_registry["vit_b"]().state_dict(), tmp_path / "weights.pth")
    put_checkpoint(cache, monkeypatch, (tmp_path / "weights.pth").read_bytes())
    sam, options = load_sam("sam-vit-b")
    assert sam.image_encoder.img_size == 1024
    assert options == {}


def test_a_licence_that_forbids_commercial_use_is_said_once_and_in_the_list(put_depth):
    put_depth("depth-anything-v2-large")
    with pytest.warns(UserWarning, match=r"^depth-anything-v2-large: .*CC-BY-NC-4\.0.* commercial use$") as caught:
        load_depth("depth-anything-v2-large")
    assert caught[0].filename == __file__
    assert [m["name"] for m in table.list_models() if not m["commercial"]] == [
        "depth-anything-v2-base", "depth-anything-v2-large", "depth-pro", "avitar",
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        load_depth("tiny-depth")


def test_one_entry_adds_a_model_of_the_hub(put_depth, monkeypatch, request):
    """As in the module's docstring."""
    monkeypatch.setitem(
        table.MODELS,
        "my-depth",
        table.ModelCard("my-depth", "depth", "MIT", 99, "me/my-depth-hf", gives=table.METRES),
    )
    put_depth("my-depth", metres=3.0)
    scene = with_depth("my-depth", request.getfixturevalue("pipeline")).run(a_disc(), sources=1, steps=1, select="area")
    assert scene.positions_m[0, 1] == pytest.approx(3.0, rel=1e-3)


class Wall:
    """The adapter of a model that is one file with one number: the depth of everything, in metres."""

    def __init__(self, path):
        self.metres = float(path.read_text())
        self.device = "cpu"

    def to(self, device):
        return self

    def __call__(self, size):
        return self.metres * np.ones(size)


class WallProcessor:
    def __call__(self, images, return_tensors, input_data_format):
        from transformers import BatchFeature

        return BatchFeature({"size": images.shape[:2]})

    def post_process_depth_estimation(self, outputs, target_sizes):
        import torch

        return [{"predicted_depth": torch.tensor(outputs)}]


def test_one_entry_and_an_adapter_add_any_model(cache, monkeypatch, request):
    content = b"2.5"
    card = table.ModelCard(
        "wall", "depth", "MIT", 1, f"{NOWHERE}/wall.txt", hashlib.sha256(content).hexdigest(), gives=table.METRES,
        adapter=lambda path: (Wall(path), WallProcessor()),
    )  # fmt: skip
    monkeypatch.setitem(table.MODELS, "wall", card)
    cache.mkdir()
    (cache / "wall.txt").write_bytes(content)
    scene = with_depth("wall", request.getfixturevalue("pipeline")).run(a_disc(), sources=1, steps=1, select="area")
    assert scene.positions_m[0, 1] == pytest.approx(2.5)


class Ramp:
    """A depth model written in Python, of no file: the lower, the nearer."""

    device = "cpu"

    def to(self, device):
        return self

    def __call__(self, size):
        return np.repeat(np.arange(size[0], dtype=np.float32)[:, None], size[1], axis=1)


class Clicks:
    """Sounds written in Python, in the place of CoDi."""

    sample_rate, num_timesteps = 16000, 1

    def set_progress_bar_config(self, **options):
        pass

    def __call__(self, images, seeds, **options):
        return np.stack([np.eye(1, 800, k) for k, _ in enumerate(seeds)])[:, 0]


def test_a_model_written_in_python_needs_no_file(cache, monkeypatch):
    given = []
    cards = {
        "ramp": table.ModelCard(
            "ramp", "depth", "MIT", adapter=lambda path: given.append(path) or (Ramp(), WallProcessor())
        ),
        "clicks": table.ModelCard("clicks", "audio", "MIT", adapter=lambda path: given.append(path) or Clicks()),
    }
    for name, card in cards.items():
        monkeypatch.setitem(table.MODELS, name, card)
    masks = np.zeros((2, 64, 64), dtype=bool)
    masks[0, :20], masks[1, 44:] = True, True
    own = pipeline.See2Sound(preset="tiny", depth="ramp", audio="clicks")
    scene = own.run(np.zeros((64, 64, 3), np.uint8), masks=masks)
    assert given == [None, None]
    assert scene.positions_m[1, 1] < scene.positions_m[0, 1]  # the lower one is nearer
    assert scene.audio.argmax(axis=1).tolist() == [0, 1] and scene.audio.shape == (2, 800)


def test_weights_that_are_not_in_the_file_are_not_made_up(put_depth, cache):
    from safetensors.torch import load_file, save_file

    put_depth("depth-anything-small")
    (path,) = cache.rglob("model.safetensors")
    weights = load_file(path)
    del weights["backbone.embeddings.cls_token"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"1 weights are missing .*cls_token"):
        load_depth("depth-anything-small")


def test_all_that_a_preset_lacks_is_told_at_once(cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    card = dataclasses.replace(table.MODELS["sam-vit-h"], source=f"{NOWHERE}/sam_vit_h_4b8939.pth")
    monkeypatch.setitem(table.MODELS, "sam-vit-h", card)
    paper = pipeline.See2Sound(preset="paper", device="cpu")
    with pytest.raises(FileNotFoundError) as caught:
        paper.run(PHOTO)
    for needed in (
        "sam_vit_h_4b8939.pth",
        "depth-anything-large-hf/resolve/main/model.safetensors",
        "see2sound convert",
    ):
        assert needed in str(caught.value)
