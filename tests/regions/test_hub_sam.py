"""SAMs of the model hub, through segment-anything's own predictor."""

import numpy as np
import pytest
from checkpoints import PHOTO

from see2sound_nb.regions.loading import load_sam
from see2sound_nb.regions.masks import automatic_masks


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
    sam, _ = load_sam(name)
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
    sam, options = load_sam(name)
    few = {"points_per_side": 4, "pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 1.0}
    masks, quality = automatic_masks(PHOTO, sam, {**options, **few})
    assert masks.dtype == bool
    assert masks.shape[1:] == PHOTO.shape[:2]
    assert 0 < len(masks) == len(quality)
    assert (np.diff(masks.sum(axis=(1, 2))) <= 0).all(), "largest first"


def test_a_broken_checkpoint_of_the_hub_is_named(put_sam, cache):
    put_sam("slimsam")
    path = cache / "Zigeng" / "SlimSAM-uniform-77" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"SlimSAM-uniform-77/model\.safetensors is damaged .* delete it"):
        load_sam("slimsam")
