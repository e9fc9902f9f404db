"""The frames of a clip as they are meant to be seen."""

import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from media.clips_made import (
    BLUE,
    GREEN,
    PALETTE,
    RED,
    SIZE,
    WHITE,
    YELLOW,
    apng,
    film,
    gif,
    number_of,
    numbered,
    with_hidden_start,
    with_hidden_vp8,
    with_matrix,
)  # fmt: skip
from PIL import Image

from see2sound_nb.media import clip_frames, clips
from see2sound_nb.media.clip_frames import read_frames, size_within
from see2sound_nb.media.clips import open_clip

LOSSLESS = {"qp": "0"}


def numbers(path, longest_px=None) -> list[int]:
    clip = open_clip(path)
    frames = list(read_frames(clip, longest_px))
    assert all(I.shape == frames[0].shape and I.dtype == np.uint8 and I.flags.c_contiguous for I in frames)
    assert len(frames) == len(clip)
    assert frames[0].shape[1::-1] == size_within(clip.size, longest_px)
    return [number_of(I) for I in frames]


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [
        ("mp4", "libx264", "yuv420p"), ("mov", "libx264", "yuv420p"), ("mkv", "libx264", "yuv420p"),
        ("webm", "libvpx", "yuv420p"), ("webm", "libvpx-vp9", "yuv420p"), ("avi", "mpeg4", "yuv420p"),
        ("avi", "libx264", "yuv420p"), ("ts", "libx264", "yuv420p"), ("mpg", "mpeg2video", "yuv420p"),
        ("flv", "flv", "yuv420p"), ("wmv", "wmv2", "yuv420p"), ("mp4", "libx265", "yuv420p10le"),
    ],
)  # fmt: skip
def test_every_frame_comes_once_in_order(tmp_path, suffix, codec, pix_fmt):
    path = film(tmp_path / f"a.{suffix}", codec=codec, pix_fmt=pix_fmt)
    assert numbers(path) == numbers(path, 60) == list(range(24))


def test_hidden_frames_of_vp8_and_of_edit_lists_are_not_shown(tmp_path):
    alternate = with_hidden_vp8(tmp_path / "a.webm", film(tmp_path / "vp8.webm", codec="libvpx"), hidden=5)
    assert numbers(alternate) == [*range(5), *range(6, 24)]
    cut = with_hidden_start(tmp_path / "a.mp4", film(tmp_path / "whole.mp4", 24, options={"g": "12"}), 10)
    assert numbers(cut) == list(range(10, 24))


