"""SAM 2's video predictor as a tracker. The real architecture, small and random, draws nonsense; where a place is asked
for, it still runs, and what it draws is replaced by the truth."""

import itertools
from types import SimpleNamespace

import moving_truth as truth
import numpy as np
import pytest
from checkpoints import sam2_vision

from see2sound_nb._torchvision import ensure_torchvision
from see2sound_nb.models import table
from see2sound_nb.moving import looking
from see2sound_nb.regions import tracking
from see2sound_nb.regions.following import follow_things
from see2sound_nb.regions.loading import load_sam
from see2sound_nb.regions.sources import regions_of_masks
from see2sound_nb.regions.tracking import GONE, HIDDEN, SEEN, start_track
from see2sound_nb.regions.video_sam import VideoSam, load_video_sam

SIZE, RADIUS = (320, 180), 26
FRAMES = 26


@pytest.fixture(scope="module")
def model():
    """The video model, at 1/8 of the published one's size in each direction; 64 channels of memory are written into
    transformers' code."""
    import torch

    ensure_torchvision()
    from transformers import Sam2VideoConfig, Sam2VideoModel

    torch.manual_seed(0)
    config = Sam2VideoConfig(
        vision_config=sam2_vision(128), image_size=128,
        prompt_encoder_config=dict(image_size=128, patch_size=16, mask_input_channels=4, hidden_size=128),
        mask_decoder_config=dict(
            hidden_size=128, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16, attention_downsample_rate=2
        ),
        memory_attention_hidden_size=128, memory_attention_num_layers=1, memory_attention_feed_forward_hidden_size=32,
        memory_attention_rope_feat_sizes=[8, 8], memory_encoder_hidden_size=128, mask_downsampler_embed_dim=128,
        memory_fuser_embed_dim=128, memory_fuser_intermediate_dim=32, memory_fuser_num_layers=1,
    )  # fmt: skip
    model = Sam2VideoModel(config)
    for parameter in model.parameters():  # as they are made, neither prompt nor memory would change a mask by much
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=1.5 / np.sqrt(max(parameter[0].numel(), 2)))
    for name, parameter in model.named_parameters():
        if "cross_attn_image" in name or name.startswith("object_pointer_proj"):
            torch.nn.init.normal_(parameter, std=0.5)
    torch.nn.init.constant_(model.mask_decoder.pred_obj_score_head.proj_out.bias, 1e3)  # there is always a thing
    return model.eval()


class Truth:
    """Runs the model, keeps what it drew, and answers with a thing's true mask: of that which it was shown.

    `masks` (F, N, H, W) bool is what can be seen of the N things in the F `frames`.
    """

    def __init__(self, model, frames, masks, monkeypatch):
        self.masks, self.real, self.drawn = masks, model.forward, []
        self.sessions = []  # with the thing that each was shown
        look = VideoSam(model).processor
        pixels = [look(images=I, return_tensors="pt").pixel_values for I in frames]
        self.numbers = {picture.numpy().tobytes(): k for k, picture in enumerate(pixels)}
        monkeypatch.setattr(model, "forward", self)

    def __call__(self, inference_session, frame, frame_idx):
        import torch

        number = self.numbers[frame.numpy().tobytes()]
        if frame_idx == 0:
            shown = inference_session.mask_inputs_per_obj[0][0]
            small = torch.nn.functional.interpolate(shown, self.masks.shape[2:])[0, 0].numpy() > 0
            which = int(np.argmax([(small & mask).sum() / max(1, (small | mask).sum()) for mask in self.masks[number]]))
            self.sessions.append((inference_session, which))
        which = next(which for session, which in self.sessions if session is inference_session)
        output = self.real(inference_session=inference_session, frame=frame, frame_idx=frame_idx)
        self.drawn.append((which, frame_idx, number, output.pred_masks.clone()))
        output.pred_masks = torch.from_numpy(self.masks[number, which]).float()[None, None] * 20 - 10
        return output


def line(x, y, dx, dy=0.0, frames=FRAMES):
    t = np.arange(frames)[:, None]
    return np.hstack([x + dx * t, y + dy * t]).astype(float)


def discs(paths, **how):
    """Frames, and (F, N, H, W) what can be seen of each disc; the last is in front."""
    frames, _ = truth.clip_of(paths, FRAMES, radius=RADIUS, size=SIZE, **how)
    masks = np.array([[truth.disc_mask(path[k], RADIUS, SIZE) for path in paths] for k in range(FRAMES)])
    for k in range(len(paths) - 1):
        masks[:, k] &= ~masks[:, k + 1 :].any(axis=1)
    return list(frames), masks


