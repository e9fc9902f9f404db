"""Colours come out as colorimetry says, and values of more than 8 bits by the stated rule."""

import numpy as np
import pytest
from media.pictures_made import cmyk_profile, grey_profile, png16, rgb_profile, saved, tiff
from PIL import Image

from see2sound_nb.media.picture_colours import white_of
from see2sound_nb.media.pictures import read_image

#: XYZ (D50) of sRGB's primaries, of Display P3's and of ProPhoto's (ROMM), in columns: from the standards.
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
PROPHOTO = np.array([[0.79767, 0.13519, 0.03135], [0.28804, 0.71188, 0.00009], [0.0, 0.0, 0.82521]])


def srgb_code(light):
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def srgb_of_lab(L, a, b):
    """CIE 15, with profiles' white (D50)."""
    f = (L + 16) / 116 + np.array([a / 500, 0, -b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.9642, 1.0, 0.8249)
    return srgb_code(np.linalg.inv(SRGB) @ xyz)


@pytest.mark.parametrize(("to_xyz", "gamma"), [(P3, 2.2), (PROPHOTO, 1.8), (SRGB, 1.0)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_an_rgb_profile_is_applied(to_xyz, gamma, kind):
    colours = np.array([(120, 100, 90), (200, 190, 180), (90, 110, 100), (60, 60, 60)], np.uint8)
    picture = np.repeat(np.repeat(colours.reshape(2, 2, 3), 32, axis=0), 32, axis=1)
    options = {"JPEG": dict(quality=100, subsampling=0), "WEBP": dict(lossless=True), "AVIF": dict(quality=100)}
    data = saved(picture, kind, icc_profile=rgb_profile(to_xyz, gamma), **options.get(kind, {}))
    expected = srgb_code((colours / 255.0) ** gamma @ to_xyz.T @ np.linalg.inv(SRGB).T)
    seen = read_image(data)[16::32, 16::32].reshape(4, 3)
    np.testing.assert_allclose(seen, expected, atol=4 if kind == "AVIF" else 2)
    assert np.abs(expected - colours).max() > 5, "without the profile it would be another colour"


def test_colours_outside_of_srgb_are_its_nearest():
    red = np.full((40, 40, 3), (255, 0, 0), np.uint8)
    assert read_image(saved(red, "PNG", icc_profile=rgb_profile(P3, 2.2)))[9, 9].tolist() == [255, 0, 0]


def test_grey_and_transparent_pictures_have_profiles_too():
    half = np.full((40, 40), 128, np.uint8)
    light = read_image(saved(half, "PNG", icc_profile=grey_profile(1.0)))
    assert np.abs(light - srgb_code(128 / 255)).max() < 2
    with_opacity = Image.merge("LA", [Image.fromarray(half), Image.new("L", (40, 40), 0)])
    assert (read_image(saved(with_opacity, "PNG", icc_profile=grey_profile(1.0))) == 255).all()
    np.testing.assert_array_equal(read_image(saved(half, "PNG", icc_profile=rgb_profile(SRGB, 1.0))), light)


def test_a_press_is_what_its_profile_says():
    """A press whose cyan is a pure blue: without its profile it would be cyan."""
    inks = {
        (0, 0, 0, 0): (100, 0, 0),
        (1, 0, 0, 0): (40, 20, -60),
        (0, 1, 0, 0): (50, 70, 0),
        (0, 0, 1, 0): (90, 0, 90),
    }
    for ink in inks:
        picture = Image.new("CMYK", (40, 40), tuple(255 * part for part in ink))
        expected = srgb_of_lab(*inks[ink])
        for kind, options in (("TIFF", {}), ("JPEG", dict(quality=100))):
            seen = read_image(saved(picture, kind, icc_profile=cmyk_profile(inks), **options))[20, 20]
            np.testing.assert_allclose(seen, expected, atol=6, err_msg=f"{ink} {kind}")


def test_lab_is_read_without_a_profile():
    lab = np.zeros((40, 40, 3), np.uint8)
    lab[:] = (round(2.55 * 60), 30, 256 - 40)  # L 60, a 30, b -40; a and b are signed in a TIFF
    picture = Image.frombytes("LAB", (40, 40), lab.tobytes())
    expected = srgb_of_lab(60, 30, -40)
    np.testing.assert_allclose(read_image(picture)[20, 20], expected, atol=3)
    np.testing.assert_allclose(read_image(saved(picture, "TIFF"))[20, 20], expected, atol=3)


@pytest.mark.parametrize("profile", [b"", b"junk", rgb_profile(P3, 2.2)[:-60], grey_profile(2.2), b"\0" * 200])
def test_a_profile_that_cannot_be_applied_is_noted(profile):
    notes: list[str] = []
    red = np.full((40, 40, 3), (200, 30, 40), np.uint8)
    np.testing.assert_array_equal(read_image(saved(red, "PNG", icc_profile=profile), notes), red)
    assert all("colour profile is damaged" in note for note in notes) and len(notes) == bool(profile)


# More than 8 bits ----------------------------------------------------------------------------------------------------


def ramp(top: float, dtype) -> np.ndarray:
    return np.linspace(0, top, 256)[None].repeat(64, axis=0).astype(dtype)


EXPECTED = np.arange(256)


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["grey PNG", "colour PNG", "grey TIFF", "array"])
def test_a_sensor_of_fewer_bits_is_as_bright_as_one_of_more(bits, kind):
    values = ramp(2**bits - 1, np.uint16)
    make = {
        "grey PNG": lambda: saved(values, "PNG"), "colour PNG": lambda: png16(np.dstack([values] * 3)),
        "grey TIFF": lambda: tiff(values), "array": lambda: values,
    }[kind]  # fmt: skip
    np.testing.assert_allclose(read_image(make())[32, :, 1], EXPECTED, atol=1)


def test_brightness_does_not_jump_at_256():
    seen = [read_image(saved(ramp(top, np.uint16), "PNG")).mean() for top in (254, 255, 256, 257, 300)]
    assert np.ptp(seen) < 2


def test_one_glint_or_dead_pixel_does_not_decide():
    photo = ramp(1.0, np.float32)
    without = read_image(photo).mean()
    photo[3, 200] = 1.05
    assert read_image(photo).mean() == pytest.approx(without, abs=0.1)
    photo[3, 200] = 60.0
    assert read_image(photo).mean() == pytest.approx(without, abs=0.1)
    sensor = ramp(4095, np.uint16)
    sensor[3, 200] = 65535
    assert read_image(saved(sensor, "PNG")).mean() == pytest.approx(without, abs=1)


def test_a_dark_photo_of_16_bits_stays_dark_if_its_file_states_white():
    dark = ramp(1000, np.uint16)
    stated = tiff(dark, (281, 3, (4095,)))  # MaxSampleValue
    np.testing.assert_allclose(read_image(stated)[32, :, 0], EXPECTED * 1000 / 4095, atol=1)
    wrong = tiff(dark, (281, 3, (255,)))  # less than what is in it
    np.testing.assert_allclose(read_image(wrong)[32, :, 0], EXPECTED * 1000 / 1023, atol=1)
    maximum = b"P5\n256 64\n4095\n" + dark.astype(">u2").tobytes()
    np.testing.assert_allclose(read_image(maximum)[32, :, 0], EXPECTED * 1000 / 4095, atol=1)
    night = ramp(40000, np.uint16)
    np.testing.assert_allclose(read_image(saved(night, "PNG"))[32, :, 0], EXPECTED * 40000 / 65535, atol=1)


@pytest.mark.parametrize(
    ("top", "dtype"),
    [
        (32767, np.int16), (2**31 - 1, np.int32), (2**32 - 1, np.uint32), (1.0, np.float32), (255.0, np.float32),
        (4095.0, np.float32), (1e6, np.float32),
    ],
)  # fmt: skip
def test_every_type_of_number(top, dtype):
    values = ramp(top, dtype)
    for order in "<>":
        if dtype is np.uint32 and order == ">":
            continue  # Pillow has no reader for it
        np.testing.assert_allclose(read_image(tiff(values, order=order))[32, :, 0], EXPECTED, atol=1)
    np.testing.assert_allclose(read_image(values)[32, :, 0], EXPECTED, atol=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_negative_is_turned_into_its_positive(dtype):
    """An X-ray says "0 is white" (PhotometricInterpretation 0); Pillow heeds that for 8 bits alone."""
    values = ramp(65535 if dtype is np.uint16 else 255 if dtype is np.uint8 else 1, dtype)
    np.testing.assert_allclose(read_image(tiff(values, photometric=0))[32, :, 0], EXPECTED[::-1], atol=1)


def test_values_that_are_missing_are_black():
    values = ramp(1.0, np.float32)
    values[:, :100] = np.nan
    I = read_image(tiff(values))
    assert (I[:, :100] == 0).all() and I[32, 200, 0] == 200


def test_opacity_of_16_bits():
    values = np.full((40, 40, 4), 4095, np.uint16)
    values[..., 1:3] = 0
    values[:20, :, 3] = 0
    seen = read_image(png16(values))
    assert seen[5, 5].tolist() == [255, 255, 255] and seen[30, 30].tolist() == [255, 0, 0]


def test_the_rule_in_numbers():
    def white(brightest, *how, **named):
        return white_of(np.array([0.0, brightest]), *how, **named)

    assert white(40000, 65535.0) == 65535  # 16 bits
    assert white(20000, 65535.0) == 20000  # of no known number of bits
    assert white(3000, 65535.0) == 4095  # 12 bits
    assert white(256, 65535.0) == 256
    assert white(20, 65535.0) == 255  # 8 bits in 16, dark
    assert white(2e9, 2.0**31 - 1) == 2**31 - 1
    assert white(0.2, None) == 1  # floating point, dark
    assert white(1.5, None) == 1.5  # its lights are brighter than white
    assert white(20, None, whole=True) == 255
    assert white(200.4, None) == 255
    assert white(20, 65535.0, 1023.0) == 1023  # as the file states
    assert white(2000, 65535.0, 1023.0) == 2000 > 1023  # which is wrong: 2000 of 4095 is less than half
