"""Things followed by SAM 2's video predictor, behind the same function as `tracking.follow`.

SAM 2 looks at each frame beside a memory of the last few and of the one in which the thing was shown to it, and draws
the thing anew. So it follows what turns, bends or has no corners, and knows again what was hidden. It knows nothing of
where a thing is while it is hidden, nor whether it moves against the ground: that goes as in `tracking`.

Source: Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos"; the model is that of transformers.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import dataclasses
import weakref
from typing import Any

import numpy as np
import torch

from see2sound_nb.models.downloads import check_whole
from see2sound_nb.regions.hub_sam import HubSam
from see2sound_nb.regions.shots import colours
from see2sound_nb.regions.tracking import (
    ENOUGH,
    GONE,
    GROUND_CORNERS,
    HIDDEN,
    LEAST_VISIBLE,
    MOST_GROWTH,
    SEEN,
    Track,
    advance,
    carried,
    corner_pairs,
    corners_in,
    dilated,
    joined,
    middle_of,
    similarity,
)

#: A thing keeps its shape, moved and scaled, as long as that has this intersection over union with what SAM 2 draws: a
#: mask for each frame would fill the memory.
SAME_SHAPE = 0.85
#: It takes a new one only when so much of it can be seen: what others cover, or the border cuts off, is its own still.
ALMOST_WHOLE = 0.9
#: So many times a shape is shifted until what can be seen of it lies about what is drawn.
ROUNDS = 6
#: A thing of which less than `LEAST_VISIBLE` of its area is drawn is not seen; after so many seconds half of an area is
#: forgotten, so that what goes away from the camera is no thing that hides.
AREA_HALVES_S = 1.0

_LOADED: weakref.WeakKeyDictionary[HubSam, Any] = weakref.WeakKeyDictionary()


def load_video_sam(sam: HubSam) -> VideoSam:
    """The video predictor of the same downloaded files as a SAM 2 for photos, on the same device.

    Parameters
    ----------
    sam : HubSam
        As from `regions.loading.load_sam`, a SAM 2. Its image encoder, most of the weights, serves both.

    Returns
    -------
    VideoSam
        With nothing in its memory; the model is loaded once for each `sam`.

    Raises
    ------
    ValueError
        If there are no files, or they lack the memory for videos.

    Notes
    -----
    The files are safetensors. Notebook: 07_moving_pictures.
    """
    if not isinstance(sam, HubSam) or sam.folder is None or not sam.stretches:
        raise ValueError("this model has no video predictor; choose one of SAM 2.1, such as sam2.1-tiny")
    if sam not in _LOADED:
        from transformers import Sam2VideoModel

        model, found = Sam2VideoModel.from_pretrained(sam.folder, use_safetensors=True, output_loading_info=True)
        check_whole(found)
        model.vision_encoder = sam.model.vision_encoder
        _LOADED[sam] = model.eval().to(sam.device)
    return VideoSam(_LOADED[sam])


@dataclasses.dataclass(eq=False)
class _Memory:
    """What SAM 2 knows of a track, and how the track was left."""

    session: Any
    frame: int  # how many frames it has seen since it was shown the thing
    area: float
    before: np.ndarray  # the last frame, and the one before that
    last: np.ndarray
    mask: np.ndarray
    since: np.ndarray

    def goes_on(self, track: Track, before: np.ndarray, after: np.ndarray) -> bool:
        """Whether the next frames continue it: they are the next ones, and nobody else has touched the track."""
        untouched = self.mask is track.mask and self.since is track.since
        return untouched and self.last is before and self.before is not after


class VideoSam:
    """SAM 2's video predictor, with a memory of its own for each track.

    Parameters
    ----------
    model : transformers.Sam2VideoModel
        In evaluation mode, on any device; see `load_video_sam`.

    Notes
    -----
    Of a track it keeps what the model's memory attends to, and no frames: the memory of the frame in which the thing
    was shown to it, and of the last few (6), and pointers of some more (15) for the published models.

    A track's memory begins with its mask, and begins anew when the track was changed by others (`tracking.reshape`,
    `tracking.come_back`), when the direction turns, and for a copy of the track; it ends when the track is gone or no
    longer there. Ravi et al. 2024, section 4. Notebook: 07_moving_pictures.
    """

    def __init__(self, model: Any):
        import transformers
        from transformers import Sam2VideoProcessor, Sam2VideoVideoProcessor

        # Later versions of transformers 5 dropped "Fast" from the name.
        kind = getattr(transformers, "Sam2ImageProcessor", None) or transformers.Sam2ImageProcessorFast
        side = model.prompt_encoder.input_image_size
        size = {"height": side, "width": side}
        self.model = model
        self.processor = Sam2VideoProcessor(kind(size=size), Sam2VideoVideoProcessor(size=size))
        self._memories: weakref.WeakKeyDictionary[Track, _Memory] = weakref.WeakKeyDictionary()
        self._encoded: tuple[np.ndarray, _Encoded] | None = None  # the last frame

    def follow(self, before: np.ndarray, after: np.ndarray, tracks: list[Track], frames_per_s: float) -> None:
        """Bring all tracks from one frame to the next, in place, as `tracking.follow` does.

        Parameters
        ----------
        before, after : np.ndarray
            (H, W, 3) uint8 RGB, two frames, one after the other (or, to follow backwards, before it). Memory goes on
            where `before` is the array that was `after` in the last call; it must not have been written over.
        tracks : list of Track
            Those that are gone stay where they are.
        frames_per_s : float
            Frames a second, to know how long a thing has not been seen.

        Notes
        -----
        A track's place goes as the middle of what is drawn, from where it was. Where others are drawn over it, or the
        border cuts it, its shape is laid over what is left. Ravi et al. 2024, section 4.
        Notebook: 07_moving_pictures.
        """
        for track in [track for track in self._memories if track.state == GONE]:
            del self._memories[track]
        alive = [track for track in tracks if track.state != GONE]
        if not alive:
            return
        masks = [track.mask_now() for track in alive]
        ground = _ground(before, after, masks)
        memories = [self._remember(*pair, before, after) for pair in zip(alive, masks)]
        behind = [_is_behind(k, alive, masks) for k in range(len(alive))]
        encoded = self._encode(after)
        drawn = [None if memory is None else self._draw(memory, encoded, after, frames_per_s) for memory in memories]
        for k, (track, memory) in enumerate(zip(alive, memories)):
            others = [mask for j, mask in enumerate(drawn) if j != k and mask is not None]
            free = ~np.any(others, axis=0) if others else np.ones(after.shape[:2], bool)
            _bring(track, drawn[k], free, ground, after, masks, behind=behind[k], frames_per_s=frames_per_s)
            if memory is not None:
                memory.before, memory.last = before, after
                memory.mask, memory.since = track.mask, track.since
        self._encoded = after, encoded

    def _remember(self, track: Track, mask: np.ndarray, before: np.ndarray, after: np.ndarray) -> _Memory | None:
        """A track's memory up to the frame before, begun there with its mask if need be; None if that is empty."""
        memory = self._memories.get(track)
        if memory is not None and memory.goes_on(track, before, after):
            return memory
        if not mask.any():
            self._memories.pop(track, None)
            return None
        device = self.model.device
        session = self.processor.init_video_session(inference_device=device, dtype=self.model.dtype)
        self.processor.add_inputs_to_inference_session(session, frame_idx=0, obj_ids=1, input_masks=mask)
        memory = _Memory(session, -1, float(mask.sum()), before, before, track.mask, track.since)
        if self._encoded is None or self._encoded[0] is not before:
            self._encoded = before, self._encode(before)
        self._step(memory, self._encoded[1])
        session.remove_mask_inputs(0, 0)
        self._memories[track] = memory
        return memory

    def _draw(self, memory: _Memory, encoded: _Encoded, I: np.ndarray, frames_per_s: float) -> np.ndarray | None:
        """The mask of a thing in the next frame, (H, W) bool; None if there is too little of it."""
        logits = self._step(memory, encoded).float()
        (drawn,) = self.processor.post_process_masks([logits], [I.shape[:2]])
        mask = drawn[0, 0].cpu().numpy()
        area = float(mask.sum())
        memory.area = max(area, memory.area * 0.5 ** (1 / (AREA_HALVES_S * frames_per_s)))
        return mask if area >= max(1.0, LEAST_VISIBLE * memory.area) else None

    @torch.inference_mode()
    def _encode(self, I: np.ndarray) -> _Encoded:
        """A frame through the image encoder, once for all tracks."""
        model = self.model
        pixels = self.processor(images=I, device=model.device, return_tensors="pt").pixel_values.to(model.dtype)
        found = model.get_image_features(pixels, return_dict=True)
        features = {"vision_feats": found.fpn_hidden_states, "vision_pos_embeds": found.fpn_position_encoding}
        return _Encoded(pixels[0], features)

    def _step(self, memory: _Memory, encoded: _Encoded) -> torch.Tensor:
        """One frame more: (1, 1, h, w) logits of the thing in it. What the memory needs no longer is dropped."""
        session = memory.session
        memory.frame += 1
        session.cache.cache_vision_features(memory.frame, encoded.features)
        output = self.model(inference_session=session, frame=encoded.pixels, frame_idx=memory.frame)
        session.processed_frames = None
        session.cache.clear_all()
        session.frames_tracked_per_obj[0].clear()
        outputs = session.output_dict_per_obj[0]
        attended = memory.frame + 2 - self.model.num_maskmem
        pointed = memory.frame + 2 - self.model.config.max_object_pointers_in_encoder
        later = outputs["non_cond_frame_outputs"]
        for frame in [frame for frame in later if frame < min(attended, pointed)]:
            del later[frame]
        for frame, kept in [*outputs["cond_frame_outputs"].items(), *later.items()]:
            for name in ("pred_masks", "high_res_masks"):
                kept.pop(name, None)
            if 0 < frame < attended:
                for name in ("maskmem_features", "maskmem_pos_enc"):
                    kept.pop(name, None)
        return output.pred_masks


