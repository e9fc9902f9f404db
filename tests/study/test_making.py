"""A study's folder: whole or not there, from photos that can be read."""

import base64
import re

import numpy as np
import pytest
import soundfile
from PIL import Image
from study.small_studies import scenes

import see2sound_nb as s2s
from see2sound_nb.study.making import make_study


def test_the_page_has_all_in_itself_and_names_nothing_outside(made):
    study, folder = made
    page = (folder / "study.html").read_text()
    for path in (folder / "media").iterdir():
        assert base64.b64encode(path.read_bytes()).decode() in page
    assert not re.search(r"""(src|href)=["'](?!data:)|@import|url\(|https?://(?!www\.w3\.org/2000/svg)""", page)
    assert all(text in page for text in (study.title, "Content-Security-Policy", 'lang="en"', "viewport"))
    assert sorted(path.name for path in folder.iterdir()) == ["media", "study.html", "study.json"]


def test_sounds_are_wavs_in_two_channels_and_pictures_are_seen(made):
    study, folder = made
    for item in study.items:
        for sound in item.sounds:
            audio, rate = soundfile.read(folder / "media" / f"{sound}.wav")
            assert rate == 16000 and audio.shape[1] == 2
        for picture in item.pictures:
            with Image.open(folder / "media" / f"{picture}.jpg") as image:
                assert image.size == (256, 192)
            assert "dog" in study.pictures[picture]


def test_consent_is_a_parameter_and_cannot_break_the_page(tmp_path):
    study = make_study(scenes(), tmp_path / "a", consent="</script><b>I & you", title="<i>T</i>")
    page = (tmp_path / "a" / "study.html").read_text()
    assert study.consent == ("</script><b>I & you",)
    assert "</script><b>" not in page and "<i>T" not in page and "&lt;i&gt;T" in page
    with pytest.raises(ValueError, match="consent is empty"):
        make_study(scenes(), tmp_path / "b", consent=["", " "])
    assert not (tmp_path / "b").exists()


def test_photos_that_cannot_be_used_are_named_before_any_work(tmp_path, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("a scene was made")

    monkeypatch.setattr(s2s.See2Sound, "run", never)
    good = s2s.demo_photo()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    target = tmp_path / "study"
    with pytest.raises(ValueError, match=r"broken\.jpg is not a whole picture"):
        make_study([good, broken, good], target)
    with pytest.raises(FileNotFoundError, match="no photo at"):
        make_study([good, tmp_path / "missing.jpg", good], target)
    with pytest.raises(ValueError, match="2 photos were given; a study needs 3 to 24"):
        make_study([good, good], target)
    with pytest.raises(ValueError, match="photos 1 and 3 are the same"):
        make_study([good, scenes()[1].image, good], target)
    assert not target.exists()


def test_a_photo_without_a_source_is_named(tmp_path):
    three = scenes()
    none = np.zeros(0, dtype=int)
    three[1].audio, three[1].positions_m, three[1].labels = three[1].audio[none], three[1].positions_m[none], []
    with pytest.raises(ValueError, match="photo 2 has no source"):
        make_study(three, tmp_path / "study")


def test_a_folder_in_use_stays_as_it_is(tmp_path, made):
    _, folder = made
    before = (folder / "study.json").read_bytes()
    with pytest.raises(FileExistsError, match="may have answers in it"):
        make_study(scenes(), folder)
    assert (folder / "study.json").read_bytes() == before
    with pytest.raises(ValueError, match="does not exist"):
        make_study(scenes(), tmp_path / "no" / "study")
    (tmp_path / "empty").mkdir()
    make_study(scenes(), tmp_path / "empty")
    assert (tmp_path / "empty" / "study.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]  # nothing is left beside