def followed(video, frames, masks, frames_per_s=25.0):
    """Tracks from masks in the first frame; places (F, N, 2) in pixels, and states (F, N)."""
    tracks = [start_track(frames[0], mask) for mask in masks]
    places, states = [[t.place_px for t in tracks]], [[t.state for t in tracks]]
    for before, after in itertools.pairwise(frames):
        video.follow(before, after, tracks, frames_per_s)
        places.append([t.place_px for t in tracks])
        states.append([t.state for t in tracks])
    return tracks, np.array(places), np.array(states)


def errors_deg(places, path):
    return np.abs(truth.azimuths_deg(places, SIZE[0]) - truth.azimuths_deg(path, SIZE[0]))


def tensor_bytes(thing):
    import torch

    if isinstance(thing, torch.Tensor):
        return thing.numel() * thing.element_size()
    if isinstance(thing, dict):
        return sum(map(tensor_bytes, thing.values()))
    if isinstance(thing, list | tuple):
        return sum(map(tensor_bytes, thing))
    return tensor_bytes(vars(thing)) if hasattr(thing, "__dict__") else 0


@pytest.mark.parametrize("backwards", [False, True])
def test_places_go_with_what_is_drawn(model, monkeypatch, backwards):
    paths = [line(60, 60, 4), line(250, 110, -3, 1)]
    frames, masks = discs(paths, pan_px=1.0)
    if backwards:
        frames, masks, paths = frames[::-1], masks[::-1], [path[::-1] for path in paths]
    Truth(model, frames, masks, monkeypatch)
    tracks, places, states = followed(VideoSam(model), frames, masks[0])
    assert (states == SEEN).all()
    for k, path in enumerate(paths):
        assert errors_deg(places[:, k], path).max() <= 0.5
        speed = np.linalg.norm(path[1] - path[0])
        assert np.linalg.norm(tracks[k].velocity_px) == pytest.approx(speed, abs=0.3)
        pan = np.array([1.0 if backwards else -1.0, 0.0])  # of the ground, pixels a frame
        assert tracks[k].motion_px == pytest.approx(np.linalg.norm(path[1] - path[0] - pan), abs=0.6)
        now = tracks[k].mask_now()
        assert now.shape == (180, 320) and now.dtype == bool
        assert (now & masks[-1, k]).sum() >= 0.85 * (now | masks[-1, k]).sum()
        assert tracks[k].unseen == 0


def test_a_shape_that_fits_is_kept_and_one_that_does_not_is_drawn_anew_without_a_jump(model, monkeypatch):
    frames, masks = discs([line(60, 90, 4)])
    masks[15:, 0, :88] = False  # from then on only its lower half is drawn
    Truth(model, frames, masks, monkeypatch)
    video, track = VideoSam(model), start_track(frames[0], masks[0, 0])
    # a new mask for the first frame moves the middle, and not the place
    other = masks[0, 0] & (np.arange(320) < 75)
    assert tracking.reshape(track, frames[0], other)
    off = track.place_px - tracking.middle_of(other)
    assert np.linalg.norm(off) > 1
    shapes = []
    for before, after in itertools.pairwise(frames[:20]):
        was = track.place_px
        video.follow(before, after, [track], 25.0)
        shapes.append(track.mask)
        if len(shapes) != 15 and len(shapes) > 1:
            assert np.linalg.norm(track.place_px - was - [4, 0]) < 1.5
    assert len({id(shape) for shape in shapes}) <= 3, "not one for each frame"
    assert (track.mask_now() & masks[19, 0]).sum() >= 0.85 * (track.mask_now() | masks[19, 0]).sum()


def test_what_is_not_drawn_is_hidden_goes_on_and_is_gone_after_a_while(model, monkeypatch):
    frames, masks = discs([line(60, 90, 4)])
    masks[10:] = False
    Truth(model, frames, masks, monkeypatch)
    video = VideoSam(model)
    tracks, places, states = followed(video, frames, masks[0])
    assert (states[:10] == SEEN).all()
    assert (states[10:22] == HIDDEN).all(), "half a second"
    assert (states[23:] == GONE).all()
    assert np.abs(places[10:22, 0] - line(60, 90, 4)[10:22]).max() <= 1.0, "it went on as it went"
    np.testing.assert_array_equal(places[23:], np.broadcast_to(places[23], (FRAMES - 23, 1, 2)))
    assert tracks[0].unseen == 13
    video.follow(frames[0], frames[1], tracks, 25.0)
    assert not len(video._memories), "what is gone is forgotten"


