"""Segment Anything's checkpoints, and those of transformers (SlimSAM, SAM 2) behind the same interface.

``SamPredictor`` and ``SamAutomaticMaskGenerator`` run unchanged on `HubSam`. transformers' own pipeline
``mask-generation`` is not used: it scales the points for SAM 2 as if the photo were padded to a square, though
that model's photos are stretched, and so never looks at the lower part of a wide photo.
Source: Kirillov et al. 2023; Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos".

Notebook: 00_start_here.
"""

from __future__ import annotations

import pathlib
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

from see2sound_nb.models.checking import REMEDY, check_size
from see2sound_nb.models.downloads import check_whole

#: Colours of the photos that all of these models were trained with (ImageNet), 0 to 255, RGB.
PIXEL_MEAN, PIXEL_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
#: Arguments of ``SamAutomaticMaskGenerator`` that the authors of SAM 2 use with it.
SAM2_AMG = {"pred_iou_thresh": 0.8}


def load_hub_sam(folder: pathlib.Path) -> tuple[HubSam, dict]:
    """Load a SAM or SAM 2 from a folder with ``config.json`` and ``model.safetensors``.

    Returns
    -------
    sam : HubSam
        In evaluation mode, on the CPU.
    generator_options : dict
        Arguments of ``SamAutomaticMaskGenerator`` that suit it.
    """
    from transformers import AutoConfig, AutoModelForMaskGeneration

    config = AutoConfig.from_pretrained(folder)
    check_size(folder, lambda: AutoModelForMaskGeneration.from_config(config), REMEDY)
    model, found = AutoModelForMaskGeneration.from_pretrained(folder, use_safetensors=True, output_loading_info=True)
    check_whole(found)
    sam = HubSam(model.eval(), folder)
    return sam, dict(SAM2_AMG) if sam.stretches else {}


def load_segment_anything(path: pathlib.Path) -> tuple[Any, dict]:
    """Load one of segment-anything's own checkpoints; its architecture is in the file's name.

    Returns
    -------
    sam : segment_anything.modeling.Sam
        In evaluation mode, on the CPU.
    generator_options : dict
        Arguments of ``SamAutomaticMaskGenerator`` that suit it.

    Raises
    ------
    ValueError
        If the file's name has no architecture in it.
    """
    from segment_anything import sam_model_registry

    kind = next((name for name in ("vit_b", "vit_l", "vit_h") if name in path.name), None)
    if kind is None:
        raise ValueError("its name must contain vit_b, vit_l or vit_h; another model needs an adapter in its entry")
    sam = sam_model_registry[kind]()
    sam.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return sam.eval(), {}


class Encoded(NamedTuple):
    """A photo's embedding, and the size that it had before it was made square."""

    embeddings: Any
    size: tuple[int, int]


class HubSam:
    """What ``SamPredictor`` needs of ``segment_anything.modeling.Sam``.

    Parameters
    ----------
    model : transformers.SamModel or transformers.Sam2Model
    folder : path, optional
        Where its files are, for `video_sam.load_video_sam`.

    Notes
    -----
    The predictor gives photos whose longer side is ``img_size`` pixels, and prompts in those pixels. SAM pads such
    a photo to a square, SAM 2 stretches it; prompts and masks follow.
    """

    mask_threshold = 0.0
    image_format = "RGB"

    def __init__(self, model, folder: pathlib.Path | None = None):
        self.model = model
        self.folder = folder
        self.stretches = model.config.model_type != "sam"
        self.image_encoder = ImageEncoder(self)
        self.prompt_encoder = PromptEncoder()
        self.mask_decoder = MaskDecoder(self)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    def to(self, device) -> HubSam:
        """Move the weights."""
        self.model.to(device)
        return self

    def preprocess(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise a photo, (1, 3, h, w) from 0 to 255; the encoder makes it square, as it keeps its size."""
        mean, std = (torch.tensor(c, device=pixels.device).view(3, 1, 1) for c in (PIXEL_MEAN, PIXEL_STD))
        return (pixels - mean) / std

    def postprocess_masks(self, masks: torch.Tensor, input_size, original_size) -> torch.Tensor:
        """Masks of the square, (N, M, s, s) logits, in the original photo's size."""
        if not self.stretches:
            side = self.image_encoder.img_size
            masks = F.interpolate(masks, (side, side), mode="bilinear", align_corners=False)
            masks = masks[..., : input_size[0], : input_size[1]]
        return F.interpolate(masks, tuple(original_size), mode="bilinear", align_corners=False)


class ImageEncoder:
    """The photo's way in: square, then through the model's encoder."""

    def __init__(self, sam: HubSam):
        self._sam = sam
        self.img_size: int = sam.model.prompt_encoder.input_image_size

    def __call__(self, pixels: torch.Tensor) -> Encoded:
        height, width = pixels.shape[-2:]
        if self._sam.stretches:
            square = F.interpolate(pixels, (self.img_size, self.img_size), mode="bilinear", antialias=True)
        else:
            square = F.pad(pixels, (0, self.img_size - width, 0, self.img_size - height))
        return Encoded(self._sam.model.get_image_embeddings(square.to(self._sam.model.dtype)), (height, width))


class PromptEncoder:
    """Hands the prompts on: transformers' models encode them themselves."""

    def get_dense_pe(self) -> None:
        """The model keeps the positions of its embedding to itself."""

    def __call__(self, points, boxes, masks):
        return (points, boxes), masks


class MaskDecoder:
    """Prompts and embedding to masks."""

    def __init__(self, sam: HubSam):
        self._sam = sam

    def __call__(
        self, image_embeddings, image_pe, sparse_prompt_embeddings, dense_prompt_embeddings, multimask_output
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Decode.

        Returns
        -------
        masks : torch.Tensor
            (N, M, s, s) float32 logits for N prompts with M masks each.
        quality : torch.Tensor
            (N, M) float32, the intersection over union that the model predicts for its own masks.
        """
        points, boxes = sparse_prompt_embeddings
        model, prompts = self._sam.model, {}
        if points is not None:
            prompts = {"input_points": self._squared(points[0], image_embeddings), "input_labels": points[1][None]}
        if boxes is not None:
            corners = self._squared(boxes.reshape(-1, 2, 2), image_embeddings)
            prompts["input_boxes"] = corners.flatten(2)
        if dense_prompt_embeddings is not None:
            prompts["input_masks"] = dense_prompt_embeddings.to(model.dtype)
        outputs = model(image_embeddings=image_embeddings.embeddings, multimask_output=multimask_output, **prompts)
        return outputs.pred_masks[0].float(), outputs.iou_scores[0].float()

    def _squared(self, corners: torch.Tensor, encoded: Encoded) -> torch.Tensor:
        """Points (N, n, 2), x and y in px of the photo, as (1, N, n, 2) in px of the square."""
        corners = corners[None].to(self._sam.model.dtype)
        if self._sam.stretches:
            height, width = encoded.size
            side = self._sam.image_encoder.img_size
            corners = corners * corners.new_tensor([side / width, side / height])
        return corners
