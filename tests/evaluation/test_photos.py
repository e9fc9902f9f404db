"""A folder of photos, from pictures to lines: resumed, in order, and not stopped by one that cannot be read.

The pipeline is a stand-in that makes noise bursts of a seed: what is tested is what goes on around it.
"""

import json
import types

import numpy as np
import pytest
from PIL import Image

from see2sound_nb.evaluation import photos as module
from see2sound_nb.evaluation.photos import COMPARED, FULL, WHOLE, evaluate_photos, find_photos, seed_of_photo
from see2sound_nb.room.shoebox import Room

FS = 16000
ROOM = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5))


class Stopped(BaseException):
    """As a kill: nothing catches it."""


class Bursts:
    """Called as See2Sound is; `spoil` may change the channels, `stop_at` is the run that is killed."""

    names, device = {"audio": "bursts"}, "cpu"

    def __init__(self, spoil=lambda phi: phi, stop_at=None):
        self.spoil, self.stop_at, self.runs = spoil, stop_at, []

    def run(self, I, seed):
        if len(self.runs) == self.stop_at:
            raise Stopped
        self.runs.append(seed)
        phi = np.stack([bursts(seed + k) for k in range(6)])
        return types.SimpleNamespace(
            image=I, labels=[{}], positions_m=np.array([[0.5, 2.0, 0.0]]), room=ROOM, sample_rate=FS,
            render=lambda layout: self.spoil(phi),
        )  # fmt: skip

    def generate(self, patches, prompts, seeds):
        return bursts(seeds[0])[None]


def bursts(seed, seconds=0.6):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * FS)) / FS
    loud = sum(np.where(t > start, np.exp(-20 * (t - start)), 0) for start in rng.uniform(0, seconds, 3))
    return (0.1 * (0.01 + loud) * rng.standard_normal(len(t))).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """Four photos, and what is none."""
    (tmp_path / "photos" / "inner.jpg").mkdir(parents=True)
    for k, name in enumerate(("a.png", "b.jpg", "c.JPEG", "d.png")):
        Image.new("RGB", (40, 32), (60 * k, 0, 0)).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "notes.txt").write_text("no photo")
    (tmp_path / "photos" / ".hidden.png").write_bytes(b"")
    return tmp_path / "photos"


def test_photos_are_found_by_name(folder):
    assert [path.name for path in find_photos(folder)] == ["a.png", "b.jpg", "c.JPEG", "d.png"]


@pytest.mark.parametrize("name", ["photos/notes.txt", "nowhere", "photos/inner.jpg"])
def test_a_folder_without_photos_is_refused(folder, name):
    with pytest.raises(ValueError, match="give"):
        find_photos(folder.parent / name)


def test_each_photo_is_compared_with_its_match_and_the_controls(folder, tmp_path):
    lines = evaluate_photos(Bursts(), find_photos(folder), tmp_path / "lines")
    for line in lines:
        for way in (WHOLE, FULL):
            found = line["values"]["corrected"][way]
            assert list(found) == list(COMPARED)
            assert found["unchanged"]["mfcc_dtw"] == 0
            assert 0 < found["matched"]["mfcc_dtw"] < found["another clip"]["mfcc_dtw"]


def test_the_other_clip_is_that_of_the_photo_before_and_of_the_first_that_of_the_next(folder, tmp_path):
    compared = []

    def measure(a, b, rate):
        compared.append((a, b))
        return {"mfcc_dtw": 0.0}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "similarity", measure)
        evaluate_photos(Bursts(), find_photos(folder), tmp_path / "lines")
    whole = {name: bursts(10 * seed_of_photo(0, name)) for name in ("a.png", "b.jpg", "c.JPEG", "d.png")}
    name_of = lambda x: next((n for n, y in whole.items() if len(x) == len(y) and np.allclose(x, y)), "")  # noqa: E731
    pairs = [(name_of(a), name_of(b)) for a, b in compared]
    others = [(a, b) for a, b in pairs if a and b and a != b]
    assert others == [("a.png", "b.jpg"), ("b.jpg", "a.png"), ("c.JPEG", "b.jpg"), ("d.png", "c.JPEG")]