@dataclasses.dataclass(eq=False)
class _Encoded:
    """A frame as the model takes it, and what its image encoder makes of it."""

    pixels: torch.Tensor
    features: dict[str, Any]


def _bring(
    track: Track, mask: np.ndarray | None, free: np.ndarray, ground: np.ndarray, after: np.ndarray,
    masks: list[np.ndarray], *, behind: bool, frames_per_s: float,
) -> None:  # fmt: skip
    """Bring a track to where a mask was drawn, or on as it went where there is none; what is not `free` is others."""
    lost = track.state == HIDDEN
    velocity_px, motion_px = track.velocity_px, track.motion_px
    step = None
    if mask is not None:
        free = free | mask
        step = _step_to(track, mask, free)
    advance(track, step, ground, after, masks, behind=behind, frames_per_s=frames_per_s)
    if mask is None or track.state != SEEN:
        return
    if lost:  # from where it was thought to be to where it is: that is no movement
        track.velocity_px, track.motion_px = velocity_px, motion_px
    now = track.mask_now() & free
    same = (now & mask).sum() >= SAME_SHAPE * (now | mask).sum()
    if not same and now.sum() >= ALMOST_WHOLE * _whole(track):
        track.anchor_px, track.since, track.mask, track.hue = track.place_px, np.eye(2, 3), mask, colours(after, mask)


