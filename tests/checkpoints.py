"""Published architectures with small random weights, put where the package looks for models; what they are shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

from see2sound_nb import pipeline
from see2sound_nb._torchvision import ensure_torchvision
from see2sound_nb.models import table

PHOTO = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)


def sam2_vision(hidden_size):
    """The settings of SAM 2's picture encoder at 1/8 of its size in each direction."""
    backbone = dict(
        model_type="sam2_hiera_det_model", hidden_size=8, num_attention_heads=1, image_size=[128, 128],
        blocks_per_stage=[1, 2, 2, 1], embed_dim_per_stage=[8, 16, 32, 64], global_attention_blocks=[4],
        num_attention_heads_per_stage=[1, 1, 2, 2], window_size_per_stage=[4, 4, 4, 4],
        window_positional_embedding_background_size=[4, 4],
    )  # fmt: skip
    return dict(
        backbone_config=backbone, backbone_channel_list=[64, 32, 16, 8], fpn_hidden_size=hidden_size,
        backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
    )  # fmt: skip


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def put_sam(cache):
    """Puts a SAM of the real architecture with small random weights where `load_sam` looks for a model."""
    import torch

    ensure_torchvision()
    from transformers import Sam2Config, Sam2Model, SamConfig, SamModel

    decoder = dict(mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16, attention_downsample_rate=2)
    prompts = dict(image_size=128, patch_size=16, mask_input_channels=4)

    def put(name):
        torch.manual_seed(0)
        if name == "slimsam":
            vision = dict(
                hidden_size=24, output_channels=16, num_hidden_layers=2, num_attention_heads=2, image_size=128,
                patch_size=16, mlp_dim=32, num_pos_feats=8, window_size=4, global_attn_indexes=[1],
            )  # fmt: skip
            kind, width, config = SamModel, 16, SamConfig
        else:
            vision = sam2_vision(32)
            kind, width, config = Sam2Model, 32, Sam2Config
        model = kind(
            config(
                vision_config=vision,
                prompt_encoder_config=dict(prompts, hidden_size=width),
                mask_decoder_config=dict(decoder, hidden_size=width),
            )
        )
        for parameter in model.parameters():  # as they are made, no prompt would change a mask by much
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=1.5 / np.sqrt(max(parameter[0].numel(), 2)))
        folder = cache / table.MODELS[name].file_name
        model.save_pretrained(folder)
        if name != "slimsam":  # the published files are of the model for videos, which holds the one for photos
            config = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(config | {"model_type": "sam2_video"}))
        return model.eval()

    return put


@pytest.fixture
def put_depth(cache):
    """Puts a Depth Anything of the real architecture, small and random, where `load_depth` looks for a model."""
    import torch

    ensure_torchvision()
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessor

    def put(name, metres=None):
        backbone = Dinov2Config(
            hidden_size=24, num_hidden_layers=4, num_attention_heads=2, image_size=70, patch_size=14,
            out_indices=[1, 2, 3, 4], reshape_hidden_states=False, apply_layernorm=True,
        )  # fmt: skip
        config = DepthAnythingConfig(
            backbone_config=backbone, reassemble_hidden_size=24, neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8,
            head_hidden_size=8, patch_size=14, depth_estimation_type="metric" if metres else "relative", max_depth=20,
        )  # fmt: skip
        model = DepthAnythingForDepthEstimation(config)
        if metres:  # the same everywhere: a wall at that depth
            torch.nn.init.zeros_(model.head.conv3.weight)
            torch.nn.init.constant_(model.head.conv3.bias, np.log(metres / (20 - metres)))
        folder = cache / table.MODELS[name].file_name
        model.save_pretrained(folder)
        DPTImageProcessor(
            size={"height": 70, "width": 70}, keep_aspect_ratio=True, ensure_multiple_of=14, do_pad=False
        ).save_pretrained(folder)

    return put


def with_depth(name, shipped):
    """A pipeline with another depth model, and the other models of the shipped one, which are loaded already."""
    mine = pipeline.See2Sound(depth=name)
    mine._loaded.update({task: shipped.model(task) for task in ("segmentation", "audio")})
    return mine


def a_disc():
    picture = np.full((200, 300, 3), (90, 140, 60), np.uint8)
    disc = (np.arange(300) - 80) ** 2 + (np.arange(200)[:, None] - 100) ** 2 < 45**2
    picture[disc] = (200, 40, 30)
    return picture


class Evil:
    """Unpickling this would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))