def test_what_passes_behind_another_is_hidden_and_seen_again(model, monkeypatch):
    paths = [line(60, 90, 6), line(150, 90, 0)]
    frames, masks = discs(paths)
    Truth(model, frames, masks, monkeypatch)
    _, places, states = followed(VideoSam(model), frames, masks[0])
    assert (states[:, 1] == SEEN).all()
    hidden = np.flatnonzero(states[:, 0] == HIDDEN)
    assert 3 <= len(hidden) <= 9 and np.abs(hidden - 15).max() <= 4  # one covers the other at frame 15
    assert states[-1, 0] == SEEN
    for k, path in enumerate(paths):
        assert errors_deg(places[:, k], path).max() <= 0.5, "also while half of it is seen"


def test_to_be_found_elsewhere_is_no_movement(model, monkeypatch):
    path = line(60, 90, 4)
    path[15:, 0] += 40
    frames, masks = discs([path])
    masks[8:15] = False
    Truth(model, frames, masks, monkeypatch)
    video, track = VideoSam(model), start_track(frames[0], masks[0, 0])
    for before, after in itertools.pairwise(frames[:16]):
        video.follow(before, after, [track], 25.0)
        assert track.velocity_px == pytest.approx([4, 0], abs=0.3)
        assert track.motion_px == pytest.approx(4, abs=0.6)
    assert track.state == SEEN
    assert errors_deg(track.place_px[None], path[15:16]) <= 0.5


def test_what_leaves_is_gone(model, monkeypatch):
    path = line(260, 90, 5)  # its last pixel leaves at frame 17
    frames, masks = discs([path])
    Truth(model, frames, masks, monkeypatch)
    _, places, states = followed(VideoSam(model), frames, masks[0])
    gone = np.flatnonzero(states[:, 0] == GONE)[0]
    assert 13 <= gone <= 18
    assert errors_deg(places[:gone, 0], path[:gone]).max() <= 0.5, "also when half of it is out"


def test_memory_does_not_grow(model, monkeypatch):
    frames, masks = discs([line(60, 90, 3)])
    turns = [*range(26), *range(25, -1, -1), *range(8)]
    frames, masks = [frames[k].copy() for k in turns], masks[turns]  # to the track a copy of a frame is no turn
    Truth(model, frames, masks, monkeypatch)
    video, track = VideoSam(model), start_track(frames[0], masks[0, 0])
    sizes = []
    for before, after in itertools.pairwise(frames):
        video.follow(before, after, [track], 25.0)
        (memory,) = video._memories.values()
        sizes.append(tensor_bytes(memory.session))
    assert memory.frame == len(frames) - 1 == 59, "one session"
    assert len(set(sizes[16:])) == 1
    outputs = memory.session.output_dict_per_obj[0]
    assert len(outputs["non_cond_frame_outputs"]) == model.config.max_object_pointers_in_encoder - 1
    assert memory.session.processed_frames is None


def test_it_draws_what_transformers_draws_with_all_frames_kept_and_two_do_not_disturb_each_other(model, monkeypatch):
    """More frames than the memory has: what is dropped is not missed, and what is shared is not changed."""
    import torch
    import transformers
    from transformers import Sam2VideoProcessor, Sam2VideoVideoProcessor

    kind = getattr(transformers, "Sam2ImageProcessor", None) or transformers.Sam2ImageProcessorFast
    frames, masks = discs([line(60, 60, 4), line(250, 110, -3, 1)])
    frames = frames[:22]
    shown = Truth(model, frames, masks, monkeypatch)
    followed(VideoSam(model), frames, masks[0])
    drawn = {(which, frame): logits for which, frame, _, logits in shown.drawn}
    side = {"height": 128, "width": 128}
    processor = Sam2VideoProcessor(kind(size=side), Sam2VideoVideoProcessor(size=side))
    for which in range(2):
        session = processor.init_video_session()
        processor.add_inputs_to_inference_session(session, frame_idx=0, obj_ids=1, input_masks=masks[0, which])
        for k, I in enumerate(frames):
            pixels = processor(images=I, return_tensors="pt").pixel_values[0]
            expected = shown.real(inference_session=session, frame=pixels).pred_masks
            torch.testing.assert_close(drawn[which, k], expected)
    for which, frame, other in ((0, 20, (1, 20)), (0, 20, (0, 19)), (1, 20, (1, 19))):
        spread = (drawn[which, frame] - drawn[other]).std() / drawn[which, frame].std()
        assert spread > 1e-3, "each draws its own, and anew in each frame"