def _step_to(track: Track, mask: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The shift and growth, (2, 3) float64, that lay what can be seen of a track's shape over a mask."""
    middle = track.since[:, :2] @ middle_of(track.mask) + track.since[:, 2]
    to, shift = middle_of(mask), track.velocity_px
    for _ in range(ROUNDS):
        seen = carried(track.mask, joined(np.column_stack([np.eye(2), shift]), track.since)) & free
        by = to - (middle_of(seen) if seen.any() else middle + shift)
        shift = shift + by
        if np.abs(by).max() < 0.05:
            break
    growth = 1.0
    if seen.sum() >= ENOUGH * _whole(track):
        growth = float(np.clip(np.sqrt(mask.sum() / seen.sum()), 1 / MOST_GROWTH, MOST_GROWTH))
    return np.column_stack([growth * np.eye(2), growth * shift + (1 - growth) * (middle + shift)])


def _whole(track: Track) -> float:
    """The area of all of a track's shape where it is now, in pixels squared."""
    return float(track.mask.sum() * abs(np.linalg.det(track.since[:, :2])))


def _is_behind(k: int, tracks: list[Track], masks: list[np.ndarray]) -> bool:
    """Whether so much of a thing is where others are seen that it could be behind them."""
    others = [mask for j, mask in enumerate(masks) if j != k and tracks[j].state == SEEN]
    covered = (masks[k] & np.any(others, axis=0)).sum() if others else 0
    return bool(covered > (1 - LEAST_VISIBLE) * masks[k].sum())


def _ground(before: np.ndarray, after: np.ndarray, masks: list[np.ndarray]) -> np.ndarray:
    """How what is not followed moves, (2, 3) float64, as in `tracking.follow`."""
    import cv2

    grey = [cv2.cvtColor(I, cv2.COLOR_RGB2GRAY) for I in (before, after)]
    free = ~np.any([dilated(mask) for mask in masks], axis=0)
    (pair,) = corner_pairs(grey[0], grey[1], [corners_in(grey[0], free, GROUND_CORNERS, coarse=True)], [False])
    found = similarity(*pair)
    return np.eye(2, 3) if found is None else found
