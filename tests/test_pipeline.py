"""The whole way from a photo to spatial audio, on the shipped photo and on bad input."""

import numpy as np
import pytest
from PIL import Image

import see2sound_nb as s2s
from see2sound_nb import pipeline as pipeline_module
from see2sound_nb.models import effort
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.regions.sources import regions_of_masks
from see2sound_nb.sounds.generation import MOST_SOURCES, SOURCE_LEVEL_DB, seed_of_ambience, seed_of_source
from see2sound_nb.sounds.sound_classes import NAMES, known_sentences


def guitar_on_the_left():
    """The guitar of the shipped photo, alone on the left of an empty picture."""
    picture = np.full((400, 640, 3), (170, 185, 205), np.uint8)
    guitar = Image.fromarray(s2s.read_image(s2s.demo_photo())[330:768, 560:900]).resize((220, 284))
    picture[70:354, 40:260] = guitar
    return picture


def test_every_intermediate_is_there(scene):
    N, (H, W) = len(scene.labels), scene.image.shape[:2]
    assert 1 <= N <= 3
    assert scene.masks.shape == (N, H, W)
    assert scene.masks.dtype == bool
    assert len(scene.contours) == len(scene.polygons) == len(scene.patches) == N
    assert scene.boxes.shape == (N, 4)
    assert scene.depth.shape == (H, W)
    assert scene.positions_m.shape == (N, 3)
    assert scene.audio.shape[0] == N
    assert scene.audio.dtype == np.float32
    assert scene.audio.shape[1] / scene.sample_rate >= 5
    assert scene.sample_rate == 16000
    assert scene.impulse_responses("5.1").shape[:2] == (N, 6)
    for (x0, x1, y0, y1), patch in zip(scene.boxes, scene.patches):
        np.testing.assert_array_equal(patch, scene.image[y0 : y1 + 1, x0 : x1 + 1])


def test_sources_stand_where_the_picture_shows_them_and_the_left_one_is_heard_on_the_left(pipeline):
    scene = pipeline.run(guitar_on_the_left(), sources=1, steps=5)
    azimuth = s2s.directions(scene.positions_m)[0][0]
    assert azimuth > 5, "left of the middle"
    spectrum = np.fft.rfft(scene.render("5.1").astype(float), 1 << 18)
    energy = (np.abs(spectrum[:, round(300 / 16000 * (1 << 18)) :]) ** 2).sum(axis=1)  # below, the room's modes decide
    assert energy[0] > 1.5 * energy[1], "FL above FR"
    power = (scene.impulse_responses("5.1")[0].astype(float) ** 2).sum(axis=1)
    assert power[0] > 1.5 * power[1], "of all frequencies together, too"
    left, right = scene.impulse_responses("binaural")[0].astype(float)
    assert (left**2).sum() > (right**2).sum()
    threshold = 0.2 * max(np.abs(left).max(), np.abs(right).max())
    assert np.argmax(np.abs(left) > threshold) <= np.argmax(np.abs(right) > threshold), "not later at the left ear"


def test_mirrored_photo_mirrors_the_scene(pipeline):
    photo = guitar_on_the_left()
    x, mirrored = (pipeline.run(p, sources=1, steps=1).positions_m[0, 0] for p in (photo, photo[:, ::-1].copy()))
    assert x < 0 < mirrored
    assert mirrored == pytest.approx(-x, rel=0.35)


def test_the_same_seed_gives_the_same_sound(pipeline, scene):
    again = pipeline.run(s2s.demo_photo(), sources=3, seed=0)
    np.testing.assert_array_equal(again.audio, scene.audio)
    np.testing.assert_array_equal(again.ambience.audio, scene.ambience.audio)
    other = pipeline.run(s2s.demo_photo(), masks=scene.masks[:1], seed=1)
    assert not np.allclose(other.audio[0], scene.audio[0])


def test_the_whole_photo_has_its_ambience_and_need_not_have_it(pipeline, scene):
    bare, around = (
        pipeline.run(scene.image, masks=scene.masks[:1], steps=2, ambience=wanted) for wanted in (False, True)
    )
    assert bare.ambience is None
    alike = np.corrcoef(bare.audio[0], around.audio[0])[0, 1]
    assert alike > 0.98, "a source sounds the same, whatever is around it; batches of other sizes round differently"
    assert around.ambience.kind in NAMES
    assert around.ambience.caption in known_sentences(), "no model of language is needed for it"
    assert around.ambience.audio.shape == around.audio.shape[1:]
    assert 10 * np.log10(np.mean(around.ambience.audio**2.0)) == pytest.approx(SOURCE_LEVEL_DB, abs=0.01)
    other = pipeline.run(scene.image, masks=scene.masks[:1], steps=2, seed=1)
    assert abs(np.corrcoef(other.ambience.audio, around.ambience.audio)[0, 1]) < 0.5


def test_no_source_has_the_seed_of_an_ambience():
    last = 2**59 - 1
    assert seed_of_source(last + 1000, MOST_SOURCES - 1) < seed_of_ambience(last) < seed_of_ambience(0) < 2**63


def test_a_photo_without_sources_is_its_ambience(pipeline, scene, monkeypatch):
    nothing = regions_of_masks(scene.image, scene.masks).take([])
    monkeypatch.setattr(pipeline_module, "find_sources", lambda *_, **__: nothing)
    for geometry in ("metric", "paper"):
        alone = pipeline.run(scene.image, steps=1, geometry=geometry)
        assert alone.audio.shape == (0, len(alone.ambience.audio))
        assert alone.positions_m.shape == (0, 3)
        assert np.abs(alone.render("5.1")).max() > 0.5
        assert "is its ambience" in alone.describe()
    silent = pipeline.run(scene.image, steps=1, ambience=False)
    assert silent.render("stereo").shape[1] > 5 * silent.sample_rate
    assert not silent.render("stereo").any()