def test_the_memory_begins_anew_when_the_direction_turns_or_another_hand_has_moved_the_track(model, monkeypatch):
    frames, masks = discs([line(60, 90, 4)])
    shown = Truth(model, frames, masks, monkeypatch)
    video, track = VideoSam(model), start_track(frames[0], masks[0, 0])

    def go(a, b):
        video.follow(frames[a], frames[b], [track], 25.0)
        return len(shown.sessions)

    assert [go(0, 1), go(1, 2)] == [1, 1]
    assert [go(2, 1), go(1, 0)] == [2, 2]
    assert np.linalg.norm(track.place_px - [60, 90]) < 0.5
    assert [go(0, 1), go(1, 2)] == [3, 3]
    tracking.come_back(track, frames[2], masks[2, 0])
    assert go(2, 3) == 4
    assert go(5, 6) == 5, "frames are missing"
    assert [number for _, frame, number, _ in shown.drawn if frame == 0] == [0, 2, 0, 2, 5]


def test_new_things_are_followed_backwards_and_on(model, monkeypatch):
    path = line(60, 90, 4)
    frames, masks = discs([path])
    shown = Truth(model, frames, masks, monkeypatch)
    looks = zip(frames, itertools.repeat(None), itertools.repeat(None))
    video = VideoSam(model)
    (thing,) = follow_things(looks, lambda I: regions_of_masks(I, masks[12]), 1, 25.0, only_at=12, follow=video.follow)
    assert (thing.states == SEEN).all()
    assert errors_deg(thing.places_px, path).max() <= 0.5
    assert [session is not None for session, _ in shown.sessions] == [True, True], "one back, one on"
    assert len(video._memories) <= 1, "what went back has gone with its copies"


def test_nothing_is_asked_where_nothing_is_followed(model, monkeypatch):
    monkeypatch.setattr(model, "forward", None)
    VideoSam(model).follow(np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30, 3), np.uint8), [], 25.0)


def test_random_weights_keep_the_contract(model):
    """Whatever is drawn: states are states, places numbers."""
    frames, masks = discs([line(60, 60, 4), line(250, 110, -3, 1)])
    tracks, places, states = followed(VideoSam(model), frames, masks[0])
    assert np.isfinite(places).all()
    assert set(states.ravel()) <= {SEEN, HIDDEN, GONE}
    for track in tracks:
        assert track.mask.shape == (180, 320) and track.mask.dtype == bool and track.mask.any()
        assert track.since.shape == (2, 3) and track.anchor_px.shape == (2,)


@pytest.fixture
def put(cache, model):
    """Puts the video model where `load_sam` looks for sam2.1-tiny: as published, one file for photos and videos."""
    folder = cache / table.MODELS["sam2.1-tiny"].file_name
    model.save_pretrained(folder)
    return folder


def test_the_same_files_hold_both_models(put, model):
    import torch

    sam, _ = load_sam("sam2.1-tiny")
    video = load_video_sam(sam)
    assert video.model.vision_encoder is sam.model.vision_encoder, "most of the weights, once"
    assert load_video_sam(sam).model is video.model
    assert load_video_sam(sam) is not video, "with nothing in its memory"
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(video.model.state_dict()[name], tensor)


def pipeline_on(device, name="sam2.1-tiny"):
    return SimpleNamespace(names={"segmentation": name}, device=device, model=lambda task: load_sam("sam2.1-tiny"))


def test_clips_are_followed_by_it_on_a_gpu_where_it_is_the_model_for_photos(put):
    assert isinstance(looking._tracker(pipeline_on("cuda")).__self__, VideoSam)
    assert looking._tracker(pipeline_on("cpu")) is tracking.follow, "seconds a frame"
    assert looking._tracker(pipeline_on("cuda", "tiny-sam")) is tracking.follow


def test_one_without_memory_leaves_it_to_the_corners(put_sam, cache):
    put_sam("sam2.1-tiny")
    see = pipeline_on("cuda")
    with pytest.warns(UserWarning, match=r"sam2\.1-tiny cannot follow things .*weights are missing"):
        assert looking._tracker(see) is tracking.follow
    with pytest.raises(ValueError, match=r"choose one of SAM 2\.1"):
        load_video_sam(SimpleNamespace())


@pytest.mark.parametrize("device", ["cuda"])
def test_on_a_gpu_it_draws_the_same(model, device):
    import copy

    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    frames, masks = discs([line(60, 60, 4)])
    drawn = []
    for place in ("cpu", device):
        video = VideoSam(copy.deepcopy(model).to(place))
        track = start_track(frames[0], masks[0, 0])
        memory = video._remember(track, masks[0, 0], frames[0], frames[1])
        drawn.append([video._step(memory, video._encode(I)).cpu() for I in frames[1:8]])
        video.follow(frames[0], frames[1], [start_track(frames[0], masks[0, 0])], 25.0)
    for a, b in zip(*drawn):
        torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-2 * float(a.abs().max()))
