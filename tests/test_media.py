"""Pictures of every kind come out upright, RGB and of usable size; WAVs are whole, and what they say they are."""

import os
import struct

import numpy as np
import pytest
import soundfile
from PIL import Image

from see2sound_nb import media, render


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
    I = media.read_image(picture(tmp_path, f"a.{suffix}", red_left.convert(mode)))
    assert I.shape == (60, 100, 3)
    assert I.dtype == np.uint8
    assert is_red_left(I)


def test_exif_rotation_is_undone(tmp_path, red_left):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    turned = red_left.transpose(Image.Transpose.ROTATE_90)
    I = media.read_image(picture(tmp_path, "a.jpg", turned, exif=exif, quality=95))
    assert I.shape == (60, 100, 3)
    assert is_red_left(I)


def test_transparent_pixels_become_white(tmp_path):
    I = media.read_image(picture(tmp_path, "a.png", Image.new("RGBA", (40, 40), (255, 0, 0, 0))))
    assert (I == 255).all()


def test_sixteen_bit_greys_keep_their_brightness(tmp_path):
    values = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(64, axis=0)
    I = media.read_image(picture(tmp_path, "a.png", Image.fromarray(values)))
    np.testing.assert_allclose(I[0, :, 0], np.linspace(0, 255, 64), atol=1)


def test_sixteen_bit_colours_are_read(tmp_path):
    import cv2

    colour = np.zeros((40, 40, 3), np.uint16)
    colour[..., 2] = 65535  # OpenCV writes blue, green, red
    cv2.imwrite(str(tmp_path / "a.png"), colour)
    assert media.read_image(tmp_path / "a.png")[20, 20].tolist() == [255, 0, 0]


def test_sizes_are_fitted(tmp_path):
    assert media.read_image(picture(tmp_path, "a.png", Image.new("RGB", (1, 1), "red"))).shape == (32, 32, 3)
    assert media.read_image(picture(tmp_path, "b.jpg", Image.new("RGB", (5480, 3650)))).shape == (682, 1024, 3)
    assert media.read_image(np.zeros((2000, 10, 3), np.uint8)).shape == (1024, 32, 3)


def test_bad_files_are_named(tmp_path, red_left):
    with pytest.raises(FileNotFoundError, match="no photo at"):
        media.read_image(tmp_path / "missing.jpg")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ValueError, match="empty"):
        media.read_image(tmp_path / "empty.jpg")
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match="not a whole picture"):
        media.read_image(tmp_path / "text.jpg")
    whole = picture(tmp_path, "whole.jpg", red_left.resize((500, 500))).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not a whole picture"):
        media.read_image(tmp_path / "cut.jpg")
    with pytest.raises(ValueError, match="uint8"):
        media.read_image(np.zeros((4, 4, 3)))


def test_a_decompression_bomb_is_refused_from_its_header(tmp_path):
    bomb = picture(tmp_path, "bomb.png", Image.new("1", (10, 10))).read_bytes()
    header = struct.pack(">II", 60000, 60000)
    (tmp_path / "bomb.png").write_bytes(bomb[:16] + header + bomb[24:])
    with pytest.raises(ValueError, match=r"too large|not a whole picture"):
        media.read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_wav_is_read_back_by_libsndfile(tmp_path, rng, subtype):
    audio = rng.uniform(-1, 1, (6, 999)).astype(np.float32)
    path = media.write_wav(tmp_path / "a.wav", audio, 16000, layout="5.1", subtype=subtype)
    back, rate = soundfile.read(path)
    info = soundfile.info(path)
    assert (rate, info.channels, info.subtype, info.format) == (16000, 6, subtype, "WAVEX")
    bits = {"PCM_16": 16, "PCM_24": 24, "FLOAT": 32}[subtype]
    assert struct.unpack_from("<HHH", path.read_bytes(), 34) == (bits, 22, bits), "of a sample, and valid ones"
    np.testing.assert_allclose(back.T, audio, atol={"PCM_16": 2.0**-14, "PCM_24": 2.0**-22, "FLOAT": 0}[subtype])


def test_surround_channels_are_named_side_not_back(tmp_path):
    header = media.write_wav(tmp_path / "a.wav", np.zeros((6, 10)), 16000, layout="5.1").read_bytes()
    # FL 0x1, FR 0x2, FC 0x4, LFE 0x8, SL 0x200, SR 0x400
    assert struct.unpack_from("<I", header, 40)[0] == 0x60F
    header = media.write_wav(tmp_path / "b.wav", np.zeros((4, 10)), 16000, layout="foa").read_bytes()
    assert struct.unpack_from("<I", header, 40)[0] == 0, "Ambisonics channels are no loudspeakers"


def test_the_mask_of_7_1_4_names_its_channels_in_their_order(tmp_path):
    bits = {"FL": 0, "FR": 1, "FC": 2, "LFE": 3, "BL": 4, "BR": 5, "SL": 9, "SR": 10}  # Microsoft's speaker positions
    bits |= {"TFL": 12, "TFR": 14, "TBL": 15, "TBR": 17}
    header = media.write_wav(tmp_path / "a.wav", np.zeros((12, 10)), 48000, layout="7.1.4").read_bytes()
    mask = struct.unpack_from("<I", header, 40)[0]
    assert mask == sum(1 << bit for bit in bits.values())
    assert [bits[name] for name in render.LAYOUTS["7.1.4"]] == sorted(bits.values()), "WAV orders channels by their bit"


@pytest.mark.parametrize(("layout", "rate"), [("hoa2", 16000), ("hoa5", 48000)])
def test_ambisonics_of_many_channels_is_read_back(tmp_path, rng, layout, rate):
    audio = rng.uniform(-1, 1, (media.CHANNELS[layout], 99)).astype(np.float32)
    path = media.write_wav(tmp_path / "a.wav", audio, rate, layout=layout, subtype="FLOAT")
    back, read_rate = soundfile.read(path)
    np.testing.assert_array_equal(back.T, audio)
    assert read_rate == rate
    assert struct.unpack_from("<I", path.read_bytes(), 40)[0] == 0


@pytest.mark.parametrize("rate", [0, 7999, 16000.5, 200000, float("nan")])
def test_sample_rates_that_no_player_knows_are_named(tmp_path, rate):
    with pytest.raises(ValueError, match="8000 to 192000"):
        media.write_wav(tmp_path / "a.wav", np.zeros((2, 10)), rate)


def test_channels_that_do_not_fit_the_layout_are_counted(tmp_path):
    with pytest.raises(ValueError, match=r"4 channels, 5\.1 has 6"):
        media.write_wav(tmp_path / "a.wav", np.zeros((4, 10)), 16000, layout="5.1")


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="peak"):
        media.write_wav(tmp_path / "a.wav", np.full((2, 10), 1.5), 16000)
    with pytest.raises(ValueError, match="peak"):
        media.write_wav(tmp_path / "a.wav", np.full((2, 10), np.nan), 16000)

    def interrupted():
        with media.atomic_path(tmp_path / "b.wav") as beside:
            beside.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == []


def test_outputs_that_cannot_be_written_are_named(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        media.check_writable(tmp_path / "nowhere" / "a.wav")
    with pytest.raises(ValueError, match="is a folder"):
        media.check_writable(tmp_path)
    with pytest.raises(ValueError, match=r"7\.1"):
        media.write_wav(tmp_path / "a.wav", np.zeros((8, 10)), 16000, layout="7.1")