@pytest.mark.parametrize(
    "matrix", [(a, 0, 0, d) for a in (1, -1) for d in (1, -1)] + [(0, b, c, 0) for b in (1, -1) for c in (1, -1)]
)
def test_turned_and_mirrored_films_are_upright(tmp_path, matrix):
    a, b, c, d = matrix
    # The film is stored so that pixel (x, y) is shown at (a x + c y, b x + d y), moved back into the picture.
    shown = numbered(5)
    size = SIZE if a else SIZE[::-1]
    y, x = np.mgrid[: size[1], : size[0]]
    u, v = a * x + c * y, b * x + d * y
    stored = shown[v - v.min(), u - u.min()]
    path = with_matrix(film(tmp_path / "a.mp4", [stored] * 2, size=size, options=LOSSLESS), matrix)
    clip = open_clip(path)
    assert clip.size == SIZE
    for I in read_frames(clip):
        assert np.abs(I.astype(int) - shown).mean() < 12 and number_of(I) == 5
    assert number_of(next(read_frames(clip, 64))) == 5


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_phone_held_upright(tmp_path, degrees):
    stored = [np.ascontiguousarray(np.rot90(numbered(k), -degrees // 90)) for k in range(3)]
    size = stored[0].shape[1::-1]
    path = film(tmp_path / "a.mov", stored, size=size, prepare=lambda stream: stream.set_display_rotation(degrees))
    assert numbers(path) == [0, 1, 2]


@pytest.mark.parametrize(("ratio", "size"), [((4, 3), (171, 96)), ((3, 4), (128, 128))])
def test_pixels_become_square(tmp_path, ratio, size):
    def prepare(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(*ratio)

    path = film(tmp_path / "a.mp4", 3, prepare=prepare)
    assert open_clip(path).size == size
    assert numbers(path) == [0, 1, 2]


def test_odd_sizes(tmp_path):
    path = film(tmp_path / "a.webm", 3, size=(127, 95), codec="libvpx-vp9")
    assert next(read_frames(open_clip(path))).shape == (95, 127, 3)
    assert numbers(path) == [0, 1, 2]


def yuv(colour, matrix, full_range=False, bits=8):
    """(Y, Cb, Cr) of an RGB colour, by the definitions of BT.601, BT.709 and BT.2020."""
    red, green, blue = np.array(colour) / 255
    kr, kb = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}[matrix]
    y = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - y) / (2 - 2 * kb), (red - y) / (2 - 2 * kr)
    if full_range:
        return 255 * y, 128 + 255 * cb, 128 + 255 * cr
    return (16 + 219 * y) * 2 ** (bits - 8), (128 + 224 * cb) * 2 ** (bits - 8), (128 + 224 * cr) * 2 ** (bits - 8)


def planes(values, size, pix_fmt):
    """An av.VideoFrame of one colour, given as it is stored."""
    frame = av.VideoFrame(*size, pix_fmt)
    for plane, value in zip(frame.planes, values):
        kind = np.uint16 if "10" in pix_fmt else np.uint8
        row = np.full(plane.line_size // kind().itemsize, round(value), kind)
        plane.update(np.tile(row, plane.height).tobytes())
    return frame


@pytest.mark.parametrize("colour", [(200, 60, 40), (30, 200, 60), (40, 60, 220), (255, 255, 255), (0, 0, 0)])
@pytest.mark.parametrize(
    ("size", "pix_fmt", "matrix", "tag"),
    [
        ((640, 480), "yuv420p", "601", None), ((1280, 720), "yuv420p", "709", None), ((640, 480), "yuv420p", "709", 1),
        ((1280, 720), "yuv420p", "601", 5), ((640, 480), "yuvj420p", "601", None),
        ((640, 480), "yuv420p10le", "601", None),
        ((1280, 720), "yuv420p10le", "709", None),
    ],
)  # fmt: skip
def test_colours(tmp_path, colour, size, pix_fmt, matrix, tag):
    values = yuv(colour, matrix, pix_fmt == "yuvj420p", 10 if "10" in pix_fmt else 8)

    def prepare(stream):
        if tag:
            stream.codec_context.colorspace = tag

    path = film(tmp_path / "a.mp4", [planes(values, size, pix_fmt)], size=size, pix_fmt=pix_fmt, prepare=prepare)
    I = next(read_frames(open_clip(path), 64))
    assert np.abs(I.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("curve", [16, 18])
def test_hdr_is_mapped_to_what_a_screen_shows(tmp_path, curve):
    """White is 203 nits as in BT.2408, 58 % of PQ and 75 % of HLG; unmapped it would be 146 and 191 of 255."""

    def prepare(stream):
        stream.codec_context.colorspace, stream.codec_context.color_primaries = 9, 9
        stream.codec_context.color_trc, stream.codec_context.color_range = curve, 1

    white = {16: 0.5807, 18: 0.75}[curve]
    fifth = {16: 0.4109, 18: 0.4362}[curve]  # 18 % of that
    levels = [planes((64 + 876 * level, 512, 512), (320, 180), "yuv420p10le") for level in (0, fifth, white, 1)]
    path = film(tmp_path / "a.mp4", levels, size=(320, 180), pix_fmt="yuv420p10le", prepare=prepare)
    frames = list(read_frames(open_clip(path), 64))
    assert all(np.ptp(I.reshape(-1, 3).mean(axis=0)) < 2 for I in frames)  # grey stays grey
    np.testing.assert_allclose([I.mean() for I in frames], [0, 255 * 0.18 ** (1 / 2.2), 254, 255], atol=4)


def test_hdr_colours_keep_their_hue(tmp_path):
    """The red, green and blue of a usual screen, given as PQ in the wider primaries of BT.2020."""

    def prepare(stream):
        stream.codec_context.colorspace = stream.codec_context.color_primaries = 9
        stream.codec_context.color_trc, stream.codec_context.color_range = 16, 1

    wide = np.array([[0.6274, 0.0691, 0.0164], [0.3293, 0.9195, 0.0880], [0.0433, 0.0114, 0.8956]])  # BT.2087
    power = (wide * 203 / 10000) ** (2610 / 16384)
    signal = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    pictures = [planes(yuv(255 * colour, "2020", bits=10), (320, 180), "yuv420p10le") for colour in signal]
    path = film(tmp_path / "a.mp4", pictures, size=(320, 180), pix_fmt="yuv420p10le", prepare=prepare)
    for I, colour in zip(read_frames(open_clip(path), 64), 255 * np.eye(3)):
        assert np.abs(I.astype(int) - colour).max() < 30  # the darkest channels are steep there


def quarter(I):
    """The colours at the centres of the four quarters, as indices of `PALETTE`, row by row."""
    height, width = I.shape[:2]
    points = [I[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [int(np.abs(np.array(PALETTE) - point.astype(int)).sum(axis=1).argmin()) for point in points]


TOP_LEFT, TOP_RIGHT, BOTTOM_RIGHT = (0, 0, 8, 8), (8, 0, 8, 8), (8, 8, 8, 8)


@pytest.mark.parametrize("with_av", [True, False])
def test_disposal_and_transparency_of_gifs(tmp_path, monkeypatch, with_av):
    monkeypatch.setattr(clips, "_has_av", lambda: with_av)
    frames = [
        dict(colour=RED, disposal=1),
        dict(colour=GREEN, box=TOP_LEFT, disposal=2, transparent=WHITE),  # to the background afterwards: transparent
        dict(colour=BLUE, box=BOTTOM_RIGHT, disposal=3),  # to what was before
        dict(colour=YELLOW, box=TOP_RIGHT, disposal=1),
        dict(colour=GREEN, disposal=1, transparent=GREEN),  # wholly transparent
    ]
    shown = [quarter(I) for I in read_frames(open_clip(gif(tmp_path / "a.gif", frames)))]
    assert shown == [
        [RED, RED, RED, RED],
        [GREEN, RED, RED, RED],
        [WHITE, RED, RED, BLUE],
        [WHITE, YELLOW, RED, RED],
        [WHITE, YELLOW, RED, RED],
    ]


def test_disposal_and_default_image_of_animated_pngs(tmp_path):
    frames = [
        dict(colour=RED),
        dict(colour=GREEN, box=TOP_LEFT, disposal=2),  # previous
        dict(colour=BLUE, box=BOTTOM_RIGHT, disposal=1),  # background
        dict(colour=YELLOW, box=TOP_RIGHT),
    ]
    for default in (None, YELLOW):
        clip = open_clip(apng(tmp_path / "a.png", frames, default=default))
        assert [quarter(I) for I in read_frames(clip)] == [
            [RED, RED, RED, RED],
            [GREEN, RED, RED, RED],
            [RED, RED, RED, BLUE],
            [RED, YELLOW, RED, WHITE],
        ]


def test_animations_without_pyav(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "_has_av", lambda: False)
    frames = [dict(colour=RED), dict(colour=GREEN, box=TOP_LEFT), dict(colour=BLUE, box=BOTTOM_RIGHT)]
    for default in (None, YELLOW):
        clip = open_clip(apng(tmp_path / "a.png", frames, default=default))
        assert len(clip) == 3
        assert [quarter(I)[0] for I in read_frames(clip)] == [RED, GREEN, GREEN]


@pytest.mark.parametrize("suffix", ["webp", "avif"])
def test_animated_webp_and_avif(tmp_path, suffix):
    half = np.dstack([numbered(5), np.full(SIZE[::-1], 255, np.uint8)])
    half[:8, :8, 3] = 0  # transparent
    pictures = [Image.fromarray(np.dstack([numbered(k), half[..., 3]])) for k in range(5)]
    path = tmp_path / f"a.{suffix}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=80, quality=95)
    assert numbers(path) == numbers(path, 64) == [0, 1, 2, 3, 4]
    assert next(read_frames(open_clip(path)))[2:6, 2:6].min() > 240


def test_what_cannot_be_decoded_is_the_frame_before(tmp_path):
    path = film(tmp_path / "a.mov", 20, codec="png", pix_fmt="rgb24")
    data = bytearray(path.read_bytes())
    starts = [i for i in range(len(data)) if data[i : i + 4] == b"\x89PNG"]
    for broken in (0, 7, 8, 19):
        data[starts[broken] : starts[broken] + 8] = bytes(8)
    path.write_bytes(data)
    clip = open_clip(path)
    shown = [number_of(I) for I in read_frames(clip)]
    assert len(clip) == 20
    expected = [1, *range(1, 7), 6, 6, *range(9, 19)]  # the last one is gone, and may take its neighbour with it
    assert shown in (expected, expected[:-1])


def test_only_a_few_frames_are_in_memory(tmp_path, monkeypatch):
    alive, converted = [], clip_frames._rgb

    def watched(*what):
        I = converted(*what)
        alive.append(weakref.ref(I))
        return I

    monkeypatch.setattr(clip_frames, "_rgb", watched)
    for frames in (20, 60):
        path = film(tmp_path / "a.mp4", [numbered(0)] * frames)
        held = []
        alive.clear()
        for I in read_frames(open_clip(path)):
            alive.append(weakref.ref(I))
            held.append(sum(reference() is not None for reference in alive))
        assert len(held) == frames and max(held) <= 4


def test_a_stream_may_be_left(tmp_path):
    path = film(tmp_path / "a.mp4")
    stream = read_frames(open_clip(path))
    assert number_of(next(stream)) == 0
    stream.close()
    path.unlink()


def test_frames_in_memory_are_given_back():
    frames = [numbered(k) for k in range(3)]
    clip = open_clip(frames)
    np.testing.assert_array_equal(list(read_frames(clip)), frames)
    assert [number_of(I) for I in read_frames(clip, 64)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("size", "longest_px", "reduced"),
    [((1920, 1080), 640, (640, 360)), ((1080, 1920), 640, (360, 640)), ((100, 50), 640, (100, 50)),
     ((4000, 1), 640, (640, 1)), ((7, 5), None, (7, 5))],
)  # fmt: skip
def test_sizes_keep_their_shape(size, longest_px, reduced):
    assert size_within(size, longest_px) == reduced


def test_a_size_below_one_pixel_is_refused():
    with pytest.raises(ValueError, match="longest_px=0"):
        size_within((10, 10), 0)
