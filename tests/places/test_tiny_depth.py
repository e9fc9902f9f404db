"""The tiny depth model: interface, direction and quality on pictures whose depth is known by simple maths."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def tiny_depth():
    from see2sound_nb.places.tiny_depth import build_tiny_depth

    return build_tiny_depth()


def estimate(tiny_depth, rgb):
    """The generic transformers code that works for every depth checkpoint."""
    model, processor = tiny_depth
    with torch.no_grad():
        output = model(**processor(images=rgb, return_tensors="pt"))
    return processor.post_process_depth_estimation(output, [rgb.shape[:2]])[0]["predicted_depth"].numpy()


def corridor(height=240, width=320, focal=220.0, half=1.2, roof=1.1, end=9.0):
    """A textured corridor of 2.4 m x 2.5 m, seen along its middle: (H, W, 3) uint8 and its depth in metres."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    a, b = (x - width / 2) / focal, (y - height / 2) / focal
    side, floor, ceiling = half / np.abs(a), 1.4 / np.maximum(b, 1e-6), roof / np.maximum(-b, 1e-6)
    planes = np.stack([side, floor, ceiling, np.full_like(a, end)])
    depth, which = planes.min(0), planes.argmin(0)
    along = np.where(which == 0, b * depth, a * depth)
    checks = (np.floor(depth * 1.5) + np.floor(along * 2.5)) % 2
    colours = np.array([[200, 180, 150], [120, 90, 60], [230, 230, 225], [160, 170, 190]])[which]
    light = (0.75 + 0.25 * checks) * (0.5 + 0.5 / (1 + (depth / 6) ** 2))
    return (colours * light[..., None]).astype(np.uint8), depth


def right_order(nearness, depth, pairs=20_000):
    rng = np.random.default_rng(0)
    a, b = rng.integers(depth.size, size=(2, pairs))
    near, far = depth.ravel()[a], depth.ravel()[b]
    counts = np.abs(near - far) > 0.1 * np.minimum(near, far)
    return ((near < far) == (nearness.ravel()[a] > nearness.ravel()[b]))[counts].mean()


def test_shape_and_type(tiny_depth):
    rgb = np.random.default_rng(0).integers(0, 256, (150, 233, 3), dtype=np.uint8)
    depth = estimate(tiny_depth, rgb)
    assert depth.shape == (150, 233) and depth.dtype == np.float32
    assert np.isfinite(depth).all() and depth.min() >= -1e-3


def test_larger_is_nearer_in_a_corridor(tiny_depth):
    rgb, depth = corridor()
    rows = np.broadcast_to(np.arange(depth.shape[0])[:, None], depth.shape)
    score = right_order(estimate(tiny_depth, rgb), depth)
    assert score > 0.8
    assert score > right_order(rows, depth) + 0.15  # 'lower is nearer' says nothing about a ceiling


def test_the_order_survives_scale_and_shift(tiny_depth):
    rgb, depth = corridor()
    nearness = estimate(tiny_depth, rgb)
    assert right_order(3 * nearness + 7, depth) == pytest.approx(right_order(nearness, depth), abs=1e-3)


def test_deterministic(tiny_depth):
    rgb, _ = corridor(96, 128, 88.0)
    np.testing.assert_array_equal(estimate(tiny_depth, rgb), estimate(tiny_depth, rgb))


def test_mirrored_picture_gives_the_mirrored_map(tiny_depth):
    model, _ = tiny_depth
    pixels = torch.from_numpy(corridor(96, 128, 88.0)[0]).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        there, back = model(pixels).predicted_depth, model(pixels.flip(-1)).predicted_depth.flip(-1)
    torch.testing.assert_close(there, back, rtol=1e-3, atol=1e-3)


def test_saved_and_loaded_again(tiny_depth, tmp_path):
    from see2sound_nb.places.tiny_depth import TinyDepthForDepthEstimation

    model, _ = tiny_depth
    model.save_pretrained(tmp_path)
    again = TinyDepthForDepthEstimation.from_pretrained(tmp_path).eval()
    pixels = torch.linspace(-1, 1, 3 * 64 * 96).reshape(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(again(pixels).predicted_depth, model(pixels).predicted_depth)
        assert torch.equal(again(pixels, return_dict=False)[0], again(pixels).predicted_depth)


def test_wrong_size_is_refused(tiny_depth):
    with pytest.raises(ValueError, match="multiples of 32"):
        tiny_depth[0](torch.zeros(1, 3, 50, 64))


def test_a_very_long_panorama_is_reduced(tiny_depth):
    with torch.no_grad():
        assert tiny_depth[0](torch.zeros(1, 3, 64, 6400)).predicted_depth.shape == (1, 64, 6400)


def test_models_that_share_the_trunk_load_in_any_order():
    import subprocess
    import sys

    code = """
import numpy as np
import see2sound_nb as s2s
s2s.estimate_depth(np.zeros((64, 64, 3), np.uint8), *s2s.load_depth("tiny-depth"))
s2s.load_sam("tiny-sam")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
