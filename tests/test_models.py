"""Presets and checkpoints: real loading code, tested with small files in place of the published ones."""

import dataclasses
import hashlib
import json
import pickle
import warnings

import numpy as np
import pytest

from see2sound_nb import depth, geometry, loading, models, pipeline, regions, segmentation
from see2sound_nb._torchvision import ensure_torchvision

NOWHERE = "http://127.0.0.1:9"
PHOTO = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)


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
    card = dataclasses.replace(models.MODELS["sam-vit-b"], source=f"{NOWHERE}/sam_vit_b_01ec64.pth")
    monkeypatch.setitem(models.MODELS, "sam-vit-b", card)
    with pytest.raises(FileNotFoundError, match=r"sam_vit_b_01ec64\.pth") as caught:
        loading.load_sam("sam-vit-b")
    assert str(cache) in str(caught.value)
    assert card.sha256 in str(caught.value)


def test_a_missing_depth_model_names_its_files(cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    with pytest.raises(FileNotFoundError) as caught:
        loading.load_depth("depth-anything-small")
    folder = cache / "LiheYoung" / "depth-anything-small-hf"
    address = f"{NOWHERE}/LiheYoung/depth-anything-small-hf/resolve/main"
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        assert f"{address}/{name} as {folder / name}" in str(caught.value)
    assert "99 MB" in str(caught.value)
    assert ".bin" not in str(caught.value)


def test_a_missing_codi_names_its_folder_and_the_command_that_makes_it(cache):
    with pytest.raises(FileNotFoundError, match=r"see2sound convert") as caught:
        loading.load_audio("codi")
    assert str(cache / "codi") in str(caught.value)


def put_checkpoint(cache, monkeypatch, content):
    cache.mkdir()
    path = cache / "sam_vit_b_01ec64.pth"
    path.write_bytes(content)
    card = dataclasses.replace(models.MODELS["sam-vit-b"], sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(models.MODELS, "sam-vit-b", card)


def test_a_checkpoint_is_never_unpickled(cache, monkeypatch, tmp_path):
    put_checkpoint(cache, monkeypatch, pickle.dumps(Evil(tmp_path / "owned")))
    with pytest.raises(ValueError, match="does not hold sam-vit-b"):
        loading.load_sam("sam-vit-b")
    assert not (tmp_path / "owned").exists()


def test_the_wrong_file_is_refused_by_its_checksum(cache, monkeypatch):
    put_checkpoint(cache, monkeypatch, b"something")
    card = dataclasses.replace(models.MODELS["sam-vit-b"], sha256="0" * 64, source=f"{NOWHERE}/sam_vit_b_01ec64.pth")
    monkeypatch.setitem(models.MODELS, "sam-vit-b", card)
    with pytest.raises((ValueError, FileNotFoundError), match=r"sam_vit_b_01ec64\.pth"):
        loading.load_sam("sam-vit-b")


def test_a_published_sam_loads_into_the_same_predictor(cache, monkeypatch, tmp_path):
    """Random weights at ViT-B's real shapes: what `download` finds is loaded, checked, and used unchanged."""
    import torch

    ensure_torchvision()
    from segment_anything import sam_model_registry

    torch.save(sam_model_registry["vit_b"]().state_dict(), tmp_path / "weights.pth")
    put_checkpoint(cache, monkeypatch, (tmp_path / "weights.pth").read_bytes())
    sam, options = loading.load_sam("sam-vit-b")
    assert sam.image_encoder.img_size == 1024
    assert options == {}


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
            backbone = dict(
                model_type="sam2_hiera_det_model", hidden_size=8, num_attention_heads=1, image_size=[128, 128],
                blocks_per_stage=[1, 2, 2, 1], embed_dim_per_stage=[8, 16, 32, 64], global_attention_blocks=[4],
                num_attention_heads_per_stage=[1, 1, 2, 2], window_size_per_stage=[4, 4, 4, 4],
                window_positional_embedding_background_size=[4, 4],
            )  # fmt: skip
            vision = dict(
                backbone_config=backbone, backbone_channel_list=[64, 32, 16, 8], fpn_hidden_size=32,
                backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
            )  # fmt: skip
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
        folder = cache / models.MODELS[name].file_name
        model.save_pretrained(folder)
        if name != "slimsam":  # the published files are of the model for videos, which holds the one for photos
            config = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(config | {"model_type": "sam2_video"}))
        return model.eval()

    return put


def through_transformers(name, model, photo, **prompts):
    """Logits and quality for one prompt with transformers' own processors."""
    import torch
    from transformers import Sam2ImageProcessorFast, Sam2Processor, SamImageProcessor, SamProcessor

    square = {"height": 128, "width": 128}
    if name == "slimsam":
        processor = SamProcessor(SamImageProcessor(size={"longest_edge": 128}, pad_size=square))
    else:
        processor = Sam2Processor(Sam2ImageProcessorFast(size=square))
    photo = photo.astype(np.float32)  # as 8 bits, the resized photo would be rounded
    inputs = processor(images=photo, **prompts, return_tensors="pt")
    sizes = [inputs.pop("original_sizes")]
    if name == "slimsam":
        sizes.append(inputs.pop("reshaped_input_sizes"))
    with torch.inference_mode():
        outputs = model(**inputs)
    (masks,) = processor.image_processor.post_process_masks(outputs.pred_masks, *sizes, binarize=False)
    return masks[0].numpy(), outputs.iou_scores[0, 0].numpy()


@pytest.mark.parametrize("name", ["slimsam", "sam2.1-tiny"])
def test_a_sam_of_the_hub_answers_like_transformers_but_through_the_usual_predictor(put_sam, name):
    """A wide photo: SAM pads it, SAM 2 stretches it, and the point in its lower part must go with it."""
    from segment_anything import SamPredictor

    photo = np.random.default_rng(1).integers(0, 255, (80, 128, 3), np.uint8)
    model = put_sam(name)
    sam, _ = loading.load_sam(name)
    predictor = SamPredictor(sam)
    predictor.set_image(photo)
    pointed = predictor.predict(np.array([[30, 70]]), np.array([1]), return_logits=True)
    boxed = predictor.predict(box=np.array([10, 20, 60, 75]), return_logits=True)
    for (masks, quality, _), prompts in (
        (pointed, {"input_points": [[[[30.0, 70.0]]]], "input_labels": [[[1]]]}),
        (boxed, {"input_boxes": [[[10.0, 20.0, 60.0, 75.0]]]}),
    ):
        expected, expected_quality = through_transformers(name, model, photo, **prompts)
        assert masks.shape == (3, 80, 128)
        np.testing.assert_allclose(masks, expected, atol=1e-4 * np.abs(expected).max())
        np.testing.assert_allclose(quality, expected_quality, atol=1e-4 * np.abs(expected_quality).max())
    assert np.abs(boxed[0] - pointed[0]).max() > 0.1 * np.abs(pointed[0]).max(), "the prompt matters"
    other, _, _ = predictor.predict(np.array([[30, 10]]), np.array([1]), return_logits=True)
    assert np.abs(other - pointed[0]).max() > 0.1 * np.abs(pointed[0]).max(), "and so does the point"
    again, _, _ = predictor.predict(np.array([[30, 70]]), np.array([1]), mask_input=pointed[2][:1])
    assert again.shape == (3, 80, 128)


@pytest.mark.parametrize("name", ["slimsam", "sam2.1-tiny"])
def test_a_sam_of_the_hub_finds_masks_everywhere(put_sam, name):
    put_sam(name)
    sam, options = loading.load_sam(name)
    few = {"points_per_side": 4, "pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 1.0}
    masks, quality = segmentation.automatic_masks(PHOTO, sam, {**options, **few})
    assert masks.dtype == bool
    assert masks.shape[1:] == PHOTO.shape[:2]
    assert 0 < len(masks) == len(quality)
    assert (np.diff(masks.sum(axis=(1, 2))) <= 0).all(), "largest first"


def test_a_broken_checkpoint_of_the_hub_is_named(put_sam, cache):
    put_sam("slimsam")
    path = cache / "Zigeng" / "SlimSAM-uniform-77" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"SlimSAM-uniform-77 does not hold slimsam .* delete it"):
        loading.load_sam("slimsam")


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
        folder = cache / models.MODELS[name].file_name
        model.save_pretrained(folder)
        DPTImageProcessor(
            size={"height": 70, "width": 70}, keep_aspect_ratio=True, ensure_multiple_of=14, do_pad=False
        ).save_pretrained(folder)

    return put


def test_a_depth_anything_checkpoint_runs_through_the_same_call(put_depth):
    put_depth("depth-anything-small")
    model, processor = loading.load_depth("depth-anything-small")
    assert not depth.is_metric(model)
    D = depth.estimate_depth(PHOTO, model, processor)
    assert D.shape == (60, 90)
    assert np.isfinite(D).all()


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


def test_a_metric_model_places_sources_in_true_metres(put_depth, request):
    put_depth("depth-anything-v2-indoor", metres=12.5)
    model, processor = loading.load_depth("depth-anything-v2-indoor")
    D = depth.estimate_depth(PHOTO, model, processor)
    np.testing.assert_allclose(D, 1 / 12.5, rtol=1e-4)
    mine = with_depth("depth-anything-v2-indoor", request.getfixturevalue("pipeline"))
    scene = mine.run(a_disc(), sources=1)
    assert not scene.masks.all(), "a region was found"
    expected = geometry.lift(regions.box_centres(scene.boxes), [12.5], (300, 200))
    np.testing.assert_allclose(scene.positions_m, expected, rtol=1e-3)
    assert scene.positions_m[0, 1] == pytest.approx(12.5, rel=1e-3), "beyond what a relative model is given"


def test_nothing_and_the_sky_are_moved_into_the_room():
    M = np.zeros((2, 20, 30), bool)
    M[0, :, :10], M[1, :, 20:] = True, True
    R = regions.boxes_from_contours(regions.contours_from_masks(M))
    D = np.where(np.arange(30) < 15, 1 / 5000, 1 / 0.01) * np.ones((20, 1))
    notes = []
    positions_m, _ = pipeline._lift(M, R, D, "metric", 60.0, notes, metric=True)
    np.testing.assert_allclose(positions_m[:, 1], [100.0, 0.3])
    assert "0.01 to 5e+03 m" in notes[0]


def test_depth_pro_gives_metres_by_its_field_of_view():
    """Its raw answer is the inverse depth of a camera of one picture's width of focal length."""
    import torch

    ensure_torchvision()
    from transformers import DepthProImageProcessor
    from transformers.models.depth_pro.modeling_depth_pro import DepthProDepthEstimatorOutput

    class Canonical:
        device = torch.device("cpu")
        gives = models.METRES

        def __call__(self, pixel_values):
            canonical = torch.full((1, *pixel_values.shape[-2:]), 0.25)
            return DepthProDepthEstimatorOutput(predicted_depth=canonical, field_of_view=torch.tensor([90.0]))

    D = depth.estimate_depth(PHOTO, Canonical(), DepthProImageProcessor(size={"height": 64, "width": 64}))
    np.testing.assert_allclose(1 / D, 0.5 / 0.25, rtol=1e-5)  # a field of 90 degrees: half a width of focal length


def test_a_licence_that_forbids_commercial_use_is_said_once_and_in_the_list(put_depth):
    put_depth("depth-anything-v2-large")
    with pytest.warns(UserWarning, match=r"^depth-anything-v2-large: .*CC-BY-NC-4\.0.* commercial use$") as caught:
        loading.load_depth("depth-anything-v2-large")
    assert caught[0].filename == __file__
    assert [m["name"] for m in models.list_models() if not m["commercial"]] == [
        "depth-anything-v2-base", "depth-anything-v2-large", "depth-pro",
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        loading.load_depth("tiny-depth")


def test_the_list_says_where_a_model_is_and_whether_it_is_there(cache, put_sam):
    put_sam("slimsam")
    listed = {m["name"]: m for m in models.list_models()}
    assert list(listed) == list(models.MODELS)
    assert json.dumps(list(listed.values()))
    assert listed["tiny-sam"]["here"] and listed["tiny-sam"]["path"] is None
    assert listed["slimsam"]["here"]
    assert listed["slimsam"]["path"] == str(cache / "Zigeng" / "SlimSAM-uniform-77")
    (cache / "Zigeng" / "SlimSAM-uniform-77" / "model.safetensors").unlink()
    assert not {m["name"]: m for m in models.list_models()}["slimsam"]["here"], "a half of it is nothing"
    assert not listed["sam-vit-b"]["here"]
    (cache / "sam_vit_b_01ec64.pth").touch()
    assert {m["name"]: m for m in models.list_models()}["sam-vit-b"]["here"]
    assert listed["depth-pro"]["gives"] == models.METRES
    assert listed["depth-anything-small"]["gives"] == models.INVERSE_DEPTH
    assert listed["sam-vit-b"]["presets"] == ["small"]
    assert listed["tiny-codi"]["presets"] == ["tiny", "small"]


def test_every_card_is_complete():
    for name, card in models.MODELS.items():
        assert card.name == name
        assert card.task in models.FILES
        assert card.gives in (models.INVERSE_DEPTH, models.METRES)
        assert (card.size_mb == 0) == (card.source == "package")
        assert not card.source.startswith("http") or len(card.sha256) == 64
    kept = [card.file_name.lower() for card in models.MODELS.values() if card.source != "package"]
    assert len(set(kept)) == len(kept), "each has its own place, also where case does not count"


def test_one_entry_adds_a_model_of_the_hub(put_depth, monkeypatch, request):
    """As in the module's docstring."""
    monkeypatch.setitem(
        models.MODELS,
        "my-depth",
        models.ModelCard("my-depth", "depth", "MIT", 99, "me/my-depth-hf", gives=models.METRES),
    )
    put_depth("my-depth", metres=3.0)
    scene = with_depth("my-depth", request.getfixturevalue("pipeline")).run(a_disc(), sources=1)
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
    card = models.ModelCard(
        "wall", "depth", "MIT", 1, f"{NOWHERE}/wall.txt", hashlib.sha256(content).hexdigest(), gives=models.METRES,
        adapter=lambda path: (Wall(path), WallProcessor()),
    )  # fmt: skip
    monkeypatch.setitem(models.MODELS, "wall", card)
    cache.mkdir()
    (cache / "wall.txt").write_bytes(content)
    scene = with_depth("wall", request.getfixturevalue("pipeline")).run(a_disc(), sources=1)
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
        "ramp": models.ModelCard(
            "ramp", "depth", "MIT", adapter=lambda path: given.append(path) or (Ramp(), WallProcessor())
        ),
        "clicks": models.ModelCard("clicks", "audio", "MIT", adapter=lambda path: given.append(path) or Clicks()),
    }
    for name, card in cards.items():
        monkeypatch.setitem(models.MODELS, name, card)
    masks = np.zeros((2, 64, 64), dtype=bool)
    masks[0, :20], masks[1, 44:] = True, True
    own = pipeline.See2Sound(preset="tiny", depth="ramp", audio="clicks")
    scene = own.run(np.zeros((64, 64, 3), np.uint8), masks=masks)
    assert given == [None, None]
    assert scene.positions_m[1, 1] < scene.positions_m[0, 1]  # the lower one is nearer
    assert scene.audio.argmax(axis=1).tolist() == [0, 1] and scene.audio.shape == (2, 800)


def test_two_owners_may_use_one_name():
    one, two = (models.ModelCard("x", "depth", "MIT", 9, f"{owner}/same-hf") for owner in ("me", "you"))
    assert one.file_name != two.file_name


@pytest.mark.parametrize(
    ("wrong", "words"), [({"task": "dept"}, "segmentation, depth"), ({"gives": "meters"}, "metres")]
)
def test_a_card_that_is_wrong_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        models.ModelCard(**{"name": "x", "task": "depth", "licence": "MIT", **wrong})


def test_weights_that_are_not_in_the_file_are_not_made_up(put_depth, cache):
    from safetensors.torch import load_file, save_file

    put_depth("depth-anything-small")
    (path,) = cache.rglob("model.safetensors")
    weights = load_file(path)
    del weights["backbone.embeddings.cls_token"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"1 weights are missing .*cls_token"):
        loading.load_depth("depth-anything-small")


def test_all_that_a_preset_lacks_is_told_at_once(cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    card = dataclasses.replace(models.MODELS["sam-vit-h"], source=f"{NOWHERE}/sam_vit_h_4b8939.pth")
    monkeypatch.setitem(models.MODELS, "sam-vit-h", card)
    paper = pipeline.See2Sound(preset="paper", device="cpu")
    with pytest.raises(FileNotFoundError) as caught:
        paper.run(PHOTO)
    for needed in (
        "sam_vit_h_4b8939.pth",
        "depth-anything-large-hf/resolve/main/model.safetensors",
        "see2sound convert",
    ):
        assert needed in str(caught.value)
