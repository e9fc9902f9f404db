"""Presets and checkpoints: real loading code, tested with small files in place of the published ones."""

import dataclasses
import hashlib
import pickle

import pytest

from see2sound_nb import models


class Evil:
    """Unpickling this would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_presets_name_models_that_exist():
    for preset in models.PRESETS.values():
        for task, name in preset.items():
            assert models.find_model(name, task).licence
    with pytest.raises(ValueError, match="sam-vit-h"):
        models.find_model("sam-vit-x", "segmentation")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_without_a_network_the_error_says_what_to_put_where(cache, monkeypatch):
    card = dataclasses.replace(models.MODELS["sam-vit-b"], source="http://127.0.0.1:9/sam_vit_b_01ec64.pth")
    monkeypatch.setitem(models.MODELS, "sam-vit-b", card)
    with pytest.raises(FileNotFoundError, match=r"sam_vit_b_01ec64\.pth") as caught:
        models.load_sam("sam-vit-b")
    assert str(cache) in str(caught.value)
    assert card.sha256 in str(caught.value)


def test_a_missing_depth_model_names_its_files(cache, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    card = dataclasses.replace(models.MODELS["depth-anything-small"], source=str(cache / "nobody" / "nothing"))
    monkeypatch.setitem(models.MODELS, "depth-anything-small", card)
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        models.load_depth("depth-anything-small")


def test_a_missing_codi_names_its_folder(cache):
    with pytest.raises(FileNotFoundError, match=r"model_index\.json"):
        models.load_audio("codi")


def put_checkpoint(cache, monkeypatch, content):
    cache.mkdir()
    path = cache / "sam_vit_b_01ec64.pth"
    path.write_bytes(content)
    card = dataclasses.replace(models.MODELS["sam-vit-b"], sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(models.MODELS, "sam-vit-b", card)


def test_a_checkpoint_is_never_unpickled(cache, monkeypatch, tmp_path):
    put_checkpoint(cache, monkeypatch, pickle.dumps(Evil(tmp_path / "owned")))
    with pytest.raises(ValueError, match="does not hold sam-vit-b"):
        models.load_sam("sam-vit-b")
    assert not (tmp_path / "owned").exists()


def test_the_wrong_file_is_refused_by_its_checksum(cache, monkeypatch):
    put_checkpoint(cache, monkeypatch, b"something")
    card = dataclasses.replace(
        models.MODELS["sam-vit-b"], sha256="0" * 64, source="http://127.0.0.1:9/sam_vit_b_01ec64.pth"
    )
    monkeypatch.setitem(models.MODELS, "sam-vit-b", card)
    with pytest.raises((ValueError, FileNotFoundError), match=r"sam_vit_b_01ec64\.pth"):
        models.load_sam("sam-vit-b")


def test_a_published_sam_loads_into_the_same_predictor(cache, monkeypatch, tmp_path):
    """Random weights at ViT-B's real shapes: what `download` finds is loaded, checked, and used unchanged."""
    import torch

    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    from segment_anything import sam_model_registry

    torch.save(sam_model_registry["vit_b"]().state_dict(), tmp_path / "weights.pth")
    put_checkpoint(cache, monkeypatch, (tmp_path / "weights.pth").read_bytes())
    sam, options = models.load_sam("sam-vit-b")
    assert sam.image_encoder.img_size == 1024
    assert options == {}


def test_a_depth_anything_checkpoint_runs_through_the_same_call(cache):
    """A Depth Anything of the real architecture, with small random weights, from a folder in the cache."""
    import numpy as np

    from see2sound_nb._torchvision import ensure_torchvision
    from see2sound_nb.depth import estimate_depth

    ensure_torchvision()
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessor

    backbone = Dinov2Config(
        hidden_size=24, num_hidden_layers=4, num_attention_heads=2, image_size=70, patch_size=14,
        out_indices=[1, 2, 3, 4], reshape_hidden_states=False, apply_layernorm=True,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=24, neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8,
        head_hidden_size=8, patch_size=14,
    )  # fmt: skip
    folder = cache / models.MODELS["depth-anything-small"].file_name
    DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    DPTImageProcessor(
        size={"height": 70, "width": 70}, keep_aspect_ratio=True, ensure_multiple_of=14, do_pad=False
    ).save_pretrained(folder)
    model, processor = models.load_depth("depth-anything-small")
    D = estimate_depth(np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8), model, processor)
    assert D.shape == (60, 90)
    assert np.isfinite(D).all()
