"""CoDi loaded from a folder, whole and damaged, on a CPU and on a GPU."""

import importlib
import json

import numpy as np
import pytest
import torch
from authors.codi import REDUCED
from safetensors.torch import load_file, save_file

from see2sound_nb.sounds.codi import CoDi, published
from see2sound_nb.sounds.codi.pipeline import OWN_PARTS
from see2sound_nb.sounds.loading import load_audio


@pytest.fixture(scope="module")
def pipe():
    pipe = published.random_codi(REDUCED.ours)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def cached(pipe, tmp_path, monkeypatch):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path))
    pipe.save_pretrained(tmp_path / "codi")
    return tmp_path / "codi"


def test_a_pipeline_in_the_cache_is_loaded_by_name(cached, pipe):
    loaded = load_audio("codi")
    loaded.set_progress_bar_config(disable=True)
    settings = dict(prompts="rain", seeds=[0], num_inference_steps=2)
    np.testing.assert_allclose(loaded(**settings), pipe(**settings), atol=1e-6)


@pytest.mark.parametrize("where", ["see2sound_nb.codi.unet", "see2sound_nb.sounds.codi.moved_again"])
def test_a_pipeline_that_was_saved_when_its_parts_stood_elsewhere_is_loaded(cached, pipe, where):
    index = json.loads((cached / "model_index.json").read_text())
    assert index["unet"][1] == "CoDiUNet"
    index["unet"][0] = where
    (cached / "model_index.json").write_text(json.dumps(index))
    assert type(load_audio("codi").unet) is type(pipe.unet)


def test_own_parts_are_where_the_table_says():
    for name, module in OWN_PARTS.items():
        assert getattr(importlib.import_module(module), name).__module__ == module


@pytest.mark.parametrize("part", ["vocoder", "text_encoder", "unet"])
def test_a_pipeline_that_lacks_weights_is_refused(cached, part):
    (path,) = (cached / part).glob("*.safetensors")
    weights = load_file(path)
    weights.pop(sorted(weights)[0])
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match="does not hold codi"):
        load_audio("codi")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match=f"{part}/{path.name} is damaged .*see2sound convert"):
        load_audio("codi")
    path.unlink()
    with pytest.raises(FileNotFoundError, match="no whole CoDi"):
        load_audio("codi")


@pytest.mark.parametrize("low_memory", [False, True])
def test_on_a_gpu_it_is_in_half_precision_and_as_the_memory_asks(cached, monkeypatch, low_memory):
    called = []
    monkeypatch.setattr(CoDi, "to", lambda self, device: called.append(("to", device)) or self)
    monkeypatch.setattr(CoDi, "enable_cuda_graphs", lambda self: called.append("graphs"))
    monkeypatch.setattr(CoDi, "enable_sequential_cpu_offload", lambda self, device: called.append(("offload", device)))
    loaded = load_audio("codi", device="cuda:1", low_memory=low_memory)
    assert loaded.unet.dtype == torch.float16
    assert called == ([("offload", "cuda:1")] if low_memory else [("to", "cuda:1"), "graphs"])
