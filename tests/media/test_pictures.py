"""Pictures of every kind as the models see them."""

import struct

import numpy as np
import pytest
from PIL import Image

from see2sound_nb.media.pictures import read_image


def picture(tmp_path, name, image, **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


@pytest.fixture
def red_left():
    pixels = np.zeros((60, 100, 3), np.uint8)
    pixels[:, :50, 0], pixels[:, 50:, 2] = 255, 255
    return Image.fromarray(pixels)


def is_red_left(I):
    return I[30, 10, 0] > 180 and I[30, 10, 2] < 80 and I[30, -10, 2] > 180


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P"])
def test_colour_modes_become_rgb(tmp_path, red_left, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    I = read_image(picture(tmp_path, f"a.{suffix}", red_left.convert(mode)))
    assert I.shape == (60, 100, 3)
    assert I.dtype == np.uint8
    assert is_red_left(I)


def test_exif_rotation_is_undone(tmp_path, red_left):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    turned = red_left.transpose(Image.Transpose.ROTATE_90)
    I = read_image(picture(tmp_path, "a.jpg", turned, exif=exif, quality=95))
    assert I.shape == (60, 100, 3)
    assert is_red_left(I)


def test_transparent_pixels_become_white(tmp_path):
    I = read_image(picture(tmp_path, "a.png", Image.new("RGBA", (40, 40), (255, 0, 0, 0))))
    assert (I == 255).all()


def test_sixteen_bit_greys_keep_their_brightness(tmp_path):
    values = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(64, axis=0)
    I = read_image(picture(tmp_path, "a.png", Image.fromarray(values)))
    np.testing.assert_allclose(I[0, :, 0], np.linspace(0, 255, 64), atol=1)


def test_sixteen_bit_colours_are_read(tmp_path):
    import cv2

    colour = np.zeros((40, 40, 3), np.uint16)
    colour[..., 2] = 65535  # OpenCV writes blue, green, red
    cv2.imwrite(str(tmp_path / "a.png"), colour)
    assert read_image(tmp_path / "a.png")[20, 20].tolist() == [255, 0, 0]


def test_sizes_are_fitted(tmp_path):
    assert read_image(picture(tmp_path, "a.png", Image.new("RGB", (1, 1), "red"))).shape == (32, 32, 3)
    assert read_image(picture(tmp_path, "b.jpg", Image.new("RGB", (5480, 3650)))).shape == (682, 1024, 3)
    assert read_image(np.zeros((2000, 10, 3), np.uint8)).shape == (1024, 32, 3)


def test_bad_files_are_named(tmp_path, red_left):
    with pytest.raises(FileNotFoundError, match="no photo at"):
        read_image(tmp_path / "missing.jpg")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ValueError, match="empty"):
        read_image(tmp_path / "empty.jpg")
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match="not a whole picture"):
        read_image(tmp_path / "text.jpg")
    whole = picture(tmp_path, "whole.jpg", red_left.resize((500, 500))).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a whole picture"):
        read_image(tmp_path / "cut.jpg")


def test_a_decompression_bomb_is_refused_from_its_header(tmp_path):
    bomb = picture(tmp_path, "bomb.png", Image.new("1", (10, 10))).read_bytes()
    header = struct.pack(">II", 60000, 60000)
    (tmp_path / "bomb.png").write_bytes(bomb[:16] + header + bomb[24:])
    with pytest.raises(ValueError, match=r"too large|not a whole picture"):
        read_image(tmp_path / "bomb.png")
