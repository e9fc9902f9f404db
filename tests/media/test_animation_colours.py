"""Animations have colour profiles, orientations and faults as pictures have."""

import numpy as np
import pytest
from media.pictures_made import QUARTERS, chunk, quarters, rgb_profile, turned
from PIL import Image

from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clip_kinds import is_animated
from see2sound_nb.media.clips import is_clip, open_clip
from see2sound_nb.media.pictures import read_image

PLACES = ((16, 24), (16, 72), (48, 24), (48, 72))
#: XYZ (D50) of Adobe RGB's primaries, in columns.
ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])


def animation(path, pictures, **options):
    first, *others = [Image.fromarray(I) for I in pictures]
    first.save(path, save_all=True, append_images=others, duration=100, **options)
    return path


@pytest.mark.parametrize("suffix", ["webp", "avif", "png"])
def test_the_frames_have_the_colours_that_the_still_has(tmp_path, suffix):
    how = {"webp": dict(lossless=True), "avif": dict(quality=95), "png": {}}[suffix]
    how["icc_profile"] = rgb_profile(ADOBE, 2.2)
    still = tmp_path / f"still.{suffix}"
    Image.fromarray(quarters()).save(still, **how)
    clip = open_clip(animation(tmp_path / f"a.{suffix}", [quarters(), quarters()[::-1]], **how))
    I = next(read_frames(clip))
    assert np.abs(read_image(still)[PLACES[1]].astype(int) - QUARTERS[1]).max() > 10, "they are others than without"
    for place in PLACES:
        np.testing.assert_allclose(I[place], read_image(still)[place], atol=3)


@pytest.mark.parametrize("suffix", ["webp", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_animation_that_lies_on_its_side_is_turned(tmp_path, suffix, orientation):
    lying = np.array(turned(orientation))
    how = dict(lossless=True) if suffix == "webp" else {}
    head = Image.Exif()
    head[0x112] = orientation
    clip = open_clip(animation(tmp_path / f"a.{suffix}", [lying, 255 - lying], exif=head, **how))
    assert clip.size == (96, 64) and len(clip) == 2
    for I, upright in zip(read_frames(clip), (quarters(), 255 - quarters()), strict=True):
        np.testing.assert_array_equal(I, upright)


def test_what_is_torn_is_no_animation_or_is_refused_in_one_line(tmp_path, capfd):
    whole = animation(tmp_path / "a.webp", [quarters(), quarters()[::-1]]).read_bytes()
    apng = animation(tmp_path / "a.png", [quarters(), quarters()[::-1]]).read_bytes()
    end = apng.find(b"IEND") - 4
    for name, data in {
        "head.webp": whole[:40], "half.webp": whole[: len(whole) // 2],
        "text.png": apng[:33] + chunk(b"zTXt", b"k\0\7") + apng[33:],
        "torn.png": apng[: end - 30], "no_frames.png": apng.replace(b"\0\0\0\x02\0\0\0\0", b"\xff\xff\xff\xff\0\0\0\0"),
    }.items():  # fmt: skip
        path = tmp_path / name
        path.write_bytes(data)
        is_animated(path)
        try:
            frames, said = [*read_frames(open_clip(path))] if is_clip(path) else [read_image(path, [])], name
        except ValueError as error:
            frames, said = [], str(error)
        assert name in said and said.isprintable(), said
        assert all(I.shape == (64, 96, 3) for I in frames), name
    assert capfd.readouterr() == ("", "")
