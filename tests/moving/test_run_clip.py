"""A clip on its whole way: where things are heard, shots, what is chosen by hand, work that is stopped and goes on."""

import itertools

import moving_truth as truth
import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.moving import looking, run_clip
from see2sound_nb.moving.run_clip import seed_in_shot
from see2sound_nb.places.frames import directions
from see2sound_nb.sounds.generation import seed_of_source

SIZE = (320, 180)
FRAMES = 26


def line(x, y, dx, dy=0.0, frames=FRAMES):
    t = np.arange(frames)[:, None]
    return np.hstack([x + dx * t, y + dy * t]).astype(float)


def discs(paths, frames=FRAMES, **how):
    return truth.clip_of(paths, frames, radius=26, size=SIZE, **how)


def masks_at(paths, k):
    return np.stack([truth.disc_mask(path[k], 26, SIZE) for path in paths])


def azimuths(scene, k=0):
    """Azimuths of source k at the moments of its path, and these moments in frames."""
    shot = scene.shots[0]
    return directions(shot.paths_m[:, k])[0], shot.times_s * 25


CROSSING = [line(70, 90, 5), line(220, 100, -4)]


@pytest.fixture(scope="module")
def crossing(pipeline):
    frames, masks = discs(CROSSING)
    return pipeline.run(frames, masks=masks, seed=3)


def test_things_are_heard_where_they_are_seen(crossing):
    for k, path in enumerate(CROSSING):
        azimuth, at = azimuths(crossing, k)
        true = truth.azimuths_deg(np.column_stack([np.interp(at, np.arange(FRAMES), path[:, 0]), at]), 320)
        error = np.abs(azimuth - true)[at <= FRAMES - 1]
        assert np.median(error) <= 0.5
        assert error.max() <= 2.5


def test_a_scene_of_a_clip_is_whole(crossing):
    (shot,) = crossing.shots
    assert (shot.first, shot.last, shot.start_s, shot.end_s) == (0, FRAMES - 1, 0.0, pytest.approx(FRAMES / 25))
    assert shot.paths_m.shape == (len(shot.times_s), 2, 3)
    assert shot.places_px.shape == (FRAMES, 2, 2)
    assert shot.heard.min() == 1.0
    assert shot.key.audio.shape[0] == 2 and shot.key.ambience is not None
    assert (shot.key.impulse_responses("5.1") != 0).any()
    phi = crossing.render("binaural")
    assert phi.shape == (2, round(FRAMES / 25 * crossing.sample_rate))


def test_chosen_by_hand_in_any_frame_they_go_the_same_way(pipeline, crossing):
    frames, _ = discs(CROSSING)
    scene = pipeline.run(frames, masks=masks_at(CROSSING, 20), frame=20, seed=3)
    for k in range(2):
        assert np.abs(azimuths(scene, k)[0] - azimuths(crossing, k)[0]).max() <= 1.0


def test_reversed_and_mirrored(pipeline, crossing):
    frames, masks = discs(CROSSING)
    back = pipeline.run(frames[::-1], masks=masks_at(CROSSING, FRAMES - 1), seed=3)
    mirrored = pipeline.run(np.ascontiguousarray(frames[:, :, ::-1]), masks=masks[:, :, ::-1].copy(), seed=3)
    for k in range(2):
        forth, at = azimuths(crossing, k)
        turned = np.interp((FRAMES - 1) - at, at, azimuths(back, k)[0])
        assert np.median(np.abs(forth - turned)) <= 0.5
        assert np.abs(forth + azimuths(mirrored, k)[0]).max() <= 0.5


def test_one_frame_is_the_photo_bit_for_bit(pipeline):
    I = s2s.read_image(s2s.demo_photo())
    photo, clip = pipeline.run(I, seed=1), pipeline.run(I[None], seed=1)
    assert type(clip) is type(photo)
    np.testing.assert_array_equal(photo.audio, clip.audio)
    np.testing.assert_array_equal(photo.positions_m, clip.positions_m)
    np.testing.assert_array_equal(photo.render("5.1"), clip.render("5.1"))


def test_a_still_scene_does_not_tremble(pipeline):
    frames, masks = discs([line(200, 90, 0, frames=40)], 40, noise=4.0)
    path = pipeline.run(frames, masks=masks).shots[0].paths_m[:, 0]
    azimuth, _, distance = directions(path)
    assert np.abs(np.diff(distance) / distance[:-1]).max() < 0.005
    assert np.abs(np.diff(azimuth)).max() < 0.05


@pytest.fixture(scope="module")
def two_shots():
    """The demo photo for a second, then the same on its head in other colours."""
    from PIL import Image

    I = np.asarray(Image.open(s2s.demo_photo()).convert("RGB").resize((480, 320)))
    return np.stack([I] * 15 + [I[::-1, :, ::-1]] * 12)


def test_shots_are_seen_apart_and_what_bears_one_name_sounds_alike(pipeline, two_shots):
    scene = pipeline.run(two_shots, sources=2, seed=0)
    assert [(shot.first, shot.last) for shot in scene.shots] == [(0, 14), (15, 26)]
    first = scene.shots[0].key
    assert first.labels and first.positions_m.shape == (len(first.labels), 3)
    sounds = {}
    for shot in scene.shots:
        for label, sound in zip(shot.key.labels, shot.key.audio, strict=True):
            sounds.setdefault((label["label"], label["caption"]), []).append(sound)
    for alike in sounds.values():
        for other in alike[1:]:
            np.testing.assert_array_equal(alike[0], other)


def test_the_same_seed_the_same_sound_in_the_first_shot_as_in_the_photo():
    assert [seed_in_shot(7, 0, k) for k in range(3)] == [seed_of_source(7, k) for k in range(3)]
    many = {seed_in_shot(seed, shot, k) for seed in range(3) for shot in range(1, 40) for k in range(11)}
    assert len(many) == 3 * 39 * 11 and max(many) < 2**63