def test_a_killed_run_goes_on_and_ends_with_the_same_lines(folder, tmp_path):
    photos = find_photos(folder)
    whole = evaluate_photos(Bursts(), photos, tmp_path / "whole")
    for stop_at in range(4):
        path = tmp_path / f"stopped{stop_at}"
        with pytest.raises(Stopped):
            evaluate_photos(Bursts(stop_at=stop_at), photos, path)
        pipeline = Bursts()
        assert evaluate_photos(pipeline, photos, path) == whole
        # none again but the one before, whose sound is the other clip, and the first as long as it had no other
        assert len(pipeline.runs) == {0: 4, 1: 4, 2: 3, 3: 2}[stop_at]
        assert path.read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_line_that_was_cut_off_anywhere_is_written_again(folder, tmp_path):
    photos = find_photos(folder)[:3]
    whole = evaluate_photos(Bursts(), photos, tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    ends = [k + 1 for k, byte in enumerate(content) if byte == ord("\n")]
    for cut in (5, ends[0], ends[0] + 7, ends[1] - 1, ends[1], ends[2] + 100, len(content) - 1):
        (tmp_path / "cut").write_bytes(content[:cut])
        assert evaluate_photos(Bursts(), photos, tmp_path / "cut") == whole
        assert sorted((tmp_path / "cut").read_bytes().splitlines()) == sorted(content.splitlines())


def test_what_is_done_is_not_done_again_unless_the_photo_changed(folder, tmp_path):
    photos = find_photos(folder)
    evaluate_photos(Bursts(), photos, tmp_path / "lines")
    pipeline = Bursts()
    evaluate_photos(pipeline, photos, tmp_path / "lines")
    assert pipeline.runs == []
    Image.new("RGB", (40, 32), (0, 255, 0)).save(photos[2])
    evaluate_photos(pipeline, photos, tmp_path / "lines")
    assert pipeline.runs == [seed_of_photo(0, "c.JPEG"), seed_of_photo(0, "b.jpg")]


def test_other_settings_need_another_file(folder, tmp_path):
    evaluate_photos(Bursts(), find_photos(folder)[:2], tmp_path / "lines")
    with pytest.raises(ValueError, match="with seed 0, not 1; choose another output"):
        evaluate_photos(Bursts(), find_photos(folder)[:2], tmp_path / "lines", seed=1)
    (tmp_path / "other").write_text("a poem\nof two lines\n")
    with pytest.raises(ValueError, match="no file of lines"):
        evaluate_photos(Bursts(), find_photos(folder)[:2], tmp_path / "other")
    assert (tmp_path / "other").read_text() == "a poem\nof two lines\n"


def test_one_bad_photo_is_reported_and_tried_again(folder, tmp_path):
    photos = find_photos(folder)
    good = photos[1].read_bytes()
    photos[1].write_bytes(good[:40])
    said = []
    lines = evaluate_photos(Bursts(), photos, tmp_path / "lines", warn=said.append)
    assert ["values" in line for line in lines] == [True, False, True, True]
    assert len(said) == 1 and "b.jpg was left out" in said[0] and lines[1]["error"] in said[0]
    photos[1].write_bytes(good)
    again = evaluate_photos(Bursts(), photos, tmp_path / "lines")
    assert again[1] == evaluate_photos(Bursts(), photos[:2], tmp_path / "fresh")[1], "whatever was done before it"


def nan_in_one(phi):
    spoilt = phi.copy()
    spoilt[3, 100] = np.nan
    return spoilt


SPOILT = {
    "silent": lambda phi: 0 * phi,
    "clipped": lambda phi: np.clip(1000 * phi, -1, 1),
    "mono": lambda phi: phi[0],
    "one sample": lambda phi: phi[:, :1],
    "7.1.4": lambda phi: np.concatenate([phi, phi]),
    "other length": lambda phi: phi[:, :5000],
}


@pytest.mark.parametrize("how", SPOILT)
def test_bad_sounds_give_numbers_or_none_and_never_nan(folder, tmp_path, how):
    lines = evaluate_photos(Bursts(SPOILT[how]), find_photos(folder)[:2], tmp_path / "lines")
    content = (tmp_path / "lines").read_text()
    assert "NaN" not in content and "Infinity" not in content
    found = lines[0]["values"]["corrected"][FULL]["unchanged"]["mfcc_dtw"]
    assert found == (None if how in ("silent", "one sample") else 0)
    assert lines[0]["values"]["corrected"][WHOLE]["unchanged"]["mfcc_dtw"] == 0


def test_a_sound_with_nan_leaves_its_photo_out_and_no_photo_at_all_is_an_error(folder, tmp_path):
    with pytest.raises(ValueError, match=r"none of the 2 photos could be evaluated.*NaN"):
        evaluate_photos(Bursts(nan_in_one), find_photos(folder)[:2], tmp_path / "lines")


def test_a_matcher_has_a_name_and_its_answer_is_checked(folder, tmp_path):
    photos = find_photos(folder)[:2]
    with pytest.raises(ValueError, match="matcher_name is empty"):
        evaluate_photos(Bursts(), photos, tmp_path / "lines", matcher=lambda audio, image, rate: audio)
    seen = []

    def same(audio, image, rate):
        seen.append((audio.shape, image.shape, rate))
        return audio

    lines = evaluate_photos(Bursts(), photos, tmp_path / "lines", matcher=same, matcher_name="nothing")
    assert lines[0]["values"]["corrected"][FULL]["matched"]["mfcc_dtw"] == 0
    assert seen[0] == ((9600,), (32, 40, 3), FS)
    assert json.loads((tmp_path / "lines").read_text().splitlines()[0])["matcher"] == "nothing"
    with pytest.raises(ValueError, match=r"must be \(T,\)"):
        evaluate_photos(
            Bursts(), photos, tmp_path / "two", matcher=lambda audio, image, rate: np.ones((2, 9)), matcher_name="two"
        )


def test_one_photo_has_no_other_clip(folder, tmp_path):
    (line,) = evaluate_photos(Bursts(), find_photos(folder)[:1], tmp_path / "lines")
    found = line["values"]["corrected"][FULL]
    assert set(found["another clip"].values()) == {None}
    assert found["noise"]["mfcc_dtw"] > 1


def test_photos_have_names_of_their_own(folder, tmp_path):
    with pytest.raises(ValueError, match=r"two photos are called a\.png"):
        evaluate_photos(Bursts(), [folder / "a.png", folder / "." / "a.png"], tmp_path / "lines")
    with pytest.raises(ValueError, match="no photos"):
        evaluate_photos(Bursts(), [], tmp_path / "lines")


def test_the_published_measures_come_beside(folder, tmp_path):
    pytest.importorskip("librosa")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "published_similarity", lambda a, b, rate: {"mfcc_dtw": 1e-4, "rhythm": np.nan})
        lines = evaluate_photos(Bursts(), find_photos(folder)[:2], tmp_path / "lines", published=True)
    assert lines[0]["values"]["as published"][FULL]["noise"] == {"mfcc_dtw": 1e-4, "rhythm": None}


@pytest.mark.slow
def test_two_photos_by_the_tiny_models(pipeline, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for k in range(2):
        small = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
        small.resize((96, 72)).save(tmp_path / f"{k}.png")
    lines = evaluate_photos(pipeline, find_photos(tmp_path), tmp_path / "lines")
    for line in lines:
        for way in (WHOLE, FULL):
            found = line["values"]["corrected"][way]
            assert found["unchanged"]["mfcc_dtw"] == 0 < found["matched"]["mfcc_dtw"] < found["noise"]["mfcc_dtw"]
    # once more, with all done: no model is loaded for it
    monkeypatch.setattr(module, "load_audio", lambda name: pytest.fail(f"{name} was loaded"))
    assert evaluate_photos(pipeline, find_photos(tmp_path), tmp_path / "lines") == lines