def test_a_prompt_changes_the_sound(pipeline):
    I = guitar_on_the_left()
    masks = np.zeros((1, *I.shape[:2]), bool)
    masks[0, 70:354, 40:260] = True
    plain, rain = (pipeline.run(I, masks=masks, prompt=p, steps=5) for p in (None, "heavy rain"))
    assert not np.allclose(plain.audio[0], rain.audio[0])
    assert [made.report()["prompt"] for made in (plain, rain)] == [None, "heavy rain"]


def test_for_given_masks_no_segmentation_model_is_needed(monkeypatch):
    pipeline = s2s.See2Sound(segmentation="sam-vit-b", device="cpu")
    assert pipeline.estimate_seconds() > 0
    monkeypatch.setattr(pipeline_module, "load_sam", lambda *args, **options: 1 / 0)
    asked = []
    monkeypatch.setattr(pipeline_module, "fetch_missing", lambda names: asked.extend(names))
    masks = np.zeros((2, 400, 640), bool)
    masks[0, 70:354, 40:260] = masks[1, 100:200, 500:600] = True
    assert pipeline.estimate_seconds(masks=masks) == 0
    assert len(pipeline.run(guitar_on_the_left(), masks=masks, steps=1).labels) == 2
    assert asked == ["tiny-depth", "tiny-codi"]


def test_two_masks_of_the_whole_photo_are_two_ambient_sources(pipeline):
    scene = pipeline.run(guitar_on_the_left(), masks=np.ones((2, 400, 640), bool), steps=1)
    assert scene.positions_m.shape == (2, 3)
    assert (scene.positions_m[:, 0] == 0).all()


def test_paper_geometry_runs_and_says_what_it_changed(pipeline):
    scene = pipeline.run(s2s.demo_photo(), sources=2, geometry="paper", select="area", steps=2)
    assert scene.room.size_m[0] == scene.image.shape[1]
    assert any("FR" in note for note in scene.notes)
    assert np.abs(scene.render("5.1")).max() > 0.5
    assert len(scene.impulse_responses("5.1")[0, 0]) < 16000 * 10


def test_figures_are_drawn(scene):
    from matplotlib import pyplot

    figure = s2s.plot_story(scene)
    assert len(figure.axes) == 5, "four panels and a colour bar"
    assert all(ax.get_xlabel() for ax in figure.axes[:4])
    pyplot.close(figure)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sources": 0}, "sources=0"),
        ({"sources": 11}, "sources=11"),
        ({"select": "best"}, "best"),
        ({"geometry": "flat"}, "flat"),
    ],
)
def test_arguments_out_of_range_are_named(pipeline, arguments, message):
    with pytest.raises(ValueError, match=message):
        pipeline.run(guitar_on_the_left(), **arguments)


def test_unknown_names_are_named(scene, tmp_path):
    with pytest.raises(ValueError, match="huge"):
        s2s.See2Sound(preset="huge")
    with pytest.raises(ValueError, match="tiny-depth"):
        s2s.See2Sound(depth="tiny-sam")
    with pytest.raises(ValueError, match="quad"):
        scene.render("quad")
    with pytest.raises(ValueError, match="quad"):
        scene.save(tmp_path / "a.wav", layout="quad")


def test_in_low_memory_one_model_at_a_time_is_kept():
    import gc
    import weakref

    pipeline = s2s.See2Sound(low_memory=True)
    pipeline.model("segmentation")
    in_a_circle = type("Hooked", (), {})()
    in_a_circle.itself = in_a_circle
    gone = weakref.ref(in_a_circle)
    pipeline._loaded["segmentation"] = in_a_circle
    del in_a_circle
    gc.disable()
    try:
        depth = weakref.ref(pipeline.model("depth")[0])
    finally:
        gc.enable()
    assert gone() is None
    assert depth() is not None
    scene = pipeline.run(s2s.demo_photo(), sources=1, steps=1)
    assert list(pipeline._loaded) == ["audio"]
    assert depth() is None
    assert np.isfinite(scene.audio).all()


@pytest.mark.parametrize(("preset", "device"), [("tiny", "cpu"), ("small", "cuda"), ("paper", "cuda")])
def test_the_tiny_models_stay_on_the_cpu_beside_a_gpu(monkeypatch, preset, device):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert s2s.See2Sound(preset=preset, low_memory=False).device == device


def test_a_long_run_says_so_before_it_starts(monkeypatch):
    monkeypatch.setattr(effort, "flops_per_second", lambda: 1e11)
    paper = s2s.See2Sound(preset="paper", device="cpu", low_memory=True)
    one, two = (paper.estimate_seconds(sources, steps=50, ambience=False) for sources in (1, 2))
    assert paper.estimate_seconds(1, steps=50) == two, "an ambience is one more sound"
    assert two - one == pytest.approx((50 * 614 + 1859) / 100)  # GFLOP of a sound at 100 GFLOP/s
    assert one - (two - one) == pytest.approx((1.7 * 5961 + 17000 + 1806) / 100)  # SAM ViT-H and Depth Anything L
    assert s2s.See2Sound(preset="tiny").estimate_seconds() == 0
    assert s2s.See2Sound(preset="paper", device="cuda", low_memory=True).estimate_seconds() == 0
    monkeypatch.setattr(pipeline_module, "fetch_missing", lambda names: None)
    monkeypatch.setattr(See2Sound, "model", lambda *_: 1 / 0)  # the run ends where it would begin
    with pytest.warns(UserWarning, match="about 10 minutes"), pytest.raises(ZeroDivisionError):
        paper.run(s2s.demo_photo(), sources=1, ambience=False)