class Stopped(Exception):
    """As when somebody presses Ctrl-C."""


def test_work_that_was_stopped_goes_on_where_it_was(pipeline, two_shots, tmp_path, monkeypatch):
    def stop(step, done, total):
        if step == "audio":
            raise Stopped

    with pytest.raises(Stopped):
        pipeline.run(two_shots, sources=1, keep=tmp_path / "parts", progress=stop)
    kept = sorted(path.name.split("-", 1)[1] for path in (tmp_path / "parts").iterdir())
    assert kept == ["shot-0000.npz", "shot-0001.npz", "shots.json"]
    whole = pipeline.run(two_shots, sources=1)
    with monkeypatch.context() as patch:
        for name in ("find_sources", "estimate_depth"):
            patch.setattr(looking, name, lambda *_, **__: pytest.fail("what was kept is looked at again"))
        again = pipeline.run(two_shots, sources=1, keep=tmp_path / "parts")
    np.testing.assert_array_equal(again.render("stereo"), whole.render("stereo"))
    assert again.report() == whole.report()
    with monkeypatch.context() as patch:
        patch.setattr(type(pipeline), "generate", lambda *_, **__: pytest.fail("kept sounds are made again"))
        again = pipeline.run(two_shots, sources=1, keep=tmp_path / "parts")
    np.testing.assert_array_equal(again.render("stereo"), whole.render("stereo"))


def test_parts_of_another_clip_or_of_other_options_are_not_taken(pipeline, two_shots, tmp_path):
    frames = two_shots[10:20]
    pipeline.run(frames, keep=tmp_path)
    before = set(tmp_path.iterdir())
    pipeline.run(frames[::-1], keep=tmp_path)
    assert len(set(tmp_path.iterdir()) - before) == 4  # the cuts, two shots, the sounds
    before = set(tmp_path.iterdir())
    pipeline.run(frames, sources=1, keep=tmp_path)
    assert len(set(tmp_path.iterdir()) - before) == 4


def test_each_step_tells_how_far_it_is(pipeline, two_shots):
    told = []
    pipeline.run(two_shots, sources=1, progress=lambda *what: told.append(what))
    steps = [step for step, _ in itertools.groupby(step for step, _, _ in told)]
    assert steps == ["shots", "things", "audio"]
    for step in steps:
        done = [d for s, d, _ in told if s == step]
        assert done == sorted(done)
        assert told[max(k for k, one in enumerate(told) if one[0] == step)][1:] in [(27, 27), (8, 8), (16, 16)]


def test_a_file_whose_end_is_missing_is_heard_as_far_as_it_goes(pipeline, two_shots, monkeypatch):
    clip = s2s.open_clip(two_shots)
    real = run_clip.read_frames

    def cut(clip, longest):
        return itertools.islice(real(clip, longest), 10)

    monkeypatch.setattr(run_clip, "read_frames", cut)
    scene = pipeline.run(clip, sources=1)
    assert any("10 of 27 frames could be read" in note for note in scene.notes)
    assert scene.duration_s == pytest.approx(0.4)
    monkeypatch.setattr(run_clip, "read_frames", lambda clip, longest: iter(()))
    with pytest.raises(ValueError, match="none of its frames can be read"):
        pipeline.run(clip, sources=1)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"geometry": "paper"}, "clips need 'metric'"),
        ({"masks": np.ones((1, 5, 5), bool)}, r"bool \(N, 320, 480\)"),
        ({"masks": np.ones((1, 320, 480), bool), "frame": 27}, "frame=27 must lie in 0 to 26"),
        ({"sources": 11}, "sources=11"),
    ],
)
def test_what_does_not_fit_is_said_before_the_work(pipeline, two_shots, how, why):
    with pytest.raises(ValueError, match=why):
        pipeline.run(two_shots, progress=lambda *_: pytest.fail("work has begun"), **how)


def test_a_clip_that_is_too_long_is_refused_before_the_work(pipeline):
    import dataclasses

    clip = s2s.open_clip(np.zeros((2, 36, 64, 3), np.uint8))
    long = dataclasses.replace(clip, times_s=np.array([0.0, 601.0]), end_s=602.0)
    with pytest.raises(ValueError, match="lasts 602 s; at most 600 s"):
        pipeline.run(long)


def test_a_blank_clip_is_its_ambience_and_says_so(pipeline):
    scene = pipeline.run(np.full((6, 90, 160, 3), 200, np.uint8), sources=2)
    assert scene.shots[0].key.labels == []
    assert any("Nothing in the clip is certain enough" in note for note in scene.notes)
    assert np.abs(scene.render("5.1")).max() > 0


def test_a_frame_as_the_run_sees_it():
    frames = np.stack([np.full((720, 1280, 3), k, np.uint8) for k in (10, 20, 30)])
    clip = s2s.open_clip(frames)
    I = s2s.read_frame(clip, 2)
    assert I.shape == (360, 640, 3) and (I == 30).all()
    for k in (-1, 3):
        with pytest.raises(ValueError, match=f"frame={k} must lie in 0 to 2"):
            s2s.read_frame(clip, k)


def test_torch_has_as_many_threads_as_before_and_one_while_it_looks(pipeline, two_shots, monkeypatch):
    import torch

    before, seen, real = torch.get_num_threads(), [], looking.estimate_depth

    def spy(*arguments):
        seen.append(torch.get_num_threads())
        return real(*arguments)

    monkeypatch.setattr(looking, "estimate_depth", spy)
    torch.set_num_threads(2)
    try:
        pipeline.run(two_shots[:8], sources=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}
